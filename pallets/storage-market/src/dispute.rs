//! What a dispute can do to a deal: hold it back, let it go, or end it for its customer. It reaches this deal's escrow
//! and this deal's reserve, and nothing else.

use crate::{
	money,
	pallet::{Config, Deals, Error, Event, HeldBack, NodeAccounts, Pallet},
};
use frame_support::{defensive, ensure, pallet_prelude::DispatchResult};
use substation_primitives::{
	deal::DealState,
	traits::{DealRefund, DealStake, DisputedDeals, StorageLedger},
	DealId,
};

impl<T: Config> DisputedDeals<T::AccountId> for Pallet<T> {
	fn stake(id: DealId) -> Option<DealStake<T::AccountId>> {
		let (deal, terms) = Self::accepted(id).ok()?;
		// A termination that nobody has applied counts: it was decided in a period that has closed.
		if T::Ledger::closed(deal.node) >= Some(terms.last) || T::Ledger::is_terminated(deal.node) {
			return None;
		}
		let escrow = money::escrow_left(deal.rate, &terms);
		let reserve = money::reserve(deal.rate, terms.compensation_periods).unwrap_or_default();
		Some(DealStake { customer: deal.customer, node: deal.node, escrow, reserve })
	}

	fn hold_back(id: DealId) -> DispatchResult {
		Self::accepted(id)?;
		ensure!(!HeldBack::<T>::contains_key(id), Error::<T>::Disputed);
		HeldBack::<T>::insert(id, ());
		Self::deposit_event(Event::DealHeldBack { deal: id });
		Ok(())
	}

	fn is_held_back(id: DealId) -> bool {
		HeldBack::<T>::contains_key(id)
	}

	fn let_go(id: DealId) {
		HeldBack::<T>::remove(id);
		Self::deposit_event(Event::DealLetGo { deal: id });
		// What was earned is paid now, before it can be held back again, and a deal whose term has ended meanwhile ends. A
		// close that is refused has changed nothing.
		if let Err(error) = Self::do_close(id).or_else(|_| Self::do_settle(id)) {
			defensive!("a deal was held back that cannot be settled", error);
		}
	}

	fn refund(id: DealId) -> DealRefund {
		HeldBack::<T>::remove(id);
		let Ok((mut deal, mut terms)) = Self::accepted(id) else {
			defensive!("a deal was held back that is not accepted");
			return DealRefund::default();
		};
		T::Ledger::catch_up(deal.node);
		let refunded = Self::refund_escrow(&deal.customer, money::escrow_left(deal.rate, &terms));
		let compensated = Self::compensate(id, &deal, &terms);
		// The rate stays committed until the current window has closed, as after a forfeit.
		let reserve = money::reserve(deal.rate, terms.compensation_periods).unwrap_or_default();
		NodeAccounts::<T>::mutate(deal.node, |account| account.reserve = account.reserve.saturating_sub(reserve));
		terms.last = terms.last.min(T::Ledger::current(deal.node));
		terms.next_unsettled = terms.last.next();
		terms.compensation_periods = 0;
		deal.state = DealState::Active(terms);
		Deals::<T>::insert(id, deal);
		Self::deposit_event(Event::DealRefunded { deal: id, refunded });
		DealRefund { refunded, compensated }
	}
}
