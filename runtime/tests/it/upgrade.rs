//! Migrations, with the checks that the blob does not carry.

use crate::{
	actors::{content, propose, Node},
	chain::{check, scenario},
};
use frame_support::{
	assert_err, assert_ok,
	traits::{OnRuntimeUpgrade, UpgradeCheckSelect},
};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use substation_runtime::{
	migrations::rehearsal::{CountDeals, DealsOfCustomer, Version},
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

#[test]
fn the_rehearsed_migration_passes_its_checks_and_leaves_every_pallet_sound() {
	with_deals(|| {
		assert_ok!(CountDeals::try_on_runtime_upgrade(true));

		assert_eq!(DealsOfCustomer::get(Bob.to_account_id()), 2);
		assert_eq!(DealsOfCustomer::get(Charlie.to_account_id()), 1);
		check();
	});
}

#[test]
fn the_rehearsed_migration_runs_once() {
	with_deals(|| {
		CountDeals::on_runtime_upgrade();
		CountDeals::on_runtime_upgrade();

		assert_eq!((DealsOfCustomer::get(Bob.to_account_id()), Version::get()), (2, 1));
	});
}

#[test]
fn its_checks_notice_what_it_does_wrong() {
	with_deals(|| {
		let state = CountDeals::pre_upgrade().unwrap();
		assert_err!(CountDeals::post_upgrade(state.clone()), "the index is not marked as built");
		CountDeals::on_runtime_upgrade();
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
