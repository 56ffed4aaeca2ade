//! Emptied slots: nothing is dodged, and nothing is due of nothing.

use crate::{mock::*, Refusal};
use sp_runtime::transaction_validity::InvalidTransaction;
use substation_proofs::storage::StorageProof;

#[test]
fn clearing_does_not_dodge_the_current_challenge() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let missed = open_window(hardware.node);

		hardware.clear(1);
		close_window(hardware.node);
		StorageProofs::do_catch_up(hardware.node, None);

		assert_eq!(record(hardware.node).strikes, 4);
		assert_eq!(events(), vec![Event::WindowsMissed { node: hardware.node, first: missed, count: 1, fined: 0 }]);
	});
}

#[test]
fn cleared_bytes_still_answer_the_current_challenge() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		hardware.clear(1);

		before.prove_period();

		assert_eq!(record(hardware.node).strikes, 0);
	});
}

#[test]
fn nothing_is_due_of_an_empty_forest() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		hardware.clear(1);
		before.prove_period();

		close_windows(hardware.node, 20);
		StorageProofs::do_catch_up(hardware.node, None);
		open_window(hardware.node);

		assert_eq!(record(hardware.node).strikes, 0);
		assert_eq!(record(hardware.node).next_due, current(hardware.node));
		assert_eq!(
			StorageProofs::ticket(hardware.node, current(hardware.node), System::block_number()),
			Err(Refusal::NothingToProve)
		);
	});
}

#[test]
fn only_the_last_challenged_period_is_missed_after_clearing() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let missed = current(hardware.node);
		hardware.clear(1);

		close_windows(hardware.node, 30);
		StorageProofs::do_catch_up(hardware.node, None);

		assert_eq!(record(hardware.node).strikes, 4);
		assert_eq!(events(), vec![Event::WindowsMissed { node: hardware.node, first: missed, count: 1, fined: 0 }]);
	});
}

#[test]
fn a_forest_filled_again_after_a_pause_is_due_from_the_next_period_on() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		hardware.clear(1);
		before.prove_period();
		close_windows(hardware.node, 9);

		hardware.store(2, 6_000);

		open_window(hardware.node);
		let proof = StorageProof::default();
		assert_eq!(
			validate(prove_call(hardware.node, current(hardware.node), proof)),
			Err(InvalidTransaction::Stale.into())
		);
		close_window(hardware.node);
		hardware.prove_period();
		assert_eq!(record(hardware.node).strikes, 0);
	});
}

#[test]
fn clearing_after_the_proof_leaves_nothing_due() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		open_window(hardware.node);
		assert_eq!(hardware.prove(), Ok(Ok(())));
		hardware.clear(1);

		close_windows(hardware.node, 10);
		StorageProofs::do_catch_up(hardware.node, None);

		assert_eq!(record(hardware.node).strikes, 0);
	});
}
