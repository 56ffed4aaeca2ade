//! Bringing journal and forest to what is final on the chain.
//!
//! Final state never changes back, so what is written here needs no undoing: a state that is older than what was followed
//! is refused. What this agent sent and is not final is only a note in the journal.
//!
//! The bytes of a deal that the chain does not have any more outlive doubt: they go when, after a whole period of blocks
//! and of wall-clock time, a final state still says so.

use crate::{
	chain::client::{DealView, NodeView},
	data::{
		forests::{ForestStep, Forests, ForestsError},
		journal::{DealChanges, DealRecord, DealState as Local, Followed, Journal, JournalError},
	},
	provider::decide,
};
use std::{collections::BTreeMap, sync::Arc};
use substation_primitives::{deal::DealState, NodeStatus};
use substation_proofs::{
	forest::{Change, Leaf},
	prover::ForestTree,
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
		"the chain's forest for this node is not the one in this data folder; was the folder restored from a backup, or \
		 does another agent run with the same key? Deals of unknown slots cannot be proven"
	)]
	OtherForest,
}

/// What a pass changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
	/// Deals whose acceptance became final.
	pub accepted: Vec<u64>,
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
	/// Wall-clock time, in seconds since 1970.
	pub now: u64,
	/// How long a period takes, in seconds.
	pub period: u64,
	/// Whether deals may be forgotten, and with them their bytes: not while the node is catching up.
	pub may_forget: bool,
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

/// Writes a final state into journal and forest, in one transaction with the block itself. `clearing` are the slots that
/// a clear on its way empties. Errors and changes nothing when the state is older than what was followed.
pub fn apply(
	moment: &Moment,
	node: &NodeView,
	deals: &[DealView],
	journal: &Journal,
	forests: &Forests,
	clearing: &[u32],
) -> Result<Outcome, SyncError> {
	let height = moment.block.height;
	if let Some(followed) = journal.followed().filter(|followed| height < followed.height) {
		return Err(JournalError::Backwards { height, followed: followed.height }.into());
	}
	let mut outcome = Outcome::default();
	let mut kept = Deals::of(journal);
	let active = active_leaves(deals);
	let is_dropped = node.status == NodeStatus::Terminated || node.terminated_at.is_some();
	let (step, tree) = if is_dropped && node.forest.is_empty() {
		drop_forest(moment, node, forests, &mut kept, &mut outcome)
	} else {
		follow_forest(node, &active, forests, clearing)?
	};
	follow_deals(moment, node, deals, &tree, &mut kept, &mut outcome);
	forests.follow(moment.block, &step, &kept.changes)?;
	Ok(outcome)
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
) -> (ForestStep, Arc<ForestTree>) {
	let ended = |record: &&DealRecord| matches!(record.state, Local::Ended { .. });
	let ended: Vec<DealRecord> = kept.known.values().filter(ended).cloned().collect();
	for record in ended {
		outcome.cleared.push(record.deal);
		kept.put(DealRecord { state: Local::ToDelete { after: moment.block.height, since: moment.now }, ..record });
	}
	let tree = forests.current_tree();
	if tree.is_empty() {
		return (ForestStep::Same, tree);
	}
	let (block, period) = (moment.block.height, node.terminated_at.map(|period| period.0));
	tracing::warn!(block, ?period, "this node was terminated");
	(ForestStep::Replace { depth: 0, leaves: vec![] }, Arc::new(ForestTree::new(node.id.0)))
}

/// What leads to the chain's forest, and that forest.
fn follow_forest(
	node: &NodeView,
	active: &BTreeMap<u32, Leaf>,
	forests: &Forests,
	clearing: &[u32],
) -> Result<(ForestStep, Arc<ForestTree>), SyncError> {
	let tree = forests.current_tree();
	if tree.forest() == node.forest {
		return Ok((ForestStep::Same, tree));
	}
	let present: BTreeMap<u32, Leaf> = tree.iter().map(|(slot, leaf)| (slot, *leaf)).collect();
	let ended: Vec<u32> =
		present.iter().filter(|(slot, leaf)| active.get(slot) != Some(leaf)).map(|(slot, _)| *slot).collect();
	let depth = node.forest.depth;
	for gone in decide::cleared_candidates(&ended, clearing, MAX_UPDATES) {
		let mut target: BTreeMap<u32, Leaf> = present.clone();
		target.retain(|slot, _| !gone.contains(slot));
		target.extend(active);
		let changes = decide::changes(&present, &target);
		let mut candidate = (*tree).clone();
		if candidate.apply(depth, &changes).is_ok() && candidate.forest() == node.forest {
			return Ok((ForestStep::Apply { depth, changes }, Arc::new(candidate)));
		}
	}
	// Slots that only the chain's records explain: the folder is new, or was away for long.
	let leaves: Vec<(u32, Leaf)> = active.iter().map(|(slot, leaf)| (*slot, *leaf)).collect();
	match ForestTree::from_leaves(node.id.0, depth, leaves.iter().copied()) {
		Ok(rebuilt) if rebuilt.forest() == node.forest => {
			Ok((ForestStep::Replace { depth, leaves }, Arc::new(rebuilt)))
		}
		_ => Err(SyncError::OtherForest),
	}
}

/// The changes that lead from the final forest to the one of a page that is not final, if its deals explain them.
pub fn explain(
	node: &NodeView,
	deals: &[DealView],
	forests: &Forests,
	clearing: &[u32],
) -> Option<(u8, Vec<(u32, Change)>)> {
	let (step, _) = follow_forest(node, &active_leaves(deals), forests, clearing).ok()?;
	match step {
		ForestStep::Same => None,
		ForestStep::Apply { depth, changes } => Some((depth, changes)),
		ForestStep::Replace { depth, leaves } => {
			let present = forests.current_tree().iter().map(|(slot, leaf)| (slot, *leaf)).collect();
			Some((depth, decide::changes(&present, &leaves.into_iter().collect())))
		}
	}
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
		let state = Local::Accepted { slot: terms.slot };
		let known = kept.known.get(&page.id.0);
		if known.is_none_or(|record| record.state != state) {
			let seen = known.map_or(moment.block.height, |record| record.seen);
			kept.put(record(page, seen, state));
			outcome.accepted.push(page.id.0);
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
	let holds_slot = tree.slot_of(record.deal).is_some();
	let block = moment.block.height;
	match (&record.state, page) {
		(Local::Accepted { slot }, None) if holds_slot => Next::State(Local::Ended { slot: *slot }),
		// Bytes may be asked for until the period of the clear is over.
		(Local::Accepted { .. } | Local::Ended { .. }, None) if !holds_slot => {
			Next::State(Local::ToDelete { after: node.window.closes.max(block), since: moment.now })
		}
		(Local::ToDelete { after, since }, None) if block >= *after && moment.is_past(*since) => Next::Forget,
		(Local::Fetching | Local::Ready | Local::Submitted { .. } | Local::Refused, _) if !moment.may_forget => {
			Next::Same
		}
		(Local::Fetching | Local::Ready | Local::Submitted { .. } | Local::Refused, Some(page)) => {
			match page.deal.state {
				DealState::Proposed { expires } if expires <= block => Next::Forget,
				_ => Next::Same,
			}
		}
		(Local::Fetching | Local::Ready | Local::Submitted { .. } | Local::Refused, None)
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
		self.may_forget && self.now >= since.saturating_add(self.period)
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
