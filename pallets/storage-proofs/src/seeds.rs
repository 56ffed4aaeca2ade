//! The accumulator of the authors' randomness, and the seeds cut from it.
//!
//! ```text
//! block        o                     o + 1
//! on_initialize  acc ← H(acc ‖ vrf(o-1))   acc ← H(acc ‖ vrf(o)) ──► seed of every window that opened at o
//! on_finalize    Babe stores vrf(o)
//! ```
//! Both steps cost the same in every block. No caller's data enters them.

use crate::{types::HostHasher, Accumulator, Config, Pallet, Seeds};
use codec::Encode;
use frame_support::traits::Get;
use substation_primitives::{settings::MAX_OPENINGS, BlockNumber, Clock, WindowSeed};
use substation_proofs::{domain, Hasher};

/// Slots for which a seed is kept beyond the window's end.
const MARGIN: u32 = 4;

/// How many seeds are kept at once.
pub(crate) fn ring_length(clock: &Clock) -> u32 {
	clock.window.checked_div(clock.slot_step).unwrap_or(0).saturating_add(2 + MARGIN)
}

/// Where the seed of the windows that opened at `opened` is kept. `None` if no window opens at that block.
pub(crate) fn ring_index(clock: &Clock, opened: BlockNumber) -> Option<u32> {
	if opened.checked_rem(clock.slot_step)? != 0 {
		return None;
	}
	opened.checked_div(clock.slot_step)?.checked_rem(ring_length(clock))
}

impl<T: Config> Pallet<T> {
	/// Adds the parent block's randomness and, if windows opened at the parent, keeps their seed.
	pub(crate) fn accumulate(now: BlockNumber) {
		let vrf = T::AuthorVrf::get().unwrap_or_default();
		let seed = HostHasher::blake2_256(&(domain::SEED, Accumulator::<T>::get(), vrf).encode());
		Accumulator::<T>::put(seed);

		let Some(opened) = now.checked_sub(1) else { return };
		if let Some(index) = ring_index(&T::Clock::get(), opened) {
			let openings = T::Settings::get().openings.clamp(1, MAX_OPENINGS);
			Seeds::<T>::insert(index, WindowSeed { opened, seed, openings });
		}
	}

	/// The seed of the windows that opened at `opened`, if it is known and still kept.
	pub fn seed(opened: BlockNumber) -> Option<WindowSeed> {
		let index = ring_index(&T::Clock::get(), opened)?;
		// The ring is overwritten, never cleared: an entry speaks only for the block it names.
		Seeds::<T>::get(index).filter(|seed| seed.opened == opened)
	}
}
