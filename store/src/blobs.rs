//! Contents on disk, by their root: `<root>.data` and its outboard `<root>.obao4`.
//!
//! A provider's contents arrive through [`Incoming`] and are its own files. A customer's file is served where it
//! lies ([`BlobStore::serve_file`]); nothing is copied.

use crate::{
	disk,
	hashing::{self, Commitment, HashError},
	incoming::{Incoming, IncomingFiles},
	progress::Progress,
	tree, Hash,
};
use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::{
	collections::{HashMap, HashSet},
	fs::{self, File},
	io,
	path::{Path, PathBuf},
	sync::Arc,
};

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
	/// The content is not here, or not complete.
	#[error("content {} is not here", hex::encode(.0))]
	Missing(Hash),
	/// The same content is already being fetched.
	#[error("content {} is already being fetched", hex::encode(.0))]
	Busy(Hash),
	/// The content is here with another length. One of the two claims is false.
	#[error("content {} has {here} bytes, not {asked}", hex::encode(.root))]
	OtherLength {
		/// Its root.
		root: Hash,
		/// Bytes that are here.
		here: u64,
		/// Bytes that were asked for.
		asked: u64,
	},
	/// The disk has no room.
	#[error(transparent)]
	NoRoom(#[from] disk::NoRoom),
	/// The disk or the quota ran full while writing.
	#[error("the disk is full: {} cannot be written", .0.display())]
	Full(PathBuf),
	/// Anything else that the system said.
	#[error("{}: {source}", .path.display())]
	Io {
		/// Where.
		path: PathBuf,
		/// What.
		source: io::Error,
	},
}

/// Why a file could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum TakeInError {
	/// The store failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// The file could not be hashed.
	#[error(transparent)]
	Hash(#[from] HashError),
}

impl BlobError {
	/// Wraps what the system said about `path`, naming a full disk.
	pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
		move |source| {
			if disk::is_full(&source) {
				Self::Full(path.to_owned())
			} else {
				Self::Io { path: path.to_owned(), source }
			}
		}
	}
}

/// A complete content, open for reading.
#[derive(Debug)]
pub struct OpenBlob {
	/// Its root.
	pub root: Hash,
	/// Its length in bytes.
	pub length: u64,
	/// Its bytes.
	pub data: File,
	/// Its outboard.
	pub outboard: File,
}

#[derive(Clone, Debug)]
struct Entry {
	length: u64,
	data: PathBuf,
	outboard: PathBuf,
	is_owned: bool,
}

/// Contents by root. Clones share one store.
#[derive(Clone, Debug)]
pub struct BlobStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	folder: PathBuf,
	entries: RwLock<HashMap<Hash, Entry>>,
	/// Roots of what arrives, with the lengths that are named for them, and of what is being deleted, without one.
	busy: Mutex<HashSet<(Hash, Option<u64>)>>,
}

impl BlobStore {
	/// Opens the store in `folder`, which is made if it is not there.
	///
	/// A data file without a whole outboard is not a content; it is left alone and logged.
	pub fn open(folder: &Path) -> Result<Self, BlobError> {
		fs::create_dir_all(folder).map_err(BlobError::io(folder))?;
		let mut entries = HashMap::new();
		for item in fs::read_dir(folder).map_err(BlobError::io(folder))? {
			let data = item.map_err(BlobError::io(folder))?.path();
			if data.extension().is_none_or(|extension| extension != "data") {
				continue;
			}
			let Some(root) = root_in_name(&data) else { continue };
			let length = fs::metadata(&data).map_err(BlobError::io(&data))?.len();
			let outboard = data.with_extension("obao4");
			match fs::metadata(&outboard) {
				Ok(metadata) if metadata.len() == tree::outboard_length(length) => {
					entries.insert(root, Entry { length, data, outboard, is_owned: true });
				}
				_ => tracing::warn!(file = %data.display(), "content without its tree is ignored"),
			}
		}
		let busy = Mutex::default();
		Ok(Self(Arc::new(Inner { folder: folder.to_owned(), entries: RwLock::new(entries), busy })))
	}

	/// The folder of the store.
	pub fn folder(&self) -> &Path {
		&self.0.folder
	}

	/// The length of a complete content.
	pub fn length(&self, root: &Hash) -> Option<u64> {
		self.entries().get(root).map(|entry| entry.length)
	}

	/// Whether the content is here, whole, with this length.
	pub fn contains(&self, root: &Hash, length: u64) -> bool {
		self.length(root) == Some(length)
	}

	/// Bytes of a content that need not be sent any more: all of them if it is here, or those that have arrived of it.
	pub fn arrived(&self, root: &Hash, length: u64) -> u64 {
		if self.contains(root, length) {
			return length;
		}
		Incoming::arrived(&self.path(root, "data"), root, length)
	}

	/// Every complete content with its length.
	pub fn list(&self) -> Vec<(Hash, u64)> {
		self.entries().iter().map(|(root, entry)| (*root, entry.length)).collect()
	}

	/// Bytes of all complete contents, without their trees.
	pub fn used_bytes(&self) -> u64 {
		self.entries().values().fold(0, |sum, entry| sum.saturating_add(entry.length))
	}

