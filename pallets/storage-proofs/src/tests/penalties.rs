//! The formulas against a simulation that knows nothing of runs.

use crate::penalty::{apply_misses, fine, forgive, Penalty, Standing};
use proptest::prelude::*;
use substation_primitives::{
	settings::{ProofSettings, Settings, STN},
	Balance,
};

/// One miss after the other, as the design says it.
fn simulate(standing: Standing, misses: u32, settings: &ProofSettings) -> Penalty {
	let Standing { mut strikes, mut bond, reserve, committed_rate } = standing;
	let percent = |percent: u16| (committed_rate * Balance::from(percent)).div_ceil(100);
	let mut fine = 0;
	for miss in 1..=misses {
		let wanted = match strikes {
			strikes if strikes >= settings.repeated_fine_from => percent(settings.repeated_fine_percent),
			strikes if strikes >= settings.first_fine_from => percent(settings.first_fine_percent),
			_ => 0,
		};
		let free = bond.saturating_sub(reserve);
		let taken = if wanted < free { wanted } else { free };
		bond -= taken;
		fine += taken;
		strikes = u8::try_from(u32::from(strikes) + u32::from(settings.strikes_per_miss)).unwrap_or(u8::MAX);
		if strikes >= settings.terminated_at || bond < reserve + percent(settings.repeated_fine_percent) {
			return Penalty { misses: miss, strikes, fine, terminated: true };
		}
	}
	Penalty { misses, strikes, fine, terminated: false }
}

/// Settings that governance could set.
fn settings() -> impl Strategy<Value = ProofSettings> {
	let proofs = (2u8..=40, 1u8..=39, 0u8..=100, 1u8..=100, 1u16..=1_000, 0u16..=500, 3u8..=255);
	proofs.prop_filter_map("not valid together", |(miss, proof, from, step, first, more, end)| {
		let mut settings = Settings::default();
		settings.market.fine_room_periods = u8::MAX;
		settings.registry.min_bond = 100_000 * STN;
		settings.proofs = ProofSettings {
			strikes_per_miss: miss,
			strikes_per_proof: proof,
			first_fine_from: from,
			first_fine_percent: first,
			repeated_fine_from: from.saturating_add(step),
			repeated_fine_percent: first.saturating_add(more),
			terminated_at: end,
			..settings.proofs
		};
		settings.validate().is_ok().then_some(settings.proofs)
	})
}

fn standing() -> impl Strategy<Value = Standing> {
	(0u8..=255, 0u128..1_000_000, 0u128..200_000, 0u128..20_000)
		.prop_map(|(strikes, bond, reserve, committed_rate)| Standing { strikes, bond, reserve, committed_rate })
}

proptest! {
	#[test]
	fn a_run_is_the_same_as_its_misses(standing in standing(), misses in 0u32..2_000, settings in settings()) {
		prop_assert_eq!(apply_misses(standing, misses, &settings), simulate(standing, misses, &settings));
	}

	#[test]
	fn it_does_not_matter_when_somebody_looks(
		standing in standing(),
		early in 0u32..50,
		late in 0u32..50,
		settings in settings(),
	) {
		let at_once = apply_misses(standing, early + late, &settings);

		let first = apply_misses(standing, early, &settings);
		let parts = if first.terminated {
			first
		} else {
			let between = Standing { strikes: first.strikes, bond: standing.bond - first.fine, ..standing };
			let second = apply_misses(between, late, &settings);
			Penalty { misses: first.misses + second.misses, fine: first.fine + second.fine, ..second }
		};

		prop_assert_eq!(at_once, parts);
	}

	#[test]
	fn fines_leave_the_reserve(standing in standing(), misses in 0u32..2_000, settings in settings()) {
		let penalty = apply_misses(standing, misses, &settings);

		prop_assert!(penalty.fine <= standing.bond.saturating_sub(standing.reserve));
	}

	#[test]
	fn everybody_who_only_misses_is_ended(standing in standing(), settings in settings()) {
		let penalty = apply_misses(standing, u32::MAX, &settings);

		prop_assert!(penalty.terminated);
		prop_assert!(penalty.misses <= 32);
	}

	#[test]
	fn fines_rise_with_strikes(strikes in 0u8..255, rate in 0u128..1_000_000, settings in settings()) {
		prop_assert!(fine(strikes, rate, &settings) <= fine(strikes + 1, rate, &settings));
	}

	#[test]
	fn a_proof_forgives_less_than_a_miss_adds(strikes in 0u8..100, settings in settings()) {
		let after_miss = strikes.saturating_add(settings.strikes_per_miss);

		prop_assert!(forgive(after_miss, &settings) > strikes);
		prop_assert!(forgive(strikes, &settings) <= strikes);
	}
}

#[test]
fn no_misses_cost_nothing() {
	let standing = Standing { strikes: 3, bond: 0, reserve: 10, committed_rate: 10 };

	let penalty = apply_misses(standing, 0, &Settings::default().proofs);

	assert_eq!(penalty, Penalty { misses: 0, strikes: 3, fine: 0, terminated: false });
}

#[test]
fn the_default_settings_cost_what_the_design_says() {
	let standing = Standing { strikes: 0, bond: 1_000_000, reserve: 0, committed_rate: 1_000 };
	let after = |misses| apply_misses(standing, misses, &Settings::default().proofs);

	assert_eq!(after(1), Penalty { misses: 1, strikes: 4, fine: 0, terminated: false });
	assert_eq!(after(2), Penalty { misses: 2, strikes: 8, fine: 1_500, terminated: false });
	assert_eq!(after(3), Penalty { misses: 3, strikes: 12, fine: 5_000, terminated: false });
	assert_eq!(after(7), Penalty { misses: 7, strikes: 28, fine: 19_000, terminated: true });
	assert_eq!(after(500), after(7));
}

#[test]
fn numbers_at_the_edge_do_not_overflow() {
	let standing = Standing { strikes: 255, bond: Balance::MAX, reserve: Balance::MAX, committed_rate: Balance::MAX };

	let penalty = apply_misses(standing, u32::MAX, &Settings::default().proofs);

	assert_eq!(penalty, Penalty { misses: 1, strikes: 255, fine: 0, terminated: true });
}
