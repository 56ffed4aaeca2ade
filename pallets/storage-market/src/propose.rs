//! Proposals: a customer's wish with the money for it, until an agent accepts it or its time is over.

use crate::{
	money,
	pallet::{Config, Deals, DealsOfNode, Error, Event, HoldReason, NextDealId, Pallet},
	types::DealOf,
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchError, DispatchResult, Get},
	traits::fungible::MutateHold,
};
use sp_runtime::SaturatedConversion;
use substation_primitives::{
	deal::{Deal, DealState, Proposal},
	settings::MAX_TERM,
	traits::{Nodes, StorageLedger},
	Balance, BlockNumber, DealId, Offer, ResourceClass,
};
use substation_proofs::content;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_propose(customer: T::AccountId, proposal: Proposal) -> DispatchResult {
		let settings = T::Settings::get();
		let Proposal { node, root, length, periods, price } = proposal;
		Self::check_proposal(&proposal)?;
		let rate = money::rate(price, length, &settings).ok_or(Error::<T>::PriceOutOfRange)?;
		let escrow = money::escrow(rate, periods).ok_or(Error::<T>::PriceOutOfRange)?;

		T::Currency::hold(&HoldReason::Escrow.into(), &customer, escrow)?;
		T::Currency::hold(&HoldReason::DealDeposit.into(), &customer, settings.deal_deposit)?;
		let deal = Self::next_deal_id()?;
		let expires = Self::now().saturating_add(settings.acceptance_time);
		let record = Deal {
			customer: customer.clone(),
			node,
			root,
			length: length.0,
			rate,
			periods,
			deposit: settings.deal_deposit,
			state: DealState::Proposed { expires },
		};
		Deals::<T>::insert(deal, record);
		DealsOfNode::<T>::insert(node, deal, ());
		Self::deposit_event(Event::DealProposed { deal, node, customer, root, length, rate, periods });
		Ok(())
	}

	pub(crate) fn do_withdraw_proposal(id: DealId) -> DispatchResult {
		let deal = Self::recorded(id)?;
		let DealState::Proposed { expires } = deal.state else {
			return Err(Error::<T>::AlreadyAccepted.into());
		};
		ensure!(Self::now() >= expires, Error::<T>::ProposalNotExpired);
		let refunded = Self::refund_escrow(&deal.customer, Self::proposal_escrow(&deal));
		Self::return_deposit(&deal);
		Self::remove_record(id, &deal);
		Self::deposit_event(Event::ProposalWithdrawn { deal: id, refunded });
		Ok(())
	}

	/// Whether the node would take such a deal now, as far as a proposal needs to know.
	fn check_proposal(proposal: &Proposal) -> Result<(), Error<T>> {
		ensure!(content::is_length_allowed(proposal.length.0), Error::<T>::LengthOutOfRange);
		ensure!((1..=MAX_TERM).contains(&proposal.periods), Error::<T>::TermOutOfRange);
		let node = T::Registry::node(proposal.node).ok_or(Error::<T>::NoSuchNode)?;
		ensure!(node.takes_work(), Error::<T>::NodeTakesNoWork);
		ensure!(!T::Ledger::is_terminated(proposal.node), Error::<T>::NodeTakesNoWork);
		let Offer { capacity, price } =
			T::Registry::offer(proposal.node, ResourceClass::Storage).ok_or(Error::<T>::NoOffer)?;
		ensure!(proposal.price >= price, Error::<T>::PriceBelowOffer);
		ensure!(proposal.length.0 <= capacity, Error::<T>::CapacityExceeded);
		Ok(())
	}

	fn next_deal_id() -> Result<DealId, DispatchError> {
		NextDealId::<T>::try_mutate(|next| {
			let id = *next;
			next.0 = id.0.checked_add(1).ok_or(Error::<T>::OutOfIds)?;
			Ok(id)
		})
	}

	/// What a proposal has in escrow: its whole term.
	pub(crate) fn proposal_escrow(deal: &DealOf<T>) -> Balance {
		// The product was checked when the customer paid it.
		deal.rate.saturating_mul(deal.periods.into())
	}

	/// The record of a deal, or which of the two reasons there is for having none.
	pub(crate) fn recorded(id: DealId) -> Result<DealOf<T>, Error<T>> {
		Deals::<T>::get(id).ok_or_else(|| {
			if id < NextDealId::<T>::get() {
				Error::<T>::DealGone
			} else {
				Error::<T>::UnknownDeal
			}
		})
	}

	/// Forgets a deal. The caller has moved its money and lowered the node's account.
	pub(crate) fn remove_record(id: DealId, deal: &DealOf<T>) {
		Deals::<T>::remove(id);
		DealsOfNode::<T>::remove(deal.node, id);
	}

	/// This block's height.
	pub(crate) fn now() -> BlockNumber {
		// Heights of this chain are 32 bits wide.
		frame_system::Pallet::<T>::block_number().saturated_into()
	}
}
