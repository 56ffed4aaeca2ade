//! Every tunable of the protocol, one struct per pallet, each with its bounds.
//!
//! Governance changes them through `pallet-settings`; [`Settings::validate`] looks at neighbours together, so that
//! no sequence of single changes reaches a combination that a single change could not.

use crate::{
	bandwidth::{Kbits, MAX_TESTS_PER_BLOCK},
	rewards::{RewardSettingError, RewardSettings},
	units::{Balance, BlockNumber, Bytes, FEE_PER_BYTE, PROOF_BYTES},
	Clock,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{Perbill, Percent, Permill};

/// One STN in [`Balance`] units.
pub const STN: Balance = 1_000_000_000_000;

/// Most openings that a proof may ever need. Bounds the size of a proof in code.
pub const MAX_OPENINGS: u8 = 16;

/// Most periods that a deal may run. Bounds what one settlement reads.
pub const MAX_TERM: u32 = 1_024;

/// Most tests, in hundredths, that a seat may expect in a proving period: one an hour where a period is a day.
pub const MAX_SEAT_TESTS: u16 = 2_400;

/// Most misses that one run may need to reach termination. Bounds the penalty computation in code.
pub const MAX_MISSES_TO_TERMINATION: u32 = 32;

/// Minimum of [`MarketSettings::fine_room_periods`], and maximum of what misses cost before termination, in periods of
/// the committed rate.
///
/// A bond has the room of the settings in force when its last deal was accepted; fines follow those in force when
/// somebody looks. Because this number separates the two, a bond with this room pays every fine of a run of misses that
/// are judged by the same settings, whichever these are. Of a run that a change divides, both parts count against one
/// room: after many misses at low fines the last ones at high fines can find too little, and take what is left.
pub const MIN_FINE_ROOM: u8 = 30;

/// Fees of a member that the bond of a seat is worth, at least, for each test that the seat can expect in a period.
///
/// On average a seat carries in as many tests as a committee has members for each that it can expect itself. With 17 members
/// its fees are then at most 0.085 % of its bond in a period: half of what nominating the bond brings in the first year with
/// 20,000,000 STN staked. Who carries for others and is never measured itself pays none of them back. Nodes carry in more
/// where few can be members, or where one operator, which does not measure itself, has most seats.
pub const MIN_BOND_FEES: Balance = 20_000;

/// Tests that a seat can expect before its rating ends, at least: two of each direction.
pub const MIN_TESTS_OF_RATING: u32 = 4;

/// Fee of the bytes of one storage proof: the minimum of what the treasury gets for a proven period.
pub const PROOF_FEE: Balance = PROOF_BYTES * FEE_PER_BYTE;

/// How an escrow payment is divided. The provider gets what the other two leave, so that the parts add up.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Shares {
	/// Destroyed.
	pub burn: Permill,
	/// To the treasury.
	pub treasury: Permill,
}

/// Tunables of `pallet-registry`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct RegistrySettings {
	/// Least bond of a node in one class, whatever it stores.
	pub min_bond: Balance,
	/// Deposit for a node's record, returned when the record goes.
	pub node_deposit: Balance,
	/// Blocks from owing nothing to the release of the bonds.
	pub unbonding: BlockNumber,
}

/// Tunables of `pallet-storage-market`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct MarketSettings {
	/// How payments of deals accepted from now on are divided.
	pub shares: Shares,
	/// Least payment for one deal and one period.
	pub min_rate: Balance,
	/// Shortest length that is billed.
	pub min_billed: Bytes,
	/// Deposit for a deal's record, returned when the record goes.
	pub deal_deposit: Balance,
	/// Blocks that a provider has to accept a proposal.
	pub acceptance_time: BlockNumber,
	/// Periods of a deal's rate that its provider reserves for its customer, at most paid when the deal is lost.
	pub compensation_periods: u8,
	/// Periods of a node's committed rate that its bond must hold above the reserve, for fines.
	pub fine_room_periods: u8,
	/// Periods that a customer who ends a deal early still pays, if so many remain.
	pub early_end_periods: u8,
}

