//! What other pallets are told.

use crate::mock::*;
use frame_support::{assert_ok, assert_storage_noop};
use substation_primitives::{
	deal::Proposal,
	settings::STN,
	traits::{Exposure, Obligations},
	Balance, Bytes, DealId, ResourceClass,
};

#[test]
fn a_node_owes_bond_for_accepted_deals_only() {
	ExtBuilder.build_and_execute(|| {
		propose(proposal());
		assert_eq!(StorageMarket::required_bond(NODE, ResourceClass::Storage), 0);

		let (_, deal) = accepted(2);
		assert_eq!(StorageMarket::required_bond(NODE, ResourceClass::Storage), 37 * STN);
		assert_eq!(StorageMarket::required_bond(NODE, ResourceClass::Bandwidth), 0);
		assert_eq!((StorageMarket::committed_rate(NODE), StorageMarket::reserve(NODE)), (STN, 7 * STN));

		run_periods(NODE, &[true; 3]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!(StorageMarket::required_bond(NODE, ResourceClass::Storage), 0);
		assert_eq!((StorageMarket::committed_rate(NODE), StorageMarket::reserve(NODE)), (0, 0));
	});
}

#[test]
fn a_node_is_free_when_its_deals_are_closed_and_its_forest_is_empty() {
	ExtBuilder.build_and_execute(|| {
		propose(proposal());
		assert!(StorageMarket::is_free(NODE));

		let (mut agent, deal) = accepted(2);
		assert!(!StorageMarket::is_free(NODE));
		run_periods(NODE, &[true; 3]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert!(!StorageMarket::is_free(NODE));
		agent.clear(&[0]);
		assert!(StorageMarket::is_free(NODE));
	});
}

#[test]
fn a_terminated_node_is_free_when_its_deals_are_closed() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		run_periods(NODE, &[true, false]);
		decide_termination(NODE);

		StorageMarket::catch_up(NODE);
		assert!(!StorageMarket::is_free(NODE));
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert!(StorageMarket::is_free(NODE));
	});
}

#[test]
fn a_forgotten_node_leaves_nothing() {
	ExtBuilder.build_and_execute(|| {
		StorageMarket::forget(NODE);

		assert!(!Ledgers::contains_key(NODE));
		assert_eq!(account(NODE), Default::default());
	});
}

#[test]
fn a_page_says_what_is_unsettled_and_whether_the_deal_can_be_closed() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!(StorageMarket::deal_page(DealId(0)), None);
		let proposed = propose(proposal());
		let (_, deal) = accepted(2);
		let look = |deal| {
			let page = StorageMarket::deal_page(deal).unwrap();
			assert_eq!(Some(page.deal), StorageMarket::deal(page.id));
			(page.unsettled, page.closable)
		};

		assert_eq!(look(proposed), ((0, 0), false));
		assert_eq!(look(deal), ((0, 0), false));
		run_periods(NODE, &[true, false]);
		assert_eq!(look(deal), ((1, 0), false));
		run_periods(NODE, &[true]);
		assert_eq!(look(deal), ((2, 1), true));
	});
}

#[test]
fn a_page_foresees_a_termination_without_writing_it() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(20);
		run_periods(NODE, &[true, false]);
		decide_termination(NODE);

		assert_storage_noop!({
			assert!(StorageMarket::deal_page(deal).unwrap().closable);
		});
	});
}

#[test]
fn the_pages_of_a_node_name_each_deal_once() {
	ExtBuilder.build_and_execute(|| {
		let count = 300;
		for _ in 0..count {
			propose(Proposal { periods: 1, length: Bytes(1), ..proposal() });
		}

		let mut seen = vec![];
		loop {
			let page = StorageMarket::deals_of_node(NODE, seen.last().copied(), 7);
			if page.is_empty() {
				break;
			}
			seen.extend(page.into_iter().map(|page| page.id));
		}

		seen.sort();
		assert_eq!(seen, (0..count).map(DealId).collect::<Vec<_>>());
		assert!(StorageMarket::deals_of_node(OTHER_NODE, None, 7).is_empty());
	});
}

#[test]
fn a_bond_that_no_number_can_express_is_never_released() {
	ExtBuilder.build_and_execute(|| {
		let absurd = crate::NodeAccount { committed_rate: Balance::MAX, ..Default::default() };
		crate::NodeAccounts::<Test>::insert(NODE, absurd);

		assert_eq!(StorageMarket::required_bond(NODE, ResourceClass::Storage), Balance::MAX);

		crate::NodeAccounts::<Test>::remove(NODE);
	});
}
