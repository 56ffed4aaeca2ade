#![doc = include_str!("../README.md")]

mod aead;
mod input;

pub mod bookmark;
pub mod error;
pub mod footer;
pub mod frame;
pub mod index;
pub mod keys;
pub mod pack;
pub mod parity;
pub mod plan;
pub mod scheme;
pub mod shard;

pub use crate::{
	error::{Error, Result},
	keys::{ContentKey, RepairKey, RootKey, Seed},
	pack::PackNumber,
	plan::{Plan, Salt},
	scheme::{Scheme, ShardNumber},
	shard::Root,
};

/// The format version that this crate writes, and the greatest that it reads.
pub const VERSION: u8 = 1;

/// Bytes of a unit: what one row has in one shard.
pub const UNIT: usize = 65_536;

/// [`UNIT`] as a length.
pub(crate) const UNIT_LENGTH: u64 = 65_536;

/// The most units of a pack: 16 GiB.
pub const MAX_UNITS: u32 = 262_144;

/// Refuses versions that this crate does not know.
pub(crate) fn ensure_known(version: u8) -> Result<()> {
	match version {
		VERSION => Ok(()),
		0 => Err(Error::VersionUnknown),
		found => Err(Error::VersionTooNew { found, known: VERSION }),
	}
}
