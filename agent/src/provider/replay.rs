//! Reads what the chain's blocks have changed of this node's forest since the block that its folder followed last.
//!
//! Only a folder that cannot explain the chain's forest needs it. It takes a minute for a week of blocks, so it runs beside
//! the engine. Where it was in vain, it goes on with the blocks that have come since, or begins again if it has failed.

use futures::StreamExt;
use std::{
	ops::RangeInclusive,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
};
use substation_client::{
	history::{Indices, Update},
	Chain, ChainError,
};
use substation_primitives::NodeId;
use tokio::task::JoinHandle;

/// Most blocks that are read: the last ones, if there are more. Whatever they say, only the forest's root decides.
const MOST_BLOCKS: u32 = 1_000_000;
/// Blocks after which it is read on, at least; a hundredth of all if reading them has failed.
const READ_ON_AFTER: u32 = 20;
/// Most changes that are kept.
const MOST_UPDATES: usize = 1 << 16;
/// Blocks that are asked for at one time.
const AT_ONE_TIME: usize = 16;

/// Why the blocks say nothing.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
	#[error(transparent)]
	Chain(#[from] ChainError),
	#[error("the node does not have the calls of block {0}; name one that keeps all blocks with --rpc")]
	NoBlock(u32),
	#[error("the node names more changes than there can be")]
	TooLong,
	#[error("reading was interrupted")]
	Interrupted,
}

/// What the blocks say, as far as they are read.
#[derive(Debug, Default)]
pub struct Replay {
	step: Step,
	updates: Vec<Update>,
	/// The height to which they are read; 0 if they are not.
	until: u32,
	/// The height to which they were to be read last.
	tried: u32,
	/// Whether there were more than are read.
	is_cut: bool,
}

#[derive(Debug, Default)]
enum Step {
	/// Nothing is read.
	#[default]
	Idle,
	/// They are being read.
	Running(Running),
	/// They are read.
	Known,
	/// They cannot be read.
	Failed(String),
}

/// Blocks that are being read. Stops when it is dropped.
#[derive(Debug)]
struct Running {
	blocks: u32,
	read: Arc<AtomicU32>,
	task: JoinHandle<Result<Vec<Update>, ReplayError>>,
}

impl Drop for Running {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl Replay {
	/// Begins to read what of these blocks is not read yet, unless that is being done or was tried a short while ago.
	pub fn begin(&mut self, chain: &Chain, node: NodeId, heights: RangeInclusive<u32>) {
		let (first, last) = heights.into_inner();
		if !self.is_due(first, last) {
			return;
		}
		let unread = first.max(self.until.saturating_add(1));
		let from = unread.max(last.saturating_sub(MOST_BLOCKS.saturating_sub(1)));
		self.tried = last;
		self.is_cut |= from > unread;
		if from > last {
			self.step = Step::Known;
			return;
		}
		let blocks = last.saturating_sub(from).saturating_add(1);
		if matches!(self.step, Step::Idle) {
			tracing::warn!(blocks, "reading the chain's blocks for deals that this folder does not know");
		} else {
			tracing::debug!(blocks, "reading the chain's blocks again, or on");
		}
		let read = Arc::new(AtomicU32::new(0));
		let task = tokio::spawn(read_all(chain.clone(), node, from..=last, read.clone()));
		self.step = Step::Running(Running { blocks, read, task });
	}

	fn is_due(&self, first: u32, last: u32) -> bool {
		let pause = match &self.step {
			Step::Idle => return true,
			Step::Running(_) => return false,
			Step::Known => READ_ON_AFTER,
			Step::Failed(_) => READ_ON_AFTER.max(last.saturating_sub(first) / 100),
		};
		last >= self.tried.saturating_add(pause)
	}

	/// Takes note of what was read meanwhile. Says whether there is something new.
	pub async fn look(&mut self) -> bool {
		let Step::Running(running) = &mut self.step else { return false };
		if !running.task.is_finished() {
			return false;
		}
		let outcome = (&mut running.task).await.unwrap_or(Err(ReplayError::Interrupted));
		self.step = match outcome {
			Ok(updates) if self.updates.len().saturating_add(updates.len()) > MOST_UPDATES => {
				Step::Failed(ReplayError::TooLong.to_string())
			}
			Ok(updates) => {
				self.updates.extend(updates);
				self.until = self.tried;
				Step::Known
			}
			Err(error) => Step::Failed(error.to_string()),
		};
		true
	}

