//! The commitment to a file: its BLAKE3 root and the tree above its 16 KiB groups, in one pass over the file.
//!
//! The file is cut into aligned units of 4 MiB, each a subtree. Threads take units, hash their groups, and write the
//! unit's part of the outboard, which is contiguous in preorder. Only the units' chaining values stay in memory: 8 MiB
//! for a TiB.

use crate::{
	disk::{self, Draft},
	progress::Progress,
	tree::{self, Node, GROUP, GROUP_BYTES},
	Hash,
};
use std::{
	fs::File,
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
	time::SystemTime,
};
use substation_proofs::content::MAX_LENGTH;

/// Groups in a unit of work.
const UNIT: u64 = 256;

/// Bytes per read. Fits a core's second-level cache, so that hashing reads what reading has just written.
const READ: usize = GROUP_BYTES * 8;

/// What a deal says about a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commitment {
	/// BLAKE3 of the bytes, as `b3sum` prints it.
	pub root: Hash,
	/// Their number.
	pub length: u64,
}

/// Why a file has no commitment.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
	/// There is nothing to store.
	#[error("{} is empty: there is nothing to store", .0.display())]
	Empty(PathBuf),
	/// The file is longer than any deal may be. Cut it.
	#[error("{} has {length} bytes, more than the {MAX_LENGTH} that a deal may have", .path.display())]
	TooLong {
		/// The file.
		path: PathBuf,
		/// Its length.
		length: u64,
	},
	/// Somebody wrote the file while it was hashed. Hash it again when it is at rest.
	#[error("{} changed while it was hashed; try again when nobody writes to it", .0.display())]
	Changed(PathBuf),
	/// Not a regular file.
	#[error("{} is not a regular file", .0.display())]
	NotAFile(PathBuf),
	/// The disk or the quota ran full. Nothing is left behind.
	#[error("the disk is full: {} cannot be written; make room and try again", .0.display())]
	Full(PathBuf),
	/// The file could not be read, or the outboard not be written.
	#[error("{}: {source}", .path.display())]
	Io {
		/// Which of them.
		path: PathBuf,
		/// What the system said.
		source: io::Error,
	},
}

/// Hashes `file` with `threads` threads and leaves its outboard at `outboard`, durably.
pub fn commit(file: &Path, outboard: &Path, threads: usize, progress: &Progress) -> Result<Commitment, HashError> {
	let of_file = |source| HashError::Io { path: file.to_owned(), source };
	let of_outboard = |source| match disk::is_full(&source) {
		true => HashError::Full(outboard.to_owned()),
		false => HashError::Io { path: outboard.to_owned(), source },
	};
	let data = File::open(file).map_err(of_file)?;
	let before = Fingerprint::of(&data).map_err(of_file)?;
	if !before.is_file {
		return Err(HashError::NotAFile(file.to_owned()));
	}
	if before.length == 0 {
		return Err(HashError::Empty(file.to_owned()));
	}
	if before.length > MAX_LENGTH {
		return Err(HashError::TooLong { path: file.to_owned(), length: before.length });
	}

	let draft = Draft::new(outboard).map_err(of_outboard)?;
	draft.file().set_len(tree::outboard_length(before.length)).map_err(of_outboard)?;
	let root =
		hash_units(&data, draft.file(), before.length, threads.max(1), progress).map_err(|error| match error {
			UnitError::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
				HashError::Changed(file.to_owned())
			}
			UnitError::Read(error) => of_file(error),
			UnitError::Write(error) => of_outboard(error),
			UnitError::Thread => of_file(io::Error::other("a hashing thread ended")),
		})?;
	if Fingerprint::of(&data).map_err(of_file)? != before {
		return Err(HashError::Changed(file.to_owned()));
	}
	draft.replace().map_err(of_outboard)?;
	progress.finish();
	Ok(Commitment { root, length: before.length })
}

/// What changes when somebody writes to a file.
#[derive(PartialEq, Eq)]
struct Fingerprint {
	is_file: bool,
	length: u64,
	modified: Option<SystemTime>,
}

