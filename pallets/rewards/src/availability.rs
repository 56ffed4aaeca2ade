//! What a current proof is worth: a yield on the bond behind it. Pure: no storage, no currency.
//!
//! ```text
//! nominating = earned / staked                            of the era before
//! per block  = nominating × availability / blocks of an era at full pace
//! credit     = bond × per block × blocks between two proofs
//! ```
//! each rounded down, yields as parts of [`YIELD_ONE`]. Because every step rounds down and the availability share is at
//! most one, a bond that was proven through a whole era is credited at most what the same tokens earned by nominating
//! through the era before. The sum over any division of a bond among nodes is at most the credit of the whole, and so
//! is the sum over any division of the time: neither many identities nor many proofs add anything.
//!
//! Time is measured by the *paid clock*: it goes with the blocks but stops once an era has had as many as at full pace.
//! An era that staking fails to end pays stakes once, however long it takes, and so it pays bonds.
//!
//! A proof counts until the next one. The bond that is credited is the smaller of those at both ends, so that a bond
//! raised just before a proof earns nothing for the time before it; and time that no proof ends in time is lost.

use crate::types::{Current, EraState};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Permill, Rounding};
use substation_primitives::{rewards::YIELD_ONE, Balance, BlockNumber};

/// Parts of [`YIELD_ONE`] that a staked planck has earned. Nothing if nothing was staked, or if the number is out of
/// range.
pub fn nominating(earned: Balance, staked: Balance) -> u128 {
	multiply_by_rational_with_rounding(earned, YIELD_ONE, staked, Rounding::Down).unwrap_or(0)
}

/// Parts of [`YIELD_ONE`] that a bonded planck earns in a block.
pub fn per_block(nominating: u128, availability: Permill, era_blocks: BlockNumber) -> u128 {
	// `from_parts` caps a share that no check has seen.
	Permill::from_parts(availability.deconstruct()).mul_floor(nominating).checked_div(era_blocks.into()).unwrap_or(0)
}

/// What a bond is credited for so many blocks. Nothing if the number is out of range: no budget could pay it.
pub fn credit(bond: Balance, per_block: u128, blocks: BlockNumber) -> Balance {
	per_block
		.checked_mul(blocks.into())
		.and_then(|rate| multiply_by_rational_with_rounding(bond, rate, YIELD_ONE, Rounding::Down))
		.unwrap_or(0)
}

impl EraState {
	/// The paid clock in block `now`, for eras that have `era_blocks` at full pace.
	pub fn clock(&self, now: BlockNumber, era_blocks: BlockNumber) -> BlockNumber {
		self.clock_at_start.saturating_add(now.saturating_sub(self.started).min(era_blocks))
	}
}

impl Current {
	/// What was proven by another proof in block `now`, for a bond that is `bond` by then: how much for how many blocks
	/// of the paid clock. `None` if a proof between them was missed.
	pub fn proven(&self, now: BlockNumber, clock: BlockNumber, bond: Balance) -> Option<(Balance, BlockNumber)> {
		(now <= self.due).then(|| (self.bond.min(bond), clock.saturating_sub(self.clock)))
	}
}
