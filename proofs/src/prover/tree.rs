//! A node's forest with all its leaves, in memory.

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{
	forest::{check_changes, split_changes, Change, Forest, ForestError, Leaf, Subtree, UpdateProof, MAX_DEPTH},
	NativeHasher,
};

/// Why a forest could not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeError {
	/// The chain would refuse the change for its form.
	Refused(ForestError),
	/// The slot holds a deal.
	SlotTaken {
		/// The slot.
		slot: u32,
		/// The deal in it.
		deal: u64,
	},
	/// The deal is in a slot.
	DealTaken {
		/// The deal.
		deal: u64,
		/// Its slot.
		slot: u32,
	},
	/// The slot does not hold the deal that should be removed.
	NotInSlot {
		/// The slot.
		slot: u32,
	},
}

impl From<ForestError> for TreeError {
	fn from(error: ForestError) -> Self {
		Self::Refused(error)
	}
}

impl core::fmt::Display for TreeError {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		match self {
			Self::Refused(error) => write!(f, "the change is not possible: {error:?}"),
			Self::SlotTaken { slot, deal } => write!(f, "slot {slot} holds deal {deal}"),
			Self::DealTaken { deal, slot } => write!(f, "deal {deal} is in slot {slot}"),
			Self::NotInSlot { slot } => write!(f, "slot {slot} does not hold this deal"),
		}
	}
}

impl core::error::Error for TreeError {}

/// An inner node or a leaf that is not empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Branch {
	subtree: Subtree,
	/// How many of its slots hold a deal.
	taken: u64,
}

/// A node's forest: which deal is in which slot, and every hash above them.
///
/// A change costs time in proportion to the depth; empty subtrees cost nothing. Cloning costs time and memory in
/// proportion to the leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForestTree {
	node: u64,
	/// Per slot that is not empty.
	leaves: BTreeMap<u32, Leaf>,
	slots: BTreeMap<u64, u32>,
	/// Per level, leaves first, by `slot >> level`; the last level has the root only. Empty subtrees have no entry.
	levels: Vec<BTreeMap<u32, Branch>>,
}

impl ForestTree {
	/// The empty forest of `node`.
	pub fn new(node: u64) -> Self {
		Self { node, leaves: BTreeMap::new(), slots: BTreeMap::new(), levels: Vec::from([BTreeMap::new()]) }
	}

	/// A forest with these deals in these slots.
	pub fn from_leaves(node: u64, depth: u8, leaves: impl IntoIterator<Item = (u32, Leaf)>) -> Result<Self, TreeError> {
		let mut tree = Self::new(node);
		tree.grow(depth)?;
		let mut total = 0u64;
		for (slot, leaf) in leaves {
			check_changes(depth, depth, &[(slot, Change::Insert(leaf))])?;
			tree.check_insert(slot, &leaf)?;
			total = total.checked_add(leaf.length).ok_or(ForestError::TotalOverflow)?;
			tree.leaves.insert(slot, leaf);
			tree.slots.insert(leaf.deal, slot);
		}
		if let Some(level) = tree.levels.first_mut() {
			let branch = |leaf| Branch { subtree: Subtree::leaf::<NativeHasher>(node, leaf), taken: 1 };
			*level = tree.leaves.iter().map(|(slot, leaf)| (*slot, branch(leaf))).collect();
		}
		for level in 1..=depth {
			let below = level.saturating_sub(1);
			let mut indexes: Vec<u32> =
				tree.levels.get(usize::from(below)).into_iter().flatten().map(|(index, _)| index >> 1).collect();
			indexes.dedup();
			let joined: BTreeMap<u32, Branch> =
				indexes.into_iter().map(|index| (index, tree.join(level, index))).collect();
			if let Some(stored) = tree.levels.get_mut(usize::from(level)) {
				*stored = joined;
			}
		}
		Ok(tree)
	}

	/// The node whose forest this is.
	pub fn node(&self) -> u64 {
		self.node
	}

	/// The levels between the slots and the root.
	pub fn depth(&self) -> u8 {
		// There is always at least one level and never more than 33.
		u8::try_from(self.levels.len().saturating_sub(1)).unwrap_or(MAX_DEPTH)
	}

	/// What a chain keeps of this forest.
	pub fn forest(&self) -> Forest {
		let depth = self.depth();
		let Subtree { weight, hash } = self.subtree(depth, 0);
		Forest { root: hash, total: weight, depth }
	}

