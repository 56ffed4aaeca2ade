//! What a challenge asks about: the set as it stood when the window before closed.

use crate::{mock::*, Refusal};
use substation_primitives::Period;
use substation_proofs::{forest::Forest, prover};

fn ticket(hardware: &Hardware) -> Result<Forest, Refusal> {
	let now = System::block_number();
	StorageProofs::ticket(hardware.node, current(hardware.node), now).map(|ticket| ticket.forest)
}

#[test]
fn the_first_change_of_a_period_freezes_what_is_challenged() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();

		hardware.store(2, 3_000);
		hardware.store(3, 4_000);
		open_window(hardware.node);

		assert_eq!(ticket(&hardware), Ok(before.tree.forest()));
		assert_eq!(StorageProofs::window(hardware.node).frozen, before.tree.forest());
	});
}

#[test]
fn a_change_after_the_seed_is_known_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		open_window(hardware.node);
		let asked = ticket(&hardware);
		let before = hardware.clone();

		hardware.store(2, 50_000);

		assert_eq!(ticket(&hardware), asked);
		assert_eq!(before.prove(), Ok(Ok(())));
	});
}

#[test]
fn the_changed_set_does_not_answer_for_the_frozen_one() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		open_window(hardware.node);
		hardware.store(2, 50_000);

		assert!(hardware.prove().is_err());
	});
}

#[test]
fn the_next_period_asks_about_all_changes() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		hardware.store(2, 3_000);
		before.prove_period();

		open_window(hardware.node);

		assert_eq!(ticket(&hardware), Ok(hardware.tree.forest()));
		assert_eq!(hardware.prove(), Ok(Ok(())));
	});
}

#[test]
fn a_deal_accepted_in_the_opening_block_is_asked_for_in_the_next_period() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		advance_to(opens(hardware.node, current(hardware.node)));

		hardware.store(2, 3_000);
		before.prove_period();

		open_window(hardware.node);
		assert_eq!(ticket(&hardware).map(|forest| forest.total), Ok(8_000));
	});
}

#[test]
fn a_deal_accepted_after_the_proof_is_asked_for_in_the_next_period() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		assert_eq!(hardware.prove(), Ok(Ok(())));

		hardware.store(2, 3_000);

		assert_eq!(current(hardware.node), period);
		assert_eq!(ticket(&hardware), Err(Refusal::AlreadyProven));
		close_window(hardware.node);
		open_window(hardware.node);
		assert_eq!(ticket(&hardware).map(|forest| forest.total), Ok(8_000));
		assert_eq!(hardware.prove(), Ok(Ok(())));
	});
}

#[test]
fn the_first_deal_of_a_node_is_due_in_the_next_period() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::new(1);
		close_windows(hardware.node, 5);
		let accepted = current(hardware.node);
		hardware.store(1, 5_000);

		close_windows(hardware.node, 2);
		StorageProofs::do_catch_up(hardware.node, None);

		assert_eq!(
			events(),
			vec![Event::WindowsMissed { node: hardware.node, first: accepted.next(), count: 1, fined: 0 }]
		);
	});
}

#[test]
fn an_old_frozen_set_is_not_asked_for_again() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		hardware.store(2, 3_000);
		before.prove_period();
		for _ in 0..3 {
			hardware.prove_period();
		}

		assert_eq!(record(hardware.node).strikes, 0);
		assert!(record(hardware.node).frozen.is_some_and(|(period, _)| period < current(hardware.node)));
	});
}

#[test]
fn early_knowledge_of_the_seed_does_not_help_to_choose_the_bytes() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		open_window(hardware.node);
		let asked = hardware.challenge();
		let chunks = |hardware: &Hardware| prover::challenged(&hardware.tree, &asked);
		let before = chunks(&hardware);

		hardware.store(2, 50_000);

		// Another set would be asked for other bytes; the chain still asks for these.
		assert_ne!(chunks(&hardware), before);
		assert_eq!(StorageProofs::window(hardware.node).frozen.total, 5_000);
		assert_eq!(asked.period, current(hardware.node).0);
		assert_ne!(current(hardware.node), Period(0));
	});
}
