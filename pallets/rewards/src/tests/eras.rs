//! The end of an era: what is paid, what is budgeted, what is kept.

use super::accesses::{counted, Accesses};
use crate::{
	emission,
	mock::*,
	types::{Pool, Record},
	Closed, Records, Supply, WeightInfo,
};
use codec::Encode;
use frame_support::{assert_ok, dispatch::DispatchClass, traits::Hooks, weights::Weight};
use sp_runtime::Perbill;
use std::collections::BTreeMap;
use substation_primitives::{
	rewards::{KEPT_ERAS, MAX_BUDGETED},
	settings::STN,
	Balance, NodeId,
};

#[test]
fn an_era_pays_validators_and_treasury_what_it_began_with() {
	ExtBuilder.build_and_execute(|| {
		let paid = run_era();

		assert_eq!(paid, (50_000 * STN - emission::STAKING_ROUNDING, 10_000 * STN));
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 10_000 * STN);
		assert_eq!(totals().minted, 10_000 * STN);
	});
}

#[test]
fn the_next_budget_is_announced() {
	ExtBuilder.build_and_execute(|| {
		let budget = emission::emission(1, 100_000 * STN, &RewardsOf::get());
		assert!(budget < 100_000 * STN && budget > 99_900 * STN);

		run_era();

		let parts = emission::split(budget, &RewardsOf::get());
		assert_eq!(
			events(),
			[Event::EraBudgeted {
				era: 1,
				budget,
				validators: parts.validators,
				storage: parts.storage,
				bandwidth: parts.bandwidth,
				treasury: parts.treasury,
			}]
		);
		assert_eq!(totals().budgeted, 100_000 * STN + budget);
		assert_eq!(era().pools.storage, Pool::with_budget(parts.storage));
		assert_eq!(era().pools.bandwidth, Pool::with_budget(parts.bandwidth));
		assert_eq!((era().validators, era().treasury), (parts.validators, parts.treasury));
		assert_eq!((era().index, era().started, era().yields_before), (1, 1 + ERA, 0));
	});
}

#[test]
fn settings_change_the_eras_that_have_not_begun() {
	ExtBuilder.build_and_execute(|| {
		change_settings(|settings| {
			(settings.first, settings.floor) = (STN, STN);
			settings.validators = Perbill::from_percent(60);
			settings.treasury = Perbill::zero();
		});

		assert_eq!(run_era(), (50_000 * STN - emission::STAKING_ROUNDING, 10_000 * STN));
		assert_eq!(run_era(), (600_000_000_000 - emission::STAKING_ROUNDING, 0));
	});
}

#[test]
fn the_treasury_gets_nothing_above_its_ceiling() {
	ExtBuilder.build_and_execute(|| {
		change_settings(|settings| settings.treasury_ceiling = 15_000 * STN);

		assert_eq!(run_era().1, 10_000 * STN);
		assert_eq!(run_era().1, 5_000 * STN - EXISTENTIAL_DEPOSIT);
		assert_eq!(run_era().1, 0);
		assert_eq!(wealth(TREASURY), 15_000 * STN);
		// What it spends is filled up again; what it did not get is not.
		assert_ok!(Balances::transfer_allow_death(signed(TREASURY), PAYEE, STN));
		assert_eq!(run_era().1, STN);
	});
}

#[test]
fn the_last_era_with_a_budget_gets_what_is_left() {
	ExtBuilder.build_and_execute(|| {
		Supply::<Test>::mutate(|totals| totals.budgeted = MAX_BUDGETED - 7);

		run_era();
		let Event::EraBudgeted { budget, .. } = events()[0].clone() else { panic!("an era was budgeted") };
		assert_eq!((budget, totals().budgeted), (7, MAX_BUDGETED));
		let pools = era().pools;
		let parts = era().validators + era().treasury + pools.storage.budget + pools.bandwidth.budget;
		assert_eq!(parts, 7);

		for _ in 0..3 {
			let minted = totals().minted;
			let paid = run_era();
			assert_eq!(paid.0, 0);
			assert_eq!(totals().minted, minted + paid.1);
		}
		assert_eq!(run_era(), (0, 0));
		assert_eq!(totals().budgeted, MAX_BUDGETED);
	});
}

