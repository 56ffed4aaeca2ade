//! What pallets assert about their configuration, with the lengths of every network.

use crate::chain::{genesis_state, run_to, scenario};
use frame_election_provider_support::WeightInfo as _;
use frame_support::{
	dispatch::DispatchClass,
	traits::{Get, IntegrityTest},
	weights::Weight,
};
use pallet_elections_phragmen::WeightInfo as _;
use pallet_staking::WeightInfo as _;
use substation_runtime::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	constants, election, genesis_presets, governance, AllPalletsWithSystem, Babe, Runtime, RuntimeCall, Session,
	Staking, System,
};

#[test]
fn every_pallet_is_content_with_every_network() {
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(AllPalletsWithSystem::integrity_test);
	}
}

#[test]
fn calls_are_small_enough_to_be_passed_around() {
	assert!(size_of::<RuntimeCall>() <= 512, "{} bytes", size_of::<RuntimeCall>());
}

#[test]
fn a_slot_leaves_time_beyond_the_longest_block() {
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(|| {
			let slot = pallet_pace::SlotMillis::<Runtime>::get() * 1_000_000_000;
			assert!(constants::BLOCK_REF_TIME * 3 <= slot * 2, "{preset}: an author has two thirds of a slot");
		});
	}
}

#[test]
fn the_largest_proof_fits_a_block() {
	use substation_primitives::settings::MAX_OPENINGS;
	let length = RuntimeBlockLength::get();
	let normal = *length.max.get(frame_support::dispatch::DispatchClass::Normal);

	assert!(substation_proofs::storage::max_proof_size(MAX_OPENINGS, 32) < normal);
}

/// What the largest election of validators weighs, with so many seats.
fn largest_election(seats: u32) -> Weight {
	use constants::{MAX_CANDIDATES, MAX_ELECTION_TARGETS, MAX_ELECTION_VOTERS, MAX_NOMINATIONS, MAX_NOMINATORS};
	pallet_staking::ValidatorCount::<Runtime>::put(seats);
	<Runtime as pallet_staking::Config>::WeightInfo::get_npos_voters(MAX_CANDIDATES, MAX_NOMINATORS)
		.saturating_add(election::targets_weight(MAX_CANDIDATES))
		.saturating_add(election::SolverWeights::phragmen(MAX_ELECTION_VOTERS, MAX_ELECTION_TARGETS, MAX_NOMINATIONS))
}

// S2: every voter whom staking accepts counts, so the election of them all has to fit. Council and validators may be
// elected in the same block.
#[test]
fn the_largest_election_leaves_room_in_its_block() {
	use governance::{MAX_COUNCIL_CANDIDATES, MAX_COUNCIL_VOTERS, MAX_COUNCIL_VOTES};
	genesis_state("live-template").execute_with(|| {
		let council = <Runtime as pallet_elections_phragmen::Config>::WeightInfo::election_phragmen(
			MAX_COUNCIL_CANDIDATES,
			MAX_COUNCIL_VOTERS,
			MAX_COUNCIL_VOTERS * MAX_COUNCIL_VOTES,
		);
		let both = largest_election(Staking::validator_count()).saturating_add(council);
		assert!(both.all_lt(RuntimeBlockWeights::get().max_block), "{both}");

		// With all seats it takes longer than a block should, and still less than half of the time that authors have.
		let largest = largest_election(constants::MAX_VALIDATORS);
		assert!(largest.ref_time() < 2 * constants::BLOCK_REF_TIME, "{largest}");
	});
}

// S2: with the weights of the pallets themselves no report would fit, and nobody would be slashed.
#[test]
fn an_equivocation_report_fits_a_block() {
	let largest = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_extrinsic.unwrap();
	let babe = <<Runtime as pallet_babe::Config>::WeightInfo as pallet_babe::WeightInfo>::report_equivocation(
		constants::MAX_VALIDATORS,
		<Runtime as pallet_babe::Config>::MaxNominators::get(),
	);
	let grandpa = <<Runtime as pallet_grandpa::Config>::WeightInfo as pallet_grandpa::WeightInfo>::report_equivocation(
		constants::MAX_VALIDATORS,
		<Runtime as pallet_grandpa::Config>::MaxNominators::get(),
	);

	for report in [babe, grandpa] {
		assert!(report.all_lt(largest), "{report} of {largest}");
	}
	let counted: u32 = <Runtime as pallet_babe::Config>::MaxNominators::get();
	assert!(counted >= constants::MAX_NOMINATORS);
}

#[test]
fn bags_rise_from_the_existential_deposit_to_the_end() {
	let bags = constants::BAG_THRESHOLDS;

	assert!(bags.windows(2).all(|pair| pair[0] < pair[1]));
	assert_eq!(u128::from(bags[0]), constants::EXISTENTIAL_DEPOSIT);
	assert_eq!(bags.last(), Some(&u64::MAX));
}

#[test]
fn sessions_and_eras_pass_and_the_validators_stay() {
	scenario(|| {
		let validators = Session::validators();

		// Three eras of four sessions of thirty blocks.
		run_to(3 * 4 * 30 + 5);

		assert!(Session::current_index() >= 11, "session {}", Session::current_index());
		assert!(pallet_staking::ActiveEra::<Runtime>::get().is_some_and(|era| era.index >= 2));
		assert_eq!(Session::validators(), validators);
		assert!(Babe::author_vrf_randomness().is_some());
		assert_eq!(Staking::validator_count(), 1);
		assert_eq!(System::block_number(), 365);
	});
}

#[test]
fn every_block_changes_the_seed_of_windows() {
	scenario(|| {
		let first = pallet_storage_proofs::Accumulator::<Runtime>::get();
		run_to(System::block_number() + 1);
		let second = pallet_storage_proofs::Accumulator::<Runtime>::get();

		assert_ne!(first, second);
	});
}
