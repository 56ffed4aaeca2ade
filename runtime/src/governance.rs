//! Who may do what beyond ordinary accounts, for how long and for how much: one table, so that a change of government
//! changes one file. `docs/governance.md` prints the same table for token holders, and a test compares the two.
//!
//! There is no sudo. *Root* is what a passed referendum dispatches with, and nothing else has it.
//!
//! | What | Who | Name here |
//! |---|---|---|
//! | change a setting | root | [`SettingsOrigin`] |
//! | authorise an upgrade | root | `system.authorizeUpgrade`; anyone applies it |
//! | suspend a node, lift it | two thirds of the council, root | [`SuspendOrigin`] |
//! | cancel a validator's deferred slash | three quarters of the council, root | [`SlashCancelOrigin`] |
//! | registrars, usernames, false identities | more than half of the council, root | [`RegistrarOrigin`], [`UsernameAuthorityOrigin`], [`IdentityForceOrigin`] |
//! | preimages without a deposit, schedules | root | [`PreimageOrigin`], [`ScheduleOrigin`] |
//! | propose a referendum | anybody, with [`MinimumDeposit`] | [`SubmitOrigin`] |
//! | next external referendum, supermajority to approve | more than half of the council, root | [`ExternalOrigin`] |
//! | next external referendum, simple majority | three quarters of the council, root | [`ExternalMajorityOrigin`] |
//! | next external referendum, supermajority to reject | the whole council, root | [`ExternalDefaultOrigin`] |
//! | shorten the vote on an external proposal | two thirds of the technical committee, if it has at least [`MIN_COMMITTEE_MEMBERS`] | [`FastTrackOrigin`] |
//! | skip the vote | nobody | [`InstantOrigin`] |
//! | cancel a running referendum, once per proposal | two thirds of the council, root | [`CancellationOrigin`] |
//! | drop a public proposal and take its deposits | root | [`CancelProposalOrigin`] |
//! | ban a proposal for good | root | [`BlacklistOrigin`] |
//! | veto an external proposal, once per member and cooling-off | a member of the technical committee | [`VetoOrigin`] |
//! | pause a call, lift the pause | three quarters of the council, root | [`PauseOrigin`] |
//! | become the council | elected by token holders each term | `elections` |
//! | appoint the technical committee | two thirds of the council, root | [`AppointOrigin`] |
//! | drop a motion of the council or the committee | root | [`MotionRejectOrigin`] |
//! | decide a dispute about a deal | more than half of the council | [`DisputeOrigin`] |
//! | overturn that decision | root | [`DisputeOverturnOrigin`] |
//! | spend from the treasury | root; more than half of the council up to [`CouncilSpendLimit`] at a time and [`CouncilTermLimit`] a term | [`SpendOrigin`] |
//! | void a spend that is not paid out | more than half of the council, root | [`SpendRejectOrigin`] |
//!
//! | Length | From the chain's pace | live | fast |
//! |---|---|---|---|
//! | between two launches | launch period | 7 days | 10 blocks |
//! | of a vote | voting period | 7 days | 10 blocks |
//! | of a shortened vote, at least | [`FastTrackVotingPeriod`]: a seventh of the voting period | 1 day | 1 block |
//! | from its end to enactment, at least | [`FastTrackDelay`]: as long | 1 day | 1 block |
//! | to enactment; of one unit of conviction | enactment period | 8 days | 5 blocks |
//! | of a veto | cool-off period | 7 days | 10 blocks |
//! | of a council's term | term | 7 days | 60 blocks |
//! | of a motion | [`MotionDuration`]: a voting period | 7 days | 10 blocks |
//! | to answer a dispute | [`AnswerPeriod`]: two voting periods | 14 days | 20 blocks |
//! | to decide it | [`DecisionPeriod`]: two voting periods | 14 days | 20 blocks |
//! | to overturn the decision | [`OverturnPeriod`]: three launch periods, a vote and its enactment | 36 days | 45 blocks |
//! | to claim a spend | [`PayoutPeriod`]: four terms | 28 days | 240 blocks |
//!
//! | Amount or number | |
//! |---|---|
//! | deposit of a public proposal, and of each second | [`MinimumDeposit`]: 100 STN, doubled for each ten proposals that wait |
//! | deposit of a candidate for the council | [`CandidacyBond`]: 100 STN |
//! | deposit of a vote for the council | [`VotingBondBase`] 25 STN and [`VotingBondFactor`] 0.032 STN a candidate |
//! | candidates for the council, votes of one voter | [`MAX_COUNCIL_CANDIDATES`]: 64, [`MAX_COUNCIL_VOTES`]: 16 |
//! | voters for the council | [`MAX_COUNCIL_VOTERS`]: 8,192; with more the old council stays for another term |
//! | the council's spend at a time | [`CouncilSpendLimit`]: 10,000 STN |
//! | what the council's spends may be paid in a term | [`CouncilTermLimit`]: 100,000 STN |
//! | members of the council, runners-up | [`COUNCIL_SEATS`]: 7, [`COUNCIL_RUNNERS_UP`]: 7 |
//! | members of a technical committee that can shorten votes | [`MIN_COMMITTEE_MEMBERS`]: 3, to [`MAX_COLLECTIVE_MEMBERS`]: 15 |
//! | votes of an account, proposals, seconds, bans | 100 each |
//!
//! | Money | Goes to |
//! |---|---|
//! | fees of transactions | a share is destroyed (`feeBurn`, half), the rest is the block author's |
//! | tips | the block's author |
//! | shares of payments, fines, slashes, lost deposits and bonds, dust | the treasury, [`TreasuryPot`] |
//! | each era's emission | validators and nominators, providers, and the treasury up to its ceiling |

