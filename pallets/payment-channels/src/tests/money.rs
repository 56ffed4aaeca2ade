//! The formulas, for all inputs that settings allow.

use crate::money::{self, Split};
use proptest::prelude::*;
use sp_runtime::{FixedPointNumber, FixedU128, Permill};
use substation_primitives::{
	settings::{ChannelSettings, Settings, STN},
	Balance,
};

/// Everything that `Settings::validate` lets through.
fn settings() -> impl Strategy<Value = ChannelSettings> {
	(0..=500_000u32, 4..=10 * STN).prop_flat_map(|(burn, min_redeem)| {
		(1..=(min_redeem / 4).min(STN / 10)).prop_map(move |redeem_fee| {
			let channels =
				ChannelSettings { burn: Permill::from_parts(burn), redeem_fee, min_redeem, record_deposit: 1 };
			assert_eq!(Settings { channels, ..Default::default() }.validate(), Ok(()));
			channels
		})
	})
}

/// Tiny steps, where rounding shows, and large ones.
fn step() -> impl Strategy<Value = Balance> {
	prop_oneof![0..10_000u128, 0..=1_000_000_000 * STN, Just(Balance::MAX), Just(Balance::MAX - 1)]
}

proptest! {
	#[test]
	fn paid_burned_and_fee_are_the_step_to_the_unit(settings in settings(), step in step()) {
		if let Some(Split { paid, burned, fee }) = money::split(step, &settings) {
			prop_assert_eq!(paid.checked_add(burned).and_then(|sum| sum.checked_add(fee)), Some(step));
			prop_assert_eq!(fee, settings.redeem_fee);
			prop_assert!(paid > 0);
		}
	}

	#[test]
	fn every_least_step_pays_at_least_a_quarter(settings in settings(), more in step()) {
		let step = settings.min_redeem.saturating_add(more);

		let split = money::split(step, &settings);

		prop_assert!(split.is_some_and(|split| split.paid >= step / 4), "{split:?} of {step}");
	}

	#[test]
	fn only_what_fee_and_burn_use_up_is_refused(settings in settings(), step in step()) {
		let taken = settings.burn.mul_floor(step).saturating_add(settings.redeem_fee);

		prop_assert_eq!(money::split(step, &settings).is_none(), step <= taken);
	}

	#[test]
	fn the_burn_share_is_wrong_by_less_than_a_unit_and_never_too_much(settings in settings(), step in 0..1u128 << 100) {
		prop_assume!(money::split(step, &settings).is_some());
		let exact = step * u128::from(settings.burn.deconstruct());

		let burned = money::split(step, &settings).unwrap().burned * 1_000_000;

		prop_assert!(burned <= exact && exact - burned < 1_000_000);
	}

	#[test]
	fn redeeming_in_parts_costs_a_fee_for_each_and_never_saves(
		settings in settings(), parts in prop::collection::vec(0..1_000 * STN, 1..6),
	) {
		let steps: Vec<_> = parts.iter().map(|part| part + settings.min_redeem).collect();

		let apart: Balance = steps.iter().map(|step| money::split(*step, &settings).unwrap().paid).sum();
		let at_once = money::split(steps.iter().sum(), &settings).unwrap().paid;

		let fees = settings.redeem_fee * (steps.len() as u128 - 1);
		// Each part may keep the fraction of a unit that the burn share leaves.
		prop_assert!(apart + fees >= at_once);
		prop_assert!(apart + fees <= at_once + steps.len() as u128);
	}

	#[test]
	fn more_is_never_paid_less(settings in settings(), step in 0..1_000_000 * STN, more in 0..1_000_000 * STN) {
		let paid = |step| money::split(step, &settings).map_or(0, |split| split.paid);

		prop_assert!(paid(step) <= paid(step + more));
	}

	#[test]
	fn a_step_is_within_what_is_left(settings in settings(), step in step(), left in step()) {
		if money::is_step_allowed(step, left, &settings) {
			prop_assert!(step <= left);
			prop_assert!(step >= settings.min_redeem || step == left);
		}
	}
}

proptest! {
	// F2
	#[test]
	fn the_fee_follows_the_multiplier_and_never_falls_below_the_setting(
		base in 0..=STN / 10, multiplier in any::<u128>().prop_map(FixedU128::from_inner),
	) {
		let fee = money::fee(base, multiplier);

		prop_assert!(fee >= base);
		prop_assert_eq!(fee, multiplier.max(FixedU128::from_u32(1)).saturating_mul_int(base));
	}
}

proptest! {
	// F2
	#[test]
	fn every_least_step_pays_at_least_a_quarter_at_every_multiplier(
		settings in settings(), times in 0..=1_000u32, more in step(),
	) {
		let scaled = money::scaled(settings, FixedU128::from_u32(times));
		let step = scaled.min_redeem.saturating_add(more);

		let split = money::split(step, &scaled);

		prop_assert!(scaled.min_redeem >= settings.min_redeem && scaled.redeem_fee <= step / 4);
		prop_assert!(split.is_some_and(|split| split.paid >= step / 4), "{split:?} of {step}");
	}
}

#[test]
fn the_default_settings_by_hand() {
	let settings = Settings::default().channels;

	assert_eq!(
		money::split(STN, &settings),
		Some(Split { paid: 899_000_000_000, burned: 100_000_000_000, fee: 1_000_000_000 })
	);
	assert_eq!(
		money::split(settings.min_redeem, &settings),
		Some(Split { paid: 8_000_000_000, burned: 1_000_000_000, fee: 1_000_000_000 })
	);
	assert_eq!(money::split(1_000_000_000, &settings), None);
	assert_eq!(money::split(0, &settings), None);
}

#[test]
fn the_steps_around_the_least_one() {
	let settings = Settings::default().channels;
	let least = settings.min_redeem;
	let allowed = |step, left| money::is_step_allowed(step, left, &settings);

	assert!(allowed(least, least) && allowed(least, 2 * least) && allowed(least + 1, 2 * least));
	assert!(!allowed(least - 1, least));
	assert!(allowed(least - 1, least - 1));
	assert!(!allowed(least + 1, least));
}
