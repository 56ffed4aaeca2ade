//! Everything that mints is counted where it mints; what is missing was burned.

use crate::{mock::*, CountRemainder, CountRewards};
use frame_support::{
	assert_ok,
	traits::{
		fungible::{Balanced, Credit, Debt, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		OnUnbalanced,
	},
};
use substation_primitives::settings::STN;

#[test]
fn rewards_of_validators_are_counted_when_they_are_paid() {
	ExtBuilder.build_and_execute(|| {
		let issued = Balances::total_issuance();
		let (validators, rest) = run_era();
		assert_eq!((totals().minted, Balances::total_issuance()), (rest, issued + rest));

		FakeStaking::pay_out(VALIDATOR, validators / 2);
		FakeStaking::pay_out(CUSTOMER, validators / 2);

		assert_eq!(totals().minted, rest + validators / 2 * 2);
		assert_eq!(Balances::total_issuance(), issued + totals().minted);
		assert_eq!(Rewards::burned(), 0);
	});
}

#[test]
fn nothing_is_counted_for_nothing() {
	ExtBuilder.build_and_execute(|| {
		CountRewards::<Test>::on_unbalanced(Debt::<AccountId, Balances>::default());
		CountRemainder::<Test, ToTreasury>::on_unbalanced(Credit::<AccountId, Balances>::default());

		assert_eq!(totals().minted, 0);
	});
}

#[test]
fn a_remainder_that_the_treasury_cannot_receive_is_minted_and_burned() {
	ExtBuilder.build_and_execute(|| {
		reap(TREASURY);
		let issued = Balances::total_issuance();

		CountRemainder::<Test, ToTreasury>::on_unbalanced(Balances::issue(EXISTENTIAL_DEPOSIT - 1));

		// The era's validators' and treasury's parts are not paid yet.
		assert_eq!(Balances::total_issuance(), issued);
		assert_eq!(totals().minted, EXISTENTIAL_DEPOSIT - 1);
		assert_eq!(Rewards::burned(), EXISTENTIAL_DEPOSIT + EXISTENTIAL_DEPOSIT - 1);
		// It was not budgeted either; a real era would have.
		crate::Supply::<Test>::mutate(|totals| totals.budgeted += EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn claims_are_counted() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		let (_, rest) = run_era();

		assert_ok!(claim(CUSTOMER, &[NODE]));

		assert_eq!((totals().minted, totals().claimed, totals().payable), (rest + 8 * STN, 8 * STN, 8 * STN));
	});
}

#[test]
fn whatever_is_missing_was_burned() {
	ExtBuilder.build_and_execute(|| {
		let burn = |account, amount| {
			assert_ok!(Balances::burn_from(
				&account,
				amount,
				Preservation::Expendable,
				Precision::Exact,
				Fortitude::Force
			));
		};
		use_service(storage(NODE), 10 * STN);
		burn(PAYEE, 7);
		// Dust: the account is left with less than it needs.
		burn(AUTHOR, WEALTH - EXISTENTIAL_DEPOSIT + 1);
		assert_eq!(wealth(AUTHOR), 0);

		let burned = 10 * STN + 7 + WEALTH;
		assert_eq!(Rewards::burned(), burned);
		assert_eq!(totals().burned_by_calls, 10 * STN);

		assert_eq!(totals().burned_seen, 0);
		run_era();
		assert_eq!(totals().burned_seen, burned);
		assert_eq!(Rewards::burned(), burned, "minting changes nothing");
	});
}
