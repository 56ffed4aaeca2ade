//! The node's forest now, and as it stood before recent changes.
//!
//! A challenge is over the forest at the close of the window before. Changes are few and small, so earlier forests
//! are kept as what undoes the change that ended them; one that is asked for is built once and kept at hand.
//!
//! The chain may freeze a forest that is not final yet. So what may become final next is kept too, as candidates: they
//! answer challenges, and nothing else follows from them.

use crate::{
	journal::{DealChanges, Followed, ForestChange, Journal, JournalError, Remembered},
	Hash,
};
use codec::{Decode, Encode};
use parking_lot::{Mutex, MutexGuard};
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	sync::Arc,
};
use substation_proofs::{
	forest::{Change, Forest, Leaf, UpdateProof},
	prover::{ForestTree, TreeError},
};

/// Candidates that are kept.
const CANDIDATES: usize = 16;
/// Slots in all that earlier forests are remembered by. A node that lies could have whole forests replaced in each block.
const MOST_REMEMBERED: usize = 1 << 20;
/// The note of the journal that has them.
const CANDIDATES_NOTE: &str = "candidates";

/// A forest that may become final.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Candidate {
	/// Root of the final forest that it is a change of.
	base: Hash,
	/// The forest.
	forest: Forest,
	/// What the slots hold that it changes; `None` if nothing.
	slots: Slots,
}

/// Why the forest could not be opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum ForestsError {
	/// The journal failed.
	#[error(transparent)]
	Journal(#[from] JournalError),
	/// The change does not fit the forest, or what the journal has is not a forest. Rebuild it from the chain.
	#[error("forest: {0}")]
	Tree(#[from] TreeError),
}

/// What a final block makes of the forest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForestStep {
	/// Nothing.
	Same,
	/// It becomes this one.
	Become(Arc<ForestTree>),
}

/// What slots hold; `None` if nothing.
type Slots = Vec<(u32, Option<Leaf>)>;

/// The forest now and before. Clones share it.
#[derive(Clone, Debug)]
pub struct Forests(Arc<Shared>);

#[derive(Debug)]
struct Shared {
	journal: Journal,
	state: Mutex<State>,
}

#[derive(Debug)]
struct State {
	current: Arc<ForestTree>,
	/// The oldest first.
	remembered: VecDeque<Remembered>,
	/// The oldest first.
	candidates: VecDeque<Candidate>,
	/// The forest besides the current one that was asked for last.
	at_hand: Option<(Forest, Arc<ForestTree>)>,
}

impl Forests {
	/// Rebuilds the forest of `node` from the journal.
	pub fn open(journal: &Journal, node: u64) -> Result<Self, ForestsError> {
		let (depth, leaves) = journal.forest()?;
		let current = Arc::new(ForestTree::from_leaves(node, depth, leaves)?);
		let remembered = journal.remembered()?.into();
		// They can be found again: a note that cannot be read is no reason to stop.
		let noted = journal.note(CANDIDATES_NOTE)?.unwrap_or_default();
		let candidates = VecDeque::decode(&mut &noted[..]).unwrap_or_default();
		let state = Mutex::new(State { current, remembered, candidates, at_hand: None });
		Ok(Self(Arc::new(Shared { journal: journal.clone(), state })))
	}

	/// The forest now, as the chain keeps it.
	pub fn current(&self) -> Forest {
		self.state().current.forest()
	}

	/// The forest now, with its leaves.
	pub fn current_tree(&self) -> Arc<ForestTree> {
		self.state().current.clone()
	}

	/// The deal in a slot.
	pub fn get(&self, slot: u32) -> Option<Leaf> {
		self.state().current.get(slot).copied()
	}

	/// The slot of a deal.
	pub fn slot_of(&self, deal: u64) -> Option<u32> {
		self.state().current.slot_of(deal)
	}

	/// The lowest `count` empty slots.
	pub fn free_slots(&self, count: usize) -> Vec<u32> {
		self.state().current.free_slots(count)
	}

	/// The least depth at which the forest has all of these slots.
	pub fn depth_for(&self, slots: &[u32]) -> u8 {
		let state = self.state();
		slots.iter().map(|slot| state.current.depth_for(*slot)).max().unwrap_or(state.current.depth())
	}

