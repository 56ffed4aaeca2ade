//! Reads every content again and again, slowly, so that damage is known before a challenge finds it.
//!
//! Nothing is repaired here. What is found is in the journal and in the status; a deal whose bytes are lost is best
//! forfeited by its operator.

use crate::{
	blobs::{BlobError, OpenBlob},
	journal::{now, Damage, JournalError},
	progress::Progress,
	storage::Storage,
	tree::{self, Node, GROUP_BYTES},
	Hash,
};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use std::{
	future::Future,
	ops::Range,
	os::unix::fs::FileExt,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

/// Ranges that are kept of one content.
const MAX_RANGES: usize = 1_000;

/// Rest between two passes, and the first wait after a start.
const REST: Duration = Duration::from_secs(60);

/// The journal's note of the content that was checked last.
const CURSOR: &str = "scrub-cursor";

/// Why scrubbing stopped.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
	/// The journal failed.
	#[error(transparent)]
	Journal(#[from] JournalError),
}

/// How far the background scrub is.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScrubStatus {
	/// Whole passes since the start.
	pub passes: u64,
	/// Contents checked in this pass.
	pub checked: u64,
	/// Contents in this pass.
	pub contents: u64,
	/// Bytes read since the start.
	pub bytes: u64,
	/// When the last pass ended, in seconds since 1970.
	pub last_pass_at: Option<u64>,
}

/// What one pass found.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScrubReport {
	/// Contents checked.
	pub contents: u64,
	/// Bytes read.
	pub bytes: u64,
	/// What is damaged.
	pub damaged: Vec<Damage>,
}

/// The background scrub. Clones share it.
#[derive(Clone, Debug)]
pub struct Scrub {
	storage: Storage,
	bytes_per_second: u64,
	status: Arc<Mutex<ScrubStatus>>,
	stop: Arc<AtomicBool>,
}

impl Scrub {
	/// A scrub that will read at most `bytes_per_second`.
	pub fn new(storage: Storage, bytes_per_second: u64) -> Self {
		Self { storage, bytes_per_second, status: Arc::default(), stop: Arc::default() }
	}

	/// Scrubs in a thread of its own until `shutdown` is ready, or the future is dropped.
	pub async fn run(self, shutdown: impl Future<Output = ()>) {
		let worker = self.clone();
		// Stops the thread also when the future is dropped.
		let _stop = StopWhenDropped(self.stop);
		let thread = tokio::task::spawn_blocking(move || {
			let mut pace = Pace::new(worker.bytes_per_second, worker.stop.clone());
			while worker.rest() {
				if let Err(error) = worker.pass(&worker.storage, &mut pace) {
					tracing::error!(%error, "scrub pass ended early");
				}
			}
		});
		tokio::select! {
			() = shutdown => {}
			ended = thread => {
				if let Err(error) = ended {
					tracing::error!(%error, "scrub ended");
				}
			}
		}
	}

	/// How far it is.
	pub fn status(&self) -> ScrubStatus {
		self.locked().clone()
	}

	fn pass(&self, storage: &Storage, pace: &mut Pace) -> Result<(), ScrubError> {
		let mut roots: Vec<Hash> = storage.blobs.list().into_iter().map(|(root, _)| root).collect();
		roots.sort_unstable();
		let contents = u64::try_from(roots.len()).unwrap_or(u64::MAX);
		// A restart goes on where the last pass was, or contents at the end would never be checked.
		let cursor = storage.journal.note(CURSOR)?.unwrap_or_default();
		let skipped = roots.partition_point(|root| root.as_slice() <= cursor.as_slice());
		self.locked().contents = contents;
		self.locked().checked = u64::try_from(skipped).unwrap_or(u64::MAX);
		for root in roots.iter().skip(skipped) {
			let before = pace.bytes;
			check_one(storage, root, pace, &Progress::silent())?;
			if self.stop.load(Ordering::Relaxed) {
				return Ok(());
			}
			storage.journal.set_note(CURSOR, root)?;
			let mut status = self.locked();
			status.checked = status.checked.saturating_add(1);
			status.bytes = status.bytes.saturating_add(pace.bytes.saturating_sub(before));
		}
		storage.journal.set_note(CURSOR, &[])?;
		let mut status = self.locked();
		status.passes = status.passes.saturating_add(1);
		status.last_pass_at = Some(now());
		Ok(())
	}

	/// Whether to go on, after a rest.
	fn rest(&self) -> bool {
		let until = Instant::now() + REST;
		while Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
			std::thread::sleep(Duration::from_millis(200));
		}
		!self.stop.load(Ordering::Relaxed)
	}

	fn locked(&self) -> MutexGuard<'_, ScrubStatus> {
		self.status.lock()
	}
}

struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
	fn drop(&mut self) {
		self.0.store(true, Ordering::Relaxed);
	}
}

