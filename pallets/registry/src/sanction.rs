//! What others may do to a node: governance suspends it, a verifier ends it.

use crate::{Config, Error, Event, Node, Nodes, Pallet};
use frame_support::ensure;
use sp_runtime::DispatchResult;
use substation_primitives::{traits::Sanctions, NodeId, NodeStatus};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_suspend(id: NodeId) -> DispatchResult {
		let node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(!node.suspended, Error::<T>::AlreadySuspended);

		Nodes::<T>::insert(id, Node { suspended: true, ..node });
		Self::deposit_event(Event::NodeSuspended { node: id });
		Ok(())
	}

	pub(crate) fn do_lift_suspension(id: NodeId) -> DispatchResult {
		let node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.suspended, Error::<T>::NotSuspended);

		Nodes::<T>::insert(id, Node { suspended: false, ..node });
		Self::deposit_event(Event::SuspensionLifted { node: id });
		Ok(())
	}
}

impl<T: Config> Sanctions for Pallet<T> {
	/// Does nothing to a node that is ended already, or that owes nothing and waits for its bonds.
	fn terminate(id: NodeId) {
		let Some(node) = Nodes::<T>::get(id).filter(Node::works) else { return };

		Nodes::<T>::insert(id, Node { status: NodeStatus::Terminated, ..node });
		Self::deposit_event(Event::NodeTerminated { node: id });
	}
}
