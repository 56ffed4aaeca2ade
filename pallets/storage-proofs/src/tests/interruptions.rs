//! Windows in which a migration kept proofs out of blocks: nobody is fined for what is not its fault.

use crate::{mock::*, penalty::apply_misses};
use frame_support::assert_noop;
use substation_primitives::{traits::StorageLedger, Interruption, NodeId, Period, MAX_INTERRUPTIONS};

const NODE: NodeId = NodeId(1);

fn catch_up() {
	StorageProofs::catch_up(NODE);
}

/// Notes that these blocks took no transactions.
fn interrupt(first: u32, last: u32) {
	Interrupted::mutate(|interruptions| (first..=last).for_each(|block| interruptions.note(block)));
}

fn untouched() {
	assert_eq!((record(NODE).strikes, record(NODE).terminated_at), (0, None));
	assert_eq!(Held::get(NODE), BOND);
	assert_eq!(events(), vec![]);
}

// R3: a migration kept proofs out of blocks, and everybody would have been fined.
#[test]
fn a_window_wholly_inside_a_migration_is_excused() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let period = current(NODE);
		advance_to(opens(NODE, period));

		migrate_to(closes(NODE, period) + 2);
		catch_up();

		untouched();
		assert_eq!(record(NODE).next_due, period.next());
	});
}

// R3
#[test]
fn a_migration_over_the_first_provable_block_excuses_and_one_before_it_does_not() {
	for (last, excused) in [(0, false), (1, true)] {
		ExtBuilder.build_and_execute(|| {
			Hardware::due(NODE.0);
			let period = current(NODE);

			// The seed is known in the block after the opening.
			migrate_to(opens(NODE, period) + last);
			close_window(NODE);
			catch_up();

			assert_eq!(record(NODE).strikes == 0, excused, "up to {last} after the opening");
		});
	}
}

// R3
#[test]
fn a_migration_over_the_last_block_excuses_and_one_after_it_does_not() {
	for (before, excused) in [(1, true), (0, false)] {
		ExtBuilder.build_and_execute(|| {
			Hardware::due(NODE.0);
			let period = current(NODE);
			advance_to(closes(NODE, period) - before - 1);

			migrate_to(closes(NODE, period) + 1);
			catch_up();

			assert_eq!(record(NODE).strikes == 0, excused, "from {before} before the end");
		});
	}
}

// R3
#[test]
fn a_migration_over_many_periods_excuses_them_and_no_other() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let first = current(NODE);

		migrate_to(closes(NODE, Period(first.0 + 30)));
		catch_up();
		untouched();
		assert!(!StorageProofs::is_terminated(NODE));

		let missed = close_window(NODE);
		catch_up();
		assert_eq!(events(), vec![Event::WindowsMissed { node: NODE, first: missed, count: 1, fined: 0 }]);
	});
}

#[test]
fn an_excused_period_is_not_proven_and_so_not_paid() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let period = current(NODE);

		migrate_to(closes(NODE, period));
		catch_up();

		assert_eq!(StorageProofs::proven(NODE, period, period), 0);
		assert_eq!(Credits::get(NODE), vec![]);
	});
}

#[test]
fn an_excused_period_takes_no_strike_away() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		close_window(NODE);

		migrate_to(closes(NODE, current(NODE)));
		catch_up();

		assert_eq!(record(NODE).strikes, 4);
	});
}

#[test]
fn a_proof_in_the_rest_of_an_interrupted_window_counts() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(NODE.0);
		let period = current(NODE);
		migrate_to(opens(NODE, period) + 4);

		advance_to(opens(NODE, period) + 5);
		assert_eq!(hardware.prove(), Ok(Ok(())));

		assert!(StorageProofs::is_proven(NODE, period));
		assert_eq!(Credits::get(NODE), vec![(period, 5_000)]);
	});
}

#[test]
fn a_report_of_excused_windows_is_a_report_of_nothing() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		migrate_to(closes(NODE, current(NODE)));

		let reported = || StorageProofs::report_missed(RuntimeOrigin::signed(REPORTER), NODE);

		assert_noop!(reported(), Error::NothingMissed);
	});
}

