//! Tags that keep one kind of hash or signature from being taken for another.
//!
//! The tags are arrays, so that encoding them in a tuple adds no length in front of them.

/// In front of a node id, to derive the node's slot in the proving period.
pub const SLOT: [u8; 18] = *b"substation/slot/v1";

/// In front of everything that a challenged byte is derived from; see [`crate::challenge`].
pub const CHALLENGE: [u8; 23] = *b"substation/challenge/v1";

/// In front of the accumulator and a block's VRF output, to make the next accumulator.
pub const SEED: [u8; 18] = *b"substation/seed/v1";

/// In front of what an agent signs to serve an operator; see [`crate::authority`].
pub const BIND: [u8; 18] = *b"substation/bind/v1";

/// In front of what an agent signs to accept deals; see [`crate::authority`].
pub const ACCEPT: [u8; 20] = *b"substation/accept/v1";

/// In front of what an agent signs to clear slots; see [`crate::authority`].
pub const CLEAR: [u8; 19] = *b"substation/clear/v1";

/// In front of what an agent signs to answer a dispute; see [`crate::authority`].
pub const ANSWER: [u8; 20] = *b"substation/answer/v1";

/// In front of everything that a drawn seat is derived from.
pub const BANDWIDTH_DRAW: [u8; 28] = *b"substation/bandwidth-draw/v1";

/// In front of the nonces that a bandwidth test starts from; see [`crate::bandwidth`].
pub const BANDWIDTH_START: [u8; 29] = *b"substation/bandwidth-start/v1";

/// In front of the start token, to key the bytes of a bandwidth test.
pub const BANDWIDTH_STREAM: [u8; 30] = *b"substation/bandwidth-stream/v1";

/// In front of the marks of a bandwidth test.
pub const BANDWIDTH_MARKS: [u8; 29] = *b"substation/bandwidth-marks/v1";

/// In front of what the receipts of a bandwidth test sign together.
pub const BANDWIDTH_COMMITMENT: [u8; 34] = *b"substation/bandwidth-commitment/v1";

/// In front of a member's receipt.
pub const BANDWIDTH_RECEIPT: [u8; 31] = *b"substation/bandwidth-receipt/v1";

/// In front of what a tested node's agent signs to submit a measurement.
pub const BANDWIDTH_MEASUREMENT: [u8; 35] = *b"substation/bandwidth-measurement/v1";

/// In front of what a payer signs; see [`crate::voucher`].
pub const VOUCHER: [u8; 21] = *b"substation/voucher/v1";

/// In front of what a payer signs to use a channel over a connection; see [`crate::voucher`].
pub const SESSION: [u8; 21] = *b"substation/session/v1";

/// First byte of the preimage of an inner node of a forest.
pub const INNER: u8 = 0x02;

/// First byte of the preimage of a deal's leaf in a forest.
pub const LEAF: u8 = 0x03;
