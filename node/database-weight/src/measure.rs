//! Fills the state, and times batches of reads and of writes.

use crate::{items::Item, progress::Progress, state::State, statistics::Statistics};
use anyhow::{anyhow, ensure, Context, Result};
use sp_state_machine::Backend;
use std::{
	hint::black_box,
	thread::sleep,
	time::{Duration, Instant},
};

/// Items that are set, or read, at once where nothing is timed: some hundred megabytes of memory.
const CHUNK: usize = 50_000;

/// Sets every item.
pub(crate) fn fill(state: &mut State, items: usize) -> Result<()> {
	let mut progress = Progress::new("filling", items);
	for start in (0..items).step_by(CHUNK) {
		let chunk: Vec<Item> = (start..items.min(start + CHUNK)).map(Item::original).collect();
		state.advance(&chunk)?;
		progress.advance(chunk.len());
	}
	Ok(())
}

/// Reads every item, and checks it: what is timed afterwards is as warm as the system's cache lets it be.
pub(crate) fn warm_up(state: &State, items: usize) -> Result<()> {
	let mut progress = Progress::new("warming up", items);
	let trie = state.trie();
	for number in 0..items {
		let Item { key, value } = Item::original(number);
		ensure!(read(&trie, &key)? == value, "item {number} is not what was written");
		progress.advance(1);
	}
	Ok(())
}

/// Nanoseconds that reading one item takes.
pub(crate) fn reads(state: &State, batches: &[Vec<usize>]) -> Result<Statistics> {
	time("reading", batches, |numbers| {
		let keys: Vec<Vec<u8>> = numbers.iter().map(|number| Item::original(*number).key).collect();
		let trie = state.trie();
		let start = Instant::now();
		for key in &keys {
			black_box(read(&trie, key)?);
		}
		Ok(start.elapsed())
	})
}

/// Nanoseconds that writing one item takes: its share of the new root and of the commit.
///
/// Every batch starts from the same state, since each is taken back, and in a slot of its own.
pub(crate) fn writes(state: &State, batches: &[Vec<usize>], slot: Duration) -> Result<Statistics> {
	time("writing", batches, |numbers| {
		let next_slot = Instant::now() + slot;
		let items: Vec<Item> = numbers.iter().map(|number| Item::changed(*number)).collect();

		let start = Instant::now();
		let (_, nodes) = state.root_after(&items);
		let computed = start.elapsed();

		let to_take_back = nodes.clone();

		let start = Instant::now();
		state.add(nodes)?;
		let committed = start.elapsed();

		state.take_back(to_take_back)?;
		sleep(next_slot.saturating_duration_since(Instant::now()));
		Ok(computed + committed)
	})
}

fn read(trie: &impl Backend<sp_runtime::traits::BlakeTwo256>, key: &[u8]) -> Result<Vec<u8>> {
	trie.storage(key).map_err(|error| anyhow!("{error}"))?.context("an item is missing")
}

/// Statistics over the batches of what one item of each took.
fn time(what: &'static str, batches: &[Vec<usize>], take: impl Fn(&[usize]) -> Result<Duration>) -> Result<Statistics> {
	let operations = batches.iter().map(Vec::len).sum();
	let mut progress = Progress::new(what, operations);
	let mut samples = Vec::new();
	for numbers in batches {
		let each = take(numbers)? / u32::try_from(numbers.len())?;
		samples.push(u64::try_from(each.as_nanos())?);
		progress.advance(numbers.len());
	}
	Statistics::of(operations, samples).context("nothing was timed")
}
