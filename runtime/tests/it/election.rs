//! Whom an election may elect: candidates with session keys that are there.

use crate::chain::genesis_state;
use frame_election_provider_support::{
	bounds::ElectionBoundsBuilder, DataProviderBounds, ElectionDataProvider, ElectionProvider,
};
use frame_support::assert_ok;
use pallet_staking::{
	ActiveEra, ActiveEraInfo, EraRewardPoints, ErasRewardPoints, ErasStakersOverview, MaxNominatorsCount,
	MaxValidatorsCount, MinimumValidatorCount,
};
use sp_keyring::Sr25519Keyring::{self, AliceStash, BobStash, CharlieStash, DaveStash};
use sp_staking::{EraIndex, PagedExposureMetadata};
use substation_primitives::settings::STN;
use substation_runtime::{
	constants::{ABSENCE_BLOCKS, ABSENCE_ERAS, MAX_VALIDATORS},
	election::{seats_that_fit, Candidates, Election, POINTS_PER_BLOCK},
	AccountId, Runtime, RuntimeOrigin, Staking,
};

const VALIDATORS: [Sr25519Keyring; 4] = [AliceStash, BobStash, CharlieStash, DaveStash];
const BUT_DAVE: [Sr25519Keyring; 3] = [AliceStash, BobStash, CharlieStash];

/// On the genesis of a chain with four validators.
fn four(test: impl FnOnce()) {
	genesis_state("local_testnet").execute_with(test);
}

/// Who is electable, in no order.
fn electable(bounds: DataProviderBounds) -> Vec<AccountId> {
	let mut electable = Candidates::electable_targets(bounds, 0).expect("never an error");
	electable.sort();
	electable
}

fn all_electable() -> Vec<AccountId> {
	electable(DataProviderBounds::default())
}

fn accounts<const N: usize>(who: [Sr25519Keyring; N]) -> Vec<AccountId> {
	let mut accounts: Vec<_> = who.iter().map(|who| who.to_account_id()).collect();
	accounts.sort();
	accounts
}

/// Makes this era the active one, with so many blocks for each of the four validators on average; of these Dave has
/// made `of_dave` and the others the rest.
fn era(index: EraIndex, average: u32, of_dave: u32) {
	let mut points = EraRewardPoints::<AccountId>::default();
	let mut note = |who: Sr25519Keyring, blocks: u32| {
		let who = who.to_account_id();
		let exposure = PagedExposureMetadata { total: STN, own: STN, nominator_count: 0, page_count: 0 };
		ErasStakersOverview::<Runtime>::insert(index, &who, exposure);
		points.total += blocks * POINTS_PER_BLOCK;
		if blocks > 0 {
			points.individual.insert(who, blocks * POINTS_PER_BLOCK);
		}
	};
	note(DaveStash, of_dave);
	note(AliceStash, 2 * average - of_dave);
	note(BobStash, average);
	note(CharlieStash, average);
	ErasRewardPoints::<Runtime>::insert(index, points);
	ActiveEra::<Runtime>::put(ActiveEraInfo { index, start: None });
}

// S0
#[test]
fn without_keys_nobody_is_electable() {
	four(|| {
		assert_eq!(all_electable(), accounts(VALIDATORS));

		pallet_session::NextKeys::<Runtime>::remove(DaveStash.to_account_id());

		assert_eq!(all_electable(), accounts(BUT_DAVE));
	});
}

// S0: the election itself, not only what it is given.
#[test]
fn too_few_with_keys_elect_too_few() {
	four(|| {
		for who in BUT_DAVE {
			pallet_session::NextKeys::<Runtime>::remove(who.to_account_id());
		}

		let winners = Election::elect(0).expect("an election among one is possible");

		assert_eq!(winners.0.iter().map(|(who, _)| who.clone()).collect::<Vec<_>>(), accounts([DaveStash]));
	});
}

