//! Availability through the chain: the first era, time between proofs, bonds, gaps, lapses, eras that drag on.

use crate::{availability, emission::staking_payout, mock::*, types::Current, Records};
use sp_runtime::{Perbill, Permill};
use substation_primitives::{rewards::MAX_AVAILABILITY, settings::STN, Balance, BlockNumber, ResourceClass};

/// What a bond of the usual size is credited for so many blocks of the running era.
fn due(blocks: BlockNumber) -> Balance {
	availability::credit(BOND, era().yield_per_block * u128::from(blocks))
}

fn units() -> Balance {
	record(storage(NODE)).units
}

#[test]
fn the_first_era_knows_no_yield() {
	ExtBuilder.build_and_execute(|| {
		prove(NODE, BOND);
		wait(10);
		prove(NODE, BOND);

		assert_eq!((era().yield_per_block, units()), (0, 0));
	});
}

#[test]
fn the_yield_is_the_share_of_what_nominating_has_paid() {
	ExtBuilder.build_and_execute(|| {
		let (validators, _) = run_era();

		let paid = (validators - Perbill::from_percent(10).mul_ceil(validators)) as f64;
		// Validators will get a little less in this era.
		let coming = staking_payout(era().validators) as f64 / validators as f64;
		let nominating = paid / STAKED as f64 * coming;
		let yields = era().yield_per_block as f64 / 1e18;
		assert!((yields / (nominating * 0.4 / f64::from(ERA)) - 1.0).abs() < 1e-9, "{yields} {nominating}");
		// About 1,800 parts of a million in an era.
		assert!(due(ERA) > STN && due(ERA) < 2 * STN);
	});
}

#[test]
fn a_bond_is_never_credited_more_than_half_of_what_the_same_stake_was_paid() {
	ExtBuilder.build_and_execute(|| {
		let ceiling = Permill::from_parts(MAX_AVAILABILITY);
		change_settings(|settings| settings.availability = ceiling);
		let stakes = |validators| BOND * (validators - Perbill::from_percent(10).mul_ceil(validators)) / STAKED;
		let most = |validators| ceiling * stakes(validators);
		let (validators, _) = run_era();

		prove(NODE, BOND);
		for _ in 0..10 {
			wait(ERA / 10);
			prove(NODE, BOND);
		}

		let credited = units();
		assert!(credited <= most(validators));
		// Nor more than stakes are paid in the era of the credits.
		let (coming, _) = FakeStaking::end_era(STAKED);
		assert!(credited <= most(coming) && most(coming) - credited < STN / 1_000_000, "{credited}");
	});
}

#[test]
fn time_is_credited_from_proof_to_proof() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		assert_eq!(units(), 0);

		wait(7);
		prove(NODE, BOND);
		assert_eq!(units(), due(7));

		// Twice in one block adds nothing.
		prove(NODE, BOND);
		assert_eq!(units(), due(7));

		wait(5);
		prove(NODE, BOND);
		assert_eq!(units(), due(7) + due(5));
		assert_eq!(era().pools.storage.units, units());
	});
}

#[test]
fn a_proof_is_in_time_until_its_last_block() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		wait(LONGEST);
		prove(NODE, BOND);
		assert_eq!(units(), due(LONGEST));

		wait(LONGEST + 1);
		prove(NODE, BOND);
		assert_eq!(units(), due(LONGEST), "a proof was missed: nothing for the gap");

		// From the late one on time counts again.
		wait(3);
		prove(NODE, BOND);
		assert_eq!(units(), due(LONGEST) + due(3));
	});
}

#[test]
fn a_proof_sets_the_time_until_the_next_one() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		let credit = |longest| Rewards::credit_availability(NODE, ResourceClass::Storage, BOND, longest);
		credit(5);

		wait(6);
		credit(1_000);
		assert_eq!(units(), 0, "the first proof was good for five blocks");

		wait(60);
		credit(5);
		assert_eq!(units(), due(60));
	});
}

#[test]
fn a_bond_raised_just_before_a_proof_gains_nothing() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		wait(20);
		prove(NODE, 1_000_000 * BOND);
		assert_eq!(units(), due(20));

		wait(1);
		prove(NODE, 2 * BOND);
		assert_eq!(units(), due(20) + 2 * due(1));
	});
}

