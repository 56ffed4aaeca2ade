//! What reading and writing one item of the state cost on ParityDB: the database weights of the runtime.
//!
//! The method is that of `benchmark storage` of `frame-benchmarking-cli` 64 (`src/storage/{cmd,read,write}.rs`) in its
//! mode for block import: costs are amortised over the batch of items that a block touches, without a trie cache and
//! without recording a proof, which only parachains need; the state is of version 1, and everything is read once before
//! anything is timed. Three things differ:
//!
//! - The state is made here instead of taken from a chain: as many items as asked, shaped like those of this chain.
//! - Reads are timed by the batch, as writes are, so that both statistics are over batches.
//! - Timed batches are random samples of the state, not all of it.
//!
//! A commit returns when ParityDB has taken the changes over; its threads write them to disk meanwhile, and who commits
//! faster than they write has to wait. A chain does not: it pauses between blocks. So batches of writes begin a slot apart.

#![allow(clippy::indexing_slicing, reason = "a measurement ends at its first broken assumption")]

mod items;
mod measure;
mod progress;
mod random;
mod state;
mod statistics;
#[cfg(test)]
mod tests;
mod weight_file;

use anyhow::{ensure, Context, Result};
use clap::Parser;
use serde_json::json;
use state::State;
use statistics::Statistics;
use std::{fs, num::NonZeroUsize, path::PathBuf, time::Duration};
use tempfile::TempDir;

/// Measures what reading and writing one item of the state cost on the node's database.
///
/// Makes a state of its own and removes it in the end. Every run makes the same state and touches the same items.
#[derive(Parser)]
#[command(name = "substation-database-weight", version)]
struct Options {
	#[command(flatten)]
	extent: Extent,
	/// Existing folder on the disk to measure [default: the system's folder for temporary files]
	#[arg(long)]
	folder: Option<PathBuf>,
	/// Print one line of JSON on stdout instead of a table
	#[arg(long)]
	json: bool,
	/// Rust file to rewrite with the weights
	#[arg(long)]
	output: Option<PathBuf>,
}

/// How much is measured.
#[derive(clap::Args, Clone, Copy)]
struct Extent {
	/// Items in the state
	#[arg(long, default_value = "1000000")]
	items: NonZeroUsize,
	/// Items that are read or written together, as by one block
	#[arg(long, default_value = "1000")]
	batch: NonZeroUsize,
	/// Batches of reads, and as many of writes
	#[arg(long, default_value = "100")]
	rounds: NonZeroUsize,
	/// Milliseconds from one batch of writes to the next, as between blocks
	#[arg(long, default_value = "2000")]
	slot: u64,
}

/// What came of it.
struct Figures {
	read: Statistics,
	write: Statistics,
}

fn main() -> Result<()> {
	let options = Options::parse();
	let figures = measure(options.extent, &make_folder(options.folder)?)?;
	if options.json {
		println!("{}", as_json(options.extent, &figures));
	} else {
		print_table(&figures);
	}
	if let Some(path) = options.output {
		let text = weight_file::text(options.extent, &figures, &weight_file::processor());
		fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
		eprintln!("written: {}", path.display());
	}
	Ok(())
}

/// A folder that is removed when it is dropped.
fn make_folder(inside: Option<PathBuf>) -> Result<TempDir> {
	match inside {
		Some(folder) => tempfile::tempdir_in(&folder).with_context(|| format!("no folder in {}", folder.display())),
		None => tempfile::tempdir().context("no temporary folder"),
	}
}

fn measure(extent: Extent, folder: &TempDir) -> Result<Figures> {
	let Extent { items, batch, rounds, slot } = extent;
	let timed = batch.get().checked_mul(rounds.get()).filter(|timed| *timed <= items.get());
	ensure!(timed.is_some(), "{rounds} batches of {batch} distinct items are more than {items} items");

	let mut state = State::create(folder.path())?;
	measure::fill(&mut state, items.get())?;
	// Whatever the database still held in memory is on disk after this.
	let root = state.close();
	let state = State::open(folder.path(), root)?;

	measure::warm_up(&state, items.get())?;
	let read = measure::reads(&state, &items::batches("reads", extent))?;
	let write = measure::writes(&state, &items::batches("writes", extent), Duration::from_millis(slot))?;
	Ok(Figures { read, write })
}

fn as_json(extent: Extent, figures: &Figures) -> serde_json::Value {
	let statistics = |of: &Statistics| {
		json!({
			"operations": of.operations,
			"min": of.min,
			"median": of.median,
			"average": of.average,
			"p95": of.p95,
			"max": of.max,
		})
	};
	json!({
		"items": extent.items,
		"batch": extent.batch,
		"rounds": extent.rounds,
		"slot": extent.slot,
		"read": statistics(&figures.read),
		"write": statistics(&figures.write),
	})
}

fn print_table(figures: &Figures) {
	println!("{:<6}{:>10}{:>10}{:>10}{:>10}{:>10}", "ns", "min", "median", "average", "p95", "max");
	for (name, of) in [("read", &figures.read), ("write", &figures.write)] {
		println!("{name:<6}{:>10}{:>10}{:>10}{:>10}{:>10}", of.min, of.median, of.average, of.p95, of.max);
	}
}