// S1
#[test]
fn of_more_than_fit_the_largest_bonds_are_electable() {
	four(|| {
		for who in [CharlieStash, DaveStash] {
			assert_ok!(Staking::bond_extra(RuntimeOrigin::signed(who.to_account_id()), STN));
		}

		let two = ElectionBoundsBuilder::default().targets_count(2.into()).build().targets;

		assert_eq!(electable(two), accounts([CharlieStash, DaveStash]));
	});
}

/// How many an election seats at most, after governance has asked for as many as it may.
fn seats() -> u32 {
	assert_ok!(Staking::set_validator_count(RuntimeOrigin::root(), MAX_VALIDATORS));
	Candidates::desired_targets().expect("never an error")
}

// S2
#[test]
fn no_election_has_more_seats_than_a_block_has_time_for() {
	four(|| {
		let all_places = seats_that_fit();
		assert!((20..MAX_VALIDATORS).contains(&all_places), "{all_places}");
		assert_eq!(seats(), all_places);

		MaxNominatorsCount::<Runtime>::put(1_500);
		let fewer_nominators = seats();
		MaxValidatorsCount::<Runtime>::put(100);
		let fewer_of_both = seats();
		assert!(all_places < fewer_nominators && fewer_nominators < fewer_of_both);

		MaxNominatorsCount::<Runtime>::put(500);
		assert_eq!(seats(), MAX_VALIDATORS);
	});
}

// S2: a maximum that was removed is that of an election.
#[test]
fn without_maxima_there_are_as_many_seats_as_with_all_places() {
	four(|| {
		let all_places = seats();

		MaxNominatorsCount::<Runtime>::kill();
		MaxValidatorsCount::<Runtime>::kill();

		assert_eq!(seats(), all_places);
	});
}

// S2: an election that always fails is worse than a slow block.
#[test]
fn the_minimum_is_asked_for_even_if_a_block_is_too_short_for_it() {
	four(|| {
		MinimumValidatorCount::<Runtime>::put(50);

		assert_eq!(seats(), 50);
	});
}

// S3
#[test]
fn who_misses_as_many_blocks_as_tell_is_not_electable() {
	four(|| {
		era(1, ABSENCE_BLOCKS - 1, 0);
		assert_eq!(all_electable(), accounts(VALIDATORS));

		era(1, ABSENCE_BLOCKS, 0);
		assert_eq!(all_electable(), accounts(BUT_DAVE));
	});
}

// S3: the block that begins an era is credited by the list of the era before.
#[test]
fn one_block_may_be_anybodys_and_two_are_a_sign_of_life() {
	four(|| {
		era(1, ABSENCE_BLOCKS, 1);
		assert_eq!(all_electable(), accounts(BUT_DAVE));

		era(2, ABSENCE_BLOCKS, 2);
		assert_eq!(all_electable(), accounts(VALIDATORS));
	});
}

// S3: a chain without finality makes few blocks in an era.
#[test]
fn silence_adds_up_over_eras_with_few_blocks() {
	four(|| {
		let few = ABSENCE_BLOCKS / 2;

		era(1, few, 0);
		assert_eq!(all_electable(), accounts(VALIDATORS));
		era(2, few, 0);
		assert_eq!(all_electable(), accounts(BUT_DAVE));
	});
}

// S3
#[test]
fn silence_is_forgotten_after_seven_eras() {
	four(|| {
		era(1, ABSENCE_BLOCKS, 0);

		for (later, electable) in [(ABSENCE_ERAS, accounts(BUT_DAVE)), (ABSENCE_ERAS + 1, accounts(VALIDATORS))] {
			ActiveEra::<Runtime>::put(ActiveEraInfo { index: later, start: None });
			assert_eq!(all_electable(), electable, "era {later}");
		}
	});
}

// S3
#[test]
fn the_silent_are_electable_if_too_few_are_left() {
	four(|| {
		era(1, ABSENCE_BLOCKS, 0);

		for (minimum, electable) in [(3, accounts(BUT_DAVE)), (4, accounts(VALIDATORS))] {
			MinimumValidatorCount::<Runtime>::put(minimum);
			assert_eq!(all_electable(), electable, "at least {minimum}");
		}
	});
}