	/// What the chain needs to apply these changes to the forest now.
	pub fn update_proof(&self, depth: u8, changes: &[(u32, Change)]) -> Result<UpdateProof, ForestsError> {
		Ok(self.current_tree().update_proof(depth, changes)?)
	}

	/// Keeps what the forest becomes by these changes, if they become final. Durable when it returns.
	pub fn keep_changed(&self, depth: u8, changes: &[(u32, Change)]) -> Result<(), ForestsError> {
		let mut tree = (*self.current_tree()).clone();
		tree.apply(depth, changes)?;
		self.keep_candidate(&tree)
	}

	/// Keeps a forest that may become final. Durable when it returns.
	pub fn keep_candidate(&self, tree: &ForestTree) -> Result<(), ForestsError> {
		let current = self.current_tree();
		let (slots, _) = difference(&current, tree);
		let candidate = Candidate { base: current.forest().root, forest: tree.forest(), slots };
		let mut state = self.state();
		if state.candidates.contains(&candidate) {
			return Ok(());
		}
		state.candidates.push_back(candidate);
		while state.candidates.len() > CANDIDATES {
			state.candidates.pop_front();
		}
		Ok(self.0.journal.set_note(CANDIDATES_NOTE, &state.candidates.encode())?)
	}

	/// Applies changes that are final on the chain since `block`. Durable when it returns; all or nothing.
	pub fn apply(&self, block: u32, depth: u8, changes: &[(u32, Change)]) -> Result<Forest, ForestsError> {
		let mut tree = (*self.current_tree()).clone();
		tree.apply(depth, changes)?;
		let step = ForestStep::Become(Arc::new(tree));
		self.write(block, &step, |journal, change| journal.write_forest(change))
	}

	/// Writes what a final block changes of forest and deals, and the block itself. Durable when it returns; all or
	/// nothing. `watched` is for how many seconds the chain was followed.
	pub fn follow(
		&self,
		block: Followed,
		watched: u64,
		step: &ForestStep,
		deals: &DealChanges,
	) -> Result<Forest, ForestsError> {
		self.write(block.height, step, |journal, change| journal.follow(block, watched, change, deals))
	}

	/// Deals that the forest holds and, as far as is remembered, has held, with their slots: the latest first.
	pub fn known(&self) -> Vec<(u32, Leaf)> {
		let state = self.state();
		let current = state.current.iter().map(|(slot, leaf)| (slot, *leaf));
		let undone = state.remembered.iter().rev().flat_map(|memory| &memory.undo);
		current.chain(undone.filter_map(|(slot, leaf)| Some((*slot, (*leaf)?)))).collect()
	}

	fn write(
		&self,
		block: u32,
		step: &ForestStep,
		save: impl FnOnce(&Journal, &ForestChange) -> Result<(), JournalError>,
	) -> Result<Forest, ForestsError> {
		let journal = &self.0.journal;
		let mut state = self.state();
		match step {
			ForestStep::Same => save(journal, &ForestChange::Same)?,
			ForestStep::Become(tree) => {
				let (slots, undo) = difference(&state.current, tree);
				let remembered = Remembered { block, forest: state.current.forest(), undo };
				save(journal, &ForestChange::Slots { depth: tree.depth(), slots, undo: remembered.clone() })?;
				state.current = tree.clone();
				state.remembered.push_back(remembered);
			}
		}
		let forest = state.current.forest();
		// What has become final is no candidate any more. The note may name it until the next one.
		state.candidates.retain(|candidate| candidate.forest != forest);
		Ok(forest)
	}

	/// Forgets earlier forests that a change in a block before `block` ended, and the oldest of very many.
	pub fn forget_before(&self, block: u32) -> Result<(), ForestsError> {
		let mut state = self.state();
		let mut slots = state.remembered.iter().fold(0usize, |sum, memory| sum.saturating_add(memory.undo.len()));
		let mut least = block;
		for memory in &state.remembered {
			if slots <= MOST_REMEMBERED {
				break;
			}
			slots = slots.saturating_sub(memory.undo.len());
			least = least.max(memory.block.saturating_add(1));
		}
		if state.remembered.front().is_none_or(|oldest| oldest.block >= least) {
			return Ok(());
		}
		self.0.journal.forget_remembered(least)?;
		state.remembered.retain(|memory| memory.block >= least);
		Ok(())
	}

