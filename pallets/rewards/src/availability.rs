//! What a current proof is worth: a yield on the bond behind it. Pure: no storage, no currency.
//!
//! ```text
//! nominating = earned / staked                            of the era before
//! expected   = nominating × min(1, coming / before)       budgets of the validators: of this era, of the one before
//! per block  = expected × availability / blocks of an era at full pace
//! yields     = Σ per block × blocks                        of all eras, each up to as many blocks as at full pace
//! credit     = bond × (yields at a proof - yields at the proof before it)
//! ```
//! each rounded down, yields as parts of [`YIELD_ONE`]. Without the second line a bond would earn more than a stake while
//! budgets fall, by 2.3 % with the shortest half-life. Because every step rounds down and the availability share is at
//! most one, a bond that was proven through a whole era is credited at most what the same tokens earned by nominating
//! through the era before. The sum over any division of a bond among nodes is at most the credit of the whole, and so
//! is the sum over any division of the time: neither many identities nor many proofs add anything.
//!
//! Yields are summed over all eras, so that time between two proofs earns what each era pays, however many it touches. The
//! sum stops growing once an era has had as many blocks as at full pace: an era that staking fails to end pays stakes
//! once, however long it takes, and so it pays bonds.
//!
//! A proof counts until the next one. The bond that is credited is the least that was held since the last one, so that a
//! bond raised just before a proof earns nothing for the time before it, and one that is lent from node to node between
//! proofs nothing at all; and time that no proof ends in time is lost.

use crate::types::{Current, EraState};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Permill, Rounding};
use substation_primitives::{rewards::YIELD_ONE, Balance, BlockNumber};

/// Parts of [`YIELD_ONE`] that a staked planck has earned. Nothing if nothing was staked, or if the number is out of
/// range.
pub fn nominating(earned: Balance, staked: Balance) -> u128 {
	multiply_by_rational_with_rounding(earned, YIELD_ONE, staked, Rounding::Down).unwrap_or(0)
}

/// What of a yield is to be expected when validators get `coming` after an era in which they got `before`.
pub fn expected(nominating: u128, before: Balance, coming: Balance) -> u128 {
	multiply_by_rational_with_rounding(nominating, coming.min(before), before, Rounding::Down).unwrap_or(0)
}

/// Parts of [`YIELD_ONE`] that a bonded planck earns in a block.
pub fn per_block(expected: u128, availability: Permill, era_blocks: BlockNumber) -> u128 {
	// `from_parts` caps a share that no check has seen.
	Permill::from_parts(availability.deconstruct()).mul_floor(expected).checked_div(era_blocks.into()).unwrap_or(0)
}

/// What a bond is credited for a sum of yields. Nothing if the number is out of range: no budget could pay it.
pub fn credit(bond: Balance, yields: u128) -> Balance {
	multiply_by_rational_with_rounding(bond, yields, YIELD_ONE, Rounding::Down).unwrap_or(0)
}

impl EraState {
	/// The sum of all yields until block `now`, for eras that have `era_blocks` at full pace.
	pub fn yields(&self, now: BlockNumber, era_blocks: BlockNumber) -> u128 {
		let paid = now.saturating_sub(self.started).min(era_blocks);
		self.yields_before.saturating_add(self.yield_per_block.saturating_mul(paid.into()))
	}
}

impl Current {
	/// What was proven by another proof in block `now`, for a bond that is `bond` by then and a sum of `yields`: how much
	/// earns which part of that sum. `None` if a proof between them was missed.
	pub fn proven(&self, now: BlockNumber, yields: u128, bond: Balance) -> Option<(Balance, u128)> {
		(now <= self.due).then(|| (self.bond.min(bond), yields.saturating_sub(self.yields)))
	}
}
