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
	constants::{self, BLOCK_REF_TIME},
	election, genesis_presets, governance, AllPalletsWithSystem, Babe, Runtime, RuntimeCall, Session, Staking, System,
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
			assert!(BLOCK_REF_TIME * 3 <= slot * 2, "{preset}: an author has two thirds of a slot");
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

/// What the largest election of validators weighs with so many candidates and nominators, and as many seats as governance
/// may ask for.
fn largest_election(candidates: u32, nominators: u32) -> Weight {
	use constants::{MAX_NOMINATIONS, MAX_VALIDATORS};
	pallet_staking::MaxValidatorsCount::<Runtime>::put(candidates);
	pallet_staking::MaxNominatorsCount::<Runtime>::put(nominators);
	pallet_staking::ValidatorCount::<Runtime>::put(MAX_VALIDATORS);
	<Runtime as pallet_staking::Config>::WeightInfo::get_npos_voters(candidates, nominators)
		.saturating_add(election::targets_weight(candidates))
		.saturating_add(election::SolverWeights::phragmen(candidates + nominators, candidates, MAX_NOMINATIONS))
}

/// What the largest election of the council weighs.
fn largest_council_election() -> Weight {
	use governance::{MAX_COUNCIL_CANDIDATES, MAX_COUNCIL_VOTERS, MAX_COUNCIL_VOTES};
	<Runtime as pallet_elections_phragmen::Config>::WeightInfo::election_phragmen(
		MAX_COUNCIL_CANDIDATES,
		MAX_COUNCIL_VOTERS,
		MAX_COUNCIL_VOTERS * MAX_COUNCIL_VOTES,
	)
}

// S2: every voter whom staking accepts counts, so the election of them all has to fit. Council and validators may be
// elected in the same block.
#[test]
fn the_largest_election_leaves_room_in_its_block() {
	use constants::{MAX_CANDIDATES, MAX_NOMINATIONS, MAX_NOMINATORS};
	genesis_state("live-template").execute_with(|| {
		for (candidates, nominators) in
			[(MAX_CANDIDATES, MAX_NOMINATORS), (500, 500), (200, 1_000), (200, 500), (25, 100)]
		{
			let both = largest_election(candidates, nominators).saturating_add(largest_council_election());
			let (places, seats) = (candidates + nominators, election::seats());
			assert!(both.ref_time() <= BLOCK_REF_TIME / 10 * 9, "{places} voters, {seats} seats: {both}");

			let backings = nominators * MAX_NOMINATIONS.min(seats) + seats;
			let all = both.saturating_add(election::storing_weight(seats, backings));
			assert!(all.all_lt(RuntimeBlockWeights::get().max_block), "{places} voters, {seats} seats: {all}");
		}
	});
}

#[test]
fn all_places_for_voters_leave_the_seats_of_the_template() {
	genesis_state("live-template").execute_with(|| {
		let (fit, seats) = (election::seats_that_fit(), Staking::validator_count());

		assert!(fit >= seats, "{fit} of {seats} fit");
		assert_eq!(election::seats(), seats);
	});
}

#[test]
fn the_seats_that_fit_are_those_of_the_validators_page() {
	let page = include_str!("../../../docs/validator.md");
	genesis_state("live-template").execute_with(|| {
		let rows = [(500, 3_500), (500, 1_500), (300, 1_700), (200, 1_000)].map(|(candidates, nominators)| {
			let _ = largest_election(candidates, nominators);
			format!("| {candidates} | {nominators} | {} |", election::seats_that_fit())
		});
		let lacks: Vec<_> = rows.iter().filter(|row| !page.replace(',', "").contains(*row)).collect();
		assert!(lacks.is_empty(), "docs/validator.md lacks: {lacks:?}");
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
