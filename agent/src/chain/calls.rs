//! The calls that this program makes, encoded against the names in the runtime's metadata.

use crate::chain::error::ChainError;
use codec::Encode;
use substation_primitives::{
	deal::{Acceptance, Clearance, Proposal},
	AgentKey, Balance, DealId, EndpointId, NodeId, Offer, Period, Region, ResourceClass,
};
use substation_proofs::{forest::UpdateProof, storage::StorageProof};
use subxt::metadata::Metadata;

/// Name of the registry in the runtime.
pub const REGISTRY: &str = "Registry";
/// Name of the storage market in the runtime.
pub const MARKET: &str = "StorageMarket";
/// Name of the storage proofs in the runtime.
pub const PROOFS: &str = "StorageProofs";

/// A call with its arguments encoded; its indices are looked up when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	pallet: &'static str,
	name: &'static str,
	arguments: usize,
	encoded: Vec<u8>,
}

/// What a node says about itself, in the registry's order of fields.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct NodeSpec {
	/// The key that signs free calls.
	pub agent: AgentKey,
	/// Its iroh endpoint id.
	pub endpoint: EndpointId,
	/// Its socket addresses, as text.
	pub addresses: Vec<Vec<u8>>,
	/// Its country.
	pub region: Region,
}

impl Call {
	fn new(pallet: &'static str, name: &'static str, arguments: usize, encoded: Vec<u8>) -> Self {
		Self { pallet, name, arguments, encoded }
	}

	/// The call as `Pallet.call`.
	pub fn title(&self) -> String {
		format!("{}.{}", self.pallet, self.name)
	}

	/// The bytes that go into a transaction. Errors when the runtime has no such call or another shape of it.
	pub fn encode(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
		let missing = || ChainError::Incompatible(format!("it has no call {}", self.title()));
		let pallet = metadata.pallet_by_name(self.pallet).ok_or_else(missing)?;
		let call = pallet.call_variant_by_name(self.name).ok_or_else(missing)?;
		if call.fields.len() != self.arguments {
			let title = self.title();
			return Err(ChainError::Incompatible(format!("its call {title} takes {} arguments", call.fields.len())));
		}
		let mut bytes = vec![pallet.call_index(), call.index];
		bytes.extend_from_slice(&self.encoded);
		Ok(bytes)
	}

	/// Registers a node with its first offer.
	pub fn register(spec: &NodeSpec, offer: Offer, bond: Balance) -> Self {
		Self::new(REGISTRY, "register", 4, (spec, ResourceClass::Storage, offer, bond).encode())
	}

	/// Changes where a node is dialled.
	pub fn set_contact(node: NodeId, spec: &NodeSpec) -> Self {
		Self::new(REGISTRY, "set_contact", 4, (node, spec.endpoint, &spec.addresses, spec.region).encode())
	}

	/// Changes what a node asks.
	pub fn set_offer(node: NodeId, offer: Offer) -> Self {
		Self::new(REGISTRY, "set_offer", 3, (node, ResourceClass::Storage, offer).encode())
	}

	/// Raises a node's bond.
	pub fn add_bond(node: NodeId, amount: Balance) -> Self {
		Self::new(REGISTRY, "add_bond", 3, (node, ResourceClass::Storage, amount).encode())
	}

	/// Takes back what of the bond is not needed.
	pub fn release_bond(node: NodeId, amount: Balance) -> Self {
		Self::new(REGISTRY, "release_bond", 3, (node, ResourceClass::Storage, amount).encode())
	}

	/// Takes no new deals from now on.
	pub fn leave(node: NodeId) -> Self {
		Self::new(REGISTRY, "leave", 1, node.encode())
	}

	/// Starts the unbonding of a node that owes nothing.
	pub fn unbond(node: NodeId) -> Self {
		Self::new(REGISTRY, "unbond", 1, node.encode())
	}

	/// Returns bonds and deposit of an unbonded node.
	pub fn withdraw(node: NodeId) -> Self {
		Self::new(REGISTRY, "withdraw", 1, node.encode())
	}

