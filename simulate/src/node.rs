//! A node as its agent sees it: what it stores, how it proves it, and what it signs.
//!
//! As in the runtime's tests (`actors` there), for any number of operators and with what a cheat needs: deals that come
//! and go within a window.

use crate::{
	chain::GENESIS,
	keys::{agent, Key},
};
use frame_support::BoundedVec;
use sp_core::{ed25519, Pair};
use std::collections::BTreeMap;
use substation_primitives::{
	deal::{Acceptance, Proposal},
	Balance, BlockNumber, Bytes, Clock, DealId, NodeId, Offer, Period, Rates, Region, ResourceClass,
};
use substation_proofs::{
	authority,
	challenge::Challenge,
	forest::{Change, Leaf},
	prover::{open_bytes, prove, ChunkSource, ContentOpening, ForestTree, OpenError},
	NativeHasher,
};
use substation_runtime::{Runtime, RuntimeCall, StorageProofs};

/// Bytes of every deal here: nobody needs more to be paid for a bond.
pub(crate) const CONTENT: usize = 1_024;

/// A GiB: what prices are for.
const GIB: Balance = 1 << 30;

/// A node, the keys of its operator and its agent, and everything that it stores.
pub(crate) struct Node {
	/// Its number on chain.
	pub id: NodeId,
	/// Who owns it.
	pub operator: Key,
	agent: ed25519::Pair,
	tree: ForestTree,
	/// What the chain challenges in a period in which deals were accepted: the forest before them.
	frozen: Option<(Period, ForestTree)>,
	blobs: BTreeMap<u64, Vec<u8>>,
}

struct Blobs<'a>(&'a BTreeMap<u64, Vec<u8>>);

impl ChunkSource for Blobs<'_> {
	type Error = OpenError<std::convert::Infallible>;

	fn open(&mut self, leaf: &Leaf, chunks: &[u64]) -> Result<ContentOpening, Self::Error> {
		open_bytes(&self.0[&leaf.deal], chunks)
	}
}

impl Node {
	/// A node that this operator will register as the `id`th of the chain.
	pub(crate) fn new(id: NodeId, operator: Key) -> Self {
		let number = u32::try_from(id.0).unwrap_or(u32::MAX);
		let agent = agent("agent", number);
		Self { id, operator, agent, tree: ForestTree::new(id.0), frozen: None, blobs: BTreeMap::new() }
	}

	/// The call that registers it with a first class.
	pub(crate) fn registration(&self, class: ResourceClass, bond: Balance) -> RuntimeCall {
		let spec = pallet_registry::NodeSpec {
			agent: self.agent.public().0,
			endpoint: [9; 32],
			addresses: BoundedVec::new(),
			region: Region(*b"CH"),
		};
		let proof = self.agent.sign(&authority::bind_message(&GENESIS.0, &self.operator.account)).0;
		pallet_registry::Call::<Runtime>::register { spec, class, offer: offer(), bond, proof }.into()
	}

	/// The call that offers a line, with a bond.
	pub(crate) fn adding_line(&self, bond: Balance) -> RuntimeCall {
		pallet_registry::Call::<Runtime>::add_class {
			node: self.id,
			class: ResourceClass::Bandwidth,
			offer: offer(),
			bond,
		}
		.into()
	}

	/// The call that takes seats.
	pub(crate) fn taking_seats(&self, seats: u8, claim: Rates, prepaid: Balance) -> RuntimeCall {
		pallet_bandwidth_proofs::Call::<Runtime>::take_seats { node: self.id, claim, seats, prepaid }.into()
	}

	/// When the window of a period opens.
	pub(crate) fn opens(&self, clock: &Clock, period: Period) -> BlockNumber {
		clock.opens::<NativeHasher>(self.id, period)
	}

