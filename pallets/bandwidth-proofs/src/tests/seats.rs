//! Taking seats, claiming rates, giving up, and what becomes of the places.

use crate::{mock::*, Bonded, Lines, Seat, SeatTable, Seats, Table, Totals};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};
use substation_primitives::{
	bandwidth::{Reading, MAX_SEATS},
	NodeId, NodeStatus, Rates, TestId,
};

const NODE: NodeId = NodeId(1);

fn seat(index: u32) -> Option<Seat> {
	Seats::<Test>::get(index).first().copied()
}

fn places(node: NodeId) -> Vec<u32> {
	line(node).seats.to_vec()
}

#[test]
fn seats_are_appended_and_count_three_epochs_later() {
	ExtBuilder::default().build_and_execute(|| {
		register(NODE, 3);
		assert_ok!(take(NODE, 3, 0));

		assert_eq!(places(NODE), vec![0, 1, 2]);
		assert_eq!((0..4).map(seat).collect::<Vec<_>>(), {
			let seat = Some(Seat::held(NODE, 3));
			vec![seat, seat, seat, None]
		});
		assert_eq!(Bonded::<Test>::get().decided(), Totals { nodes: 1, bond: 3 * SEAT_BOND });
		assert_eq!(events(), vec![Event::SeatsTaken { node: NODE, seats: 3, from: 3 }]);
		let table = Table::<Test>::get();
		assert_eq!([0, 1, 2, 3, 4].map(|epoch| table.at(epoch)), [0, 0, 0, 3, 3]);
	});
}

#[test]
fn the_length_that_draws_know_follows_each_epoch_by_itself() {
	let table = SeatTable::default();
	let appended = |table: SeatTable, epoch, seats| (0..seats).fold(table, |table, _| table.appended(epoch).unwrap());

	let first = appended(table, 5, 3);
	let second = appended(first, 6, 4);
	let third = appended(second, 7, 5);
	let late = appended(first, 20, 1);

	assert_eq!([5, 6, 7, 8, 9].map(|epoch| first.at(epoch)), [0, 0, 0, 3, 3]);
	assert_eq!([6, 7, 8, 9, 10].map(|epoch| second.at(epoch)), [0, 0, 3, 7, 7]);
	// Appending in every epoch delays nobody's seats.
	assert_eq!([7, 8, 9, 10, 11].map(|epoch| third.at(epoch)), [0, 3, 7, 12, 12]);
	assert_eq!([20, 21, 22, 23].map(|epoch| late.at(epoch)), [3, 3, 3, 4]);
	assert_eq!(SeatTable { epoch: 0, values: [u32::MAX; 4] }.appended(1), None);
}

#[test]
fn the_table_shrinks_three_epochs_after_a_line_is_removed() {
	ExtBuilder::default().nodes(7).build_and_execute(|| {
		pause();
		retire(NODE);
		assert_eq!(Table::<Test>::get().decided(), 7);

		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NODE));

		let (table, epoch) = (Table::<Test>::get(), Epoch::get());
		assert_eq!([0, 1, 2, 3, 4].map(|after| table.at(epoch + after)), [7, 7, 7, 6, 6]);
		// What is taken in the same epoch is as late.
		register(NodeId(9), 2);
		assert_ok!(take(NodeId(9), 2, 0));
		let table = Table::<Test>::get();
		assert_eq!([0, 1, 2, 3, 4].map(|after| table.at(epoch + after)), [7, 7, 7, 8, 8]);
		assert_eq!(SeatTable::default().shortened(1), None);
	});
}

#[test]
fn more_seats_may_be_taken_later_at_the_bond_of_then() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		change_record(NODE, |record| record.bond = 5 * SEAT_BOND);
		Bandwidth::mutate(|settings| settings.seat_bond = 2 * SEAT_BOND);

		assert_noop!(take(NODE, 2, 0), Error::BondTooLow);
		assert_ok!(take(NODE, 1, 7));

		assert_eq!(places(NODE), vec![0, 1]);
		assert_eq!(line(NODE).bond(), 4 * SEAT_BOND);
		assert_eq!(Bonded::<Test>::get().decided(), Totals { nodes: 1, bond: 4 * SEAT_BOND });
		assert_eq!(
			events(),
			vec![
				Event::Prepaid { node: NODE, amount: 7 },
				Event::SeatsTaken { node: NODE, seats: 1, from: Epoch::get() + 3 }
			]
		);
	});
}

#[test]
fn taking_more_seats_may_change_the_claim() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		change_record(NODE, |record| record.bond = 5 * SEAT_BOND);
		let claim = Rates { down: 30_000, up: 10_000 };
		change_line(NODE, |line| line.up.push(Reading { rate: 5, drawn: 3, receipts: 5, delivered: 1_000 }));
		let up = line(NODE).up;

		assert_ok!(BandwidthProofs::take_seats(signed(operator(NODE)), NODE, claim, 1, 0));

		assert_eq!(line(NODE).claim, claim);
		assert_eq!(line(NODE).up, up);
		assert!(events().contains(&Event::ClaimChanged { node: NODE, claim }));
	});
}