/// Tunables of `pallet-storage-proofs`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct ProofSettings {
	/// Openings that each proof must bring.
	pub openings: u8,
	/// Strikes that a miss adds.
	pub strikes_per_miss: u8,
	/// Strikes that a proof takes away.
	pub strikes_per_proof: u8,
	/// From so many strikes before it, a miss costs `first_fine_percent` of the node's committed rate.
	pub first_fine_from: u8,
	/// The first fine, in per cent of the committed rate of one period.
	pub first_fine_percent: u16,
	/// From so many strikes before it, a miss costs `repeated_fine_percent` of the node's committed rate.
	pub repeated_fine_from: u8,
	/// The fine after that, in per cent of the committed rate of one period.
	pub repeated_fine_percent: u16,
	/// A node with so many strikes is terminated.
	pub terminated_at: u8,
	/// What the reporter of a miss gets of what was really collected.
	pub bounty: Perbill,
}

/// Tunables of `pallet-bandwidth-proofs`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct BandwidthSettings {
	/// What one seat needs of its node's bond.
	pub seat_bond: Balance,
	/// The least line that a node with a seat claims in each direction. Bounds the highest claim: a member never has
	/// to carry more than this for one test.
	pub seat_rate: Kbits,
	/// No test is drawn while all seats together hold less.
	pub min_total_bond: Balance,
	/// Most tests that one block draws. 0 pauses testing.
	pub tests_per_draw: u8,
	/// Tests that a seat can expect in a proving period, in hundredths.
	pub seat_tests: u16,
	/// Seconds that a test takes on a line that is as fast as claimed.
	pub test_seconds: u8,
	/// What the tested node's operator pays a member that has carried its even share. One that has carried less gets as
	/// much less.
	pub member_fee: Balance,
	/// What of the median reading is the rating.
	pub rating: Percent,
	/// Blocks after which a direction that was not tested again has no rating.
	pub rating_age: BlockNumber,
	/// A node that was absent in so many of its last sixteen completed tests loses its seats.
	pub max_absences: u8,
}

/// Fees of a redemption that the least one moves, at least.
pub const MIN_STEP_FEES: Balance = 4;

/// Tunables of `pallet-payment-channels`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct ChannelSettings {
	/// Destroyed of everything that is redeemed.
	pub burn: Permill,
	/// What one redemption costs while blocks are not full. Withheld from it, for the treasury.
	pub redeem_fee: Balance,
	/// Least amount that one redemption moves.
	pub min_redeem: Balance,
	/// Deposit for a channel's record, returned when the record goes.
	pub record_deposit: Balance,
}

/// Tunables of `pallet-disputes`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct DisputeSettings {
	/// Least bond of a customer who opens a dispute.
	pub min_bond: Balance,
	/// That bond in per cent of what is at stake in the deal, if this is more.
	pub bond_percent: u16,
	/// Bond of the operator who answers.
	pub answer_bond: Balance,
}

/// All tunables, as genesis seeds them.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
	/// Nodes and bonds.
	pub registry: RegistrySettings,
	/// Deals and payments.
	pub market: MarketSettings,
	/// Proofs and misses.
	pub proofs: ProofSettings,
	/// Seats, tests and ratings of lines.
	pub bandwidth: BandwidthSettings,
	/// Payment channels.
	pub channels: ChannelSettings,
	/// Disputes.
	pub disputes: DisputeSettings,
	/// Emission, shares and fees.
	pub rewards: RewardSettings,
}

