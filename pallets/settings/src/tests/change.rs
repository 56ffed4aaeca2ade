use crate::{mock::*, BadSetting, Error, Event};
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, DispatchError, Perbill};
use substation_primitives::{
	rewards::RewardSettingError,
	settings::{highest_member_fee, SettingError, Settings as AllSettings, MIN_FINE_ROOM, STN},
};

#[test]
fn governance_replaces_the_registry_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.registry.min_bond = 500 * STN;

		assert_ok!(Settings::set_registry(RuntimeOrigin::root(), wanted.registry));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(
			System::read_events_for_pallet::<Event<Test>>(),
			[Event::RegistryChanged { settings: wanted.registry }]
		);
	});
}

#[test]
fn governance_replaces_the_market_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.market.compensation_periods = 14;

		assert_ok!(Settings::set_market(RuntimeOrigin::root(), wanted.market));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(System::read_events_for_pallet::<Event<Test>>(), [Event::MarketChanged { settings: wanted.market }]);
	});
}

#[test]
fn governance_replaces_the_proof_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.proofs.bounty = Perbill::from_percent(20);

		assert_ok!(Settings::set_proofs(RuntimeOrigin::root(), wanted.proofs));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(System::read_events_for_pallet::<Event<Test>>(), [Event::ProofsChanged { settings: wanted.proofs }]);
	});
}

#[test]
fn governance_replaces_the_bandwidth_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.bandwidth.tests_per_draw = 0;

		assert_ok!(Settings::set_bandwidth(RuntimeOrigin::root(), wanted.bandwidth));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(
			System::read_events_for_pallet::<Event<Test>>(),
			[Event::BandwidthChanged { settings: wanted.bandwidth }]
		);
	});
}

#[test]
fn governance_replaces_the_channel_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.channels.min_redeem = STN;

		assert_ok!(Settings::set_channels(RuntimeOrigin::root(), wanted.channels));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(
			System::read_events_for_pallet::<Event<Test>>(),
			[Event::ChannelsChanged { settings: wanted.channels }]
		);
	});
}

#[test]
fn governance_replaces_the_dispute_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.disputes.min_bond = 50 * STN;

		assert_ok!(Settings::set_disputes(RuntimeOrigin::root(), wanted.disputes));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(
			System::read_events_for_pallet::<Event<Test>>(),
			[Event::DisputesChanged { settings: wanted.disputes }]
		);
	});
}

#[test]
fn governance_replaces_the_reward_settings_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let mut wanted = AllSettings::default();
		wanted.rewards.first = 50_000 * STN;
		(wanted.rewards.storage, wanted.rewards.treasury) = (Perbill::from_percent(20), Perbill::from_percent(15));

		assert_ok!(Settings::set_rewards(RuntimeOrigin::root(), wanted.rewards));

		assert_eq!(Settings::all(), wanted);
		assert_eq!(
			System::read_events_for_pallet::<Event<Test>>(),
			[Event::RewardsChanged { settings: wanted.rewards }]
		);
	});
}

#[test]
fn nobody_else_may_change_anything() {
	ExtBuilder::default().build_and_execute(|| {
		let AllSettings { registry, market, proofs, bandwidth, channels, disputes, rewards } = AllSettings::default();

		for origin in [RuntimeOrigin::signed(1), RuntimeOrigin::none()] {
			assert_noop!(Settings::set_registry(origin.clone(), registry), BadOrigin);
			assert_noop!(Settings::set_market(origin.clone(), market), BadOrigin);
			assert_noop!(Settings::set_proofs(origin.clone(), proofs), BadOrigin);
			assert_noop!(Settings::set_bandwidth(origin.clone(), bandwidth), BadOrigin);
			assert_noop!(Settings::set_channels(origin.clone(), channels), BadOrigin);
			assert_noop!(Settings::set_disputes(origin.clone(), disputes), BadOrigin);
			assert_noop!(Settings::set_rewards(origin, rewards), BadOrigin);
		}
	});
}

#[test]
fn values_out_of_range_are_refused_by_name() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = |error| Error::<Test>::OutOfRange(BadSetting(error));
		let AllSettings {
			mut registry,
			mut market,
			mut proofs,
			mut bandwidth,
			mut channels,
			mut disputes,
			mut rewards,
		} = AllSettings::default();
		registry.unbonding = 0;
		market.acceptance_time = 0;
		proofs.openings = 0;
		bandwidth.test_seconds = 4;
		channels.redeem_fee = 0;
		disputes.bond_percent = 0;
		rewards.half_life = 0;

		assert_noop!(Settings::set_registry(RuntimeOrigin::root(), registry), refused(SettingError::Unbonding));
		assert_noop!(Settings::set_market(RuntimeOrigin::root(), market), refused(SettingError::AcceptanceTime));
		assert_noop!(Settings::set_proofs(RuntimeOrigin::root(), proofs), refused(SettingError::Openings));
		assert_noop!(Settings::set_bandwidth(RuntimeOrigin::root(), bandwidth), refused(SettingError::TestSeconds));
		assert_noop!(Settings::set_channels(RuntimeOrigin::root(), channels), refused(SettingError::RedeemFee));
		assert_noop!(Settings::set_disputes(RuntimeOrigin::root(), disputes), refused(SettingError::DisputePercent));
		let half_life = SettingError::Rewards(RewardSettingError::HalfLife);
		assert_noop!(Settings::set_rewards(RuntimeOrigin::root(), rewards), refused(half_life));
	});
}

