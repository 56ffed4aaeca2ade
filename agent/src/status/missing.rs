//! What the chain says should be on the disk and is not, and what is on it that nobody asks for: both are what a restored
//! backup leaves.

use crate::status::report::listed;
use serde::Serialize;
use std::collections::BTreeMap;
use substation_client::amounts::display_size;
use substation_store::{journal::DealState as Local, storage::Storage, Hash};

/// A content that deals of this node need and that is not on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingContent {
	/// Its root, in hex.
	pub root: String,
	/// Its length in bytes.
	pub bytes: u64,
	/// The deals that need it.
	pub deals: Vec<u64>,
}

impl MissingContent {
	/// What it is and what to do, as a line for people.
	pub fn words(&self) -> String {
		let Self { root, bytes, deals } = self;
		let first = deals.first().copied().unwrap_or_default();
		format!(
			"missing: {root}, {}, of deals {}; get its file from a backup or with `substation fetch {root}`, stop `substation \
			 run`, and take it in with `substation restore FILE`; if it is lost: `substation forfeit {first}`",
			display_size(*bytes),
			listed(deals, u64::to_string)
		)
	}
}

/// Contents that neither this folder's deals nor the chain's need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unclaimed {
	/// How many there are.
	pub contents: usize,
	/// Bytes of those that are complete.
	pub bytes: u64,
	/// None goes before this time, in seconds since 1970, if the length of a period is known.
	pub at: Option<u64>,
}

impl Unclaimed {
	/// What they are and what becomes of them, as a line for people.
	pub fn words(&self, now: u64) -> String {
		let wait = match self.at.map(|at| at.saturating_sub(now)) {
			None => "after a period".to_owned(),
			Some(seconds @ ..7_200) => format!("in {} minutes", seconds.div_ceil(60)),
			Some(seconds) => format!("in {} hours", seconds / 3_600),
		};
		format!(
			"unclaimed: {} contents, {}, that no deal of this node needs; the first are deleted {wait}, unless it turns out that \
			 one does",
			self.contents,
			display_size(self.bytes)
		)
	}
}

/// What deals need and the disk does not have, by root.
pub fn missing(storage: &Storage) -> Vec<MissingContent> {
	let mut missing: BTreeMap<Hash, MissingContent> = BTreeMap::new();
	let binding = |state: &Local| matches!(state, Local::Accepted { .. } | Local::Ended { .. });
	for record in storage.journal.in_state(binding) {
		if !storage.blobs.contains(&record.root, record.length) {
			let new = || MissingContent { root: hex::encode(record.root), bytes: record.length, deals: Vec::new() };
			missing.entry(record.root).or_insert_with(new).deals.push(record.deal);
		}
	}
	missing.into_values().collect()
}

/// What no deal needs and waits for its deletion.
pub fn unclaimed(storage: &Storage) -> Option<Unclaimed> {
	let orphans = storage.journal.orphans().unwrap_or_default();
	let waiting: Vec<(Hash, u64)> = orphans.into_iter().filter_map(|(root, since)| Some((root, since?))).collect();
	let since = waiting.iter().map(|(_, since)| *since).min()?;
	Some(Unclaimed {
		contents: waiting.len(),
		bytes: waiting.iter().filter_map(|(root, _)| storage.blobs.length(root)).fold(0, u64::saturating_add),
		at: storage.journal.end_of_wait(since),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_store::journal::{now, DealRecord};

	// 9
	#[test]
	fn what_deals_need_and_the_disk_lacks_is_named_with_what_to_do() {
		let folder = tempfile::tempdir().unwrap();
		drop(Storage::open(folder.path()).unwrap());
		for root in [[1; 32], [9; 32]] {
			std::fs::write(folder.path().join("blobs").join(format!("{}.data", hex::encode(root))), b"content")
				.unwrap();
			std::fs::write(folder.path().join("blobs").join(format!("{}.obao4", hex::encode(root))), b"").unwrap();
		}
		let storage = Storage::open(folder.path()).unwrap();
		let put = |deal, root, length, state| {
			storage.journal.put(&DealRecord { deal, customer: [1; 32], root, length, seen: 1, state }).unwrap();
		};
		put(1, [1; 32], 7, Local::Accepted { slot: 0 });
		put(2, [2; 32], 7, Local::Accepted { slot: 1 });
		put(3, [2; 32], 7, Local::Ended { slot: 2 });
		put(4, [4; 32], 7, Local::Fetching);
		put(5, [5; 32], 7, Local::ToDelete { after: 1, since: 1 });
		storage.sweep(100, 40).unwrap();
		storage.journal.pin_period(40).unwrap();

		let found = missing(&storage);

		assert_eq!(found, [MissingContent { root: "02".repeat(32), bytes: 7, deals: vec![2, 3] }]);
		let words = found[0].words();
		for part in ["of deals 2, 3", "substation fetch 0202", "substation restore FILE", "substation forfeit 2"] {
			assert!(words.contains(part), "{words}");
		}
		let unclaimed = unclaimed(&storage).unwrap();
		assert_eq!((unclaimed.contents, unclaimed.bytes), (1, 7));
		assert!(unclaimed.at.is_some_and(|at| at >= now()));
	}
}
