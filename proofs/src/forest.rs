//! The commitment to everything that a node stores: a binary tree of slots that carries sums of bytes.
//!
//! Verifying an update takes the path with the old leaves, which must lead to the current root, and the same path with
//! the new leaves, which leads to the next root. Many slots change in one go and share their paths.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
	content::{is_length_allowed, CHUNK},
	domain, Hash, Hasher, Verified, EMPTY,
};

/// The deepest forest: 2^32 slots.
pub const MAX_DEPTH: u8 = 32;

/// What a chain keeps of a node's forest.
///
/// The default is the empty forest: root of zeros, no bytes, depth 0, which has one slot.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Forest {
	/// The hash at the root; zeros when nothing is stored.
	pub root: Hash,
	/// The bytes of all deals in the forest.
	#[codec(compact)]
	pub total: u64,
	/// Levels between the slots and the root; there are 2^depth slots.
	pub depth: u8,
}

impl Forest {
	/// Whether nothing is stored. The depth may be above 0.
	pub fn is_empty(&self) -> bool {
		self.total == 0
	}
}

/// A deal in a slot of a forest. It weighs its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Leaf {
	/// The deal's id.
	pub deal: u64,
	/// The BLAKE3 root of the stored bytes.
	pub root: Hash,
	/// The number of stored bytes.
	pub length: u64,
}

impl Leaf {
	/// The leaf's hash in the forest of `node`: `H(0x03 ‖ deal ‖ node ‖ root ‖ length)`.
	pub fn hash<H: Hasher>(&self, node: u64) -> Hash {
		H::blake2_256(&(domain::LEAF, self.deal, node, &self.root, self.length).encode())
	}

	/// How many chunks the deal's bytes have.
	pub fn chunk_count(&self) -> u64 {
		self.length.div_ceil(CHUNK)
	}
}

/// What happens to one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Change {
	/// The slot is proven empty and gets this deal.
	#[codec(index = 0)]
	Insert(Leaf),
	/// The slot is proven to hold exactly this deal and becomes empty.
	#[codec(index = 1)]
	Remove(Leaf),
}

/// The subtrees beside the paths of an update, in preorder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct UpdateProof {
	/// The bytes in each subtree that no change touches.
	pub weights: Vec<u64>,
	/// The hashes of those of them that are not empty.
	pub hashes: Vec<Hash>,
}

/// Why an update of a forest was refused.
///
/// Variants and their order are part of the encoding: never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum ForestError {
	/// The depth is below the forest's or above [`MAX_DEPTH`].
	#[codec(index = 0)]
	DepthOutOfRange {
		/// The depth asked for.
		depth: u8,
		/// The forest's depth.
		current: u8,
	},
	/// There is nothing to change.
	#[codec(index = 1)]
	NoChanges,
	/// The slots are not strictly ascending.
	#[codec(index = 2)]
	SlotsNotAscending,
	/// A slot does not exist at this depth. Ask for a greater one.
	#[codec(index = 3)]
	SlotOutOfRange {
		/// The slot.
		slot: u32,
	},
	/// A deal's length is 0 or above [`crate::content::MAX_LENGTH`].
	#[codec(index = 4)]
	LengthOutOfRange {
		/// The length in bytes.
		length: u64,
	},
	/// The proof ends before the paths do.
	#[codec(index = 5)]
	ProofTooShort,
	/// The proof has weights or hashes that no path needs.
	#[codec(index = 6)]
	ProofTooLong,
	/// The bytes do not fit into 64 bits.
	#[codec(index = 7)]
	TotalOverflow,
	/// The paths with the old leaves have other bytes than the forest: a slot does not hold what the change
	/// says, or the forest has changed since.
	#[codec(index = 8)]
	WrongTotal {
		/// What the paths add up to, in bytes.
		found: u64,
		/// The forest's bytes.
		expected: u64,
	},
	/// The paths with the old leaves do not lead to the forest's root: a slot does not hold what the change
	/// says, or the forest has changed since.
	#[codec(index = 9)]
	WrongRoot,
}

/// A subtree: its bytes and its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subtree {
	pub(crate) weight: u64,
	pub(crate) hash: Hash,
}

impl Subtree {
	pub(crate) const EMPTY: Self = Self { weight: 0, hash: EMPTY };

	pub(crate) fn leaf<H: Hasher>(node: u64, leaf: &Leaf) -> Self {
		Self { weight: leaf.length, hash: leaf.hash::<H>(node) }
	}

	/// `H(0x02 ‖ weight left ‖ hash left ‖ weight right ‖ hash right)`, or zeros if both are empty. `None` if the
	/// weights do not add up in 64 bits.
	pub(crate) fn join<H: Hasher>(left: &Self, right: &Self) -> Option<Self> {
		let weight = left.weight.checked_add(right.weight)?;
		if weight == 0 {
			return Some(Self::EMPTY);
		}
		let preimage = (domain::INNER, left.weight, &left.hash, right.weight, &right.hash).encode();
		Some(Self { weight, hash: H::blake2_256(&preimage) })
	}

	/// The same slots as the left part of a tree that is `levels` deeper.
	pub(crate) fn grown<H: Hasher>(self, levels: u8) -> Self {
		// Adding nothing to a weight cannot overflow.
		(0..levels).fold(self, |tree, _| Self::join::<H>(&tree, &Self::EMPTY).unwrap_or(tree))
	}
}