impl Fingerprint {
	fn of(file: &File) -> io::Result<Self> {
		let metadata = file.metadata()?;
		Ok(Self { is_file: metadata.is_file(), length: metadata.len(), modified: metadata.modified().ok() })
	}
}

enum UnitError {
	Read(io::Error),
	Write(io::Error),
	Thread,
}

fn hash_units(data: &File, pairs: &File, length: u64, threads: usize, progress: &Progress) -> Result<Hash, UnitError> {
	let groups = tree::groups(length);
	let units = groups.div_ceil(UNIT);
	let next = AtomicU64::new(0);
	let failed = AtomicBool::new(false);
	let work = || -> Result<Vec<(u64, Hash)>, UnitError> {
		let mut worker = Worker::new(data, pairs, length);
		let mut values = Vec::new();
		while !failed.load(Ordering::Relaxed) {
			let unit = next.fetch_add(1, Ordering::Relaxed);
			if unit >= units {
				break;
			}
			let start = unit.saturating_mul(UNIT);
			let count = groups.saturating_sub(start).min(UNIT);
			match worker.unit(start, count, units == 1) {
				Ok(value) => values.push((unit, value)),
				Err(error) => {
					failed.store(true, Ordering::Relaxed);
					return Err(error);
				}
			}
			progress.add(count.saturating_mul(GROUP).min(length.saturating_sub(start.saturating_mul(GROUP))));
		}
		Ok(values)
	};
	let threads = threads.min(usize::try_from(units).unwrap_or(usize::MAX));
	let mut values = std::thread::scope(|scope| {
		let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
		let mut values = work()?;
		for other in others {
			values.extend(other.join().map_err(|_| UnitError::Thread)??);
		}
		Ok(values)
	})?;
	values.sort_unstable_by_key(|(unit, _)| *unit);
	let values: Vec<Hash> = values.into_iter().map(|(_, value)| value).collect();
	Upper { pairs, values: &values }.value(Node::root(length), true)
}

/// Hashes units into its buffers.
struct Worker<'a> {
	data: &'a File,
	pairs: &'a File,
	length: u64,
	buffer: Vec<u8>,
	values: Vec<Hash>,
	part: Vec<u8>,
}

impl<'a> Worker<'a> {
	fn new(data: &'a File, pairs: &'a File, length: u64) -> Self {
		let buffer = vec![0; READ];
		Self { data, pairs, length, buffer, values: Vec::new(), part: Vec::new() }
	}

	/// The chaining value of `count` groups from `start` on, after writing their part of the outboard.
	fn unit(&mut self, start: u64, count: u64, is_root: bool) -> Result<Hash, UnitError> {
		self.hash_groups(start, count, is_root)?;
		self.part.clear();
		let value = fold(&self.values, &mut self.part, is_root);
		if !self.part.is_empty() {
			let node = Node::find(self.length, start, count)
				.ok_or_else(|| UnitError::Write(io::Error::other("a unit is not a node of the tree")))?;
			self.pairs.write_all_at(&self.part, node.pair_offset()).map_err(UnitError::Write)?;
		}
		Ok(value)
	}

	fn hash_groups(&mut self, start: u64, count: u64, is_root: bool) -> Result<(), UnitError> {
		self.values.clear();
		let mut offset = start.saturating_mul(GROUP);
		let end = start.saturating_add(count).saturating_mul(GROUP).min(self.length);
		while offset < end {
			let size = usize::try_from(end.saturating_sub(offset)).unwrap_or(READ).min(READ);
			let buffer = self.buffer.get_mut(..size).unwrap_or_default();
			self.data.read_exact_at(buffer, offset).map_err(UnitError::Read)?;
			for group in buffer.chunks(GROUP_BYTES) {
				self.values.push(if is_root && count == 1 {
					blake3::hash(group).into()
				} else {
					tree::value_of(group, offset)
				});
				offset = offset.saturating_add(u64::try_from(group.len()).unwrap_or(GROUP));
			}
		}
		Ok(())
	}
}

