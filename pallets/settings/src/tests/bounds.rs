use proptest::prelude::*;
use sp_runtime::{Perbill, Percent, Permill};
use substation_primitives::{
	bandwidth::MAX_TESTS_PER_BLOCK,
	rewards::{RewardSettingError, MAX_AVAILABILITY, MAX_BUDGETED, MAX_USAGE},
	settings::{
		percent_of, SettingError, Settings, MAX_MISSES_TO_TERMINATION, MAX_OPENINGS, MIN_FINE_ROOM, PROOF_FEE, STN,
	},
	Balance, Bytes, Clock,
};
use substation_proofs::bandwidth;

type Change = fn(&mut Settings);

/// A share above one. Decoding refuses it and constructors cap it, but JSON lets it in.
fn above_one() -> Permill {
	serde_json::from_str("1000001").expect("a number")
}

#[test]
fn every_bound_has_a_value_on_each_side() {
	use SettingError::Rewards;
	let refused: [(Change, SettingError); 90] = [
		(|s| s.registry.min_bond = 0, SettingError::MinBond),
		(|s| s.registry.min_bond = percent_of(s.market.min_rate, 350) - 1, SettingError::MinBond),
		(|s| s.registry.node_deposit = 0, SettingError::Deposit),
		(|s| s.market.deal_deposit = 0, SettingError::Deposit),
		(|s| s.registry.unbonding = 5_256_001, SettingError::Unbonding),
		(|s| s.market.shares.burn = Permill::from_parts(450_001), SettingError::Shares),
		(|s| s.market.shares.treasury = Permill::zero(), SettingError::MinRate),
		// 12: as little as pays for the bytes of a proof, which 5 % of it are.
		(|s| s.market.min_rate = 20 * PROOF_FEE - 1, SettingError::MinRate),
		(|s| s.market.shares.treasury = Permill::from_parts(49_151), SettingError::MinRate),
		(|s| s.market.min_billed = Bytes(0), SettingError::MinBilled),
		(|s| s.market.min_billed = Bytes((1 << 30) + 1), SettingError::MinBilled),
		(|s| s.market.acceptance_time = 432_001, SettingError::AcceptanceTime),
		(|s| s.market.compensation_periods = 0, SettingError::Compensation),
		(|s| s.market.compensation_periods = 91, SettingError::Compensation),
		(|s| s.market.early_end_periods = 91, SettingError::EarlyEnd),
		(|s| s.market.fine_room_periods = 29, SettingError::FineRoom),
		// 12: more room for what is accepted later does not make room in bonds that are there.
		(|s| (s.proofs.repeated_fine_percent, s.market.fine_room_periods) = (429, 255), SettingError::FineRoom),
		(|s| (s.proofs.terminated_at, s.market.fine_room_periods) = (4 * 32, 255), SettingError::FineRoom),
		(|s| s.proofs.openings = 0, SettingError::Openings),
		(|s| s.proofs.openings = MAX_OPENINGS + 1, SettingError::Openings),
		(|s| s.proofs.strikes_per_miss = 0, SettingError::Strikes),
		(|s| s.proofs.strikes_per_proof = 0, SettingError::Strikes),
		(|s| s.proofs.strikes_per_proof = 4, SettingError::Strikes),
		(|s| s.proofs.first_fine_from = 8, SettingError::Fines),
		(|s| s.proofs.repeated_fine_from = 28, SettingError::Fines),
		(|s| s.proofs.first_fine_percent = 0, SettingError::Fines),
		(|s| s.proofs.first_fine_percent = 351, SettingError::Fines),
		(|s| s.proofs.repeated_fine_percent = 1_001, SettingError::Fines),
		(|s| s.proofs.terminated_at = 4 * 32 + 1, SettingError::Termination),
		(|s| s.proofs.strikes_per_miss = 28, SettingError::Termination),
		(|s| s.proofs.bounty = Perbill::from_parts(200_000_001), SettingError::Bounty),
		(|s| s.bandwidth.seat_bond = 0, SettingError::SeatBond),
		(|s| s.bandwidth.seat_bond = s.bandwidth.min_total_bond + 1, SettingError::SeatBond),
		(|s| s.bandwidth.seat_rate = 999, SettingError::SeatRate),
		(|s| s.bandwidth.seat_rate = 2_000_001, SettingError::SeatRate),
		(|s| (s.bandwidth.seat_rate, s.bandwidth.test_seconds) = (1_000_001, 30), SettingError::SeatRate),
		(|s| s.bandwidth.seat_rate = u32::MAX, SettingError::SeatRate),
		(|s| s.bandwidth.tests_per_draw = MAX_TESTS_PER_BLOCK as u8 + 1, SettingError::Draws),
		(|s| s.bandwidth.tests_per_draw = u8::MAX, SettingError::Draws),
		(|s| s.bandwidth.seat_tests = 0, SettingError::Draws),
		(|s| s.bandwidth.seat_tests = 2_401, SettingError::Draws),
		(|s| s.bandwidth.test_seconds = 4, SettingError::TestSeconds),
		(|s| s.bandwidth.test_seconds = 31, SettingError::TestSeconds),
		(|s| s.bandwidth.member_fee = 0, SettingError::MemberFee),
		// E1: who carries and is never measured would live on the others.
		(|s| s.bandwidth.member_fee = s.bandwidth.seat_bond / 20_000 + 1, SettingError::MemberFee),
		(|s| s.bandwidth.seat_bond = 20_000 * s.bandwidth.member_fee - 1, SettingError::MemberFee),
		(|s| s.bandwidth.rating = Percent::zero(), SettingError::Rating),
		(|s| s.bandwidth.rating_age = 0, SettingError::RatingAge),
		(|s| s.bandwidth.rating_age = 5_256_001, SettingError::RatingAge),
		(|s| s.bandwidth.max_absences = 7, SettingError::Absences),
		(|s| s.bandwidth.max_absences = 17, SettingError::Absences),
		(|s| s.channels.burn = Permill::from_parts(500_001), SettingError::ChannelBurn),
		(|s| s.channels.redeem_fee = 0, SettingError::RedeemFee),
		(|s| s.channels.redeem_fee = s.channels.min_redeem / 4 + 1, SettingError::RedeemFee),
		(|s| s.channels.min_redeem = 4 * s.channels.redeem_fee - 1, SettingError::RedeemFee),
		(|s| s.channels.min_redeem = 0, SettingError::RedeemFee),
		(|s| s.channels.record_deposit = 0, SettingError::Deposit),
		(|s| s.disputes.min_bond = 0, SettingError::DisputeBond),
		(|s| s.disputes.min_bond = 100_000 * STN + 1, SettingError::DisputeBond),
		(|s| s.disputes.bond_percent = 99, SettingError::DisputePercent),
		(|s| s.disputes.bond_percent = 1_001, SettingError::DisputePercent),
		(|s| s.disputes.answer_bond = 0, SettingError::AnswerBond),
		(|s| s.disputes.answer_bond = s.disputes.min_bond + 1, SettingError::AnswerBond),
		(|s| s.registry.min_bond = s.disputes.answer_bond - 1, SettingError::AnswerBond),
		(|s| (s.rewards.first, s.rewards.floor) = (STN - 1, 0), Rewards(RewardSettingError::First)),
		(|s| s.rewards.first = 1_000_000 * STN + 1, Rewards(RewardSettingError::First)),
		(|s| s.rewards.floor = s.rewards.first + 1, Rewards(RewardSettingError::Floor)),
		(|s| s.rewards.half_life = 29, Rewards(RewardSettingError::HalfLife)),
		(|s| s.rewards.half_life = 36_501, Rewards(RewardSettingError::HalfLife)),
		(|s| s.rewards.validators = Perbill::one(), Rewards(RewardSettingError::Shares)),
		(|s| s.rewards.storage = Perbill::from_parts(250_000_001), Rewards(RewardSettingError::Shares)),
		(|s| s.rewards.bandwidth = Perbill::from_parts(149_999_999), Rewards(RewardSettingError::Shares)),
		(|s| s.rewards.treasury = Perbill::zero(), Rewards(RewardSettingError::Shares)),
		(|s| s.rewards.usage = Permill::from_parts(MAX_USAGE + 1), Rewards(RewardSettingError::Usage)),
		(|s| s.rewards.usage = Permill::one(), Rewards(RewardSettingError::Usage)),
		(
			|s| s.rewards.availability = Permill::from_parts(MAX_AVAILABILITY + 1),
			Rewards(RewardSettingError::Availability),
		),
		(|s| s.rewards.availability = above_one(), Rewards(RewardSettingError::Availability)),
		(|s| s.rewards.treasury_ceiling = 0, Rewards(RewardSettingError::TreasuryCeiling)),
		(|s| s.rewards.fee_burn = above_one(), Rewards(RewardSettingError::FeeBurn)),
		// R9
		(|s| s.registry.min_bond = 100_000 * STN + 1, SettingError::MinBond),
		(|s| s.registry.min_bond = Balance::MAX, SettingError::MinBond),
		(|s| s.registry.node_deposit = 1_000 * STN + 1, SettingError::Deposit),
		(|s| s.market.deal_deposit = 1_000 * STN + 1, SettingError::Deposit),
		(|s| s.channels.record_deposit = 1_000 * STN + 1, SettingError::Deposit),
		(|s| s.market.min_rate = STN + 1, SettingError::MinRate),
		(
			|s| (s.bandwidth.seat_bond, s.bandwidth.min_total_bond) = (100_000 * STN + 1, 1_000_000 * STN),
			SettingError::SeatBond,
		),
		(|s| s.bandwidth.min_total_bond = 10_000_000 * STN + 1, SettingError::MinTotalBond),
		(
			|s| (s.bandwidth.seat_tests, s.bandwidth.member_fee) = (2_400, s.bandwidth.seat_bond / 480_000 + 1),
			SettingError::MemberFee,
		),
		(|s| (s.channels.min_redeem, s.channels.redeem_fee) = (STN, STN / 10 + 1), SettingError::RedeemFee),
		(|s| s.channels.min_redeem = 10 * STN + 1, SettingError::MinRedeem),
	];
	for (index, (change, error)) in refused.into_iter().enumerate() {
		let mut settings = Settings::default();
		change(&mut settings);

		assert_eq!(settings.validate(), Err(error), "change {index}");
	}

	let accepted: [Change; 60] = [
		|s| {
			s.registry.min_bond = percent_of(s.market.min_rate, 350);
			s.disputes.answer_bond = s.registry.min_bond;
		},
		|s| s.registry.unbonding = 5_256_000,
		|s| s.market.shares.burn = Permill::from_parts(450_000),
		|s| s.market.min_rate = 20 * PROOF_FEE,
		|s| s.market.shares.treasury = Permill::from_parts(49_152),
		|s| s.market.min_billed = Bytes(1),
		|s| s.market.min_billed = Bytes(1 << 30),
		|s| s.market.acceptance_time = 432_000,
		|s| s.market.compensation_periods = 90,
		|s| s.market.early_end_periods = 0,
		|s| s.market.fine_room_periods = 30,
		|s| s.market.fine_room_periods = 255,
		|s| s.proofs.repeated_fine_percent = 428,
		|s| s.proofs.openings = MAX_OPENINGS,
		|s| {
			s.proofs.terminated_at = 4 * 32;
			(s.proofs.first_fine_percent, s.proofs.repeated_fine_percent) = (93, 93);
		},
		|s| s.proofs.bounty = Perbill::from_percent(20),
		|s| s.bandwidth.seat_bond = s.bandwidth.min_total_bond,
		|s| s.bandwidth.seat_bond = 20_000 * s.bandwidth.member_fee,
		|s| s.bandwidth.member_fee = s.bandwidth.seat_bond / 20_000,
		|s| (s.bandwidth.seat_tests, s.bandwidth.member_fee) = (1, s.bandwidth.seat_bond / 20_000),
		|s| (s.bandwidth.seat_tests, s.bandwidth.member_fee) = (2_400, s.bandwidth.seat_bond / 480_000),
		|s| s.bandwidth.seat_rate = 1_000,
		|s| s.bandwidth.seat_rate = 2_000_000,
		|s| (s.bandwidth.seat_rate, s.bandwidth.test_seconds) = (6_000_000, 5),
		|s| s.bandwidth.tests_per_draw = 0,
		|s| s.bandwidth.tests_per_draw = MAX_TESTS_PER_BLOCK as u8,
		|s| s.bandwidth.seat_tests = 1,
		|s| s.bandwidth.seat_tests = 2_400,
		|s| s.bandwidth.test_seconds = 5,
		|s| s.bandwidth.test_seconds = 30,
		|s| s.bandwidth.rating = Percent::from_percent(1),
		|s| s.bandwidth.rating = Percent::one(),
		|s| s.bandwidth.rating_age = 1,
		|s| s.bandwidth.rating_age = 5_256_000,
		|s| (s.bandwidth.max_absences, s.bandwidth.member_fee, s.bandwidth.seat_bond) = (8, STN / 20_000, STN),
		|s| s.bandwidth.max_absences = 16,
		|s| (s.channels.burn, s.channels.record_deposit) = (Permill::from_percent(50), 1),
		|s| s.channels.redeem_fee = s.channels.min_redeem / 4,
		|s| {
			s.disputes.min_bond = 1;
			s.disputes.answer_bond = 1;
		},
		|s| s.disputes.min_bond = 100_000 * STN,
		|s| s.disputes.bond_percent = 1_000,
		|s| s.disputes.answer_bond = s.disputes.min_bond.min(s.registry.min_bond),
		|s| (s.rewards.first, s.rewards.floor) = (STN, STN),
		|s| s.rewards.first = 1_000_000 * STN,
		|s| s.rewards.floor = 0,
		|s| s.rewards.half_life = 30,
		|s| s.rewards.half_life = 36_500,
		|s| (s.rewards.validators, s.rewards.treasury) = (Perbill::from_percent(60), Perbill::zero()),
		|s| (s.rewards.storage, s.rewards.bandwidth) = (Perbill::zero(), Perbill::from_percent(40)),
		|s| s.rewards.usage = Permill::from_parts(MAX_USAGE),
		|s| s.rewards.usage = Permill::zero(),
		|s| (s.rewards.availability, s.rewards.fee_burn) = (Permill::from_parts(MAX_AVAILABILITY), Permill::one()),
		|s| (s.rewards.availability, s.rewards.fee_burn) = (Permill::zero(), Permill::zero()),
		|s| s.rewards.treasury_ceiling = 1,
		// R9
		|s| s.registry.min_bond = 100_000 * STN,
		|s| (s.registry.node_deposit, s.market.deal_deposit) = (1_000 * STN, 1_000 * STN),
		|s| s.channels.record_deposit = 1_000 * STN,
		|s| s.market.min_rate = STN,
		|s| (s.bandwidth.seat_bond, s.bandwidth.min_total_bond) = (100_000 * STN, 10_000_000 * STN),
		|s| (s.channels.min_redeem, s.channels.redeem_fee) = (10 * STN, STN / 10),
	];
	for (index, change) in accepted.into_iter().enumerate() {
		let mut settings = Settings::default();
		change(&mut settings);

		assert_eq!(settings.validate(), Ok(()), "change {index}");
	}
}