/// Checks every content now, as fast as the disk allows, and notes what it finds. Blocks.
pub fn scrub_now(storage: &Storage, progress: &Progress) -> Result<ScrubReport, ScrubError> {
	let mut pace = Pace::new(u64::MAX, Arc::default());
	let mut report = ScrubReport::default();
	let mut contents = storage.blobs.list();
	contents.sort_unstable();
	for (root, _) in contents {
		report.damaged.extend(check_one(storage, &root, &mut pace, progress)?);
		report.contents = report.contents.saturating_add(1);
	}
	report.bytes = pace.bytes;
	progress.finish();
	Ok(report)
}

/// Checks one content and notes the outcome. A content that is gone meanwhile is nobody's damage.
fn check_one(
	storage: &Storage,
	root: &Hash,
	pace: &mut Pace,
	progress: &Progress,
) -> Result<Option<Damage>, ScrubError> {
	let blob = match storage.blobs.read(root) {
		Ok(blob) => blob,
		Err(BlobError::Missing(_)) => return Ok(None),
		Err(error) => {
			tracing::error!(root = %hex::encode(root), %error, "content cannot be opened");
			let length = storage.blobs.length(root).unwrap_or(1);
			let damage =
				Damage { root: *root, ranges: std::iter::once(0..length).collect(), only_tree: false, found_at: now() };
			storage.journal.set_damage(&damage)?;
			return Ok(Some(damage));
		}
	};
	let Some(found) = check(&blob, pace, progress) else { return Ok(None) };
	let damage = Damage { root: *root, ranges: found.ranges, only_tree: found.only_tree, found_at: now() };
	if damage.ranges.is_empty() {
		if storage.journal.damage_of(root)?.is_some() {
			tracing::info!(root = %hex::encode(root), "content is whole again");
			storage.journal.set_damage(&damage)?;
		}
		return Ok(None);
	}
	storage.journal.set_damage(&damage)?;
	report(storage, &damage);
	Ok(Some(damage))
}

fn report(storage: &Storage, damage: &Damage) {
	let deals: Vec<u64> = storage.journal.deals_over(&damage.root).iter().map(|record| record.deal).collect();
	let first = damage.ranges.first().cloned().unwrap_or_default();
	tracing::error!(
		root = %hex::encode(damage.root), bytes = damage.bytes(), first = ?first, ?deals,
		"content is damaged; unless it can be restored, forfeit its deals"
	);
}

/// What is wrong with a content. `None` if the check was stopped.
fn check(blob: &OpenBlob, pace: &mut Pace, progress: &Progress) -> Option<Found> {
	let found = Found { ranges: Vec::new(), only_tree: true };
	let mut check = Check { blob, pace, progress, buffer: vec![0; GROUP_BYTES], found };
	check.node(Node::root(blob.length), &blob.root, true);
	(!check.pace.is_stopped()).then_some(check.found)
}

struct Found {
	ranges: Vec<Range<u64>>,
	only_tree: bool,
}

struct Check<'a> {
	blob: &'a OpenBlob,
	pace: &'a mut Pace,
	progress: &'a Progress,
	buffer: Vec<u8>,
	found: Found,
}

impl Check<'_> {
	fn node(&mut self, node: Node, expected: &Hash, is_root: bool) {
		if self.pace.is_stopped() {
			return;
		}
		if node.count < 2 {
			if self.group(node, is_root).as_ref() != Some(expected) {
				self.damaged(node, false);
			}
			return;
		}
		let pair = self.pair(node).filter(|(left, right)| tree::merge(left, right, is_root) == *expected);
		let Some((left_value, right_value)) = pair else {
			// Nothing below can be judged by this pair; the bytes themselves still can, as a whole.
			let is_whole = self.value(node, is_root).as_ref() == Some(expected);
			self.damaged(node, is_whole);
			return;
		};
		let (left, right) = node.children();
		self.node(left, &left_value, false);
		self.node(right, &right_value, false);
	}

	/// The node's value from its bytes alone. `None` if they cannot be read.
	fn value(&mut self, node: Node, is_root: bool) -> Option<Hash> {
		if node.count < 2 {
			return self.group(node, is_root);
		}
		let (left, right) = node.children();
		let (left, right) = (self.value(left, false)?, self.value(right, false)?);
		Some(tree::merge(&left, &right, is_root))
	}

	fn group(&mut self, node: Node, is_root: bool) -> Option<Hash> {
		let offset = node.offset();
		let size = usize::try_from(node.end(self.blob.length).saturating_sub(offset)).ok()?;
		let buffer = self.buffer.get_mut(..size)?;
		self.pace.spend(size);
		self.progress.add(u64::try_from(size).unwrap_or(u64::MAX));
		self.blob.data.read_exact_at(buffer, offset).ok()?;
		Some(if is_root { blake3::hash(buffer).into() } else { tree::value_of(buffer, offset) })
	}

	fn pair(&self, node: Node) -> Option<(Hash, Hash)> {
		let mut pair = [0; 64];
		self.blob.outboard.read_exact_at(&mut pair, node.pair_offset()).ok()?;
		Some(tree::split_pair(&pair))
	}

	fn damaged(&mut self, node: Node, only_tree: bool) {
		if self.pace.is_stopped() {
			return;
		}
		self.found.only_tree &= only_tree;
		let range = node.offset()..node.end(self.blob.length);
		let is_room = self.found.ranges.len() < MAX_RANGES;
		match self.found.ranges.last_mut() {
			Some(last) if last.end == range.start => last.end = range.end,
			_ if is_room => self.found.ranges.push(range),
			_ => {}
		}
	}
}

