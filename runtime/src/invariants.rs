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
//! - X8: the account of test fees covers everything that operators have prepaid and members have earned, and the pools
//!   of eras that are over cover what was earned and not claimed.
//! - X9: what is on hold for a stake or for one of our purposes is what records name, in all: nobody has anything on hold
//!   for a record that is gone. All that is on hold is reserved.
//! - X10: seats belong to registered nodes, and the record of a line names the registry's operator.
//! - X11: the bandwidth bond of every node covers its seats.
//! - X12: the deals that are held back are those with a dispute.
//! - X13: nodes that earn are registered.
//! - X14: the council's spends were paid no more in this term than their budget.
//! - X15: what is paused is a call of this runtime that may be paused.

use crate::{
	brake::NeverPaused,
	budget,
	governance::{CouncilTermLimit, TreasuryPot},
	AccountId, Balance, BandwidthProofs, Registry, Runtime, StorageProofs, System,
};
use alloc::collections::BTreeMap;
use frame_support::{
	ensure,
	traits::{Contains, Get, TypedGet},
};
use pallet_bandwidth_proofs::{Lines, Seats};
use pallet_storage_market::{Deals, DealsOfNode, NodeAccounts};
use pallet_storage_proofs::NodeProofs;
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	deal::DealState,
	pots::Pot,
	rewards::Earner,
	traits::{Bonds, Nodes, Obligations, StorageLedger},
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
	check_pots()?;
	check_lines_belong_to_nodes()?;
	check_bonds_cover_seats()?;
	check_disputes()?;
	check_earners()?;
	check_budget()?;
	check_pauses()
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

/// X7, X8, X9: every pot holds what it owes. Anybody can ask for the same sums.
fn check_pots() -> Result<(), TryRuntimeError> {
	for sum in crate::pots::all().0 {
		let message = match sum.pot {
			Pot::Accounts => "X7: the issuance is not the sum of all accounts",
			Pot::TestFees => "X8: the account of test fees does not cover what lines name",
			Pot::Rewards => "X8: the pools of eras that are over do not cover what was earned",
			Pot::Reserved => "X9: less is reserved than is on hold",
			_ => "X9: what is on hold is not what records name",
		};
		ensure!(sum.is_covered(), message);
	}
	Ok(())
}

/// X10: seats belong to registered nodes, and the record of a line names the registry's operator.
fn check_lines_belong_to_nodes() -> Result<(), TryRuntimeError> {
	for (node, line) in Lines::<Runtime>::iter() {
		let info = <Registry as Nodes<AccountId>>::node(node);
		ensure!(
			info.is_some_and(|info| info.operator == line.operator),
			"X10: a line belongs to no node, or another's"
		);
	}
	let epoch = <Runtime as pallet_bandwidth_proofs::Config>::EpochIndex::get();
	for seat in Seats::<Runtime>::iter_values().flatten().filter(|seat| seat.until > epoch) {
		ensure!(Lines::<Runtime>::contains_key(seat.node), "X10: a seat belongs to no line");
	}
	Ok(())
}

/// X11: the bandwidth bond of every node covers its seats.
fn check_bonds_cover_seats() -> Result<(), TryRuntimeError> {
	for node in Lines::<Runtime>::iter_keys() {
		let bond = <Registry as Bonds<AccountId>>::bond(node, ResourceClass::Bandwidth);
		let required = <BandwidthProofs as Obligations>::required_bond(node, ResourceClass::Bandwidth);
		ensure!(bond >= required, "X11: a bond is smaller than what the node's seats need");
	}
	Ok(())
}

/// X12: the deals that are held back are those with a dispute.
fn check_disputes() -> Result<(), TryRuntimeError> {
	let mut held_back = pallet_storage_market::HeldBack::<Runtime>::iter_keys();
	ensure!(held_back.all(pallet_disputes::Disputes::<Runtime>::contains_key), "X12: a deal is held back for nothing");
	let mut disputed = pallet_disputes::Disputes::<Runtime>::iter_keys();
	ensure!(
		disputed.all(pallet_storage_market::HeldBack::<Runtime>::contains_key),
		"X12: a disputed deal is not held back"
	);
	Ok(())
}

/// X13: nodes that earn are registered: a registry that forgets a node has its rewards settled.
fn check_earners() -> Result<(), TryRuntimeError> {
	for earner in pallet_rewards::Records::<Runtime>::iter_keys() {
		if let Earner::Node { node, .. } = earner {
			ensure!(<Registry as Nodes<AccountId>>::node(node).is_some(), "X13: a node that is gone earns");
		}
	}
	Ok(())
}

/// X14: the council's spends were paid no more in this term than their budget.
fn check_budget() -> Result<(), TryRuntimeError> {
	ensure!(
		budget::paid_in_term() <= CouncilTermLimit::get(),
		"X14: the council's spends were paid more than their budget"
	);
	Ok(())
}

/// X15: what is paused is a call of this runtime that may be paused. Nobody could lift another pause.
fn check_pauses() -> Result<(), TryRuntimeError> {
	let mut paused = pallet_tx_pause::PausedCalls::<Runtime>::iter_keys();
	ensure!(!paused.any(|name| NeverPaused::contains(&name)), "X15: a call is paused that cannot be");
	Ok(())
}
