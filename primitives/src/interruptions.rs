//! Blocks that took no transactions, and what that excuses.
//!
//! While a migration runs, a block includes inherents only. Whoever had to send something then could not, so
//!
//! - a window that overlaps such blocks is *excused* if nothing was proven in it: [`Interruptions::overlap`];
//! - a time limit is *moved* by as many blocks as it has lost: [`Interruptions::moved`].
//!
//! ```text
//!            began            until        moved
//! -------------|================|------------|---------
//!                     #############
//!                     interruption
//! ```

use crate::{
	clock::Clock,
	units::{BlockNumber, NodeId, Period},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{traits::ConstU32, BoundedVec};
use substation_proofs::Hasher;

/// Most interruptions that are told apart. Before another one is added, the two oldest become one.
///
/// A node's misses are applied when somebody looks, which may be long after. What is forgotten would turn an excused
/// window into a miss; what is joined excuses the time between two interruptions as well, so nobody is ever fined for
/// one. A node that gains by that has proven nothing in the time of sixteen later migrations.
pub const MAX_INTERRUPTIONS: u32 = 16;

/// Blocks in a row that took no transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Interruption {
	/// The first of them.
	pub first: BlockNumber,
	/// The last of them so far.
	pub last: BlockNumber,
}

/// All interruptions of a chain, oldest first, with the oldest ones joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Interruptions(BoundedVec<Interruption, ConstU32<MAX_INTERRUPTIONS>>);

impl Interruptions {
	/// Each of them, oldest first.
	pub fn iter(&self) -> impl Iterator<Item = Interruption> + '_ {
		self.0.iter().copied()
	}

	/// Notes that this block takes no transactions. Blocks are noted in their order.
	pub fn note(&mut self, block: BlockNumber) {
		if let Some(latest) = self.0.last_mut().filter(|latest| latest.last.saturating_add(1) >= block) {
			latest.last = latest.last.max(block);
			return;
		}
		if self.0.is_full() {
			let oldest = self.0.remove(0);
			if let Some(next) = self.0.get_mut(0) {
				next.first = oldest.first;
			}
		}
		// There is a place now.
		let _ = self.0.try_push(Interruption { first: block, last: block });
	}

	/// Whether one of the blocks `first..=last` took no transactions.
	pub fn overlap(&self, first: BlockNumber, last: BlockNumber) -> bool {
		self.iter().any(|interruption| interruption.first <= last && first <= interruption.last)
	}

	/// Where a time ends that began at `began` and would end at `until`, if blocks without transactions do not count.
	pub fn moved(&self, began: BlockNumber, until: BlockNumber) -> BlockNumber {
		self.iter().filter(|interruption| interruption.last >= began).fold(until, |until, interruption| {
			let first = interruption.first.max(began);
			if first >= until {
				return until;
			}
			until.saturating_add(interruption.last.saturating_sub(first).saturating_add(1))
		})
	}

	/// The periods within `first..=last` in whose windows a proof may have failed to get into a block: oldest first, as
	/// spans of which no two overlap.
	pub fn excused<'a, H: Hasher>(
		&'a self,
		clock: &'a Clock,
		node: NodeId,
		first: Period,
		last: Period,
	) -> impl Iterator<Item = (Period, Period)> + 'a {
		// Once: everything else is arithmetic.
		let offset = clock.offset::<H>(node);
		let spans = self.iter().filter_map(move |blocks| clock.windows_in(offset, blocks.first, blocks.last));
		// Two interruptions of one window count once.
		spans
			.scan(first, move |from, (earliest, latest)| {
				let span = (earliest.max(*from), latest.min(last));
				*from = (*from).max(latest.next());
				Some((span.0 <= span.1).then_some(span))
			})
			.flatten()
	}
}

