//! The durable index: records, deltas and checkpoints.
//!
//! State `N` is what the deltas of packs 1 to `N` make. Each delta names all others since the newest checkpoint, with the rows
//! of the packs that they are in, so that all of them can be fetched at one time.

mod checkpoint;
mod delta;
mod object;
mod record;
mod stream;
mod table;

pub use checkpoint::{Checkpoint, CheckpointHeader, CheckpointRef};
pub use delta::{Delta, DeltaHeader, DeltaId, DeltaRef, ReadDelta};
pub use object::{Body, Checksum, Extent, Part, Texts};
pub use record::{AccessKey, Bucket, Object, ObjectName, Position, Record, Upload, UploadId, UploadPart};
pub use stream::Records;
pub use table::{Hint, PackRow, ShardRow};

/// The most packs from a checkpoint to the delta that builds on it.
pub const MAX_CHAIN: u32 = 64;

/// The most bytes of a delta, with its head.
pub const MAX_DELTA: u32 = 1 << 30;

/// The most bytes of an encoded header.
pub const MAX_HEADER: u32 = 2 << 20;

/// The most bytes of an encoded record.
pub const MAX_RECORD: u32 = 4 << 20;

/// Random bytes in the clear before the frames of a delta.
pub const HEAD: usize = 32;

/// [`HEAD`] as a length.
pub(crate) const HEAD_LENGTH: u64 = 32;