	/// The forest with this root, now, before if it is remembered, or next if it is expected.
	pub fn tree(&self, root: &Hash) -> Option<Arc<ForestTree>> {
		self.final_tree(root).or_else(|| self.candidate(root))
	}

	/// The forest that may become final and has this root.
	fn candidate(&self, root: &Hash) -> Option<Arc<ForestTree>> {
		let is_wanted = |candidate: &&Candidate| candidate.forest.root == *root;
		let candidates: Vec<Candidate> = self.state().candidates.iter().filter(is_wanted).cloned().collect();
		candidates.into_iter().find_map(|candidate| {
			let base = self.final_tree(&candidate.base)?;
			let tree = Arc::new(with_slots(&base, candidate.forest.depth, [&candidate.slots]).ok()?);
			let forest = tree.forest();
			if forest != candidate.forest {
				return None;
			}
			self.state().at_hand = Some((forest, tree.clone()));
			Some(tree)
		})
	}

	/// The forest with this root, now or before, or at hand.
	fn final_tree(&self, root: &Hash) -> Option<Arc<ForestTree>> {
		let (current, later) = {
			let state = self.state();
			if state.current.forest().root == *root {
				return Some(state.current.clone());
			}
			if let Some((_, tree)) = state.at_hand.as_ref().filter(|(forest, _)| forest.root == *root) {
				return Some(tree.clone());
			}
			let at = state.remembered.iter().rposition(|memory| memory.forest.root == *root)?;
			let later: Vec<Remembered> = state.remembered.iter().skip(at).rev().cloned().collect();
			(state.current.clone(), later)
		};
		// Without the lock: it takes a tenth of a second for 100,000 deals.
		let depth = later.last()?.forest.depth;
		let tree = Arc::new(with_slots(&current, depth, later.iter().map(|memory| &memory.undo)).ok()?);
		let forest = tree.forest();
		if forest.root != *root {
			return None;
		}
		self.state().at_hand = Some((forest, tree.clone()));
		Some(tree)
	}

	// Every change of the state is one assignment or an all-or-nothing call, so a panic cannot have spoilt it.
	fn state(&self) -> MutexGuard<'_, State> {
		self.0.state.lock()
	}
}

/// What the slots in which two forests differ hold in the second one, and in the first.
fn difference(from: &ForestTree, to: &ForestTree) -> (Slots, Slots) {
	let all: BTreeSet<u32> = from.iter().chain(to.iter()).map(|(slot, _)| slot).collect();
	let differing: Vec<u32> = all.into_iter().filter(|slot| from.get(*slot) != to.get(*slot)).collect();
	let held = |tree: &ForestTree| differing.iter().map(|slot| (*slot, tree.get(*slot).copied())).collect();
	(held(to), held(from))
}

