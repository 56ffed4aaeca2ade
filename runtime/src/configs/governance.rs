//! The token holders' pallets. Every origin, length and amount is in the table of [`crate::governance`].

use crate::{
	brake,
	budget::{self, Budgeted},
	configs::RuntimeBlockWeights,
	governance::{self, TreasuryPot},
	AccountId, Balances, Council, OriginCaller, Preimage, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, Scheduler,
	System,
};
use frame_support::{
	parameter_types,
	traits::{
		tokens::{PayFromAccount, UnityAssetBalanceConversion},
		ConstBool, ConstU32,
	},
	weights::Weight,
};
use sp_runtime::{traits::IdentityLookup, Perbill, Permill};
use sp_staking::currency_to_vote::U128CurrencyToVote;

impl pallet_democracy::Config for Runtime {
	type WeightInfo = pallet_democracy::weights::SubstrateWeight<Runtime>;
	type RuntimeEvent = RuntimeEvent;
	type Scheduler = Scheduler;
	type Preimages = Preimage;
	type Currency = Balances;
	type EnactmentPeriod = governance::EnactmentPeriod;
	type LaunchPeriod = governance::LaunchPeriod;
	type VotingPeriod = governance::VotingPeriod;
	type VoteLockingPeriod = governance::VoteLockingPeriod;
	type MinimumDeposit = governance::MinimumDeposit;
	type InstantAllowed = ConstBool<false>;
	type FastTrackVotingPeriod = governance::FastTrackVotingPeriod;
	type CooloffPeriod = governance::CooloffPeriod;
	type MaxVotes = ConstU32<100>;
	type MaxProposals = ConstU32<{ crate::constants::MAX_PUBLIC_PROPOSALS }>;
	type MaxDeposits = ConstU32<100>;
	type MaxBlacklisted = ConstU32<100>;
	type ExternalOrigin = governance::ExternalOrigin;
	type ExternalMajorityOrigin = governance::ExternalMajorityOrigin;
	type ExternalDefaultOrigin = governance::ExternalDefaultOrigin;
	type SubmitOrigin = governance::SubmitOrigin;
	type FastTrackOrigin = governance::FastTrackOrigin;
	type InstantOrigin = governance::InstantOrigin;
	type CancellationOrigin = governance::CancellationOrigin;
	type BlacklistOrigin = governance::BlacklistOrigin;
	type CancelProposalOrigin = governance::CancelProposalOrigin;
	type VetoOrigin = governance::VetoOrigin;
	type PalletsOrigin = OriginCaller;
	type Slash = governance::OldSlashToTreasury;
}

parameter_types! {
	/// A motion may take half a block.
	pub MaxMotionWeight: Weight = Perbill::from_percent(50) * RuntimeBlockWeights::get().max_block;
}

impl pallet_collective::Config<governance::CouncilCollective> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = governance::MotionDuration;
	type MaxProposals = ConstU32<100>;
	type MaxMembers = ConstU32<{ governance::MAX_COLLECTIVE_MEMBERS }>;
	type DefaultVote = pallet_collective::PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = governance::CouncilMembersOrigin;
	type MaxProposalWeight = MaxMotionWeight;
	type DisapproveOrigin = governance::MotionRejectOrigin;
	type KillOrigin = governance::MotionRejectOrigin;
	// Only members move, and the number of motions is bounded.
	type Consideration = ();
}

impl pallet_collective::Config<governance::TechnicalCollective> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = governance::MotionDuration;
	type MaxProposals = ConstU32<100>;
	type MaxMembers = ConstU32<{ governance::MAX_COLLECTIVE_MEMBERS }>;
	type DefaultVote = pallet_collective::PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = governance::AppointOrigin;
	type MaxProposalWeight = MaxMotionWeight;
	type DisapproveOrigin = governance::MotionRejectOrigin;
	type KillOrigin = governance::MotionRejectOrigin;
	type Consideration = ();
}

impl pallet_elections_phragmen::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type PalletId = governance::ElectionsLock;
	type Currency = Balances;
	type ChangeMembers = Council;
	type InitializeMembers = Council;
	type CurrencyToVote = U128CurrencyToVote;
	type CandidacyBond = governance::CandidacyBond;
	type VotingBondBase = governance::VotingBondBase;
	type VotingBondFactor = governance::VotingBondFactor;
	type LoserCandidate = governance::OldSlashToTreasury;
	type KickedMember = governance::OldSlashToTreasury;
	type DesiredMembers = ConstU32<{ governance::COUNCIL_SEATS }>;
	type DesiredRunnersUp = ConstU32<{ governance::COUNCIL_RUNNERS_UP }>;
	type TermDuration = governance::TermDuration;
	// The election runs in one block's hook: the pallet asserts that it fits.
	type MaxCandidates = ConstU32<{ governance::MAX_COUNCIL_CANDIDATES }>;
	type MaxVoters = ConstU32<{ governance::MAX_COUNCIL_VOTERS }>;
	type MaxVotesPerVoter = ConstU32<{ governance::MAX_COUNCIL_VOTES }>;
	type WeightInfo = pallet_elections_phragmen::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Nothing of the treasury is destroyed for not being spent.
	pub const TreasuryBurn: Permill = Permill::zero();
}

impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	type RejectOrigin = governance::SpendRejectOrigin;
	type RuntimeEvent = RuntimeEvent;
	type SpendPeriod = governance::LaunchPeriod;
	type Burn = TreasuryBurn;
	type PalletId = governance::TreasuryPalletId;
	type BurnDestination = ();
	type WeightInfo = budget::Weights;
	type SpendFunds = ();
	// No room for what `spend_local` would queue.
	type MaxApprovals = ConstU32<0>;
	type SpendOrigin = governance::SpendOrigin;
	// There is one asset: the native token.
	type AssetKind = ();
	type Beneficiary = AccountId;
	type BeneficiaryLookup = IdentityLookup<AccountId>;
	type Paymaster = Budgeted<PayFromAccount<Balances, TreasuryPot>>;
	type BalanceConverter = UnityAssetBalanceConversion;
	type PayoutPeriod = governance::PayoutPeriod;
	type BlockNumberProvider = System;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PauseOrigin = governance::PauseOrigin;
	type UnpauseOrigin = governance::PauseOrigin;
	type WhitelistedCalls = brake::NeverPaused;
	type MaxNameLen = ConstU32<{ brake::MAX_NAME_LENGTH }>;
	// Its benchmark pauses a name that no call has, which is refused here.
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}
