//! The three ends of a deal: the customer's early one and the operator's forfeit, which make the current period its
//! last, and the close that every deal comes to.

use crate::{
	money::{self, Payment},
	pallet::{Config, Deals, Error, Event, NodeAccounts, Pallet},
	settle::effective_last,
	types::{DealOf, NodeAccount},
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchResult, Get},
};
use substation_primitives::{
	deal::{DealState, Terms},
	traits::{Bonds, Nodes, OnSettled, StorageLedger},
	Balance, DealId, ResourceClass,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_end_early(customer: T::AccountId, id: DealId) -> DispatchResult {
		let (mut deal, mut terms) = Self::undisputed(id)?;
		ensure!(deal.customer == customer, Error::<T>::NotCustomer);
		T::Ledger::catch_up(deal.node);
		ensure!(T::Ledger::terminated_at(deal.node).is_none(), Error::<T>::NodeTerminated);
		let current = T::Ledger::current(deal.node);
		ensure!(current < terms.last, Error::<T>::NothingLeftToEnd);

		let remaining = money::span(current.next(), terms.last);
		let notice = T::Settings::get().early_end_periods;
		let payment = money::early_end(deal.rate, terms.shares, notice, remaining);
		let Payment { provider, burned, treasury, refunded } = Self::pay(&deal, payment);
		if burned > 0 {
			T::OnSettled::on_ended_early(burned);
		}
		// Below `first` if the deal was accepted in this very period.
		terms.last = current;
		deal.state = DealState::Active(terms);
		Deals::<T>::insert(id, deal);
		Self::deposit_event(Event::DealEndedEarly { deal: id, provider, burned, treasury, refunded });
		Ok(())
	}

	pub(crate) fn do_forfeit(operator: T::AccountId, id: DealId) -> DispatchResult {
		let (mut deal, mut terms) = Self::undisputed(id)?;
		let node = T::Registry::node(deal.node).ok_or(Error::<T>::NoSuchNode)?;
		ensure!(node.operator == operator, Error::<T>::NotOperator);
		T::Ledger::catch_up(deal.node);
		ensure!(T::Ledger::terminated_at(deal.node).is_none(), Error::<T>::NodeTerminated);
		ensure!(T::Ledger::closed(deal.node) < Some(terms.last), Error::<T>::NothingLeftToEnd);
		// Accepted deals reserve something; a forfeited one does not any more.
		ensure!(terms.compensation_periods > 0, Error::<T>::NothingLeftToEnd);

		Self::settle_closed(id, &deal, &mut terms);
		Self::compensate(id, &deal, &terms);
		let current = T::Ledger::current(deal.node);
		let given_up = money::span(current.next(), terms.last);
		let refunded = Self::refund_escrow(&deal.customer, deal.rate.saturating_mul(given_up.into()));
		// The rate stays committed until the current window has closed: whoever knows what it asks and forfeits pays
		// the fine of a miss all the same.
		let reserve = money::reserve(deal.rate, terms.compensation_periods).unwrap_or_default();
		NodeAccounts::<T>::mutate(deal.node, |account| account.reserve = account.reserve.saturating_sub(reserve));
		terms.last = terms.last.min(current);
		terms.compensation_periods = 0;
		deal.state = DealState::Active(terms);
		Deals::<T>::insert(id, deal);
		Self::deposit_event(Event::DealForfeited { deal: id, refunded });
		Ok(())
	}

	pub(crate) fn do_close(id: DealId) -> DispatchResult {
		let (deal, mut terms) = Self::undisputed(id)?;
		T::Ledger::catch_up(deal.node);
		let last = effective_last(&terms, T::Ledger::terminated_at(deal.node));
		ensure!(T::Ledger::closed(deal.node) >= Some(last), Error::<T>::NotOver);

		Self::settle_closed(id, &deal, &mut terms);
		if last < terms.last {
			Self::compensate(id, &deal, &terms);
		}
		let refunded = Self::finish(id, &deal, &terms);
		Self::deposit_event(Event::DealClosed { deal: id, refunded });
		Ok(())
	}

	/// Pays the customer of a lost deal from the deal's own reserve, so that no other deal of the node gets less. Says
	/// how much was paid.
	pub(crate) fn compensate(id: DealId, deal: &DealOf<T>, terms: &Terms) -> Balance {
		let owed = money::compensation(deal.rate, terms);
		if owed == 0 {
			return 0;
		}
		let amount = T::Registry::take(deal.node, ResourceClass::Storage, &deal.customer, owed);
		Self::deposit_event(Event::CustomerCompensated { deal: id, amount });
		amount
	}

	/// Refunds what is left in escrow, returns the deposit, frees the node of the deal and forgets it. Says how much
	/// was refunded.
	fn finish(id: DealId, deal: &DealOf<T>, terms: &Terms) -> Balance {
		let refunded = Self::refund_escrow(&deal.customer, money::escrow_left(deal.rate, terms));
		Self::return_deposit(deal);
		Self::remove_record(id, deal);
		let reserve = money::reserve(deal.rate, terms.compensation_periods).unwrap_or_default();
		let account = NodeAccounts::<T>::get(deal.node).without(deal.length, deal.rate, reserve);
		if account == NodeAccount::default() {
			NodeAccounts::<T>::remove(deal.node);
		} else {
			NodeAccounts::<T>::insert(deal.node, account);
		}
		refunded
	}
}
