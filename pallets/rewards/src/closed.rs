//! The pools of eras that are over, side by side in one value: a place of fixed length for each era that is kept.
//!
//! A credit may have to fold units of any era that is kept. Which one does not matter to the database: a block reads the
//! value once, and each credit copies the one place out of it that it needs.

use crate::{
	pallet::{Closed, Config, Pallet},
	types::{EraState, Pools},
};
use codec::Decode;
use substation_primitives::rewards::KEPT_ERAS;

/// As many pools as there are eras that are kept.
pub type ClosedPools = [Pools; KEPT_ERAS as usize];

/// Octets of a place.
pub(crate) const PLACE: usize = 64;

/// Which place an era has.
fn place(era: u32) -> u32 {
	era % KEPT_ERAS
}

impl<T: Config> Pallet<T> {
	/// The pools of an era that is over and kept while `running` runs.
	pub(crate) fn closed(era: u32, running: u32) -> Option<Pools> {
		let age = running.checked_sub(era)?;
		if age == 0 || age > KEPT_ERAS {
			return None;
		}
		let mut octets = [0; PLACE];
		let offset = place(era).saturating_mul(PLACE as u32);
		sp_io::storage::read(&Closed::<T>::hashed_key(), &mut octets, offset)?;
		Pools::decode(&mut &octets[..]).ok()
	}

	/// Keeps the pools of an era that is over in the place of the oldest one that was kept.
	pub(crate) fn close(over: &EraState) {
		Closed::<T>::mutate(|closed| {
			if let Some(pools) = closed.get_mut(place(over.index) as usize) {
				*pools = over.pools;
			}
		});
	}
}
