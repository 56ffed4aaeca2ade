//! What free calls in the chain's blocks have changed of a node's forest: blocks are kept longer than states.

use crate::{
	calls::MARKET,
	client::{BlockHash, Chain},
	error::ChainError,
	extrinsic,
};
use codec::Decode;
use substation_primitives::{
	deal::{Acceptance, Clearance},
	NodeId,
};
use subxt::metadata::Metadata;

/// One change of a forest, in the order of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
	/// These deals took these slots.
	Accepted(Vec<Acceptance>),
	/// These slots were emptied.
	Cleared(Vec<Clearance>),
}

/// How the runtime names the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indices {
	accept: [u8; 2],
	clear: [u8; 2],
}

impl Indices {
	fn of(metadata: &Metadata) -> Option<Self> {
		let pallet = metadata.pallet_by_name(MARKET)?;
		let of = |name: &str| Some([pallet.call_index(), pallet.call_variant_by_name(name)?.index]);
		Some(Self { accept: of("accept")?, clear: of("clear")? })
	}
}

impl Chain {
	/// How the runtime of the best block names the calls that change forests. It never names them otherwise.
	pub async fn update_indices(&self) -> Result<Indices, ChainError> {
		let at = self.at(self.best().await?).await?;
		let found = Indices::of(at.metadata_ref());
		found.ok_or_else(|| ChainError::Incompatible("it has no calls that change forests".into()))
	}

	/// What the block at a height has changed of a node's forest; `None` if the node does not have the block's calls.
	pub async fn updates_in(
		&self,
		node: NodeId,
		height: u32,
		indices: Indices,
	) -> Result<Option<Vec<Update>>, ChainError> {
		let Some(hash) = self.hash_at(height).await? else { return Ok(None) };
		let block = self.methods().chain_get_block(Some(BlockHash::from(hash))).await;
		let Some(details) = block.map_err(|error| self.rpc_error("a block", error))? else { return Ok(None) };
		let calls = details.block.extrinsics.iter();
		Ok(Some(calls.filter_map(|bytes| update(&bytes.0, node, indices)).collect()))
	}
}

/// The change of this node's forest that a transaction makes. What was authorised cannot fail.
fn update(transaction: &[u8], node: NodeId, indices: Indices) -> Option<Update> {
	let call = extrinsic::general_call(transaction)?;
	let (name, mut arguments) = call.split_at_checked(2)?;
	let is_clear = name == indices.clear.as_slice();
	if !is_clear && name != indices.accept.as_slice() {
		return None;
	}
	if NodeId::decode(&mut arguments).ok()? != node {
		return None;
	}
	if is_clear {
		Vec::decode(&mut arguments).ok().map(Update::Cleared)
	} else {
		Vec::decode(&mut arguments).ok().map(Update::Accepted)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::calls::Call;
	use substation_primitives::DealId;
	use substation_proofs::forest::{Leaf, UpdateProof};
	use subxt::utils::Era;

	/// A block's transaction that accepts these deals.
	fn acceptance(node: NodeId, acceptances: &[Acceptance]) -> Vec<u8> {
		let call = Call::accept(node, acceptances, 3, &UpdateProof::default(), [1; 64]);
		extrinsic::general(Era::mortal(8, 100), &call.encode(&substation_fake_node::metadata()).unwrap())
	}

	// 9
	#[test]
	fn acceptances_and_clearances_are_read_from_a_block() {
		let indices = Indices::of(&substation_fake_node::metadata()).unwrap();
		let node = NodeId(7);
		let acceptances = [Acceptance { deal: DealId(5), slot: 2 }, Acceptance { deal: DealId(6), slot: 3 }];
		let leaf = Leaf { deal: 5, root: [9; 32], length: 77 };
		let clearances = [Clearance { slot: 2, leaf }];
		let clear = Call::clear(node, &clearances, 3, &UpdateProof::default(), [1; 64]);
		let clear = extrinsic::general(Era::Immortal, &clear.encode(&substation_fake_node::metadata()).unwrap());

		let accepted = acceptance(node, &acceptances);

		assert_eq!(update(&accepted, node, indices), Some(Update::Accepted(acceptances.to_vec())));
		assert_eq!(update(&clear, node, indices), Some(Update::Cleared(clearances.to_vec())));
		assert_eq!(update(&accepted, NodeId(8), indices), None, "of another node");
		for length in 0..accepted.len() {
			// No panic, whatever a node sends.
			let _ = update(&accepted[..length], node, indices);
		}
	}
}
