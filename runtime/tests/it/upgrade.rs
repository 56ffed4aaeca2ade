//! Migrations, with the checks that the blob does not carry.

use crate::{
	actors::{content, propose, Node},
	chain::{check, scenario},
};
use frame_support::{
	assert_err, assert_ok, assert_storage_noop,
	migrations::{SteppedMigration, SteppedMigrationError},
	traits::UpgradeCheckSelect,
	weights::{Weight, WeightMeter},
};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::Perbill;
use substation_runtime::{
	configs::RuntimeBlockWeights,
	constants::MIGRATION_PERCENT,
	migrations::rehearsal::{CountDeals, DealsOfCustomer},
	Executive, System,
};

fn with_deals(test: impl FnOnce()) {
	scenario(|| {
		let mut node = Node::register(Alice);
		node.store(Bob, content(1, 2_000), 5);
		node.store(Charlie, content(2, 3_000), 5);
		propose(Bob, node.id, &content(3, 10), 5);
		test();
	});
}

/// What one block gives a migration.
fn share() -> WeightMeter {
	WeightMeter::with_limit(Perbill::from_percent(MIGRATION_PERCENT) * RuntimeBlockWeights::get().max_block)
}

/// Runs the rehearsed migration to its end. Says how many blocks it takes.
fn run() -> u32 {
	let (mut cursor, mut blocks) = (None, 0);
	loop {
		blocks += 1;
		cursor = CountDeals::transactional_step(cursor, &mut share()).expect("a block has weight for a step");
		if cursor.is_none() {
			return blocks;
		}
	}
}

#[test]
fn the_rehearsed_migration_passes_its_checks_and_leaves_every_pallet_sound() {
	with_deals(|| {
		let state = CountDeals::pre_upgrade().unwrap();
		run();
		assert_ok!(CountDeals::post_upgrade(state));

		assert_eq!(DealsOfCustomer::get(Bob.to_account_id()), 2);
		assert_eq!(DealsOfCustomer::get(Charlie.to_account_id()), 1);
		check();
	});
}

#[test]
fn the_rehearsed_migration_takes_several_blocks() {
	with_deals(|| {
		assert_eq!(run(), 4);
		assert!(CountDeals::max_steps().is_some_and(|steps| steps > 4));
	});
}

#[test]
fn a_step_without_the_weight_for_it_changes_nothing() {
	with_deals(|| {
		assert_storage_noop!({
			let refused = CountDeals::transactional_step(None, &mut WeightMeter::with_limit(Weight::from_parts(1, 0)));
			assert!(matches!(refused, Err(SteppedMigrationError::InsufficientWeight { .. })));
		});
	});
}

#[test]
fn its_checks_notice_what_it_does_wrong() {
	with_deals(|| {
		let state = CountDeals::pre_upgrade().unwrap();
		assert_err!(CountDeals::post_upgrade(state.clone()), "the index is not marked as built");
		run();
		DealsOfCustomer::insert(Bob.to_account_id(), 3);

		assert_err!(CountDeals::post_upgrade(state), "the index does not count the deals");
		assert_err!(CountDeals::pre_upgrade().map(|_| ()), "the index is built already");
	});
}

#[test]
fn this_releases_migrations_pass_their_checks() {
	with_deals(|| {
		System::set_block_number(System::block_number());
		assert!(Executive::try_runtime_upgrade(UpgradeCheckSelect::All).is_ok());
	});
}
