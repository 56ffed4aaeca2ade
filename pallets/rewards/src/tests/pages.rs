//! What the runtime API is told.

use crate::mock::*;
use frame_support::{assert_ok, assert_storage_noop};
use substation_primitives::{
	rewards::{CurrentPage, PoolPage, RewardPage, SupplyPage, MAX_BUDGETED},
	settings::STN,
};

#[test]
fn a_page_shows_what_a_claim_would_pay() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		run_era();
		prove(NODE, BOND);
		use_service(storage(NODE), 100);
		wait(3);
		let now = 1 + ERA + 3;

		assert_storage_noop!(assert_eq!(
			Rewards::reward_page(storage(NODE)),
			Some(RewardPage {
				earner: storage(NODE),
				now,
				era: 1,
				pending: 8 * STN,
				credited: 80,
				current: Some(CurrentPage { since: now - 3, due: now - 3 + LONGEST, bond: BOND }),
			})
		));

		let before = wealth(OPERATOR);
		assert_ok!(claim(CUSTOMER, &[NODE]));
		assert_eq!(wealth(OPERATOR), before + 8 * STN);
		assert_eq!(Rewards::reward_page(storage(NODE)).map(|page| (page.pending, page.credited)), Some((0, 80)));
	});
}

#[test]
fn pending_is_folded_for_a_page_too() {
	ExtBuilder.build_and_execute(|| {
		// Twice what the pool has.
		let budget = era().pools.storage.budget;
		use_service(storage(NODE), budget * 10 / 8 * 2);
		assert_eq!(
			Rewards::reward_page(storage(NODE)).map(|page| (page.pending, page.credited)),
			Some((0, 2 * budget))
		);

		run_era();
		assert_eq!(Rewards::reward_page(storage(NODE)).map(|page| (page.pending, page.credited)), Some((budget, 0)));
	});
}

#[test]
fn who_has_earned_nothing_has_no_page() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!(Rewards::reward_page(storage(NODE)), None);
		assert_eq!(Rewards::reward_page(payee(PAYEE)), None);
	});
}

#[test]
fn the_supply_is_shown_whole() {
	ExtBuilder.build_and_execute(|| {
		let genesis = Balances::total_issuance();
		let budget = era().pools.bandwidth.budget;
		use_service(payee(PAYEE), 10 * STN);
		let page = Rewards::supply_page();
		assert_eq!((page.era, page.nominating, page.availability_per_block), (0, 0, 0));
		assert_eq!(page.bandwidth, PoolPage { units: 8 * STN, budget });

		let (_, rest) = run_era();
		reap(AUTHOR);

		assert_storage_noop!(assert_eq!(
			Rewards::supply_page(),
			SupplyPage {
				now: 1 + ERA,
				era: 1,
				genesis,
				issuance: genesis + rest - WEALTH - 10 * STN,
				budgeted: totals().budgeted,
				max: MAX_BUDGETED,
				minted: rest,
				burned: 10 * STN + WEALTH,
				burned_by_calls: 10 * STN,
				burned_seen: 10 * STN,
				nominating: era().nominating,
				availability_per_block: era().yield_per_block,
				storage: PoolPage { units: 0, budget: era().pools.storage.budget },
				bandwidth: PoolPage { units: 0, budget: era().pools.bandwidth.budget },
			}
		));
		assert!(era().nominating > 0 && era().yield_per_block > 0);
	});
}
