use crate::{mock::*, PaceError, PaceLengths};
use serde_json::json;
use substation_primitives::{Clock, Committees};

#[test]
fn default_genesis_is_the_live_pace() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Pace::lengths(), PaceLengths::live());
		assert!(crate::Pace::<Test>::exists());
	});
}

#[test]
fn fast_genesis_is_kept() {
	ExtBuilder::default().lengths(PaceLengths::fast()).build_and_execute(|| {
		assert_eq!(Pace::lengths(), PaceLengths::fast());
	});
}

#[test]
#[should_panic(expected = "genesis of pallet-pace: SlotMillis in PaceLengths { slot_millis: 5999")]
fn genesis_refuses_lengths_that_do_not_fit_and_names_them() {
	let lengths = PaceLengths { slot_millis: 5_999, ..PaceLengths::live() };

	ExtBuilder::default().lengths(lengths).build_and_execute(|| ());
}

#[test]
fn both_paces_fit_together() {
	assert_eq!(PaceLengths::live().check(), Ok(()));
	assert_eq!(PaceLengths::fast().check(), Ok(()));
}

#[test]
fn every_length_that_does_not_fit_is_named() {
	let clock = |period, window, slot_step| Clock { period, window, slot_step };
	type Change = fn(&mut PaceLengths);
	let changes: [(Change, PaceError); 14] = [
		(|l| l.slot_millis = 0, PaceError::SlotMillis),
		(|l| l.slot_millis = 1_999, PaceError::SlotMillis),
		(|l| l.epoch_blocks = 0, PaceError::EpochBlocks),
		(|l| l.sessions_per_era = 0, PaceError::SessionsPerEra),
		(|l| l.bonding_eras = 2, PaceError::BondingEras),
		(|l| l.bonding_eras = u32::MAX, PaceError::BondingTooLong),
		(|l| l.epoch_blocks = u64::MAX, PaceError::BondingTooLong),
		(|l| l.clock.slot_step = 0, PaceError::Clock),
		(|l| l.channel_grace = 0, PaceError::ChannelGrace),
		(|l| l.launch_period = 0, PaceError::Voting),
		(|l| l.voting_period = 0, PaceError::Voting),
		(|l| l.enactment_period = 0, PaceError::Voting),
		(|l| l.cooloff_period = 0, PaceError::Voting),
		(|l| l.term_duration = 0, PaceError::Voting),
	];
	for (change, error) in changes {
		let mut lengths = PaceLengths::fast();
		change(&mut lengths);

		assert_eq!(lengths.check(), Err(error), "{lengths:?}");
	}

	let clocks = [
		(clock(20, 8, 3), PaceError::Clock),
		(clock(20, 20, 2), PaceError::Clock),
		(clock(20, 2, 2), PaceError::Clock),
		(clock(0, 0, 1), PaceError::Clock),
		(clock(2_000, 1_025, 1), PaceError::ClockSteps),
	];
	for (clock, error) in clocks {
		assert_eq!(PaceLengths { clock, ..PaceLengths::fast() }.check(), Err(error), "{clock:?}");
	}
	assert_eq!(PaceLengths { clock: clock(2_000, 1_024, 1), ..PaceLengths::fast() }.check(), Ok(()));
}

#[test]
fn committees_are_odd_can_be_filled_and_have_time() {
	let with = |members, min_nodes, deadline| {
		let committees = Committees { members, min_nodes, deadline };
		PaceLengths { committees, ..PaceLengths::fast() }.check()
	};

	for (members, min_nodes, deadline) in [
		(0, 4, 30),
		(1, 4, 30),
		(4, 30, 30),
		(27, 81, 30),
		(255, 1_000, 30),
		(3, 3, 30),
		(17, 17, 30),
		(3, 0, 30),
		(3, 4, 0),
		(3, 4, 1),
		(3, 4, 1_001),
	] {
		assert_eq!(with(members, min_nodes, deadline), Err(PaceError::Committees), "{members} {min_nodes} {deadline}");
	}
	for (members, min_nodes, deadline) in [(3, 4, 2), (25, 26, 1_000), (17, u32::MAX, 30)] {
		assert_eq!(with(members, min_nodes, deadline), Ok(()), "{members} {min_nodes} {deadline}");
	}
}

#[test]
fn public_network_draws_from_three_times_a_committee() {
	let Committees { members, min_nodes, .. } = PaceLengths::live().committees;

	assert!(min_nodes >= 3 * u32::from(members));
}

#[test]
fn genesis_json_is_camel_case() {
	let json = json!({
		"lengths": {
			"slotMillis": 2_000,
			"epochBlocks": 30,
			"sessionsPerEra": 4,
			"bondingEras": 3,
			"clock": { "period": 20, "window": 8, "slotStep": 2 },
			"committees": { "members": 3, "minNodes": 4, "deadline": 30 },
			"channelGrace": 20,
			"launchPeriod": 10,
			"votingPeriod": 10,
			"enactmentPeriod": 5,
			"cooloffPeriod": 10,
			"termDuration": 60,
		}
	});

	let genesis: crate::GenesisConfig<Test> = serde_json::from_value(json.clone()).expect("a complete genesis");

	assert_eq!(genesis.lengths, PaceLengths::fast());
	assert_eq!(serde_json::to_value(&genesis).expect("a genesis is JSON"), json);
}

#[test]
fn genesis_json_refuses_a_length_that_it_does_not_know() {
	let json = json!({ "lengths": { "slotMilis": 2_000 } });

	let error = serde_json::from_value::<crate::GenesisConfig<Test>>(json).expect_err("a misspelt length");

	assert!(error.to_string().contains("unknown field `slotMilis`"), "{error}");
}
