//! Tests whose measurement a migration may have kept out of blocks: they count for nothing, neither as measured nor as 0.

use crate::{
	types::{last_block, Line},
	Config, Pallet,
};
use frame_support::traits::Get;
use substation_primitives::BlockNumber;

impl<T: Config> Pallet<T> {
	/// Forgets a pending test past its deadline if a block of its time took no transactions. To be called before
	/// [`Line::expire`], which makes a 0 of every other one. The next test goes the same way.
	pub(crate) fn excuse(line: &mut Line<T::AccountId>, now: BlockNumber, deadline: BlockNumber) {
		let excused = line.pending.is_some_and(|test| {
			let last = last_block(&test, deadline);
			now > last && T::Interruptions::get().overlap(test.block, last)
		});
		if excused {
			line.pending = None;
		}
	}
}