	/// How many deals it holds.
	pub fn len(&self) -> usize {
		self.leaves.len()
	}

	/// Whether it holds no deal.
	pub fn is_empty(&self) -> bool {
		self.leaves.is_empty()
	}

	/// The deal in a slot.
	pub fn get(&self, slot: u32) -> Option<&Leaf> {
		self.leaves.get(&slot)
	}

	/// The slot of a deal.
	pub fn slot_of(&self, deal: u64) -> Option<u32> {
		self.slots.get(&deal).copied()
	}

	/// Slots and their deals, in the order of slots.
	pub fn iter(&self) -> impl Iterator<Item = (u32, &Leaf)> {
		self.leaves.iter().map(|(slot, leaf)| (*slot, leaf))
	}

	/// The lowest empty slot. It may lie beyond the current depth: see [`Self::depth_for`]. `None` if all
	/// 2^32 are taken.
	pub fn free_slot(&self) -> Option<u32> {
		self.free_slots(1).first().copied()
	}

	/// The lowest `limit` empty slots, ascending.
	pub fn free_slots(&self, limit: usize) -> Vec<u32> {
		let mut free = Vec::new();
		self.collect_free(self.depth(), 0, limit, &mut free);
		let mut next = 1u64.checked_shl(self.depth().into()).and_then(|slot| u32::try_from(slot).ok());
		while let (Some(slot), true) = (next, free.len() < limit) {
			free.push(slot);
			next = slot.checked_add(1);
		}
		free
	}

	/// The least depth, not below the current one, at which the forest has this slot.
	pub fn depth_for(&self, slot: u32) -> u8 {
		let bits = u32::BITS.saturating_sub(slot.leading_zeros());
		self.depth().max(u8::try_from(bits).unwrap_or(MAX_DEPTH))
	}

	/// Make the forest deeper. The slots keep their numbers.
	pub fn grow(&mut self, depth: u8) -> Result<(), TreeError> {
		let current = self.depth();
		if depth < current || depth > MAX_DEPTH {
			return Err(ForestError::DepthOutOfRange { depth, current }.into());
		}
		for level in current..depth {
			let above = level.saturating_add(1);
			let root = self.join(above, 0);
			let entry = (root.taken > 0).then_some((0, root));
			self.levels.push(entry.into_iter().collect());
		}
		Ok(())
	}

	/// Put a deal into an empty slot of the current depth.
	pub fn insert(&mut self, slot: u32, leaf: Leaf) -> Result<(), TreeError> {
		self.apply(self.depth(), &[(slot, Change::Insert(leaf))])
	}

	/// Empty a slot.
	pub fn remove(&mut self, slot: u32) -> Result<Leaf, TreeError> {
		let leaf = *self.get(slot).ok_or(TreeError::NotInSlot { slot })?;
		self.apply(self.depth(), &[(slot, Change::Remove(leaf))])?;
		Ok(leaf)
	}

	/// Apply all changes, or none if one of them is not possible. Afterwards the forest has this depth.
	pub fn apply(&mut self, depth: u8, changes: &[(u32, Change)]) -> Result<(), TreeError> {
		self.check(depth, changes)?;
		self.grow(depth)?;
		for (slot, change) in changes {
			let branch = match change {
				Change::Insert(leaf) => {
					self.leaves.insert(*slot, *leaf);
					self.slots.insert(leaf.deal, *slot);
					Branch { subtree: Subtree::leaf::<NativeHasher>(self.node, leaf), taken: 1 }
				}
				Change::Remove(leaf) => {
					self.leaves.remove(slot);
					self.slots.remove(&leaf.deal);
					Branch::default()
				}
			};
			self.store(0, *slot, branch);
		}
		let mut indexes: Vec<u32> = changes.iter().map(|(slot, _)| *slot).collect();
		for level in 1..=depth {
			for index in &mut indexes {
				*index >>= 1;
			}
			indexes.dedup();
			for index in &indexes {
				let branch = self.join(level, *index);
				self.store(level, *index, branch);
			}
		}
		Ok(())
	}

	/// What [`crate::forest::update`] needs to apply these changes to [`Self::forest`]. Changes nothing.
	pub fn update_proof(&self, depth: u8, changes: &[(u32, Change)]) -> Result<UpdateProof, TreeError> {
		self.check(depth, changes)?;
		let mut proof = UpdateProof::default();
		self.collect_siblings(depth, 0, changes, &mut proof);
		Ok(proof)
	}

