//! Bringing journal and forest to what is final on the chain.
//!
//! Final state never changes back, so what is written here needs no undoing: a state that is older than what was followed
//! is refused. What this agent sent and is not final is only a note in the journal.
//!
//! The bytes of a deal that the chain does not have any more outlive doubt: they go when, after a whole period of blocks
//! and of time that this folder has followed the chain, a final state still says so.

use crate::provider::{
	decide,
	rebuild::{self, Evidence},
};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};
use substation_client::{
	client::{DealView, NodeView},
	history::Update,
};
use substation_primitives::{deal::DealState, NodeStatus};
use substation_proofs::{
	forest::{Change, Leaf},
	prover::ForestTree,
};
use substation_store::{
	forests::{ForestStep, Forests, ForestsError},
	journal::{DealChanges, DealRecord, DealState as Local, Followed, Journal, JournalError},
	Hash,
};

/// Most updates of one free call.
pub const MAX_UPDATES: usize = 64;
/// Blocks after which a deal that the chain does not know is forgotten: longer than any re-organisation.
const UNKNOWN_FOR: u32 = 64;

/// Why the state could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
	/// The journal failed.
	#[error(transparent)]
	Journal(#[from] JournalError),
	/// The forest failed.
	#[error(transparent)]
	Forests(#[from] ForestsError),
	/// The chain's forest is none that this folder can explain.
	#[error(
		"the chain's forest for this node is not the one in this data folder: {unknown} of its {total} bytes are of deals \
		 that have ended, and which those are the folder does not know; was it restored from a backup, or does another agent \
		 run with the same key? Nothing is accepted, cleared or deleted, and windows over that forest cannot be proven"
	)]
	OtherForest {
		/// Bytes of deals without a record.
		unknown: u64,
		/// All bytes.
		total: u64,
	},
}

/// What a pass changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
	/// Deals whose acceptance became final.
	pub accepted: Vec<u64>,
	/// Those of them that the journal did not know at all.
	pub learned: Vec<u64>,
	/// Deals whose record is gone.
	pub ended: Vec<u64>,
	/// Deals whose slot is cleared.
	pub cleared: Vec<u64>,
}

/// A final state to follow, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
	/// The final block.
	pub block: Followed,
	/// For how many seconds this folder has followed the chain.
	pub watched: u64,
	/// How long a period takes, in seconds.
	pub period: u64,
	/// Whether deals may be forgotten, and with them their bytes: not while the node is catching up.
	pub may_forget: bool,
}

/// What else tells which ended deals are still in the forest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
	/// The slots that a clear on its way empties.
	pub clearing: &'a [u32],
	/// What the chain's blocks have changed of the forest since the block that was followed last.
	pub history: &'a [Update],
	/// Contents on the disk.
	pub contents: &'a [(Hash, u64)],
}

/// The deals as the journal has them and as they will be.
struct Deals {
	known: BTreeMap<u64, DealRecord>,
	changes: DealChanges,
}

impl Deals {
	fn of(journal: &Journal) -> Self {
		let known = journal.deals().into_iter().map(|record| (record.deal, record)).collect();
		Self { known, changes: DealChanges::new() }
	}

	fn put(&mut self, record: DealRecord) {
		self.changes.insert(record.deal, Some(record.clone()));
		self.known.insert(record.deal, record);
	}

	fn forget(&mut self, deal: u64) {
		self.changes.insert(deal, None);
		self.known.remove(&deal);
	}
}

/// Writes a final state into journal and forest, in one transaction with the block itself. Errors and changes nothing when
/// the state is older than what was followed.
pub fn apply(
	moment: &Moment,
	node: &NodeView,
	deals: &[DealView],
	journal: &Journal,
	forests: &Forests,
	hints: Hints<'_>,
) -> Result<Outcome, SyncError> {
	let height = moment.block.height;
	if let Some(followed) = journal.followed().filter(|followed| height < followed.height) {
		return Err(JournalError::Backwards { height, followed: followed.height }.into());
	}
	let mut outcome = Outcome::default();
	let mut kept = Deals::of(journal);
	let is_dropped = node.status == NodeStatus::Terminated || node.terminated_at.is_some();
	let tree = if is_dropped && node.forest.is_empty() {
		drop_forest(moment, node, forests, &mut kept, &mut outcome)
	} else {
		follow_forest(node, &active_leaves(deals), forests, &kept.known, hints)?
	};
	let is_same = tree.forest() == forests.current();
	let step = if is_same { ForestStep::Same } else { ForestStep::Become(tree.clone()) };
	follow_deals(moment, node, deals, &tree, &mut kept, &mut outcome);
	forests.follow(moment.block, moment.watched, &step, &kept.changes)?;
	Ok(outcome)
}

