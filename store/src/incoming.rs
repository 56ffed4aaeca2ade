//! A content that is arriving: survives a crash, and goes on where it was last safe on the disk.
//!
//! Next to the place where the content will be there are `.part` (bytes), `.tree` (pairs) and `.mark`, which says how
//! many bytes from the beginning are durable. Their names have the length: whoever names a wrong one for a root that is
//! known takes nothing from what has arrived with the right one. Bytes come in order and are verified before they come
//! here.

use crate::{
	blobs::BlobError,
	disk,
	tree::{self, GROUP},
	Hash,
};
use std::{
	ffi::OsStr,
	fs::{self, File, OpenOptions},
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
};

/// Bytes between two checkpoints: what a crash may cost.
const CHECKPOINT: u64 = 64 << 20;

/// What the names of files end with that hold what has arrived.
const KINDS: [&str; 3] = ["part", "tree", "mark"];

/// Where an arriving content goes.
#[derive(Clone, Debug)]
pub struct IncomingFiles {
	/// Its bytes.
	pub data: PathBuf,
	/// Its outboard; without a place it is dropped in the end.
	pub outboard: Option<PathBuf>,
}

/// A content that is arriving.
#[derive(Debug)]
pub struct Incoming {
	files: IncomingFiles,
	root: Hash,
	length: u64,
	data: File,
	pairs: File,
	durable: u64,
	written: u64,
}

impl Incoming {
	/// Begins, or goes on. Fails if the disk has no room for what is missing.
	pub fn begin(files: IncomingFiles, root: Hash, length: u64) -> Result<Self, BlobError> {
		let durable = read_mark(&files.data, &root, length);
		if durable.is_none() {
			Self::discard(&files.data, length).map_err(BlobError::io(&files.data))?;
		}
		let durable = durable.unwrap_or(0);
		let folder = disk::folder_of(&files.data);
		let missing = length.saturating_sub(durable).saturating_add(tree::outboard_length(length));
		disk::ensure_room(folder, missing).map_err(BlobError::io(folder))??;
		let (part, pairs) = (part_path(&files.data, length), pairs_path(&files.data, length));
		let data = open(&part).map_err(BlobError::io(&part))?;
		data.set_len(length).map_err(BlobError::io(&part))?;
		let outboard = open(&pairs).map_err(BlobError::io(&pairs))?;
		outboard.set_len(tree::outboard_length(length)).map_err(BlobError::io(&pairs))?;
		Ok(Self { files, root, length, data, pairs: outboard, durable, written: durable })
	}

	/// Durable bytes from the beginning of a content that has begun to arrive at `data`.
	pub fn arrived(data: &Path, root: &Hash, length: u64) -> u64 {
		read_mark(data, root, length).unwrap_or(0)
	}

	/// Its root.
	pub fn root(&self) -> Hash {
		self.root
	}

	/// Its length in bytes.
	pub fn length(&self) -> u64 {
		self.length
	}

	/// Bytes from the beginning that need not be sent again. A multiple of [`GROUP`], or the length.
	pub fn resume_from(&self) -> u64 {
		self.durable
	}

	/// Takes a verified pair of the outboard.
	pub fn put_pair(&mut self, index: u64, pair: &[u8; 64]) -> Result<(), BlobError> {
		let offset = index.saturating_mul(tree::PAIR);
		self.pairs.write_all_at(pair, offset).map_err(BlobError::io(&pairs_path(&self.files.data, self.length)))
	}

	/// Takes the next verified bytes; makes them durable now and then.
	pub fn put_bytes(&mut self, offset: u64, bytes: &[u8]) -> Result<(), BlobError> {
		if offset != self.written {
			let source = io::Error::new(io::ErrorKind::InvalidInput, "bytes out of order");
			return Err(BlobError::Io { path: self.files.data.clone(), source });
		}
		self.data.write_all_at(bytes, offset).map_err(BlobError::io(&part_path(&self.files.data, self.length)))?;
		self.written = self.written.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
		if self.written.saturating_sub(self.durable) >= CHECKPOINT {
			self.checkpoint()?;
		}
		Ok(())
	}

	/// Whether every byte has arrived.
	pub fn is_whole(&self) -> bool {
		self.written == self.length
	}

	/// Makes durable what has arrived.
	pub fn checkpoint(&mut self) -> Result<(), BlobError> {
		self.data.sync_data().map_err(BlobError::io(&part_path(&self.files.data, self.length)))?;
		self.pairs.sync_data().map_err(BlobError::io(&pairs_path(&self.files.data, self.length)))?;
		self.durable = match self.written {
			written if written == self.length => written,
			written => written.saturating_sub(written % GROUP),
		};
		self.mark()
	}