/// A setting that is out of its range, or does not fit its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum SettingError {
	/// The least bond is zero, would not pay one repeated fine at the least rate, or is above 100,000 STN.
	MinBond,
	/// A deposit is zero, so that records would be free to create, or above 1,000 STN.
	Deposit,
	/// The unbonding time is shorter than one proving period or above 5,256,000 blocks: a year of six-second ones.
	Unbonding,
	/// Burn and treasury together take more than half: less than half would reach the provider.
	Shares,
	/// The treasury's share of the least rate is below [`PROOF_FEE`], so that proofs would be nearly free to ask for, or
	/// the least rate is above 1 STN.
	MinRate,
	/// The shortest billed length is zero or above one GiB.
	MinBilled,
	/// The acceptance time is shorter than one window, so that hardly anything could be fetched and accepted, or above
	/// 432,000 blocks: thirty days of six-second ones.
	AcceptanceTime,
	/// The compensation is zero or above 90 periods.
	Compensation,
	/// The room for fines is below 30 periods, or misses before termination cost more than that ([`MIN_FINE_ROOM`]).
	FineRoom,
	/// The early-end payment is above 90 periods.
	EarlyEnd,
	/// The number of openings is zero or above 16, [`MAX_OPENINGS`].
	Openings,
	/// A miss adds no strikes, or a proof takes away as many as a miss adds.
	Strikes,
	/// The fines do not rise with the strikes, or reach beyond termination, or exceed ten periods.
	Fines,
	/// Termination would need more than 32 misses ([`MAX_MISSES_TO_TERMINATION`]), or fewer than two.
	Termination,
	/// The bounty is above a fifth: failing on purpose could pay a friend.
	Bounty,
	/// A seat costs nothing, more than the least total, or more than 100,000 STN.
	SeatBond,
	/// The least line of a seat is below 1 Mbit/s, or carries more than 30 Gbit in one test: a member's count of bytes
	/// would not fit a receipt.
	SeatRate,
	/// More than 8 tests per draw ([`MAX_TESTS_PER_BLOCK`]), or a seat expects no test, or more than [`MAX_SEAT_TESTS`]
	/// hundredths of one in a period.
	Draws,
	/// A test is shorter than 5 seconds, so that it would measure a token bucket, or longer than 30.
	TestSeconds,
	/// Members are paid nothing, or more than [`highest_member_fee`]: to carry for others and never to be measured would
	/// bring more than to nominate the bond of a seat.
	MemberFee,
	/// The rating is nothing, or more than was measured.
	Rating,
	/// Ratings never age, or at once: 1 to 5,256,000 blocks are allowed, a year of six-second ones. Or they end before a
	/// seat can expect four tests ([`MIN_TESTS_OF_RATING`]).
	RatingAge,
	/// Absences are forgiven always, or hardly ever: 8 to 16 of sixteen are allowed.
	Absences,
	/// More than half of what is redeemed would be destroyed.
	ChannelBurn,
	/// A redemption is free, costs more than a quarter of the least one, or more than 0.1 STN.
	RedeemFee,
	/// The least bond of a dispute is zero or above 100,000 STN.
	DisputeBond,
	/// The bond of a dispute is below what is at stake or above ten times of it.
	DisputePercent,
	/// The bond of an answer is zero, above the least bond of a dispute, or above the least bond of a node.
	AnswerBond,
	/// Something about emission, shares or fees; the inner value says what.
	Rewards(RewardSettingError),
	/// The least that all seats hold together before a test is drawn is above 10,000,000 STN.
	MinTotalBond,
	/// The least redemption is above 10 STN.
	MinRedeem,
}

impl Default for Settings {
	fn default() -> Self {
		Self {
			registry: RegistrySettings { min_bond: 100 * STN, node_deposit: STN, unbonding: 28 * 14_400 },
			market: MarketSettings {
				shares: Shares { burn: Permill::from_percent(10), treasury: Permill::from_percent(5) },
				min_rate: STN / 1_000,
				min_billed: Bytes(1 << 20),
				deal_deposit: STN / 10,
				acceptance_time: 14_400,
				compensation_periods: 7,
				fine_room_periods: 30,
				early_end_periods: 7,
			},
			proofs: ProofSettings {
				openings: 4,
				strikes_per_miss: 4,
				strikes_per_proof: 1,
				first_fine_from: 4,
				first_fine_percent: 150,
				repeated_fine_from: 8,
				repeated_fine_percent: 350,
				terminated_at: 28,
				bounty: Perbill::from_percent(10),
			},
			bandwidth: BandwidthSettings {
				seat_bond: 100 * STN,
				seat_rate: 10_000,
				min_total_bond: 10_000 * STN,
				tests_per_draw: 2,
				seat_tests: 100,
				test_seconds: 15,
				member_fee: STN / 5_000,
				rating: Percent::from_percent(75),
				rating_age: 14 * 14_400,
				max_absences: 15,
			},
			channels: ChannelSettings {
				burn: Permill::from_percent(10),
				redeem_fee: STN / 1_000,
				min_redeem: STN / 100,
				record_deposit: STN / 10,
			},
			disputes: DisputeSettings { min_bond: 10 * STN, bond_percent: 100, answer_bond: 10 * STN },
			rewards: RewardSettings::default(),
		}
	}
}