/// Apply `changes` to the forest of `node` and return the forest that results.
///
/// - `depth` is the depth afterwards. Where it exceeds the forest's, the forest grows first: a level at a time it
///   becomes the left half of a twice as large one.
/// - `changes` are sorted by slot, and no slot occurs twice.
/// - `proof` has the subtrees beside the paths, as [`UpdateProof`] says, and nothing else.
///
/// Costs two hashes per inner node on a path, so at most `2 · changes · depth` and one per level of growth.
pub fn update<H: Hasher>(
	forest: &Forest,
	node: u64,
	depth: u8,
	changes: &[(u32, Change)],
	proof: &UpdateProof,
) -> Result<Verified<Forest>, ForestError> {
	check_changes(forest.depth, depth, changes)?;
	let most_siblings = changes.len().saturating_mul(usize::from(depth));
	if proof.weights.len() > most_siblings || proof.hashes.len() > proof.weights.len() {
		return Err(ForestError::ProofTooLong);
	}

	let mut reader = Reader { weights: proof.weights.iter(), hashes: proof.hashes.iter() };
	let (old, new) = reader.replace::<H>(node, depth, changes)?;
	if !reader.weights.as_slice().is_empty() || !reader.hashes.as_slice().is_empty() {
		return Err(ForestError::ProofTooLong);
	}

	if old.weight != forest.total {
		return Err(ForestError::WrongTotal { found: old.weight, expected: forest.total });
	}
	let current = Subtree { weight: forest.total, hash: forest.root };
	if old != current.grown::<H>(depth.saturating_sub(forest.depth)) {
		return Err(ForestError::WrongRoot);
	}
	Ok(Verified::new(Forest { root: new.hash, total: new.weight, depth }))
}

/// What can be said of changes without the forest's content.
pub(crate) fn check_changes(current: u8, depth: u8, changes: &[(u32, Change)]) -> Result<(), ForestError> {
	if depth < current || depth > MAX_DEPTH {
		return Err(ForestError::DepthOutOfRange { depth, current });
	}
	if changes.is_empty() {
		return Err(ForestError::NoChanges);
	}
	if !changes.iter().zip(changes.iter().skip(1)).all(|((one, _), (next, _))| one < next) {
		return Err(ForestError::SlotsNotAscending);
	}
	for (slot, change) in changes {
		if !is_slot_in(depth, *slot) {
			return Err(ForestError::SlotOutOfRange { slot: *slot });
		}
		let (Change::Insert(leaf) | Change::Remove(leaf)) = change;
		if !is_length_allowed(leaf.length) {
			return Err(ForestError::LengthOutOfRange { length: leaf.length });
		}
	}
	Ok(())
}

/// Whether a forest of this depth has this slot.
pub(crate) fn is_slot_in(depth: u8, slot: u32) -> bool {
	slot.checked_shr(depth.into()).unwrap_or(0) == 0
}

/// The changes in the left and in the right half of a subtree `level` levels high.
pub(crate) fn split_changes(level: u8, changes: &[(u32, Change)]) -> (&[(u32, Change)], &[(u32, Change)]) {
	let bit = level.saturating_sub(1);
	let is_left = |slot: u32| slot.checked_shr(bit.into()).unwrap_or(0) & 1 == 0;
	changes.split_at_checked(changes.partition_point(|(slot, _)| is_left(*slot))).unwrap_or((changes, &[]))
}

struct Reader<'a> {
	weights: core::slice::Iter<'a, u64>,
	hashes: core::slice::Iter<'a, Hash>,
}

impl Reader<'_> {
	/// The subtree that holds `changes`, before and after them. At most [`MAX_DEPTH`] calls deep.
	fn replace<H: Hasher>(
		&mut self,
		node: u64,
		level: u8,
		changes: &[(u32, Change)],
	) -> Result<(Subtree, Subtree), ForestError> {
		let Some((_, change)) = changes.first() else {
			let sibling = self.sibling()?;
			return Ok((sibling, sibling));
		};
		if level == 0 {
			return Ok(match change {
				Change::Insert(leaf) => (Subtree::EMPTY, Subtree::leaf::<H>(node, leaf)),
				Change::Remove(leaf) => (Subtree::leaf::<H>(node, leaf), Subtree::EMPTY),
			});
		}
		let below = level.saturating_sub(1);
		let (in_left, in_right) = split_changes(level, changes);
		let (old_left, new_left) = self.replace::<H>(node, below, in_left)?;
		let (old_right, new_right) = self.replace::<H>(node, below, in_right)?;
		let join = |left, right| Subtree::join::<H>(left, right).ok_or(ForestError::TotalOverflow);
		Ok((join(&old_left, &old_right)?, join(&new_left, &new_right)?))
	}

	fn sibling(&mut self) -> Result<Subtree, ForestError> {
		let weight = *self.weights.next().ok_or(ForestError::ProofTooShort)?;
		if weight == 0 {
			return Ok(Subtree::EMPTY);
		}
		let hash = *self.hashes.next().ok_or(ForestError::ProofTooShort)?;
		Ok(Subtree { weight, hash })
	}
}
