//! What a rehearsed upgrade brings besides another constant: a setting and the call that changes it, and pages with one more
//! field, which new methods of a new version of the runtime API answer (`runtime-api/src/rehearsal.rs`). Agents that were built before it go on.
//!
//! A runtime has it only if it was built with `SUBSTATION_REHEARSAL`.

pub use pallet::*;

/// The setting and its call.
#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use frame_support::pallet_prelude::*;
	use frame_system::{ensure_root, pallet_prelude::OriginFor};

	/// The pallet.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Nothing to configure.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// The setting.
	#[pallet::storage]
	pub type Note<T> = StorageValue<_, u32, ValueQuery>;

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Changes the setting.
		///
		/// ## Dispatch Origin
		/// Root.
		#[pallet::call_index(0)]
		#[pallet::weight(T::DbWeight::get().writes(1))]
		pub fn set_note(origin: OriginFor<T>, note: u32) -> DispatchResult {
			ensure_root(origin)?;
			Note::<T>::put(note);
			Ok(())
		}
	}
}
