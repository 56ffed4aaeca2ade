//! Settlement: closed periods are paid or refunded, in closed form and in whole periods.

use crate::{
	money::{self, Payment},
	pallet::{Config, Deals, Error, Event, HeldBack, HoldReason, Pallet},
	types::DealOf,
	LOG_TARGET,
};
use frame_support::{
	defensive, ensure,
	pallet_prelude::{DispatchError, DispatchResult},
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
	},
};
use substation_primitives::{
	deal::{DealState, Terms},
	traits::{Nodes, OnSettled, StorageLedger, Treasury},
	Balance, DealId, Period,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_settle(id: DealId) -> DispatchResult {
		let (mut deal, mut terms) = Self::undisputed(id)?;
		T::Ledger::catch_up(deal.node);
		if Self::settle_closed(id, &deal, &mut terms) {
			deal.state = DealState::Active(terms);
			Deals::<T>::insert(id, deal);
		}
		Ok(())
	}

	/// Pays or refunds every closed period of a deal that is not settled, and says whether there was one. Expects a
	/// node that is caught up; the caller stores `terms`.
	pub(crate) fn settle_closed(id: DealId, deal: &DealOf<T>, terms: &mut Terms) -> bool {
		let Some((first, last)) = due(terms, T::Ledger::closed(deal.node), T::Ledger::terminated_at(deal.node)) else {
			return false;
		};
		let periods = money::span(first, last);
		let proven = T::Ledger::proven(deal.node, first, last).min(periods);
		let missed = periods.saturating_sub(proven);
		terms.next_unsettled = last.next();
		// A term has at most 1,024 periods.
		terms.paid_periods = terms.paid_periods.saturating_add(u16::try_from(proven).unwrap_or(u16::MAX));
		let payment = money::settlement(deal.rate, terms.shares, proven, missed);
		let Payment { provider, burned, treasury, refunded } = Self::pay(deal, payment);
		if burned > 0 {
			T::OnSettled::on_settled(deal.node, burned);
		}
		Self::deposit_event(Event::DealSettled { deal: id, proven, missed, provider, burned, treasury, refunded });
		true
	}

	/// An accepted deal and what was fixed then.
	pub(crate) fn accepted(id: DealId) -> Result<(DealOf<T>, Terms), Error<T>> {
		let deal = Self::recorded(id)?;
		match deal.state {
			DealState::Active(terms) => Ok((deal, terms)),
			DealState::Proposed { .. } => Err(Error::<T>::NotAccepted),
		}
	}

	/// An accepted deal that no dispute holds back.
	pub(crate) fn undisputed(id: DealId) -> Result<(DealOf<T>, Terms), Error<T>> {
		let accepted = Self::accepted(id)?;
		ensure!(!HeldBack::<T>::contains_key(id), Error::<T>::Disputed);
		Ok(accepted)
	}

	/// Moves a payment out of the customer's escrow and says where it really went: what a payee cannot receive goes
	/// to the treasury. Never fails, whoever was reaped and whatever is locked.
	pub(crate) fn pay(deal: &DealOf<T>, payment: Payment) -> Payment {
		let operator = T::Registry::node(deal.node).map(|node| node.operator);
		let customer = &deal.customer;
		let provider = operator.map_or(0, |operator| Self::transfer_escrow(customer, &operator, payment.provider));
		let undelivered = payment.provider.saturating_sub(provider);
		let wanted = payment.treasury.saturating_add(undelivered);
		let treasury = Self::transfer_escrow(customer, &T::Treasury::account(), wanted);
		let burned = Self::burn_escrow(customer, payment.burned.saturating_add(wanted.saturating_sub(treasury)));
		let refunded = Self::refund_escrow(customer, payment.refunded);
		Payment { provider, burned, treasury, refunded }
	}

	/// Releases escrow to the customer and says how much it was.
	pub(crate) fn refund_escrow(customer: &T::AccountId, amount: Balance) -> Balance {
		Self::release(HoldReason::Escrow, customer, amount)
	}

	/// Returns the deposit for a deal's record.
	pub(crate) fn return_deposit(deal: &DealOf<T>) {
		Self::release(HoldReason::DealDeposit, &deal.customer, deal.deposit);
	}

	/// Releases a hold. An account with a hold exists and can receive, so the treasury is a fallback for accounts that
	/// other pallets have emptied by force.
	fn release(reason: HoldReason, customer: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		match T::Currency::release(&reason.into(), customer, amount, Precision::Exact) {
			Ok(released) => released,
			Err(error) => {
				Self::complain("release", error);
				let moved = Self::transfer_held(reason, customer, &T::Treasury::account(), amount);
				Self::burn_held(reason, customer, amount.saturating_sub(moved));
				0
			}
		}
	}

	/// Moves escrow to `to` and says how much: all or nothing.
	fn transfer_escrow(customer: &T::AccountId, to: &T::AccountId, amount: Balance) -> Balance {
		Self::transfer_held(HoldReason::Escrow, customer, to, amount)
	}

	fn burn_escrow(customer: &T::AccountId, amount: Balance) -> Balance {
		Self::burn_held(HoldReason::Escrow, customer, amount)
	}

	fn transfer_held(reason: HoldReason, from: &T::AccountId, to: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		// Force: a vote lock overlaps holds and would shield them otherwise.
		T::Currency::transfer_on_hold(
			&reason.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.inspect_err(|error| log::debug!(target: LOG_TARGET, "{to:?} cannot receive {amount}: {error:?}"))
		.unwrap_or(0)
	}

	fn burn_held(reason: HoldReason, from: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		T::Currency::burn_held(&reason.into(), from, amount, Precision::BestEffort, Fortitude::Force)
			.inspect_err(|error| Self::complain("burn", *error))
			.unwrap_or(0)
	}

	fn complain(what: &str, error: DispatchError) {
		log::error!(target: LOG_TARGET, "a hold that I1 and I2 promise is short: {what}, {error:?}");
		defensive!("a customer's hold is short");
	}
}

/// The last period of a deal that can still be paid: a termination cuts it off after its deciding period.
pub(crate) fn effective_last(terms: &Terms, terminated_at: Option<Period>) -> Period {
	terminated_at.map_or(terms.last, |decided| terms.last.min(decided))
}

/// The periods of a deal that are closed and not settled, first and last, if there are any.
pub(crate) fn due(terms: &Terms, closed: Option<Period>, terminated_at: Option<Period>) -> Option<(Period, Period)> {
	let last = effective_last(terms, terminated_at).min(closed?);
	(terms.next_unsettled <= last).then_some((terms.next_unsettled, last))
}
