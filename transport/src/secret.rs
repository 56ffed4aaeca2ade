//! Files that hold secrets: one reader and one writer for all of them, and what a machine's own key looks like inside.
//!
//! Nobody but the owner may have access to such a file; it is never overwritten, and it is durable before anyone uses
//! what is in it.

use iroh::SecretKey;
use std::{
	fs::File,
	io::{self, Read, Write},
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
};
use substation_store::disk::Draft;
use zeroize::Zeroizing;

/// Most bytes of a file with a secret.
const MAX_LENGTH: u64 = 64 << 10;

/// The permissions of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Why a file with a secret could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
	/// There is no such file.
	#[error("there is no {}", .0.display())]
	Missing(PathBuf),
	/// There is a file already. What it holds may be the only copy.
	#[error("{} exists already and is not overwritten; name another file", .0.display())]
	Exists(PathBuf),
	/// Others than the owner have access to it.
	#[error("others can read {} (mode {mode:o}); run: chmod 600 {}", .path.display(), .path.display())]
	Exposed {
		/// The file.
		path: PathBuf,
		/// Its permissions.
		mode: u32,
	},
	/// The disk keeps no permissions, as those of cameras and other systems do.
	#[error("{} cannot be kept from others: its disk keeps no permissions; name a file on another one", .0.display())]
	Unprotectable(PathBuf),
	/// It holds something else.
	#[error("{} {reason}", .path.display())]
	Unusable {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: &'static str,
	},
	/// Anything else that the system said.
	#[error("{}: {source}", .path.display())]
	Io {
		/// The file.
		path: PathBuf,
		/// What the system said.
		source: io::Error,
	},
}

/// Reads a file that nobody but its owner has access to.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretError> {
	let failed = |source: io::Error| match source.kind() {
		io::ErrorKind::NotFound => SecretError::Missing(path.to_owned()),
		_ => SecretError::Io { path: path.to_owned(), source },
	};
	let unusable = |reason| SecretError::Unusable { path: path.to_owned(), reason };
	let file = File::open(path).map_err(failed)?;
	// Of the file that is open, whatever has its name by now.
	let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
	if mode & OTHERS != 0 {
		return Err(SecretError::Exposed { path: path.to_owned(), mode });
	}
	let mut text = Zeroizing::new(String::new());
	// One byte more, to know that there is more.
	match file.take(MAX_LENGTH.saturating_add(1)).read_to_string(&mut text) {
		Ok(_) if u64::try_from(text.len()).is_ok_and(|length| length <= MAX_LENGTH) => Ok(text),
		Ok(_) => Err(unusable("is too long for a file with a secret")),
		Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(unusable("holds no text")),
		Err(error) => Err(failed(error)),
	}
}

/// Writes a file that nobody but its owner has access to, durably. Fails if there is a file already.
pub fn create(path: &Path, text: &str) -> Result<(), SecretError> {
	let failed = |source: io::Error| match source.kind() {
		io::ErrorKind::AlreadyExists => SecretError::Exists(path.to_owned()),
		_ => SecretError::Io { path: path.to_owned(), source },
	};
	let draft = Draft::new(path).map_err(failed)?;
	if draft.file().metadata().map_err(failed)?.permissions().mode() & OTHERS != 0 {
		return Err(SecretError::Unprotectable(path.to_owned()));
	}
	draft.file().write_all(text.as_bytes()).map_err(failed)?;
	draft.create().map_err(failed)
}

/// The ed25519 key of a machine: a file with its seed in hexadecimal digits.
pub fn machine_key(path: &Path) -> Result<SecretKey, SecretError> {
	let text = read(path)?;
	let mut seed = Zeroizing::new([0u8; 32]);
	hex::decode_to_slice(text.trim(), &mut *seed)
		.map_err(|_| SecretError::Unusable { path: path.to_owned(), reason: "does not hold 64 hexadecimal digits" })?;
	Ok(SecretKey::from_bytes(&seed))
}

/// The same, made if it is not there.
pub fn machine_key_or_new(path: &Path) -> Result<SecretKey, SecretError> {
	match machine_key(path) {
		Err(SecretError::Missing(_)) => {}
		known => return known,
	}
	let key = SecretKey::generate();
	let text = Zeroizing::new(format!("{}\n", hex::encode(key.to_bytes())));
	match create(path, &text) {
		Ok(()) => Ok(key),
		// Another process has made it meanwhile.
		Err(SecretError::Exists(_)) => machine_key(path),
		Err(error) => Err(error),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs::{self, Permissions};

	fn mode(path: &Path) -> u32 {
		fs::metadata(path).unwrap().permissions().mode() & 0o777
	}

	#[test]
	fn a_secret_is_its_owners_alone_and_never_overwritten() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("secret");

		create(&path, "first").unwrap();

		assert_eq!(mode(&path), 0o600);
		assert_eq!(*read(&path).unwrap(), "first");
		assert!(matches!(create(&path, "second"), Err(SecretError::Exists(_))));
		assert_eq!(*read(&path).unwrap(), "first");
		assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
	}

	#[test]
	fn a_secret_that_others_have_access_to_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("secret");
		create(&path, "text").unwrap();

		for others in [0o644, 0o640, 0o604, 0o620, 0o601] {
			fs::set_permissions(&path, Permissions::from_mode(others)).unwrap();
			let error = read(&path).unwrap_err().to_string();
			assert!(error.contains("chmod 600"), "{error}");
		}
	}

	#[test]
	fn what_is_no_secret_is_refused_before_it_is_in_memory() {
		let folder = tempfile::tempdir().unwrap();
		let at = |name: &str| folder.path().join(name);
		create(&at("long"), &"x".repeat(usize::try_from(MAX_LENGTH).unwrap() + 1)).unwrap();
		create(&at("short"), "12ab").unwrap();
		fs::write(at("binary"), [0xff, 0xfe]).unwrap();
		fs::set_permissions(at("binary"), Permissions::from_mode(0o600)).unwrap();

		let refused = |name| machine_key(&at(name)).map(drop).unwrap_err().to_string();
		assert!(refused("long").contains("too long"));
		assert!(refused("short").contains("64 hexadecimal digits"));
		assert!(refused("binary").contains("no text"));
		assert!(refused("nowhere").contains("there is no"));
	}

	#[test]
	fn a_machine_key_is_made_once() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("agent.key");

		let key = machine_key_or_new(&path).unwrap();

		assert_eq!(mode(&path), 0o600);
		assert_eq!(machine_key_or_new(&path).unwrap().to_bytes(), key.to_bytes());
		assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", hex::encode(key.to_bytes())));
		// One that cannot be read is not replaced by another.
		fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
		assert!(matches!(machine_key_or_new(&path), Err(SecretError::Exposed { mode: 0o644, .. })));
	}
}
