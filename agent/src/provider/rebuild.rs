//! Which deals make up the forest that the chain has.
//!
//! The chain keeps the forest's root, and a record of each deal that runs. A deal that is over stays in the forest until the
//! agent clears its slot, and then only the folder knows that it is there. A folder that was restored from a backup, or whose
//! agent was away for long, does not know which of the deals that it had are still there, and of some it has never heard. It
//! finds out by trying: a set of deals either leads to the root or does not. Where that is not enough, the calls in the
//! chain's blocks since then say which slots were taken and emptied, and the contents on the disk say by what.

use std::collections::{BTreeMap, BTreeSet};
use substation_client::history::Update;
use substation_proofs::{
	forest::{Change, Forest, Leaf},
	prover::ForestTree,
};
use substation_store::Hash;

/// Deals without a record that are chosen from.
const MOST_OPTIONS: usize = 256;
/// Those of them that are chosen from first: the likeliest ones. Among all there may be too many choices to look at.
const FIRST_OPTIONS: usize = 64;
/// Deals of history without a record, each over one of the contents, that are written down.
const MOST_PAIRS: usize = 1 << 14;
/// Choices that are looked at.
const MOST_STEPS: u32 = 1 << 20;
/// Sets of deals with the right sum of bytes whose root is computed.
const MOST_TRIES: u32 = 256;

/// What is known of deals that have no record any more, by slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
	/// Those that are in the forest.
	pub certain: Vec<(u32, Leaf)>,
	/// Those that may be.
	pub possible: Vec<(u32, Leaf)>,
	/// Slots that hold the possible ones that are; the likeliest guess first.
	pub likely: Vec<BTreeSet<u32>>,
}

impl Evidence {
	/// What remains of the forest `before` after the calls of the chain's blocks. Of a deal that is neither `known` nor has a
	/// record the chain says only the slot: any of the `contents` may be its, those first that no active deal is over.
	pub fn of_history(
		before: &ForestTree,
		active: &BTreeMap<u32, Leaf>,
		history: &[Update],
		contents: &[(Hash, u64)],
		known: impl Fn(u64) -> Option<Leaf>,
	) -> Self {
		let mut held: BTreeMap<u32, (u64, Option<Leaf>)> =
			before.iter().map(|(slot, leaf)| (slot, (leaf.deal, Some(*leaf)))).collect();
		for update in history {
			match update {
				Update::Accepted(all) => held.extend(all.iter().map(|one| (one.slot, (one.deal.0, known(one.deal.0))))),
				Update::Cleared(all) => held.retain(|slot, _| all.iter().all(|one| one.slot != *slot)),
			}
		}
		held.retain(|slot, _| !active.contains_key(slot));
		let mut evidence = Self::default();
		let mut unknown = Vec::new();
		for (slot, (deal, leaf)) in held {
			match leaf {
				Some(leaf) => evidence.certain.push((slot, leaf)),
				None => unknown.push((slot, deal)),
			}
		}
		let claimed: BTreeSet<Hash> = active.values().map(|leaf| leaf.root).collect();
		let mut contents: Vec<&(Hash, u64)> = contents.iter().collect();
		contents.sort_by_key(|(root, _)| claimed.contains(root));
		// Of each content all slots before the next one, so that the likeliest contents are tried in every slot.
		let pairs = contents.into_iter().flat_map(|(root, length)| {
			unknown.iter().map(move |(slot, deal)| (*slot, Leaf { deal: *deal, root: *root, length: *length }))
		});
		evidence.possible = pairs.take(MOST_PAIRS).collect();
		evidence
	}
}

/// The forest of `node` that has this root, if it is made of the `active` deals, which have a record, and of others that
/// there is evidence of.
pub fn find(node: u64, forest: &Forest, active: &BTreeMap<u32, Leaf>, evidence: &Evidence) -> Option<ForestTree> {
	let mut held = active.clone();
	for (slot, leaf) in &evidence.certain {
		held.entry(*slot).or_insert(*leaf);
	}
	let total = held.values().try_fold(0u64, |sum, leaf| sum.checked_add(leaf.length))?;
	let rest = forest.total.checked_sub(total)?;
	let base = ForestTree::from_leaves(node, forest.depth, held.iter().map(|(slot, leaf)| (*slot, *leaf))).ok()?;
	let mut seen = BTreeSet::new();
	let mut options: Vec<(u32, Leaf)> = evidence
		.possible
		.iter()
		.filter(|(slot, leaf)| base.get(*slot).is_none() && base.slot_of(leaf.deal).is_none())
		.filter(|(slot, leaf)| seen.insert((*slot, leaf.deal, leaf.root, leaf.length)))
		.copied()
		.collect();
	for kept in &evidence.likely {
		let mut taken = BTreeSet::new();
		let is_kept = |(slot, _): &&(u32, Leaf)| kept.contains(slot) && taken.insert(*slot);
		let chosen: Vec<(u32, Leaf)> = options.iter().filter(is_kept).copied().collect();
		let bytes = chosen.iter().fold(0u64, |sum, (_, leaf)| sum.saturating_add(leaf.length));
		if let Some(tree) = (bytes == rest).then(|| grown(&base, forest, &chosen)).flatten() {
			return Some(tree);
		}
	}
	options.retain(|(_, leaf)| leaf.length <= rest);
	options.truncate(MOST_OPTIONS);
	let first = options.get(..FIRST_OPTIONS).map(<[_]>::to_vec);
	first.into_iter().chain([options]).find_map(|options| search(&base, forest, options, rest))
}

