//! Real proofs of nodes that nobody builds for a test: up to exabytes, hashed from the challenged chunks up.
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
	content::{self, chunk_count, chunk_len, ContentOpening, CHUNK, MAX_LENGTH},
	domain,
	forest::{Forest, Leaf, MAX_DEPTH},
	storage::StorageProof,
	Hash, Hasher,
};

/// Bytes of a small deal.
const SMALL: u64 = 1;

/// What a made-up node stores: `2^depth` deals. The first of every `2^apart` has `length` bytes, the others have one.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
	/// Levels of the forest.
	pub depth: u8,
	/// Bytes of a large deal.
	pub length: u64,
	/// Levels of a subtree that holds one large deal.
	pub apart: u8,
}

impl Shape {
	/// The costliest opening that there can be: as many of the longest blobs as 64 bits can count, as far from each other
	/// as they can be, so that every path has all levels of a forest and of a blob and shares as few as possible. Small
	/// deals lie beside every step.
	///
	/// Whoever wants to be asked like this hashes one blob, once, and stores it in all of these deals.
	pub const DEEPEST: Self = Self { depth: MAX_DEPTH, length: MAX_LENGTH, apart: 15 };

	/// One TiB in deals of one GiB.
	pub const TEBIBYTE: Self = Self::even(10, 1 << 30);

	/// So many levels of deals that are equally long.
	pub const fn even(depth: u8, length: u64) -> Self {
		Self { depth, length, apart: 0 }
	}

	/// Bytes of the subtree of so many levels whose first slot is `slot`.
	fn weight(&self, level: u8, slot: u64) -> u64 {
		let slots = 1u64 << level;
		let large = match level.checked_sub(self.apart) {
			Some(levels) => 1 << levels,
			None => u64::from(slot.trailing_zeros() >= u32::from(self.apart)),
		};
		large * self.length + (slots - large) * SMALL
	}

	/// Bytes of all deals.
	pub fn total(&self) -> u64 {
		self.weight(self.depth, 0)
	}

	/// The forest and the answer to `challenge`.
	pub fn prove(self, challenge: &Challenge) -> (Forest, StorageProof) {
		let total = self.total();
		let mut points = challenge.points::<HostHasher>(total);
		points.sort_unstable();
		let mut builder = Builder { shape: self, node: challenge.node, proof: StorageProof::default(), made_up: 0 };
		let root = builder.subtree(self.depth, 0, 0, &points);
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

	/// The hash of the subtree of so many levels whose first slot is `slot` and whose first byte is at `start`.
	fn subtree(&mut self, level: u8, slot: u64, start: u64, points: &[u64]) -> Hash {
		if points.is_empty() {
			let hash = self.anything();
			self.proof.hashes.push(hash);
			return hash;
		}
		if level == 0 {
			return self.leaf(slot, start, points);
		}
		let middle = slot + (1 << (level - 1));
		let (in_left, in_right) = (self.shape.weight(level - 1, slot), self.shape.weight(level - 1, middle));
		self.proof.weights.push(in_left);
		let (below, above) = points.split_at(points.partition_point(|point| *point < start + in_left));
		let left = self.subtree(level - 1, slot, start, below);
		let right = self.subtree(level - 1, middle, start + in_left, above);
		HostHasher::blake2_256(&(domain::INNER, in_left, &left, in_right, &right).encode())
	}

	fn leaf(&mut self, slot: u64, start: u64, points: &[u64]) -> Hash {
		let length = self.shape.weight(0, slot);
		let mut chunks: Vec<u64> = points.iter().map(|point| (point - start) / CHUNK).collect();
		chunks.dedup();
		let opening = ContentOpening {
			chunks: chunks.iter().map(|chunk| vec![0xA5; chunk_len(length, *chunk) as usize]).collect(),
			values: (0..values_beside(0, chunk_count(length), &chunks)).map(|_| self.anything()).collect(),
		};
		let root = content::root(length, &chunks, &opening).expect("the opening has what the walk asks for");
		let leaf = Leaf { deal: slot, root, length };
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
