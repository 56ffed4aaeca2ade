//! Accounts of people: their keys and how they are read from files.

use anyhow::{bail, ensure, Context, Result};
use std::{path::Path, str::FromStr};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// An account as the chain encodes it; prints as an SS58 address.
pub type AccountId = subxt::utils::AccountId32;

/// The key with which a person signs calls that move money.
#[derive(Clone)]
pub struct AccountKey(Keypair);

impl AccountKey {
	/// Reads a key file: a mnemonic, a `0x…` seed or a derivation such as `//Alice`, on one line.
	///
	/// Errors when the file can be read by others than its owner.
	pub fn from_file(path: &Path) -> Result<Self> {
		let text =
			std::fs::read_to_string(path).with_context(|| format!("cannot read the key file {}", path.display()))?;
		ensure_private(path)?;
		let uri = text.trim();
		ensure!(!uri.is_empty(), "the key file {} is empty; write a mnemonic or a 0x… seed into it", path.display());
		Self::from_uri(uri).with_context(|| format!("the key file {} holds no usable key", path.display()))
	}

	/// Understands what `subkey inspect` understands.
	pub fn from_uri(uri: &str) -> Result<Self> {
		let seed = uri.strip_prefix("0x").unwrap_or(uri);
		let uri = if seed.len() == 64 && seed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
			format!("0x{seed}")
		} else {
			uri.to_owned()
		};
		let uri = SecretUri::from_str(&uri).context("not a mnemonic, a 0x… seed or a //Derivation")?;
		match Keypair::from_uri(&uri) {
			Ok(pair) => Ok(Self(pair)),
			// The error may repeat words of the phrase: do not print it.
			Err(_) => bail!("not a mnemonic, a 0x… seed or a //Derivation"),
		}
	}

	/// The account that the key controls.
	pub fn account(&self) -> AccountId {
		AccountId::from(self.0.public_key().0)
	}

	/// An sr25519 signature.
	pub fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.0.sign(message).0
	}
}

impl std::fmt::Debug for AccountKey {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "AccountKey({})", self.account())
	}
}

/// Errors when others than the owner may read the file.
pub fn ensure_private(path: &Path) -> Result<()> {
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		let mode =
			std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.permissions().mode();
		ensure!(
			mode & 0o077 == 0,
			"others can read {} (mode {:o}); run: chmod 600 {}",
			path.display(),
			mode & 0o777,
			path.display()
		);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::io::Write;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

	fn key_file(content: &str, mode: u32) -> tempfile::NamedTempFile {
		use std::os::unix::fs::PermissionsExt;
		let mut file = tempfile::NamedTempFile::new().unwrap();
		file.write_all(content.as_bytes()).unwrap();
		std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
		file
	}

	#[test]
	fn derivations_mnemonics_and_seeds_name_the_same_account() {
		let phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk//Alice";
		let seed = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

		assert_eq!(AccountKey::from_uri("//Alice").unwrap().account().to_string(), ALICE);
		assert_eq!(AccountKey::from_uri(phrase).unwrap().account().to_string(), ALICE);
		assert_eq!(AccountKey::from_uri(seed).unwrap().account().to_string(), ALICE);
		assert_eq!(AccountKey::from_uri(&seed[2..]).unwrap().account().to_string(), ALICE);
	}

	#[test]
	fn private_key_file_is_read() {
		let file = key_file("//Alice\n", 0o600);

		assert_eq!(AccountKey::from_file(file.path()).unwrap().account().to_string(), ALICE);
	}

	#[test]
	fn key_file_that_others_can_read_is_refused() {
		for mode in [0o644, 0o640, 0o604] {
			let file = key_file("//Alice\n", mode);

			let error = AccountKey::from_file(file.path()).unwrap_err().to_string();

			assert!(error.contains("chmod 600"), "{error}");
		}
	}

	#[test]
	fn error_about_a_wrong_phrase_does_not_repeat_it() {
		let error = format!("{:?}", AccountKey::from_uri("correct horse battery staple").unwrap_err());

		assert!(!error.contains("horse"), "{error}");
	}
}