// 12: bonds that are free, and deals that nobody could accept in time, one block after the referendum.
#[test]
fn lengths_of_time_are_no_shorter_than_those_of_proofs() {
	let live = Clock { period: 14_400, window: 600, slot_step: 10 };
	let fast = Clock { period: 20, window: 8, slot_step: 2 };
	let mut settings = Settings::default();
	for (clock, unbonding, acceptance_time, outcome) in [
		(live, 14_400, 600, Ok(())),
		(live, 14_399, 600, Err(SettingError::Unbonding)),
		(live, 14_400, 599, Err(SettingError::AcceptanceTime)),
		(fast, 20, 8, Ok(())),
		(fast, 19, 8, Err(SettingError::Unbonding)),
		(fast, 20, 7, Err(SettingError::AcceptanceTime)),
	] {
		(settings.registry.unbonding, settings.market.acceptance_time) = (unbonding, acceptance_time);

		assert_eq!(settings.fit(&clock), outcome, "{unbonding} {acceptance_time} {clock:?}");
	}
}

// A rating that ends before its line can be tested says nothing about the line.
#[test]
fn ratings_last_until_a_seat_can_expect_four_tests() {
	let live = Clock { period: 14_400, window: 600, slot_step: 10 };
	let fast = Clock { period: 20, window: 8, slot_step: 2 };
	let mut settings = Settings::default();
	for (clock, rating_age, seat_tests, outcome) in [
		(live, 14 * 14_400, 100, Ok(())),
		(live, 57_600, 100, Ok(())),
		(live, 57_599, 100, Err(SettingError::RatingAge)),
		(live, 2_400, 2_400, Ok(())),
		(live, 2_399, 2_400, Err(SettingError::RatingAge)),
		(live, 2_880_000, 2, Ok(())),
		(live, 5_256_000, 1, Err(SettingError::RatingAge)),
		(fast, 28 * 20, 100, Ok(())),
		(fast, 80, 100, Ok(())),
		(fast, 79, 100, Err(SettingError::RatingAge)),
		(fast, u32::MAX, u16::MAX, Ok(())),
	] {
		(settings.bandwidth.rating_age, settings.bandwidth.seat_tests) = (rating_age, seat_tests);

		assert_eq!(settings.fit(&clock), outcome, "{rating_age} {seat_tests} {clock:?}");
	}
}

