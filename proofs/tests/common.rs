//! A node with data in memory.

use std::collections::BTreeMap;

use substation_proofs::{
	prover::{open_bytes, prove, ChunkSource, ForestTree, OpenError},
	storage, Challenge, ContentOpening, Leaf, NativeHasher, ProofError, Proven, StorageProof,
};

/// Bytes that count up and start over after 250, so that chunks differ.
pub(crate) fn pattern(length: u64) -> Vec<u8> {
	(0..length).map(|index| (index % 251) as u8).collect()
}

/// As [`pattern`], other bytes for each deal.
pub(crate) fn bytes_of(deal: u64, length: u64) -> Vec<u8> {
	pattern(length).into_iter().map(|byte| byte.wrapping_add((deal % 256) as u8)).collect()
}

pub(crate) fn leaf(deal: u64, length: u64) -> Leaf {
	Leaf { deal, root: blake3::hash(&bytes_of(deal, length)).into(), length }
}

/// The bytes of a node's deals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store(pub BTreeMap<u64, Vec<u8>>);

impl ChunkSource for Store {
	type Error = OpenError<std::convert::Infallible>;

	fn open(&mut self, leaf: &Leaf, chunks: &[u64]) -> Result<ContentOpening, Self::Error> {
		open_bytes(&self.0[&leaf.deal], chunks)
	}
}

/// A node that stores deals, and a challenge to it.
#[derive(Clone, Debug)]
pub(crate) struct World {
	pub tree: ForestTree,
	pub store: Store,
	pub challenge: Challenge,
}

pub(crate) const NODE: u64 = 7;

impl World {
	/// Deals `100 + slot` of these lengths in these slots.
	pub(crate) fn new(depth: u8, deals: &[(u32, u64)]) -> Self {
		let id = |slot: u32| u64::from(slot) + 100;
		let leaves = deals.iter().map(|(slot, length)| (*slot, leaf(id(*slot), *length)));
		let tree = ForestTree::from_leaves(NODE, depth, leaves).unwrap();
		let store = Store(deals.iter().map(|(slot, length)| (id(*slot), bytes_of(id(*slot), *length))).collect());
		let challenge = Challenge { genesis: [1; 32], seed: [2; 32], node: NODE, period: 3, openings: 4 };
		Self { tree, store, challenge }
	}

	/// Five deals of different shapes in a forest with empty slots.
	pub(crate) fn mixed() -> Self {
		Self::new(4, &[(0, 5000), (1, 1), (4, 20_000), (9, 1024), (15, 2049)])
	}

	pub(crate) fn seeded(mut self, seed: u8) -> Self {
		self.challenge.seed = [seed; 32];
		self
	}

	pub(crate) fn openings(mut self, openings: u8) -> Self {
		self.challenge.openings = openings;
		self
	}

	pub(crate) fn prove(&mut self) -> StorageProof {
		prove(&self.tree, &self.challenge, &mut self.store).unwrap()
	}

	pub(crate) fn verify(&self, proof: &StorageProof) -> Result<Proven, ProofError> {
		storage::verify::<NativeHasher>(&self.tree.forest(), &self.challenge, proof)
			.map(|verified| verified.into_inner())
	}
}
