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
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
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
			&& self.period.is_multiple_of(self.slot_step)
			&& self.window >= 3
			&& self.window < self.period
	}

	/// Slots of a period: the different blocks of it at which windows open.
	pub fn slots(&self) -> u32 {
		self.period.checked_div(self.slot_step).unwrap_or(1).max(1)
	}

	/// A node's slot, below [`Self::slots`]. Derived from the id, which nobody chooses, and from nothing else: the same on
	/// every chain of this clock, and permanent. `proofs/README.md` specifies it, `proofs/vectors/window.json` tests it.
	pub fn slot<H: Hasher>(&self, node: NodeId) -> u32 {
		let hash = H::blake2_256(&(substation_proofs::domain::SLOT, node.0).encode());
		let draw = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
		draw % self.slots()
	}

	/// The offset of a node's windows within each period, in blocks.
	pub fn offset<H: Hasher>(&self, node: NodeId) -> BlockNumber {
		self.slot::<H>(node).saturating_mul(self.slot_step)
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
	pub fn closed<H: Hasher>(&self, node: NodeId, now: BlockNumber) -> Option<Period> {
		self.closed_at(self.offset::<H>(node), now)
	}

	/// The period that runs for `node` at block `now`.
	pub fn current<H: Hasher>(&self, node: NodeId, now: BlockNumber) -> Period {
		self.current_at(self.offset::<H>(node), now)
	}

	/// As [`Self::closed`], of a node with this offset.
	///
	/// The only function that compares periods with the block number.
	fn closed_at(&self, offset: BlockNumber, now: BlockNumber) -> Option<Period> {
		let first_close = offset.saturating_add(self.window);
		now.checked_sub(first_close).map(|since| Period(since.checked_div(self.period).unwrap_or(0)))
	}

	/// As [`Self::current`], of a node with this offset.
	fn current_at(&self, offset: BlockNumber, now: BlockNumber) -> Period {
		self.closed_at(offset, now).map_or(Period(0), Period::next)
	}

	/// The first and the last period that a node with this offset can prove in one of the blocks `first..=last`, if it can
	/// any: the seed of a window is known from the block after its opening on.
	pub(crate) fn windows_in(
		&self,
		offset: BlockNumber,
		first: BlockNumber,
		last: BlockNumber,
	) -> Option<(Period, Period)> {
		let earliest = self.current_at(offset, first);
		let running = self.current_at(offset, last);
		let opens = running.0.saturating_mul(self.period).saturating_add(offset);
		let latest = if opens < last { running } else { running.previous()? };
		(earliest <= latest).then_some((earliest, latest))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_proofs::NativeHasher as H;

	const FAST: Clock = Clock { period: 20, window: 8, slot_step: 2 };
	const LIVE: Clock = Clock { period: 14_400, window: 600, slot_step: 10 };

	#[test]
	fn lengths_that_do_not_fit_together_are_seen() {
		assert!(FAST.is_consistent() && LIVE.is_consistent());
		for broken in [
			Clock { slot_step: 0, ..FAST },
			Clock { slot_step: 3, ..FAST },
			Clock { period: 0, ..FAST },
			Clock { window: 20, ..FAST },
			Clock { window: 2, ..FAST },
		] {
			assert!(!broken.is_consistent(), "{broken:?}");
		}
	}

	#[test]
	fn every_block_lies_in_exactly_one_period_of_a_node() {
		for node in (0..50).map(NodeId) {
			for now in 0..200 {
				let current = FAST.current::<H>(node, now);

				assert!(now < FAST.closes::<H>(node, current), "{node} at {now}");
				let begun = current.previous().is_none_or(|before| now >= FAST.closes::<H>(node, before));
				assert!(begun, "{node} at {now}");
				assert_eq!(FAST.closed::<H>(node, now), current.previous(), "{node} at {now}");
			}
		}
	}

	#[test]
	fn windows_open_at_multiples_of_the_step_and_spread_over_the_period() {
		let mut seen = std::collections::BTreeSet::new();
		for node in (0..1_000).map(NodeId) {
			let offset = FAST.offset::<H>(node);
			assert_eq!(offset % FAST.slot_step, 0);
			assert!(offset < FAST.period);
			seen.insert(offset);
		}
		assert_eq!(seen.len(), 10, "every slot is used");
	}

	#[test]
	fn an_inconsistent_clock_panics_nowhere() {
		let broken = Clock { period: 0, window: 0, slot_step: 0 };
		for now in [0, 1, u32::MAX] {
			let _ = broken.current::<H>(NodeId(7), now);
		}
	}
}
