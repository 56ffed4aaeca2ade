//! What this pallet answers to others: the proofs' and the registry's questions, and the runtime API's pages.

use crate::{
	money,
	pallet::{Config, Deals, DealsOfNode, HeldBack, NodeAccounts, Pallet},
	settle::{due, effective_last},
	types::{DealOf, NodeAccount},
};
use alloc::vec::Vec;
use frame_support::pallet_prelude::Get;
use substation_primitives::{
	deal::DealState,
	pages::DealPage,
	traits::{Exposure, Obligations, StorageLedger},
	Balance, DealId, NodeId, ResourceClass,
};

impl<T: Config> Exposure for Pallet<T> {
	fn committed_rate(node: NodeId) -> Balance {
		NodeAccounts::<T>::get(node).committed_rate
	}

	fn reserve(node: NodeId) -> Balance {
		NodeAccounts::<T>::get(node).reserve
	}
}

impl<T: Config> Obligations for Pallet<T> {
	fn catch_up(node: NodeId) {
		T::Ledger::catch_up(node);
	}

	fn required_bond(node: NodeId, class: ResourceClass) -> Balance {
		match class {
			ResourceClass::Storage => {
				let room = T::Settings::get().fine_room_periods;
				// Out of range means more than exists: nothing of the bond may go.
				money::required_bond(&NodeAccounts::<T>::get(node), room).unwrap_or(Balance::MAX)
			}
			// Deals promise storage only.
			ResourceClass::Bandwidth => 0,
		}
	}

	fn is_free(node: NodeId) -> bool {
		NodeAccounts::<T>::get(node).deals == 0
			&& (T::Ledger::forest(node).total == 0 || T::Ledger::terminated_at(node).is_some())
	}

	fn forget(node: NodeId) {
		T::Ledger::forget(node);
		NodeAccounts::<T>::remove(node);
	}
}

impl<T: Config> Pallet<T> {
	/// What a proposal or a deal has in escrow.
	pub fn escrow(deal: &DealOf<T>) -> Balance {
		match &deal.state {
			DealState::Proposed { .. } => Self::proposal_escrow(deal),
			DealState::Active(terms) => money::escrow_left(deal.rate, terms),
		}
	}

	/// What a node has promised: the sums over its accepted deals.
	pub fn node_account(node: NodeId) -> NodeAccount {
		NodeAccounts::<T>::get(node)
	}

	/// The record of a proposal or a deal.
	pub fn deal(id: DealId) -> Option<DealOf<T>> {
		Deals::<T>::get(id)
	}

	/// A deal and what can be said of it now, with every final miss of its node applied. Writes nothing.
	pub fn deal_page(id: DealId) -> Option<DealPage<T::AccountId>> {
		let deal = Deals::<T>::get(id)?;
		let (unsettled, over) = Self::caught_up(deal.node, || Self::prospects(&deal));
		let closable = over && !HeldBack::<T>::contains_key(id);
		// Disputes are not this pallet's: the runtime fills them in.
		Some(DealPage { id, deal, unsettled, closable, dispute: None })
	}

	/// Up to `limit` proposals and deals of a node, in an order that never changes but is not that of the ids. The
	/// next page is after the last deal of this one.
	pub fn deals_of_node(node: NodeId, after: Option<DealId>, limit: u32) -> Vec<DealPage<T::AccountId>> {
		let ids = match after {
			Some(after) => DealsOfNode::<T>::iter_key_prefix_from(node, DealsOfNode::<T>::hashed_key_for(node, after)),
			None => DealsOfNode::<T>::iter_key_prefix(node),
		};
		// `usize` has at least 32 bits.
		ids.filter_map(Self::deal_page).take(limit as usize).collect()
	}

	/// Closed periods that are not settled, how many of them were proven, and whether the deal is over.
	fn prospects(deal: &DealOf<T>) -> ((u32, u32), bool) {
		let DealState::Active(terms) = deal.state else { return ((0, 0), false) };
		let closed = T::Ledger::closed(deal.node);
		let terminated_at = T::Ledger::terminated_at(deal.node);
		let unsettled = due(&terms, closed, terminated_at)
			.map_or((0, 0), |(first, last)| (money::span(first, last), T::Ledger::proven(deal.node, first, last)));
		(unsettled, closed >= Some(effective_last(&terms, terminated_at)))
	}
}