	/// The call by which the operator as its own customer proposes content of its own, for a rate.
	pub(crate) fn proposal(&self, deal: DealId, rate: Balance, periods: u32, min_billed: Bytes) -> RuntimeCall {
		let content = content(deal);
		let billed = Balance::from(min_billed.0.max(CONTENT as u64));
		// Rounded down, and up again by the market: exactly this rate, since nothing is billed for more than a GiB.
		let price = (rate * GIB / billed).max(1);
		let proposal = Proposal {
			node: self.id,
			root: *blake3::hash(&content).as_bytes(),
			length: Bytes(CONTENT as u64),
			periods,
			price,
		};
		pallet_storage_market::Call::<Runtime>::propose { proposal }.into()
	}

	/// The agent's acceptance of such a proposal, in this period of the node.
	pub(crate) fn acceptance(&mut self, deal: DealId, period: Period) -> RuntimeCall {
		if self.frozen.as_ref().is_none_or(|(of, _)| *of != period) {
			self.frozen = Some((period, self.tree.clone()));
		}
		let content = content(deal);
		let leaf = Leaf { deal: deal.0, root: *blake3::hash(&content).as_bytes(), length: CONTENT as u64 };
		let slot = self.tree.free_slot().expect("there are four billion slots");
		let depth = self.tree.depth_for(slot);
		let changes = [(slot, Change::Insert(leaf))];
		let proof = self.tree.update_proof(depth, &changes).expect("the slot is free");
		let acceptances = vec![Acceptance { deal, slot }];
		let root = self.tree.forest().root;
		let message = authority::accept_message(&GENESIS.0, self.id.0, &root, depth, &acceptances);
		self.tree.apply(depth, &changes).expect("the slot is free");
		self.blobs.insert(deal.0, content);
		pallet_storage_market::Call::<Runtime>::accept {
			node: self.id,
			acceptances: acceptances.try_into().expect("one acceptance fits"),
			depth,
			proof,
			signature: self.agent.sign(&message).0,
		}
		.into()
	}

	/// The proof of the open window. To be called where the chain's state is; `None` if the window is not open.
	pub(crate) fn proof(&self) -> Option<RuntimeCall> {
		let window = StorageProofs::window(self.id);
		let seed = window.seed?;
		let challenge = Challenge {
			genesis: window.genesis,
			seed: seed.seed,
			node: self.id.0,
			period: window.period.0,
			openings: seed.openings,
		};
		let tree = match &self.frozen {
			Some((period, frozen)) if *period == window.period => frozen,
			_ => &self.tree,
		};
		let proof = prove(tree, &challenge, &mut Blobs(&self.blobs)).ok()?;
		Some(
			pallet_storage_proofs::Call::<Runtime>::prove { node: self.id, period: window.period, proof: proof.into() }
				.into(),
		)
	}

	/// Signs with the key of its agent.
	pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.agent.sign(message).0
	}
}

/// Asks for next to nothing: prices come with proposals.
fn offer() -> Offer {
	Offer { capacity: 1 << 40, price: 1 }
}

/// Bytes that no other deal has.
fn content(deal: DealId) -> Vec<u8> {
	let mut bytes = vec![0; CONTENT];
	blake3::Hasher::new().update(&deal.0.to_le_bytes()).finalize_xof().fill(&mut bytes);
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_primitives::settings::{MarketSettings, Settings, STN};

	fn rate_of(call: RuntimeCall, settings: &MarketSettings) -> Balance {
		let RuntimeCall::StorageMarket(pallet_storage_market::Call::propose { proposal }) = call else {
			panic!("a proposal is asked for")
		};
		pallet_storage_market::money::rate(proposal.price, proposal.length, settings).expect("in range")
	}

	#[test]
	fn a_proposal_pays_the_rate_to_the_planck() {
		let mut settings = Settings::default().market;
		let node = Node::new(NodeId(3), Key::of("test", 0));
		for billed in [1, 1 << 20, 1 << 30] {
			settings.min_billed = Bytes(billed);
			for rate in [5 * STN, STN + 1, 123_456_789_012_345] {
				let proposal = node.proposal(DealId(1), rate, 2, settings.min_billed);
				assert_eq!(rate_of(proposal, &settings), rate, "{billed}");
			}
		}
	}

	#[test]
	fn contents_differ() {
		assert_ne!(content(DealId(1)), content(DealId(2)));
		assert_eq!(content(DealId(7)), content(DealId(7)));
	}
}
