//! Blocks that take no transactions are noted as they begin.
//!
//! What the executive asks is asked here, in the same block, so it does not matter how a migration was started, forced or
//! stopped, or whether it failed.

use crate::{Config, Interrupted, Pallet};
use core::marker::PhantomData;
use frame_support::{migrations::MultiStepMigrator, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::SaturatedConversion;
use substation_primitives::Interruptions;

/// The blocks that took no transactions, the present one included.
#[derive(Debug)]
pub struct InterruptionsOf<T>(PhantomData<T>);

impl<T: Config> Get<Interruptions> for InterruptionsOf<T> {
	fn get() -> Interruptions {
		Interrupted::<T>::get()
	}
}

impl<T: Config> Pallet<T> {
	/// Notes the block if it takes no transactions. Returns what that weighs.
	pub(crate) fn note_interruption(now: BlockNumberFor<T>) -> Weight {
		if !<T as frame_system::Config>::MultiBlockMigrator::ongoing() {
			return Weight::zero();
		}
		// Exact: the runtime's block number is 32 bits wide (asserted in `integrity_test`).
		Interrupted::<T>::mutate(|interruptions| interruptions.note(now.saturated_into()));
		T::DbWeight::get().writes(1)
	}
}
