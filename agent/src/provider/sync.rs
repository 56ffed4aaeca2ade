//! Bringing journal and forest to what is final on the chain.
//!
//! Final state never changes back, so what is written here needs no undoing. What this agent sent and is not final is
//! only a note in the journal.

use crate::{
	chain::client::{DealView, NodeView},
	data::{
		forests::{Forests, ForestsError},
		journal::{DealRecord, DealState as Local, Journal, JournalError},
	},
	provider::decide,
};
use std::collections::BTreeMap;
use substation_primitives::{deal::DealState, NodeStatus};
use substation_proofs::forest::{Change, Leaf};

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

/// Writes the final state of `block` into journal and forest. `clearing` are the slots that a clear on its way empties.
pub fn apply(
	block: u32,
	node: &NodeView,
	deals: &[DealView],
	journal: &Journal,
	forests: &Forests,
	clearing: &[u32],
) -> Result<Outcome, SyncError> {
	let mut outcome = Outcome::default();
	let active = active_leaves(deals);
	let is_dropped = node.status == NodeStatus::Terminated || node.terminated_at.is_some();
	if is_dropped && node.forest.is_empty() {
		drop_forest(block, node, forests, journal, &mut outcome)?;
	} else {
		follow_forest(block, node, &active, forests, clearing)?;
	}
	follow_deals(block, node, deals, journal, forests, &mut outcome)?;
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
	block: u32,
	node: &NodeView,
	forests: &Forests,
	journal: &Journal,
	outcome: &mut Outcome,
) -> Result<(), SyncError> {
	if !forests.current_tree().is_empty() {
		tracing::warn!(block, period = ?node.terminated_at.map(|period| period.0), "this node was terminated");
		forests.replace(0, &[])?;
	}
	for record in journal.in_state(|state| matches!(state, Local::Ended { .. })) {
		journal.set_state(record.deal, Local::ToDelete { after: block })?;
		outcome.cleared.push(record.deal);
	}
	Ok(())
}

fn follow_forest(
	block: u32,
	node: &NodeView,
	active: &BTreeMap<u32, Leaf>,
	forests: &Forests,
	clearing: &[u32],
) -> Result<(), SyncError> {
	if forests.current() == node.forest {
		return Ok(());
	}
	let tree = forests.current_tree();
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
			forests.apply(block, depth, &changes)?;
			return Ok(());
		}
	}
	// Slots that only the chain's records explain: the folder is new, or was away for long.
	let leaves: Vec<(u32, Leaf)> = active.iter().map(|(slot, leaf)| (*slot, *leaf)).collect();
	let rebuilt = substation_proofs::prover::ForestTree::from_leaves(node.id.0, depth, leaves.iter().copied());
	match rebuilt {
		Ok(rebuilt) if rebuilt.forest() == node.forest => {
			forests.replace(depth, &leaves)?;
			Ok(())
		}
		_ => Err(SyncError::OtherForest),
	}
}

fn follow_deals(
	block: u32,
	node: &NodeView,
	deals: &[DealView],
	journal: &Journal,
	forests: &Forests,
	outcome: &mut Outcome,
) -> Result<(), SyncError> {
	let on_chain: BTreeMap<u64, &DealView> = deals.iter().map(|page| (page.id.0, page)).collect();
	for page in deals {
		let DealState::Active(terms) = page.deal.state else { continue };
		let state = Local::Accepted { slot: terms.slot };
		let known = journal.get(page.id.0);
		if known.as_ref().is_none_or(|record| record.state != state) {
			let seen = known.map_or(block, |record| record.seen);
			journal.put(&record(page, seen, state))?;
			outcome.accepted.push(page.id.0);
		}
	}
	for record in journal.deals() {
		let next = next_state(&record, on_chain.get(&record.deal).copied(), block, node, forests);
		match next {
			Next::Same => {}
			Next::Forget => journal.remove(record.deal)?,
			Next::State(state) => {
				match state {
					Local::Ended { .. } => outcome.ended.push(record.deal),
					Local::ToDelete { .. } => outcome.cleared.push(record.deal),
					_ => {}
				}
				journal.set_state(record.deal, state)?;
			}
		}
	}
	Ok(())
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

fn next_state(record: &DealRecord, page: Option<&DealView>, block: u32, node: &NodeView, forests: &Forests) -> Next {
	let holds_slot = forests.slot_of(record.deal).is_some();
	match (&record.state, page) {
		(Local::Accepted { slot }, None) if holds_slot => Next::State(Local::Ended { slot: *slot }),
		// Bytes may be asked for until the period of the clear is over.
		(Local::Accepted { .. } | Local::Ended { .. }, None) if !holds_slot => {
			Next::State(Local::ToDelete { after: node.window.closes.max(block) })
		}
		(Local::ToDelete { after }, _) if block >= *after => Next::Forget,
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
