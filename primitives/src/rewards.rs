//! Rewards: how much is emitted, who shares in it, who earns, and what pages show of it.

use crate::{
	node::ResourceClass,
	settings::STN,
	units::{Balance, BlockNumber, NodeId},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{Perbill, Permill};

/// The budgets of all eras together, at most. Burning releases nothing of it.
pub const MAX_BUDGETED: Balance = 500_000_000 * STN;

/// Most of what was burned for a provider that it may be credited, in parts per million. Whoever is customer and
/// provider at once loses at least the rest.
pub const MAX_USAGE: u32 = 900_000;

/// Most of what nominating earns that a bond may earn, in parts per million: a half.
///
/// Bonds are not part of the stake among which validators' budgets are divided. Whoever has so many tokens that stakes
/// earn a part `t` less when they are nominated, keeps that from happening by bonding them: only up to `1 − t` of the
/// yield leaves no gain. That is two thirds for a third of the stake, with which one could stop the chain. The rest is for
/// yields that are measured before such tokens arrive.
pub const MAX_AVAILABILITY: u32 = 500_000;

/// Eras that are over and whose credits still count. Older ones that nobody has touched are never minted.
pub const KEPT_ERAS: u32 = 84;

/// Most nodes in one claim.
pub const MAX_CLAIMS: u32 = 64;

/// What yields are parts of: one planck earned with one planck.
pub const YIELD_ONE: u128 = 1_000_000_000_000_000_000;

/// Tunables of `pallet-rewards`.
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
pub struct RewardSettings {
	/// Budget of the first era. Later ones halve with [`Self::half_life`].
	pub first: Balance,
	/// Least budget of an era, until everything is budgeted.
	pub floor: Balance,
	/// Eras in which the budget halves.
	pub half_life: u32,
	/// What of a budget goes to validators and nominators.
	pub validators: Perbill,
	/// What of a budget storage nodes may earn.
	pub storage: Perbill,
	/// What of a budget lines and their carriers may earn.
	pub bandwidth: Perbill,
	/// What of a budget goes to the treasury. The four shares add up to one.
	pub treasury: Perbill,
	/// What a provider is credited of what was burned of its customers' payments. Code keeps it at [`MAX_USAGE`] or
	/// below.
	pub usage: Permill,
	/// What a bond behind a current proof earns, of what nominating the same tokens earned in the era before. Code keeps
	/// it at [`MAX_AVAILABILITY`] or below.
	pub availability: Permill,
	/// Emission fills the treasury up to this balance only.
	pub treasury_ceiling: Balance,
	/// What of a transaction's fee is destroyed. The block's author gets the rest, and the tip.
	pub fee_burn: Permill,
}

/// A setting of the rewards that is out of its range, or does not fit its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum RewardSettingError {
	/// The first budget is below one STN or above 1,000,000 STN.
	First,
	/// The least budget is above the first one.
	Floor,
	/// The half-life is below 30 eras or above 36,500.
	HalfLife,
	/// The shares of validators, storage, bandwidth and treasury do not add up to exactly one.
	Shares,
	/// More than 90 % ([`MAX_USAGE`]) of what is burned would come back: paying oneself would cost hardly anything.
	Usage,
	/// A bond would earn more than half ([`MAX_AVAILABILITY`]) of what nominating does: many tokens would gain by leaving
	/// it.
	Availability,
	/// The treasury's ceiling is zero.
	TreasuryCeiling,
	/// More than a whole fee would be destroyed.
	FeeBurn,
}

impl Default for RewardSettings {
	fn default() -> Self {
		Self {
			first: 100_000 * STN,
			floor: 10_000 * STN,
			half_life: 1_461,
			validators: Perbill::from_percent(50),
			storage: Perbill::from_percent(25),
			bandwidth: Perbill::from_percent(15),
			treasury: Perbill::from_percent(10),
			usage: Permill::from_percent(80),
			availability: Permill::from_percent(40),
			treasury_ceiling: 50_000_000 * STN,
			fee_burn: Permill::from_percent(50),
		}
	}
}

