//! The budgets, for all settings that are allowed.

use super::settings::settings;
use crate::emission::{self, emission, split, Split};
use proptest::prelude::*;
use sp_runtime::Perbill;
use substation_primitives::{
	rewards::{RewardSettings, MAX_BUDGETED},
	settings::STN,
	Balance,
};

fn of(first: Balance, floor: Balance, half_life: u32) -> RewardSettings {
	let settings = RewardSettings { first, floor, half_life, ..Default::default() };
	assert_eq!(settings.check(), Ok(()));
	settings
}

#[test]
fn the_default_settings_by_hand() {
	let settings = RewardSettings::default();
	let of = |era| emission(era, 0, &settings);

	assert_eq!(of(0), 100_000 * STN);
	assert_eq!(of(1_461), 50_000 * STN);
	assert_eq!(of(2 * 1_461), 25_000 * STN);
	assert_eq!(of(3 * 1_461), 12_500 * STN);
	// 6,250 would follow.
	assert_eq!(of(4 * 1_461), 10_000 * STN);
	assert_eq!(of(u32::MAX), 10_000 * STN);
	// A year of days: a quarter of a half-life.
	let year = of(365) as f64 / STN as f64;
	assert!((year - 84_099.6).abs() < 0.5, "{year}");
}

#[test]
fn every_era_of_a_half_life_is_below_the_one_before() {
	for half_life in [30, 31, 1_461, 36_499, 36_500] {
		for first in [STN, 1_000_000 * STN] {
			let settings = of(first, 0, half_life);
			let budgets: Vec<_> = (0..=half_life).map(|era| emission(era, 0, &settings)).collect();

			assert!(budgets.windows(2).all(|pair| pair[0] > pair[1]), "{half_life}");
			assert_eq!((budgets[0], budgets[half_life as usize]), (first, first / 2));
		}
	}
}

#[test]
fn the_cap_is_reached_to_the_unit_and_nothing_follows() {
	for settings in
		[RewardSettings::default(), of(1_000_000 * STN, 999_999 * STN + 7, 30), of(777_777 * STN, 77 * STN, 700)]
	{
		let (mut budgeted, mut era, mut last) = (0, 0, settings.first);
		loop {
			let budget = emission(era, budgeted, &settings);
			assert!(budget <= last, "era {era}");
			budgeted += budget;
			assert!(budgeted <= MAX_BUDGETED);
			if budget < settings.floor {
				break;
			}
			(last, era) = (budget, era + 1);
		}

		assert_eq!(budgeted, MAX_BUDGETED, "the last era with a budget gets what is left");
		assert_eq!(emission(era + 1, budgeted, &settings), 0);
	}
}

#[test]
fn settings_that_no_check_has_seen_do_no_harm() {
	let wild = RewardSettings { first: Balance::MAX, floor: Balance::MAX, half_life: 0, ..Default::default() };

	assert_eq!(emission(5, 0, &wild), MAX_BUDGETED);
	assert_eq!(emission(0, MAX_BUDGETED + 1, &wild), 0);
	let all = Perbill::one();
	let greedy = RewardSettings { validators: all, storage: all, bandwidth: all, ..wild };
	assert_eq!(split(100, &greedy), Split { validators: 100, ..Default::default() });
}

#[test]
fn the_treasury_is_filled_up_to_its_ceiling_only() {
	assert_eq!(emission::treasury_payout(100, 0, 1_000), 100);
	assert_eq!(emission::treasury_payout(100, 900, 1_000), 100);
	assert_eq!(emission::treasury_payout(100, 901, 1_000), 99);
	assert_eq!(emission::treasury_payout(100, 1_000, 1_000), 0);
	assert_eq!(emission::treasury_payout(100, 5_000, 1_000), 0);
}

#[test]
fn staking_is_told_a_little_less_than_it_may_mint() {
	assert_eq!(emission::staking_payout(STN), STN - emission::STAKING_ROUNDING);
	assert_eq!(emission::staking_payout(emission::STAKING_ROUNDING - 1), 0);
}

proptest! {
	#[test]
	fn no_budget_is_above_the_one_before_it(settings in settings(), era in 0..1_000_000u32) {
		prop_assert!(emission(era + 1, 0, &settings) <= emission(era, 0, &settings));
	}

	#[test]
	fn a_half_life_later_it_is_half(settings in settings(), era in 0..100_000u32) {
		let decaying = RewardSettings { floor: 0, ..settings };
		let (now, later) = (emission(era, 0, &decaying), emission(era + settings.half_life, 0, &decaying));

		prop_assert_eq!(later, now / 2);
		prop_assert_eq!(emission(era, 0, &settings), now.max(settings.floor));
	}

	#[test]
	fn powers_of_two_parts_of_a_half_life_multiply_to_a_half(part in 1..36_500u32, half_life in 30..=36_500u32) {
		let (first, part) = (1_000_000 * STN, part % half_life);
		let settings = of(first, 0, half_life);

		let product = emission(part, 0, &settings) * emission(half_life - part, 0, &settings);

		// Each factor is rounded down by less than a unit, and wrong by less than 2^-54 of itself.
		let (exact, slack) = (first * first / 2, 2 * first + ((first * first) >> 53));
		prop_assert!(product <= exact + slack && product + slack >= exact, "{} {}", product, exact);
	}

	#[test]
	fn it_is_the_power_of_two_that_a_calculator_gives(settings in settings(), era in 0..200_000u32) {
		let exact = settings.first as f64 * (-f64::from(era) / f64::from(settings.half_life)).exp2();

		let budget = emission(era, 0, &RewardSettings { floor: 0, ..settings }) as f64;

		prop_assert!((budget - exact).abs() <= exact * 1e-12 + 1.0, "{} {}", budget, exact);
	}

	#[test]
	fn no_history_of_settings_budgets_more_than_the_cap(
		history in prop::collection::vec((settings(), 0..10_000u32), 1..400), start in 0..=MAX_BUDGETED,
	) {
		let mut budgeted = start;
		for (settings, era) in history {
			let budget = emission(era, budgeted, &settings);
			prop_assert!(budget <= settings.first);
			prop_assert!(budget >= settings.floor || budgeted + budget == MAX_BUDGETED);
			budgeted += budget;
			prop_assert!(budgeted <= MAX_BUDGETED);
		}
	}

	#[test]
	fn the_parts_add_up_to_the_budget(settings in settings(), budget in prop_oneof![0..10_000u128, 0..=MAX_BUDGETED]) {
		let parts = split(budget, &settings);

		prop_assert_eq!(parts.total(), budget);
		prop_assert_eq!(parts.validators, settings.validators.mul_floor(budget));
		prop_assert_eq!(parts.storage, settings.storage.mul_floor(budget));
		prop_assert_eq!(parts.bandwidth, settings.bandwidth.mul_floor(budget));
		let treasury = settings.treasury.mul_floor(budget);
		prop_assert!((treasury..=treasury + 3).contains(&parts.treasury));
	}
}
