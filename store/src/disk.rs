//! What every other module asks of the disk: room, and durability.

use std::{
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
	time::Duration,
};
use tempfile::NamedTempFile;

/// What the names of files begin with that are not in their places yet.
const DRAFT: &str = ".draft-";

/// Nobody comes back to a draft that nobody has written for this long.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// A disk that cannot take what it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("not enough room at {}: {needed} bytes needed, {free} free", .path.display())]
pub struct NoRoom {
	/// Where.
	pub path: PathBuf,
	/// Bytes that were to be written.
	pub needed: u64,
	/// Bytes free for this user.
	pub free: u64,
}

/// Bytes left free whatever happens, so that the journal can still be written.
pub const RESERVE: u64 = 64 << 20;

/// Bytes free for this user on the disk that holds `path`.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
	let stat = rustix::fs::statvfs(path)?;
	Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Fails unless `needed` bytes and [`RESERVE`] fit on the disk that holds the folder `path`.
pub fn ensure_room(path: &Path, needed: u64) -> io::Result<Result<(), NoRoom>> {
	let free = free_bytes(path)?;
	if needed.saturating_add(RESERVE) <= free {
		Ok(Ok(()))
	} else {
		Ok(Err(NoRoom { path: path.to_owned(), needed, free }))
	}
}

/// Whether the error says that the disk or the quota is full.
pub fn is_full(error: &io::Error) -> bool {
	matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Makes renames and removals in `folder` durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
	File::open(folder)?.sync_all()
}

/// A file on its way to its place, where it appears whole and durably or not at all. Only its owner can read it.
///
/// The one way to write a file that must survive a crash; what is overwritten in place has a format for that.
#[derive(Debug)]
pub struct Draft {
	file: NamedTempFile,
	path: PathBuf,
}

impl Draft {
	/// Begins a file in the folder where it is to be. A draft that is dropped is deleted.
	pub fn new(path: &Path) -> io::Result<Self> {
		let file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder_of(path))?;
		Ok(Self { file, path: path.to_owned() })
	}

	/// What is to be written.
	pub fn file(&self) -> &File {
		self.file.as_file()
	}

	/// Puts it in its place. After a crash there is the old file or the new one.
	pub fn replace(self) -> io::Result<()> {
		self.file.as_file().sync_all()?;
		self.file.persist(&self.path)?;
		sync_folder(folder_of(&self.path))
	}

	/// Puts it in its place. Fails if there is something.
	pub fn create(self) -> io::Result<()> {
		self.file.as_file().sync_all()?;
		self.file.persist_noclobber(&self.path)?;
		sync_folder(folder_of(&self.path))
	}
}

/// Writes a small file so that after a crash there is the old one or the new one.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
	let draft = Draft::new(path)?;
	draft.file().write_all(bytes)?;
	draft.replace()
}

/// Deletes the drafts that killed processes have left in `folder`.
pub fn remove_forgotten(folder: &Path) -> io::Result<()> {
	for item in fs::read_dir(folder)? {
		let item = item?;
		if !item.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
			continue;
		}
		let written = item.metadata().and_then(|metadata| metadata.modified());
		if written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > FORGOTTEN)) {
			remove_if_there(&item.path())?;
		}
	}
	Ok(())
}

/// Removes a file that may not be there.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
	match fs::remove_file(path) {
		Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
		_ => Ok(()),
	}
}

/// `path` with `suffix` after its file name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(suffix);
	PathBuf::from(name)
}

/// The folder that holds `path`, `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
	match path.parent() {
		Some(folder) if !folder.as_os_str().is_empty() => folder,
		_ => Path::new("."),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{os::unix::fs::PermissionsExt, time::SystemTime};

	fn names(folder: &Path) -> Vec<String> {
		let mut names: Vec<_> =
			fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
		names.sort();
		names
	}

	#[test]
	fn a_file_is_replaced_whole_and_only_its_owner_reads_it() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");

		for text in ["first", "second"] {
			write_durably(&path, text.as_bytes()).unwrap();
			assert_eq!(fs::read_to_string(&path).unwrap(), text);
		}

		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		assert_eq!(names(folder.path()), ["file"]);
	}

	#[test]
	fn a_file_that_is_created_overwrites_nothing() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");
		fs::write(&path, "old").unwrap();

		let draft = Draft::new(&path).unwrap();
		draft.file().write_all(b"new").unwrap();

		assert_eq!(draft.create().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
		assert_eq!(fs::read_to_string(&path).unwrap(), "old");
		assert_eq!(names(folder.path()), ["file"]);
	}

	#[test]
	fn what_is_not_finished_is_seen_by_nobody_and_deleted() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");

		let draft = Draft::new(&path).unwrap();
		draft.file().write_all(b"half").unwrap();
		assert!(!path.exists());
		drop(draft);

		assert!(names(folder.path()).is_empty());
	}

	#[test]
	fn only_drafts_that_nobody_writes_any_more_are_removed() {
		let folder = tempfile::tempdir().unwrap();
		let at = |name: &str| folder.path().join(name);
		for name in [".draft-old", ".draft-new", "old"] {
			fs::write(at(name), "").unwrap();
		}
		let long_ago = SystemTime::now() - 2 * FORGOTTEN;
		for name in [".draft-old", "old"] {
			File::options().write(true).open(at(name)).unwrap().set_modified(long_ago).unwrap();
		}

		remove_forgotten(folder.path()).unwrap();

		assert_eq!(names(folder.path()), [".draft-new", "old"]);
	}
}
