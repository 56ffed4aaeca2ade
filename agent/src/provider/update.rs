//! Accepting proposals and clearing ended deals: free calls that change the forest, one in flight per node.

use crate::{
	provider::{
		decide::{self, Promised},
		sync::{self, SyncError, MAX_UPDATES},
	},
	status::metrics::Metrics,
};
use codec::{Decode, Encode};
use iroh::SecretKey;
use std::collections::BTreeMap;
use substation_client::{calls::Call, client::NodeView, free::Submission, Chain, ChainError};
use substation_primitives::{
	deal::{Acceptance, Clearance},
	settings::Settings,
	DealId, NodeId,
};
use substation_proofs::{authority, forest::Change, Hash};
use substation_store::{
	forests::Forests,
	journal::{DealRecord, DealState as Local, Journal},
};

/// Blocks after which an update that has not reached a block is sent again.
const SEND_AGAIN_AFTER: u32 = 6;
/// Where the journal keeps the slots of a clear on its way.
const CLEARING: &str = "clearing";
/// Refusals of one single proposal after which it is given up.
const MOST_REFUSALS: u32 = 3;
/// Waiting proposals that one block looks at. Customers may have brought any number of which none can be accepted now.
const MAX_LOOKS: usize = 2 * MAX_UPDATES;

/// Sends updates and remembers what is on its way.
#[derive(Debug)]
pub struct Updater {
	node: NodeId,
	genesis: Hash,
	key: SecretKey,
	/// The root that the last update replaces, and the best block in which it was sent.
	sent: Option<(Hash, u32)>,
	/// Shrinks when the pool refuses a batch, so that one bad proposal does not stop the others.
	batch: usize,
	refusals: BTreeMap<u64, u32>,
	/// The waiting proposal that was looked at last.
	looked_at: u64,
	last_was_clear: bool,
	metrics: Metrics,
}

/// What an update is built from: the chain's final and best state and this folder.
#[derive(Debug)]
pub struct Ground<'a> {
	/// The connection.
	pub chain: &'a Chain,
	/// The node as of the best block.
	pub best: &'a NodeView,
	/// Height of the best block.
	pub now: u32,
	/// All settings.
	pub settings: &'a Settings,
	/// The deals of this machine.
	pub journal: &'a Journal,
	/// Its forest as of the final state.
	pub forests: &'a Forests,
}

impl Updater {
	/// Updates the forest of one node of one chain, signed with the agent's key.
	pub fn new(node: NodeId, genesis: Hash, key: SecretKey, metrics: Metrics) -> Self {
		Self {
			node,
			genesis,
			key,
			sent: None,
			batch: MAX_UPDATES,
			refusals: BTreeMap::new(),
			looked_at: 0,
			last_was_clear: false,
			metrics,
		}
	}

	/// The slots that a clear on its way empties.
	pub fn clearing(journal: &Journal) -> Vec<u32> {
		let note = journal.note(CLEARING).ok().flatten().unwrap_or_default();
		Vec::decode(&mut &note[..]).unwrap_or_default()
	}

	/// Sends the next update if none is on its way. Errors when the connection or the disk fails.
	pub async fn step(&mut self, ground: &Ground<'_>) -> Result<(), StepError> {
		let forest = ground.forests.current();
		// What the best chain has and the final one has not is on its way.
		if ground.best.forest != forest {
			return Ok(());
		}
		if self.sent.is_some_and(|(root, at)| root == forest.root && ground.now < at.saturating_add(SEND_AGAIN_AFTER)) {
			return Ok(());
		}
		let clears = sync::clearable(ground.forests, ground.journal);
		let ready = self.acceptable(ground).await?;
		let clear_now = !clears.is_empty() && (ready.is_empty() || !self.last_was_clear);
		if clear_now {
			self.clear(ground, &clears).await?;
		} else if !ready.is_empty() {
			self.accept(ground, &ready).await?;
		} else {
			return Ok(());
		}
		self.last_was_clear = clear_now;
		Ok(())
	}

	/// The proposals whose bytes are here and that the chain would let this node accept now. They are read in the final
	/// state: after a re-organisation the same number may be another proposal, of bytes that are not here.
	async fn acceptable(&mut self, ground: &Ground<'_>) -> Result<Vec<DealRecord>, StepError> {
		let waiting = ground.journal.in_state(|state| matches!(state, Local::Ready | Local::Submitted { .. }));
		let block = if waiting.is_empty() { return Ok(Vec::new()) } else { ground.chain.finalised().await? };
		let mut promised = Promised::default();
		let mut taken = Vec::new();
		// Of more than one block looks at, the next one begins with others.
		let had_its_turn = |record: &DealRecord| waiting.len() > MAX_LOOKS && record.deal <= self.looked_at;
		let first = waiting.partition_point(had_its_turn);
		for record in waiting.iter().cycle().skip(first).take(waiting.len().min(MAX_LOOKS)) {
			if taken.len() >= self.batch {
				break;
			}
			self.looked_at = record.deal;
			let Some(page) = ground.chain.deal(DealId(record.deal), block).await? else { continue };
			if !record.is_over(page.deal.root, page.deal.length) {
				tracing::debug!(
					deal = record.deal,
					"not accepted: the final state has another proposal under its number"
				);
				continue;
			}
			// The bytes are on the disk already: room for them is no question any more.
			match decide::judge(&page, ground.best, ground.settings, ground.now, promised, u64::MAX) {
				Ok(()) => {
					promised.bytes = promised.bytes.saturating_add(record.length);
					promised.rate = promised.rate.saturating_add(page.deal.rate);
					taken.push(record.clone());
				}
				Err(reason) => tracing::debug!(deal = record.deal, "not accepted now: {reason}"),
			}
		}
		Ok(taken)
	}