	pub(crate) fn halves(index: u32) -> (u32, u32) {
		let left = index << 1;
		(left, left | 1)
	}

	/// A subtree of this forest, or of the forest that it would be if it were deeper.
	pub(crate) fn subtree(&self, level: u8, index: u32) -> Subtree {
		let depth = self.depth();
		if level <= depth {
			return self.branch(level, index).subtree;
		}
		if index > 0 {
			return Subtree::EMPTY;
		}
		self.branch(depth, 0).subtree.grown::<NativeHasher>(level.saturating_sub(depth))
	}

	fn branch(&self, level: u8, index: u32) -> Branch {
		self.levels.get(usize::from(level)).and_then(|level| level.get(&index)).copied().unwrap_or_default()
	}

	fn store(&mut self, level: u8, index: u32, branch: Branch) {
		let Some(level) = self.levels.get_mut(usize::from(level)) else { return };
		if branch.taken == 0 {
			level.remove(&index);
		} else {
			level.insert(index, branch);
		}
	}

	/// The inner node over its two halves. Totals are checked before anything is stored.
	fn join(&self, level: u8, index: u32) -> Branch {
		let below = level.saturating_sub(1);
		let (left, right) = Self::halves(index);
		let (left, right) = (self.branch(below, left), self.branch(below, right));
		Branch {
			subtree: Subtree::join::<NativeHasher>(&left.subtree, &right.subtree).unwrap_or_default(),
			taken: left.taken.saturating_add(right.taken),
		}
	}

	fn check(&self, depth: u8, changes: &[(u32, Change)]) -> Result<(), TreeError> {
		check_changes(self.depth(), depth, changes)?;
		// Wide, because a removal may come after an insertion that it makes room for.
		let mut total = u128::from(self.forest().total);
		let mut deals = Vec::new();
		for (slot, change) in changes {
			match change {
				Change::Insert(leaf) => {
					self.check_insert(*slot, leaf)?;
					deals.push((leaf.deal, *slot));
					total = total.saturating_add(leaf.length.into());
				}
				Change::Remove(leaf) if self.get(*slot) == Some(leaf) => {
					total = total.saturating_sub(leaf.length.into());
				}
				Change::Remove(_) => return Err(TreeError::NotInSlot { slot: *slot }),
			}
		}
		if u64::try_from(total).is_err() {
			return Err(ForestError::TotalOverflow.into());
		}
		deals.sort_unstable();
		let twice = deals.iter().zip(deals.iter().skip(1)).find(|(one, next)| one.0 == next.0);
		match twice {
			Some(((deal, slot), _)) => Err(TreeError::DealTaken { deal: *deal, slot: *slot }),
			None => Ok(()),
		}
	}

	fn check_insert(&self, slot: u32, leaf: &Leaf) -> Result<(), TreeError> {
		if let Some(there) = self.get(slot) {
			return Err(TreeError::SlotTaken { slot, deal: there.deal });
		}
		match self.slot_of(leaf.deal) {
			Some(slot) => Err(TreeError::DealTaken { deal: leaf.deal, slot }),
			None => Ok(()),
		}
	}

	fn collect_siblings(&self, level: u8, index: u32, changes: &[(u32, Change)], proof: &mut UpdateProof) {
		if changes.is_empty() {
			let sibling = self.subtree(level, index);
			proof.weights.push(sibling.weight);
			if sibling.weight > 0 {
				proof.hashes.push(sibling.hash);
			}
			return;
		}
		let Some(below) = level.checked_sub(1) else { return };
		let (left, right) = Self::halves(index);
		let (in_left, in_right) = split_changes(level, changes);
		self.collect_siblings(below, left, in_left, proof);
		self.collect_siblings(below, right, in_right, proof);
	}

