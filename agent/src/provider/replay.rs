//! Reads what the chain's blocks have changed of this node's forest since the block that its folder followed last.
//!
//! Only a folder that cannot explain the chain's forest needs it. It takes a minute for a week of blocks, so it runs beside
//! the engine.

use crate::chain::{
	history::{Indices, Update},
	Chain, ChainError,
};
use futures::StreamExt;
use std::{
	ops::RangeInclusive,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
};
use substation_primitives::NodeId;
use tokio::task::JoinHandle;

/// Most blocks that are read.
const MOST_BLOCKS: u32 = 1_000_000;
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
	#[error("there are more than {MOST_BLOCKS} blocks to read")]
	TooMany,
	#[error("the node names more changes than there can be")]
	TooLong,
	#[error("reading was interrupted")]
	Interrupted,
}

/// What the blocks say, as far as they are read.
#[derive(Debug, Default)]
pub enum Replay {
	/// Nothing is read.
	#[default]
	Idle,
	/// They are being read.
	Running(Running),
	/// They are read.
	Known(Vec<Update>),
	/// They cannot be read.
	Failed(String),
}

/// Blocks that are being read. Stops when it is dropped.
#[derive(Debug)]
pub struct Running {
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
	/// Begins to read, unless that was done already.
	pub fn begin(&mut self, chain: &Chain, node: NodeId, heights: RangeInclusive<u32>) {
		if !matches!(self, Self::Idle) {
			return;
		}
		let blocks = heights.end().saturating_sub(*heights.start()).saturating_add(1);
		if blocks > MOST_BLOCKS {
			*self = Self::Failed(ReplayError::TooMany.to_string());
			return;
		}
		tracing::warn!(blocks, "reading the chain's blocks for deals that this folder does not know");
		let read = Arc::new(AtomicU32::new(0));
		let task = tokio::spawn(read_all(chain.clone(), node, heights, read.clone()));
		*self = Self::Running(Running { blocks, read, task });
	}

	/// Takes note of what was read meanwhile. Says whether there is something new.
	pub async fn look(&mut self) -> bool {
		let Self::Running(running) = self else { return false };
		if !running.task.is_finished() {
			return false;
		}
		let outcome = (&mut running.task).await.unwrap_or(Err(ReplayError::Interrupted));
		*self = match outcome {
			Ok(updates) => Self::Known(updates),
			Err(error) => Self::Failed(error.to_string()),
		};
		true
	}

	/// What was read.
	pub fn updates(&self) -> &[Update] {
		match self {
			Self::Known(updates) => updates,
			_ => &[],
		}
	}

	/// How it goes on.
	pub fn words(&self) -> String {
		match self {
			Self::Idle => String::new(),
			Self::Running(Running { blocks, read, .. }) => {
				format!("; reading the chain's blocks for them: {} of {blocks}", read.load(Ordering::Relaxed))
			}
			Self::Known(_) => "; the chain's blocks and the contents on this disk do not name them either".into(),
			Self::Failed(reason) => format!("; the chain's blocks do not say either: {reason}"),
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
