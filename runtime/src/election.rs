//! Who can be elected to validate, and what elections and reports of double votes weigh.
//!
//! `pallet-staking` elects by stake alone. Two kinds of winners would stop the chain: those without session keys, whom
//! nobody can assign a slot to, and those whose machines are off, who count for finality and do not vote. So elections
//! look at [`Candidates`] only. All of it is worked out from what staking and sessions keep: nothing is stored here.
//!
//! | Situation | What an election does |
//! |---|---|
//! | a candidate has no session keys | it is not electable |
//! | a validator makes no blocks | it is not electable for [`ABSENCE_ERAS`] eras, unless too few would be left |
//! | fewer winners than `MinimumValidatorCount` | none: the validators of the era before go on |
//! | more seats than a block has time to fill | it fills [`seats_that_fit`] |
//! | more candidates than it looks at, after governance has removed the maximum | it looks at the largest bonds |

use crate::{
	constants::{
		ABSENCE_BLOCKS, ABSENCE_ERAS, MAX_CANDIDATES, MAX_ELECTION_TARGETS, MAX_ELECTION_TIME, MAX_ELECTION_VOTERS,
		MAX_NOMINATIONS, MAX_VALIDATORS,
	},
	database_weight::DATABASE_WEIGHT,
	governance::{MAX_COUNCIL_CANDIDATES, MAX_COUNCIL_VOTERS, MAX_COUNCIL_VOTES},
	weights, AccountId, BlockNumber, Runtime, Session, Staking, System,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use core::{cmp::Reverse, marker::PhantomData};
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	data_provider, onchain, BoundedSupportsOf, DataProviderBounds, ElectionDataProvider, ElectionProvider, PageIndex,
	SequentialPhragmen, VoterOf, WeightInfo,
};
use frame_support::{
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstBool, ConstU32, Get, ValidatorRegistration},
	weights::{
		constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_NANOS},
		Weight,
	},
};
use pallet_staking::{
	ActiveEra, ErasRewardPoints, ErasStakersOverview, MaxNominatorsCount, MaxValidatorsCount, MinimumValidatorCount,
	Nominators, RewardPoint, ValidatorCount, Validators,
};
use sp_runtime::{traits::SaturatedConversion, Perbill};

/// What staking credits to the author of a block.
pub const POINTS_PER_BLOCK: RewardPoint = 20;

/// Maximum number of candidates that an election reads, should governance have removed the other maximum. Beyond it the
/// order of the state decides; it takes 5,000 minimum bonds to get there.
const MAX_READ: u32 = 10 * MAX_CANDIDATES;

/// What elections are given: candidates that can serve, and all voters.
#[derive(Debug)]
pub struct Candidates;

impl ElectionDataProvider for Candidates {
	type AccountId = AccountId;
	type BlockNumber = BlockNumber;
	type MaxVotesPerVoter = <Staking as ElectionDataProvider>::MaxVotesPerVoter;

	/// Never an error: too many candidates must not stop eras.
	fn electable_targets(bounds: DataProviderBounds, _: PageIndex) -> data_provider::Result<Vec<AccountId>> {
		let absent = absent();
		let (mut electable, silent): (Vec<AccountId>, Vec<AccountId>) = Validators::<Runtime>::iter_keys()
			.take(MAX_READ.saturated_into())
			.filter(<Session as ValidatorRegistration<AccountId>>::is_registered)
			.partition(|who| !absent.contains(who));
		if electable.len().saturated_into::<u32>() < MinimumValidatorCount::<Runtime>::get().max(1) {
			electable.extend(silent);
		}
		let read = Validators::<Runtime>::count().min(MAX_READ);
		register(targets_weight(read));
		let limit = bounds.count.map_or(usize::MAX, |count| count.0.saturated_into());
		if electable.len() > limit {
			register(DATABASE_WEIGHT.reads(electable.len().saturated_into::<u64>().saturating_mul(2)));
			let bond = Staking::weight_of_fn();
			electable.sort_by_cached_key(|who| Reverse(bond(who)));
			electable.truncate(limit);
		}
		Ok(electable)
	}

	fn electing_voters(bounds: DataProviderBounds, page: PageIndex) -> data_provider::Result<Vec<VoterOf<Self>>> {
		<Staking as ElectionDataProvider>::electing_voters(bounds, page)
	}