#[test]
fn a_bond_that_was_lowered_between_two_proofs_earns_what_was_left() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		wait(10);
		Rewards::bond_lowered(NODE, ResourceClass::Storage, BOND / 4);
		// Back in time for the next proof.
		Rewards::bond_lowered(NODE, ResourceClass::Storage, BOND / 2);
		Rewards::bond_lowered(SIBLING, ResourceClass::Storage, 0);
		wait(10);
		prove(NODE, BOND);
		assert_eq!(units(), availability::credit(BOND / 4, 20 * era().yield_per_block));

		wait(10);
		prove(NODE, BOND);
		assert_eq!(units(), availability::credit(BOND / 4, 20 * era().yield_per_block) + due(10));
		assert!(!Records::<Test>::contains_key(storage(SIBLING)));
	});
}

#[test]
fn a_lapse_stops_the_clock_and_keeps_the_credits() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		wait(5);
		prove(NODE, BOND);
		Rewards::lapse(NODE, ResourceClass::Storage);

		wait(5);
		prove(NODE, BOND);
		assert_eq!(units(), due(5));

		wait(5);
		prove(NODE, BOND);
		assert_eq!(units(), 2 * due(5));
	});
}

#[test]
fn a_lapse_of_a_record_without_credits_leaves_nothing() {
	ExtBuilder.build_and_execute(|| {
		prove(NODE, BOND);
		Rewards::lapse(NODE, ResourceClass::Storage);
		Rewards::lapse(SIBLING, ResourceClass::Storage);

		assert_eq!(Records::<Test>::iter().count(), 0);
	});
}

#[test]
fn classes_have_clocks_of_their_own() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		Rewards::credit_availability(NODE, ResourceClass::Bandwidth, BOND, LONGEST);
		wait(5);
		Rewards::lapse(NODE, ResourceClass::Storage);
		Rewards::credit_availability(NODE, ResourceClass::Bandwidth, BOND, LONGEST);

		assert!(!Records::<Test>::contains_key(storage(NODE)), "nothing was credited, and no proof counts");
		assert_eq!(record(bandwidth(NODE)).units, due(5));
		assert_eq!((era().pools.storage.units, era().pools.bandwidth.units), (0, due(5)));
	});
}

#[test]
fn a_span_across_eras_is_credited_once_at_the_yield_of_each() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		wait(ERA - 10);
		Rewards::credit_availability(NODE, ResourceClass::Storage, BOND, 2 * ERA);
		wait(10);
		let mut yields = 10 * era().yield_per_block;
		// A tenth of the stake: ten times the yield.
		FakeStaking::end_era(STAKED / 10);
		let high = era().yield_per_block;
		yields += 3 * high;
		wait(3);
		change_settings(|settings| settings.availability = Permill::from_percent(20));
		FakeStaking::end_era(STAKED);
		assert!(high > 9 * era().yield_per_block);
		wait(5);
		yields += 5 * era().yield_per_block;
		prove(NODE, BOND);

		assert_eq!(units(), availability::credit(BOND, yields));
		assert_eq!(record(storage(NODE)).era, 3);
		assert_eq!(record(storage(NODE)).pending, 0);
	});
}

#[test]
fn an_era_that_drags_on_pays_bonds_as_it_pays_stakes() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		prove(NODE, BOND);
		for _ in 0..30 {
			wait(LONGEST);
			prove(NODE, BOND);
		}
		assert!(units() <= due(ERA) && units() > due(ERA - 1));

		// Nor does the time that was too much count in the next era.
		let old = units();
		FakeStaking::end_era(STAKED);
		wait(1);
		prove(NODE, BOND);
		assert_eq!(units(), due(1));
		assert_eq!(record(storage(NODE)).pending, old);
	});
}

#[test]
fn the_record_says_what_the_proof_was() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		wait(9);
		prove(NODE, BOND);

		let now = 1 + ERA + 9;
		let expected = Current { since: now, due: now + LONGEST, yields: 9 * era().yield_per_block, bond: BOND };
		assert_eq!(record(storage(NODE)).current, Some(expected));
	});
}

#[test]
fn nothing_staked_means_no_yield() {
	ExtBuilder.build_and_execute(|| {
		wait(ERA);
		FakeStaking::end_era(0);
		prove(NODE, BOND);
		wait(10);
		prove(NODE, BOND);

		assert_eq!((era().nominating, era().yield_per_block, units()), (0, 0, 0));
	});
}

#[test]
fn commissions_lower_what_bonds_earn() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		let before = due(ERA);
		Commission::set(&Perbill::from_percent(55));
		run_era();

		// Half of 90 %, and the budget has hardly changed.
		assert!(due(ERA) < before / 2 && due(ERA) > before * 499 / 1_000, "{} {before}", due(ERA));
	});
}
