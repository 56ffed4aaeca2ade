//! A data folder, opened and locked.

use super::{
	blobs::{BlobError, BlobStore},
	journal::{Journal, JournalError},
	lock::{FolderLock, LockError},
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
		Ok(Self {
			blobs: BlobStore::open(&folder.join("blobs"))?,
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

	/// Deletes every content that no deal needs any more, and what has arrived with lengths that no deal names.
	pub fn sweep(&self) -> Result<usize, BlobError> {
		self.blobs.sweep(|root, length| match length {
			None => self.journal.is_needed(root),
			Some(length) => self.journal.is_needed_with(root, length),
		})
	}
}