	/// Never more than a block has time for, whatever governance has set.
	fn desired_targets() -> data_provider::Result<u32> {
		register(DATABASE_WEIGHT.reads(6));
		Ok(seats())
	}

	fn next_election_prediction(now: BlockNumber) -> BlockNumber {
		<Staking as ElectionDataProvider>::next_election_prediction(now)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn put_snapshot(
		voters: Vec<VoterOf<Self>>,
		targets: Vec<AccountId>,
		target_stake: Option<frame_election_provider_support::VoteWeight>,
	) {
		<Staking as ElectionDataProvider>::put_snapshot(voters, targets, target_stake)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fetch_page(page: PageIndex) {
		<Staking as ElectionDataProvider>::fetch_page(page)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn add_voter(
		voter: AccountId,
		weight: frame_election_provider_support::VoteWeight,
		targets: frame_support::BoundedVec<AccountId, Self::MaxVotesPerVoter>,
	) {
		<Staking as ElectionDataProvider>::add_voter(voter, weight, targets)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn add_target(target: AccountId) {
		<Staking as ElectionDataProvider>::add_target(target)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn clear() {
		<Staking as ElectionDataProvider>::clear()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_desired_targets(count: u32) {
		<Staking as ElectionDataProvider>::set_desired_targets(count)
	}
}

/// Validators whose machines seem to be off.
///
/// An era without blocks of a validator counts against it with the blocks that it should have made. It is absent if
/// these add up to [`ABSENCE_BLOCKS`] since it was last seen, within the last [`ABSENCE_ERAS`] eras. They are added up
/// because a chain without finality is slow: its nodes make one block in a hundred slots, and the validators to be
/// replaced are the very ones that stop finality. A single block is no sign of life: the one that begins an era is
/// credited by the list of the era before, so it can be anybody's.
fn absent() -> BTreeSet<AccountId> {
	let Some(active) = ActiveEra::<Runtime>::get() else { return BTreeSet::new() };
	let first = active.index.saturating_sub(ABSENCE_ERAS.saturating_sub(1));
	let mut missed = BTreeMap::<AccountId, RewardPoint>::new();
	for era in first..=active.index {
		let points = ErasRewardPoints::<Runtime>::get(era);
		let validators: Vec<AccountId> = ErasStakersOverview::<Runtime>::iter_key_prefix(era).collect();
		let expected = points.total.checked_div(validators.len().saturated_into()).unwrap_or(0);
		for who in validators {
			if points.individual.get(&who).is_some_and(|made| *made > POINTS_PER_BLOCK) {
				missed.remove(&who);
			} else {
				let sum = missed.entry(who).or_default();
				*sum = sum.saturating_add(expected);
			}
		}
	}
	let enough = POINTS_PER_BLOCK.saturating_mul(ABSENCE_BLOCKS);
	missed.into_iter().filter(|(_, sum)| *sum >= enough).map(|(who, _)| who).collect()
}

/// Seats that an election fills: `ValidatorCount`, but no more than [`seats_that_fit`]. Should these be fewer than
/// `MinimumValidatorCount`, a slow block is better than an election that always fails.
pub fn seats() -> u32 {
	ValidatorCount::<Runtime>::get().min(seats_that_fit().max(MinimumValidatorCount::<Runtime>::get()))
}

/// Seats for which the largest election leaves time in its block, and an election of the council beside it, which may
/// fall on the same one: together at most [`MAX_ELECTION_TIME`].
///
/// The largest one is that with all places taken that staking has for candidates and nominators. So nobody takes seats
/// away by taking places; governance trades places for seats (`staking.setStakingConfigs`).
pub fn seats_that_fit() -> u32 {
	let (candidates, nominators) = places();
	let rest = MAX_ELECTION_TIME
		.saturating_sub(snapshot_weight(candidates, nominators).ref_time())
		.saturating_sub(council_weight().ref_time());
	let rounds = SolverWeights::rounds(1, candidates.saturating_add(nominators), candidates, MAX_NOMINATIONS);
	rest.checked_div(rounds.ref_time()).unwrap_or(0).min(MAX_VALIDATORS.into()).saturated_into()
}

/// Candidates and nominators that an election has to expect, as far as it looks at them: those that staking accepts, or
/// those that there are if governance has lowered the maximum since.
fn places() -> (u32, u32) {
	let candidates = MaxValidatorsCount::<Runtime>::get()
		.unwrap_or(MAX_CANDIDATES)
		.max(Validators::<Runtime>::count())
		.min(MAX_ELECTION_TARGETS);
	let nominators = MaxNominatorsCount::<Runtime>::get()
		.unwrap_or(MAX_ELECTION_VOTERS)
		.max(Nominators::<Runtime>::count())
		.min(MAX_ELECTION_VOTERS.saturating_sub(candidates));
	(candidates, nominators)
}

/// What it weighs to read so many candidates and nominators for an election.
pub fn snapshot_weight(candidates: u32, nominators: u32) -> Weight {
	<<Runtime as pallet_staking::Config>::WeightInfo as pallet_staking::WeightInfo>::get_npos_voters(
		candidates, nominators,
	)
	.saturating_add(targets_weight(candidates))
}

/// What the largest election of the council weighs.
pub fn council_weight() -> Weight {
	type Weights = <Runtime as pallet_elections_phragmen::Config>::WeightInfo;
	<Weights as pallet_elections_phragmen::WeightInfo>::election_phragmen(
		MAX_COUNCIL_CANDIDATES,
		MAX_COUNCIL_VOTERS,
		MAX_COUNCIL_VOTERS.saturating_mul(MAX_COUNCIL_VOTES),
	)
}

/// What it weighs to keep who backs so many winners, `backings` in all, for an era; and to remove the same of the era
/// that leaves the history. Staking does both with an election and counts neither.
pub fn storing_weight(winners: u32, backings: u32) -> Weight {
	let a_page: u32 = <Runtime as pallet_staking::Config>::MaxExposurePageSize::get();
	let pages = backings.checked_div(a_page).unwrap_or(0).saturating_add(winners);
	// Of each winner an overview and its preferences; of the era its total and its first session.
	let kept = winners.saturating_mul(2).saturating_add(pages).saturating_add(2);
	DATABASE_WEIGHT.reads_writes(winners.into(), u64::from(kept).saturating_mul(2))
}

/// What it weighs to read so many candidates, their keys, and who is absent.
pub fn targets_weight(candidates: u32) -> Weight {
	let eras = u64::from(ABSENCE_ERAS).saturating_mul(u64::from(MAX_VALIDATORS).saturating_add(1));
	<<Runtime as pallet_staking::Config>::WeightInfo as pallet_staking::WeightInfo>::get_npos_targets(candidates)
		.saturating_add(DATABASE_WEIGHT.reads(eras.saturating_add(candidates.into()).saturating_add(2)))
}

fn register(weight: Weight) {
	System::register_extra_weight_unchecked(weight, DispatchClass::Mandatory);
}

parameter_types! {
	/// What one election looks at.
	pub ElectionLimits: ElectionBounds = ElectionBoundsBuilder::default()
		.voters_count(MAX_ELECTION_VOTERS.into())
		.targets_count(MAX_ELECTION_TARGETS.into())
		.build();
}

/// An election in one block, among those whom `Provider` names.
#[derive(Debug)]
pub struct OnChainElection<Provider>(PhantomData<Provider>);

impl<Provider> onchain::Config for OnChainElection<Provider>
where
	Provider: ElectionDataProvider<AccountId = AccountId, BlockNumber = BlockNumber>,
{
	type System = Runtime;
	type Solver = SequentialPhragmen<AccountId, Perbill>;
	type DataProvider = Provider;
	type WeightInfo = SolverWeights;
	type MaxBackersPerWinner = ConstU32<MAX_ELECTION_VOTERS>;
	type MaxWinnersPerPage = ConstU32<MAX_VALIDATORS>;
	type Bounds = ElectionLimits;
	type Sort = ConstBool<true>;
}

/// The election of genesis, among all stakers. [`crate::genesis_presets::check`] refuses what must not come out of it.
pub type GenesisElection = onchain::OnChainExecution<OnChainElection<Staking>>;

type EraElection = onchain::OnChainExecution<OnChainElection<Candidates>>;

/// The election of an era, at the beginning of the last session of the one before, among [`Candidates`].
///
/// Staking only accepts an election that names staking as its data provider; nobody asks that provider for anything.
#[derive(Debug)]
pub struct Election;

impl ElectionProvider for Election {
	type AccountId = AccountId;
	type BlockNumber = BlockNumber;
	type Error = onchain::Error;
	type MaxWinnersPerPage = ConstU32<MAX_VALIDATORS>;
	type MaxBackersPerWinner = ConstU32<MAX_ELECTION_VOTERS>;
	type MaxBackersPerWinnerFinal = ConstU32<MAX_ELECTION_VOTERS>;
	type Pages = ConstU32<1>;
	type DataProvider = Staking;

	fn elect(page: PageIndex) -> Result<BoundedSupportsOf<Self>, Self::Error> {
		let supports = <EraElection as ElectionProvider>::elect(page)?;
		let backings: usize = supports.0.iter().map(|(_, support)| support.voters.len()).sum();
		register(storing_weight(supports.0.len().saturated_into(), backings.saturated_into()));
		Ok(supports)
	}

	fn duration() -> BlockNumber {
		<EraElection as ElectionProvider>::duration()
	}

	fn start() -> Result<(), Self::Error> {
		<EraElection as ElectionProvider>::start()
	}

	fn status() -> Result<Option<Weight>, ()> {
		<EraElection as ElectionProvider>::status()
	}
}

type UpstreamSolverWeights = frame_election_provider_support::weights::SubstrateWeight<Runtime>;

/// Upstream's weights of the solver, for as many seats as there are. They were measured with as many seats as a voter
/// has votes, and each seat takes a round over all votes.
#[derive(Debug)]
pub struct SolverWeights;

impl SolverWeights {
	/// What so many rounds over all votes weigh.
	fn rounds(rounds: u32, voters: u32, targets: u32, votes: u32) -> Weight {
		<UpstreamSolverWeights as WeightInfo>::phragmen(voters, targets, votes)
			.saturating_mul(rounds.into())
			.saturating_div(votes.max(1).into())
	}
}

impl WeightInfo for SolverWeights {
	fn phragmen(voters: u32, targets: u32, votes: u32) -> Weight {
		Self::rounds(seats().min(targets).max(votes), voters, targets, votes)
	}

	fn phragmms(voters: u32, targets: u32, votes: u32) -> Weight {
		<UpstreamSolverWeights as WeightInfo>::phragmms(voters, targets, votes)
	}
}

/// What reports of double votes weigh: the formulas of `pallet-babe` and `pallet-grandpa`, with this chain's database, and
/// with checks of what was signed as measured here.
///
/// Theirs count on RocksDB: with as many nominators as there can be, no report would fit a block and nobody would be
/// slashed.
#[derive(Debug)]
pub struct EquivocationWeights;

impl EquivocationWeights {
	/// `proof` is what it takes to check what was signed twice.
	fn report(validators: u32, nominators: u32, proof: Weight) -> Weight {
		let membership = micros(35).saturating_add(
			Weight::from_parts(WEIGHT_REF_TIME_PER_NANOS.saturating_mul(175), 0)
				.saturating_mul(validators.max(100).into()),
		);
		let of_a_nominator = micros(25).saturating_add(DATABASE_WEIGHT.reads_writes(3, 3));
		membership
			.saturating_add(proof)
			.saturating_add(micros(110))
			.saturating_add(DATABASE_WEIGHT.reads_writes(19, 10))
			.saturating_add(of_a_nominator.saturating_mul(nominators.into()))
	}
}

impl pallet_babe::WeightInfo for EquivocationWeights {
	fn plan_config_change() -> Weight {
		DATABASE_WEIGHT.writes(1)
	}

	fn report_equivocation(validators: u32, nominators: u32) -> Weight {
		Self::report(validators, nominators, weights::pallet_babe::WeightInfo::<Runtime>::check_equivocation_proof(1))
	}
}

impl pallet_grandpa::WeightInfo for EquivocationWeights {
	fn report_equivocation(validators: u32, nominators: u32) -> Weight {
		// The session of the set that voted is looked up.
		let proof = weights::pallet_grandpa::WeightInfo::<Runtime>::check_equivocation_proof(1);
		Self::report(validators, nominators, proof.saturating_add(DATABASE_WEIGHT.reads(2)))
	}

	fn note_stalled() -> Weight {
		weights::pallet_grandpa::WeightInfo::<Runtime>::note_stalled()
	}
}

fn micros(count: u64) -> Weight {
	Weight::from_parts(WEIGHT_REF_TIME_PER_MICROS.saturating_mul(count), 0)
}
