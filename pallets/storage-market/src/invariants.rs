//! What must hold in every state. The README lists them; the tests check them after every case.

use crate::{
	money,
	pallet::{Config, Deals, DealsOfNode, HeldBack, HoldReason, NextDealId, NodeAccounts, Pallet},
	types::NodeAccount,
};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	deal::{DealState, Terms},
	settings::MAX_TERM,
	traits::{Bonds, StorageLedger},
	Balance, NodeId, ResourceClass,
};
use substation_proofs::content;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_holds()?;
		Self::check_node_accounts()?;
		Self::check_index()?;
		Self::check_deals()?;
		Self::check_bonds()?;
		Self::check_forests()?;
		Self::check_held_back()
	}

	/// I1, I2: each customer has exactly the escrow and the deposits of its deals on hold.
	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::<T::AccountId, (Balance, Balance)>::new();
		for deal in Deals::<T>::iter_values() {
			let escrow = Self::escrow(&deal);
			let (escrows, deposits) = expected.entry(deal.customer).or_default();
			*escrows = escrows.saturating_add(escrow);
			*deposits = deposits.saturating_add(deal.deposit);
		}
		for (customer, (escrows, deposits)) in expected {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &customer);
			ensure!(held(HoldReason::Escrow) == escrows, "I1: the escrow on hold is not what the deals may still cost");
			ensure!(held(HoldReason::DealDeposit) == deposits, "I2: the deposits on hold are not the records'");
		}
		Ok(())
	}

	/// I3: a node's account is the sum over its accepted deals.
	fn check_node_accounts() -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::<NodeId, NodeAccount>::new();
		for deal in Deals::<T>::iter_values() {
			let DealState::Active(terms) = deal.state else { continue };
			let account = expected.entry(deal.node).or_default();
			*account = money::reserve(deal.rate, terms.compensation_periods)
				.and_then(|reserve| account.with(deal.length, deal.rate, reserve))
				.ok_or("I3: a sum over a node's deals is out of range")?;
		}
		let found = NodeAccounts::<T>::iter().collect::<BTreeMap<_, _>>();
		ensure!(found == expected, "I3: a node's account is not the sum over its accepted deals");
		Ok(())
	}

	/// I4: the index by node names exactly the records.
	fn check_index() -> Result<(), TryRuntimeError> {
		for (id, deal) in Deals::<T>::iter() {
			ensure!(DealsOfNode::<T>::contains_key(deal.node, id), "I4: a record is missing in the index by node");
		}
		let indexed = DealsOfNode::<T>::iter_keys().count();
		ensure!(indexed == Deals::<T>::iter_keys().count(), "I4: the index by node names a deal without a record");
		Ok(())
	}

	/// I5: ids are below the next one, lengths and terms within their bounds. I6: an accepted deal's periods are in
	/// order.
	fn check_deals() -> Result<(), TryRuntimeError> {
		let next = NextDealId::<T>::get();
		for (id, deal) in Deals::<T>::iter() {
			ensure!(id < next, "I5: a deal has an id that was not assigned");
			ensure!(content::is_length_allowed(deal.length), "I5: a deal's length is out of range");
			ensure!((1..=MAX_TERM).contains(&deal.periods), "I5: a deal's term is out of range");
			let DealState::Active(Terms { first, last, next_unsettled, paid_periods, .. }) = deal.state else {
				continue;
			};
			ensure!(last.next() >= first, "I6: a deal ends before the period of its acceptance");
			ensure!(money::span(first, last) <= deal.periods, "I6: a deal is longer than its customer asked");
			ensure!(first <= next_unsettled && next_unsettled <= last.next(), "I6: a deal is settled outside its term");
			let settled = next_unsettled.0.saturating_sub(first.0);
			ensure!(u32::from(paid_periods) <= settled, "I6: a deal was paid for more periods than are settled");
		}
		Ok(())
	}

	/// I7: fines never touched what a node reserves for its customers.
	fn check_bonds() -> Result<(), TryRuntimeError> {
		for (node, account) in NodeAccounts::<T>::iter() {
			let bond = T::Registry::bond(node, ResourceClass::Storage);
			ensure!(bond >= account.reserve, "I7: a bond is below the reserve for the customers");
		}
		Ok(())
	}

	/// I9: only accepted deals are held back.
	fn check_held_back() -> Result<(), TryRuntimeError> {
		for id in HeldBack::<T>::iter_keys() {
			ensure!(Self::accepted(id).is_ok(), "I9: a deal is held back that is not accepted");
		}
		Ok(())
	}

	/// I8: unless a node was terminated, its forest holds at least the bytes of its accepted deals.
	fn check_forests() -> Result<(), TryRuntimeError> {
		for (node, account) in NodeAccounts::<T>::iter() {
			let challenged = T::Ledger::forest(node).total;
			let terminated = T::Ledger::terminated_at(node).is_some();
			ensure!(terminated || challenged >= account.bytes, "I8: a node is paid for bytes that nobody challenges");
		}
		Ok(())
	}
}
