//! What is true of this pallet's state after every call and every block; numbered as in the README.

#![cfg(any(test, feature = "try-runtime"))]

use crate::{Config, Pace, Pallet};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_lengths_fit()
	}

	/// I1: the lengths fit together.
	fn check_lengths_fit() -> Result<(), TryRuntimeError> {
		ensure!(Pace::<T>::get().check().is_ok(), "I1: the lengths do not fit together");
		Ok(())
	}
}
