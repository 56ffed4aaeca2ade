//! Commands that only look at this machine.

use crate::{
	bench::{delivery, storage},
	cli::{payments::BenchFetch, BenchCommand, Common},
	config::Folder,
};
use anyhow::{Context, Result};
use substation_client::amounts::display_size;
use substation_store::{
	progress::{Output, Progress},
	scrub::scrub_now,
	storage::Storage,
};

/// Reads everything and says what is damaged. Errors when something is, or while `substation run` has the folder.
pub async fn scrub(common: &Common) -> Result<()> {
	let folder = Folder::provider(common)?;
	folder.config()?;
	let storage = Storage::open(folder.path()).context("while `substation run` works it scrubs by itself")?;
	let output = Output::detect(common.quiet, common.json);
	let report = blocking(move || {
		let progress = Progress::new(output, "reading", storage.blobs.used_bytes());
		let report = scrub_now(&storage, &progress)?;
		let deals: Vec<u64> = report
			.damaged
			.iter()
			.flat_map(|damage| storage.journal.deals_over(&damage.root))
			.map(|record| record.deal)
			.collect();
		Ok((report, deals))
	});
	let (report, deals) = report.await?;
	if common.json {
		println!("{}", serde_json::to_string(&report)?);
	} else {
		println!("{} contents, {} read, {} damaged", report.contents, display_size(report.bytes), report.damaged.len());
		for damage in &report.damaged {
			println!("{}  {} damaged", hex::encode(damage.root), display_size(damage.bytes()));
		}
	}
	anyhow::ensure!(
		report.damaged.is_empty(),
		"some contents are damaged (deals {}); restore the disk or let the customer offer them again, else `substation forfeit`",
		deals.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
	);
	Ok(())
}

/// Measures and prints.
pub async fn bench(common: &Common, what: &BenchCommand) -> Result<()> {
	let runtime = tokio::runtime::Handle::current();
	let (what, json) = (what.clone(), common.json);
	let text = blocking(move || match what {
		BenchCommand::Commit { file, threads } => {
			shown(&storage::commit(&file, threads.unwrap_or_else(processors))?, json)
		}
		BenchCommand::Answer { deals, size, folder } => shown(&storage::answer(deals, size, &folder)?, json),
		BenchCommand::Fetch(BenchFetch { size, step, rounds, folder }) => {
			let folder = folder.unwrap_or_else(std::env::temp_dir);
			shown(&runtime.block_on(delivery::fetch(size, step, rounds, &folder))?, json)
		}
		BenchCommand::Restart { deals, folder } => shown(&storage::restart(deals, &folder)?, json),
	});
	text.await?.lines().for_each(|line| println!("{line}"));
	Ok(())
}

fn shown(figures: &(impl serde::Serialize + std::fmt::Display), json: bool) -> Result<String> {
	if json {
		Ok(serde_json::to_string(figures)?)
	} else {
		Ok(figures.to_string())
	}
}

/// Processors of this machine, at least one.
pub fn processors() -> usize {
	std::thread::available_parallelism().map_or(1, usize::from)
}

/// Work that keeps a thread busy.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
	tokio::task::spawn_blocking(work).await.context("the work was interrupted")?
}