use crate::{
	constants::{deposit, STN},
	AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeCall, RuntimeOrigin,
};
use frame_support::{
	parameter_types,
	traits::{
		tokens::imbalance::ResolveTo, Contains, Currency, EitherOf, EitherOfDiverse, EnsureOrigin, Get, LockIdentifier,
		OnUnbalanced, TypedGet,
	},
	PalletId,
};
use frame_system::{EnsureNever, EnsureRoot, EnsureRootWithSuccess, EnsureSigned, EnsureWithSuccess};
use pallet_collective::{EnsureMember, EnsureProportionAtLeast, EnsureProportionMoreThan, RawOrigin};
use sp_runtime::traits::{AccountIdConversion, SaturatedConversion};

// ---- Bodies

/// The instance of the collective pallet that holds the elected council.
pub type CouncilCollective = pallet_collective::Instance1;
/// The instance of the collective pallet that holds the technical committee.
pub type TechnicalCollective = pallet_collective::Instance2;

/// What a passed referendum dispatches with.
pub type Root = EnsureRoot<AccountId>;
/// More than half of the council.
pub type CouncilHalf = EnsureProportionMoreThan<AccountId, CouncilCollective, 1, 2>;
/// At least two thirds of the council.
pub type CouncilTwoThirds = EnsureProportionAtLeast<AccountId, CouncilCollective, 2, 3>;
/// At least three quarters of the council.
pub type CouncilThreeQuarters = EnsureProportionAtLeast<AccountId, CouncilCollective, 3, 4>;
/// Every member of the council.
pub type CouncilWhole = EnsureProportionAtLeast<AccountId, CouncilCollective, 1, 1>;
/// At least two thirds of the technical committee.
pub type CommitteeTwoThirds = EnsureProportionAtLeast<AccountId, TechnicalCollective, 2, 3>;

// ---- Who may do what