/// Keeps reading below a rate.
struct Pace {
	per_second: u64,
	bytes: u64,
	budget: u64,
	stop: Arc<AtomicBool>,
}

impl Pace {
	fn new(per_second: u64, stop: Arc<AtomicBool>) -> Self {
		Self { per_second: per_second.max(1), bytes: 0, budget: 0, stop }
	}

	fn is_stopped(&self) -> bool {
		self.stop.load(Ordering::Relaxed)
	}

	fn spend(&mut self, bytes: usize) {
		let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
		self.bytes = self.bytes.saturating_add(bytes);
		self.budget = self.budget.saturating_add(bytes);
		// A tenth of a second's worth at a time.
		let slice = (self.per_second / 10).max(1);
		while self.budget >= slice && self.per_second != u64::MAX && !self.is_stopped() {
			std::thread::sleep(Duration::from_millis(100));
			self.budget = self.budget.saturating_sub(slice);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{hashing, tree::GROUP};
	use std::fs;

	/// A store with one content of 40 groups and a bit.
	fn stored(folder: &std::path::Path) -> (Storage, Hash) {
		let storage = Storage::open(folder).unwrap();
		let bytes: Vec<u8> = (0..40 * GROUP + 123).map(|at| (at % 251) as u8).collect();
		let file = folder.join("source");
		fs::write(&file, &bytes).unwrap();
		let outboard = folder.join("source.obao4");
		let content = hashing::commit(&file, &outboard, 1, &Progress::silent()).unwrap();
		fs::rename(&file, storage.blobs.path(&content.root, "data")).unwrap();
		fs::rename(&outboard, storage.blobs.path(&content.root, "obao4")).unwrap();
		drop(storage);
		(Storage::open(folder).unwrap(), content.root)
	}

	fn flip(path: &std::path::Path, at: u64) {
		let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
		let mut byte = [0];
		file.read_exact_at(&mut byte, at).unwrap();
		file.write_all_at(&[byte[0] ^ 1], at).unwrap();
	}

	#[test]
	fn a_damaged_group_is_found_and_named_and_forgotten_when_restored() {
		let folder = tempfile::tempdir().unwrap();
		let (storage, root) = stored(folder.path());
		assert!(scrub_now(&storage, &Progress::silent()).unwrap().damaged.is_empty());
		let data = storage.blobs.path(&root, "data");
		flip(&data, 17 * GROUP + 5);
		flip(&data, 18 * GROUP);
		flip(&data, 40 * GROUP + 100);

		let report = scrub_now(&storage, &Progress::silent()).unwrap();

		let ranges = vec![17 * GROUP..19 * GROUP, 40 * GROUP..40 * GROUP + 123];
		assert_eq!(report.damaged.len(), 1);
		assert_eq!(report.damaged[0].ranges, ranges);
		assert!(!report.damaged[0].only_tree);
		assert_eq!(storage.journal.damage().unwrap(), report.damaged);

		for at in [17 * GROUP + 5, 18 * GROUP, 40 * GROUP + 100] {
			flip(&data, at);
		}
		assert!(scrub_now(&storage, &Progress::silent()).unwrap().damaged.is_empty());
		assert!(storage.journal.damage().unwrap().is_empty());
	}

	#[test]
	fn a_damaged_tree_over_good_bytes_is_told_apart() {
		let folder = tempfile::tempdir().unwrap();
		let (storage, root) = stored(folder.path());
		flip(&storage.blobs.path(&root, "obao4"), 64 * 3);

		let report = scrub_now(&storage, &Progress::silent()).unwrap();

		assert_eq!(report.damaged.len(), 1);
		assert!(report.damaged[0].only_tree);
	}

	#[tokio::test]
	async fn the_background_scrub_ends_with_its_future() {
		let folder = tempfile::tempdir().unwrap();
		let (storage, _) = stored(folder.path());
		let scrub = Scrub::new(storage, 1);

		scrub.clone().run(std::future::ready(())).await;

		assert!(scrub.stop.load(Ordering::Relaxed));
		assert_eq!(scrub.status().passes, 0);
	}
}
