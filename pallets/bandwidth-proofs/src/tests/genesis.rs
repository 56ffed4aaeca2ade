//! What a new chain starts with.

use crate::{mock::*, Bonded, GenesisConfig, Table};
use frame_support::traits::BuildGenesisConfig;

#[test]
fn the_account_that_keeps_fees_exists_from_the_start() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(wealth(BandwidthProofs::pot()), EXISTENTIAL_DEPOSIT);
		assert_eq!(pot(), 0);
	});
}

#[test]
fn an_account_that_is_rich_enough_is_left_alone() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		let before = (pot(), Balances::total_issuance());

		GenesisConfig::<Test>::default().build();

		assert_eq!((pot(), Balances::total_issuance()), before);
	});
}

#[test]
fn there_are_no_seats_and_no_tests_at_first() {
	ExtBuilder::default().build_and_execute(|| {
		advance(60);

		assert_eq!(Table::<Test>::get().decided(), 0);
		assert_eq!(Bonded::<Test>::get(), Default::default());
		assert_eq!(crate::Tests::<Test>::iter().count(), 0);
		assert_eq!(events(), vec![]);
	});
}
