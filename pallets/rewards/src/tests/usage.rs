//! Usage: less than what was burned, paid after the era, within the pool.

use crate::{mock::*, types::Pool, Records};
use frame_support::assert_ok;
use sp_runtime::Permill;
use substation_primitives::{rewards::MAX_USAGE, settings::STN};

#[test]
fn a_provider_is_credited_a_share_of_what_was_burned() {
	ExtBuilder.build_and_execute(|| {
		let units = use_service(storage(NODE), 10 * STN);

		assert_eq!(units, 8 * STN);
		assert_eq!(record(storage(NODE)).units, 8 * STN);
		assert_eq!(era().pools.storage.units, 8 * STN);
		assert_eq!(era().pools.bandwidth.units, 0);
		assert_eq!(totals().burned_by_calls, 10 * STN);
	});
}

#[test]
fn nodes_and_payees_draw_on_their_pools() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10);
		use_service(bandwidth(NODE), 100);
		use_service(payee(PAYEE), 1_000);

		assert_eq!((era().pools.storage.units, era().pools.bandwidth.units), (8, 880));
		assert_eq!(record(bandwidth(NODE)).units, 80);
		assert_eq!(record(payee(PAYEE)).units, 800);
	});
}

#[test]
fn nothing_is_rounded_up() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!(use_service(storage(NODE), 9), 7);
		assert_eq!(use_service(storage(NODE), 1), 0);

		assert_eq!(record(storage(NODE)).units, 7);
		assert_eq!(totals().burned_by_calls, 10);
	});
}

#[test]
fn a_burn_too_small_for_a_credit_leaves_no_record() {
	ExtBuilder.build_and_execute(|| {
		use_service(payee(PAYEE), 1);
		Rewards::credit_usage(payee(PAYEE), 0);

		assert_eq!(Records::<Test>::iter().count(), 0);
		assert_eq!(totals().burned_by_calls, 1);
	});
}

#[test]
fn governance_changes_the_share_within_the_bound_of_the_code() {
	ExtBuilder.build_and_execute(|| {
		change_settings(|settings| settings.usage = Permill::from_percent(10));
		assert_eq!(use_service(storage(NODE), 1_000), 100);

		// No check would let this in.
		let mut wild = RewardsOf::get();
		wild.usage = Permill::one();
		RewardsOf::set(&wild);
		use_service(storage(SIBLING), 1_000_000);
		assert_eq!(record(storage(SIBLING)).units, u128::from(MAX_USAGE));
	});
}

#[test]
fn who_is_customer_and_provider_at_once_loses_a_share() {
	ExtBuilder.build_and_execute(|| {
		let before = wealth(CUSTOMER);
		change_settings(|settings| settings.usage = Permill::from_parts(MAX_USAGE));

		use_service(payee(CUSTOMER), 1_000 * STN);
		run_era();
		assert_ok!(claim(CUSTOMER, &[]));

		assert_eq!(before - wealth(CUSTOMER), 100 * STN);
	});
}

#[test]
fn a_pool_that_is_asked_for_too_much_scales_all_credits() {
	ExtBuilder.build_and_execute(|| {
		let budget = era().pools.storage.budget;
		assert_eq!(budget, 25_000 * STN);
		// Three and one times the budget.
		use_service(storage(NODE), budget * 10 / 8 * 3);
		use_service(storage(POOR_NODE), budget * 10 / 8);

		run_era();
		let before = wealth(OPERATOR);
		assert_ok!(claim(CUSTOMER, &[NODE, POOR_NODE]));

		assert_eq!(wealth(OPERATOR) - before, budget * 3 / 4);
		assert_eq!(wealth(NOBODY), budget / 4);
		assert_eq!(totals().payable, budget);
	});
}

#[test]
fn one_pool_does_not_help_out_the_other() {
	ExtBuilder.build_and_execute(|| {
		let budget = era().pools.bandwidth.budget;
		use_service(payee(PAYEE), budget * 10 / 8 * 2);

		run_era();
		let before = wealth(PAYEE);
		assert_ok!(claim(PAYEE, &[]));

		assert_eq!(wealth(PAYEE) - before, budget);
		assert_eq!(era().pools.storage, Pool::with_budget(era().pools.storage.budget));
	});
}