	/// Bytes free on the store's disk.
	pub fn free_bytes(&self) -> Result<u64, BlobError> {
		disk::free_bytes(&self.0.folder).map_err(BlobError::io(&self.0.folder))
	}

	/// Opens a complete content.
	pub fn read(&self, root: &Hash) -> Result<OpenBlob, BlobError> {
		let entry = self.entries().get(root).cloned().ok_or(BlobError::Missing(*root))?;
		let data = File::open(&entry.data).map_err(BlobError::io(&entry.data))?;
		let outboard = File::open(&entry.outboard).map_err(BlobError::io(&entry.outboard))?;
		Ok(OpenBlob { root: *root, length: entry.length, data, outboard })
	}

	/// Serves a file where it lies, with the outboard that [`super::hashing::commit`] made.
	///
	/// Whatever is sent is verified first, so a file that changes later is not served wrongly, only not at all.
	pub fn serve_file(&self, data: &Path, outboard: &Path, commitment: Commitment) {
		let Commitment { root, length } = commitment;
		let entry = Entry { length, data: data.to_owned(), outboard: outboard.to_owned(), is_owned: false };
		self.entries_mut().entry(root).or_insert(entry);
	}

	/// Stops serving a file of [`Self::serve_file`]. Leaves the file alone.
	pub fn stop_serving(&self, root: &Hash) {
		let mut entries = self.entries_mut();
		if entries.get(root).is_some_and(|entry| !entry.is_owned) {
			entries.remove(root);
		}
	}

	/// Begins, or goes on, to take in a content. Fails if the disk has no room for what is missing.
	pub fn begin(&self, root: &Hash, length: u64) -> Result<Incoming, BlobError> {
		if let Some(here) = self.length(root) {
			return Err(BlobError::OtherLength { root: *root, here, asked: length });
		}
		{
			let mut busy = self.busy();
			if busy.contains(&(*root, None)) || !busy.insert((*root, Some(length))) {
				return Err(BlobError::Busy(*root));
			}
		}
		let name = self.path(root, "data");
		let files = IncomingFiles { data: name.clone(), outboard: Some(name.with_extension("obao4")) };
		Incoming::begin(files, *root, length).inspect_err(|_| self.abandon(root, length))
	}

	/// Takes a whole content in: everything is on the disk, durably, when this returns.
	pub fn complete(&self, incoming: Incoming) -> Result<(), BlobError> {
		let (root, length) = (incoming.root(), incoming.length());
		let result = incoming.finish();
		if result.is_ok() {
			let data = self.path(&root, "data");
			let outboard = data.with_extension("obao4");
			self.entries_mut().insert(root, Entry { length, data, outboard, is_owned: true });
		}
		self.abandon(&root, length);
		result
	}

	/// Lets another transfer of the content begin. What has arrived stays, and is used by the next.
	pub fn abandon(&self, root: &Hash, length: u64) {
		self.busy().remove(&(*root, Some(length)));
	}

	/// Makes a content of the store durable once more: its bytes, its tree, and their names.
	pub fn sync(&self, root: &Hash) -> Result<(), BlobError> {
		let blob = self.read(root)?;
		blob.data.sync_all().map_err(BlobError::io(&self.path(root, "data")))?;
		blob.outboard.sync_all().map_err(BlobError::io(&self.path(root, "obao4")))?;
		disk::sync_folder(&self.0.folder).map_err(BlobError::io(&self.0.folder))
	}

	/// Deletes a content, whole or begun, with these of its files, unless it is arriving or `is_needed`. Says whether it was
	/// deleted. A file that is served where it lies is not served any more, and not touched.
	///
	/// While `is_needed` is asked the content is not here, nor can it begin to arrive: whoever needs it from then on does not
	/// take it for stored.
	pub fn remove_unless(
		&self,
		root: &Hash,
		files: &[PathBuf],
		is_needed: impl FnOnce(&Hash) -> bool,
	) -> Result<bool, BlobError> {
		if !self.reserve(root) {
			return Ok(false);
		}
		let entry = self.entries_mut().remove(root);
		let outcome = if is_needed(root) {
			self.entries_mut().extend(entry.map(|entry| (*root, entry)));
			Ok(false)
		} else if entry.is_some_and(|entry| !entry.is_owned) {
			Ok(true)
		} else {
			// Also what has come since the files were listed.
			let whole = [self.path(root, "data"), self.path(root, "obao4")];
			self.delete(whole.iter().chain(files)).map(|()| true)
		};
		self.release(root);
		outcome
	}

	/// Deletes those of a content's files that nothing will come of, unless it is arriving: it is here, or `is_awaited` does
	/// not claim their length.
	pub fn remove_leftovers(
		&self,
		root: &Hash,
		files: &[PathBuf],
		is_awaited: impl Fn(u64) -> bool,
	) -> Result<(), BlobError> {
		let leftovers = || self.leftovers(root, files, &is_awaited);
		if leftovers().is_empty() || !self.reserve(root) {
			return Ok(());
		}
		// Now that it cannot begin to arrive.
		let outcome = self.delete(leftovers());
		self.release(root);
		outcome
	}