/// Notes accepted deals of a final state whose forest nothing explains: what they need and is not here can be named and taken
/// in all the same. What the journal says of the bytes of a deal stays. Returns the deals that are new to the journal.
pub fn learn(deals: &[DealView], height: u32, journal: &Journal) -> Result<Vec<u64>, JournalError> {
	let is_open = |state: &Local| !matches!(state, Local::Accepted { .. } | Local::Ended { .. });
	let mut learned = Vec::new();
	let mut records = Vec::new();
	for page in deals {
		let DealState::Active(terms) = page.deal.state else { continue };
		let state = Local::Accepted { slot: terms.slot };
		match journal.get(page.id.0) {
			None => {
				learned.push(page.id.0);
				records.push(record(page, height, state));
			}
			Some(known) if is_open(&known.state) && known.is_over(page.deal.root, page.deal.length) => {
				records.push(record(page, known.seen, state));
			}
			Some(_) => {}
		}
	}
	journal.put_all(&records)?;
	Ok(learned)
}

fn active_leaves(deals: &[DealView]) -> BTreeMap<u32, Leaf> {
	deals
		.iter()
		.filter_map(|page| match page.deal.state {
			DealState::Active(terms) => Some((terms.slot, page.deal.leaf(page.id))),
			DealState::Proposed { .. } => None,
		})
		.collect()
}

/// The chain drops the forest of a terminated node: nobody will ask for it again.
fn drop_forest(
	moment: &Moment,
	node: &NodeView,
	forests: &Forests,
	kept: &mut Deals,
	outcome: &mut Outcome,
) -> Arc<ForestTree> {
	let ended = |record: &&DealRecord| matches!(record.state, Local::Ended { .. });
	let ended: Vec<DealRecord> = kept.known.values().filter(ended).cloned().collect();
	for record in ended {
		outcome.cleared.push(record.deal);
		let state = Local::ToDelete { after: moment.block.height, since: moment.watched };
		kept.put(DealRecord { state, ..record });
	}
	let tree = forests.current_tree();
	if tree.is_empty() {
		return tree;
	}
	let (block, period) = (moment.block.height, node.terminated_at.map(|period| period.0));
	tracing::warn!(block, ?period, "this node was terminated");
	Arc::new(ForestTree::new(node.id.0))
}

/// The chain's forest, with its deals.
fn follow_forest(
	node: &NodeView,
	active: &BTreeMap<u32, Leaf>,
	forests: &Forests,
	records: &BTreeMap<u64, DealRecord>,
	hints: Hints<'_>,
) -> Result<Arc<ForestTree>, SyncError> {
	let tree = forests.current_tree();
	if tree.forest() == node.forest {
		return Ok(tree);
	}
	// What this folder has written down before it sent it, or seen before it was final.
	if let Some(expected) = forests.tree(&node.forest.root).filter(|expected| expected.forest() == node.forest) {
		return Ok(expected);
	}
	let (id, forest) = (node.id.0, &node.forest);
	let ended = |(slot, leaf): &(u32, &Leaf)| active.get(slot) != Some(*leaf);
	let ended: Vec<u32> = tree.iter().filter(ended).map(|(slot, _)| slot).collect();
	let gone = decide::cleared_candidates(&ended, hints.clearing, MAX_UPDATES);
	let kept =
		|gone: &BTreeSet<u32>| -> BTreeSet<u32> { ended.iter().filter(|slot| !gone.contains(slot)).copied().collect() };
	let in_slots = records.values().filter_map(|record| Some((slot_in(&record.state)?, leaf_of(record))));
	let evidence = Evidence {
		certain: Vec::new(),
		possible: forests.known().into_iter().chain(in_slots).collect(),
		likely: gone.iter().map(kept).collect(),
	};
	let of_history = || {
		let known = |deal| records.get(&deal).map(leaf_of);
		let evidence = Evidence::of_history(&tree, active, hints.history, hints.contents, known);
		rebuild::find(id, forest, active, &evidence)
	};
	let found = rebuild::find(id, forest, active, &evidence);
	let found = found.or_else(|| (!hints.history.is_empty()).then(of_history).flatten());
	found.map(Arc::new).ok_or_else(|| {
		let bytes = active.values().fold(0u64, |sum, leaf| sum.saturating_add(leaf.length));
		SyncError::OtherForest { unknown: forest.total.saturating_sub(bytes), total: forest.total }
	})
}

/// The slot that a deal was given, if it may still be there.
fn slot_in(state: &Local) -> Option<u32> {
	match state {
		Local::Submitted { slot } | Local::Accepted { slot } | Local::Ended { slot } => Some(*slot),
		Local::Fetching | Local::Ready | Local::ToDelete { .. } | Local::Refused => None,
	}
}

fn leaf_of(record: &DealRecord) -> Leaf {
	Leaf { deal: record.deal, root: record.root, length: record.length }
}

/// The forest of a page that is not final, if it is another than the final one and its deals explain it.
pub fn explain(
	node: &NodeView,
	deals: &[DealView],
	journal: &Journal,
	forests: &Forests,
	hints: Hints<'_>,
) -> Option<Arc<ForestTree>> {
	let known = Deals::of(journal).known;
	let tree = follow_forest(node, &active_leaves(deals), forests, &known, hints).ok()?;
	(tree.forest() != forests.current()).then_some(tree)
}

