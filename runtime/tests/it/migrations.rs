//! A migration of many blocks while nodes have to prove: calls wait, nobody is fined, and everything goes on after it.

use crate::{
	actors::{content, deal_page, Node, BOND},
	chain::{apply, attempt, block, next_header, run_to, scenario, send, signed, time, took_transactions},
};
use frame_support::{assert_ok, traits::Get};
use pallet_migrations::{
	mock_helpers::{MockedMigrationKind, MockedMigrations},
	ActiveCursor, Cursor, MigrationCursor,
};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use substation_primitives::{traits::StorageLedger, DealId, Interruption, Period};
use substation_runtime::{
	Block, Executive, MultiBlockMigrations, Runtime, RuntimeEvent, RuntimeOrigin, StorageProofs, System,
};

type Market = pallet_storage_market::Call<Runtime>;
type Proofs = pallet_storage_proofs::Call<Runtime>;

/// Upgrades the chain to a runtime whose migration takes so many blocks, and makes these. A scenario that does so again needs
/// another number: its name is made of it, and each runs once.
pub(crate) fn migrate(blocks: u32) {
	upgrade_to(MockedMigrationKind::SucceedAfter, blocks - 1);
	for _ in 0..blocks {
		block([]);
		assert!(!took_transactions());
	}
}

/// Makes the next block the first one of a runtime that has this migration.
fn upgrade_to(migration: MockedMigrationKind, steps: u32) {
	MockedMigrations::set(vec![(migration, steps)]);
	frame_system::LastRuntimeUpgrade::<Runtime>::kill();
}

/// Blocks of more than a period of the development chain.
const LONG: u32 = 31;

/// A node with one deal, at the start of the deal's first period.
fn node_with_deal() -> (Node, DealId) {
	let mut node = Node::register(Alice);
	let deal = node.store(Bob, content(1, 10_000), 100);
	run_to(node.window().closes);
	(node, deal)
}

fn interruptions() -> Vec<(u32, u32)> {
	let all = pallet_pace::InterruptionsOf::<Runtime>::get();
	all.iter().map(|Interruption { first, last }| (first, last)).collect()
}

fn remark() -> frame_system::Call<Runtime> {
	frame_system::Call::remark { remark: vec![1] }
}

fn untouched(node: &Node) {
	let nothing = pallet_storage_proofs::Error::<Runtime>::NothingMissed;
	assert_eq!(attempt(signed(Charlie, Proofs::report_missed { node: node.id })), Err(nothing.into()));
	let page = node.page();
	assert_eq!((page.strikes, page.fined, page.bond, page.terminated_at), (0, 0, BOND, None));
}

#[test]
fn calls_wait_while_a_migration_runs_and_are_taken_after_it() {
	scenario(|| {
		let begun = System::block_number() + 1;

		migrate(5);

		assert_eq!(interruptions(), [(begun, begun + 4)]);
		send(Charlie, remark());
		assert!(took_transactions());
		assert_eq!(interruptions(), [(begun, begun + 4)]);
	});
}

#[test]
#[should_panic(expected = "Only inherents are allowed in this block")]
fn a_block_with_a_call_is_refused_while_a_migration_runs() {
	scenario(|| {
		upgrade_to(MockedMigrationKind::SucceedAfter, 5);
		block([]);
		let (header, now) = next_header();

		let extrinsics = vec![time(now), signed(Charlie, remark())];
		Executive::execute_block(Block { header, extrinsics }.into());
	});
}

// R3: every node would have been fined for windows in which no proof could be included.
#[test]
fn nobody_is_fined_for_windows_that_a_migration_has_interrupted() {
	scenario(|| {
		let (node, deal) = node_with_deal();
		let period = node.window().period;
		assert!(LONG > node.window().period_length);

		migrate(LONG);

		assert!(StorageProofs::closed(node.id).is_some_and(|closed| closed >= period), "a window has closed");
		untouched(&node);
		// Whoever has stored on proves the next window, and is paid for that one and no other.
		node.prove_next();
		let proven = node.window().period;
		run_to(node.window().closes);
		let events = send(Charlie, Market::settle { deal });
		let settled = events.iter().find_map(|event| match event {
			RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealSettled { proven, missed, .. }) => {
				Some((*proven, *missed))
			}
			_ => None,
		});
		assert_eq!(settled, Some((1, proven.0 - period.0)));
		untouched(&node);
	});
}

#[test]
fn a_window_after_the_migration_is_due_as_ever() {
	scenario(|| {
		let (node, _) = node_with_deal();
		migrate(LONG);
		run_to(node.window().closes);
		run_to(node.window().closes);

		send(Charlie, Proofs::report_missed { node: node.id });

		assert!(node.page().strikes > 0);
	});
}

#[test]
fn a_deal_that_a_migration_kept_unproven_goes_on() {
	scenario(|| {
		let (node, deal) = node_with_deal();

		// Ten times what ends a node that is silent by itself.
		migrate(1_500);

		untouched(&node);
		assert!(deal_page(deal).is_some());
		assert!(!StorageProofs::is_terminated(node.id));
	});
}

// The chain freezes when a migration fails: no call, and nobody fined for it, however long it takes.
#[test]
fn a_migration_that_failed_stops_calls_and_fines_nobody() {
	scenario(|| {
		let (node, _) = node_with_deal();
		Cursor::<Runtime>::put(MigrationCursor::Stuck);
		let begun = System::block_number() + 1;

		for _ in 0..200 {
			block([]);
			assert!(!took_transactions());
		}

		assert_eq!(interruptions(), [(begun, System::block_number())]);
		// What a mended runtime does in its first block.
		Cursor::<Runtime>::kill();
		untouched(&node);
		send(Charlie, remark());
	});
}

#[test]
fn a_migration_that_root_forces_is_noted_too() {
	scenario(|| {
		MockedMigrations::set(vec![(MockedMigrationKind::SucceedAfter, 2)]);
		let active = ActiveCursor { index: 0, inner_cursor: None, started_at: System::block_number() };
		// No handler is told of it.
		let forced =
			MultiBlockMigrations::force_set_cursor(RuntimeOrigin::root(), Some(MigrationCursor::Active(active)));
		assert_ok!(forced);
		let begun = System::block_number() + 1;

		run_to(begun + 5);

		assert_eq!(interruptions(), [(begun, begun + 2)]);
	});
}

#[test]
fn a_proof_that_was_accepted_before_the_migration_is_paid() {
	scenario(|| {
		let (node, _) = node_with_deal();
		node.open_next();
		let period = node.window().period;
		apply(node.proving(node.proof()));

		migrate(12);

		assert!(StorageProofs::is_proven(node.id, period));
		assert!(period > Period(0));
		untouched(&node);
	});
}

/// What steps may take of a block holds the pallet's own work and a step.
#[test]
fn a_block_has_weight_for_a_step() {
	let share = <Runtime as pallet_migrations::Config>::MaxServiceWeight::get();

	assert!(MultiBlockMigrations::exec_migration_max_weight().all_lt(share / 2));
}
