//! One process per data folder.

use std::{
	fs::{File, OpenOptions, TryLockError},
	io::{self, Read, Seek, Write},
	path::{Path, PathBuf},
};

/// Why the folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
	/// Another process works in the folder. Stop it, or name another folder.
	#[error("{} is in use by process {holder}; stop it or name another data folder", .folder.display())]
	Held {
		/// The folder.
		folder: PathBuf,
		/// Its process id, or what else the lock file says.
		holder: String,
	},
	/// The lock file could not be opened or written.
	#[error("cannot lock {}: {source}", .folder.display())]
	Io {
		/// The folder.
		folder: PathBuf,
		/// What the system said.
		source: io::Error,
	},
}

/// Keeps other processes out of a folder until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
	_file: File,
}

impl FolderLock {
	/// Locks `folder`, which must exist.
	pub fn acquire(folder: &Path) -> Result<Self, LockError> {
		let io = |source| LockError::Io { folder: folder.to_owned(), source };
		let mut file = OpenOptions::new()
			.read(true)
			.write(true)
			.create(true)
			.truncate(false)
			.open(folder.join("lock"))
			.map_err(io)?;
		match file.try_lock() {
			Ok(()) => {}
			Err(TryLockError::WouldBlock) => {
				let mut holder = String::new();
				// What the holder wrote is only for the message.
				let _ = file.read_to_string(&mut holder);
				let holder = match holder.trim() {
					"" => "(unknown)".to_owned(),
					pid => pid.to_owned(),
				};
				return Err(LockError::Held { folder: folder.to_owned(), holder });
			}
			Err(TryLockError::Error(source)) => return Err(io(source)),
		}
		file.set_len(0).map_err(io)?;
		file.rewind().map_err(io)?;
		writeln!(file, "{}", std::process::id()).map_err(io)?;
		file.flush().map_err(io)?;
		Ok(Self { _file: file })
	}
}
