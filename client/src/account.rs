//! Accounts of people: their keys.

use anyhow::{bail, ensure, Result};
use sp_core::{crypto::Pair as _, sr25519::Pair};
use zeroize::Zeroizing;

/// An account as the chain encodes it; prints as an SS58 address.
pub type AccountId = subxt::utils::AccountId32;

/// Bytes of a secret key as wallets keep it.
pub const SECRET: usize = 64;

/// The key with which a person signs calls that move money.
#[derive(Clone)]
pub struct AccountKey(Pair);

impl AccountKey {
	/// A new key, and the mnemonic from which it can be made again.
	pub fn generate() -> (Self, Zeroizing<String>) {
		let (pair, mnemonic, _) = Pair::generate_with_phrase(None);
		(Self(pair), Zeroizing::new(mnemonic))
	}

	/// Understands what `subkey inspect` understands: a mnemonic, a `0x…` seed, a derivation such as `//Alice`.
	pub fn from_uri(uri: &str) -> Result<Self> {
		// It would be the root of all development accounts, which everybody knows.
		ensure!(!uri.is_empty(), "there is nothing where a mnemonic or a 0x… seed should be");
		let seed = uri.strip_prefix("0x").unwrap_or(uri);
		let uri = if seed.len() == 64 && seed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
			Zeroizing::new(format!("0x{seed}"))
		} else {
			Zeroizing::new(uri.to_owned())
		};
		match Pair::from_string(&uri, None) {
			Ok(pair) => Ok(Self(pair)),
			// The error may repeat words of the phrase: do not print it.
			Err(_) => bail!("not a mnemonic, a 0x… seed or a //Derivation"),
		}
	}

	/// From the scalar, in the form of ed25519, and the seed of nonces; `None` if that is no key.
	pub fn from_secret(secret: &[u8; SECRET]) -> Option<Self> {
		schnorrkel::SecretKey::from_ed25519_bytes(secret).ok().map(|secret| Self(Pair::from(secret)))
	}

	/// What [`Self::from_secret`] reads.
	pub fn to_secret(&self) -> Zeroizing<[u8; SECRET]> {
		let pair: &schnorrkel::Keypair = self.0.as_ref();
		Zeroizing::new(pair.secret.to_ed25519_bytes())
	}

	/// The account that the key controls.
	pub fn account(&self) -> AccountId {
		AccountId::from(self.0.public().0)
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

#[cfg(test)]
mod tests {
	use super::*;
	use std::str::FromStr;
	use subxt_signer::{sr25519, SecretUri};

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

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
	fn another_implementation_derives_the_same_keys_and_takes_the_signatures() {
		for uri in ["//Alice//stash", "//Bob/soft/1", "//Eve///password", "//Dave//0"] {
			let key = AccountKey::from_uri(uri).unwrap();
			let other = sr25519::Keypair::from_uri(&SecretUri::from_str(uri).unwrap()).unwrap();

			assert_eq!(key.account().0, other.public_key().0);
			assert!(sr25519::verify(&sr25519::Signature(key.sign(b"text")), b"text", &other.public_key()));
		}
	}

	#[test]
	fn a_new_key_can_be_made_again_from_its_mnemonic() {
		let (key, mnemonic) = AccountKey::generate();

		assert_eq!(mnemonic.split(' ').count(), 12);
		assert_eq!(AccountKey::from_uri(&mnemonic).unwrap().account(), key.account());
		assert_ne!(AccountKey::generate().0.account(), key.account());
	}

	#[test]
	fn a_secret_comes_back_and_what_is_none_is_refused() {
		let key = AccountKey::from_uri("//Alice//stash/1").unwrap();

		let again = AccountKey::from_secret(&key.to_secret()).unwrap();

		assert_eq!(again.account(), key.account());
		assert_eq!(again.to_secret(), key.to_secret());
		assert!(AccountKey::from_secret(&[0xff; SECRET]).is_none());
	}

	#[test]
	fn nothing_is_no_key() {
		assert!(AccountKey::from_uri("").is_err());
	}

	#[test]
	fn error_about_a_wrong_phrase_does_not_repeat_it() {
		let error = format!("{:?}", AccountKey::from_uri("correct horse battery staple").unwrap_err());

		assert!(!error.contains("horse"), "{error}");
	}
}