impl RewardSettings {
	/// Whether every value is in its range and fits its neighbours.
	pub fn check(&self) -> Result<(), RewardSettingError> {
		let Self {
			first,
			floor,
			half_life,
			validators,
			storage,
			bandwidth,
			treasury,
			usage,
			availability,
			treasury_ceiling,
			fee_burn,
		} = *self;
		ensure((STN..=1_000_000 * STN).contains(&first), RewardSettingError::First)?;
		ensure(floor <= first, RewardSettingError::Floor)?;
		ensure((30..=36_500).contains(&half_life), RewardSettingError::HalfLife)?;
		let shares = [validators, storage, bandwidth, treasury].map(|share| u64::from(share.deconstruct()));
		let one = u64::from(Perbill::one().deconstruct());
		ensure(shares.iter().sum::<u64>() == one, RewardSettingError::Shares)?;
		ensure(usage.deconstruct() <= MAX_USAGE, RewardSettingError::Usage)?;
		ensure(availability.deconstruct() <= MAX_AVAILABILITY, RewardSettingError::Availability)?;
		ensure(treasury_ceiling > 0, RewardSettingError::TreasuryCeiling)?;
		ensure(fee_burn <= Permill::one(), RewardSettingError::FeeBurn)
	}
}

fn ensure(condition: bool, error: RewardSettingError) -> Result<(), RewardSettingError> {
	if condition {
		Ok(())
	} else {
		Err(error)
	}
}

/// Who earns from the class pools. Indices are part of the encoding and never reused.
#[derive(
	Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Earner<AccountId> {
	/// A node in one of its classes. Paid to its operator.
	#[codec(index = 0)]
	Node {
		/// The node.
		node: NodeId,
		/// The class, and the pool.
		class: ResourceClass,
	},
	/// An account that was paid for delivery, by no node in particular. Earns from the bandwidth pool.
	#[codec(index = 1)]
	Payee(AccountId),
}

impl<AccountId> Earner<AccountId> {
	/// Whose pool pays.
	pub fn class(&self) -> ResourceClass {
		match self {
			Self::Node { class, .. } => *class,
			Self::Payee(_) => ResourceClass::Bandwidth,
		}
	}
}

/// What all stakes behind one validator have earned together in an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeEarnings {
	/// What they are paid, after the validator's commission.
	pub earned: Balance,
	/// What they are, the validator's own included.
	pub staked: Balance,
}

/// What nominating really pays. Implemented by the runtime, which knows the staking pallet.
pub trait NominatorEarnings {
	/// What is left of `validators_budget` for stakes after the commissions of the era that ends, by the points of its
	/// validators: one for each that was elected. Asked before that era is forgotten.
	fn of_validators(validators_budget: Balance) -> Vec<StakeEarnings>;
}

/// The proof that counts for a node now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CurrentPage {
	/// The block of the proof: time after it is not credited yet.
	pub since: BlockNumber,
	/// The last block in which the next proof is in time. A later one is credited nothing for the time before it.
	pub due: BlockNumber,
	/// The bond that the proof spoke for.
	pub bond: Balance,
}

/// What an earner has earned and not claimed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RewardPage<AccountId> {
	/// Who earns.
	pub earner: Earner<AccountId>,
	/// The block at which this was read.
	pub now: BlockNumber,
	/// The running era.
	pub era: u32,
	/// What a claim pays now: everything from eras that are over.
	pub pending: Balance,
	/// What was credited in the running era. Scaled down at its end if the pool cannot pay it in full.
	pub credited: Balance,
	/// The proof that counts now, if there is one.
	pub current: Option<CurrentPage>,
}

/// One class's part of an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PoolPage {
	/// What was credited so far.
	pub units: Balance,
	/// What is paid at most.
	pub budget: Balance,
}

/// Where all tokens have come from and gone to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SupplyPage {
	/// The block at which this was read.
	pub now: BlockNumber,
	/// The running era, counted from 0.
	pub era: u32,
	/// What existed in the first block.
	pub genesis: Balance,
	/// What exists now.
	pub issuance: Balance,
	/// The budgets of all eras so far, the running one included.
	pub budgeted: Balance,
	/// What they may ever be together: [`MAX_BUDGETED`].
	pub max: Balance,
	/// What of them was minted.
	pub minted: Balance,
	/// What was destroyed: `genesis + minted - issuance`.
	pub burned: Balance,
	/// What of it payments and fees have destroyed.
	pub burned_by_calls: Balance,
	/// The most that was found destroyed at the end of an era. It never comes back.
	pub burned_seen: Balance,
	/// What a staked planck earned in the last era after commissions, in parts of [`YIELD_ONE`].
	pub nominating: u128,
	/// What a bonded planck behind a current proof earns in each block of the running era, in parts of [`YIELD_ONE`].
	pub availability_per_block: u128,
	/// The running era's storage pool.
	pub storage: PoolPage,
	/// The running era's bandwidth pool.
	pub bandwidth: PoolPage,
}
