//! What others may know of nodes.

use crate::{Config, Pallet, MAX_PAGE};
use alloc::vec::Vec;
use substation_primitives::{traits::Nodes, NodeId, NodeInfo, Offer, ResourceClass};

impl<T: Config> Nodes<T::AccountId> for Pallet<T> {
	fn node(node: NodeId) -> Option<NodeInfo<T::AccountId>> {
		crate::Nodes::<T>::get(node).map(|node| node.info())
	}

	fn offer(node: NodeId, class: ResourceClass) -> Option<Offer> {
		crate::Nodes::<T>::get(node)?.in_class(class).map(|offered| offered.offer)
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn page_of_nodes(after: Option<NodeId>, limit: u32) -> Vec<NodeId> {
		let keys = match after {
			None => crate::Nodes::<T>::iter_keys(),
			Some(id) => crate::Nodes::<T>::iter_keys_from(crate::Nodes::<T>::hashed_key_for(id)),
		};
		keys.take(page(limit)).collect()
	}
}

fn page(limit: u32) -> usize {
	usize::try_from(limit.min(MAX_PAGE)).unwrap_or(0)
}
