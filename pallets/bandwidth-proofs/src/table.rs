//! The table that draws draw from: as long as there are seats, so that every place below its length is somebody's.
//!
//! A seat is appended at the end. Where one is removed the last one takes its place, and the table gets shorter:
//!
//! ```text
//! epoch            e to e + 2         e + 3
//! place 1          a                  d      <- a's line is removed in epoch e
//! places 2, 3      b c                b c
//! place 4          d                         <- counts here until then, so that draws of e to e + 2 stay what they are
//! length           4                  3
//! ```
//! Every change is decided three epochs before it counts, because the last author of `e` knows the randomness of `e + 2`. In
//! every epoch a seat counts at one place only.

use crate::{
	types::{Line, Place, Seat, FREEZE, HELD},
	Config, Error, Lines, Pallet, Seats, Table,
};
use frame_support::traits::Get;
use substation_primitives::NodeId;

impl<T: Config> Pallet<T> {
	/// Appends a seat of this node, and says at which place.
	pub(crate) fn append_seat(node: NodeId) -> Result<u32, Error<T>> {
		let epoch = T::EpochIndex::get();
		let table = Table::<T>::get();
		let longer = table.appended(epoch).ok_or(Error::<T>::Overflow)?;
		let index = table.decided();
		Self::push_seat(index, epoch, Seat::held(node, epoch.saturating_add(FREEZE)))?;
		Table::<T>::put(longer);
		Ok(index)
	}

	/// Removes all seats of a line, which count no longer and which the caller forgets.
	pub(crate) fn remove_seats(line: &Line<T::AccountId>) -> Result<(), Error<T>> {
		let epoch = T::EpochIndex::get();
		let mut places = line.seats.clone().into_inner();
		// Highest first: what moves into a place is never a seat of this line.
		places.sort_unstable_by(|one, other| other.cmp(one));
		for index in places {
			Self::remove_seat(index, epoch)?;
		}
		Ok(())
	}

	fn remove_seat(index: u32, epoch: u64) -> Result<(), Error<T>> {
		let shorter = Table::<T>::get().shortened(epoch).ok_or(Error::<T>::Overflow)?;
		Self::change_place(index, epoch, |place| {
			place.retain(|seat| !seat.is_held());
			Ok(())
		})?;
		let last = shorter.decided();
		if last != index {
			Self::move_seat(last, index, epoch)?;
		}
		Table::<T>::put(shorter);
		Ok(())
	}

	/// Gives the seat at one place another one, from [`FREEZE`] epochs later on.
	fn move_seat(from: u32, to: u32, epoch: u64) -> Result<(), Error<T>> {
		// There is one: every place below the length is held.
		let Some(seat) = Seats::<T>::get(from).into_iter().find(Seat::is_held) else { return Ok(()) };
		let mut line = Lines::<T>::get(seat.node).ok_or(Error::<T>::NoLine)?;
		for place in line.seats.iter_mut().filter(|place| **place == from) {
			*place = to;
		}
		let moves = epoch.saturating_add(FREEZE);
		// Not beyond its line: once that is removed, nobody finds this place any more.
		let until = line.until.unwrap_or(HELD).min(moves);
		Lines::<T>::insert(seat.node, line);
		Self::change_place(from, epoch, |place| {
			place.iter_mut().filter(|seat| seat.is_held()).for_each(|seat| seat.until = until);
			Ok(())
		})?;
		Self::push_seat(to, epoch, Seat { from: seat.from.max(moves), ..seat })
	}

	fn push_seat(index: u32, epoch: u64, seat: Seat) -> Result<(), Error<T>> {
		// There is room: see `Place`.
		Self::change_place(index, epoch, |place| place.try_push(seat).map_err(|_| Error::<T>::Overflow))
	}

	/// Changes what is at a place, and drops what does not matter any more.
	fn change_place(
		index: u32,
		epoch: u64,
		change: impl FnOnce(&mut Place) -> Result<(), Error<T>>,
	) -> Result<(), Error<T>> {
		let mut place = Seats::<T>::get(index);
		place.retain(|seat| seat.matters(epoch));
		change(&mut place)?;
		place.retain(|seat| seat.matters(epoch));
		if place.is_empty() {
			Seats::<T>::remove(index);
		} else {
			Seats::<T>::insert(index, place);
		}
		Ok(())
	}
}
