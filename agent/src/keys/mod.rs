//! Accounts' keys on disk, and the passwords that protect them.
//!
//! | file | what |
//! |---|---|
//! | `polkadot_js` | the form of a key file, which wallets read and write too |
//! | `password` | passwords, from files and from people |
//!
//! Files are read and written by [`substation_transport::secret`].

pub mod password;
pub mod polkadot_js;

use crate::cli::Signer;
use anyhow::{bail, Context, Result};
use polkadot_js::{Sealed, WalletError};
use std::path::Path;
use substation_client::AccountKey;
use substation_transport::secret;

/// The key that the options name; `None` if they name none. May ask for a password, and takes about a second: not for
/// threads that others wait for.
///
/// Whether `--suri` may be used on a chain is for who knows the chain to say.
pub fn named(signer: &Signer) -> Result<Option<AccountKey>> {
	match (&signer.key_file, &signer.suri) {
		(Some(path), _) if signer.plaintext => plaintext(path).map(Some),
		(Some(path), _) => unlock(path, signer.password_file.as_deref()).map(Some),
		(None, Some(suri)) => AccountKey::from_uri(suri).map(Some),
		(None, None) => Ok(None),
	}
}

/// A file with a key under a password, as far as it can be understood without the password.
pub fn sealed(path: &Path) -> Result<Sealed> {
	match Sealed::parse(&secret::read(path)?) {
		Err(WalletError::NotJson) => bail!(
			"{} is no key file with a password; make one of it with `substation key import`, or say with --plaintext \
			 that it holds a mnemonic or seed as it is",
			path.display()
		),
		sealed => sealed.with_context(|| format!("cannot use the key file {}", path.display())),
	}
}

/// Takes the key out of a file with a password.
pub fn unlock(path: &Path, password_file: Option<&Path>) -> Result<AccountKey> {
	let sealed = sealed(path)?;
	let password = password::of(path, password_file)?;
	sealed.open(&password).with_context(|| format!("cannot use the key file {}", path.display()))
}

/// Reads a mnemonic, a `0x…` seed or a derivation such as `//Alice` from a file, as it is.
pub fn plaintext(path: &Path) -> Result<AccountKey> {
	let text = secret::read(path)?;
	if text.trim_start().starts_with('{') {
		bail!("{} is a key file with a password; leave --plaintext out", path.display());
	}
	AccountKey::from_uri(text.trim()).with_context(|| format!("cannot use the key file {}", path.display()))
}

/// Writes a key under a password into a file that is not there yet.
pub fn write(path: &Path, key: &AccountKey, password: &str) -> Result<()> {
	let name = path.file_stem().unwrap_or_default().to_string_lossy();
	let sealed = Sealed::seal(key, password, &name)?;
	Ok(secret::create(path, &sealed.to_json()?)?)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{
		fs::{set_permissions, Permissions},
		os::unix::fs::PermissionsExt,
		path::PathBuf,
	};
	use tempfile::TempDir;

	const PASSWORD: &str = "a password";

	/// A folder with the key of Alice under a password, that password, and her secret as it is.
	fn folder() -> (TempDir, impl Fn(&str) -> PathBuf) {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().to_owned();
		let at = move |name: &str| path.join(name);
		write(&at("alice.json"), &AccountKey::from_uri("//Alice").unwrap(), PASSWORD).unwrap();
		secret::create(&at("password"), &format!("{PASSWORD}\n")).unwrap();
		secret::create(&at("alice.txt"), "//Alice\n").unwrap();
		(folder, at)
	}

	fn refusal(signer: &Signer) -> String {
		format!("{:#}", named(signer).unwrap_err())
	}

	#[test]
	fn a_key_is_read_with_its_password_or_as_it_is_if_that_is_said() {
		let (_guard, at) = folder();
		let alice = AccountKey::from_uri("//Alice").unwrap().account();
		let encrypted =
			Signer { key_file: Some(at("alice.json")), password_file: Some(at("password")), ..Signer::default() };
		let plain = Signer { key_file: Some(at("alice.txt")), plaintext: true, ..Signer::default() };

		for signer in [encrypted, plain, Signer { suri: Some("//Alice".into()), ..Signer::default() }] {
			assert_eq!(named(&signer).unwrap().unwrap().account(), alice);
		}
		assert!(named(&Signer::default()).unwrap().is_none());
	}

	#[test]
	fn a_plain_mnemonic_is_not_taken_for_a_key_file() {
		let (_guard, at) = folder();
		let plain = Signer { key_file: Some(at("alice.txt")), ..Signer::default() };
		let encrypted = Signer { key_file: Some(at("alice.json")), plaintext: true, ..Signer::default() };

		let error = refusal(&plain);
		assert!(error.contains("substation key import") && error.contains("--plaintext"), "{error}");
		assert!(!error.contains("//Alice"), "{error}");
		assert!(refusal(&encrypted).contains("leave --plaintext out"));
	}

	#[test]
	fn a_wrong_password_says_so() {
		let (_guard, at) = folder();
		secret::create(&at("other"), "another password").unwrap();
		let signer = Signer { key_file: Some(at("alice.json")), password_file: Some(at("other")), ..Signer::default() };

		let error = refusal(&signer);

		assert!(error.contains("alice.json") && error.contains("the password is wrong"), "{error}");
	}

	#[test]
	fn key_and_password_that_others_can_read_are_refused() {
		let (_guard, at) = folder();
		let signer =
			Signer { key_file: Some(at("alice.json")), password_file: Some(at("password")), ..Signer::default() };

		for name in ["password", "alice.json"] {
			set_permissions(at(name), Permissions::from_mode(0o640)).unwrap();
			let error = refusal(&signer);
			assert!(error.contains(name) && error.contains("chmod 600"), "{error}");
		}
	}

	#[test]
	fn a_key_file_is_never_overwritten() {
		let (_guard, at) = folder();

		let error = write(&at("alice.json"), &AccountKey::from_uri("//Bob").unwrap(), PASSWORD).unwrap_err();

		assert!(error.to_string().contains("exists already"), "{error}");
		assert_eq!(sealed(&at("alice.json")).unwrap().address(), AccountKey::from_uri("//Alice").unwrap().account());
	}
}