impl Settings {
	/// Whether every value is in its range and fits its neighbours.
	pub fn validate(&self) -> Result<(), SettingError> {
		self.validate_money()?;
		self.validate_penalties()?;
		self.validate_bandwidth()?;
		self.validate_channels()?;
		self.validate_disputes()?;
		self.validate_amounts()?;
		self.rewards.check().map_err(SettingError::Rewards)
	}

	/// Whether lengths of time that are settings fit those that a chain fixes in its genesis.
	pub fn fit(&self, clock: &Clock) -> Result<(), SettingError> {
		// Shorter, and bonds would be free before the last period is judged.
		ensure(self.registry.unbonding >= clock.period, SettingError::Unbonding)?;
		ensure(self.market.acceptance_time >= clock.window, SettingError::AcceptanceTime)?;
		// Shorter, and lines would lose their ratings only because nobody has drawn them. Both in hundredths of a test.
		let expected = u64::from(self.bandwidth.rating_age).saturating_mul(self.bandwidth.seat_tests.into());
		let wanted = u64::from(MIN_TESTS_OF_RATING).saturating_mul(100).saturating_mul(clock.period.into());
		ensure(expected >= wanted, SettingError::RatingAge)
	}

	fn validate_bandwidth(&self) -> Result<(), SettingError> {
		let BandwidthSettings {
			seat_bond,
			seat_rate,
			min_total_bond,
			tests_per_draw,
			seat_tests,
			test_seconds,
			member_fee,
			rating,
			rating_age,
			max_absences,
		} = self.bandwidth;
		ensure(seat_bond > 0 && seat_bond <= min_total_bond, SettingError::SeatBond)?;
		let most = u64::from(seat_rate).saturating_mul(test_seconds.into());
		ensure(seat_rate >= 1_000 && most <= 30_000_000, SettingError::SeatRate)?;
		ensure(u32::from(tests_per_draw) <= MAX_TESTS_PER_BLOCK, SettingError::Draws)?;
		ensure((1..=MAX_SEAT_TESTS).contains(&seat_tests), SettingError::Draws)?;
		ensure((5..=30).contains(&test_seconds), SettingError::TestSeconds)?;
		ensure((1..=highest_member_fee(seat_bond, seat_tests)).contains(&member_fee), SettingError::MemberFee)?;
		ensure(!rating.is_zero() && rating <= Percent::one(), SettingError::Rating)?;
		ensure((1..=5_256_000).contains(&rating_age), SettingError::RatingAge)?;
		ensure((8..=16).contains(&max_absences), SettingError::Absences)
	}

	fn validate_channels(&self) -> Result<(), SettingError> {
		let ChannelSettings { burn, redeem_fee, min_redeem, record_deposit } = self.channels;
		ensure(burn <= Permill::from_percent(50), SettingError::ChannelBurn)?;
		ensure(redeem_fee > 0 && redeem_fee <= min_redeem / MIN_STEP_FEES, SettingError::RedeemFee)?;
		ensure(record_deposit > 0, SettingError::Deposit)
	}

	fn validate_money(&self) -> Result<(), SettingError> {
		let Self { registry, market, proofs, .. } = self;
		let one_fine = percent_of(market.min_rate, proofs.repeated_fine_percent);
		ensure(registry.min_bond > 0 && registry.min_bond >= one_fine, SettingError::MinBond)?;
		ensure(registry.node_deposit > 0 && market.deal_deposit > 0, SettingError::Deposit)?;
		ensure((1..=5_256_000).contains(&registry.unbonding), SettingError::Unbonding)?;
		let taken = u64::from(market.shares.burn.deconstruct()) + u64::from(market.shares.treasury.deconstruct());
		ensure(taken <= 500_000, SettingError::Shares)?;
		ensure(market.shares.treasury.mul_floor(market.min_rate) >= PROOF_FEE, SettingError::MinRate)?;
		ensure((1..=1 << 30).contains(&market.min_billed.0), SettingError::MinBilled)?;
		ensure((1..=432_000).contains(&market.acceptance_time), SettingError::AcceptanceTime)?;
		ensure((1..=90).contains(&market.compensation_periods), SettingError::Compensation)?;
		ensure(market.early_end_periods <= 90, SettingError::EarlyEnd)
	}

