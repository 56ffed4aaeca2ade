//! What a current proof is worth: a yield on the bond behind it. Pure: no storage, no currency.
//!
//! ```text
//! yield      = earned / staked                            of all stakes behind a validator, in the era before
//! nominating = the yield of the stake in the middle       half of all stake has earned no more
//! expected   = nominating × min(1, coming / before)       budgets of the validators: of this era, of the one before
//! per block  = expected × availability / blocks of an era at full pace
//! yields     = Σ per block × blocks                        of all eras, each up to as many blocks as at full pace
//! credit     = bond × (yields at a proof - yields at the proof before it)
//! ```
//! each rounded down, yields as parts of [`YIELD_ONE`]. Without the second line a bond would earn more than a stake while
//! budgets fall, by 2.3 % with the shortest half-life. Because every step rounds down and the availability share is below
//! one, a bond that was proven through a whole era is credited at most what the same tokens earned by nominating
//! through the era before. The sum over any division of a bond among nodes is at most the credit of the whole, and so
//! is the sum over any division of the time: neither many identities nor many proofs add anything.
//!
//! Yields are summed over all eras, so that time between two proofs earns what each era pays, however many it touches. The
//! sum stops growing once an era has had as many blocks as at full pace: an era that staking fails to end pays stakes
//! once, however long it takes, and so it pays bonds.
//!
//! The middle and not the average, because a validator with hardly any stake is paid as much as one with a lot: its owner
//! would raise the average for bonds, and nominating others pays less than that. With less than half of the stake nobody
//! gets the middle beyond what some stakes of others have earned.
//!
//! Nominating with more tokens lowers the yield of every stake, bonding them does not. A coalition that owns `s` of the
//! stake and `b` in bonds, where others have staked `S` and stakes earn `R`, would by nominating all of it get
//! `(s + b) × R ÷ (S + s + b)`. With a share `a` it gets `s × R ÷ (S + s) + a × b × R ÷ (S + s)`, which is no more as long as
//!
//! ```text
//! a <= S / (S + s + b) = 1 - t        t: the part of the stake that it would have
//! ```
//! which is two thirds for a coalition that could have a third of the stake, and stop the chain. Yields are those of the
//! era before, whose stakes may not have known the coalition's tokens yet: for as long as that lasts they are `1 / (1 − t)`
//! of what they will be. So the share is at most [`MAX_AVAILABILITY`], a half: below `1 − t` for every coalition with
//! less than a half, and below `(1 − t)²` for every one with 29 %.
//!
//! A proof counts until the next one. The bond that is credited is the least that was held since the last one, so that a
//! bond raised just before a proof earns nothing for the time before it, and one that is lent from node to node between
//! proofs nothing at all; and time that no proof ends in time is lost.

use crate::types::{Current, EraState};
use alloc::vec::Vec;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Permill, Rounding};
use substation_primitives::{
	rewards::{StakeEarnings, MAX_AVAILABILITY, YIELD_ONE},
	Balance, BlockNumber,
};

/// Parts of [`YIELD_ONE`] that a staked planck has earned. Nothing if nothing was staked, or if the number is out of
/// range.
pub fn stake_yield(StakeEarnings { earned, staked }: StakeEarnings) -> u128 {
	multiply_by_rational_with_rounding(earned, YIELD_ONE, staked, Rounding::Down).unwrap_or(0)
}

/// What the planck in the middle has earned, if all staked ones stand in the order of their yields; the lower one of two.
pub fn nominating(validators: &[StakeEarnings]) -> u128 {
	let staked = |sum: Balance, of: &StakeEarnings| sum.saturating_add(of.staked);
	let half = validators.iter().fold(0, staked).div_ceil(2);
	let mut yields: Vec<_> = validators.iter().map(|of| (stake_yield(*of), of.staked)).collect();
	yields.sort_unstable();
	let mut up_to: Balance = 0;
	let middle = yields.into_iter().find(|(_, staked)| {
		up_to = up_to.saturating_add(*staked);
		up_to >= half
	});
	middle.map_or(0, |(earned, _)| earned)
}

/// What of a yield is to be expected when validators get `coming` after an era in which they got `before`.
pub fn expected(nominating: u128, before: Balance, coming: Balance) -> u128 {
	multiply_by_rational_with_rounding(nominating, coming.min(before), before, Rounding::Down).unwrap_or(0)
}

/// Parts of [`YIELD_ONE`] that a bonded planck earns in a block, by a share of at most [`MAX_AVAILABILITY`].
pub fn per_block(expected: u128, availability: Permill, era_blocks: BlockNumber) -> u128 {
	// Also where no check has seen the share.
	let share = Permill::from_parts(availability.deconstruct().min(MAX_AVAILABILITY));
	share.mul_floor(expected).checked_div(era_blocks.into()).unwrap_or(0)
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