#[test]
fn misses_around_an_excused_window_are_one_run() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let first = current(NODE);
		close_windows(NODE, 2);
		migrate_to(closes(NODE, current(NODE)));
		close_windows(NODE, 1);

		catch_up();

		// The third miss is the fourth period.
		assert_eq!(record(NODE).strikes, 12);
		assert_eq!(events(), vec![Event::WindowsMissed { node: NODE, first, count: 3, fined: RATE * 5 }]);
	});
}

#[test]
fn a_termination_is_dated_past_what_is_excused() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let first = current(NODE);
		// Excused: the first period, and the fourth and the fifth. The seventh miss is the tenth period.
		migrate_to(closes(NODE, first));
		close_windows(NODE, 2);
		migrate_to(closes(NODE, Period(first.0 + 4)));
		close_windows(NODE, 100);

		catch_up();

		assert_eq!(record(NODE).terminated_at, Some(Period(first.0 + 9)));
		let [Event::WindowsMissed { first: missed, count: 7, .. }, Event::NodeTerminated { .. }] = events()[..] else {
			panic!("seven misses and an end")
		};
		assert_eq!(missed, first.next());
	});
}

/// What is remembered suffices for whoever is judged late: the oldest interruptions are joined, not forgotten.
#[test]
fn a_node_that_nobody_looked_at_over_many_migrations_is_fined_for_none_of_their_windows() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let first = current(NODE).0;
		// Twice as many migrations as are told apart, each over a window, in neighbouring periods.
		let last = first + 2 * MAX_INTERRUPTIONS - 1;
		for period in (first..=last).map(Period) {
			interrupt(opens(NODE, period) + 2, opens(NODE, period) + 4);
		}
		assert_eq!(Interrupted::get().iter().count(), MAX_INTERRUPTIONS as usize);

		advance_to(closes(NODE, Period(last)));
		catch_up();

		untouched();
	});
}

/// Joining forgives misses between the oldest interruptions at most, and those that follow end the node all the same.
#[test]
fn a_node_that_proves_nothing_over_many_migrations_is_ended() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let first = current(NODE).0;
		let last = first + 4 * MAX_INTERRUPTIONS;
		for period in (first..last).step_by(2).map(Period) {
			interrupt(opens(NODE, period) + 2, opens(NODE, period) + 2);
		}

		advance_to(closes(NODE, Period(last)));

		assert!(StorageProofs::is_terminated(NODE));
	});
}

#[test]
fn looking_early_or_late_is_the_same_with_interruptions() {
	let run = |looks: &[u32]| {
		let mut outcome = None;
		ExtBuilder.build_and_execute(|| {
			Hardware::due(NODE.0);
			let first = current(NODE);
			for excused in [1, 2, 5] {
				let opens = opens(NODE, Period(first.0 + excused));
				interrupt(opens + 3, opens + 3);
			}
			for periods in looks {
				close_windows(NODE, *periods);
				catch_up();
			}
			outcome = Some((record(NODE), Held::get(NODE), Purses::get(TREASURY)));
		});
		outcome.unwrap()
	};

	let prompt = run(&[1; 12]);

	assert_eq!(prompt, run(&[12]));
	assert_eq!(prompt, run(&[2, 1, 9]));
	assert!(prompt.0.terminated_at.is_some());
}

#[test]
fn interruptions_of_another_time_change_nothing() {
	ExtBuilder.build_and_execute(|| {
		Hardware::due(NODE.0);
		let first = current(NODE);
		close_windows(NODE, 3);
		let closed = closes(NODE, Period(first.0 + 2));
		Interrupted::set([Interruption { first: 0, last: 1 }].into_iter().collect());
		interrupt(closed, closed + 40);

		catch_up();

		let settings = ProofsOf::get();
		let standing = crate::penalty::Standing { strikes: 0, bond: BOND, reserve: RESERVE, committed_rate: RATE };
		assert_eq!(record(NODE).strikes, apply_misses(standing, 3, &settings).strikes);
	});
}
