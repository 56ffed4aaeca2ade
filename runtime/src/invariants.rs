//! What must hold across pallets. Each pallet checks its own invariants in `try_state`; these need more than one.
//!
//! - X1: every proposal and deal is listed with its node, and every deal names a registered one. A proposal may outlive
//!   its node.
//! - X2: a node's account is the sum of its accepted deals.
//! - X3: only registered nodes have a forest.
//! - X4: the bytes of a working node's deals are all in its forest.
//! - X5: the bond of every node covers the reserve of its customers.
//! - X6: the treasury's account exists.
//! - X7: the total issuance is the sum of all accounts.

use crate::{governance::TreasuryPot, AccountId, Balance, Registry, Runtime, StorageProofs, System};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::TypedGet};
use pallet_storage_market::{Deals, DealsOfNode, NodeAccounts};
use pallet_storage_proofs::NodeProofs;
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	deal::DealState,
	traits::{Bonds, Nodes, StorageLedger},
	NodeId, ResourceClass,
};

/// Checks all of them.
pub fn check() -> Result<(), TryRuntimeError> {
	check_deals_name_nodes()?;
	check_accounts_are_sums()?;
	check_forests_belong_to_nodes()?;
	check_deals_are_in_forests()?;
	check_bonds_cover_reserves()?;
	check_treasury_exists()?;
	check_issuance()
}

/// X1: every proposal and deal is listed with its node, and every deal names a registered one. A proposal may outlive
/// its node: it reserves nothing there, and its customer gets the money back once it has expired.
fn check_deals_name_nodes() -> Result<(), TryRuntimeError> {
	for (id, deal) in Deals::<Runtime>::iter() {
		ensure!(DealsOfNode::<Runtime>::contains_key(deal.node, id), "X1: a deal is not listed with its node");
		let accepted = matches!(deal.state, DealState::Active(_));
		ensure!(
			!accepted || <Registry as Nodes<AccountId>>::node(deal.node).is_some(),
			"X1: an accepted deal names a node that is not there"
		);
	}
	Ok(())
}

/// X2: a node's account is the sum of its accepted deals.
fn check_accounts_are_sums() -> Result<(), TryRuntimeError> {
	let mut sums = BTreeMap::<NodeId, (u32, u64, Balance)>::new();
	for deal in Deals::<Runtime>::iter_values().filter(|deal| matches!(deal.state, DealState::Active(_))) {
		let (deals, bytes, rate) = sums.entry(deal.node).or_default();
		*deals = deals.saturating_add(1);
		*bytes = bytes.saturating_add(deal.length);
		*rate = rate.saturating_add(deal.rate);
	}
	for (node, account) in NodeAccounts::<Runtime>::iter() {
		let sum = sums.remove(&node).unwrap_or_default();
		ensure!(
			sum == (account.deals, account.bytes, account.committed_rate),
			"X2: a node's account is not the sum of its deals"
		);
	}
	ensure!(sums.is_empty(), "X2: a node with deals has no account");
	Ok(())
}

/// X3: only registered nodes have a forest.
fn check_forests_belong_to_nodes() -> Result<(), TryRuntimeError> {
	for node in NodeProofs::<Runtime>::iter_keys() {
		ensure!(<Registry as Nodes<AccountId>>::node(node).is_some(), "X3: a forest belongs to no node");
	}
	Ok(())
}

/// X4: the bytes of a working node's deals are all in its forest. Ended deals stay in it until they are cleared.
fn check_deals_are_in_forests() -> Result<(), TryRuntimeError> {
	for (node, account) in NodeAccounts::<Runtime>::iter() {
		if StorageProofs::terminated_at(node).is_none() {
			ensure!(StorageProofs::forest(node).total >= account.bytes, "X4: a forest is smaller than its deals");
		}
	}
	Ok(())
}

/// X5: the bond of every node covers the reserve of its customers: fines never touch it.
fn check_bonds_cover_reserves() -> Result<(), TryRuntimeError> {
	for (node, account) in NodeAccounts::<Runtime>::iter() {
		let bond = <Registry as Bonds<AccountId>>::bond(node, ResourceClass::Storage);
		ensure!(bond >= account.reserve, "X5: a bond is smaller than what is reserved in it");
	}
	Ok(())
}

/// X6: the treasury's account exists.
fn check_treasury_exists() -> Result<(), TryRuntimeError> {
	ensure!(System::account_exists(&TreasuryPot::get()), "X6: the treasury's account does not exist");
	Ok(())
}

/// X7: the total issuance is the sum of all accounts.
fn check_issuance() -> Result<(), TryRuntimeError> {
	let sum = frame_system::Account::<Runtime>::iter_values()
		.fold(0, |sum: Balance, account| sum.saturating_add(account.data.free).saturating_add(account.data.reserved));
	ensure!(sum == pallet_balances::TotalIssuance::<Runtime>::get(), "X7: the issuance is not the sum of all accounts");
	Ok(())
}
