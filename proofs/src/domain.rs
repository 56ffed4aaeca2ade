//! Tags that keep one kind of hash or signature from being taken for another.
//!
//! The tags are arrays, so that encoding them in a tuple adds no length in front of them.

/// In front of a node id, to derive the node's slot in the proving period.
pub const SLOT: [u8; 18] = *b"substation/slot/v1";

/// In front of everything that a challenged byte is derived from; see [`crate::challenge`].
pub const CHALLENGE: [u8; 23] = *b"substation/challenge/v1";

/// In front of the accumulator and a block's VRF output, to make the next accumulator.
pub const SEED: [u8; 18] = *b"substation/seed/v1";

/// In front of what an agent signs to accept deals; see [`crate::authority`].
pub const ACCEPT: [u8; 20] = *b"substation/accept/v1";

/// In front of what an agent signs to clear slots; see [`crate::authority`].
pub const CLEAR: [u8; 19] = *b"substation/clear/v1";

/// First byte of the preimage of an inner node of a forest.
pub const INNER: u8 = 0x02;

/// First byte of the preimage of a deal's leaf in a forest.
pub const LEAF: u8 = 0x03;
