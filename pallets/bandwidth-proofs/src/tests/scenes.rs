//! What benchmarks measure is what it should be.

use super::accesses::counted;
use crate::{
	mock::{Test, *},
	synthetic::{Scene, AMOUNT},
	Lines, Seats, Table, WeightInfo,
};
use frame_support::assert_ok;
use std::collections::BTreeSet;
use substation_primitives::{Rates, TestId};

type Scenes = Scene<Test, FakeRegistry>;

fn on_stage(play: impl FnOnce()) {
	ExtBuilder::default().build_with_keystore().execute_with(play);
}

#[test]
fn a_drawn_committee_needs_exactly_the_tries_that_it_is_given() {
	for (attempts, over) in [(26, 0), (27, 400), (63, 1), (400, 0), (400, 400)] {
		on_stage(|| {
			let (draw, id, committees) = Scenes::draw(attempts, over);

			let test = BandwidthProofs::draw_test(&draw, 0, id, &Bandwidth::get(), &committees).unwrap();

			assert_eq!(test.committee.len(), 25);
			assert_eq!(line(test.node).pending, Some(id));
			assert_eq!(events()[0], Event::TestMissed { test: TestId { block: 1, index: 0 }, node: test.node });
			// The first look names the tested node; one node for each try, and one for each look that is none.
			assert_eq!(Seats::<Test>::get(draw.place(0, 0))[0].node, test.node);
			assert_eq!(Lines::<Test>::iter().count(), (attempts + over) as usize);
			// With one try less there would be no committee.
			let last = Seats::<Test>::get(draw.place(0, over + attempts - 1))[0].node;
			assert_eq!(test.committee.last().map(|(member, _)| *member), Some(last));
		});
	}
}

#[test]
fn measurements_of_every_size_are_right() {
	for members in 3..=25u8 {
		on_stage(|| {
			let right = Scenes::measurement(members.into()).unwrap();
			let call = submission(right.test, &right.counts, right.digest, right.receipts.to_vec(), right.signature);

			assert_eq!(apply(call), Ok(Ok(())));

			let line = line(right.node);
			assert_eq!(line.prepaid, AMOUNT - FEE * u128::from(members));
			let reading = line.down.newest_first().next().unwrap();
			assert_eq!((reading.receipts, reading.drawn), (members, right.test.block));
		});
	}
}

#[test]
fn lines_are_taken_changed_and_removed() {
	on_stage(|| {
		let (operator, node) = Scenes::room(32);
		assert_ok!(BandwidthProofs::take_seats(signed(operator), node, Scenes::claim(), 32, AMOUNT));
		// Each place was another one's before.
		assert!((0..32).all(|place| Seats::<Test>::get(place).len() == 4));
	});
	on_stage(|| {
		let (operator, node) = Scenes::taken().unwrap();
		assert_ok!(BandwidthProofs::do_try_state());
		let rate = Scenes::claim().down + 1;
		assert_ok!(BandwidthProofs::set_claim(signed(operator), node, Rates { down: rate, up: rate }));
		assert_ok!(BandwidthProofs::collect_earned(signed(operator), node));
		assert_ok!(BandwidthProofs::give_up_seats(signed(operator), node));
		assert_ok!(BandwidthProofs::do_try_state());
	});
	on_stage(|| {
		let (operator, node) = Scenes::removable().unwrap();
		assert_ok!(BandwidthProofs::do_try_state());
		let before = Table::<Test>::get().decided();
		assert_ok!(BandwidthProofs::remove_line(signed(operator), node));
		assert_eq!(Table::<Test>::get().decided(), before - 32);
		// A seat of another node at each of its places.
		let moved = (0..32).flat_map(Seats::<Test>::get).map(|seat| seat.node).collect::<BTreeSet<_>>();
		assert_eq!(moved.len(), 32);
		assert_ok!(BandwidthProofs::do_try_state());
	});
}

#[test]
fn a_block_without_a_draw_reads_everything_and_draws_nothing() {
	on_stage(|| {
		let block = Scenes::block_without_draw();

		let (weight, accesses) = counted(|| BandwidthProofs::draw_tests(block));

		assert_eq!(weight, <() as WeightInfo>::on_initialize());
		// Epoch and randomness are parameters here; totals, table and the hash of genesis are read.
		assert!(accesses.reads >= 3, "{accesses:?}");
		assert_eq!(crate::Tests::<Test>::iter().count(), 0);
	});
}