	/// Empty slots of a subtree. Full subtrees are skipped, so the cost is about that of the answer.
	fn collect_free(&self, level: u8, index: u32, limit: usize, free: &mut Vec<u32>) {
		let taken = self.branch(level, index).taken;
		if free.len() >= limit || taken == 1u64.checked_shl(level.into()).unwrap_or(u64::MAX) {
			return;
		}
		let Some(below) = level.checked_sub(1) else {
			free.push(index);
			return;
		};
		let (left, right) = Self::halves(index);
		self.collect_free(below, left, limit, free);
		self.collect_free(below, right, limit, free);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::forest::is_slot_in;

	fn leaf(deal: u64) -> Leaf {
		Leaf { deal, root: [u8::try_from(deal % 251).unwrap(); 32], length: deal + 1 }
	}

	#[test]
	fn building_at_once_and_leaf_by_leaf_is_the_same() {
		let leaves: Vec<_> = [0u32, 3, 4, 9, 15].iter().map(|slot| (*slot, leaf(u64::from(*slot) + 7))).collect();

		let at_once = ForestTree::from_leaves(1, 4, leaves.clone()).unwrap();
		let mut one_by_one = ForestTree::new(1);
		for (slot, leaf) in leaves.into_iter().rev() {
			one_by_one.grow(4).unwrap();
			one_by_one.insert(slot, leaf).unwrap();
		}

		assert_eq!(at_once, one_by_one);
	}

	#[test]
	fn removing_everything_leaves_the_empty_forest() {
		let mut tree = ForestTree::from_leaves(1, 3, (0..5).map(|slot| (slot, leaf(slot.into())))).unwrap();
		for slot in 0..5 {
			assert_eq!(tree.remove(slot), Ok(leaf(slot.into())));
		}

		assert_eq!(tree.forest(), Forest { depth: 3, ..Forest::default() });
		assert!(tree.levels.iter().all(BTreeMap::is_empty));
	}

	#[test]
	fn the_lowest_empty_slot_comes_first() {
		let mut tree = ForestTree::new(1);
		assert_eq!(tree.free_slots(3), [0, 1, 2]);

		for expected in 0..6 {
			let slot = tree.free_slot().unwrap();
			assert_eq!(slot, expected);
			tree.grow(tree.depth_for(slot)).unwrap();
			tree.insert(slot, leaf(slot.into())).unwrap();
		}
		assert_eq!(tree.depth(), 3);

		tree.remove(1).unwrap();
		tree.remove(4).unwrap();
		assert_eq!(tree.free_slots(5), [1, 4, 6, 7, 8]);
	}

	#[test]
	fn a_full_forest_offers_the_slot_beyond_its_depth() {
		let tree = ForestTree::from_leaves(1, 1, [(0, leaf(1)), (1, leaf(2))]).unwrap();

		assert_eq!(tree.free_slot(), Some(2));
		assert_eq!(tree.depth_for(2), 2);
		assert_eq!(tree.depth_for(1), 1);
	}

	#[test]
	fn the_last_of_all_slots_works() {
		let mut tree = ForestTree::new(1);
		tree.grow(32).unwrap();
		tree.insert(u32::MAX, leaf(1)).unwrap();

		assert_eq!(tree.forest().total, 2);
		assert_eq!(tree.free_slot(), Some(0));
		assert_eq!(tree.depth_for(u32::MAX), 32);
		assert!(is_slot_in(32, u32::MAX) && !is_slot_in(31, u32::MAX));
	}

	#[test]
	fn an_impossible_change_changes_nothing() {
		let mut tree = ForestTree::from_leaves(1, 1, [(0, leaf(1))]).unwrap();
		let before = tree.clone();

		let taken = [(0, Change::Insert(leaf(2)))];
		assert_eq!(tree.apply(2, &taken), Err(TreeError::SlotTaken { slot: 0, deal: 1 }));
		let twice = [(1, Change::Insert(leaf(2))), (2, Change::Insert(leaf(2)))];
		assert_eq!(tree.apply(2, &twice), Err(TreeError::DealTaken { deal: 2, slot: 1 }));
		let known = [(1, Change::Insert(leaf(1)))];
		assert_eq!(tree.apply(2, &known), Err(TreeError::DealTaken { deal: 1, slot: 0 }));
		let absent = [(0, Change::Insert(leaf(2))), (1, Change::Remove(leaf(2)))];
		assert_eq!(tree.update_proof(2, &absent), Err(TreeError::SlotTaken { slot: 0, deal: 1 }));
		assert_eq!(tree.remove(1), Err(TreeError::NotInSlot { slot: 1 }));
		assert_eq!(tree.grow(0), Err(ForestError::DepthOutOfRange { depth: 0, current: 1 }.into()));

		assert_eq!(tree, before);
	}
}
