//! Tests whose deadline fell into a migration.

use crate::mock::*;
use frame_support::assert_ok;
use substation_primitives::{NodeId, Rates, TestId};

const NODE: NodeId = NodeId(3);

fn interrupt(first: u32, last: u32) {
	Interrupted::mutate(|interruptions| (first..=last).for_each(|block| interruptions.note(block)));
}

/// A test of the node that nobody has answered, one block after its deadline, with these blocks closed to transactions:
/// counted from its draw. Says whether it counts as 0.
fn missed(blocks: Option<(u32, u32)>) -> bool {
	let mut missed = None;
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let TestId { block, .. } = draw_of(NODE).id;
		if let Some((first, last)) = blocks {
			interrupt(block + first, block + last);
		}
		let tests = line(NODE).tests;
		advance_to(block + DEADLINE + 1);
		events();

		// Writes what the deadline has brought.
		let claim = Rates { down: CLAIM.down - 1, ..CLAIM };
		assert_ok!(BandwidthProofs::set_claim(signed(operator(NODE)), NODE, claim));

		assert_eq!(line(NODE).pending, None);
		let counted = line(NODE).tests != tests;
		assert_eq!(counted, events().iter().any(|event| matches!(event, Event::TestMissed { .. })));
		missed = Some(counted);
	});
	missed.unwrap()
}

// R3: no measurement could be submitted while a migration ran.
#[test]
fn a_test_that_a_migration_has_interrupted_is_not_a_zero() {
	assert!(missed(None));
	for blocks in [(0, 2), (5, 6), (DEADLINE, DEADLINE), (0, DEADLINE)] {
		assert!(!missed(Some(blocks)), "{blocks:?} after the draw");
	}
}

#[test]
fn a_migration_before_the_draw_or_after_the_deadline_excuses_nothing() {
	assert!(missed(Some((DEADLINE + 1, DEADLINE + 1))));
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		interrupt(1, 1);
		let view = draw_of(NODE);
		advance_to(view.id.block + DEADLINE + 1);

		assert_eq!(BandwidthProofs::line_now(NODE).unwrap().tests, line(NODE).tests + 1);
	});
}

#[test]
fn a_measurement_within_the_deadline_is_taken_after_a_migration() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw_of(NODE);
		interrupt(view.id.block, view.id.block + 3);
		advance(5);

		assert_eq!(Measurement::honest(&view, 9_000).submit(), Ok(Ok(())));
	});
}

#[test]
fn the_page_and_the_rating_agree_with_what_is_written() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw_of(NODE);
		interrupt(view.id.block + 1, view.id.block + 1);
		let before = line(NODE);

		advance_to(view.id.block + DEADLINE + 1);

		let now = BandwidthProofs::line_now(NODE).unwrap();
		assert_eq!((now.tests, now.pending), (before.tests, None));
		assert_eq!(BandwidthProofs::pending_test(NODE).map(|test| test.id), None);
	});
}
