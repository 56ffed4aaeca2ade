//! When a node's windows open and close.
//!
//! ```text
//!            close(q-1)            open(q)        close(q)
//! ---------------|====================|##############|=====
//!                 <------- the node's period q ----->
//! ```
//! The forest that challenge `q` asks about is the one that stood at `close(q-1)`.

use crate::units::{BlockNumber, NodeId, Period};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use substation_proofs::{Hash, Hasher};

/// The lengths of time that proofs live by, in blocks. Constants of a chain, fixed in its genesis.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Clock {
	/// Blocks from one window of a node to its next.
	pub period: BlockNumber,
	/// Blocks that a window stays open.
	pub window: BlockNumber,
	/// Blocks between two neighbouring slots: windows open at multiples of it.
	pub slot_step: BlockNumber,
}

/// The seed of every window that opened at one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct WindowSeed {
	/// The block at which these windows opened.
	pub opened: BlockNumber,
	/// What the challenges are derived from.
	pub seed: Hash,
	/// Openings that each proof of these windows must bring.
	pub openings: u8,
}

impl Clock {
	/// Whether the lengths fit together: the step divides the period, a window is shorter than a period and long
	/// enough to hold a seed and an answer.
	pub fn is_consistent(&self) -> bool {
		self.slot_step > 0
			&& self.period > 0
			&& self.period % self.slot_step == 0
			&& self.window >= 3
			&& self.window < self.period
	}

	/// The offset of a node's windows within each period, in blocks. Derived from the id, which nobody chooses.
	pub fn offset<H: Hasher>(&self, node: NodeId) -> BlockNumber {
		let slots = self.period.checked_div(self.slot_step).unwrap_or(1).max(1);
		let hash = H::blake2_256(&(substation_proofs::domain::SLOT, node.0).encode());
		let draw = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
		(draw % slots).saturating_mul(self.slot_step)
	}

	/// The block at which the window of `period` opens.
	pub fn opens<H: Hasher>(&self, node: NodeId, period: Period) -> BlockNumber {
		period.0.saturating_mul(self.period).saturating_add(self.offset::<H>(node))
	}

	/// The first block at which the window of `period` is closed.
	pub fn closes<H: Hasher>(&self, node: NodeId, period: Period) -> BlockNumber {
		self.opens::<H>(node, period).saturating_add(self.window)
	}

	/// The last period of `node` whose window has closed at block `now`, if any has.
	///
	/// The only function that compares periods with the block number.
	pub fn closed<H: Hasher>(&self, node: NodeId, now: BlockNumber) -> Option<Period> {
		let first_close = self.closes::<H>(node, Period(0));
		now.checked_sub(first_close).map(|since| Period(since.checked_div(self.period).unwrap_or(0)))
	}

	/// The period that runs for `node` at block `now`.
	pub fn current<H: Hasher>(&self, node: NodeId, now: BlockNumber) -> Period {
		self.closed::<H>(node, now).map_or(Period(0), Period::next)
	}
}
