//! Executing: the table of outcomes, applied to a deal and two bonds.

use crate::{
	bonds,
	pallet::{Config, Disputes, Error, Event, HoldReason, Pallet},
	types::{Answer, DisputeOf, Outcome, Standing, Verdict},
};
use frame_support::pallet_prelude::DispatchResult;
use substation_primitives::{
	traits::{DealRefund, DisputedDeals},
	Balance, DealId,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_execute(deal: DealId) -> DispatchResult {
		let (dispute, standing) = Self::dispute(deal)?;
		let Standing::Final(verdict) = standing else { return Err(Error::<T>::NotFinal.into()) };
		Self::finish(deal, dispute, verdict);
		Ok(())
	}

	/// Moves the money as the verdict says and forgets the dispute. Never fails, whoever was reaped.
	pub(crate) fn finish(deal: DealId, dispute: DisputeOf<T>, verdict: Verdict) {
		let Outcome { refunds, customer_loses, operator_loses } = Outcome::of(verdict);
		Disputes::<T>::remove(deal);
		let DealRefund { refunded, compensated } = if refunds {
			T::Deals::refund(deal)
		} else {
			T::Deals::let_go(deal);
			DealRefund::default()
		};
		let mut forfeited = Self::give(HoldReason::DisputeBond, &dispute.customer, dispute.bond, customer_loses);
		if let Some(Answer { operator, bond, .. }) = dispute.answer {
			let more = Self::give(HoldReason::AnswerBond, &operator, bond, operator_loses);
			forfeited = forfeited.saturating_add(more);
		}
		Self::deposit_event(Event::DisputeExecuted { deal, verdict, refunded, compensated, forfeited });
	}

	/// Returns a bond to its owner, or gives it to the treasury if it is lost. Says what the treasury got.
	fn give(reason: HoldReason, owner: &T::AccountId, bond: Balance, lost: bool) -> Balance {
		if lost {
			bonds::forfeit::<T>(reason, owner, bond)
		} else {
			bonds::release::<T>(reason, owner, bond);
			0
		}
	}
}
