//! What is true of this pallet's state after every call and every block; numbered as in the README.

#![cfg(any(test, feature = "try-runtime"))]

use crate::{Config, Interrupted, Pace, Pallet};
use frame_support::ensure;
use sp_runtime::{traits::SaturatedConversion, TryRuntimeError};
use substation_primitives::BlockNumber;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_lengths_fit()?;
		Self::check_interruptions_are_in_order()
	}

	/// I1: the lengths fit together.
	fn check_lengths_fit() -> Result<(), TryRuntimeError> {
		ensure!(Pace::<T>::get().check().is_ok(), "I1: the lengths do not fit together");
		Ok(())
	}

	/// I2: interruptions are in order, at least one block apart, and none is of a later block.
	fn check_interruptions_are_in_order() -> Result<(), TryRuntimeError> {
		let now = frame_system::Pallet::<T>::block_number().saturated_into::<BlockNumber>();
		let mut free = 0;
		for interruption in Interrupted::<T>::get().iter() {
			let sound =
				free <= interruption.first && interruption.first <= interruption.last && interruption.last <= now;
			ensure!(sound, "I2: interruptions are out of order or of a later block");
			free = interruption.last.saturating_add(2);
		}
		Ok(())
	}
}
