//! Reports of misses, and why they are no business.

use crate::mock::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;
use substation_primitives::NodeId;

fn report(reporter: AccountId, node: NodeId) -> sp_runtime::DispatchResult {
	StorageProofs::report_missed(RuntimeOrigin::signed(reporter), node)
}

#[test]
fn a_reporter_gets_a_part_of_what_was_collected() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let first = current(hardware.node);
		close_windows(hardware.node, 3);

		assert_ok!(report(REPORTER, hardware.node));

		assert_eq!(Purses::get(REPORTER), RATE / 2);
		assert_eq!(Purses::get(TREASURY), RATE * 5 - RATE / 2);
		assert_eq!(
			events(),
			vec![
				Event::WindowsMissed { node: hardware.node, first, count: 3, fined: RATE * 5 },
				Event::MissReported { node: hardware.node, reporter: REPORTER, bounty: RATE / 2 },
			]
		);
	});
}

#[test]
fn the_bounty_counts_only_what_the_bond_pays() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		Held::insert(hardware.node, RESERVE + 4 * RATE);
		close_windows(hardware.node, 300);

		assert_ok!(report(REPORTER, hardware.node));

		assert_eq!(Purses::get(REPORTER), RATE * 3 / 20);
		assert_eq!(Purses::get(REPORTER) + Purses::get(TREASURY), RATE * 3 / 2);
	});
}

#[test]
fn what_a_reporter_cannot_receive_goes_to_the_treasury() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 3);

		assert_ok!(report(REAPED, hardware.node));

		assert_eq!(Purses::get(REAPED), 0);
		assert_eq!(Purses::get(TREASURY), RATE * 5);
		assert!(events().contains(&Event::MissReported { node: hardware.node, reporter: REAPED, bounty: 0 }));
	});
}

#[test]
fn a_miss_without_a_fine_brings_nothing() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_window(hardware.node);

		assert_ok!(report(REPORTER, hardware.node));

		assert_eq!(Purses::get(REPORTER), 0);
		assert_eq!(record(hardware.node).strikes, 4);
	});
}

#[test]
fn there_must_be_something_to_report() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);

		assert_noop!(report(REPORTER, NodeId(77)), Error::UnknownNode);
		assert_noop!(report(REPORTER, hardware.node), Error::NothingMissed);

		hardware.prove_period();
		assert_noop!(report(REPORTER, hardware.node), Error::NothingMissed);

		close_window(hardware.node);
		assert_ok!(report(REPORTER, hardware.node));
		assert_noop!(report(REPORTER, hardware.node), Error::NothingMissed);
	});
}

#[test]
fn a_report_needs_a_signature() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_window(hardware.node);

		for origin in [RuntimeOrigin::none(), frame_system::RawOrigin::Authorized.into()] {
			assert_noop!(StorageProofs::report_missed(origin, hardware.node), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn failing_on_purpose_to_collect_the_bounty_loses_money() {
	for patience in 1..10 {
		ExtBuilder.build_and_execute(|| {
			let hardware = Hardware::due(1);
			let before = Held::get(hardware.node) + Purses::get(OPERATOR);
			let mut looks = 0;
			while looks < 10 {
				close_windows(hardware.node, patience);
				// The operator's own second account.
				let _ = report(OPERATOR, hardware.node);
				looks += 1;
			}

			let fined = Purses::get(TREASURY) + Purses::get(OPERATOR);
			assert!(fined > 0);
			assert_eq!(before - Held::get(hardware.node) - Purses::get(OPERATOR), Purses::get(TREASURY));
			assert!(Purses::get(TREASURY) >= fined * 9 / 10, "at most a tenth comes back");
		});
	}
}

#[test]
fn the_largest_bounty_that_settings_allow_still_loses_money() {
	ExtBuilder.build_and_execute(|| {
		ProofsOf::mutate(|settings| settings.bounty = sp_runtime::Perbill::from_percent(20));
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 7);

		assert_ok!(report(OPERATOR, hardware.node));

		assert!(Purses::get(TREASURY) >= 4 * Purses::get(OPERATOR));
	});
}