	async fn accept(&mut self, ground: &Ground<'_>, deals: &[DealRecord]) -> Result<(), StepError> {
		let forest = ground.forests.current();
		let slots = ground.forests.free_slots(deals.len());
		let acceptances: Vec<Acceptance> = deals
			.iter()
			.zip(&slots)
			.map(|(record, slot)| Acceptance { deal: DealId(record.deal), slot: *slot })
			.collect();
		let changes: Vec<(u32, Change)> =
			deals.iter().zip(&slots).map(|(record, slot)| (*slot, Change::Insert(leaf(record)))).collect();
		let depth = ground.forests.depth_for(&slots);
		let proof = ground.forests.update_proof(depth, &changes).map_err(SyncError::from)?;
		// Noted before it is sent: its window may open before it is final.
		ground.forests.keep_changed(depth, &changes).map_err(SyncError::from)?;
		let message = authority::accept_message(&self.genesis, self.node.0, &forest.root, depth, &acceptances);
		let call = Call::accept(self.node, &acceptances, depth, &proof, self.sign(&message));
		match ground.chain.submit_free(&call).await? {
			Submission::Sent | Submission::AlreadyWaiting => {
				self.sent = Some((forest.root, ground.now));
				for acceptance in &acceptances {
					let state = Local::Submitted { slot: acceptance.slot };
					ground.journal.set_state(acceptance.deal.0, state).map_err(SyncError::from)?;
				}
				self.batch = self.batch.saturating_mul(2).clamp(1, MAX_UPDATES);
				self.metrics.numbers().acceptances.inc();
				tracing::info!(deals = acceptances.len(), depth, "acceptance sent");
			}
			Submission::NotYet(reason) => tracing::debug!(reason, "the pool cannot judge the acceptance yet"),
			Submission::Invalid(reason) => self.refused(ground, deals, &reason)?,
		}
		Ok(())
	}

	fn refused(&mut self, ground: &Ground<'_>, deals: &[DealRecord], reason: &str) -> Result<(), StepError> {
		self.batch = (deals.len() / 2).max(1);
		let [record] = deals else {
			tracing::debug!(deals = deals.len(), reason, "the pool refused a batch; trying fewer");
			return Ok(());
		};
		let count = self.refusals.entry(record.deal).or_insert(0);
		*count = count.saturating_add(1);
		tracing::warn!(deal = record.deal, reason, "the chain does not let this node accept a deal");
		if *count >= MOST_REFUSALS {
			self.refusals.remove(&record.deal);
			self.batch = MAX_UPDATES;
			ground.journal.set_state(record.deal, Local::Refused).map_err(SyncError::from)?;
		}
		Ok(())
	}

	async fn clear(
		&mut self,
		ground: &Ground<'_>,
		ended: &[(u32, substation_proofs::forest::Leaf)],
	) -> Result<(), StepError> {
		let forest = ground.forests.current();
		let slots = ended.get(..MAX_UPDATES).unwrap_or(ended);
		let clearances: Vec<Clearance> =
			slots.iter().map(|(slot, leaf)| Clearance { slot: *slot, leaf: *leaf }).collect();
		let depth = forest.depth;
		let changes = sync::removals(slots);
		let proof = ground.forests.update_proof(depth, &changes).map_err(SyncError::from)?;
		let message = authority::clear_message(&self.genesis, self.node.0, &forest.root, depth, &clearances);
		let call = Call::clear(self.node, &clearances, depth, &proof, self.sign(&message));
		// Noted before it is sent: after a crash the emptied slots must be known.
		let noted: Vec<u32> = slots.iter().map(|(slot, _)| *slot).collect();
		ground.journal.set_note(CLEARING, &noted.encode()).map_err(SyncError::from)?;
		ground.forests.keep_changed(depth, &changes).map_err(SyncError::from)?;
		match ground.chain.submit_free(&call).await? {
			Submission::Sent | Submission::AlreadyWaiting => {
				self.sent = Some((forest.root, ground.now));
				tracing::info!(slots = slots.len(), "clear sent");
			}
			Submission::NotYet(reason) => tracing::debug!(reason, "the pool cannot judge the clear yet"),
			Submission::Invalid(reason) => {
				self.sent = Some((forest.root, ground.now));
				tracing::warn!(slots = slots.len(), reason, "the chain does not let this node clear ended deals");
			}
		}
		Ok(())
	}

	fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.key.sign(message).to_bytes()
	}
}

fn leaf(record: &DealRecord) -> substation_proofs::forest::Leaf {
	substation_proofs::forest::Leaf { deal: record.deal, root: record.root, length: record.length }
}

/// Why an update was not sent.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
	/// The chain.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// The folder.
	#[error(transparent)]
	Sync(#[from] SyncError),
}