#[test]
fn taking_seats_is_refused_by_name() {
	ExtBuilder::default().build_and_execute(|| {
		let take_as =
			|who, claim, seats, prepaid| BandwidthProofs::take_seats(signed(who), NODE, claim, seats, prepaid);
		let owner = 1_001;
		assert_noop!(take_as(owner, CLAIM, 1, 0), Error::UnknownNode);
		register(NODE, 40);
		assert_noop!(take_as(ANYONE, CLAIM, 1, 0), Error::NotOperator);
		assert_noop!(BandwidthProofs::take_seats(RuntimeOrigin::root(), NODE, CLAIM, 1, 0), DispatchError::BadOrigin);
		assert_noop!(take_as(owner, CLAIM, 0, 0), Error::SeatsOutOfRange);
		assert_noop!(take_as(owner, CLAIM, MAX_SEATS as u8 + 1, 0), Error::SeatsOutOfRange);
		change_record(NODE, |record| record.bond = SEAT_BOND - 1);
		assert_noop!(take_as(owner, CLAIM, 1, 0), Error::BondTooLow);
		change_record(NODE, |record| record.bond = 40 * SEAT_BOND);
		assert_noop!(take_as(owner, CLAIM, 1, WEALTH), DispatchError::Token(TokenError::NotExpendable));
		assert_noop!(take_as(owner, CLAIM, 1, 2 * WEALTH), DispatchError::Token(TokenError::FundsUnavailable));
		for status in [NodeStatus::Leaving, NodeStatus::Unbonding { until: 9 }, NodeStatus::Terminated] {
			change_record(NODE, |record| record.status = status);
			assert_noop!(take_as(owner, CLAIM, 1, 0), Error::NodeTakesNoWork);
		}
		change_record(NODE, |record| (record.status, record.suspended) = (NodeStatus::Active, true));
		assert_noop!(take_as(owner, CLAIM, 1, 0), Error::NodeTakesNoWork);
		change_record(NODE, |record| record.suspended = false);

		assert_ok!(take_as(owner, CLAIM, MAX_SEATS as u8, 0));
		assert_noop!(take_as(owner, CLAIM, 1, 0), Error::SeatsOutOfRange);
	});
}

#[test]
fn a_full_table_takes_no_more_seats() {
	ExtBuilder::default().build().execute_with(|| {
		register(NODE, 1);
		Table::<Test>::put(SeatTable { epoch: 0, values: [u32::MAX; 4] });

		assert_noop!(take(NODE, 1, 0), Error::Overflow);
	});
}

#[test]
fn a_claim_is_one_that_every_committee_can_carry() {
	ExtBuilder::default().build_and_execute(|| {
		register(NODE, 1);
		// Five members with 10 Mbit/s each, with a slack of a quarter.
		let (least, most) = (10_000, 40_000);
		let claim = |down, up| BandwidthProofs::take_seats(signed(1_001), NODE, Rates { down, up }, 1, 0);

		for (down, up) in [(least - 1, least), (least, least - 1), (most + 1, least), (least, most + 1), (0, 0)] {
			assert_noop!(claim(down, up), Error::ClaimOutOfRange);
		}
		assert_ok!(claim(least, most));
		let set = |down, up| BandwidthProofs::set_claim(signed(1_001), NODE, Rates { down, up });
		assert_noop!(set(most + 1, least), Error::ClaimOutOfRange);
		assert_noop!(set(least, most), Error::ClaimUnchanged);
		assert_ok!(set(most, least));
	});
}

#[test]
fn a_claim_changes_for_its_operator_and_not_during_a_test() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let node = view.test.node;
		let claim = Rates { down: 20_001, up: 10_000 };

		assert_noop!(BandwidthProofs::set_claim(signed(ANYONE), node, claim), Error::NotOperator);
		assert_noop!(BandwidthProofs::set_claim(signed(ANYONE), NodeId(77), claim), Error::NoLine);
		assert_noop!(BandwidthProofs::set_claim(signed(operator(node)), node, claim), Error::TestRunning);
		change_record(node, |record| record.bond = 2 * SEAT_BOND);
		assert_noop!(BandwidthProofs::take_seats(signed(operator(node)), node, claim, 1, 0), Error::TestRunning);
		advance_to(view.deadline);
		assert_noop!(BandwidthProofs::set_claim(signed(operator(node)), node, claim), Error::TestRunning);
		events();
		advance(1);
		assert_ok!(BandwidthProofs::set_claim(signed(operator(node)), node, claim));

		// The missed test was recorded, and forgotten with the other readings.
		assert_eq!(events(), vec![Event::TestMissed { test: view.id, node }, Event::ClaimChanged { node, claim }]);
		assert_eq!(line(node).down, Default::default());
		assert_eq!(line(node).tests, 1);
	});
}

