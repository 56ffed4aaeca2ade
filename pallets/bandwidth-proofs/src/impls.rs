//! What the registry asks before it lets a bond go.

use crate::{Config, Lines, Pallet};
use substation_primitives::{traits::Obligations, Balance, NodeId, ResourceClass};

impl<T: Config> Obligations for Pallet<T> {
	/// Nothing that is decided about a line changes its bond.
	fn catch_up(_: NodeId) {}

	/// What the seats need, until the line is removed.
	fn required_bond(node: NodeId, class: ResourceClass) -> Balance {
		match class {
			ResourceClass::Storage => 0,
			ResourceClass::Bandwidth => Lines::<T>::get(node).map_or(0, |line| line.bond()),
		}
	}

	/// A node without a line owes nothing here.
	fn is_free(node: NodeId) -> bool {
		!Lines::<T>::contains_key(node)
	}

	/// Nothing is kept about a node without a line.
	fn forget(_: NodeId) {}
}
