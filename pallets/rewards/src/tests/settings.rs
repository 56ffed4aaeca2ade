//! The settings' own bounds, and how they travel.

use codec::{Decode, Encode};
use proptest::prelude::*;
use sp_runtime::{Perbill, Permill};
use substation_primitives::{
	rewards::{RewardSettingError, RewardSettings, MAX_AVAILABILITY, MAX_USAGE},
	settings::STN,
	Balance,
};

/// Everything that `RewardSettings::check` lets through, as far as it matters for budgets.
pub(super) fn settings() -> impl Strategy<Value = RewardSettings> {
	let shares = prop::array::uniform3(0..=1_000_000_000u32).prop_map(|mut cuts| {
		cuts.sort_unstable();
		[cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], 1_000_000_000 - cuts[2]].map(Perbill::from_parts)
	});
	let money = (STN..=1_000_000 * STN).prop_flat_map(|first| (Just(first), prop_oneof![Just(0), 0..=first]));
	(money, 30..=36_500u32, shares, 0..=MAX_USAGE, 0..=MAX_AVAILABILITY).prop_map(
		|((first, floor), half_life, [validators, storage, bandwidth, treasury], usage, availability)| {
			let (usage, availability) = (Permill::from_parts(usage), Permill::from_parts(availability));
			let shares = RewardSettings { validators, storage, bandwidth, treasury, ..Default::default() };
			let settings = RewardSettings { first, floor, half_life, usage, availability, ..shares };
			assert_eq!(settings.check(), Ok(()));
			settings
		},
	)
}

fn refused(change: impl FnOnce(&mut RewardSettings)) -> RewardSettingError {
	let mut settings = RewardSettings::default();
	change(&mut settings);
	settings.check().expect_err("out of range")
}

fn allowed(change: impl FnOnce(&mut RewardSettings)) {
	let mut settings = RewardSettings::default();
	change(&mut settings);
	assert_eq!(settings.check(), Ok(()), "{settings:?}");
}

/// A share above one. Decoding refuses it and constructors cap it, but JSON lets it in.
fn above_one() -> Permill {
	serde_json::from_str("1000001").expect("a number")
}

#[test]
fn the_defaults_are_allowed() {
	allowed(|_| ());
}

#[test]
fn every_setting_ends_at_its_bounds() {
	use RewardSettingError::*;
	let all = 1_000_000 * STN;

	allowed(|settings| (settings.first, settings.floor) = (STN, STN));
	allowed(|settings| settings.first = all);
	assert_eq!(refused(|settings| (settings.first, settings.floor) = (STN - 1, 0)), First);
	assert_eq!(refused(|settings| settings.first = all + 1), First);

	allowed(|settings| settings.floor = 0);
	allowed(|settings| settings.floor = settings.first);
	assert_eq!(refused(|settings| settings.floor = settings.first + 1), Floor);

	allowed(|settings| settings.half_life = 30);
	allowed(|settings| settings.half_life = 36_500);
	assert_eq!(refused(|settings| settings.half_life = 29), HalfLife);
	assert_eq!(refused(|settings| settings.half_life = 36_501), HalfLife);

	allowed(|settings| settings.usage = Permill::zero());
	allowed(|settings| settings.usage = Permill::from_parts(MAX_USAGE));
	assert_eq!(refused(|settings| settings.usage = Permill::from_parts(MAX_USAGE + 1)), Usage);

	allowed(|settings| settings.availability = Permill::zero());
	allowed(|settings| settings.availability = Permill::from_parts(MAX_AVAILABILITY));
	assert_eq!(refused(|settings| settings.availability = Permill::from_parts(MAX_AVAILABILITY + 1)), Availability);
	assert_eq!(refused(|settings| settings.availability = above_one()), Availability);

	allowed(|settings| settings.treasury_ceiling = 1);
	assert_eq!(refused(|settings| settings.treasury_ceiling = 0), TreasuryCeiling);

	allowed(|settings| settings.fee_burn = Permill::zero());
	allowed(|settings| settings.fee_burn = Permill::one());
	assert_eq!(refused(|settings| settings.fee_burn = above_one()), FeeBurn);
}

#[test]
fn shares_add_up_to_exactly_one() {
	let all = |settings: &mut RewardSettings, shares: [u32; 4]| {
		let [validators, storage, bandwidth, treasury] = shares.map(Perbill::from_parts);
		*settings = RewardSettings { validators, storage, bandwidth, treasury, ..*settings };
	};

	allowed(|settings| all(settings, [1_000_000_000, 0, 0, 0]));
	allowed(|settings| all(settings, [0, 0, 0, 1_000_000_000]));
	allowed(|settings| all(settings, [333_333_333, 333_333_333, 333_333_333, 1]));
	assert_eq!(
		refused(|settings| all(settings, [333_333_333, 333_333_333, 333_333_333, 0])),
		RewardSettingError::Shares
	);
	assert_eq!(
		refused(|settings| all(settings, [333_333_333, 333_333_333, 333_333_333, 2])),
		RewardSettingError::Shares
	);
	assert_eq!(refused(|settings| all(settings, [0; 4])), RewardSettingError::Shares);
}

#[test]
fn errors_keep_their_indices() {
	use RewardSettingError::*;
	let errors = [First, Floor, HalfLife, Shares, Usage, Availability, TreasuryCeiling, FeeBurn];

	for (index, error) in (0..).zip(errors) {
		assert_eq!(error.encode(), [index], "{error:?}");
	}
}

#[test]
fn settings_survive_json_although_the_ceiling_is_a_long_number() {
	let settings = RewardSettings::default();
	assert!(settings.treasury_ceiling > Balance::from(u64::MAX));

	// As genesis patches do: into a value, into text, and back.
	let value = serde_json::to_value(settings).expect("it is JSON");
	let text = serde_json::to_string(&value).expect("it is text");

	assert_eq!(serde_json::from_str::<RewardSettings>(&text).expect("it is JSON"), settings);
	assert!(text.contains("\"treasuryCeiling\":50000000000000000000"), "{text}");
	assert!(text.contains("\"halfLife\":1461"), "{text}");
}

#[test]
fn settings_survive_the_codec() {
	let settings = RewardSettings::default();

	assert_eq!(RewardSettings::decode(&mut &settings.encode()[..]), Ok(settings));
}
