//! Hardware and customers: what an agent keeps and signs, without disks and networks.

use crate::chain::{apply, free, run_to, send, GENESIS};
use sp_core::{ed25519, Pair};
use sp_keyring::Sr25519Keyring;
use std::collections::BTreeMap;
use substation_primitives::{
	deal::{Acceptance, Clearance, Proposal},
	pages::{DealPage, NodePage, WindowPage},
	settings::STN,
	Balance, Bytes, DealId, NodeId, Offer, Region, ResourceClass,
};
use substation_proofs::{
	authority,
	challenge::Challenge,
	forest::{Change, Leaf},
	prover::{open_bytes, prove, ChunkSource, ContentOpening, ForestTree, OpenError},
	storage::StorageProof,
};
use substation_runtime::{AccountId, Block, Runtime, RuntimeCall, StorageMarket, UncheckedExtrinsic};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

/// What a node asks for one GiB over one period.
pub(crate) const PRICE: Balance = 10 * STN;

/// What a node has bonded in these tests.
pub(crate) const BOND: Balance = 1_000 * STN;

/// One node with everything that its agent knows.
pub(crate) struct Node {
	pub id: NodeId,
	agent: ed25519::Pair,
	tree: ForestTree,
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
	/// Registers a node of this operator.
	pub(crate) fn register(operator: Sr25519Keyring) -> Self {
		let id = pallet_registry::NextNodeId::<Runtime>::get();
		let agent = ed25519::Pair::from_seed(&[id.0 as u8 + 1; 32]);
		let spec = pallet_registry::NodeSpec {
			agent: agent.public().0,
			endpoint: [9; 32],
			addresses: vec![b"203.0.113.7:4550".to_vec().try_into().unwrap()].try_into().unwrap(),
			region: Region(*b"CH"),
		};
		let (class, offer) = (ResourceClass::Storage, Offer { capacity: 1 << 40, price: PRICE });
		let proof = bind(&agent, operator);
		send(operator, pallet_registry::Call::register { spec, class, offer, bond: BOND, proof });
		Self { id, agent, tree: ForestTree::new(id.0), blobs: BTreeMap::new() }
	}

	/// The key that signs the node's free calls.
	pub(crate) fn into_agent(self) -> ed25519::Pair {
		self.agent
	}

	/// The agent's acceptance of these deals, with the bytes they are about.
	pub(crate) fn acceptance(&mut self, deals: Vec<(DealId, Vec<u8>)>) -> UncheckedExtrinsic {
		let slots = self.tree.free_slots(deals.len());
		let acceptances: Vec<_> =
			deals.iter().zip(&slots).map(|((deal, _), slot)| Acceptance { deal: *deal, slot: *slot }).collect();
		let changes: Vec<_> =
			deals.iter().zip(&slots).map(|((deal, bytes), slot)| (*slot, Change::Insert(leaf(*deal, bytes)))).collect();
		let depth = slots.iter().map(|slot| self.tree.depth_for(*slot)).max().unwrap();
		let proof = self.tree.update_proof(depth, &changes).unwrap();
		let root = self.tree.forest().root;
		let message = authority::accept_message(&GENESIS.0, self.id.0, &root, depth, &acceptances);
		self.tree.apply(depth, &changes).unwrap();
		self.blobs.extend(deals.into_iter().map(|(deal, bytes)| (deal.0, bytes)));
		free(pallet_storage_market::Call::accept {
			node: self.id,
			acceptances: acceptances.try_into().unwrap(),
			depth,
			proof,
			signature: self.agent.sign(&message).0,
		})
	}

	/// The agent's clearance of an ended deal's slot.
	pub(crate) fn clearance(&mut self, deal: DealId) -> UncheckedExtrinsic {
		let slot = self.tree.slot_of(deal.0).unwrap();
		let leaf = *self.tree.get(slot).unwrap();
		let (clearances, changes) = (vec![Clearance { slot, leaf }], vec![(slot, Change::Remove(leaf))]);
		let depth = self.tree.depth();
		let proof = self.tree.update_proof(depth, &changes).unwrap();
		let root = self.tree.forest().root;
		let message = authority::clear_message(&GENESIS.0, self.id.0, &root, depth, &clearances);
		self.tree.apply(depth, &changes).unwrap();
		free(pallet_storage_market::Call::clear {
			node: self.id,
			clearances: clearances.try_into().unwrap(),
			depth,
			proof,
			signature: self.agent.sign(&message).0,
		})
	}