	fn leftovers<'a>(&self, root: &Hash, files: &'a [PathBuf], is_awaited: impl Fn(u64) -> bool) -> Vec<&'a PathBuf> {
		let (data, outboard) = (self.path(root, "data"), self.path(root, "obao4"));
		let is_whole = self.length(root).is_some();
		let is_kept = |path: &Path| {
			let length = Incoming::length_in_name(path, &data).filter(|_| !is_whole);
			path == data || path == outboard || length.is_some_and(&is_awaited)
		};
		files.iter().filter(|path| !is_kept(path.as_path())).collect()
	}

	fn delete<'a>(&self, files: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), BlobError> {
		for path in files {
			disk::remove_if_there(path).map_err(BlobError::io(path))?;
		}
		disk::sync_folder(&self.0.folder).map_err(BlobError::io(&self.0.folder))
	}

	/// Keeps a content from arriving until it is released. Says no if it is arriving.
	fn reserve(&self, root: &Hash) -> bool {
		let mut busy = self.busy();
		!busy.iter().any(|(other, _)| other == root) && busy.insert((*root, None))
	}

	fn release(&self, root: &Hash) {
		self.busy().remove(&(*root, None));
	}

	/// The roots of everything in the store's folder, whole or begun, with their files.
	pub fn found(&self) -> Result<HashMap<Hash, Vec<PathBuf>>, BlobError> {
		let mut found: HashMap<Hash, Vec<PathBuf>> = HashMap::new();
		for item in fs::read_dir(&self.0.folder).map_err(BlobError::io(&self.0.folder))? {
			let path = item.map_err(BlobError::io(&self.0.folder))?.path();
			if let Some(root) = root_in_name(&path) {
				found.entry(root).or_default().push(path);
			}
		}
		Ok(found)
	}

	/// Takes in a copy of a file, with its tree, if `is_wanted` says so of what it turns out to be. Replaces a copy that is
	/// there already. Everything is on the disk, durably, when this returns.
	pub fn take_in(
		&self,
		file: &Path,
		threads: usize,
		progress: &Progress,
		is_wanted: impl FnOnce(&Commitment) -> bool,
	) -> Result<(Commitment, bool), TakeInError> {
		let copy = self.0.folder.join("taken-in.part");
		let pairs = copy.with_extension("tree");
		let outcome = self.take_in_by(file, &copy, &pairs, threads, progress, is_wanted);
		for path in [&copy, &pairs] {
			disk::remove_if_there(path).map_err(BlobError::io(path))?;
		}
		outcome
	}

	/// The file is copied first, so that it cannot change between its hash and its copy.
	fn take_in_by(
		&self,
		file: &Path,
		copy: &Path,
		pairs: &Path,
		threads: usize,
		progress: &Progress,
		is_wanted: impl FnOnce(&Commitment) -> bool,
	) -> Result<(Commitment, bool), TakeInError> {
		let length = fs::metadata(file).map_err(BlobError::io(file))?.len();
		let needed = length.saturating_add(tree::outboard_length(length));
		disk::ensure_room(&self.0.folder, needed).map_err(BlobError::io(&self.0.folder))?.map_err(BlobError::from)?;
		fs::copy(file, copy).map_err(BlobError::io(copy))?;
		let content = hashing::commit(copy, pairs, threads, progress)?;
		if !is_wanted(&content) {
			return Ok((content, false));
		}
		File::open(copy).and_then(|file| file.sync_all()).map_err(BlobError::io(copy))?;
		let data = self.path(&content.root, "data");
		let outboard = data.with_extension("obao4");
		fs::rename(pairs, &outboard).map_err(BlobError::io(&outboard))?;
		fs::rename(copy, &data).map_err(BlobError::io(&data))?;
		disk::sync_folder(&self.0.folder).map_err(BlobError::io(&self.0.folder))?;
		let entry = Entry { length: content.length, data, outboard, is_owned: true };
		self.entries_mut().insert(content.root, entry);
		Ok((content, true))
	}

	/// Where the store keeps a part of a content.
	pub fn path(&self, root: &Hash, extension: &str) -> PathBuf {
		self.0.folder.join(format!("{}.{extension}", hex::encode(root)))
	}

	// The maps are consistent after every single operation on them, so a panic elsewhere cannot have spoilt them.
	fn entries(&self) -> RwLockReadGuard<'_, HashMap<Hash, Entry>> {
		self.0.entries.read()
	}

	fn entries_mut(&self) -> RwLockWriteGuard<'_, HashMap<Hash, Entry>> {
		self.0.entries.write()
	}

	fn busy(&self) -> MutexGuard<'_, HashSet<(Hash, Option<u64>)>> {
		self.0.busy.lock()
	}
}

/// The root that the name of one of the store's files begins with.
fn root_in_name(path: &Path) -> Option<Hash> {
	let name = path.file_name()?.to_str()?;
	let (hex_root, _) = name.split_once('.')?;
	let mut root = [0; 32];
	hex::decode_to_slice(hex_root, &mut root).ok()?;
	Some(root)
}