#[test]
fn seats_that_are_given_up_count_for_three_more_epochs() {
	ExtBuilder::default().nodes(7).build_and_execute(|| {
		let epoch = Epoch::get();

		assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NODE)), NODE));

		assert_eq!(line(NODE).until, Some(epoch + 3));
		assert_eq!(Bonded::<Test>::get().decided(), Totals { nodes: 6, bond: 6 * SEAT_BOND });
		assert_eq!(events(), vec![Event::SeatsGivenUp { node: NODE, until: epoch + 3 }]);
		assert_eq!([0, 1, 2, 3].map(|after| line(NODE).counts_in(epoch + after)), [true, true, true, false]);
		assert_noop!(BandwidthProofs::give_up_seats(signed(operator(NODE)), NODE), Error::AlreadyGivenUp);
		assert_noop!(take(NODE, 1, 0), Error::AlreadyGivenUp);
		assert_noop!(BandwidthProofs::give_up_seats(signed(ANYONE), NodeId(77)), Error::NoLine);
	});
}

#[test]
fn others_give_up_the_seats_of_a_node_only_when_its_work_is_over() {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		let give_up = |node| BandwidthProofs::give_up_seats(signed(ANYONE), NodeId(node));
		assert_noop!(give_up(1), Error::NotOperator);
		// A suspension is lifted again.
		change_record(NodeId(1), |record| record.suspended = true);
		assert_noop!(give_up(1), Error::NotOperator);
		change_record(NodeId(2), |record| record.status = NodeStatus::Leaving);
		change_record(NodeId(3), |record| record.status = NodeStatus::Terminated);
		change_line(NodeId(4), |line| line.expelled = true);

		for node in 2..=4 {
			assert_ok!(give_up(node));
		}
	});
}

#[test]
fn a_line_is_removed_when_its_seats_no_longer_count_and_pays_everything_out() {
	ExtBuilder::default().nodes(7).build_and_execute(|| {
		pause();
		change_line(NodeId(2), |line| line.prepaid -= 5);
		change_line(NODE, |line| line.earned += 5);
		assert_noop!(BandwidthProofs::remove_line(signed(ANYONE), NODE), Error::SeatsStillCount);
		assert_noop!(BandwidthProofs::remove_line(signed(ANYONE), NodeId(77)), Error::NoLine);
		assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NODE)), NODE));
		for _ in 0..2 {
			next_epoch();
			assert_noop!(BandwidthProofs::remove_line(signed(ANYONE), NODE), Error::SeatsStillCount);
		}
		next_epoch();
		events();

		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NODE));

		let to = operator(NODE);
		assert_eq!(events(), vec![Event::LineRemoved { node: NODE, paid: 100 * FEE + 5, to }]);
		assert_eq!(wealth(to), WEALTH + 5);
		assert_eq!(Lines::<Test>::get(NODE), None);
		assert_eq!(places(NodeId(7)), vec![0]);
	});
}

#[test]
fn a_line_with_a_running_test_is_not_removed() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		// Drawn in the last block in which the seats count.
		advance_to(EPOCH_BLOCKS * 5 - 1);
		let view = draw();
		let node = view.test.node;
		change_line(node, |line| line.until = Some(Epoch::get()));
		Bonded::<Test>::mutate(|totals| totals.values = [Totals { nodes: 5, bond: 5 * SEAT_BOND }; 4]);

		assert_noop!(BandwidthProofs::remove_line(signed(ANYONE), node), Error::TestRunning);
		advance_to(view.deadline + 1);
		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), node));
	});
}

#[test]
fn what_an_operator_cannot_receive_goes_to_the_treasury() {
	ExtBuilder::default().nodes(7).build_and_execute(|| {
		use frame_support::traits::fungible::Mutate;
		pause();
		let owner = operator(NODE);
		change_line(NODE, |line| line.prepaid = 0);
		change_line(NODE, |line| line.earned = 5);
		retire(NODE);
		// Somebody has emptied the account, and five units do not bring it back.
		Balances::set_balance(&owner, 0);
		events();

		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NODE));

		assert_eq!(events(), vec![Event::LineRemoved { node: NODE, paid: 5, to: TREASURY }]);
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 5);
	});
}

#[test]
fn an_expelled_node_starts_anew_without_its_past() {
	ExtBuilder::default().nodes(7).build_and_execute(|| {
		pause();
		change_line(NODE, |line| {
			line.expelled = true;
			(0..12).for_each(|_| line.attendance.note(false));
		});
		assert_noop!(take(NODE, 1, 0), Error::Expelled);
		retire(NODE);
		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NODE));

		assert_ok!(take(NODE, 1, 0));

		assert_eq!((line(NODE).expelled, line(NODE).attendance.absences()), (false, 0));
	});
}

#[test]
fn a_pending_test_does_not_survive_its_line() {
	ExtBuilder::default().nodes(7).build_and_execute(|| {
		pause();
		retire(NODE);
		change_line(NODE, |line| line.pending = Some(TestId { block: 1, index: 0 }));
		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NODE));

		assert_ok!(take(NODE, 1, 0));

		assert_eq!(line(NODE).pending, None);
	});
}
