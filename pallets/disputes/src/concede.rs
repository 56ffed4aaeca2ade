//! Conceding: the operator gives in, and the deal ends at once. Until it does, the bytes of a deal that are lost stay
//! due, and every miss is fined by the rates of the whole node.

use crate::{
	pallet::{Config, Error, Event, Pallet},
	types::{Outcome, Standing},
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use substation_primitives::{
	traits::{DealRefund, Nodes},
	DealId,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_concede(operator: T::AccountId, deal: DealId) -> DispatchResult {
		let (dispute, standing) = Self::dispute(deal)?;
		let node = T::Registry::node(dispute.node).ok_or(Error::<T>::NoSuchNode)?;
		ensure!(node.operator == operator, Error::<T>::NotOperator);
		ensure!(!matches!(standing, Standing::Final(_)), Error::<T>::AlreadyFinal);

		let (DealRefund { refunded, compensated }, _) = Self::apply(deal, dispute, Outcome::CONCEDED);
		Self::deposit_event(Event::DisputeConceded { deal, refunded, compensated });
		Ok(())
	}
}
