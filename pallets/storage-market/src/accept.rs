//! Acceptance: an agent takes proposals into its node's forest.
//!
//! The authorisation and the dispatch share [`Pallet::check_accept`], both on the state that
//! [`StorageLedger::catch_up`] leaves behind, so that what was authorised cannot fail.

use crate::{
	money,
	pallet::{Config, Deals, Error, Event, NodeAccounts, Pallet},
	rejection::{reject, update_tag, WRONG_UPDATE},
	types::{AcceptPlan, AcceptancesOf, AgentSignature, DealOf, NodeAccount},
};
use alloc::vec::Vec;
use frame_support::{
	ensure,
	pallet_prelude::{
		DispatchResult, Get, InvalidTransaction, TransactionSource, TransactionValidityWithRefund, Weight,
	},
};
use substation_primitives::{
	deal::{Acceptance, DealState, Terms},
	settings::MarketSettings,
	traits::{Bonds, Nodes, StorageLedger},
	Bytes, DealId, NodeId, Offer, Period, ResourceClass,
};
use substation_proofs::{
	authority,
	forest::{Change, UpdateProof},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn authorize_accept(
		_source: TransactionSource,
		node: &NodeId,
		acceptances: &AcceptancesOf<T>,
		depth: &u8,
		proof: &UpdateProof,
		signature: &AgentSignature,
	) -> TransactionValidityWithRefund {
		let (node, depth) = (*node, *depth);
		let agent = T::Registry::node(node).ok_or_else(|| reject(Error::<T>::NoSuchNode))?.agent;
		Self::check_proof_size(acceptances.len(), depth, proof).map_err(reject)?;
		// Before anything that grows with the updates or applies misses: whoever cannot sign costs one signature. Catching
		// up changes the forest by a termination only, and a terminated node takes no work.
		let root = T::Ledger::forest(node).root;
		let message = authority::accept_message(&Self::genesis(), node.0, &root, depth, acceptances);
		Self::check_signature(&agent, &message, signature).map_err(reject)?;
		Self::caught_up(node, || {
			let plan = Self::check_accept(node, acceptances).map_err(reject)?;
			T::Ledger::check_update(node, depth, &plan.changes, proof)
				.map_err(|_| InvalidTransaction::Custom(WRONG_UPDATE))?;
			Ok((update_tag(node), Weight::zero()))
		})
	}

	pub(crate) fn do_accept(
		node: NodeId,
		acceptances: &[Acceptance],
		depth: u8,
		proof: &UpdateProof,
	) -> DispatchResult {
		T::Ledger::catch_up(node);
		let plan = Self::check_accept(node, acceptances)?;
		T::Ledger::update(node, depth, &plan.changes, proof)?;
		NodeAccounts::<T>::insert(node, plan.account);
		for (deal, terms, record) in plan.deals {
			let Terms { slot, first, last, .. } = terms;
			Deals::<T>::insert(deal, record);
			Self::deposit_event(Event::DealAccepted { deal, node, slot, first, last });
		}
		Ok(())
	}

	/// Whether the node may accept these proposals into these slots, and what that would write. Expects a node that
	/// is caught up; says nothing of the signature and the update proof.
	pub(crate) fn check_accept(node: NodeId, acceptances: &[Acceptance]) -> Result<AcceptPlan<T>, Error<T>> {
		Self::check_takes_work(node)?;
		let ids = Self::check_canonical(acceptances.iter().map(|one| (one.slot, one.deal)))?;
		let settings = T::Settings::get();
		let offer = T::Registry::offer(node, ResourceClass::Storage).ok_or(Error::<T>::NoOffer)?;
		let mut account = NodeAccounts::<T>::get(node);
		let mut deals = Vec::with_capacity(ids);
		let mut changes = Vec::with_capacity(ids);
		for acceptance in acceptances {
			let deal = Self::check_proposed(node, acceptance.deal)?;
			let terms = Self::terms(node, &deal, acceptance.slot, &settings);
			Self::check_price(&deal, &offer, &settings)?;
			account = Self::account_with(&account, &deal, &terms).ok_or(Error::<T>::BondTooLow)?;
			changes.push((acceptance.slot, Change::Insert(deal.leaf(acceptance.deal))));
			deals.push((acceptance.deal, terms, DealOf::<T> { state: DealState::Active(terms), ..deal }));
		}
		ensure!(account.bytes <= offer.capacity, Error::<T>::CapacityExceeded);
		Self::check_bond(node, &account, &settings)?;
		Ok(AcceptPlan { deals, changes, account })
	}

	fn check_takes_work(node: NodeId) -> Result<(), Error<T>> {
		let info = T::Registry::node(node).ok_or(Error::<T>::NoSuchNode)?;
		ensure!(info.takes_work() && !T::Ledger::is_terminated(node), Error::<T>::NodeTakesNoWork);
		Ok(())
	}

	/// The proposal to this node that can still be accepted.
	fn check_proposed(node: NodeId, id: DealId) -> Result<DealOf<T>, Error<T>> {
		let deal = Self::recorded(id)?;
		ensure!(deal.node == node, Error::<T>::OtherNode);
		let DealState::Proposed { expires } = deal.state else { return Err(Error::<T>::AlreadyAccepted) };
		ensure!(Self::now() < expires, Error::<T>::ProposalExpired);
		Ok(deal)
	}

	/// A stolen agent key shall not sell below what the operator asks now.
	fn check_price(deal: &DealOf<T>, offer: &Offer, settings: &MarketSettings) -> Result<(), Error<T>> {
		let asked = money::rate(offer.price, Bytes(deal.length), settings).ok_or(Error::<T>::PriceBelowOffer)?;
		ensure!(deal.rate >= asked, Error::<T>::PriceBelowOffer);
		Ok(())
	}

	fn check_bond(node: NodeId, account: &NodeAccount, settings: &MarketSettings) -> Result<(), Error<T>> {
		let required = money::required_bond(account, settings.fine_room_periods).ok_or(Error::<T>::BondTooLow)?;
		let least = required.max(T::RegistrySettings::get().min_bond);
		ensure!(T::Registry::bond(node, ResourceClass::Storage) >= least, Error::<T>::BondTooLow);
		Ok(())
	}

	/// A deal accepted now is first due in the next period: the current one's challenge is already frozen.
	fn terms(node: NodeId, deal: &DealOf<T>, slot: u32, settings: &MarketSettings) -> Terms {
		let current = T::Ledger::current(node);
		let first = current.next();
		Terms {
			slot,
			shares: settings.shares,
			first,
			last: Period(current.0.saturating_add(deal.periods)),
			next_unsettled: first,
			paid_periods: 0,
			compensation_periods: settings.compensation_periods,
		}
	}

	fn account_with(account: &NodeAccount, deal: &DealOf<T>, terms: &Terms) -> Option<NodeAccount> {
		let reserve = money::reserve(deal.rate, terms.compensation_periods)?;
		account.with(deal.length, deal.rate, reserve)
	}
}