fn follow_deals(
	moment: &Moment,
	node: &NodeView,
	deals: &[DealView],
	tree: &ForestTree,
	kept: &mut Deals,
	outcome: &mut Outcome,
) {
	let on_chain: BTreeMap<u64, &DealView> = deals.iter().map(|page| (page.id.0, page)).collect();
	for page in deals {
		let DealState::Active(terms) = page.deal.state else { continue };
		let known = kept.known.get(&page.id.0);
		let seen = known.map_or(moment.block.height, |known| known.seen);
		// All of it: what a node that lied, or another fork, has said of the deal's bytes must not stay.
		let accepted = record(page, seen, Local::Accepted { slot: terms.slot });
		if known == Some(&accepted) {
			continue;
		}
		if known.is_none() {
			outcome.learned.push(page.id.0);
		}
		kept.put(accepted);
		outcome.accepted.push(page.id.0);
	}
	// Of what the chain's blocks alone have told, bytes are needed and slots to be cleared too.
	for (slot, leaf) in tree.iter().filter(|(_, leaf)| !on_chain.contains_key(&leaf.deal)) {
		if !kept.known.contains_key(&leaf.deal) {
			let Leaf { deal, root, length } = *leaf;
			let (customer, seen, state) = ([0; 32], moment.block.height, Local::Ended { slot });
			kept.put(DealRecord { deal, customer, root, length, seen, state });
			outcome.ended.push(deal);
		}
	}
	let records: Vec<DealRecord> = kept.known.values().cloned().collect();
	for record in records {
		match next_state(&record, on_chain.get(&record.deal).copied(), moment, node, tree) {
			Next::Same => {}
			Next::Forget => kept.forget(record.deal),
			Next::State(state) => {
				match state {
					Local::Ended { .. } => outcome.ended.push(record.deal),
					Local::ToDelete { .. } => outcome.cleared.push(record.deal),
					_ => {}
				}
				kept.put(DealRecord { state, ..record });
			}
		}
	}
}

/// A journal entry for a deal of the chain.
pub fn record(page: &DealView, seen: u32, state: Local) -> DealRecord {
	DealRecord {
		deal: page.id.0,
		customer: page.deal.customer.0,
		root: page.deal.root,
		length: page.deal.length,
		seen,
		state,
	}
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
	Same,
	Forget,
	State(Local),
}

fn next_state(
	record: &DealRecord,
	page: Option<&DealView>,
	moment: &Moment,
	node: &NodeView,
	tree: &ForestTree,
) -> Next {
	let block = moment.block.height;
	match (&record.state, page, tree.slot_of(record.deal)) {
		(Local::Ended { .. }, None, Some(_)) => Next::Same,
		// Whatever was known of it: a node may have lied, and a restored journal may be older than its acceptance.
		(_, None, Some(slot)) => Next::State(Local::Ended { slot }),
		// Bytes may be asked for until the period of the clear is over.
		(Local::Accepted { .. } | Local::Ended { .. }, None, None) => {
			Next::State(Local::ToDelete { after: node.window.closes.max(block), since: moment.watched })
		}
		(Local::ToDelete { after, since }, None, None) if block >= *after && moment.is_past(*since) => Next::Forget,
		(Local::Fetching | Local::Ready | Local::Submitted { .. } | Local::Refused, _, _) if !moment.may_forget => {
			Next::Same
		}
		(Local::Fetching | Local::Ready | Local::Submitted { .. } | Local::Refused, Some(page), _) => {
			match page.deal.state {
				// A re-organisation has given the number to another proposal: these bytes are not its.
				_ if !record.is_over(page.deal.root, page.deal.length) => Next::Forget,
				DealState::Proposed { expires } if expires <= block => Next::Forget,
				_ => Next::Same,
			}
		}
		(Local::Fetching | Local::Ready | Local::Submitted { .. } | Local::Refused, None, _)
			if block >= record.seen.saturating_add(UNKNOWN_FOR) =>
		{
			Next::Forget
		}
		_ => Next::Same,
	}
}

impl Moment {
	/// Whether what was found a whole period ago, and is found now, may be acted upon for good.
	fn is_past(&self, since: u64) -> bool {
		self.may_forget && self.watched >= since.saturating_add(self.period)
	}
}

/// The ended deals that the next clear should empty, in the order of slots.
pub fn clearable(forests: &Forests, journal: &Journal) -> Vec<(u32, Leaf)> {
	let mut slots: Vec<(u32, Leaf)> = journal
		.in_state(|state| matches!(state, Local::Ended { .. }))
		.into_iter()
		.filter_map(|record| {
			let slot = forests.slot_of(record.deal)?;
			Some((slot, forests.get(slot)?))
		})
		.collect();
	slots.sort_by_key(|(slot, _)| *slot);
	slots
}

/// The changes of a clear.
pub fn removals(slots: &[(u32, Leaf)]) -> Vec<(u32, Change)> {
	slots.iter().map(|(slot, leaf)| (*slot, Change::Remove(*leaf))).collect()
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