/// The forest with some of the options, whose bytes are `rest`.
fn search(base: &ForestTree, forest: &Forest, mut options: Vec<(u32, Leaf)>, rest: u64) -> Option<ForestTree> {
	options.sort_by_key(|(_, leaf)| std::cmp::Reverse(leaf.length));
	Search { base, forest, options: &options, chosen: Vec::new(), steps: MOST_STEPS, tries: MOST_TRIES }.run(rest)
}

/// The forest with these deals in it, if it is the one that is looked for.
fn grown(base: &ForestTree, forest: &Forest, deals: &[(u32, Leaf)]) -> Option<ForestTree> {
	let mut changes: Vec<(u32, Change)> = deals.iter().map(|(slot, leaf)| (*slot, Change::Insert(*leaf))).collect();
	changes.sort_by_key(|(slot, _)| *slot);
	let mut tree = base.clone();
	if !changes.is_empty() {
		tree.apply(forest.depth, &changes).ok()?;
	}
	(tree.forest() == *forest).then_some(tree)
}

/// A search for the deals whose bytes add up to what is missing: few sets do, so few roots are computed.
struct Search<'a> {
	base: &'a ForestTree,
	forest: &'a Forest,
	/// The longest first.
	options: &'a [(u32, Leaf)],
	chosen: Vec<(u32, Leaf)>,
	steps: u32,
	tries: u32,
}

