//! The checks themselves find what they are for.

use crate::{mock::*, Bonded, Place, Seat, SeatTable, Seats, Table, Tests};
use frame_support::{assert_ok, traits::fungible::Mutate};
use sp_runtime::TryRuntimeError;
use substation_primitives::{bandwidth::Reading, NodeId, TestId};

const NODE: NodeId = NodeId(1);

/// The invariant that complains once `spoil` has run on a chain with lines, one that was removed, and a running test of the node.
fn complaint(spoil: impl FnOnce(TestId)) -> String {
	let mut found = String::new();
	ExtBuilder::default().nodes(8).build().execute_with(|| {
		pause();
		retire(NodeId(8));
		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NodeId(8)));
		let view = draw_of(NODE);
		assert_ok!(BandwidthProofs::do_try_state());

		spoil(view.id);

		found = match BandwidthProofs::do_try_state() {
			Err(TryRuntimeError::Other(text)) => text.chars().take(2).collect(),
			other => panic!("{other:?}"),
		};
	});
	found
}

fn change_place(index: u32, change: impl FnOnce(&mut Place)) {
	Seats::<Test>::mutate(index, change);
}

fn change_tests(id: TestId, change: impl FnOnce(&mut crate::TestBlock)) {
	Tests::<Test>::mutate_extant(id.block % (DEADLINE + 1), change);
}

#[test]
fn every_invariant_can_fail() {
	assert_eq!(
		complaint(|_| {
			let _ = Balances::set_balance(&BandwidthProofs::pot(), 700 * FEE);
		}),
		"I1"
	);
	assert_eq!(complaint(|_| change_line(NODE, |line| line.earned += 1)), "I1");
	assert_eq!(complaint(|_| Bonded::<Test>::mutate(|totals| totals.values[3].nodes += 1)), "I2");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.seat_bond += 1)), "I2");
	let place = |node| Place::truncate_from(vec![Seat::held(NodeId(node), 0)]);
	assert_eq!(complaint(|_| Seats::<Test>::insert(0, place(2))), "I3");
	assert_eq!(complaint(|_| Seats::<Test>::remove(0)), "I3");
	assert_eq!(complaint(|_| change_place(0, |place| place.try_push(place[0]).unwrap())), "I3");
	assert_eq!(complaint(|_| Table::<Test>::mutate(|table| table.values = [8; 4])), "I4");
	let short = || SeatTable { epoch: Epoch::get(), values: [6, 7, 7, 7] };
	assert_eq!(complaint(|_| Table::<Test>::put(short())), "I4");
	assert_eq!(complaint(|_| Table::<Test>::mutate(|table| table.epoch = 1_000)), "I4");
	assert_eq!(complaint(|_| change_place(0, |place| place[0].from = 1_000)), "I4");
	assert_eq!(complaint(|_| change_place(0, |place| place[0].from = Epoch::get() + 1)), "I4");
	assert_eq!(complaint(|_| change_place(0, |place| place[0].since = place[0].from + 1)), "I4");
	let twice = |seat: Seat| Seat { until: Epoch::get() + 1, ..seat };
	assert_eq!(complaint(|_| change_place(0, |place| place.try_push(twice(place[0])).unwrap())), "I4");
	let foreign = |seat: Seat| Seat { node: NodeId(77), ..twice(seat) };
	assert_eq!(complaint(|_| change_place(0, |place| place.try_push(foreign(place[0])).unwrap())), "I4");
	assert_eq!(complaint(|id| change_tests(id, |entry| entry.block -= 1)), "I5");
	assert_eq!(complaint(|id| change_tests(id, |entry| entry.block += DEADLINE + 1)), "I5");
	assert_eq!(complaint(|id| change_tests(id, |entry| entry.tests.truncate(0))), "I5");
	let shorter = |entry: &mut crate::TestBlock| entry.tests[0].committee.truncate(4);
	assert_eq!(complaint(|id| change_tests(id, shorter)), "I5");
	assert_eq!(complaint(|id| change_tests(id, |entry| entry.tests[0].committee[0].0 = NODE)), "I5");
	let twice = |entry: &mut crate::TestBlock| entry.tests[0].committee[0] = entry.tests[0].committee[1];
	assert_eq!(complaint(|id| change_tests(id, twice)), "I5");
	assert_eq!(complaint(|id| Tests::<Test>::remove(id.block % (DEADLINE + 1))), "I6");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.prepaid = 0)), "I6");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.claim.down -= 1)), "I6");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.tests += 1)), "I6");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.attendance.absent = 1)), "I7");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.attendance.completed = 17)), "I7");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.ready = 1_000)), "I7");
	assert_eq!(complaint(|_| change_line(NODE, |line| line.up.next = 5)), "I8");
	let unheard = Reading { rate: 1, drawn: 0, receipts: 1, delivered: 1 };
	assert_eq!(complaint(|_| change_line(NODE, |line| line.up.push(unheard))), "I8");
	let future = Reading { rate: 1, drawn: u32::MAX, receipts: 1, delivered: 1 };
	assert_eq!(complaint(|_| change_line(NODE, |line| line.up.push(future))), "I8");
}
