//! A data folder, opened and locked.

use crate::{
	blobs::{BlobError, BlobStore},
	disk,
	journal::{Journal, JournalError, OrphanSince},
	lock::{FolderLock, LockError},
	Hash,
};
use std::{
	fs, io,
	path::{Path, PathBuf},
	sync::Arc,
};

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
	/// The folder could not be made.
	#[error("cannot make {}: {source}", .folder.display())]
	Folder {
		/// The folder.
		folder: PathBuf,
		/// What the system said.
		source: io::Error,
	},
	/// Another process works in it.
	#[error(transparent)]
	Lock(#[from] LockError),
	/// Its contents could not be read.
	#[error(transparent)]
	Blobs(#[from] BlobError),
	/// Its journal could not be read.
	#[error(transparent)]
	Journal(#[from] JournalError),
}

/// A data folder. Clones share it; it stays locked until the last one is gone.
#[derive(Clone, Debug)]
pub struct Storage {
	/// Contents.
	pub blobs: BlobStore,
	/// Deals, forest, damage.
	pub journal: Journal,
	folder: PathBuf,
	_lock: Arc<FolderLock>,
}

impl Storage {
	/// Opens the folder, or makes it.
	pub fn open(folder: &Path) -> Result<Self, StorageError> {
		fs::create_dir_all(folder).map_err(|source| StorageError::Folder { folder: folder.to_owned(), source })?;
		let lock = FolderLock::acquire(folder)?;
		let blobs = BlobStore::open(&folder.join("blobs"))?;
		// The marks of blobs that arrive are drafts beside them.
		for drafts in [folder, blobs.folder()] {
			if let Err(error) = disk::remove_forgotten(drafts) {
				tracing::debug!(%error, "what a killed process has left stays");
			}
		}
		Ok(Self {
			blobs,
			journal: Journal::open(&folder.join("journal.redb"))?,
			// Where it is, wherever one stands.
			folder: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
			_lock: Arc::new(lock),
		})
	}

	/// The folder.
	pub fn folder(&self) -> &Path {
		&self.folder
	}

	/// Where the endpoint's secret key is kept.
	pub fn key_file(&self) -> PathBuf {
		self.folder.join("endpoint.key")
	}

	/// Deletes contents that no deal needs, and says how many: at once if they have waited already, or never arrived whole.
	/// Others, such as a restored journal does not know, go a whole period after they were first found so. `watched` is for how
	/// many seconds the chain was followed. Of contents that deals need, what has arrived with lengths that none of them names
	/// goes at once.
	pub fn sweep(&self, watched: u64, period: u64) -> Result<usize, StorageError> {
		let found = self.blobs.found()?;
		let noted = self.journal.orphans()?;
		let mut new: Vec<(Hash, OrphanSince)> = Vec::new();
		let mut gone: Vec<Hash> =
			noted.keys().filter(|root| !found.contains_key(*root) || self.journal.is_needed(root)).copied().collect();
		let mut removed = 0usize;
		for (root, files) in &found {
			if self.journal.is_needed(root) {
				self.blobs.remove_leftovers(root, files, |length| self.journal.is_needed_with(root, length))?;
				continue;
			}
			match noted.get(root) {
				None if self.blobs.path(root, "data").exists() => new.push((*root, Some(watched))),
				Some(Some(since)) if watched < since.saturating_add(period) => {}
				_ => {
					if self.blobs.remove_unless(root, files, |root| self.journal.is_needed(root))? {
						tracing::info!(root = %hex::encode(root), "content deleted");
						gone.push(*root);
						removed = removed.saturating_add(1);
					}
				}
			}
		}
		self.journal.change_orphans(&new, &gone)?;
		Ok(removed)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::journal::{DealChanges, DealRecord, DealState, Followed, ForestChange};

	const PERIOD: u64 = 40;

	fn file(folder: &Path, root: &Hash, extension: &str) -> PathBuf {
		folder.join("blobs").join(format!("{}.{extension}", hex::encode(root)))
	}

	/// A folder with these contents.
	fn holding(folder: &Path, roots: &[Hash]) -> Storage {
		drop(Storage::open(folder).unwrap());
		for root in roots {
			fs::write(file(folder, root, "data"), b"content").unwrap();
			fs::write(file(folder, root, "obao4"), b"").unwrap();
		}
		Storage::open(folder).unwrap()
	}

	fn record(deal: u64, root: Hash, state: DealState) -> DealRecord {
		DealRecord { deal, customer: [1; 32], root, length: 7, seen: 1, state }
	}

	// 9
	#[test]
	fn contents_that_the_journal_does_not_know_outlive_a_period() {
		let folder = tempfile::tempdir().unwrap();
		let storage = holding(folder.path(), &[[1; 32], [2; 32]]);
		storage.journal.put(&record(1, [1; 32], DealState::Accepted { slot: 0 })).unwrap();

		assert_eq!(storage.sweep(100, PERIOD).unwrap(), 0);
		assert_eq!(storage.journal.orphans().unwrap().get(&[2; 32]), Some(&Some(100)));
		assert_eq!(storage.sweep(99 + PERIOD, PERIOD).unwrap(), 0);
		drop(storage);
		let storage = Storage::open(folder.path()).unwrap();
		assert_eq!(storage.sweep(100 + PERIOD, PERIOD).unwrap(), 1);

		assert!(storage.blobs.contains(&[1; 32], 7) && !file(folder.path(), &[2; 32], "data").exists());
		assert!(storage.journal.orphans().unwrap().is_empty());
	}

	// 9
	#[test]
	fn a_content_that_is_needed_again_is_waited_for_anew() {
		let folder = tempfile::tempdir().unwrap();
		let storage = holding(folder.path(), &[[2; 32]]);
		storage.sweep(100, PERIOD).unwrap();

		storage.journal.put(&record(2, [2; 32], DealState::Accepted { slot: 0 })).unwrap();
		assert_eq!(storage.sweep(500, PERIOD).unwrap(), 0);
		assert!(storage.journal.orphans().unwrap().is_empty());

		// The pool refuses what another fork has accepted: its bytes wait like those of a deal that is gone.
		storage.journal.set_state(2, DealState::Refused).unwrap();
		assert_eq!(storage.sweep(500, PERIOD).unwrap(), 0);
		assert_eq!(storage.sweep(501, PERIOD).unwrap(), 0);
		assert!(storage.blobs.contains(&[2; 32], 7));
	}

	#[test]
	fn what_has_waited_or_never_arrived_whole_goes_at_once() {
		let folder = tempfile::tempdir().unwrap();
		let storage = holding(folder.path(), &[[2; 32], [4; 32]]);
		fs::write(file(folder.path(), &[3; 32], "data.9.part"), b"begun").unwrap();
		storage.journal.put(&record(2, [2; 32], DealState::ToDelete { after: 1, since: 0 })).unwrap();
		storage.journal.put(&record(3, [3; 32], DealState::Fetching)).unwrap();
		// Whether its acceptance was in a block somewhere is not known.
		storage.journal.put(&record(4, [4; 32], DealState::Submitted { slot: 0 })).unwrap();
		let forget = DealChanges::from([(2, None), (3, None), (4, None)]);
		storage.journal.follow(Followed { height: 1, hash: [1; 32] }, 0, &ForestChange::Same, &forget).unwrap();

		assert_eq!(storage.sweep(0, PERIOD).unwrap(), 2);

		assert_eq!(storage.blobs.found().unwrap().into_keys().collect::<Vec<_>>(), [[4; 32]]);
	}

	// 1
	#[test]
	fn a_deal_that_comes_while_its_content_is_swept_keeps_it() {
		let folder = tempfile::tempdir().unwrap();
		let storage = holding(folder.path(), &[[2; 32]]);
		let comes = |root: &Hash| {
			assert!(!storage.blobs.contains(root, 7), "nobody takes it for stored meanwhile");
			storage.journal.put(&record(2, *root, DealState::Ready)).unwrap();
			storage.journal.is_needed(root)
		};

		assert!(!storage.blobs.remove_unless(&[2; 32], &[], comes).unwrap());

		assert!(storage.blobs.contains(&[2; 32], 7) && file(folder.path(), &[2; 32], "data").exists());
	}
}
