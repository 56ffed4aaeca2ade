//! What members get, and what becomes of those who are not there.

use crate::mock::*;
use frame_support::assert_ok;
use substation_primitives::NodeId;

const SILENT: NodeId = NodeId(2);

/// Draws a test, and lets everybody but the silent node sign if it is a member. Says whether it was.
fn test_without_silent() -> bool {
	let view = draw();
	let mut measurement = Measurement::honest(&view, 9_000);
	let place = view.test.committee.iter().position(|(member, _)| *member == SILENT);
	if let Some(place) = place {
		measurement.elapsed[place] = None;
	}
	assert_eq!(measurement.submit(), Ok(Ok(())));
	place.is_some()
}

/// Draws tests until the silent node was a member, there or not.
fn membership(present: bool) {
	loop {
		let view = draw();
		let mut measurement = Measurement::honest(&view, 9_000);
		let Some(place) = view.test.committee.iter().position(|(member, _)| *member == SILENT) else { continue };
		if !present {
			measurement.elapsed[place] = None;
		}
		assert_eq!(measurement.submit(), Ok(Ok(())));
		return;
	}
}

/// Enough prepaid for as many tests as it takes.
fn enrich(nodes: u64) {
	for node in (1..=nodes).map(NodeId) {
		assert_ok!(BandwidthProofs::prepay(signed(operator(node)), node, 10_000 * FEE));
	}
}

#[test]
fn members_with_a_receipt_earn_the_fee_and_nobody_else() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let before = pot();

		assert_eq!(Measurement::honest(&view, 9_000).without(2).submit(), Ok(Ok(())));

		let earned = |index: usize| line(view.test.committee[index].0).earned;
		assert_eq!([0, 1, 2, 3, 4].map(earned), [0, 0, FEE, FEE, FEE]);
		assert_eq!(line(view.test.node).prepaid, 97 * FEE);
		assert_eq!(line(view.test.node).earned, 0);
		assert_eq!(pot(), before);
	});
}

#[test]
fn the_fee_is_that_of_the_draw() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		Bandwidth::mutate(|settings| settings.member_fee = 50 * FEE);

		assert_eq!(Measurement::honest(&view, 9_000).submit(), Ok(Ok(())));

		assert_eq!(line(view.test.node).prepaid, 95 * FEE);
	});
}

#[test]
fn attendance_is_noted_where_a_majority_was_there() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		assert_eq!(Measurement::honest(&view, 9_000).without(2).submit(), Ok(Ok(())));

		let attendance = |index: usize| {
			let attendance = line(view.test.committee[index].0).attendance;
			(attendance.completed, attendance.absences())
		};
		assert_eq!([0, 1, 2, 3, 4].map(attendance), [(1, 1), (1, 1), (1, 0), (1, 0), (1, 0)]);
	});
}

#[test]
fn a_node_that_drops_a_majority_makes_nobody_absent() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		assert_eq!(Measurement::honest(&view, 9_000).without(3).submit(), Ok(Ok(())));

		for (member, _) in &view.test.committee {
			assert_eq!(line(*member).attendance.completed, 0);
		}
		// Those who have signed are paid.
		assert_eq!(line(view.test.committee[4].0).earned, FEE);
	});
}

#[test]
fn a_node_that_was_silent_in_fifteen_of_sixteen_tests_is_expelled() {
	ExtBuilder::default().nodes(9).build_and_execute(|| {
		enrich(9);
		let mut absences = 0;
		while absences < 15 {
			assert!(!line(SILENT).expelled, "expelled after {absences}");
			events();
			absences += u32::from(test_without_silent());
		}

		assert!(line(SILENT).expelled);
		assert!(events().contains(&Event::MemberExpelled { node: SILENT }));
		assert_eq!(line(SILENT).earned, 0);
		// It is drawn no more, neither to test nor to be tested.
		for _ in 0..60 {
			let view = draw();
			assert_ne!(view.test.node, SILENT);
			assert!(!view.test.committee.iter().any(|(member, _)| *member == SILENT));
			advance_to(view.deadline);
		}
	});
}

#[test]
fn being_there_now_and_then_is_enough() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		enrich(6);
		// Fourteen absences, two tests in which it was there, and again: never fifteen of sixteen.
		for _ in 0..2 {
			(0..14).for_each(|_| membership(false));
			assert_eq!(line(SILENT).attendance.absences(), 14);
			(0..2).for_each(|_| membership(true));
		}
		assert!(!line(SILENT).expelled);
		assert_eq!(line(SILENT).attendance.completed, 16);

		// The oldest absences leave the window one by one as new ones come.
		(0..14).for_each(|_| membership(false));
		assert!(!line(SILENT).expelled);
		membership(false);
		assert!(line(SILENT).expelled);
	});
}

#[test]
fn how_many_absences_are_too_many_is_a_setting() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		enrich(6);
		Bandwidth::mutate(|settings| settings.max_absences = 8);
		(0..7).for_each(|_| membership(false));
		assert!(!line(SILENT).expelled);

		membership(false);

		assert!(line(SILENT).expelled);
	});
}
