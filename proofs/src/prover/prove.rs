//! The answer to a challenge.

use alloc::vec::Vec;

use crate::{
	challenge::Challenge,
	content::{self, split_below, ContentOpening},
	forest::Leaf,
	storage::{chunks_of, ProofError, StorageProof},
	NativeHasher,
};

use super::tree::ForestTree;

/// Where the bytes of a node's deals are kept.
pub trait ChunkSource {
	/// Why reading failed.
	type Error;

	/// Open `chunks` (ascending, distinct) of the deal in `leaf`; see [`super::open_groups`].
	fn open(&mut self, leaf: &Leaf, chunks: &[u64]) -> Result<ContentOpening, Self::Error>;
}

/// Why a challenge could not be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProveError<E> {
	/// The challenge is for another node than the forest.
	WrongNode {
		/// The challenged node.
		challenged: u64,
		/// The forest's node.
		ours: u64,
	},
	/// Nothing is stored, so nothing is challenged.
	EmptyForest,
	/// The challenge asks for nothing.
	NoOpenings,
	/// A deal's bytes could not be read.
	Source {
		/// The deal.
		deal: u64,
		/// What went wrong.
		error: E,
	},
	/// A deal's bytes or its tree are damaged: they do not lead to the deal's root.
	Damaged {
		/// The deal.
		deal: u64,
		/// What the verifier says.
		error: ProofError,
	},
}

impl<E: core::fmt::Display> core::fmt::Display for ProveError<E> {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		match self {
			Self::WrongNode { challenged, ours } => write!(f, "node {challenged} is challenged, this is node {ours}"),
			Self::EmptyForest => write!(f, "nothing is stored"),
			Self::NoOpenings => write!(f, "nothing is challenged"),
			Self::Source { deal, error } => write!(f, "deal {deal}: {error}"),
			Self::Damaged { deal, error } => write!(f, "deal {deal} is damaged: {error:?}"),
		}
	}
}

impl<E: core::fmt::Debug + core::fmt::Display> core::error::Error for ProveError<E> {}

/// Answer `challenge` over `tree`. Every opening is checked, so that what comes out is accepted or an error says which
/// deal is damaged.
pub fn prove<S: ChunkSource>(
	tree: &ForestTree,
	challenge: &Challenge,
	source: &mut S,
) -> Result<StorageProof, ProveError<S::Error>> {
	if challenge.node != tree.node() {
		return Err(ProveError::WrongNode { challenged: challenge.node, ours: tree.node() });
	}
	if challenge.openings == 0 {
		return Err(ProveError::NoOpenings);
	}
	if tree.is_empty() {
		return Err(ProveError::EmptyForest);
	}
	let (mut proof, hits) = descend(tree, challenge);
	for (leaf, chunks) in hits {
		let opening = source.open(&leaf, &chunks).map_err(|error| ProveError::Source { deal: leaf.deal, error })?;
		content::verify(&leaf.root, leaf.length, &chunks, &opening)
			.map_err(|error| ProveError::Damaged { deal: leaf.deal, error })?;
		proof.chunks.extend(opening.chunks);
		proof.values.extend(opening.values);
	}
	Ok(proof)
}

/// The deals and chunks that `challenge` asks for, in the order of the proof.
pub fn challenged(tree: &ForestTree, challenge: &Challenge) -> Vec<(Leaf, Vec<u64>)> {
	descend(tree, challenge).1
}

fn descend(tree: &ForestTree, challenge: &Challenge) -> (StorageProof, Vec<(Leaf, Vec<u64>)>) {
	let forest = tree.forest();
	let mut points = challenge.points::<NativeHasher>(forest.total);
	points.sort_unstable();
	let mut descent = Descent { tree, proof: StorageProof::default(), hits: Vec::new() };
	descent.visit(forest.depth, 0, 0, &points);
	(descent.proof, descent.hits)
}

struct Descent<'a> {
	tree: &'a ForestTree,
	proof: StorageProof,
	hits: Vec<(Leaf, Vec<u64>)>,
}

impl Descent<'_> {
	fn visit(&mut self, level: u8, index: u32, start: u64, points: &[u64]) {
		let subtree = self.tree.subtree(level, index);
		if subtree.weight == 0 {
			return;
		}
		if points.is_empty() {
			self.proof.hashes.push(subtree.hash);
			return;
		}
		let Some(below) = level.checked_sub(1) else {
			if let Some(leaf) = self.tree.get(index) {
				self.proof.leaves.push(*leaf);
				self.hits.push((*leaf, chunks_of(points, start)));
			}
			return;
		};
		let (left, right) = ForestTree::halves(index);
		let in_left = self.tree.subtree(below, left).weight;
		let middle = start.saturating_add(in_left);
		let (under, above) = split_below(points, middle);
		self.proof.weights.push(in_left);
		self.visit(below, left, start, under);
		self.visit(below, right, middle, above);
	}
}