	/// What was read, in the order of the chain.
	pub fn updates(&self) -> &[Update] {
		&self.updates
	}

	/// How it goes on.
	pub fn words(&self) -> String {
		let blocks = if self.is_cut { format!("last {MOST_BLOCKS} blocks") } else { "blocks".to_owned() };
		match &self.step {
			Step::Idle => String::new(),
			Step::Running(Running { blocks: all, read, .. }) => {
				format!("; reading the chain's {blocks} for them: {} of {all}", read.load(Ordering::Relaxed))
			}
			Step::Known => format!("; the chain's {blocks} and the contents on this disk do not name them either"),
			Step::Failed(reason) => format!("; the chain's {blocks} do not say either: {reason}"),
		}
	}
}

async fn read_all(
	chain: Chain,
	node: NodeId,
	heights: RangeInclusive<u32>,
	read: Arc<AtomicU32>,
) -> Result<Vec<Update>, ReplayError> {
	let indices: Indices = chain.update_indices().await?;
	let block = |height| {
		let chain = chain.clone();
		async move { (height, chain.updates_in(node, height, indices).await) }
	};
	let mut blocks = futures::stream::iter(heights).map(block).buffered(AT_ONE_TIME);
	let mut all = Vec::new();
	while let Some((height, updates)) = blocks.next().await {
		all.extend(updates?.ok_or(ReplayError::NoBlock(height))?);
		if all.len() > MOST_UPDATES {
			return Err(ReplayError::TooLong);
		}
		read.fetch_add(1, Ordering::Relaxed);
	}
	Ok(all)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::{acceptance, connect, node};
	use substation_fake_node::FakeNode;
	use substation_primitives::{deal::Acceptance, DealId};

	/// Waits for the end of what was begun.
	async fn finish(replay: &mut Replay) {
		while !replay.look().await {
			tokio::task::yield_now().await;
		}
	}

	// 9
	#[tokio::test]
	async fn of_very_many_blocks_the_last_ones_are_read() {
		let chain = connect(&FakeNode::new()).await.unwrap();
		let mut replay = Replay::default();

		replay.begin(&chain, node().id, 1..=3_000_000);

		assert_eq!(replay.words(), "; reading the chain's last 1000000 blocks for them: 0 of 1000000");
	}

	// 9
	#[tokio::test]
	async fn what_was_read_in_vain_is_read_on() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let accept = |deal| Acceptance { deal: DealId(deal), slot: 1 };
		let mut replay = Replay::default();
		for height in [5, 25] {
			let hash = [u8::try_from(height).unwrap(); 32];
			fake.has_body(height, hash, &[acceptance(node().id, &[accept(height.into())])]);
		}

		replay.begin(&chain, node().id, 1..=10);
		finish(&mut replay).await;
		assert_eq!(replay.updates(), [Update::Accepted(vec![accept(5)])]);
		replay.begin(&chain, node().id, 1..=29);
		assert!(!replay.words().contains("reading"), "a short while ago: {}", replay.words());

		replay.begin(&chain, node().id, 1..=30);
		assert!(replay.words().contains("0 of 20"), "nothing twice: {}", replay.words());
		assert_eq!(replay.updates().len(), 1, "what is known stays known meanwhile");
		finish(&mut replay).await;
		assert_eq!(replay.updates(), [5, 25].map(|deal| Update::Accepted(vec![accept(deal)])));
	}

	// 9
	#[tokio::test]
	async fn what_could_not_be_read_is_tried_again() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let mut replay = Replay::default();
		fake.has_block(7, None);
		replay.begin(&chain, node().id, 1..=3_000);
		finish(&mut replay).await;
		assert!(replay.words().contains("does not have the calls of block 7"), "{}", replay.words());

		fake.has_block(7, Some([7; 32]));
		replay.begin(&chain, node().id, 1..=3_020);
		assert!(replay.words().contains("block 7"), "not all of it every few blocks: {}", replay.words());
		replay.begin(&chain, node().id, 1..=3_030);
		finish(&mut replay).await;
		assert!(replay.words().contains("do not name them either"), "{}", replay.words());
	}
}
