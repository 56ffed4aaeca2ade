//! What helps a folder whose bytes or whose block were lost: `restore` and `forget-followed`.

use crate::{
	cli::{Common, Restore},
	commands::local::{blocking, processors},
	config::Folder,
};
use anyhow::{ensure, Context, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use substation_client::amounts::display_size;
use substation_store::{
	hashing::Commitment,
	journal::Damage,
	progress::{Output, Progress},
	storage::Storage,
};

/// A file that was taken in, and the deals that need it.
struct Taken {
	file: PathBuf,
	content: Commitment,
	deals: Vec<u64>,
}

/// Takes files in that deals of this folder need, or any if that is asked for. Errors at the first that none does; what was
/// taken before it stays.
pub async fn restore(common: &Common, options: &Restore) -> Result<()> {
	let folder = Folder::provider(common)?;
	folder.config()?;
	let storage = open(&folder)?;
	let output = Output::detect(common.quiet, common.json);
	let Restore { files, unclaimed } = options.clone();
	let take = move |file: &PathBuf| take_in(&storage, file, unclaimed, output);
	let taken = blocking(move || files.iter().map(take).collect::<Result<Vec<_>>>());
	let taken = taken.await?;
	if common.json {
		let file = |taken: &Taken| {
			let hash = hex::encode(taken.content.root);
			json!({ "file": taken.file, "hash": hash, "bytes": taken.content.length, "deals": taken.deals })
		};
		println!("{}", json!(taken.iter().map(file).collect::<Vec<_>>()));
		return Ok(());
	}
	for Taken { file, content, deals } in &taken {
		println!("{}  {}", hex::encode(content.root), file.display());
		let size = display_size(content.length);
		if deals.is_empty() {
			println!("{size} are here; if no deal turns out to need them, they are deleted after a period");
		} else {
			let deals = deals.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
			println!("{size} are here again, for deals {deals}");
		}
	}
	Ok(())
}

fn take_in(storage: &Storage, file: &Path, unclaimed: bool, output: Output) -> Result<Taken> {
	let length = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
	let progress = Progress::new(output, "hashing", length);
	let is_wanted = |content: &Commitment| unclaimed || deals_over(storage, content).next().is_some();
	let (content, is_taken) = storage.blobs.take_in(file, processors(), &progress, is_wanted)?;
	ensure!(
		is_taken,
		"{} is {}, which no deal of this folder needs; has the file changed? What deals need and lack, `substation status` \
		 says once `substation run` has read the chain; `--unclaimed` takes it in all the same, and keeps it for a period",
		file.display(),
		hex::encode(content.root)
	);
	// It has just been hashed.
	storage.journal.set_damage(&Damage { root: content.root, ranges: Vec::new(), only_tree: false, found_at: 0 })?;
	let deals: Vec<u64> = deals_over(storage, &content).collect();
	// An earlier wait of the same content is over: it has just come.
	storage.journal.change_orphans(&[], &[content.root])?;
	Ok(Taken { file: file.to_owned(), content, deals })
}

/// The deals that need exactly this content.
fn deals_over<'a>(storage: &'a Storage, content: &'a Commitment) -> impl Iterator<Item = u64> + 'a {
	let records = storage.journal.deals_over(&content.root).into_iter();
	records
		.filter(move |record| record.length == content.length && record.state.needs_bytes())
		.map(|record| record.deal)
}

/// Forgets the block that was followed last.
pub fn forget_followed(common: &Common) -> Result<()> {
	let folder = Folder::provider(common)?;
	let config = folder.config()?;
	let forgotten = open(&folder)?.journal.forget_followed()?;
	let (height, hash) = (forgotten.map(|block| block.height), forgotten.map(|block| hex::encode(block.hash)));
	if common.json {
		println!("{}", json!({ "forgotten": { "height": height, "hash": hash }, "rpc": config.rpc }));
		return Ok(());
	}
	match (height, hash) {
		(Some(height), Some(hash)) => println!("forgotten: final block {height}, 0x{hash}"),
		_ => println!("no final block was followed yet"),
	}
	println!("the next `substation run` follows what {} shows: let that be a node that you trust", config.rpc);
	Ok(())
}

fn open(folder: &Folder) -> Result<Storage> {
	Storage::open(folder.path()).context("`substation run` must be stopped first")
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_store::journal::{DealChanges, DealRecord, DealState, Followed, ForestChange};

	fn common(folder: &Path) -> Common {
		Folder::at(folder).write_config(&crate::config::Config::default()).unwrap();
		Common { data: Some(folder.to_owned()), rpc: None, json: false, quiet: true, verbose: 0 }
	}

	// 9
	#[tokio::test]
	async fn a_file_that_a_deal_needs_is_taken_in_and_another_is_not() {
		let folder = tempfile::tempdir().unwrap();
		let common = common(folder.path());
		let (file, other) = (folder.path().join("file"), folder.path().join("other"));
		std::fs::write(&file, [7; 100_000]).unwrap();
		std::fs::write(&other, [8; 100_000]).unwrap();
		let root = *blake3::hash(&[7; 100_000]).as_bytes();
		let state = DealState::Accepted { slot: 0 };
		let record = DealRecord { deal: 5, customer: [1; 32], root, length: 100_000, seen: 1, state };
		Storage::open(folder.path()).unwrap().journal.put(&record).unwrap();
		let restore_of =
			|files: &[&PathBuf]| Restore { files: files.iter().copied().cloned().collect(), unclaimed: false };

		let error = restore(&common, &restore_of(&[&other])).await.unwrap_err().to_string();
		assert!(error.contains("no deal of this folder needs"), "{error}");
		restore(&common, &restore_of(&[&file])).await.unwrap();

		let storage = Storage::open(folder.path()).unwrap();
		assert_eq!(storage.blobs.list(), [(root, 100_000)]);
		let report = substation_store::scrub::scrub_now(&storage, &Progress::silent()).unwrap();
		assert!(report.damaged.is_empty() && report.contents == 1);
		assert_eq!(storage.blobs.found().unwrap().len(), 1, "nothing else is left");
		assert!(file.exists());
	}

	// 9
	#[tokio::test]
	async fn a_file_that_no_deal_is_known_to_need_is_taken_in_if_asked_for_and_kept_for_a_period() {
		let folder = tempfile::tempdir().unwrap();
		let common = common(folder.path());
		let file = folder.path().join("file");
		std::fs::write(&file, [7; 100_000]).unwrap();
		let root = *blake3::hash(&[7; 100_000]).as_bytes();
		// It was to be deleted long ago.
		Storage::open(folder.path()).unwrap().journal.change_orphans(&[(root, None)], &[]).unwrap();
		let restore_of = |unclaimed| Restore { files: vec![file.clone()], unclaimed };

		let error = restore(&common, &restore_of(false)).await.unwrap_err().to_string();
		assert!(error.contains("no deal of this folder needs") && error.contains("`--unclaimed`"), "{error}");
		restore(&common, &restore_of(true)).await.unwrap();

		let storage = Storage::open(folder.path()).unwrap();
		assert_eq!(storage.blobs.list(), [(root, 100_000)]);
		assert_eq!((storage.sweep(100, 40).unwrap(), storage.sweep(139, 40).unwrap()), (0, 0));
		assert_eq!(storage.sweep(140, 40).unwrap(), 1);
	}

	// 1
	#[test]
	fn a_folder_that_was_lied_to_follows_anew_and_keeps_its_deals() {
		let folder = tempfile::tempdir().unwrap();
		let common = common(folder.path());
		let state = DealState::ToDelete { after: 1, since: 3 };
		let record = DealRecord { deal: 5, customer: [1; 32], root: [1; 32], length: 1, seen: 1, state };
		let lie = Followed { height: u32::MAX, hash: [1; 32] };
		let truth = Followed { height: 9, hash: [2; 32] };
		let follow = |block| {
			let journal = Storage::open(folder.path()).unwrap().journal;
			let deals = DealChanges::from([(5, Some(record.clone()))]);
			journal.follow(block, 70, &ForestChange::Same, &deals)
		};
		follow(lie).unwrap();
		assert!(follow(truth).is_err());

		forget_followed(&common).unwrap();

		let journal = Storage::open(folder.path()).unwrap().journal;
		assert_eq!((journal.followed(), journal.period(), journal.watched()), (None, None, 70));
		assert_eq!(journal.get(5), Some(record.clone()));
		drop(journal);
		follow(truth).unwrap();
	}
}