/// May change the protocol's settings.
pub type SettingsOrigin = Root;
/// May suspend a node and lift the suspension.
pub type SuspendOrigin = EitherOfDiverse<Root, CouncilTwoThirds>;
/// May cancel a deferred slash of a validator. It is staking's only origin for administration, so [`CallFilter`] keeps
/// everything else of that from the council.
pub type SlashCancelOrigin = EitherOfDiverse<Root, CouncilThreeQuarters>;
/// May appoint registrars of identities.
pub type RegistrarOrigin = EitherOfDiverse<Root, CouncilHalf>;
/// May remove an identity and take its deposit.
pub type IdentityForceOrigin = EitherOfDiverse<Root, CouncilHalf>;
/// May appoint authorities that hand out usernames.
pub type UsernameAuthorityOrigin = EitherOfDiverse<Root, CouncilHalf>;
/// May store and drop preimages without a deposit.
pub type PreimageOrigin = Root;
/// May schedule calls.
pub type ScheduleOrigin = Root;

/// May propose a referendum, for a deposit.
pub type SubmitOrigin = EnsureSigned<AccountId>;
/// May put an external proposal up that needs a supermajority to pass.
pub type ExternalOrigin = EitherOfDiverse<Root, CouncilHalf>;
/// May put an external proposal up that a simple majority passes.
pub type ExternalMajorityOrigin = EitherOfDiverse<Root, CouncilThreeQuarters>;
/// May put an external proposal up that passes unless a supermajority rejects it.
pub type ExternalDefaultOrigin = EitherOfDiverse<Root, CouncilWhole>;
/// May shorten the vote on an external proposal, down to [`FastTrackVotingPeriod`]: two thirds of a technical committee
/// of at least [`MIN_COMMITTEE_MEMBERS`].
#[derive(Debug)]
pub struct FastTrackOrigin;

impl EnsureOrigin<RuntimeOrigin> for FastTrackOrigin {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
		let committee = <&RawOrigin<AccountId, TechnicalCollective>>::try_from(&origin);
		match committee {
			Ok(RawOrigin::Members(_, members)) if *members >= MIN_COMMITTEE_MEMBERS => (),
			_ => return Err(origin),
		}
		CommitteeTwoThirds::try_origin(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
		let whole = RawOrigin::<AccountId, TechnicalCollective>::Members(MIN_COMMITTEE_MEMBERS, MIN_COMMITTEE_MEMBERS);
		Ok(whole.into())
	}
}

/// Nobody may shorten a vote below that.
pub type InstantOrigin = EnsureNever<AccountId>;
/// May cancel a running referendum, once for each proposal: it can delay, not silence.
pub type CancellationOrigin = EitherOfDiverse<Root, CouncilTwoThirds>;
/// May drop a public proposal before its vote; its deposits go to the treasury. Only token holders themselves: whoever
/// else could, would decide what they may vote on, and public proposals are their only way to root.
pub type CancelProposalOrigin = Root;
/// May ban a proposal for good. Only token holders themselves.
pub type BlacklistOrigin = Root;
/// May veto an external proposal for one cooling-off period, once.
pub type VetoOrigin = EnsureMember<AccountId, TechnicalCollective>;

/// May appoint the technical committee.
pub type AppointOrigin = EitherOfDiverse<Root, CouncilTwoThirds>;
/// May replace the council outside of elections: nobody but the elections themselves.
pub type CouncilMembersOrigin = EnsureNever<AccountId>;
/// May drop a motion of the council or of the technical committee.
pub type MotionRejectOrigin = Root;

/// May pause a call and lift the pause. [`crate::brake`] says which calls nobody can pause.
pub type PauseOrigin = EitherOfDiverse<Root, CouncilThreeQuarters>;

/// May decide a dispute about a deal.
pub type DisputeOrigin = CouncilHalf;
/// May overturn that decision.
pub type DisputeOverturnOrigin = Root;

/// May spend from the treasury, and how much at a time. [`crate::budget`] limits what the council's spends are paid in a
/// term: an origin does not learn the amount.
pub type SpendOrigin = EitherOf<
	EnsureRootWithSuccess<AccountId, RootSpendLimit>,
	EnsureWithSuccess<CouncilHalf, AccountId, CouncilSpendLimit>,
>;
/// May void a spend that is not paid out.
pub type SpendRejectOrigin = EitherOfDiverse<Root, CouncilHalf>;

// ---- For how long

