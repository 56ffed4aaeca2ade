//! What misses do to a node, however late somebody looks.

use crate::mock::*;
use substation_primitives::{traits::StorageLedger, NodeId, Period};
use substation_proofs::forest::Forest;

/// Fines of seven misses in a row: one below 8 strikes, five above.
const FINES_TO_THE_END: u128 = RATE * 3 / 2 + 5 * (RATE * 7 / 2);

fn catch_up(node: NodeId) {
	StorageProofs::catch_up(node);
}

#[test]
fn the_first_miss_is_unpaid_and_no_more() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);

		close_window(hardware.node);
		catch_up(hardware.node);

		assert_eq!(record(hardware.node).strikes, 4);
		assert_eq!(Held::get(hardware.node), BOND);
	});
}

#[test]
fn an_open_window_is_not_a_miss() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		advance_to(closes(hardware.node, period) - 1);
		catch_up(hardware.node);

		assert_eq!(record(hardware.node).strikes, 0);
		assert_eq!(events(), vec![]);
	});
}

#[test]
fn fines_go_to_the_treasury() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let first = current(hardware.node);

		close_windows(hardware.node, 3);
		catch_up(hardware.node);

		assert_eq!(Purses::get(TREASURY), RATE * 5);
		assert_eq!(Held::get(hardware.node), BOND - RATE * 5);
		assert_eq!(record(hardware.node).fined, RATE * 5);
		assert_eq!(events(), vec![Event::WindowsMissed { node: hardware.node, first, count: 3, fined: RATE * 5 }]);
	});
}

#[test]
fn seven_misses_in_a_row_end_a_node() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let first = current(hardware.node);
		let deciding = Period(first.0 + 6);

		close_windows(hardware.node, 6);
		catch_up(hardware.node);
		assert_eq!(record(hardware.node).terminated_at, None);
		close_window(hardware.node);
		catch_up(hardware.node);

		assert_eq!(record(hardware.node).terminated_at, Some(deciding));
		assert!(Ended::contains_key(hardware.node));
		assert_eq!(StorageProofs::forest(hardware.node), Forest::default());
		assert_eq!(
			events()[1..],
			[
				Event::WindowsMissed { node: hardware.node, first: deciding, count: 1, fined: RATE * 7 / 2 },
				Event::NodeTerminated { node: hardware.node, period: deciding },
			]
		);
	});
}

#[test]
fn a_report_hundreds_of_periods_late_dates_the_end_to_the_deciding_period() {
	let run = |looks: &[u32]| {
		let mut outcome = None;
		ExtBuilder.build_and_execute(|| {
			let hardware = Hardware::due(1);
			for periods in looks {
				close_windows(hardware.node, *periods);
				catch_up(hardware.node);
			}
			outcome = Some((record(hardware.node), Held::get(hardware.node), Purses::get(TREASURY)));
		});
		outcome.unwrap()
	};

	let prompt = run(&[1; 10]);
	let late = run(&[300]);
	let mixed = run(&[2, 3, 400]);

	assert_eq!(prompt, late);
	assert_eq!(prompt, mixed);
	assert_eq!(prompt.2, FINES_TO_THE_END);
}

#[test]
fn nothing_is_due_after_the_end() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 7);
		catch_up(hardware.node);
		let ended = (record(hardware.node), Held::get(hardware.node));
		events();

		close_windows(hardware.node, 50);
		catch_up(hardware.node);

		assert_eq!((record(hardware.node), Held::get(hardware.node)), ended);
		assert_eq!(events(), vec![]);
	});
}

#[test]
fn catching_up_twice_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 3);
		catch_up(hardware.node);

		frame_support::assert_storage_noop!(catch_up(hardware.node));
	});
}

#[test]
fn alternating_miss_and_proof_ends_a_node() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);

		let mut periods = 0;
		while !StorageProofs::is_terminated(hardware.node) {
			close_window(hardware.node);
			if !StorageProofs::is_terminated(hardware.node) {
				hardware.prove_period();
			}
			periods += 2;
			assert!(periods < 40, "a node lives on with every other period missed");
		}

		assert_eq!(periods, 18);
	});
}

#[test]
fn one_miss_in_five_is_survived() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);

		for _ in 0..20 {
			close_window(hardware.node);
			for _ in 0..4 {
				hardware.prove_period();
			}
		}

		assert_eq!(record(hardware.node).strikes, 0);
		assert_eq!(Held::get(hardware.node), BOND);
	});
}

#[test]
fn strikes_do_not_fall_below_zero() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);

		hardware.prove_period();
		hardware.prove_period();

		assert_eq!(record(hardware.node).strikes, 0);
	});
}

#[test]
fn fines_never_touch_the_reserve() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		Held::insert(hardware.node, RESERVE + 4 * RATE);
		let first = current(hardware.node);

		close_windows(hardware.node, 30);
		catch_up(hardware.node);

		// The second miss leaves less than one more fine above the reserve.
		assert_eq!(Held::get(hardware.node), RESERVE + RATE * 5 / 2);
		assert_eq!(record(hardware.node).terminated_at, Some(first.next()));
	});
}

#[test]
fn a_bond_below_the_reserve_is_not_touched_and_ends_the_node() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		Held::insert(hardware.node, RESERVE - 1);

		close_window(hardware.node);
		catch_up(hardware.node);

		assert_eq!(Held::get(hardware.node), RESERVE - 1);
		assert_eq!(record(hardware.node).terminated_at, Some(record(hardware.node).next_due.previous().unwrap()));
	});
}

#[test]
fn a_terminated_node_accepts_nothing() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		close_windows(hardware.node, 7);

		// Refused whether the misses are written or not.
		assert_eq!(hardware.try_store(2, 100), Err(Error::NodeTerminated.into()));
		assert!(record(hardware.node).terminated_at.is_some());
		assert_eq!(hardware.try_store(2, 100), Err(Error::NodeTerminated.into()));
	});
}
