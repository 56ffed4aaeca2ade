//! Reading the deals of a node as they are at one block.
//!
//! Anybody proposes to any node, and a proposal that has expired stays on the chain until somebody withdraws it. So a node
//! may have far more records than deals. What is neither accepted nor known here is passed over. Pages are read only as
//! far as the deals of this folder may take; beyond that these are asked for one by one. And no block waits for more than
//! [`BUDGET`] of it: the next one goes on.

use std::collections::{BTreeMap, BTreeSet};
use substation_client::{
	client::{DealView, NodeView, PAGE},
	BlockHash, Chain, ChainError,
};
use substation_primitives::{deal::DealState, DealId};

/// What is read in one go, in deals of pages.
const BUDGET: u32 = 8 * PAGE;
/// What a deal costs that is asked for by itself.
const SINGLE: u32 = 4;
/// Pages that are read however few deals are known.
const MIN_PAGES: u32 = 2;

/// What has been read so far.
#[derive(Debug)]
pub struct Reading {
	block: BlockHash,
	node: NodeView,
	/// Deals of this folder that were not come upon yet.
	missing: BTreeSet<u64>,
	found: BTreeMap<u64, DealView>,
	/// How many of them are accepted.
	accepted: u32,
	/// Pages to read before what is missing is asked for one by one.
	pages: u32,
	/// Where the next page begins.
	after: Option<DealId>,
	/// Whether there is no further page: what is missing has no record.
	is_at_end: bool,
}

impl Reading {
	/// Of the deals of `node` at `block`; those in `known` are wanted whether they are accepted or not.
	pub fn new(block: BlockHash, node: NodeView, known: impl IntoIterator<Item = u64>) -> Self {
		let missing: BTreeSet<u64> = known.into_iter().collect();
		let filled = u32::try_from(missing.len()).unwrap_or(u32::MAX) / PAGE;
		let pages = filled.saturating_mul(2).saturating_add(MIN_PAGES);
		Self { block, node, missing, found: BTreeMap::new(), accepted: 0, pages, after: None, is_at_end: false }
	}

	/// The block.
	pub fn block(&self) -> BlockHash {
		self.block
	}

	/// The node at that block.
	pub fn node(&self) -> &NodeView {
		&self.node
	}

	/// What was found.
	pub fn into_deals(self) -> Vec<DealView> {
		self.found.into_values().collect()
	}

	/// Reads on. Says whether every deal that is wanted was found, or has no record.
	pub async fn go_on(&mut self, chain: &Chain) -> Result<bool, ChainError> {
		let mut budget = BUDGET;
		while !self.is_over() {
			if budget == 0 {
				return Ok(false);
			}
			let cost = if self.pages > 0 || self.missing.is_empty() {
				self.read_page(chain).await?;
				PAGE
			} else {
				self.read_single(chain).await?;
				SINGLE
			};
			budget = budget.saturating_sub(cost);
		}
		Ok(true)
	}

	fn is_over(&self) -> bool {
		self.is_at_end || (self.missing.is_empty() && self.accepted >= self.node.deals)
	}

	async fn read_page(&mut self, chain: &Chain) -> Result<(), ChainError> {
		let (page, next) = chain.deals_page(self.node.id, self.after, self.block).await?;
		self.pages = self.pages.saturating_sub(1);
		(self.after, self.is_at_end) = (next, next.is_none());
		for deal in page {
			let is_known = self.missing.remove(&deal.id.0);
			self.note(deal, is_known);
		}
		Ok(())
	}

	async fn read_single(&mut self, chain: &Chain) -> Result<(), ChainError> {
		let Some(id) = self.missing.pop_first() else { return Ok(()) };
		let deal = chain.deal(DealId(id), self.block).await?;
		if let Some(deal) = deal.filter(|page| page.deal.node == self.node.id) {
			self.note(deal, true);
		}
		Ok(())
	}

	fn note(&mut self, deal: DealView, is_known: bool) {
		let is_accepted = matches!(deal.deal.state, DealState::Active(_));
		if !is_known && !is_accepted {
			return;
		}
		let is_new = self.found.insert(deal.id.0, deal).is_none();
		if is_new && is_accepted {
			self.accepted = self.accepted.saturating_add(1);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::{active, connect, deal, node};
	use substation_fake_node::FakeNode;

	fn proposed(ids: std::ops::Range<u64>) -> Vec<DealView> {
		ids.map(|id| DealView { id: DealId(id), ..deal() }).collect()
	}

	fn accepted(ids: std::ops::Range<u64>) -> Vec<DealView> {
		ids.map(|id| DealView { id: DealId(id), ..active(u32::try_from(id).unwrap()) }).collect()
	}

	/// Blocks that it takes to read what a node of `deals` accepted deals has, and what was found.
	async fn read(fake: &FakeNode, deals: u32, known: &[u64]) -> (usize, Vec<u64>) {
		let chain = connect(fake).await.unwrap();
		let page = NodeView { deals, ..node() };
		let mut reading = Reading::new(chain.best().await.unwrap(), page, known.iter().copied());
		let mut blocks = 1;
		while !reading.go_on(&chain).await.unwrap() {
			blocks += 1;
		}
		(blocks, reading.into_deals().iter().map(|page| page.id.0).collect())
	}

	fn pages(fake: &FakeNode) -> usize {
		fake.asked("deals_of_node").len()
	}

	#[tokio::test]
	async fn accepted_deals_and_those_that_are_known_are_found() {
		let fake = FakeNode::new();
		fake.serve_deals([proposed(0..600), accepted(600..603), proposed(603..605)].concat());

		// The last one has no record (any more).
		assert_eq!(read(&fake, 3, &[5, 600, 604, 9_999]).await, (1, vec![5, 600, 601, 602, 604]));
	}

	// 14
	#[tokio::test]
	async fn proposals_of_strangers_cost_a_node_with_few_deals_little() {
		let fake = FakeNode::new();
		fake.serve_deals([proposed(0..30_000), accepted(30_000..30_003), proposed(30_003..40_000)].concat());

		let (blocks, found) = read(&fake, 3, &[7, 30_000, 30_001, 30_002, 99_999]).await;

		assert_eq!((blocks, found), (1, vec![7, 30_000, 30_001, 30_002]));
		// The one among the first proposals is found on their page.
		assert_eq!((pages(&fake), fake.asked("deal_page").len()), (2, 4));
	}

	// 14: a folder that knows nothing of its deals has to look for them, and takes its time.
	#[tokio::test]
	async fn no_block_waits_for_all_of_many_proposals() {
		let fake = FakeNode::new();
		fake.serve_deals([proposed(0..9_000), accepted(9_000..9_003)].concat());

		assert_eq!(read(&fake, 3, &[]).await, (3, vec![9_000, 9_001, 9_002]));

		assert_eq!(pages(&fake), 19);
	}

	#[tokio::test]
	async fn many_deals_are_read_by_pages() {
		let fake = FakeNode::new();
		fake.serve_deals(accepted(0..5_000));
		let known: Vec<u64> = (0..6_000).collect();

		let (blocks, found) = read(&fake, 5_000, &known).await;

		assert_eq!((blocks, found.len()), (2, 5_000));
		assert_eq!((pages(&fake), fake.asked("deal_page").len()), (11, 0), "the last page is empty");
	}
}