	fn validate_penalties(&self) -> Result<(), SettingError> {
		let ProofSettings {
			openings,
			strikes_per_miss,
			strikes_per_proof,
			first_fine_from,
			first_fine_percent,
			repeated_fine_from,
			repeated_fine_percent,
			terminated_at,
			bounty,
		} = self.proofs;
		ensure((1..=MAX_OPENINGS).contains(&openings), SettingError::Openings)?;
		ensure(strikes_per_miss > strikes_per_proof && strikes_per_proof > 0, SettingError::Strikes)?;
		ensure(
			first_fine_from < repeated_fine_from
				&& repeated_fine_from < terminated_at
				&& first_fine_percent > 0
				&& first_fine_percent <= repeated_fine_percent
				&& repeated_fine_percent <= 1_000,
			SettingError::Fines,
		)?;
		let misses = u32::from(terminated_at).div_ceil(u32::from(strikes_per_miss));
		ensure((2..=MAX_MISSES_TO_TERMINATION).contains(&misses), SettingError::Termination)?;
		let room = u32::from(MIN_FINE_ROOM) * 100;
		let is_paid_by_every_bond = misses * u32::from(repeated_fine_percent) <= room;
		ensure(self.market.fine_room_periods >= MIN_FINE_ROOM && is_paid_by_every_bond, SettingError::FineRoom)?;
		ensure(bounty <= Perbill::from_percent(20), SettingError::Bounty)
	}

	fn validate_disputes(&self) -> Result<(), SettingError> {
		let DisputeSettings { min_bond, bond_percent, answer_bond } = self.disputes;
		ensure((1..=100_000 * STN).contains(&min_bond), SettingError::DisputeBond)?;
		ensure((100..=1_000).contains(&bond_percent), SettingError::DisputePercent)?;
		// Who could pay for a node can pay for an answer, and accusing never costs less than answering.
		let most = min_bond.min(self.registry.min_bond);
		ensure((1..=most).contains(&answer_bond), SettingError::AnswerBond)
	}

	/// What one setting may ask of an account at most: a mistyped one is dear, and stops nothing, until the next vote.
	fn validate_amounts(&self) -> Result<(), SettingError> {
		let Self { registry, market, bandwidth, channels, .. } = self;
		ensure(registry.min_bond <= 100_000 * STN, SettingError::MinBond)?;
		let deposits = [registry.node_deposit, market.deal_deposit, channels.record_deposit];
		ensure(deposits.iter().all(|deposit| *deposit <= 1_000 * STN), SettingError::Deposit)?;
		ensure(market.min_rate <= STN, SettingError::MinRate)?;
		ensure(bandwidth.seat_bond <= 100_000 * STN, SettingError::SeatBond)?;
		ensure(bandwidth.min_total_bond <= 10_000_000 * STN, SettingError::MinTotalBond)?;
		ensure(channels.redeem_fee <= STN / 10, SettingError::RedeemFee)?;
		ensure(channels.min_redeem <= 10 * STN, SettingError::MinRedeem)
	}
}

/// `percent` hundredths of `amount`, rounded up, saturating.
pub fn percent_of(amount: Balance, percent: u16) -> Balance {
	amount.saturating_mul(percent.into()).div_ceil(100)
}

/// The most that a member may be paid for a test, where a seat has this bond and can expect so many hundredths of a test in
/// a period. Where it can expect less than one, it is paid no more than for one.
pub fn highest_member_fee(seat_bond: Balance, seat_tests: u16) -> Balance {
	seat_bond / (MIN_BOND_FEES / 100 * Balance::from(seat_tests.max(100)))
}

fn ensure(condition: bool, error: SettingError) -> Result<(), SettingError> {
	if condition {
		Ok(())
	} else {
		Err(error)
	}
}
