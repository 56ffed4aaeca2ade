//! What a tested node submits.

use substation_primitives::TestId;

/// What the free call `submit_measurement` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
	/// The test.
	pub test: TestId,
	/// Payload bytes per member.
	pub counts: Vec<u32>,
	/// See [`digest`](substation_proofs::bandwidth::digest).
	pub digest: [u8; 32],
	/// Milliseconds and signature of each member that has signed.
	pub receipts: Vec<Option<(u32, [u8; 64])>>,
	/// The node's own.
	pub signature: [u8; 64],
}
