//! What is true of this pallet's state after every call and every block; numbered as in the README.

#![cfg(any(test, feature = "try-runtime"))]

use crate::{Config, Pallet};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_settings_valid()
	}

	/// I1: all settings together are valid, on this chain.
	fn check_settings_valid() -> Result<(), TryRuntimeError> {
		ensure!(Self::judge(&Self::all()).is_ok(), "I1: the settings are not valid together");
		Ok(())
	}
}
