#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

mod interruptions;
mod invariants;
mod readers;
mod types;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use interruptions::InterruptionsOf;
pub use pallet::*;
pub use readers::*;
pub use types::{PaceError, PaceLengths};

/// Lengths of time that a chain fixes in its genesis, and blocks that do not count.
#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use super::*;
	use core::marker::PhantomData;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use substation_primitives::Interruptions;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Nothing to configure: every length comes from the chain's genesis.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// The lengths of this chain. Written once, in genesis; [`PaceLengths::live`] where nothing was written.
	// Whitelisted: every block reads it, so `on_initialize` accounts for it once.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Pace<T: Config> = StorageValue<_, PaceLengths, ValueQuery>;

	/// The blocks that took no transactions.
	// Whitelisted, as above: whatever judges a deadline reads it.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Interrupted<T: Config> = StorageValue<_, Interruptions, ValueQuery>;

	/// The lengths with which a chain starts, and which it keeps.
	#[pallet::genesis_config]
	#[derive(Debug, frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The lengths; [`PaceLengths::live`] by default.
		pub lengths: PaceLengths,
		#[doc(hidden)]
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		#[allow(clippy::panic, reason = "a chain whose genesis does not fit must not start")]
		fn build(&self) {
			if let Err(error) = self.lengths.check() {
				panic!("genesis of pallet-pace: {error:?} in {:?}", self.lengths);
			}
			Pace::<T>::put(self.lengths);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Notes a block that takes no transactions. Accounts once per block for the lengths and the interruptions, which
		/// benchmarks do not count: the first look reads the database, all others memory. The third read tells whether a
		/// migration runs.
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			T::DbWeight::get().reads(3).saturating_add(Self::note_interruption(now))
		}

		/// Root may have started a migration in this block, before anything was included.
		fn on_finalize(now: BlockNumberFor<T>) {
			let weight = Self::note_interruption(now);
			frame_system::Pallet::<T>::register_extra_weight_unchecked(weight, DispatchClass::Mandatory);
		}

		fn integrity_test() {
			let number = core::mem::size_of::<BlockNumberFor<T>>();
			assert_eq!(number, 4, "block numbers have {number} bytes, interruptions count with 4");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}

impl<T: Config> Pallet<T> {
	/// All lengths of this chain.
	pub fn lengths() -> PaceLengths {
		Pace::<T>::get()
	}
}