proptest! {
	/// What validation lets through keeps the promises that the other pallets build on.
	#[test]
	fn valid_settings_keep_their_promises(
		openings: u8,
		strikes_per_miss in 0u8..40,
		strikes_per_proof in 0u8..40,
		first_fine_from in 0u8..40,
		repeated_fine_from in 0u8..60,
		first_fine_percent in 0u16..1_200,
		repeated_fine_percent in 0u16..1_200,
		terminated_at: u8,
		fine_room_periods: u8,
		burn in 0u32..=1_000_000,
		treasury in 0u32..=1_000_000,
		bounty in 0u32..=1_000_000_000,
		min_rate in 0u128..2 * STN,
		min_bond in 0u128..200 * STN,
	) {
		let mut settings = Settings::default();
		settings.registry.min_bond = min_bond;
		settings.market.min_rate = min_rate;
		settings.market.shares.burn = Permill::from_parts(burn);
		settings.market.shares.treasury = Permill::from_parts(treasury);
		settings.market.fine_room_periods = fine_room_periods;
		let proofs = &mut settings.proofs;
		proofs.openings = openings;
		proofs.strikes_per_miss = strikes_per_miss;
		proofs.strikes_per_proof = strikes_per_proof;
		proofs.first_fine_from = first_fine_from;
		proofs.repeated_fine_from = repeated_fine_from;
		proofs.first_fine_percent = first_fine_percent;
		proofs.repeated_fine_percent = repeated_fine_percent;
		proofs.terminated_at = terminated_at;
		proofs.bounty = Perbill::from_parts(bounty);

		if settings.validate().is_ok() {
			// A run of misses ends, within the bound of the code.
			let misses = u32::from(terminated_at).div_ceil(u32::from(strikes_per_miss));
			prop_assert!((2..=MAX_MISSES_TO_TERMINATION).contains(&misses));
			// The room for fines of whatever settings a bond was made for pays every fine of these, up to the termination.
			prop_assert!(fine_room_periods >= MIN_FINE_ROOM);
			prop_assert!(misses * u32::from(repeated_fine_percent) <= u32::from(MIN_FINE_ROOM) * 100);
			// At least half of a payment reaches the provider, and the treasury gets what a proof's bytes cost.
			prop_assert!(burn + treasury <= 500_000);
			prop_assert!(settings.market.shares.treasury.mul_floor(min_rate) >= PROOF_FEE);
			// Missing on purpose never pays a friend: a fifth at most comes back.
			prop_assert!(bounty <= 200_000_000);
			prop_assert!(min_bond >= percent_of(min_rate, repeated_fine_percent));
		}
	}

	/// The same for what lines and channels build on.
	#[test]
	fn valid_lines_and_channels_keep_their_promises(
		seat_bond in 0u128..60 * STN,
		seat_rate in prop_oneof![900u32..100_000, 0u32..8_000_000],
		min_total_bond in 30 * STN..300 * STN,
		tests_per_draw in 0u8..=9,
		seat_tests in prop_oneof![0u16..20, 2_390u16..2_410],
		test_seconds in 4u8..=31,
		member_fee in prop_oneof![0..STN / 10_000, 0..STN / 200, 0..20 * STN],
		rating in 0u8..=100,
		rating_age in 0u32..20,
		max_absences in 7u8..=17,
		burn in 0u32..=550_000,
		redeem_fee in 0u128..STN,
		min_redeem in 0u128..20 * STN,
		members in prop::sample::select(vec![3u8, 5, 17, 25]),
	) {
		let mut settings = Settings::default();
		let lines = &mut settings.bandwidth;
		lines.seat_bond = seat_bond;
		lines.seat_rate = seat_rate;
		lines.min_total_bond = min_total_bond;
		lines.tests_per_draw = tests_per_draw;
		lines.seat_tests = seat_tests;
		lines.test_seconds = test_seconds;
		lines.member_fee = member_fee;
		lines.rating = Percent::from_percent(rating);
		lines.rating_age = rating_age;
		lines.max_absences = max_absences;
		settings.channels.burn = Permill::from_parts(burn);
		settings.channels.redeem_fee = redeem_fee;
		settings.channels.min_redeem = min_redeem;

		if settings.validate().is_ok() {
			// Somebody must hold a seat before the first draw, and a seat is never free.
			prop_assert!(seat_bond > 0 && min_total_bond >= seat_bond);
			// Drawing is bounded, and every seat can expect tests.
			prop_assert!(u32::from(tests_per_draw) <= MAX_TESTS_PER_BLOCK && (1..=2_400).contains(&seat_tests));
			// A member is paid, and the most that a line may claim leaves every member at its seat's rate.
			prop_assert!(member_fee > 0);
			// E1: what a seat can expect to earn as a member of others' committees stays far below its bond.
			let per_period = member_fee * Balance::from(seat_tests.max(100));
			prop_assert!(per_period * 200 <= seat_bond);
			let claim = bandwidth::highest_claim(seat_rate, members);
			prop_assert!(claim >= seat_rate && bandwidth::pace(claim, members) <= seat_rate);
			// Counts of such a test fit the 32 bits that a receipt gives them.
			let total = bandwidth::total(claim, test_seconds);
			prop_assert!(total >= bandwidth::MIN_TOTAL);
			prop_assert!(u32::try_from(bandwidth::cap(total, members)).is_ok());
			// Who is there more often than not keeps its seats.
			prop_assert!((8..=16).contains(&max_absences));
			// At least a quarter of the least redemption reaches the payee.
			let kept = min_redeem - Permill::from_parts(burn).mul_floor(min_redeem) - redeem_fee;
			prop_assert!(redeem_fee > 0 && kept >= min_redeem / 4);
		}
	}

	/// The same for what emission and fees build on.
	#[test]
	fn valid_rewards_keep_their_promises(
		first in prop_oneof![0..2 * STN, 0..2_000_000 * STN, Just(Balance::MAX)],
		floor in prop_oneof![0..2 * STN, 0..2_000_000 * STN],
		half_life in prop_oneof![25u32..40, 36_490u32..36_510, any::<u32>()],
		cuts in prop::array::uniform3(0..=1_000_000_000u32),
		off in prop_oneof![4 => Just(0u32), 1 => 0u32..3],
		usage in prop_oneof![899_990u32..=900_010, 0..=1_000_000u32],
		availability in prop_oneof![499_990u32..=500_010, 0..=1_000_000u32],
		treasury_ceiling in prop_oneof![Just(0), any::<Balance>()],
		fee_burn in 0..=1_000_000u32,
	) {
		let mut settings = Settings::default();
		let rewards = &mut settings.rewards;
		(rewards.first, rewards.floor, rewards.half_life) = (first, floor, half_life);
		let mut cuts = cuts;
		cuts.sort_unstable();
		let [low, middle, high] = cuts;
		let shares = [low, middle - low, high - middle, 1_000_000_000 - high];
		rewards.validators = Perbill::from_parts(shares[0].saturating_sub(off));
		rewards.storage = Perbill::from_parts(shares[1]);
		rewards.bandwidth = Perbill::from_parts(shares[2]);
		rewards.treasury = Perbill::from_parts(shares[3]);
		rewards.usage = Permill::from_parts(usage);
		rewards.availability = Permill::from_parts(availability);
		rewards.treasury_ceiling = treasury_ceiling;
		rewards.fee_burn = Permill::from_parts(fee_burn);
		let rewards = *rewards;

		if settings.validate().is_ok() {
			// Emission starts, never rises, and needs at least five hundred eras to come to its end.
			prop_assert!(rewards.first > 0 && rewards.floor <= rewards.first);
			prop_assert!(MAX_BUDGETED / rewards.first >= 500);
			// Halving is defined.
			prop_assert!(rewards.half_life > 0);
			// All of a budget is divided, none of it twice.
			let shares = [rewards.validators, rewards.storage, rewards.bandwidth, rewards.treasury];
			let parts: u64 = shares.iter().map(|share| u64::from(share.deconstruct())).sum();
			prop_assert_eq!(parts, 1_000_000_000);
			// Who pays oneself loses at least a tenth of what is burned.
			prop_assert!(rewards.usage.mul_ceil(1_000 * STN) <= 900 * STN);
			// Half of what stakes earn is the most that bonds do, and no fee burns more than itself.
			prop_assert!(rewards.availability.mul_ceil(2_000 * STN) <= 1_000 * STN);
			prop_assert!(rewards.fee_burn <= Permill::one());
		} else {
			prop_assert!(settings.rewards.check().is_err());
		}
	}
}