impl FromIterator<Interruption> for Interruptions {
	/// Of blocks that are noted in their order.
	fn from_iter<I: IntoIterator<Item = Interruption>>(interruptions: I) -> Self {
		let mut all = Self::default();
		for Interruption { first, last } in interruptions {
			all.note(first);
			if let Some(latest) = all.0.last_mut() {
				latest.last = latest.last.max(last);
			}
		}
		all
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_proofs::NativeHasher as H;

	const CLOCK: Clock = Clock { period: 20, window: 8, slot_step: 2 };

	fn all(spans: &[(BlockNumber, BlockNumber)]) -> Interruptions {
		spans.iter().map(|(first, last)| Interruption { first: *first, last: *last }).collect()
	}

	fn spans(interruptions: &Interruptions) -> Vec<(BlockNumber, BlockNumber)> {
		interruptions.iter().map(|Interruption { first, last }| (first, last)).collect()
	}

	#[test]
	fn blocks_in_a_row_are_one_interruption() {
		let mut noted = Interruptions::default();
		for block in [5, 6, 7, 7, 9, 20] {
			noted.note(block);
		}

		assert_eq!(spans(&noted), [(5, 7), (9, 9), (20, 20)]);
	}

	#[test]
	fn the_two_oldest_are_joined_when_there_are_too_many() {
		let many: Vec<_> = (0..20).map(|nth| (nth * 10, nth * 10 + 1)).collect();

		let kept = all(&many);

		assert_eq!(kept.iter().count(), MAX_INTERRUPTIONS as usize);
		assert_eq!(spans(&kept)[..2], [(0, 41), (50, 51)]);
		// Whatever overlapped before still does.
		assert!(many.iter().all(|(first, last)| kept.overlap(*first, *last)));
	}

	#[test]
	fn one_common_block_is_an_overlap() {
		let blocks = all(&[(10, 12)]);

		for (first, last, overlaps) in [(0, 9, false), (0, 10, true), (11, 11, true), (12, 30, true), (13, 30, false)] {
			assert_eq!(blocks.overlap(first, last), overlaps, "{first} to {last}");
		}
	}

	#[test]
	fn a_time_is_moved_by_the_blocks_that_it_lost() {
		let blocks = all(&[(10, 12)]);

		for (began, until, moved) in [
			// Over before, begun after.
			(0, 9, 9),
			(0, 10, 10),
			(13, 20, 20),
			// Its last blocks, all of it, its first ones.
			(0, 11, 14),
			(0, 12, 15),
			(0, 13, 16),
			(0, 50, 53),
			(10, 12, 15),
			(12, 20, 21),
		] {
			assert_eq!(blocks.moved(began, until), moved, "{began} to {until}");
		}
	}

	#[test]
	fn a_time_that_was_moved_into_the_next_interruption_is_moved_again() {
		let blocks = all(&[(10, 14), (17, 18), (30, 40)]);

		// Ends at 12, at 17 or, one later, in the second one.
		assert_eq!(blocks.moved(5, 12), 17);
		assert_eq!(blocks.moved(5, 13), 20);
	}

	/// The number of blocks in which something could be sent is what it would have been.
	#[test]
	fn a_time_keeps_its_number_of_open_blocks() {
		let blocks = all(&[(10, 14), (17, 18), (30, 40)]);
		for began in 0..50 {
			for length in 1..30 {
				let until = blocks.moved(began, began + length);
				let open = (began..until).filter(|block| !blocks.overlap(*block, *block)).count();

				assert_eq!(open, length as usize, "{length} from {began}");
			}
		}
	}

	#[test]
	fn a_window_is_excused_if_one_block_of_it_took_no_proof() {
		let node = NodeId(3);
		for first in 0..60 {
			for last in first..70 {
				let blocks = all(&[(first, last)]);
				let found: Vec<_> = blocks.excused::<H>(&CLOCK, node, Period(0), Period(9)).collect();
				let excused = |period| {
					// A proof needs the seed, which the block after the opening has.
					let open = CLOCK.opens::<H>(node, period) + 1..CLOCK.closes::<H>(node, period);
					open.clone().any(|block| blocks.overlap(block, block))
				};

				for period in (0..10).map(Period) {
					let covered = found.iter().any(|(from, to)| (*from..=*to).contains(&period));
					assert_eq!(covered, excused(period), "{period} with blocks {first} to {last}");
				}
			}
		}
	}

	#[test]
	fn a_window_that_is_interrupted_twice_is_excused_once() {
		let node = NodeId(3);
		let opens = CLOCK.opens::<H>(node, Period(4));
		let blocks = all(&[(opens + 1, opens + 2), (opens + 4, opens + 30), (opens + 40, opens + 41)]);

		let spans: Vec<_> = blocks.excused::<H>(&CLOCK, node, Period(0), Period(9)).collect();

		assert_eq!(spans, [(Period(4), Period(4)), (Period(5), Period(5)), (Period(6), Period(6))]);
		let within: Vec<_> = blocks.excused::<H>(&CLOCK, node, Period(5), Period(5)).collect();
		assert_eq!(within, [(Period(5), Period(5))]);
	}
}
