//! What misses cost. Pure: no storage, no clock, no currency.
//!
//! With `s` strikes before it, a miss costs
//!
//! ```text
//! fine(s) = 0                                   s < first_fine_from
//!         = rate × first_fine_percent           s < repeated_fine_from
//!         = rate × repeated_fine_percent        otherwise
//! ```
//!
//! but never more than the bond holds above the reserve, and leaves `s + strikes_per_miss`. It ends the node when
//! that reaches `terminated_at`, or when the bond left is below the reserve and one more repeated fine.
//! A proof takes `strikes_per_proof` away.
//!
//! Misses `i` and `i + 1` are the same whether they are applied together or one by one: nobody gains by the moment
//! at which a report is made.

use substation_primitives::{
	settings::{percent_of, ProofSettings, MAX_MISSES_TO_TERMINATION},
	Balance,
};

/// What a node stands with before a run of misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
	/// Strikes so far.
	pub strikes: u8,
	/// The bond that is held, in [`Balance`] units.
	pub bond: Balance,
	/// What of the bond is its customers', in [`Balance`] units.
	pub reserve: Balance,
	/// What its deals pay in one period, in [`Balance`] units.
	pub committed_rate: Balance,
}

/// What a run of misses does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Penalty {
	/// Misses that count: all of them, or those up to the one that ends the node.
	pub misses: u32,
	/// Strikes afterwards.
	pub strikes: u8,
	/// Fines, together, in [`Balance`] units. The bond holds so much above the reserve.
	pub fine: Balance,
	/// Whether the last of `misses` ends the node.
	pub terminated: bool,
}

/// What one miss costs with `strikes` before it, if the bond allows.
pub fn fine(strikes: u8, committed_rate: Balance, settings: &ProofSettings) -> Balance {
	if strikes < settings.first_fine_from {
		0
	} else if strikes < settings.repeated_fine_from {
		percent_of(committed_rate, settings.first_fine_percent)
	} else {
		percent_of(committed_rate, settings.repeated_fine_percent)
	}
}

/// Applies `misses` misses in a row. Takes at most [`MAX_MISSES_TO_TERMINATION`] steps, however many they are.
pub fn apply_misses(standing: Standing, misses: u32, settings: &ProofSettings) -> Penalty {
	let Standing { strikes, bond, reserve, committed_rate } = standing;
	let last_straw = reserve.saturating_add(percent_of(committed_rate, settings.repeated_fine_percent));
	let mut penalty = Penalty { strikes, ..Default::default() };
	while penalty.misses < misses && !penalty.terminated {
		let left = bond.saturating_sub(penalty.fine);
		let due = fine(penalty.strikes, committed_rate, settings).min(left.saturating_sub(reserve));
		penalty.misses = penalty.misses.saturating_add(1);
		penalty.fine = penalty.fine.saturating_add(due);
		penalty.strikes = penalty.strikes.saturating_add(settings.strikes_per_miss);
		penalty.terminated = penalty.strikes >= settings.terminated_at
			|| left.saturating_sub(due) < last_straw
			// Validated settings never get here; others must not make the loop long.
			|| penalty.misses >= MAX_MISSES_TO_TERMINATION;
	}
	penalty
}

/// Strikes after an accepted proof.
pub fn forgive(strikes: u8, settings: &ProofSettings) -> u8 {
	strikes.saturating_sub(settings.strikes_per_proof)
}