	/// Puts the whole content in its place, durably. What has arrived of it with other lengths goes.
	pub fn finish(mut self) -> Result<(), BlobError> {
		if !self.is_whole() {
			let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the content is not complete");
			return Err(BlobError::Io { path: self.files.data.clone(), source });
		}
		if self.durable != self.written {
			self.checkpoint()?;
		}
		let at = &self.files.data;
		let (part, pairs) = (part_path(at, self.length), pairs_path(at, self.length));
		let folder = disk::folder_of(at);
		// The data's name comes last: it is what says that the content is here. Until then the outboard has both
		// names, so that a crash in between costs nothing.
		if let Some(outboard) = &self.files.outboard {
			disk::remove_if_there(outboard).map_err(BlobError::io(outboard))?;
			fs::hard_link(&pairs, outboard)
				.or_else(|_| fs::rename(&pairs, outboard))
				.map_err(BlobError::io(outboard))?;
			disk::sync_folder(folder).map_err(BlobError::io(folder))?;
		}
		fs::rename(part, at).map_err(BlobError::io(at))?;
		disk::sync_folder(folder).map_err(BlobError::io(folder))?;
		Self::discard(at, self.length).and_then(|()| discard_others(at, &self.root)).map_err(BlobError::io(at))
	}

	/// Ends an attempt that brought no whole content. Leaves what the next one can use.
	pub fn leave(self) -> Result<(), BlobError> {
		match self.durable {
			0 => Self::discard(&self.files.data, self.length).map_err(BlobError::io(&self.files.data)),
			_ => Ok(()),
		}
	}

	/// Deletes what has arrived of the content of this length that was to be at `data`.
	fn discard(data: &Path, length: u64) -> io::Result<()> {
		disk::remove_if_there(&mark_path(data, length))?;
		disk::remove_if_there(&part_path(data, length))?;
		disk::remove_if_there(&pairs_path(data, length))
	}

	/// The length with which a file holds what has arrived of the content that was to be at `data`, by its name.
	pub fn length_in_name(path: &Path, data: &Path) -> Option<u64> {
		let name = |path: &Path| path.file_name().and_then(OsStr::to_str).map(str::to_owned);
		let (file, data) = (name(path)?, name(data)?);
		let (length, kind) = file.strip_prefix(&data)?.strip_prefix('.')?.split_once('.')?;
		length.parse().ok().filter(|_| KINDS.contains(&kind))
	}

	fn mark(&self) -> Result<(), BlobError> {
		let path = mark_path(&self.files.data, self.length);
		let mut mark = Vec::with_capacity(48);
		mark.extend_from_slice(&self.root);
		mark.extend_from_slice(&self.length.to_le_bytes());
		mark.extend_from_slice(&self.durable.to_le_bytes());
		disk::write_durably(&path, &mark).map_err(BlobError::io(&path))
	}
}

/// The durable bytes of a content that is arriving, if the mark speaks of this content and the files agree.
fn read_mark(data: &Path, root: &Hash, length: u64) -> Option<u64> {
	let mark = fs::read(mark_path(data, length)).ok()?;
	let (marked_root, rest) = mark.split_at_checked(32)?;
	let (marked_length, durable) = rest.split_at_checked(8)?;
	let marked_length = u64::from_le_bytes(marked_length.try_into().ok()?);
	let durable = u64::from_le_bytes(durable.try_into().ok()?);
	let has = |path: PathBuf, length: u64| fs::metadata(path).is_ok_and(|metadata| metadata.len() == length);
	let agrees = marked_root == root.as_slice()
		&& marked_length == length
		&& durable <= length
		&& has(part_path(data, length), length)
		&& has(pairs_path(data, length), tree::outboard_length(length));
	agrees.then_some(durable)
}

fn open(path: &Path) -> io::Result<File> {
	OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Deletes what has arrived of this content for `data`, whatever its lengths. A mark says so: a file that only has such a
/// name may be anything.
fn discard_others(data: &Path, root: &Hash) -> io::Result<()> {
	for item in fs::read_dir(disk::folder_of(data))? {
		let path = item?.path();
		let Some(length) = Incoming::length_in_name(&path, data) else { continue };
		if path == mark_path(data, length) && fs::read(&path).is_ok_and(|mark| mark.starts_with(root)) {
			Incoming::discard(data, length)?;
		}
	}
	Ok(())
}

fn part_path(data: &Path, length: u64) -> PathBuf {
	disk::with_suffix(data, &format!(".{length}.part"))
}

fn pairs_path(data: &Path, length: u64) -> PathBuf {
	disk::with_suffix(data, &format!(".{length}.tree"))
}

fn mark_path(data: &Path, length: u64) -> PathBuf {
	disk::with_suffix(data, &format!(".{length}.mark"))
}
