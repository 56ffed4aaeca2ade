//! What readers are shown.

use crate::mock::*;
use substation_primitives::{
	bandwidth::{LinePage, Reading, ReadingReason, SeatPage},
	Direction, NodeId, Rates, TestId,
};

const NODE: NodeId = NodeId(1);

#[test]
fn a_fresh_line_shows_zeros() {
	ExtBuilder::default().nodes(2).build_and_execute(|| {
		let page = BandwidthProofs::line(NODE).unwrap();

		let nothing = vec![(Reading::default(), ReadingReason::NotTested); 5];
		assert_eq!(
			page,
			LinePage {
				node: NODE,
				now: 3 * EPOCH_BLOCKS,
				claim: CLAIM,
				rating: Rates::default(),
				seats: vec![SeatPage { index: 0, from: 3, until: None }],
				bond: SEAT_BOND,
				required_bond: SEAT_BOND,
				prepaid: 100 * FEE,
				earned: 0,
				membership: (0, 0),
				expelled: false,
				pending: None,
				down: nothing.clone(),
				up: nothing,
			}
		);
		assert_eq!(BandwidthProofs::line(NodeId(9)), None);
	});
}

#[test]
fn every_reading_has_its_reason() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let at = |reading: Reading| {
			change_line(NODE, |line| line.ring_mut(Direction::Up).push(reading));
			BandwidthProofs::line(NODE).unwrap().up[0]
		};
		let reading = |receipts, delivered| Reading { rate: 1, drawn: 90, receipts, delivered };

		for (reading, reason) in [
			(reading(5, 1_000), ReadingReason::Measured),
			(reading(3, 1_000), ReadingReason::Measured),
			(reading(5, 999), ReadingReason::NotAllDelivered),
			(Reading { rate: 0, ..reading(2, 500) }, ReadingReason::NoMajority),
			(Reading { rate: 0, ..reading(0, 0) }, ReadingReason::NotSubmitted),
		] {
			assert_eq!(at(reading), (reading, reason));
		}
	});
}

#[test]
fn real_tests_give_the_reasons_too() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let mut reasons = vec![];
		for absent in [0, 1, 3] {
			let view = draw();
			assert_eq!(Measurement::honest(&view, 9_000).without(absent).submit(), Ok(Ok(())));
			let page = BandwidthProofs::line(view.test.node).unwrap();
			let readings = if view.test.direction == Direction::Down { page.down } else { page.up };
			reasons.push(readings[0].1);
		}
		assert_eq!(reasons, [ReadingReason::Measured, ReadingReason::NotAllDelivered, ReadingReason::NoMajority]);
	});
}

#[test]
fn a_test_is_shown_until_its_deadline_has_passed() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let node = view.test.node;
		assert_eq!(BandwidthProofs::pending_test(node), Some(view.clone()));
		assert_eq!(BandwidthProofs::line(node).unwrap().pending, Some(view.id));
		assert_eq!(view.genesis, System::block_hash(0).0);

		assert_eq!(Measurement::honest(&view, 9_000).submit(), Ok(Ok(())));

		assert_eq!(BandwidthProofs::test(view.id), Some(crate::TestView { done: true, ..view.clone() }));
		assert_eq!(BandwidthProofs::pending_test(node), None);
		advance_to(view.deadline + 1);
		assert_eq!(BandwidthProofs::test(view.id), None);
	});
}

#[test]
fn a_missed_test_is_not_pending_any_more() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();

		advance_to(view.deadline + 1);

		assert_eq!(BandwidthProofs::pending_test(view.test.node), None);
		assert_eq!(BandwidthProofs::test(TestId { index: 3, ..view.id }), None);
	});
}

#[test]
fn seats_that_were_given_up_say_until_when_they_count() {
	ExtBuilder::default().nodes(2).build_and_execute(|| {
		pause();
		frame_support::assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NODE)), NODE));

		let page = BandwidthProofs::line(NODE).unwrap();

		assert_eq!(page.seats, vec![SeatPage { index: 0, from: 3, until: Some(6) }]);
	});
}

#[test]
fn a_member_finds_the_tests_that_it_measures_and_no_others() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let entry = [(view.id, view.test.node)];
		for (member, _) in &view.test.committee {
			assert_eq!(BandwidthProofs::tests_of_member(*member), entry);
		}
		assert_eq!(BandwidthProofs::tests_of_member(view.test.node), []);
		assert_eq!(BandwidthProofs::tests_of_member(NodeId(9)), []);

		assert_eq!(Measurement::honest(&view, 9_000).submit(), Ok(Ok(())));

		assert_eq!(BandwidthProofs::tests_of_member(view.test.committee[0].0), []);
	});
}

#[test]
fn a_member_measures_until_the_deadline() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let is_listed =
			|| BandwidthProofs::tests_of_member(view.test.committee[0].0).contains(&(view.id, view.test.node));

		advance_to(view.deadline - 1);
		assert!(is_listed());
		advance_to(view.deadline);
		assert!(!is_listed(), "no later block takes its measurement");
	});
}