#[test]
fn pools_are_kept_as_long_as_they_count() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		let first = era().pools;

		for _ in 0..KEPT_ERAS {
			run_era();
		}
		assert_eq!(Rewards::closed(0, KEPT_ERAS), Some(first));
		assert_eq!(Closed::<Test>::get()[0], first);

		use_service(storage(NODE), 20 * STN);
		let last = era().pools;
		run_era();
		assert_eq!(Rewards::closed(0, KEPT_ERAS + 1), None);
		assert_eq!(Rewards::closed(KEPT_ERAS, KEPT_ERAS + 1), Some(last));
		assert_eq!(Closed::<Test>::get()[0], last);
	});
}

#[test]
fn every_kept_era_is_read_from_its_own_place() {
	ExtBuilder.build_and_execute(|| {
		let budgets: Vec<_> = (0..KEPT_ERAS + 5)
			.map(|_| {
				let pools = era().pools;
				run_era();
				pools
			})
			.collect();

		let running = era().index;
		for (index, pools) in (0..).zip(budgets) {
			let expected = (running - index <= KEPT_ERAS).then_some(pools);
			assert_eq!(Rewards::closed(index, running), expected, "era {index}");
		}
		assert_eq!(Rewards::closed(running, running), None);
		assert_eq!(Rewards::closed(running + 1, running), None);
	});
}

#[test]
fn what_it_costs_is_added_to_the_block() {
	ExtBuilder.build_and_execute(|| {
		let before = System::block_weight().get(DispatchClass::Mandatory).to_owned();

		FakeStaking::end_era(STAKED);

		let after = System::block_weight().get(DispatchClass::Mandatory).to_owned();
		let closed = <Test as frame_system::Config>::DbWeight::get().writes(1);
		assert_eq!(after, before + <() as WeightInfo>::era_payout() + closed);
	});
}

#[test]
fn what_nearly_every_transaction_touches_is_weighed_once_a_block() {
	ExtBuilder.build_and_execute(|| {
		let weight = <Rewards as Hooks<u32>>::on_initialize(1);

		let database = <Test as frame_system::Config>::DbWeight::get();
		assert_eq!(weight, database.reads_writes(4, 3));
	});
}

#[test]
fn the_end_of_an_era_touches_no_record() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		for node in 0..500 {
			use_service(storage(NodeId(node)), STN);
		}
		let before: BTreeMap<_, _> =
			Records::<Test>::iter().map(|(earner, record)| (earner.encode(), record)).collect();

		run_era();

		let after = Records::<Test>::iter().map(|(earner, record)| (earner.encode(), record)).collect();
		assert_eq!(before, after);
		assert_eq!(before.len(), 500);
	});
}

/// What the end of an era asks of the state and weighs, when so many nodes have earned something in it.
fn end_with(nodes: u64) -> (Accesses, Weight) {
	let mut found = None;
	ExtBuilder.build().execute_with(|| {
		run_era();
		let record = Record { era: 1, units: STN, pending: STN, current: None };
		for node in 0..nodes {
			Records::<Test>::insert(storage(NodeId(node)), record);
		}
		wait(ERA);
		let weight = || System::block_weight().total();
		let before = weight();

		let (_, accesses) = counted(|| FakeStaking::end_era(STAKED));

		found = Some((accesses, weight() - before));
	});
	found.unwrap()
}

#[test]
fn the_end_of_an_era_costs_the_same_for_a_million_nodes_as_for_a_thousand() {
	let (accesses, weight) = end_with(1_000);

	println!("{accesses:?} of {weight:?}");
	assert!(accesses.reads > 0 && accesses.writes > 0 && weight.ref_time() > 0);
	assert_eq!(end_with(1_000_000), (accesses, weight));
}

#[test]
fn eras_shorter_than_planned_pay_bonds_for_the_blocks_that_there_were() {
	ExtBuilder.build_and_execute(|| {
		run_era();
		let mut yields = 0;
		for _ in 0..5 {
			prove(NODE, BOND);
			wait(3);
			yields += 3 * era().yield_per_block;
			FakeStaking::end_era(STAKED);
		}

		assert_eq!(era().yields_before, yields);
		let before: Balance = record(storage(NODE)).pending;
		prove(NODE, BOND);
		assert!(record(storage(NODE)).units > 0 && before > 0);
	});
}
