//! Changes of what a node commits to.

use crate::{
	types::{HostHasher, NodeRecord},
	Config, Error, NodeProofs, Pallet,
};
use frame_support::pallet_prelude::*;
use substation_primitives::NodeId;
use substation_proofs::forest::{self, Change, Forest, UpdateProof};

impl<T: Config> Pallet<T> {
	/// The node's record with every final miss applied, written or not. A node that never had a deal starts now.
	pub fn standing(node: NodeId) -> NodeRecord {
		let now = Self::now();
		match NodeProofs::<T>::get(node) {
			Some(record) => Self::judge(node, record, now).record,
			None => NodeRecord::starting_at(Self::current_at(node, now)),
		}
	}

	/// The node's record and what its forest would be after `changes`. Reads only.
	pub(crate) fn prepare_update(
		node: NodeId,
		depth: u8,
		changes: &[(u32, Change)],
		proof: &UpdateProof,
	) -> Result<(NodeRecord, Forest), DispatchError> {
		let record = Self::standing(node);
		ensure!(record.terminated_at.is_none(), Error::<T>::NodeTerminated);
		let updated =
			forest::update::<HostHasher>(&record.forest, node.0, depth, changes, proof).map_err(Error::<T>::from)?;
		Ok((record, updated.into_inner()))
	}

	/// Replaces leaves of the node's forest. The first change in a period keeps the forest that the period's challenge
	/// asks about: nothing that is known after the freeze changes what is challenged.
	pub(crate) fn do_update(node: NodeId, depth: u8, changes: &[(u32, Change)], proof: &UpdateProof) -> DispatchResult {
		// The caller has done so. Once more costs one read, and leaves no way to lose a miss.
		let _ = Self::do_catch_up(node, None);
		let (mut record, updated) = Self::prepare_update(node, depth, changes, proof)?;
		record.freeze(Self::current_at(node, Self::now()));
		record.forest = updated;
		NodeProofs::<T>::insert(node, record);
		Ok(())
	}
}
