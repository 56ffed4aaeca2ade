//! Pools never pay more than their units or their budget, and usage is always less than what was burned.

use crate::{
	pool::usage,
	types::{Pool, Pools, Record},
};
use proptest::prelude::*;
use sp_core::U256;
use sp_runtime::Permill;
use substation_primitives::{
	rewards::{MAX_BUDGETED, MAX_USAGE},
	settings::STN,
	Balance, ResourceClass,
};

fn amounts() -> impl Strategy<Value = Balance> {
	prop_oneof![0..1_000u128, 0..1_000_000 * STN]
}

#[test]
fn a_pool_that_can_pay_everything_pays_in_full() {
	assert_eq!(Pool { units: 100, budget: 100 }.paid(37), 37);
	assert_eq!(Pool { units: 0, budget: 0 }.paid(0), 0);
}

#[test]
fn a_pool_that_cannot_scales_everybody_alike() {
	let pool = Pool { units: 300, budget: 100 };

	assert_eq!(pool.paid(300), 100);
	assert_eq!(pool.paid(30), 10);
	assert_eq!(pool.paid(31), 10);
	assert_eq!(pool.paid(2), 0);
	assert_eq!(Pool { units: 300, budget: 0 }.paid(300), 0);
}

#[test]
fn units_that_do_not_fit_are_credited_nowhere() {
	let mut pool = Pool { units: Balance::MAX - 5, budget: 1 };
	let mut record = Record { units: 3, ..Default::default() };

	record.credit(&mut pool, 10);

	assert_eq!((pool.units, record.units), (Balance::MAX, 8));
}

#[test]
fn units_are_moved_from_pool_to_pool() {
	let mut pools = Pools { storage: Pool { units: 7, budget: 1 }, bandwidth: Pool { units: 2, budget: 1 } };
	use ResourceClass::{Bandwidth, Storage};

	assert_eq!(pools.shift(Storage, Bandwidth, 3), 3);
	assert_eq!((pools.storage.units, pools.bandwidth.units), (4, 5));
	assert_eq!(pools.shift(Bandwidth, Bandwidth, 3), 3);
	assert_eq!((pools.storage.units, pools.bandwidth.units), (4, 5));
}

#[test]
fn units_of_a_pool_that_is_forgotten_are_nothing() {
	let mut record = Record { era: 3, units: 100, pending: 5, current: None };

	record.fold(4, |era| {
		assert_eq!(era, 3);
		None
	});

	assert_eq!(record, Record { era: 4, units: 0, pending: 5, current: None });
}

#[test]
fn a_record_of_the_running_era_is_not_folded() {
	let mut record = Record { era: 3, units: 100, pending: 5, current: None };

	record.fold(3, |_| unreachable!("the era is not over"));

	assert_eq!(record, Record { era: 3, units: 100, pending: 5, current: None });
}

#[test]
fn no_setting_credits_more_than_nine_tenths() {
	assert_eq!(usage(Permill::one(), 1_000), 900);
	assert_eq!(usage(Permill::from_parts(MAX_USAGE + 1), 1_000_000_000), 900_000_000);
	assert_eq!(usage(serde_json::from_str("4000000000").expect("a number"), 1_000), 900);
	assert_eq!(usage(Permill::one(), 1), 0);
}

proptest! {
	#[test]
	fn paying_everybody_stays_within_units_and_budget(
		units in prop::collection::vec(amounts(), 1..60), budget in prop_oneof![amounts(), Just(MAX_BUDGETED)],
	) {
		let pool = Pool { units: units.iter().sum(), budget };

		let paid: Balance = units.iter().map(|units| pool.paid(*units)).sum();

		prop_assert!(paid <= pool.payable());
		prop_assert!(pool.payable() - paid < units.len() as u128, "everybody loses less than a unit");
		prop_assert!(units.iter().all(|units| pool.paid(*units) <= *units));
	}

	#[test]
	fn a_payment_is_the_exact_share_rounded_down(units in amounts(), others in amounts(), budget in amounts()) {
		let pool = Pool { units: units + others, budget };
		prop_assume!(pool.units > budget);

		let (paid, exact) = (U256::from(pool.paid(units)), U256::from(units) * U256::from(budget));

		let all = U256::from(pool.units);
		prop_assert!(paid * all <= exact && exact < (paid + 1) * all);
	}

	#[test]
	fn dividing_units_among_identities_pays_no_more(
		parts in prop::collection::vec(amounts(), 1..20), others in amounts(), budget in amounts(),
	) {
		let whole: Balance = parts.iter().sum();
		let pool = Pool { units: whole + others, budget };

		prop_assert!(parts.iter().map(|part| pool.paid(*part)).sum::<Balance>() <= pool.paid(whole));
	}

	#[test]
	fn usage_is_always_less_than_what_was_burned(share in 0..=1_000_000u32, burned in 1..Balance::MAX) {
		let credited = usage(Permill::from_parts(share), burned);

		prop_assert!(credited < burned);
		prop_assert!(U256::from(credited) * 10 <= U256::from(burned) * 9);
	}
}