/// `tree` with these slots changed, the first ones first, at a depth.
fn with_slots<'a>(
	tree: &ForestTree,
	depth: u8,
	changes: impl IntoIterator<Item = &'a Slots>,
) -> Result<ForestTree, TreeError> {
	let mut leaves: BTreeMap<u32, Leaf> = tree.iter().map(|(slot, leaf)| (slot, *leaf)).collect();
	for (slot, leaf) in changes.into_iter().flatten() {
		match leaf {
			Some(leaf) => leaves.insert(*slot, *leaf),
			None => leaves.remove(slot),
		};
	}
	ForestTree::from_leaves(tree.node(), depth, leaves)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn leaf(deal: u64) -> Leaf {
		Leaf { deal, root: [9; 32], length: 1_000 + deal }
	}

	#[test]
	fn every_earlier_forest_is_found_again_also_after_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("journal.redb");
		let mut roots = Vec::new();
		{
			let journal = Journal::open(&path).unwrap();
			let forests = Forests::open(&journal, 5).unwrap();
			roots.push(forests.current());
			for deal in 0..9u32 {
				let slot = forests.free_slots(1)[0];
				let changes = [(slot, Change::Insert(leaf(deal.into())))];
				roots.push(forests.apply(deal, forests.depth_for(&[slot]), &changes).unwrap());
			}
			roots.push(forests.apply(9, 4, &[(3, Change::Remove(leaf(3)))]).unwrap());
		}

		let forests = Forests::open(&Journal::open(&path).unwrap(), 5).unwrap();
		for forest in &roots {
			assert_eq!(forests.tree(&forest.root).unwrap().forest(), *forest);
		}

		forests.forget_before(5).unwrap();
		assert!(forests.tree(&roots[4].root).is_none());
		assert_eq!(forests.tree(&roots[5].root).unwrap().forest(), roots[5]);
	}

	// 7
	#[test]
	fn a_forest_that_is_expected_is_found_before_it_is_final_and_after_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
		let forests = Forests::open(&journal, 5).unwrap();
		let first = forests.apply(1, 0, &[(0, Change::Insert(leaf(1)))]).unwrap();
		let changes = [(1, Change::Insert(leaf(2)))];
		let mut next = (*forests.current_tree()).clone();
		next.apply(1, &changes).unwrap();
		let next = next.forest();
		assert!(forests.tree(&next.root).is_none());

		forests.keep_changed(1, &changes).unwrap();
		forests.keep_changed(1, &changes).unwrap();

		assert_eq!((forests.tree(&next.root).unwrap().forest(), forests.current()), (next, first));
		assert_eq!(journal.forest().unwrap(), (0, vec![(0, leaf(1))]));
		let forests = Forests::open(&journal, 5).unwrap();
		assert_eq!(forests.tree(&next.root).unwrap().forest(), next);
		// Something else becomes final first: its base is remembered, so it is still found.
		forests.apply(2, 2, &[(2, Change::Insert(leaf(3)))]).unwrap();
		assert_eq!(forests.tree(&next.root).unwrap().forest(), next);
		for deal in 10..30u32 {
			forests.keep_changed(6, &[(deal, Change::Insert(leaf(deal.into())))]).unwrap();
		}
		assert_eq!(forests.state().candidates.len(), CANDIDATES);
		forests.apply(3, 6, &[(29, Change::Insert(leaf(29)))]).unwrap();
		assert_eq!(forests.state().candidates.len(), CANDIDATES - 1, "what is final is no candidate");
	}

	// 9
	#[test]
	fn a_forest_that_was_replaced_is_remembered_like_any_other() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("journal.redb");
		let journal = Journal::open(&path).unwrap();
		let forests = Forests::open(&journal, 5).unwrap();
		forests.apply(1, 0, &[(0, Change::Insert(leaf(1)))]).unwrap();
		let first = forests.apply(2, 1, &[(1, Change::Insert(leaf(2)))]).unwrap();
		let block = |height| Followed { height, hash: [0; 32] };

		// One deal has taken the slot of another one, and then everything is gone.
		let become_of = |depth, leaves: &[(u32, Leaf)]| {
			ForestStep::Become(Arc::new(ForestTree::from_leaves(5, depth, leaves.iter().copied()).unwrap()))
		};
		let step = become_of(2, &[(0, leaf(3)), (2, leaf(2))]);
		let second = forests.follow(block(3), 0, &step, &DealChanges::new()).unwrap();
		let gone = become_of(0, &[]);
		assert!(forests.follow(block(4), 0, &gone, &DealChanges::new()).unwrap().is_empty());

		drop((forests, journal));
		let forests = Forests::open(&Journal::open(&path).unwrap(), 5).unwrap();
		for forest in [first, second] {
			assert_eq!(forests.tree(&forest.root).unwrap().forest(), forest);
		}
		assert_eq!(forests.known()[..2], [(0, leaf(3)), (2, leaf(2))]);
		assert!(forests.known().contains(&(0, leaf(1))));
	}

	#[test]
	fn a_change_that_does_not_fit_changes_nothing() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
		let forests = Forests::open(&journal, 5).unwrap();
		let before = forests.apply(1, 1, &[(0, Change::Insert(leaf(1)))]).unwrap();

		assert!(forests.apply(2, 1, &[(0, Change::Insert(leaf(2)))]).is_err());

		assert_eq!(forests.current(), before);
		assert_eq!(journal.forest().unwrap(), (1, vec![(0, leaf(1))]));
	}
}
