//! The way out: leaving, unbonding, withdrawing.

use crate::{Agents, Config, Error, Event, HoldReason, Node, Nodes, Pallet};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{traits::SaturatedConversion, DispatchError, DispatchResult};
use substation_primitives::{traits::Obligations, Balance, BlockNumber, NodeId, NodeStatus};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_leave(operator: T::AccountId, id: NodeId) -> DispatchResult {
		let node = Self::owned_and_caught_up(id, &operator)?;
		ensure!(node.status == NodeStatus::Active, Error::<T>::NotActive);

		Nodes::<T>::insert(id, Node { status: NodeStatus::Leaving, ..node });
		Self::deposit_event(Event::NodeLeaving { node: id });
		Ok(())
	}

	pub(crate) fn do_unbond(id: NodeId) -> DispatchResult {
		ensure!(Nodes::<T>::contains_key(id), Error::<T>::UnknownNode);
		T::Obligations::catch_up(id);
		let node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(matches!(node.status, NodeStatus::Leaving | NodeStatus::Terminated), Error::<T>::NotLeaving);
		ensure!(T::Obligations::is_free(id), Error::<T>::StillObliged);

		let until = Self::now().saturating_add(T::Settings::get().unbonding);
		Nodes::<T>::insert(id, Node { status: NodeStatus::Unbonding { until }, ..node });
		Self::deposit_event(Event::NodeUnbonding { node: id, until });
		Ok(())
	}

	pub(crate) fn do_withdraw(operator: T::AccountId, id: NodeId) -> DispatchResult {
		let node = Self::owned_and_caught_up(id, &operator)?;
		let NodeStatus::Unbonding { until } = node.status else { return Err(Error::<T>::NotUnbonding.into()) };
		ensure!(Self::now() >= until, Error::<T>::StillUnbonding);
		ensure!(T::Obligations::is_free(id), Error::<T>::StillObliged);

		let released = Self::release_everything(&node)?;
		T::Obligations::forget(id);
		Agents::<T>::remove(node.agent);
		Nodes::<T>::remove(id);
		Self::deposit_event(Event::NodeWithdrawn { node: id, released });
		Ok(())
	}

	fn release_everything(node: &Node<T>) -> Result<Balance, DispatchError> {
		// Best effort: a hold that was short, which no known path leads to, must not keep the rest for ever.
		let release = |reason: HoldReason, amount| {
			T::Currency::release(&reason.into(), &node.operator, amount, Precision::BestEffort)
		};
		let mut released = release(HoldReason::NodeDeposit, node.deposit)?;
		for offered in node.offers.iter() {
			let bond = release(Self::bond_reason(offered.class), offered.bond)?;
			released = released.saturating_add(bond);
		}
		Ok(released)
	}

	/// The number of this block. The only place where the runtime's type meets ours, which is as wide.
	fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}
}
