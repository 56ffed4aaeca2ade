//! Emission, and who is credited for what: where proofs, payments and staking meet the rewards.

use crate::{
	constants::MAX_CLAIMS, governance, AccountId, Authorship, Balances, Registry, Rewards, Runtime, StorageMarket,
	System,
};
use alloc::vec::Vec;
use frame_support::traits::{ConstU32, Get};
use pallet_storage_proofs::HostHasher;
use sp_runtime::{PerThing, Perquintill, Rounding};
use substation_primitives::{
	bandwidth::Rates,
	rewards::{Earner, NominatorEarnings, StakeEarnings},
	traits::{Bonds, Obligations, OnMeasured, OnProven, OnRedeemed, OnSettled},
	Balance, BlockNumber, NodeId, Period, ResourceClass,
};

/// Turns what other pallets tell into credits.
#[derive(Debug)]
pub struct Credits;

/// A proof counts until the node's next window has closed.
impl OnProven for Credits {
	fn on_proven(node: NodeId, class: ResourceClass, period: Period, _: u64) {
		let required = <StorageMarket as Obligations>::required_bond(node, class);
		// A fine may have left less than the node's deals require.
		let bond = <Registry as Bonds<AccountId>>::bond(node, class).min(required);
		let clock = pallet_pace::ProofClock::<Runtime>::get();
		let last = clock.closes::<HostHasher>(node, period.next()).saturating_sub(1);
		Rewards::credit_availability(node, class, bond, last.saturating_sub(System::block_number()));
	}
}

/// A measurement counts as long as a rating does, if it leaves one at all.
impl OnMeasured for Credits {
	fn on_measured(node: NodeId, rating: Rates, bond: Balance) {
		if rating == Rates::default() {
			Rewards::lapse(node, ResourceClass::Bandwidth);
		} else {
			let longest = pallet_settings::BandwidthOf::<Runtime>::get().rating_age;
			Rewards::credit_availability(node, ResourceClass::Bandwidth, bond, longest);
		}
	}
}

impl OnSettled for Credits {
	fn on_settled(node: NodeId, burned: Balance) {
		Rewards::credit_usage(Earner::Node { node, class: ResourceClass::Storage }, burned);
	}

	fn on_ended_early(burned: Balance) {
		Rewards::note_burned(burned);
	}
}

impl OnRedeemed<AccountId> for Credits {
	fn on_redeemed(payee: &AccountId, _: Balance, burned: Balance) {
		Rewards::credit_usage(Earner::Payee(payee.clone()), burned);
	}
}

/// Blocks of an era at full pace.
#[derive(Debug)]
pub struct EraBlocks;

impl Get<BlockNumber> for EraBlocks {
	fn get() -> BlockNumber {
		let sessions = u64::from(pallet_pace::SessionsPerEra::<Runtime>::get());
		let blocks = sessions.saturating_mul(pallet_pace::EpochBlocks::<Runtime>::get());
		BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX)
	}
}

/// What the validators of the era that ends leave to stakes, by the points and the commissions that staking keeps.
#[derive(Debug)]
pub struct AfterCommissions;

impl NominatorEarnings for AfterCommissions {
	fn of_validators(validators_budget: Balance) -> Vec<StakeEarnings> {
		let Some(era) = pallet_staking::ActiveEra::<Runtime>::get().map(|era| era.index) else { return Vec::new() };
		let points = pallet_staking::ErasRewardPoints::<Runtime>::get(era);
		// Staking may be told to pay validators no more than this part of everything, so no more of it than of theirs.
		let validators_budget = pallet_staking::MaxStakedRewards::<Runtime>::get()
			.map_or(validators_budget, |most| most.mul_floor(validators_budget));
		// As many as elections give an era, which is bounded.
		let elected = pallet_staking::ErasStakersOverview::<Runtime>::iter_prefix(era);
		let earnings = elected.map(|(validator, exposure)| {
			let earned = points.individual.get(&validator).copied().unwrap_or(0);
			let (earned, all) = (u64::from(earned), u64::from(points.total));
			// Nothing without any points.
			let share = Perquintill::from_rational_with_rounding(earned, all, Rounding::Down).unwrap_or_default();
			let part = share.mul_floor(validators_budget);
			let commission = pallet_staking::ErasValidatorPrefs::<Runtime>::get(era, validator).commission;
			StakeEarnings { earned: part.saturating_sub(commission.mul_ceil(part)), staked: exposure.total }
		});
		earnings.collect()
	}
}

/// The author of the block that is being executed.
#[derive(Debug)]
pub struct BlockAuthor;

impl Get<Option<AccountId>> for BlockAuthor {
	fn get() -> Option<AccountId> {
		Authorship::author()
	}
}

impl pallet_rewards::Config for Runtime {
	type Currency = Balances;
	type Settings = pallet_settings::RewardsOf<Runtime>;
	type EraBlocks = EraBlocks;
	type Operators = Registry;
	type Nominating = AfterCommissions;
	type Treasury = governance::TreasuryPot;
	type MaxClaims = ConstU32<MAX_CLAIMS>;
	type WeightInfo = pallet_rewards::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}
