//! Real proofs of nodes that nobody could build: a terabyte, hashed from the challenged chunks up.
//!
//! The challenge depends on the forest's total only, never on its root. So everything beside the paths may be
//! anything: the hashes beside them are made up, and the roots follow.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::types::HostHasher;
use alloc::{vec, vec::Vec};
use codec::Encode;
use substation_proofs::{
	challenge::Challenge,
	content::{self, chunk_count, chunk_len, ContentOpening, CHUNK},
	domain,
	forest::{Forest, Leaf},
	storage::StorageProof,
	Hash, Hasher,
};

/// What a made-up node stores: `2^depth` deals of `length` bytes each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
	/// Levels of the forest.
	pub depth: u8,
	/// Bytes of every deal.
	pub length: u64,
}

impl Shape {
	/// The longest paths through forest and blobs together, when all deals are equally long.
	#[cfg(feature = "runtime-benchmarks")]
	pub(crate) const DEEPEST: Self = Self { depth: 32, length: 1 << 31 };

	/// One TiB in deals of one GiB.
	#[cfg(test)]
	pub(crate) const TEBIBYTE: Self = Self { depth: 10, length: 1 << 30 };

	fn weight(&self, level: u8) -> u64 {
		self.length << level
	}

	/// The forest and the answer to `challenge`.
	pub(crate) fn prove(self, challenge: &Challenge) -> (Forest, StorageProof) {
		let total = self.weight(self.depth);
		let mut points = challenge.points::<HostHasher>(total);
		points.sort_unstable();
		let mut builder = Builder { shape: self, node: challenge.node, proof: StorageProof::default(), made_up: 0 };
		let root = builder.subtree(self.depth, 0, &points);
		(Forest { root, total, depth: self.depth }, builder.proof)
	}
}

struct Builder {
	shape: Shape,
	node: u64,
	proof: StorageProof,
	made_up: u64,
}

impl Builder {
	fn anything(&mut self) -> Hash {
		self.made_up += 1;
		HostHasher::blake2_256(&self.made_up.encode())
	}

	fn subtree(&mut self, level: u8, start: u64, points: &[u64]) -> Hash {
		if points.is_empty() {
			let hash = self.anything();
			self.proof.hashes.push(hash);
			return hash;
		}
		if level == 0 {
			return self.leaf(start, points);
		}
		let half = self.shape.weight(level - 1);
		self.proof.weights.push(half);
		let (below, above) = points.split_at(points.partition_point(|point| *point < start + half));
		let left = self.subtree(level - 1, start, below);
		let right = self.subtree(level - 1, start + half, above);
		HostHasher::blake2_256(&(domain::INNER, half, &left, half, &right).encode())
	}

	fn leaf(&mut self, start: u64, points: &[u64]) -> Hash {
		let length = self.shape.length;
		let mut chunks: Vec<u64> = points.iter().map(|point| (point - start) / CHUNK).collect();
		chunks.dedup();
		let opening = ContentOpening {
			chunks: chunks.iter().map(|chunk| vec![0xA5; chunk_len(length, *chunk) as usize]).collect(),
			values: (0..values_beside(0, chunk_count(length), &chunks)).map(|_| self.anything()).collect(),
		};
		let root = content::root(length, &chunks, &opening).expect("the opening has what the walk asks for");
		let leaf = Leaf { deal: start / length, root, length };
		self.proof.leaves.push(leaf);
		self.proof.chunks.extend(opening.chunks);
		self.proof.values.extend(opening.values);
		leaf.hash::<HostHasher>(self.node)
	}
}

/// How many largest subtrees without one of `chunks` there are among `count` chunks from `start` on.
fn values_beside(start: u64, count: u64, chunks: &[u64]) -> u32 {
	if chunks.is_empty() {
		return 1;
	}
	if count == 1 {
		return 0;
	}
	let left = 1 << (count - 1).ilog2();
	let (below, above) = chunks.split_at(chunks.partition_point(|chunk| *chunk < start + left));
	values_beside(start, left, below) + values_beside(start + left, count - left, above)
}
