//! The proof that a node had the challenged bytes.
//!
//! One walk down the forest finds the deals that the challenged bytes lie in and checks the forest's root; then each
//! deal's chunks must lead to its content's root, one deal after the other, failing at the first.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
	challenge::Challenge,
	content::{self, is_length_allowed, split_below, Supply, CHUNK},
	forest::{Forest, Leaf, Subtree, MAX_DEPTH},
	Hash, Hasher, Verified, EMPTY,
};

/// Everything that a verifier needs besides the forest and the challenge. All lists are in preorder, and each of their
/// items is used exactly once: there is one encoding of a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct StorageProof {
	/// For each inner node of the forest that a challenged byte lies under, the bytes in its left half. The
	/// rest is in the right half.
	pub weights: Vec<u64>,
	/// The hashes of the halves that no challenged byte lies in and that are not empty.
	pub hashes: Vec<Hash>,
	/// The deals that a challenged byte lies in.
	pub leaves: Vec<Leaf>,
	/// The chunks that a challenged byte lies in, deal by deal, ascending, each once.
	pub chunks: Vec<Vec<u8>>,
	/// Chaining values of the largest subtrees without such a chunk, deal by deal.
	pub values: Vec<Hash>,
}

/// What an accepted proof shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Proven {
	/// The node that had the bytes.
	pub node: u64,
	/// The period that it had them in.
	pub period: u32,
	/// The bytes in the challenged forest, from which the sample was drawn.
	pub bytes: u64,
}

/// A list in a [`StorageProof`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Part {
	/// [`StorageProof::weights`].
	#[codec(index = 0)]
	Weights,
	/// [`StorageProof::hashes`].
	#[codec(index = 1)]
	Hashes,
	/// [`StorageProof::leaves`].
	#[codec(index = 2)]
	Leaves,
	/// [`StorageProof::chunks`].
	#[codec(index = 3)]
	Chunks,
	/// [`StorageProof::values`].
	#[codec(index = 4)]
	Values,
}

/// Why a proof was refused.
///
/// Variants and their order are part of the encoding: never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum ProofError {
	/// The forest has no bytes: nothing is challenged.
	#[codec(index = 0)]
	EmptyForest,
	/// The challenge asks for nothing.
	#[codec(index = 1)]
	NoOpenings,
	/// The forest is deeper than [`MAX_DEPTH`].
	#[codec(index = 2)]
	DepthOutOfRange {
		/// The forest's depth.
		depth: u8,
	},
	/// A list is longer than any proof of this challenge needs.
	#[codec(index = 3)]
	TooMany {
		/// The list.
		part: Part,
		/// Its length.
		found: u32,
		/// The greatest allowed length.
		limit: u32,
	},
	/// A list ends before the verifier is done with it.
	#[codec(index = 4)]
	Missing(Part),
	/// A list has items that the verifier does not need.
	#[codec(index = 5)]
	Unused(Part),
	/// A deal's length is 0 or above [`content::MAX_LENGTH`].
	#[codec(index = 6)]
	LengthOutOfRange {
		/// The length in bytes.
		length: u64,
	},
	/// A half of the forest is said to have more bytes than the whole.
	#[codec(index = 7)]
	WrongWeight {
		/// The bytes in the half.
		half: u64,
		/// The bytes in the whole.
		whole: u64,
	},
	/// A deal's length is not the weight of its slot.
	#[codec(index = 8)]
	WrongLength {
		/// The deal's length in bytes.
		found: u64,
		/// The slot's weight in bytes.
		expected: u64,
	},
	/// The walk does not lead to the forest's root.
	#[codec(index = 9)]
	WrongForest,
	/// A chunk does not exist or is asked for twice.
	#[codec(index = 10)]
	ChunkOutOfRange,
	/// A chunk has the wrong number of bytes.
	#[codec(index = 11)]
	WrongChunkLength {
		/// The bytes that it has.
		found: u64,
		/// The bytes that it should have, or the most it could have.
		expected: u64,
	},
	/// A deal's chunks do not lead to its content's root.
	#[codec(index = 12)]
	WrongContent,
}

