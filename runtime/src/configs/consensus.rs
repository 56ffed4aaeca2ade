//! Who authors and finalises blocks: Babe, Grandpa, sessions, nominated proof of stake, offences.
//!
//! Lengths of time come from `pallet-pace`, so that one blob serves every network.

use crate::{
	constants::{BAG_THRESHOLDS, MAX_ELECTION_VOTERS, MAX_NOMINATIONS, MAX_VALIDATORS, MILLI},
	election::{Election, EquivocationWeights, GenesisElection},
	governance, AccountId, Babe, Balance, Balances, Historical, Offences, Rewards, Runtime, RuntimeEvent,
	RuntimeHoldReason, Session, SessionKeys, Staking, Timestamp, VoterList,
};
use frame_election_provider_support::VoteWeight;
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, Nothing},
};
use sp_runtime::traits::{ConvertInto, OpaqueKeys};
use sp_staking::currency_to_vote::U128CurrencyToVote;

impl pallet_babe::Config for Runtime {
	type EpochDuration = pallet_pace::EpochBlocks<Runtime>;
	type ExpectedBlockTime = pallet_pace::SlotMillis<Runtime>;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = EquivocationWeights;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<MAX_ELECTION_VOTERS>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, pallet_pace::BondingBlocks<Runtime>>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = EquivocationWeights;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<MAX_ELECTION_VOTERS>;
	type MaxSetIdSessionEntries = pallet_pace::BondingSessions<Runtime>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, pallet_pace::BondingBlocks<Runtime>>;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
	type EventHandler = Staking;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, Staking>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = ConstU128<{ 100 * MILLI }>;
}

impl pallet_session::historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Staking;
}

parameter_types! {
	pub const BagThresholds: &'static [VoteWeight] = &BAG_THRESHOLDS;
}

impl pallet_bags_list::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = crate::weights::pallet_bags_list::WeightInfo<Runtime>;
	// Staking knows the stake; the list is only a rough order of it.
	type ScoreProvider = Staking;
	type BagThresholds = BagThresholds;
	type MaxAutoRebagPerBlock = ConstU32<5>;
	type Score = VoteWeight;
}

/// Sizes for the benchmarks of staking. `set_validator_count` refuses more than an era has.
#[derive(Debug)]
pub struct StakingBenchmarks;

impl pallet_staking::BenchmarkingConfig for StakingBenchmarks {
	type MaxNominators = ConstU32<1_000>;
	type MaxValidators = ConstU32<MAX_VALIDATORS>;
}

impl pallet_staking::Config for Runtime {
	type OldCurrency = Balances;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type CurrencyBalance = Balance;
	type UnixTime = Timestamp;
	type CurrencyToVote = U128CurrencyToVote;
	type ElectionProvider = Election;
	type GenesisElectionProvider = GenesisElection;
	type NominationsQuota = pallet_staking::FixedNominationsQuota<MAX_NOMINATIONS>;
	type HistoryDepth = ConstU32<84>;
	type RewardRemainder = pallet_rewards::CountRemainder<Runtime, governance::ToTreasury>;
	type RuntimeEvent = RuntimeEvent;
	type Slash = governance::ToTreasury;
	type Reward = pallet_rewards::CountRewards<Runtime>;
	type SessionsPerEra = pallet_pace::SessionsPerEra<Runtime>;
	type BondingDuration = pallet_pace::BondingEras<Runtime>;
	type SlashDeferDuration = pallet_pace::SlashDeferEras<Runtime>;
	type AdminOrigin = governance::SlashCancelOrigin;
	type SessionInterface = Self;
	type EraPayout = Rewards;
	type NextNewSession = Session;
	type MaxExposurePageSize = ConstU32<64>;
	type MaxValidatorSet = ConstU32<MAX_VALIDATORS>;
	type VoterList = VoterList;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type MaxUnlockingChunks = ConstU32<32>;
	type MaxControllersInDeprecationBatch = ConstU32<100>;
	type EventListeners = ();
	type Filter = Nothing;
	type BenchmarkingConfig = StakingBenchmarks;
	type WeightInfo = crate::weights::pallet_staking::WeightInfo<Runtime>;
}