impl Search<'_> {
	fn run(mut self, rest: u64) -> Option<ForestTree> {
		let mut left: Vec<u64> = Vec::with_capacity(self.options.len());
		let mut sum = 0u64;
		for (_, leaf) in self.options.iter().rev() {
			sum = sum.saturating_add(leaf.length);
			left.push(sum);
		}
		left.reverse();
		self.choose(0, rest, &left)
	}

	/// Chooses among the options from `at` on; `left` says how many bytes they have together. At most [`MOST_OPTIONS`] calls
	/// deep.
	fn choose(&mut self, at: usize, rest: u64, left: &[u64]) -> Option<ForestTree> {
		if rest == 0 {
			self.tries = self.tries.checked_sub(1)?;
			return grown(self.base, self.forest, &self.chosen);
		}
		let (option, bytes) = (*self.options.get(at)?, *left.get(at)?);
		if bytes < rest || self.tries == 0 {
			return None;
		}
		self.steps = self.steps.checked_sub(1)?;
		let (slot, leaf) = option;
		let is_free = self.chosen.iter().all(|(other, taken)| *other != slot && taken.deal != leaf.deal);
		if let Some(rest) = rest.checked_sub(leaf.length).filter(|_| is_free) {
			self.chosen.push(option);
			if let Some(tree) = self.choose(at.saturating_add(1), rest, left) {
				return Some(tree);
			}
			self.chosen.pop();
		}
		self.choose(at.saturating_add(1), rest, left)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_primitives::{
		deal::{Acceptance, Clearance},
		DealId,
	};

	const NODE: u64 = 1;

	fn leaf(deal: u64) -> Leaf {
		Leaf { deal, root: [u8::try_from(deal).unwrap(); 32], length: 100 + deal }
	}

	fn slots(deals: &[u64]) -> BTreeMap<u32, Leaf> {
		deals.iter().map(|deal| (u32::try_from(*deal).unwrap(), leaf(*deal))).collect()
	}

	fn tree(leaves: &BTreeMap<u32, Leaf>) -> ForestTree {
		ForestTree::from_leaves(NODE, 6, leaves.iter().map(|(slot, leaf)| (*slot, *leaf))).unwrap()
	}

	fn listed(leaves: &BTreeMap<u32, Leaf>) -> Vec<(u32, Leaf)> {
		leaves.iter().map(|(slot, leaf)| (*slot, *leaf)).collect()
	}

	// 9
	#[test]
	fn deals_that_are_still_there_are_told_from_those_that_were_cleared() {
		let active = slots(&[1, 2]);
		let target = tree(&slots(&[1, 2, 11, 13, 17]));
		let possible = listed(&slots(&(10..40).collect::<Vec<_>>()));
		let evidence = Evidence { possible, ..Evidence::default() };

		let found = find(NODE, &target.forest(), &active, &evidence);

		assert_eq!(found, Some(target));
	}

	// 9
	#[test]
	fn a_slot_that_another_deal_has_taken_since_is_no_hindrance() {
		let old = BTreeMap::from([(0, leaf(1)), (1, leaf(2))]);
		let active = BTreeMap::from([(0, leaf(7))]);
		let target = tree(&BTreeMap::from([(0, leaf(7)), (1, leaf(2))]));
		let evidence = Evidence { possible: listed(&old), ..Evidence::default() };

		assert_eq!(find(NODE, &target.forest(), &active, &evidence), Some(target));
	}

	// 9
	#[test]
	fn a_forest_with_something_unknown_is_not_explained_and_costs_little() {
		let active = slots(&[1]);
		let target = tree(&slots(&[1, 60]));
		// Many deals of one length: more sets than anybody can try.
		let same = |deal: u64| (u32::try_from(deal).unwrap(), Leaf { length: 4, ..leaf(deal) });
		for possible in [listed(&slots(&[2, 3])), (2..59).map(same).collect()] {
			let evidence = Evidence { possible, ..Evidence::default() };
			assert_eq!(find(NODE, &target.forest(), &active, &evidence), None);
		}
		assert_eq!(find(NODE, &tree(&slots(&[])).forest(), &active, &Evidence::default()), None);
	}

	// 9
	#[test]
	fn the_chains_calls_and_the_disk_name_deals_that_the_folder_has_never_heard_of() {
		let before = tree(&slots(&[1, 2, 3]));
		// Since the backup: 2 was cleared, 7 came and is over, 8 came into the slot of 2 and runs, 9 came and went.
		let accept = |deal, slot| Acceptance { deal: DealId(deal), slot };
		let clear = |deal, slot| Clearance { slot, leaf: leaf(deal) };
		let history = [
			Update::Accepted(vec![accept(7, 20), accept(9, 21)]),
			Update::Cleared(vec![clear(2, 2), clear(9, 21)]),
			Update::Accepted(vec![accept(8, 2)]),
		];
		let active = BTreeMap::from([(1, leaf(1)), (2, leaf(8))]);
		let target = tree(&BTreeMap::from([(1, leaf(1)), (2, leaf(8)), (3, leaf(3)), (20, leaf(7))]));
		let contents: Vec<_> = [8, 9, 7].map(|deal| (leaf(deal).root, leaf(deal).length)).to_vec();

		let evidence = Evidence::of_history(&before, &active, &history, &contents, |_| None);

		assert_eq!(evidence.certain, [(3, leaf(3))]);
		assert_eq!(find(NODE, &target.forest(), &active, &evidence), Some(target.clone()));
		let known = Evidence::of_history(&before, &active, &history, &[], |deal| (deal == 7).then(|| leaf(7)));
		assert_eq!(find(NODE, &target.forest(), &active, &known), Some(target));
	}

	// 9
	#[test]
	fn contents_that_no_active_deal_is_over_are_tried_first_however_many_there_are() {
		let content = |deal: u64| (*blake3::hash(&deal.to_le_bytes()).as_bytes(), 1_000 + deal);
		let leaf = |deal: u64| Leaf { deal, root: content(deal).0, length: content(deal).1 };
		let with = |deals: &[u64]| -> BTreeMap<u32, Leaf> {
			deals.iter().map(|deal| (u32::try_from(*deal).unwrap(), leaf(*deal))).collect()
		};
		// 298 deals run; two more came since the backup and are over. The disk has them anywhere among the others.
		let [first, second] = [17, 201];
		let all: Vec<u64> = (1..=300).collect();
		let running: Vec<u64> = all.iter().copied().filter(|deal| ![first, second].contains(deal)).collect();
		let grow = |leaves: BTreeMap<u32, Leaf>| ForestTree::from_leaves(NODE, 9, leaves).unwrap();
		let (before, active, target) = (grow(with(&[])), with(&running), grow(with(&all)));
		let accept = |deal| Acceptance { deal: DealId(deal), slot: u32::try_from(deal).unwrap() };
		let history = [Update::Accepted(all.iter().map(|deal| accept(*deal)).collect())];
		let contents: Vec<_> = all.iter().map(|deal| content(*deal)).collect();

		let evidence = Evidence::of_history(&before, &active, &history, &contents, |_| None);

		assert_eq!(find(NODE, &target.forest(), &active, &evidence), Some(target));
		let many: Vec<_> = (0..20_000).map(content).collect();
		let evidence = Evidence::of_history(&before, &active, &history, &many, |_| None);
		assert_eq!(evidence.possible.len(), MOST_PAIRS, "a bounded part of it is kept");
	}
}