impl ProofError {
	/// A number for the places that carry one byte only, such as a transaction's validity: the variant's index.
	pub fn code(&self) -> u8 {
		self.using_encoded(|encoded| encoded.first().copied().unwrap_or(u8::MAX))
	}
}

/// The most bytes that the encoding of a proof can have for a forest of this depth.
pub const fn max_proof_size(openings: u8, depth: u8) -> u32 {
	const LEAF: u32 = 8 + 32 + 8;
	const CHUNK_WITH_LENGTH: u32 = 1024 + 2;
	const LENGTHS: u32 = 5 * 4;
	let per_opening = depth as u32 * (8 + 32) + LEAF + CHUNK_WITH_LENGTH + content::MAX_LEVELS * 32;
	// At most 255 · 12,434 bytes: fits in 32 bits.
	LENGTHS.saturating_add((openings as u32).saturating_mul(per_opening))
}

/// Check everything that bounds the cost of [`verify`], without hashing.
///
/// What passes costs at most `openings · depth` inner hashes of the forest, `openings` leaf hashes, `openings`
/// chunks and as many chaining values per chunk as the longest of the deals has levels.
pub fn check_sizes(forest: &Forest, openings: u8, proof: &StorageProof) -> Result<(), ProofError> {
	if openings == 0 {
		return Err(ProofError::NoOpenings);
	}
	if forest.is_empty() {
		return Err(ProofError::EmptyForest);
	}
	if forest.depth > MAX_DEPTH {
		return Err(ProofError::DepthOutOfRange { depth: forest.depth });
	}
	let openings = usize::from(openings);
	let depth = usize::from(forest.depth);
	let leaves = proof.leaves.len();
	let chunks = proof.chunks.len();

	at_least(Part::Leaves, leaves, 1)?;
	at_most(Part::Leaves, leaves, openings)?;
	// Every leaf's path has an inner node per level; paths share some.
	at_least(Part::Weights, proof.weights.len(), depth)?;
	at_most(Part::Weights, proof.weights.len(), leaves.saturating_mul(depth))?;
	// Every inner node on a path has at most one half that is not.
	at_most(Part::Hashes, proof.hashes.len(), proof.weights.len())?;
	at_least(Part::Chunks, chunks, leaves)?;
	at_most(Part::Chunks, chunks, openings)?;

	let mut levels = 0u32;
	for leaf in &proof.leaves {
		if !is_length_allowed(leaf.length) {
			return Err(ProofError::LengthOutOfRange { length: leaf.length });
		}
		levels = levels.max(content::levels(leaf.length));
	}
	for chunk in &proof.chunks {
		let found = chunk.len() as u64; // usize is at most 64 bits wide
		if found == 0 || found > CHUNK {
			return Err(ProofError::WrongChunkLength { found, expected: CHUNK });
		}
	}
	// A level is at most 36, so it fits a usize of any width.
	at_most(Part::Values, proof.values.len(), chunks.saturating_mul(usize::try_from(levels).unwrap_or(usize::MAX)))
}

/// Check that `proof` answers `challenge` over `forest`, which is the forest of the challenged node.
pub fn verify<H: Hasher>(
	forest: &Forest,
	challenge: &Challenge,
	proof: &StorageProof,
) -> Result<Verified<Proven>, ProofError> {
	check_sizes(forest, challenge.openings, proof)?;
	let mut points = challenge.points::<H>(forest.total);
	points.sort_unstable();

	let mut walk = Walk {
		node: challenge.node,
		weights: proof.weights.iter(),
		hashes: proof.hashes.iter(),
		leaves: proof.leaves.iter(),
		hits: Vec::new(),
	};
	let root = walk.subtree::<H>(forest.depth, 0, forest.total, &points)?;
	let hits = walk.finish()?;
	if root != forest.root {
		return Err(ProofError::WrongForest);
	}

	let wanted = hits.iter().map(|hit| hit.chunks.len()).fold(0usize, usize::saturating_add);
	at_least(Part::Chunks, proof.chunks.len(), wanted)?;
	let mut supply = Supply::new(&proof.chunks, &proof.values);
	for hit in &hits {
		if supply.root(hit.leaf.length, &hit.chunks)? != hit.leaf.root {
			return Err(ProofError::WrongContent);
		}
	}
	supply.finish()?;
	Ok(Verified::new(Proven { node: challenge.node, period: challenge.period, bytes: forest.total }))
}

