//! What the runtime API tells about lines and tests. Reads only; nothing on chain calls this.

use crate::{
	types::{last_block, Line, Seat, TestView},
	Config, Lines, Pallet, Seats,
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use substation_primitives::{
	bandwidth::{LinePage, Reading, ReadingReason, SeatPage},
	traits::Bonds,
	Direction, NodeId, ResourceClass, TestId,
};

/// Why a reading of a committee with so many members is what it is.
fn reason(reading: &Reading, members: u8) -> ReadingReason {
	if reading.drawn == 0 {
		ReadingReason::NotTested
	} else if reading.receipts == 0 {
		ReadingReason::NotSubmitted
	} else if reading.receipts <= members / 2 {
		ReadingReason::NoMajority
	} else if reading.delivered < 1_000 {
		ReadingReason::NotAllDelivered
	} else {
		ReadingReason::Measured
	}
}

impl<T: Config> Pallet<T> {
	/// Everything about a node's line, `None` if it has no seats.
	pub fn line(node: NodeId) -> Option<LinePage> {
		let line = Self::line_now(node)?;
		let now = Self::now();
		Some(LinePage {
			node,
			now,
			claim: line.claim,
			rating: Self::rating_at(&line, now, &T::Settings::get()),
			seats: Self::seat_pages(&line),
			bond: T::Registry::bond(node, ResourceClass::Bandwidth),
			required_bond: line.bond(),
			prepaid: line.prepaid,
			earned: line.earned,
			membership: (line.attendance.completed, line.attendance.absences()),
			expelled: line.expelled,
			pending: line.pending,
			down: Self::readings(&line, Direction::Down),
			up: Self::readings(&line, Direction::Up),
		})
	}

	fn seat_pages(line: &Line<T::AccountId>) -> Vec<SeatPage> {
		let held = |index| Seats::<T>::get(index).into_iter().find(Seat::is_held);
		let page =
			|index: &u32| held(*index).map(|seat| SeatPage { index: *index, from: seat.since, until: line.until });
		line.seats.iter().filter_map(page).collect()
	}

	fn readings(line: &Line<T::AccountId>, direction: Direction) -> Vec<(Reading, ReadingReason)> {
		let members = T::Committees::get().members;
		line.ring(direction).newest_first().map(|reading| (*reading, reason(reading, members))).collect()
	}

	/// A test, as long as it is kept: until the block after its deadline.
	pub fn test(id: TestId) -> Option<TestView> {
		let deadline = T::Committees::get().deadline;
		let test = Self::drawn(id, deadline)?;
		let done = Lines::<T>::get(test.node).is_none_or(|line| line.pending != Some(id));
		Some(TestView {
			id,
			now: Self::now(),
			deadline: last_block(&id, deadline),
			genesis: Self::genesis_hash(),
			test,
			done,
		})
	}

	/// The test of a node that is running.
	pub fn pending_test(node: NodeId) -> Option<TestView> {
		Self::test(Self::line_now(node)?.pending?)
	}
}
