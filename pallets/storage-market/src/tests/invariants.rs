//! The checks themselves find what they are for.

use crate::{mock::*, Deals, DealsOfNode, HoldReason, NextDealId, NodeAccounts};
use frame_support::{
	assert_ok,
	traits::{fungible::MutateHold, tokens::Precision},
};
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	deal::{DealState, Terms},
	DealId, Period,
};

/// The invariant that complains once `spoil` has run on a node with one deal and one proposal.
fn complaint(spoil: impl FnOnce(DealId)) -> String {
	let mut found = String::new();
	ExtBuilder.build().execute_with(|| {
		let (_, deal) = accepted(10);
		propose(proposal());
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		assert_ok!(StorageMarket::do_try_state());

		spoil(deal);

		found = match StorageMarket::do_try_state() {
			Err(TryRuntimeError::Other(text)) => text.chars().take(2).collect(),
			other => panic!("{other:?}"),
		};
	});
	found
}

fn change_terms(id: DealId, change: impl FnOnce(&mut Terms)) {
	Deals::<Test>::mutate_extant(id, |deal| {
		let DealState::Active(terms) = &mut deal.state else { panic!() };
		change(terms);
	});
}

#[test]
fn every_invariant_can_fail() {
	let release = |reason: HoldReason| {
		assert_ok!(Balances::release(&reason.into(), &CUSTOMER, 1, Precision::Exact));
	};

	assert_eq!(complaint(|_| release(HoldReason::Escrow)), "I1");
	assert_eq!(complaint(|id| change_terms(id, |terms| terms.next_unsettled = Period(9))), "I1");
	assert_eq!(complaint(|_| release(HoldReason::DealDeposit)), "I2");
	assert_eq!(complaint(|_| NodeAccounts::<Test>::mutate(NODE, |account| account.reserve += 1)), "I3");
	assert_eq!(complaint(|_| NodeAccounts::<Test>::mutate(OTHER_NODE, |account| account.deals += 1)), "I3");
	assert_eq!(complaint(|id| DealsOfNode::<Test>::remove(NODE, id)), "I4");
	assert_eq!(complaint(|_| DealsOfNode::<Test>::insert(OTHER_NODE, DealId(0), ())), "I4");
	assert_eq!(complaint(NextDealId::<Test>::put), "I5");
	assert_eq!(complaint(|id| change_terms(id, |terms| terms.paid_periods = 9)), "I6");
	assert_eq!(complaint(|_| set_bond(NODE, account(NODE).reserve - 1)), "I7");
	assert_eq!(complaint(|_| Ledgers::mutate(NODE, |ledger| ledger.forest = Default::default())), "I8");
}