fn at_least(part: Part, found: usize, limit: usize) -> Result<(), ProofError> {
	if found < limit {
		return Err(ProofError::Missing(part));
	}
	Ok(())
}

fn at_most(part: Part, found: usize, limit: usize) -> Result<(), ProofError> {
	if found > limit {
		let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
		return Err(ProofError::TooMany { part, found: narrow(found), limit: narrow(limit) });
	}
	Ok(())
}

/// The chunks that sorted points fall into, each once, for a deal whose first byte is at `start`.
pub(crate) fn chunks_of(points: &[u64], start: u64) -> Vec<u64> {
	let mut chunks: Vec<u64> =
		points.iter().map(|point| point.saturating_sub(start).checked_div(CHUNK).unwrap_or_default()).collect();
	chunks.dedup();
	chunks
}

/// A deal and its challenged chunks.
struct Hit<'a> {
	leaf: &'a Leaf,
	chunks: Vec<u64>,
}

struct Walk<'a> {
	node: u64,
	weights: core::slice::Iter<'a, u64>,
	hashes: core::slice::Iter<'a, Hash>,
	leaves: core::slice::Iter<'a, Leaf>,
	hits: Vec<Hit<'a>>,
}

impl<'a> Walk<'a> {
	/// The hash of a subtree that covers the bytes `start .. start + weight` of the forest. At most
	/// [`MAX_DEPTH`] calls deep. `points` are sorted and lie in these bytes.
	fn subtree<H: Hasher>(&mut self, level: u8, start: u64, weight: u64, points: &[u64]) -> Result<Hash, ProofError> {
		if weight == 0 {
			return Ok(EMPTY);
		}
		if points.is_empty() {
			return self.hashes.next().copied().ok_or(ProofError::Missing(Part::Hashes));
		}
		if level == 0 {
			return self.leaf::<H>(start, weight, points);
		}
		let in_left = *self.weights.next().ok_or(ProofError::Missing(Part::Weights))?;
		let wrong = ProofError::WrongWeight { half: in_left, whole: weight };
		let in_right = weight.checked_sub(in_left).ok_or(wrong)?;
		let middle = start.checked_add(in_left).ok_or(wrong)?;
		let (below, above) = split_below(points, middle);
		let under = level.saturating_sub(1);
		let left = Subtree { weight: in_left, hash: self.subtree::<H>(under, start, in_left, below)? };
		let right = Subtree { weight: in_right, hash: self.subtree::<H>(under, middle, in_right, above)? };
		Ok(Subtree::join::<H>(&left, &right).ok_or(wrong)?.hash)
	}

	fn leaf<H: Hasher>(&mut self, start: u64, weight: u64, points: &[u64]) -> Result<Hash, ProofError> {
		let leaf = self.leaves.next().ok_or(ProofError::Missing(Part::Leaves))?;
		if leaf.length != weight {
			return Err(ProofError::WrongLength { found: leaf.length, expected: weight });
		}
		self.hits.push(Hit { leaf, chunks: chunks_of(points, start) });
		Ok(leaf.hash::<H>(self.node))
	}

	fn finish(self) -> Result<Vec<Hit<'a>>, ProofError> {
		if !self.weights.as_slice().is_empty() {
			return Err(ProofError::Unused(Part::Weights));
		}
		if !self.hashes.as_slice().is_empty() {
			return Err(ProofError::Unused(Part::Hashes));
		}
		if !self.leaves.as_slice().is_empty() {
			return Err(ProofError::Unused(Part::Leaves));
		}
		Ok(self.hits)
	}
}