#[test]
fn neighbours_in_another_record_are_judged_together() {
	ExtBuilder::default().build_and_execute(|| {
		let AllSettings { mut registry, mut market, mut proofs, mut disputes, .. } = AllSettings::default();
		let refused = Error::<Test>::OutOfRange(BadSetting(SettingError::MinBond));
		disputes.answer_bond = STN;
		registry.min_bond = 3 * STN;
		assert_ok!(Settings::set_disputes(RuntimeOrigin::root(), disputes));
		assert_ok!(Settings::set_registry(RuntimeOrigin::root(), registry));

		// A least bond of 3 STN does not pay a fine of 350 per cent of 1 STN.
		market.min_rate = STN;
		assert_noop!(Settings::set_market(RuntimeOrigin::root(), market), refused);

		// Once the fines are lower, the same record fits.
		proofs.repeated_fine_percent = 300;
		assert_ok!(Settings::set_proofs(RuntimeOrigin::root(), proofs));
		assert_ok!(Settings::set_market(RuntimeOrigin::root(), market));

		// And now the old fines do not.
		assert_noop!(
			Settings::set_proofs(RuntimeOrigin::root(), AllSettings::default().proofs),
			Error::<Test>::OutOfRange(BadSetting(SettingError::MinBond))
		);
	});
}

// 12
#[test]
fn no_order_of_changes_makes_fines_that_older_bonds_cannot_pay() {
	ExtBuilder::default().build_and_execute(|| {
		let AllSettings { mut market, mut proofs, .. } = AllSettings::default();
		let refused = Error::<Test>::OutOfRange(BadSetting(SettingError::FineRoom));
		market.fine_room_periods = 255;
		assert_ok!(Settings::set_market(RuntimeOrigin::root(), market));

		// 7 misses of 429 per cent need 30.03 periods, which bonds from before do not have.
		proofs.repeated_fine_percent = 429;
		assert_noop!(Settings::set_proofs(RuntimeOrigin::root(), proofs), refused);

		market.fine_room_periods = MIN_FINE_ROOM - 1;
		assert_noop!(
			Settings::set_market(RuntimeOrigin::root(), market),
			Error::<Test>::OutOfRange(BadSetting(SettingError::FineRoom))
		);
	});
}

// 12
#[test]
fn settings_are_judged_by_the_lengths_of_their_chain() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = |error| Error::<Test>::OutOfRange(BadSetting(error));
		let mut all = AllSettings::default();
		all.registry.unbonding = ProofClock::get().period - 1;
		all.market.acceptance_time = ProofClock::get().window - 1;

		assert_noop!(Settings::set_registry(RuntimeOrigin::root(), all.registry), refused(SettingError::Unbonding));
		assert_noop!(Settings::set_market(RuntimeOrigin::root(), all.market), refused(SettingError::AcceptanceTime));
		assert_eq!(Settings::check(all), Err(SettingError::Unbonding));

		all.bandwidth.rating_age = 4 * ProofClock::get().period - 1;
		assert_noop!(Settings::set_bandwidth(RuntimeOrigin::root(), all.bandwidth), refused(SettingError::RatingAge));
	});
}

#[test]
fn a_fee_beyond_its_range_is_named_so_whatever_it_was() {
	ExtBuilder::default().build_and_execute(|| {
		let mut bandwidth = AllSettings::default().bandwidth;
		bandwidth.member_fee = highest_member_fee(bandwidth.seat_bond, bandwidth.seat_tests) + 1;

		assert_noop!(
			Settings::set_bandwidth(RuntimeOrigin::root(), bandwidth),
			Error::<Test>::OutOfRange(BadSetting(SettingError::MemberFee))
		);
	});
}

#[test]
fn module_error_carries_the_setting_in_its_first_byte() {
	let error = Error::<Test>::OutOfRange(BadSetting(SettingError::Bounty));

	let DispatchError::Module(module) = DispatchError::from(error) else { panic!("a module error") };

	let [bounty] = SettingError::Bounty.encode()[..] else { panic!("one byte") };
	assert_eq!((module.index, module.error), (2, [0, bounty, 0, 0]));
	assert_eq!(module.message, Some("OutOfRange"));
}

#[test]
fn module_error_says_in_its_second_byte_what_of_the_rewards_it_is() {
	let last = SettingError::Rewards(RewardSettingError::FeeBurn);

	let DispatchError::Module(module) = DispatchError::from(Error::<Test>::OutOfRange(BadSetting(last))) else {
		panic!("a module error")
	};

	let [rewards, fee_burn] = last.encode()[..] else { panic!("two bytes") };
	assert_eq!((module.index, module.error), (2, [0, rewards, fee_burn, 0]));
	assert_eq!((rewards, fee_burn), (28, 7));
}

#[test]
fn view_function_says_what_would_be_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let mut settings = AllSettings::default();
		assert_eq!(Settings::check(settings), Ok(()));

		settings.rewards.treasury_ceiling = 0;

		assert_eq!(Settings::check(settings), Err(SettingError::Rewards(RewardSettingError::TreasuryCeiling)));

		settings.channels.redeem_fee = 0;

		assert_eq!(Settings::check(settings), Err(SettingError::RedeemFee));

		settings.registry.min_bond = 0;

		assert_eq!(Settings::check(settings), Err(SettingError::MinBond));
	});
}