/// The value above neighbouring groups; their pairs are appended to `pairs` in preorder.
fn fold(values: &[Hash], pairs: &mut Vec<u8>, is_root: bool) -> Hash {
	match values {
		[] => [0; 32],
		[value] => *value,
		_ => {
			let at = pairs.len();
			pairs.extend_from_slice(&[0; 64]);
			let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
			let middle = usize::try_from(tree::left_part(count)).unwrap_or(usize::MAX).min(values.len());
			let (left, right) = values.split_at(middle);
			let left = fold(left, pairs, false);
			let right = fold(right, pairs, false);
			if let Some(pair) = pairs.get_mut(at..at.saturating_add(64)) {
				let (first, second) = pair.split_at_mut(32);
				first.copy_from_slice(&left);
				second.copy_from_slice(&right);
			}
			tree::merge(&left, &right, is_root)
		}
	}
}

/// The tree above the units.
struct Upper<'a> {
	pairs: &'a File,
	values: &'a [Hash],
}

impl Upper<'_> {
	fn value(&self, node: Node, is_root: bool) -> Result<Hash, UnitError> {
		if node.count <= UNIT {
			let unit = usize::try_from(node.start / UNIT).unwrap_or(usize::MAX);
			return self.values.get(unit).copied().ok_or(UnitError::Thread);
		}
		let (left, right) = node.children();
		let (left, right) = (self.value(left, false)?, self.value(right, false)?);
		self.pairs.write_all_at(&[left, right].concat(), node.pair_offset()).map_err(UnitError::Write)?;
		Ok(tree::merge(&left, &right, is_root))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use bao_tree::{io::outboard::PreOrderMemOutboard, BlockSize};
	use std::fs::{self, OpenOptions};

	fn bytes(length: usize) -> Vec<u8> {
		(0..length).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect()
	}

	#[test]
	fn root_and_outboard_are_those_of_bao_tree() {
		let folder = tempfile::tempdir().unwrap();
		let unit = usize::try_from(UNIT * GROUP).unwrap();
		let around = |middle: usize| [middle - 1, middle, middle + 1];
		let mut lengths = vec![1, 5 * GROUP_BYTES + 77, 3 * unit, 5 * unit - 12_345];
		for middle in [1_024, GROUP_BYTES, 2 * GROUP_BYTES, READ, unit, 2 * unit] {
			lengths.extend(around(middle));
		}
		for length in lengths {
			let content = bytes(length);
			let (file, outboard) = (folder.path().join("file"), folder.path().join("tree"));
			fs::write(&file, &content).unwrap();
			let expected = PreOrderMemOutboard::create(&content, BlockSize::from_chunk_log(4));

			for threads in [1, 2, 3] {
				let commitment = commit(&file, &outboard, threads, &Progress::silent()).unwrap();

				assert_eq!(commitment.root, *blake3::hash(&content).as_bytes(), "root at {length}");
				assert_eq!(commitment.length, length as u64);
				assert_eq!(fs::read(&outboard).unwrap(), expected.data, "outboard at {length}");
			}
		}
	}

	#[test]
	fn an_empty_file_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("file");
		fs::write(&file, []).unwrap();

		let error = commit(&file, &folder.path().join("tree"), 1, &Progress::silent()).unwrap_err();

		assert!(matches!(error, HashError::Empty(_)));
	}

	#[test]
	fn a_file_that_changes_is_noticed() {
		let folder = tempfile::tempdir().unwrap();
		let (file, outboard) = (folder.path().join("file"), folder.path().join("tree"));
		File::create(&file).unwrap().set_len(1 << 30).unwrap();
		let stop = AtomicBool::new(false);

		let result = std::thread::scope(|scope| {
			scope.spawn(|| {
				let writer = OpenOptions::new().write(true).open(&file).unwrap();
				while !stop.load(Ordering::Relaxed) {
					writer.write_all_at(b"x", 5).unwrap();
					std::thread::sleep(std::time::Duration::from_millis(5));
				}
			});
			let result = commit(&file, &outboard, 2, &Progress::silent());
			stop.store(true, Ordering::Relaxed);
			result
		});

		assert!(matches!(result.unwrap_err(), HashError::Changed(_)));
		assert!(!outboard.exists());
	}
}
