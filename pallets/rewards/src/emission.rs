//! How much an era may pay, and to whom. Pure: no storage, no clock, no currency.
//!
//! ```text
//! E(era) = min(max(floor, first × 2^(−era / half_life)), MAX − budgeted)
//! ```
//! With `era = q × half_life + r` the power is `2^(−q) × 2^(−r / half_life)`. The first factor is a shift. The exponent
//! of the second lies below one; with its binary digits `r / half_life = Σ dᵢ 2^(−i)`,
//!
//! ```text
//! 2^(−r / half_life) = Π 2^(−2^(−i))   over all i with dᵢ = 1
//! ```
//! and each `2^(−2^(−i))` is the square root of the one before it, from `2^(−1)` on. Everything is an integer with 63
//! binary places. Each of the 63 roots and each of the products is wrong by less than 2⁻⁶¹ of itself, so the power by
//! less than 2⁻⁵⁴. From one era to the next it falls by more than 2⁻¹⁶ of itself even with the longest
//! half-life that settings allow, so no budget is above the one before it. At a multiple of the half-life `r` is 0 and
//! the budget exactly half of what it was a half-life before, rounded down.
//!
//! Parts of a budget are rounded down, and the treasury gets what the others leave: they add up to the budget whatever
//! the shares are.

use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Perbill, Rounding};
use substation_primitives::{
	rewards::{RewardSettings, MAX_BUDGETED},
	Balance,
};

/// Binary places of the fixed-point numbers in this file.
const PLACES: u32 = 63;

/// One with [`PLACES`] binary places.
const ONE: u128 = 1 << PLACES;

/// What staking is told less than it was budgeted, in plancks.
///
/// Staking rounds each of its payments to the nearest planck, so that the payments of one era may be above what it was
/// told, by at most half a planck each. There are far fewer than two million of them.
pub const STAKING_ROUNDING: Balance = 1_000_000;

/// Where a budget goes. The parts add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
	/// To validators and nominators.
	pub validators: Balance,
	/// What storage nodes may earn.
	pub storage: Balance,
	/// What lines and their carriers may earn.
	pub bandwidth: Balance,
	/// To the treasury.
	pub treasury: Balance,
}

impl Split {
	/// All parts together.
	pub fn total(&self) -> Balance {
		self.validators.saturating_add(self.storage).saturating_add(self.bandwidth).saturating_add(self.treasury)
	}
}

/// What `era` may pay after eras that were allowed `budgeted` together.
pub fn emission(era: u32, budgeted: Balance, settings: &RewardSettings) -> Balance {
	let RewardSettings { first, floor, half_life, .. } = *settings;
	let halvings = era.checked_div(half_life).unwrap_or(u32::MAX);
	let rest = era.checked_rem(half_life).unwrap_or(0);
	// The power is at most one, so the product is at most `first`.
	let within = multiply_by_rational_with_rounding(first, half_to(rest, half_life), ONE, Rounding::Down);
	let decayed = within.unwrap_or(first).checked_shr(halvings).unwrap_or(0);
	decayed.max(floor).min(MAX_BUDGETED.saturating_sub(budgeted))
}

/// `2^(−numerator / denominator)` with [`PLACES`] binary places, for a numerator below the denominator.
fn half_to(numerator: u32, denominator: u32) -> u128 {
	let denominator = u64::from(denominator);
	let (mut rest, mut root, mut power) = (u64::from(numerator), ONE / 2, ONE);
	for _ in 0..PLACES {
		// Both factors are at most one, so no product leaves 126 digits.
		root = root.saturating_mul(ONE).isqrt();
		rest = rest.saturating_mul(2);
		if rest >= denominator {
			rest = rest.saturating_sub(denominator);
			power = power.saturating_mul(root) >> PLACES;
		}
	}
	power
}

/// Divides a budget by the shares.
pub fn split(budget: Balance, settings: &RewardSettings) -> Split {
	let mut left = budget;
	let mut take = |share: Perbill| {
		// `from_parts` caps a share that no check has seen.
		let part = Perbill::from_parts(share.deconstruct()).mul_floor(budget).min(left);
		left = left.saturating_sub(part);
		part
	};
	let validators = take(settings.validators);
	let storage = take(settings.storage);
	let bandwidth = take(settings.bandwidth);
	Split { validators, storage, bandwidth, treasury: left }
}

/// What staking is told to pay to validators and nominators.
pub fn staking_payout(validators: Balance) -> Balance {
	validators.saturating_sub(STAKING_ROUNDING)
}

/// What of the treasury's part is paid while it has `balance`.
pub fn treasury_payout(part: Balance, balance: Balance, ceiling: Balance) -> Balance {
	part.min(ceiling.saturating_sub(balance))
}
