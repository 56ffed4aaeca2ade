//! What every other module asks of the disk: room, and durability.

use std::{
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
};

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

/// Writes a small file so that after a crash there is the old one or the new one.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
	let temporary = with_suffix(path, ".new");
	let mut file = File::create(&temporary)?;
	file.write_all(bytes)?;
	file.sync_all()?;
	fs::rename(&temporary, path)?;
	match path.parent() {
		Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
		_ => sync_folder(Path::new(".")),
	}
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