/// Declares a length of time that follows from the chain's pace.
macro_rules! length {
	($(#[$doc:meta])* $name:ident = $value:expr) => {
		$(#[$doc])*
		#[derive(Debug)]
		pub struct $name;

		impl Get<BlockNumber> for $name {
			fn get() -> BlockNumber {
				$value
			}
		}
	};
}

/// Blocks between two launches of referenda.
pub type LaunchPeriod = pallet_pace::LaunchPeriod<Runtime>;
/// Blocks that a referendum is open.
pub type VotingPeriod = pallet_pace::VotingPeriod<Runtime>;
/// Blocks from the end of a referendum to its enactment.
pub type EnactmentPeriod = pallet_pace::EnactmentPeriod<Runtime>;
/// Blocks that one unit of conviction locks a vote: as long as the enactment takes, so that who decides bears it.
pub type VoteLockingPeriod = EnactmentPeriod;
/// Blocks in which a vetoed proposal may not come back.
pub type CooloffPeriod = pallet_pace::CooloffPeriod<Runtime>;
/// Blocks that an elected council stays in office.
pub type TermDuration = pallet_pace::TermDuration<Runtime>;

length! {
	/// Blocks that the shortest vote on an external proposal is open.
	FastTrackVotingPeriod = (VotingPeriod::get() / 7).max(1)
}
/// Blocks that a proposal must wait from the end of a shortened vote to its enactment, at least: time to see what
/// passed. Not the whole enactment period: an emergency could not be repaired sooner than by an ordinary vote.
pub type FastTrackDelay = FastTrackVotingPeriod;
length! {
	/// Blocks that a motion of the council or of the technical committee stays open.
	MotionDuration = VotingPeriod::get()
}
length! {
	/// Blocks in which an approved spend must be claimed.
	PayoutPeriod = TermDuration::get().saturating_mul(4)
}

length! {
	/// Blocks in which a dispute must be answered.
	AnswerPeriod = VotingPeriod::get().saturating_mul(2)
}
length! {
	/// Blocks in which the council must decide a dispute that was answered.
	DecisionPeriod = VotingPeriod::get().saturating_mul(2)
}
length! {
	/// Blocks in which a decided dispute can be overturned. A referendum that is proposed at once fits, even if it
	/// has to let another one go first.
	OverturnPeriod =
		LaunchPeriod::get().saturating_mul(3).saturating_add(VotingPeriod::get()).saturating_add(EnactmentPeriod::get())
}

// ---- For how much, how many

/// Elected members of the council.
pub const COUNCIL_SEATS: u32 = 7;
/// Candidates who take the seat of a member that goes.
pub const COUNCIL_RUNNERS_UP: u32 = 7;
/// Most candidates of one election.
pub const MAX_COUNCIL_CANDIDATES: u32 = 64;
/// Most candidates for whom one account votes.
pub const MAX_COUNCIL_VOTES: u32 = 16;
/// Most voters whose votes an election can count. It happens in one block's hook, 0.3 s of its weight; with more voters
/// it does not happen.
pub const MAX_COUNCIL_VOTERS: u32 = 8_192;
/// Most members of the council and of the technical committee. Weights grow with it.
pub const MAX_COLLECTIVE_MEMBERS: u32 = 15;

/// Fewest members of a technical committee that can shorten votes: nobody alone is two thirds of it.
pub const MIN_COMMITTEE_MEMBERS: u32 = 3;
/// Deposit of a public proposal while few wait.
pub const LEAST_DEPOSIT: Balance = 100 * STN;
/// Waiting public proposals that double the deposit of the next one.
pub const PROPOSALS_PER_DOUBLING: u32 = 10;

const _: () = assert!(COUNCIL_SEATS <= MAX_COLLECTIVE_MEMBERS, "elections fill more seats than the council has");

/// Deposit of the next public proposal, and of everybody who seconds that one: [`LEAST_DEPOSIT`], doubled for each
/// [`PROPOSALS_PER_DOUBLING`] that wait. Whoever fills all places, so that nobody else can propose anything, has to put
/// 1,023,000 STN aside for it.
#[derive(Debug)]
pub struct MinimumDeposit;

impl Get<Balance> for MinimumDeposit {
	fn get() -> Balance {
		let waiting: u32 = pallet_democracy::PublicProps::<Runtime>::decode_len().unwrap_or(0).saturated_into();
		// There are 100 places, so the last one costs 51,200 STN.
		LEAST_DEPOSIT.saturating_mul(Balance::from(2u8).saturating_pow(waiting / PROPOSALS_PER_DOUBLING))
	}
}

parameter_types! {
	/// Deposit of a candidate for the council; lost with the election.
	pub const CandidacyBond: Balance = 100 * STN;
	/// Deposit of a vote for the council. More than its record costs: whoever fills all [`MAX_COUNCIL_VOTERS`] places, so
	/// that nobody is elected, has to put 205,000 STN aside for it.
	pub const VotingBondBase: Balance = 25 * STN;
	/// Deposit of each candidate voted for.
	pub const VotingBondFactor: Balance = deposit(0, 32);
	/// What the council may spend at a time.
	pub const CouncilSpendLimit: Balance = 10_000 * STN;
	/// What spends of up to [`CouncilSpendLimit`] may be paid in a term, all together.
	pub const CouncilTermLimit: Balance = 100_000 * STN;
	/// What a referendum may spend: all there is.
	pub const RootSpendLimit: Balance = Balance::MAX;
	/// Under which votes for the council lock money.
	pub const ElectionsLock: LockIdentifier = *b"phrelect";
	/// From which the treasury's account is derived.
	pub const TreasuryPalletId: PalletId = PalletId(*b"py/trsry");
}

/// What only root can call, for which there is no filter: the treasury's old ways to spend, which `spend` and `payout`
/// replace (for root there is no room, the queue of approvals has none), and what staking leaves to its administrators
/// besides [cancelling a deferred slash](SlashCancelOrigin). And what nobody can: a shortened vote whose outcome is
/// enacted sooner than [`FastTrackDelay`] allows, which the pallet does not look at.
#[derive(Debug)]
pub struct CallFilter;

impl Contains<RuntimeCall> for CallFilter {
	#[allow(deprecated, reason = "names what it refuses")]
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::Democracy(pallet_democracy::Call::fast_track { delay, .. }) => *delay >= FastTrackDelay::get(),
			RuntimeCall::Treasury(
				pallet_treasury::Call::spend_local { .. } | pallet_treasury::Call::remove_approval { .. },
			)
			| RuntimeCall::Staking(
				pallet_staking::Call::manual_slash { .. }
				| pallet_staking::Call::restore_ledger { .. }
				| pallet_staking::Call::deprecate_controller_batch { .. }
				| pallet_staking::Call::set_min_commission { .. },
			) => false,
			_ => true,
		}
	}
}

// ---- The treasury's account

/// The treasury's account. Genesis endows it, so that it always exists.
#[derive(Debug)]
pub struct TreasuryPot;

impl TypedGet for TreasuryPot {
	type Type = AccountId;

	fn get() -> AccountId {
		TreasuryPalletId::get().into_account_truncating()
	}
}

impl substation_primitives::traits::Treasury<AccountId> for TreasuryPot {
	fn account() -> AccountId {
		<Self as TypedGet>::get()
	}
}

/// Takes slashes, dust and the treasury's part of an era's emission to the treasury.
pub type ToTreasury = ResolveTo<TreasuryPot, Balances>;

/// Takes slashes of pallets that still use the old currency traits to the treasury.
#[derive(Debug)]
pub struct OldSlashToTreasury;

impl OnUnbalanced<pallet_balances::NegativeImbalance<Runtime>> for OldSlashToTreasury {
	fn on_nonzero_unbalanced(amount: pallet_balances::NegativeImbalance<Runtime>) {
		Balances::resolve_creating(&<TreasuryPot as TypedGet>::get(), amount);
	}
}
