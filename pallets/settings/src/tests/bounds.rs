use proptest::prelude::*;
use sp_runtime::{Perbill, Permill};
use substation_primitives::{
	settings::{percent_of, SettingError, Settings, MAX_MISSES_TO_TERMINATION, MAX_OPENINGS, STN},
	Bytes,
};

type Change = fn(&mut Settings);

#[test]
fn every_bound_has_a_value_on_each_side() {
	let refused: [(Change, SettingError); 30] = [
		(|s| s.registry.min_bond = 0, SettingError::MinBond),
		(|s| s.registry.min_bond = percent_of(s.market.min_rate, 350) - 1, SettingError::MinBond),
		(|s| s.registry.node_deposit = 0, SettingError::Deposit),
		(|s| s.market.deal_deposit = 0, SettingError::Deposit),
		(|s| s.registry.unbonding = 0, SettingError::Unbonding),
		(|s| s.registry.unbonding = 5_256_001, SettingError::Unbonding),
		(|s| s.market.shares.burn = Permill::from_parts(450_001), SettingError::Shares),
		(|s| s.market.shares.treasury = Permill::zero(), SettingError::MinRate),
		(|s| s.market.min_rate = 19, SettingError::MinRate),
		(|s| s.market.min_billed = Bytes(0), SettingError::MinBilled),
		(|s| s.market.min_billed = Bytes((1 << 30) + 1), SettingError::MinBilled),
		(|s| s.market.acceptance_time = 0, SettingError::AcceptanceTime),
		(|s| s.market.acceptance_time = 432_001, SettingError::AcceptanceTime),
		(|s| s.market.compensation_periods = 0, SettingError::Compensation),
		(|s| s.market.compensation_periods = 91, SettingError::Compensation),
		(|s| s.market.early_end_periods = 91, SettingError::EarlyEnd),
		(|s| s.market.fine_room_periods = 24, SettingError::FineRoom),
		(|s| s.proofs.openings = 0, SettingError::Openings),
		(|s| s.proofs.openings = MAX_OPENINGS + 1, SettingError::Openings),
		(|s| s.proofs.strikes_per_miss = 0, SettingError::Strikes),
		(|s| s.proofs.strikes_per_proof = 0, SettingError::Strikes),
		(|s| s.proofs.strikes_per_proof = 4, SettingError::Strikes),
		(|s| s.proofs.first_fine_from = 8, SettingError::Fines),
		(|s| s.proofs.repeated_fine_from = 28, SettingError::Fines),
		(|s| s.proofs.first_fine_percent = 0, SettingError::Fines),
		(|s| s.proofs.first_fine_percent = 351, SettingError::Fines),
		(|s| s.proofs.repeated_fine_percent = 1_001, SettingError::Fines),
		(|s| s.proofs.terminated_at = 4 * 32 + 1, SettingError::Termination),
		(|s| s.proofs.strikes_per_miss = 28, SettingError::Termination),
		(|s| s.proofs.bounty = Perbill::from_parts(200_000_001), SettingError::Bounty),
	];
	for (index, (change, error)) in refused.into_iter().enumerate() {
		let mut settings = Settings::default();
		change(&mut settings);

		assert_eq!(settings.validate(), Err(error), "change {index}");
	}

	let accepted: [Change; 15] = [
		|s| s.registry.min_bond = percent_of(s.market.min_rate, 350),
		|s| s.registry.unbonding = 1,
		|s| s.registry.unbonding = 5_256_000,
		|s| s.market.shares.burn = Permill::from_parts(450_000),
		|s| s.market.min_rate = 20,
		|s| s.market.min_billed = Bytes(1),
		|s| s.market.min_billed = Bytes(1 << 30),
		|s| s.market.acceptance_time = 1,
		|s| s.market.acceptance_time = 432_000,
		|s| s.market.compensation_periods = 90,
		|s| s.market.early_end_periods = 0,
		|s| s.market.fine_room_periods = 25,
		|s| s.proofs.openings = MAX_OPENINGS,
		|s| {
			s.proofs.terminated_at = 4 * 32;
			s.market.fine_room_periods = 112;
		},
		|s| s.proofs.bounty = Perbill::from_percent(20),
	];
	for (index, change) in accepted.into_iter().enumerate() {
		let mut settings = Settings::default();
		change(&mut settings);

		assert_eq!(settings.validate(), Ok(()), "change {index}");
	}
}

proptest! {
	/// What validation lets through keeps the promises that the other pallets build on.
	#[test]
	fn valid_settings_keep_their_promises(
		openings: u8,
		strikes_per_miss in 0u8..40,
		strikes_per_proof in 0u8..40,
		first_fine_from in 0u8..40,
		repeated_fine_from in 0u8..60,
		first_fine_percent in 0u16..1_200,
		repeated_fine_percent in 0u16..1_200,
		terminated_at: u8,
		fine_room_periods: u8,
		burn in 0u32..=1_000_000,
		treasury in 0u32..=1_000_000,
		bounty in 0u32..=1_000_000_000,
		min_rate in 0u128..2 * STN,
		min_bond in 0u128..200 * STN,
	) {
		let mut settings = Settings::default();
		settings.registry.min_bond = min_bond;
		settings.market.min_rate = min_rate;
		settings.market.shares.burn = Permill::from_parts(burn);
		settings.market.shares.treasury = Permill::from_parts(treasury);
		settings.market.fine_room_periods = fine_room_periods;
		let proofs = &mut settings.proofs;
		proofs.openings = openings;
		proofs.strikes_per_miss = strikes_per_miss;
		proofs.strikes_per_proof = strikes_per_proof;
		proofs.first_fine_from = first_fine_from;
		proofs.repeated_fine_from = repeated_fine_from;
		proofs.first_fine_percent = first_fine_percent;
		proofs.repeated_fine_percent = repeated_fine_percent;
		proofs.terminated_at = terminated_at;
		proofs.bounty = Perbill::from_parts(bounty);

		if settings.validate().is_ok() {
			// A run of misses ends, within the bound of the code.
			let misses = u32::from(terminated_at).div_ceil(u32::from(strikes_per_miss));
			prop_assert!((2..=MAX_MISSES_TO_TERMINATION).contains(&misses));
			// The room for fines pays every fine up to the termination.
			let room = u32::from(fine_room_periods) * 100;
			prop_assert!(room >= misses * u32::from(repeated_fine_percent));
			// At least half of a payment reaches the provider, and the treasury gets something.
			prop_assert!(burn + treasury <= 500_000);
			prop_assert!(settings.market.shares.treasury.mul_floor(min_rate) > 0);
			// Missing on purpose never pays a friend: a fifth at most comes back.
			prop_assert!(bounty <= 200_000_000);
			prop_assert!(min_bond >= percent_of(min_rate, repeated_fine_percent));
		}
	}
}
