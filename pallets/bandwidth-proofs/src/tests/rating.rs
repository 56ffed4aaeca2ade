//! From readings to a rating.

use crate::mock::*;
use frame_support::assert_ok;
use substation_primitives::{
	bandwidth::{Reading, ReadingReason, RING},
	traits::Ratings,
	Direction, NodeId, Rates,
};

const NODE: NodeId = NodeId(3);

/// Measures the next test of the node, whichever way it goes.
fn measured(rate: u32) -> u32 {
	let measurement = Measurement::honest(&draw_of(NODE), rate);
	assert_eq!(measurement.submit(), Ok(Ok(())));
	measurement.rate()
}

fn rating() -> Rates {
	BandwidthProofs::rating(NODE)
}

fn push(direction: Direction, rate: u32) {
	let drawn = System::block_number();
	change_line(NODE, |line| line.ring_mut(direction).push(Reading { rate, drawn, receipts: 5, delivered: 1_000 }));
}

#[test]
fn a_rating_begins_with_the_third_good_test_of_a_direction() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		Bandwidth::mutate(|settings| settings.rating_age = 100_000);
		CommitteesOf::mutate(|committees| committees.deadline = 4);
		assert_eq!(rating(), Rates::default());
		for test in 1..=3 {
			let (down, up) = (measured(16_000), measured(8_000));
			let expected = if test < 3 { Rates::default() } else { Rates { down: down * 3 / 4, up: up * 3 / 4 } };
			assert_eq!(rating(), expected, "after {test} of each");
		}
		let told = Measured::get().into_iter().filter(|(node, _, _)| *node == NODE).collect::<Vec<_>>();
		assert_eq!(told.last(), Some(&(NODE, rating(), SEAT_BOND)));
	});
}

#[test]
fn a_rating_is_the_median_of_the_last_five_with_a_margin() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		for rate in [1, 2, 4_000, 9_000, 6_000, 8_000, 5_000] {
			push(Direction::Down, rate);
		}

		assert_eq!(rating().down, 6_000 * 3 / 4);

		let ring = line(NODE).down;
		let newest = ring.newest_first().map(|reading| reading.rate).collect::<Vec<_>>();
		assert_eq!(newest, [5_000, 8_000, 6_000, 9_000, 4_000]);
		assert_eq!(newest.len(), RING);
	});
}

#[test]
fn a_rating_is_never_above_the_claim() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		(0..5).for_each(|_| push(Direction::Up, 90_000));

		assert_eq!(rating().up, CLAIM.up);
	});
}

#[test]
fn a_direction_that_is_not_tested_again_loses_its_rating() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		pause();
		(0..3).for_each(|_| push(Direction::Down, 10_000));
		(0..3).for_each(|_| push(Direction::Up, 8_000));
		let both = Rates { down: 7_500, up: 6_000 };
		advance(390);
		assert_eq!(rating(), both);
		push(Direction::Up, 8_000);
		advance(10);
		assert_eq!(rating(), both);

		advance(1);

		assert_eq!(rating(), Rates { down: 0, up: 6_000 });
	});
}

#[test]
fn another_claim_starts_its_direction_anew() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		pause();
		(0..5).for_each(|_| push(Direction::Down, 10_000));
		(0..5).for_each(|_| push(Direction::Up, 8_000));

		let claim = Rates { down: 12_000, ..CLAIM };
		assert_ok!(BandwidthProofs::set_claim(signed(operator(NODE)), NODE, claim));

		assert_eq!(rating(), Rates { down: 0, up: 6_000 });
		assert_eq!(line(NODE).down, Default::default());
		// Lower claims as well, or a node could keep what it was measured at under another claim.
		let claim = Rates { up: 10_001, ..claim };
		assert_ok!(BandwidthProofs::set_claim(signed(operator(NODE)), NODE, claim));
		assert_eq!(rating(), Rates::default());
	});
}

#[test]
fn a_test_past_its_deadline_is_a_zero_for_every_reader_before_it_is_written() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		Bandwidth::mutate(|settings| settings.rating_age = 100_000);
		(0..5).for_each(|_| push(Direction::Down, 10_000));
		let mut missed = 0;
		while missed < 3 {
			let view = draw_of(NODE);
			let before = rating().down;
			advance_to(view.deadline);
			assert_eq!(rating().down, before);

			advance(1);

			assert_eq!(line(NODE).pending, Some(view.id), "nothing is written");
			let page = BandwidthProofs::line(NODE).unwrap();
			assert_eq!(page.pending, None);
			let readings = if view.test.direction == Direction::Down { &page.down } else { &page.up };
			let zero = Reading { rate: 0, drawn: view.id.block, receipts: 0, delivered: 0 };
			assert_eq!(readings[0], (zero, ReadingReason::NotSubmitted));
			missed += u32::from(view.test.direction == Direction::Down);
			assert_eq!(rating().down, if missed < 3 { 7_500 } else { 0 });
			assert_eq!(page.rating, rating());
		}
	});
}

#[test]
fn the_next_draw_writes_what_was_missed() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let missed = draw_of(NODE);
		advance_to(missed.deadline + 1);
		events();

		let next = draw_of(NODE);

		assert_eq!(next.test.direction, Direction::Up);
		assert!(events().contains(&Event::TestMissed { test: missed.id, node: NODE }));
		let reading = Reading { rate: 0, drawn: missed.id.block, receipts: 0, delivered: 0 };
		assert_eq!(line(NODE).down.newest_first().next(), Some(&reading));
		assert_eq!((line(NODE).tests, line(NODE).pending), (1, Some(next.id)));
	});
}

#[test]
fn a_node_is_not_drawn_again_while_its_test_runs() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let first = draw_of(NODE);
		resume();

		while System::block_number() < first.deadline {
			advance(1);
			assert_eq!(line(NODE).pending, Some(first.id));
		}

		assert_eq!(System::block_number(), first.deadline);
	});
}

#[test]
fn a_node_without_a_line_has_no_rating() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(rating(), Rates::default());
	});
}
