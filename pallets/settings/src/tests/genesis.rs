use crate::{mock::*, BandwidthOf, ChannelsOf, DisputesOf, MarketOf, ProofsOf, RegistryOf, RewardsOf};
use frame_support::traits::Get;
use serde_json::json;
use sp_runtime::Perbill;
use substation_primitives::settings::{Settings as AllSettings, STN};

#[test]
fn genesis_seeds_every_setting_and_readers_answer_it() {
	let mut settings = AllSettings::default();
	settings.registry.node_deposit = 3 * STN;
	settings.market.early_end_periods = 5;
	settings.proofs.openings = 16;
	settings.bandwidth.test_seconds = 5;
	settings.channels.record_deposit = 2 * STN;
	settings.disputes.bond_percent = 200;
	settings.rewards.half_life = 365;

	ExtBuilder::default().settings(settings).build_and_execute(|| {
		assert_eq!(Settings::all(), settings);
		assert_eq!(RegistryOf::<Test>::get(), settings.registry);
		assert_eq!(MarketOf::<Test>::get(), settings.market);
		assert_eq!(ProofsOf::<Test>::get(), settings.proofs);
		assert_eq!(BandwidthOf::<Test>::get(), settings.bandwidth);
		assert_eq!(ChannelsOf::<Test>::get(), settings.channels);
		assert_eq!(DisputesOf::<Test>::get(), settings.disputes);
		assert_eq!(RewardsOf::<Test>::get(), settings.rewards);
	});
}

#[test]
fn readers_answer_the_defaults_when_the_state_is_empty() {
	sp_io::TestExternalities::default().execute_with(|| {
		assert_eq!(Settings::all(), AllSettings::default());
		assert_eq!(RegistryOf::<Test>::get(), AllSettings::default().registry);
		assert_eq!(MarketOf::<Test>::get(), AllSettings::default().market);
		assert_eq!(ProofsOf::<Test>::get(), AllSettings::default().proofs);
		assert_eq!(BandwidthOf::<Test>::get(), AllSettings::default().bandwidth);
		assert_eq!(ChannelsOf::<Test>::get(), AllSettings::default().channels);
		assert_eq!(DisputesOf::<Test>::get(), AllSettings::default().disputes);
		assert_eq!(RewardsOf::<Test>::get(), AllSettings::default().rewards);
		Settings::do_try_state().expect("the defaults are valid");
	});
}

#[test]
#[should_panic(expected = "genesis of pallet-settings: Openings in Settings {")]
fn genesis_refuses_settings_that_are_not_valid_and_names_them() {
	let mut settings = AllSettings::default();
	settings.proofs.openings = 17;

	ExtBuilder::default().settings(settings).build_and_execute(|| ());
}

#[test]
#[should_panic(expected = "genesis of pallet-settings: Rewards(Shares) in Settings {")]
fn genesis_refuses_shares_that_do_not_add_up_to_one() {
	let mut settings = AllSettings::default();
	settings.rewards.treasury = Perbill::zero();

	ExtBuilder::default().settings(settings).build_and_execute(|| ());
}

#[test]
#[should_panic(expected = "genesis of pallet-settings: Unbonding in Settings {")]
fn genesis_refuses_lengths_that_its_chain_does_not_bear() {
	let mut settings = AllSettings::default();
	settings.registry.unbonding = ProofClock::get().period - 1;

	ExtBuilder::default().settings(settings).build_and_execute(|| ());
}

#[test]
fn genesis_begins_with_any_fee_in_its_range() {
	let mut settings = AllSettings::default();
	settings.bandwidth.member_fee *= 25;

	ExtBuilder::default().settings(settings).build_and_execute(|| assert_eq!(Settings::all(), settings));
}

#[test]
fn genesis_json_is_camel_case() {
	let genesis = crate::GenesisConfig::<Test>::default();

	let json = serde_json::to_value(&genesis).expect("a genesis is JSON");

	assert_eq!(json["settings"]["registry"]["minBond"], json!(100_000_000_000_000u64));
	assert_eq!(json["settings"]["market"]["earlyEndPeriods"], json!(7));
	assert_eq!(json["settings"]["market"]["shares"]["burn"], json!(100_000));
	assert_eq!(json["settings"]["proofs"]["strikesPerMiss"], json!(4));
	assert_eq!(json["settings"]["bandwidth"]["minTotalBond"], json!(10_000_000_000_000_000u64));
	assert_eq!(json["settings"]["bandwidth"]["rating"], json!(75));
	assert_eq!(json["settings"]["channels"]["burn"], json!(100_000));
	assert_eq!(json["settings"]["rewards"]["halfLife"], json!(1_461));
	assert_eq!(json["settings"]["rewards"]["validators"], json!(500_000_000));
	assert_eq!(json["settings"]["rewards"]["feeBurn"], json!(500_000));
	assert_eq!(json["settings"]["rewards"]["treasuryCeiling"], json!(50_000_000_000_000_000_000u128));
	let back: crate::GenesisConfig<Test> = serde_json::from_value(json).expect("a complete genesis");
	assert_eq!(back.settings, AllSettings::default());
}