	/// Asks a node to store content.
	pub fn propose(proposal: &Proposal) -> Self {
		Self::new(MARKET, "propose", 1, proposal.encode())
	}

	/// Refunds an expired proposal.
	pub fn withdraw_proposal(deal: DealId) -> Self {
		Self::new(MARKET, "withdraw_proposal", 1, deal.encode())
	}

	/// Accepts proposals: free, signed by the agent.
	pub fn accept(
		node: NodeId,
		acceptances: &[Acceptance],
		depth: u8,
		proof: &UpdateProof,
		signature: [u8; 64],
	) -> Self {
		Self::new(MARKET, "accept", 5, (node, acceptances, depth, proof, signature).encode())
	}

	/// Empties slots of deals whose record is gone: free, signed by the agent.
	pub fn clear(node: NodeId, clearances: &[Clearance], depth: u8, proof: &UpdateProof, signature: [u8; 64]) -> Self {
		Self::new(MARKET, "clear", 5, (node, clearances, depth, proof, signature).encode())
	}

	/// Pays what was proven.
	pub fn settle(deal: DealId) -> Self {
		Self::new(MARKET, "settle", 1, deal.encode())
	}

	/// Ends a deal after its current period.
	pub fn end_early(deal: DealId) -> Self {
		Self::new(MARKET, "end_early", 1, deal.encode())
	}

	/// Gives up a deal whose bytes are lost.
	pub fn forfeit(deal: DealId) -> Self {
		Self::new(MARKET, "forfeit", 1, deal.encode())
	}

	/// Settles a finished deal for the last time and removes it.
	pub fn close(deal: DealId) -> Self {
		Self::new(MARKET, "close", 1, deal.encode())
	}

	/// Answers a window: free, the proof is the authority.
	pub fn prove(node: NodeId, period: Period, proof: &StorageProof) -> Self {
		Self::new(PROOFS, "prove", 3, (node, period, proof).encode())
	}

	/// Applies a node's final misses and earns the bounty.
	pub fn report_missed(node: NodeId) -> Self {
		Self::new(PROOFS, "report_missed", 1, node.encode())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_primitives::Bytes;

	#[test]
	fn arguments_are_encoded_in_the_order_of_the_call() {
		let offer = Offer { capacity: 1 << 30, price: 5 };
		let spec = NodeSpec {
			agent: [1; 32],
			endpoint: [2; 32],
			addresses: vec![b"1.2.3.4:5".to_vec()],
			region: Region(*b"CH"),
		};

		let call = Call::register(&spec, offer, 7);

		assert_eq!(call.title(), "Registry.register");
		assert_eq!(&call.encoded[..64], &[[1u8; 32], [2u8; 32]].concat());
		assert_eq!(&call.encoded[64..66], &[1 << 2, 9 << 2]);
		assert_eq!(&call.encoded[75..78], b"CH\0");
		assert_eq!(&call.encoded[call.encoded.len() - 16..], &7u128.to_le_bytes());
	}

	#[test]
	fn proposal_is_encoded_as_one_argument() {
		let proposal = Proposal { node: NodeId(1), root: [3; 32], length: Bytes(4), periods: 5, price: 6 };

		let call = Call::propose(&proposal);

		assert_eq!(call.encoded.len(), 8 + 32 + 8 + 4 + 16);
		assert_eq!(call.arguments, 1);
	}

	#[test]
	fn slices_are_encoded_as_vectors() {
		let acceptance = Acceptance { deal: DealId(9), slot: 3 };
		let proof = UpdateProof { weights: vec![], hashes: vec![] };

		let call = Call::accept(NodeId(1), &[acceptance], 2, &proof, [0; 64]);

		assert_eq!(&call.encoded[8..9], &[1 << 2]);
		assert_eq!(call.encoded.len(), 8 + 1 + 12 + 1 + 2 + 64);
	}
}
