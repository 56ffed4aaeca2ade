//! Executing: the table of outcomes, applied to a deal and two bonds.

use crate::{
	bonds,
	pallet::{Config, Disputes, Error, Event, HoldReason, Pallet},
	types::{Answer, Dispute, DisputeOf, Loss, Outcome, Standing, Verdict},
};
use frame_support::pallet_prelude::DispatchResult;
use substation_primitives::{
	traits::{DealRefund, DisputedDeals, Nodes},
	Balance, DealId, NodeId,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_execute(deal: DealId) -> DispatchResult {
		let (dispute, standing) = Self::dispute(deal)?;
		let Standing::Final(verdict) = standing else { return Err(Error::<T>::NotFinal.into()) };
		Self::finish(deal, dispute, verdict);
		Ok(())
	}

	/// Ends a dispute as the verdict says.
	pub(crate) fn finish(deal: DealId, dispute: DisputeOf<T>, verdict: Verdict) {
		let (DealRefund { refunded, compensated }, forfeited) = Self::apply(deal, dispute, Outcome::of(verdict));
		Self::deposit_event(Event::DisputeExecuted { deal, verdict, refunded, compensated, forfeited });
	}

	/// Moves the money as one line of the table says and forgets the dispute. Never fails, whoever was reaped. Says what
	/// the deal gave, and what of the bonds the treasury got. The caller emits the event.
	pub(crate) fn apply(deal: DealId, dispute: DisputeOf<T>, outcome: Outcome) -> (DealRefund, Balance) {
		let Outcome { refunds, customer_loses, operator_loses } = outcome;
		let Dispute { customer, node, bond, answer, .. } = dispute;
		Disputes::<T>::remove(deal);
		let given = if refunds {
			T::Deals::refund(deal)
		} else {
			T::Deals::let_go(deal);
			DealRefund::default()
		};
		let mut forfeited = Self::give_to_customer(&customer, bond, node, customer_loses);
		if let Some(Answer { operator, bond, .. }) = answer {
			if operator_loses {
				forfeited = forfeited.saturating_add(bonds::forfeit::<T>(HoldReason::AnswerBond, &operator, bond));
			} else {
				bonds::release::<T>(HoldReason::AnswerBond, &operator, bond);
			}
		}
		(given, forfeited)
	}

	/// Returns a customer's bond but for what is lost of it. What the operator cannot receive goes back too. Says what
	/// the treasury got.
	fn give_to_customer(customer: &T::AccountId, bond: Balance, node: NodeId, loss: Loss) -> Balance {
		let reason = HoldReason::DisputeBond;
		if loss == Loss::All {
			return bonds::forfeit::<T>(reason, customer, bond);
		}
		// A node with a deal is registered.
		let paid =
			T::Registry::node(node).map_or(0, |node| bonds::pay::<T>(reason, customer, &node.operator, loss.of(bond)));
		bonds::release::<T>(reason, customer, bond.saturating_sub(paid));
		0
	}
}
