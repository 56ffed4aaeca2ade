//! What always holds, checked after every test and by `try-runtime`. The README lists the same.

use crate::{
	draw::tries,
	types::{last_block, Line, Seat, Totals},
	Bonded, Config, Lines, Pallet, Seats, Table, Tests, FREEZE,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
	ensure,
	traits::{fungible::Inspect, Get},
};
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	bandwidth::{Reading, RING},
	Balance, Direction, NodeId,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant of this pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_money()?;
		Self::check_totals()?;
		Self::check_seats()?;
		Self::check_table()?;
		Self::check_tests()?;
		for (node, line) in Lines::<T>::iter() {
			Self::check_pending(node, &line)?;
			Self::check_attendance(&line)?;
			Self::check_readings(&line)?;
		}
		Ok(())
	}

	/// I1: the account that keeps fees holds what is prepaid and earned, and what keeps itself alive.
	fn check_money() -> Result<(), TryRuntimeError> {
		let owed = Lines::<T>::iter_values()
			.map(|line| line.prepaid.saturating_add(line.earned))
			.fold(T::Currency::minimum_balance(), Balance::saturating_add);
		ensure!(T::Currency::balance(&Self::pot()) >= owed, "I1: fees are short");
		Ok(())
	}

	/// I2: the totals are the sums over lines whose seats are not given up.
	fn check_totals() -> Result<(), TryRuntimeError> {
		let totals = Lines::<T>::iter_values().filter(|line| line.until.is_none()).fold(
			Totals::default(),
			|Totals { nodes, bond }, line| Totals {
				nodes: nodes.saturating_add(1),
				bond: bond.saturating_add(line.bond()),
			},
		);
		ensure!(totals == Bonded::<T>::get().decided(), "I2: the totals are not the sums");
		ensure!(Bonded::<T>::get().epoch <= T::EpochIndex::get(), "I2: the totals were changed in the future");
		Ok(())
	}

	/// I3: lines and table name each other's seats, one for one, and no line is without a seat.
	fn check_seats() -> Result<(), TryRuntimeError> {
		let mut listed = BTreeMap::new();
		for (node, line) in Lines::<T>::iter() {
			ensure!(!line.seats.is_empty(), "I3: a line has no seat");
			for index in &line.seats {
				ensure!(listed.insert(*index, node).is_none(), "I3: two lines list one seat");
			}
		}
		let mut held = BTreeMap::new();
		for (index, seat) in Self::all_seats().filter(|(_, seat)| seat.is_held()) {
			ensure!(held.insert(index, seat.node).is_none(), "I3: a place is held twice");
		}
		ensure!(listed == held, "I3: lines and table disagree");
		Ok(())
	}

	/// I4: exactly the places below the length of the table are held. In this epoch and in the next three, each seat of a
	/// line that counts does so at one place below the length of that epoch, and no place has two.
	fn check_table() -> Result<(), TryRuntimeError> {
		let (table, epoch) = (Table::<T>::get(), T::EpochIndex::get());
		let held =
			Self::all_seats().filter(|(_, seat)| seat.is_held()).map(|(index, _)| index).collect::<BTreeSet<_>>();
		ensure!(held.into_iter().eq(0..table.decided()), "I4: the table is not as long as there are seats");
		ensure!(table.epoch <= epoch, "I4: the table was changed in the future");
		let latest = epoch.saturating_add(FREEZE);
		for (_, seat) in Self::all_seats() {
			ensure!(seat.from <= latest && seat.since <= seat.from, "I4: a seat begins too late");
			ensure!(seat.is_held() || seat.until <= latest, "I4: a seat ends too late");
		}
		(epoch..=latest).try_for_each(|epoch| Self::check_epoch(epoch, table.at(epoch)))
	}

	/// The second half of I4, for one epoch.
	fn check_epoch(epoch: u64, length: u32) -> Result<(), TryRuntimeError> {
		let mut places = BTreeSet::new();
		let mut seats = BTreeMap::<NodeId, u32>::new();
		let add = |node, seats: &mut BTreeMap<NodeId, u32>| {
			let count = seats.entry(node).or_default();
			*count = count.saturating_add(1);
		};
		for (index, seat) in Self::all_seats().filter(|(_, seat)| seat.is_in_force(epoch)) {
			let line = Lines::<T>::get(seat.node).ok_or("I4: a seat is nobody's")?;
			ensure!(places.insert(index), "I4: a place has two seats");
			if line.until.is_none_or(|until| epoch < until) {
				ensure!(index < length, "I4: a seat is beyond the table");
				add(seat.node, &mut seats);
			}
		}
		let mut expected = BTreeMap::new();
		for (_, seat) in Self::all_seats().filter(|(_, seat)| seat.is_held() && seat.since <= epoch) {
			let line = Lines::<T>::get(seat.node).ok_or("I4: a seat is nobody's")?;
			if line.until.is_none_or(|until| epoch < until) {
				add(seat.node, &mut expected);
			}
		}
		ensure!(seats == expected, "I4: a seat does not count at one place");
		Ok(())
	}

	/// Every seat with its place.
	fn all_seats() -> impl Iterator<Item = (u32, Seat)> {
		Seats::<T>::iter().flat_map(|(index, place)| place.into_iter().map(move |seat| (index, seat)))
	}

	/// I5: tests lie at the place in the ring that their block gives them, belong to a block that has begun, and have
	/// full committees of distinct nodes without the tested one.
	fn check_tests() -> Result<(), TryRuntimeError> {
		let committees = T::Committees::get();
		for (index, entry) in Tests::<T>::iter() {
			ensure!(Self::ring_index(entry.block, committees.deadline) == index, "I5: tests are out of place");
			ensure!(entry.block <= Self::now(), "I5: tests of the future");
			ensure!(!entry.tests.is_empty(), "I5: an empty entry");
			for test in &entry.tests {
				let members = test.committee.iter().map(|(node, _)| *node).collect::<BTreeSet<_>>();
				ensure!(members.len() == usize::from(committees.members), "I5: a committee is not full");
				ensure!(!members.contains(&test.node), "I5: a node tests itself");
			}
		}
		ensure!(tries(committees.members) > u32::from(committees.members), "I5: too few tries for a committee");
		Ok(())
	}

	/// I6: a test that runs is kept, is about the node for which it is pending, and is paid for.
	fn check_pending(node: NodeId, line: &Line<T::AccountId>) -> Result<(), TryRuntimeError> {
		let Some(id) = line.pending else { return Ok(()) };
		ensure!(id.block <= Self::now(), "I6: a test of the future is pending");
		let deadline = T::Committees::get().deadline;
		if Self::now() > last_block(&id, deadline) {
			return Ok(());
		}
		let test = Self::drawn(id, deadline).ok_or("I6: a running test is not kept")?;
		ensure!(test.node == node, "I6: a pending test is about another node");
		ensure!(test.direction == line.direction(), "I6: a pending test goes the other way");
		ensure!(test.claim <= line.claim.get(test.direction), "I6: a pending test is about more than the claim");
		ensure!(line.prepaid >= test.cost(), "I6: a running test is not paid for");
		Ok(())
	}

	/// I7: nobody is absent more often than there were tests, and seats are given up at most three epochs ahead.
	fn check_attendance(line: &Line<T::AccountId>) -> Result<(), TryRuntimeError> {
		let attendance = line.attendance;
		ensure!(attendance.completed <= 16, "I7: more than sixteen tests are remembered");
		ensure!(attendance.absences() <= attendance.completed, "I7: more absences than tests");
		let latest = T::EpochIndex::get().saturating_add(FREEZE);
		ensure!(line.until.is_none_or(|until| until <= latest), "I7: seats are given up too far ahead");
		ensure!(line.ready <= latest, "I7: a line is ready too far ahead");
		Ok(())
	}

	/// I8: readings are of past blocks, newest first; where there was no test or no receipt, they are 0.
	fn check_readings(line: &Line<T::AccountId>) -> Result<(), TryRuntimeError> {
		for direction in [Direction::Down, Direction::Up] {
			let ring = line.ring(direction);
			ensure!(usize::from(ring.next) < RING, "I8: a ring has no such place");
			let drawn = ring.newest_first().map(|reading| reading.drawn).collect::<alloc::vec::Vec<_>>();
			ensure!(drawn.is_sorted_by(|newer, older| newer >= older), "I8: readings are out of order");
			ensure!(drawn.first().is_none_or(|newest| *newest <= Self::now()), "I8: a reading of the future");
			let none = |reading: &&Reading| reading.drawn == 0 || reading.receipts == 0;
			ensure!(ring.newest_first().filter(none).all(|reading| reading.rate == 0), "I8: a reading of nothing");
		}
		Ok(())
	}
}