	/// The agent's answer to a dispute about one of the node's deals.
	pub(crate) fn answer(&self, deal: DealId, evidence: [u8; 32]) -> UncheckedExtrinsic {
		let dispute = pallet_disputes::Disputes::<Runtime>::get(deal).expect("the deal is disputed").id;
		let message = authority::answer_message(&GENESIS.0, self.id.0, dispute.0, &evidence);
		let signature = self.agent.sign(&message).0;
		free(pallet_disputes::Call::answer_by_agent { deal, evidence, signature })
	}

	/// What the open window asks of this node.
	pub(crate) fn challenge(&self) -> Challenge {
		let window = self.window();
		let seed = window.seed.expect("the window is open");
		Challenge {
			genesis: window.genesis,
			seed: seed.seed,
			node: self.id.0,
			period: window.period.0,
			openings: seed.openings,
		}
	}

	/// The proof of the open window, over the forest as it is now.
	pub(crate) fn proof(&self) -> StorageProof {
		prove(&self.tree, &self.challenge(), &mut Blobs(&self.blobs)).expect("the node has its bytes")
	}

	/// The transaction that hands in a proof for the current period.
	pub(crate) fn proving(&self, proof: StorageProof) -> UncheckedExtrinsic {
		free(prove_call(self.id, self.window().period, proof))
	}

	/// Runs to the first window that asks for something: that of the period after the acceptance.
	pub(crate) fn first_window(&self) {
		self.open_next();
		if self.window().frozen.total == 0 {
			run_to(self.window().closes);
		}
	}

	/// Runs into the next window and proves it.
	pub(crate) fn prove_next(&self) {
		self.open_next();
		apply(self.proving(self.proof()));
	}

	/// Runs to the first block after which a proof of the next unproven window is possible.
	pub(crate) fn open_next(&self) {
		let window = self.window();
		let opens = if window.proven { window.opens + window.period_length } else { window.opens };
		run_to(opens + 1);
	}

	/// Lets this many windows close without a proof.
	pub(crate) fn miss(&self, windows: u32) {
		let window = self.window();
		run_to(window.closes + (windows - 1) * window.period_length);
	}

	pub(crate) fn window(&self) -> WindowPage {
		<Runtime as SubstationApi<Block, AccountId>>::window(self.id).expect("the node is registered")
	}

	pub(crate) fn page(&self) -> NodePage<AccountId> {
		<Runtime as SubstationApi<Block, AccountId>>::node_page(self.id).expect("the node is registered")
	}

	/// A deal with `customer` over these bytes, proposed and accepted.
	pub(crate) fn store(&mut self, customer: Sr25519Keyring, bytes: Vec<u8>, periods: u32) -> DealId {
		let deal = propose(customer, self.id, &bytes, periods);
		let acceptance = self.acceptance(vec![(deal, bytes)]);
		apply(acceptance);
		deal
	}
}

/// The word of an agent that it serves this operator.
pub(crate) fn bind(agent: &ed25519::Pair, operator: Sr25519Keyring) -> [u8; 64] {
	agent.sign(&authority::bind_message(&GENESIS.0, &operator.to_account_id())).0
}

/// The call that hands in a proof.
pub(crate) fn prove_call(node: NodeId, period: substation_primitives::Period, proof: StorageProof) -> RuntimeCall {
	pallet_storage_proofs::Call::prove { node, period, proof: proof.into() }.into()
}

/// Proposes to store these bytes.
pub(crate) fn propose(customer: Sr25519Keyring, node: NodeId, bytes: &[u8], periods: u32) -> DealId {
	let deal = pallet_storage_market::NextDealId::<Runtime>::get();
	let proposal = Proposal {
		node,
		root: *blake3::hash(bytes).as_bytes(),
		length: Bytes(bytes.len() as u64),
		periods,
		price: PRICE,
	};
	send(customer, pallet_storage_market::Call::propose { proposal });
	deal
}

/// Bytes that nobody else stores.
pub(crate) fn content(seed: u8, length: usize) -> Vec<u8> {
	(0..length).map(|index| (index as u8).wrapping_mul(31).wrapping_add((index >> 8) as u8 ^ seed)).collect()
}

/// What the API says of a deal.
pub(crate) fn deal_page(deal: DealId) -> Option<DealPage<AccountId>> {
	<Runtime as SubstationApi<Block, AccountId>>::deal_page(deal)
}

fn leaf(deal: DealId, bytes: &[u8]) -> Leaf {
	let recorded = StorageMarket::deal(deal).expect("the deal is proposed").leaf(deal);
	assert_eq!(recorded.root, *blake3::hash(bytes).as_bytes());
	recorded
}
