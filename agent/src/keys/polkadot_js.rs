//! An account's key as polkadot.js and its wallets keep it: JSON, version 3, sealed with a password.
//!
//! `encoded` is Base64 of salt (32 bytes), scrypt's `N`, `p` and `r` (4 bytes each, little-endian), nonce (24 bytes) and
//! box. scrypt turns password and salt into the key of the box, which is XSalsa20-Poly1305 as in NaCl. Inside are
//! `HEADER`, the secret key (64 bytes, the scalar in the form of ed25519), `DIVIDER` and the public key (32 bytes).

use base64::prelude::{Engine as _, BASE64_STANDARD};
use crypto_secretbox::{
	aead::{rand_core::RngCore, Aead, KeyInit, OsRng},
	XSalsa20Poly1305,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{
	str::FromStr,
	time::{SystemTime, UNIX_EPOCH},
};
use substation_client::{account::SECRET, AccountId, AccountKey};
use zeroize::Zeroizing;

/// What the box begins with: the head of a PKCS #8 structure.
const HEADER: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// What lies between secret and public key.
const DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];

/// Bytes in the box.
const PLAIN: usize = HEADER.len() + SECRET + DIVIDER.len() + 32;

/// The kinds of content, of encryption, and the version that are understood.
const CONTENT: [&str; 2] = ["pkcs8", "sr25519"];
const ENCRYPTION: [&str; 2] = ["scrypt", "xsalsa20-poly1305"];
const VERSION: &str = "3";

/// What scrypt may cost: the base-2 logarithm of `N`, `p` and `r`. The list of polkadot.js; a file that asks for more
/// would take as much time and memory as it likes.
const COSTS: [Cost; 6] = [
	Cost { log_n: 13, p: 10, r: 8 },
	Cost { log_n: 14, p: 5, r: 8 },
	Cost { log_n: 15, p: 3, r: 8 },
	Cost { log_n: 15, p: 1, r: 8 },
	Cost { log_n: 16, p: 2, r: 8 },
	PRESENT,
];

/// What new files cost, here as in polkadot.js: 128 MiB for about half a second.
const PRESENT: Cost = Cost { log_n: 17, p: 1, r: 8 };

/// Why a key file of a wallet cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
	/// It is something else. What it is stays unsaid: it may be a secret.
	#[error("it is no key file of polkadot.js")]
	NotJson,
	/// It holds several accounts.
	#[error("it holds several accounts; export the one that is meant by itself")]
	Several,
	/// Nothing protects the key in it.
	#[error("its key is not encrypted; export it from the wallet with a password")]
	NotEncrypted,
	/// It holds a key of another kind, or in another form.
	#[error("it holds `{0}`; only sr25519 keys in version 3 of the format are understood")]
	Unsupported(String),
	/// It is damaged.
	#[error("it is damaged: {0}")]
	Damaged(&'static str),
	/// It asks for another effort than those that are known.
	#[error("it asks for scrypt with N {n}, p {p}, r {r}, which polkadot.js does not use")]
	UnknownCost {
		/// Memory and time.
		n: u32,
		/// Rounds.
		p: u32,
		/// Size of a block.
		r: u32,
	},
	/// The password does not open it.
	#[error("the password is wrong, or the file is damaged")]
	WrongPassword,
	/// The key is not that of the address beside it.
	#[error("its key is that of {key}, and its address says {address}")]
	OtherAccount {
		/// Whose key it is.
		key: AccountId,
		/// Whose it claims to be.
		address: AccountId,
	},
	/// The system has no randomness, or no memory for scrypt.
	#[error("the key cannot be encrypted here: {0}")]
	System(String),
}

/// A file as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Wallet {
	encoded: String,
	encoding: Encoding,
	#[serde(default)]
	address: String,
	#[serde(default)]
	meta: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Encoding {
	content: Vec<String>,
	#[serde(rename = "type")]
	kind: Vec<String>,
	version: String,
}

/// A key under a password.
#[derive(Clone, Debug)]
pub struct Sealed {
	wallet: Wallet,
	address: AccountId,
}

impl Sealed {
	/// Understands a file, as far as that is possible without the password.
	pub fn parse(text: &str) -> Result<Self, WalletError> {
		let wallet: Wallet = serde_json::from_str(text).map_err(|_| WalletError::NotJson)?;
		let Encoding { content, kind, version } = &wallet.encoding;
		if content.iter().any(|content| content == "batch-pkcs8") {
			return Err(WalletError::Several);
		}
		if *content != CONTENT || version != VERSION {
			return Err(WalletError::Unsupported(format!("{} {version}", content.join(" "))));
		}
		if *kind == ["none"] {
			return Err(WalletError::NotEncrypted);
		}
		if *kind != ENCRYPTION {
			return Err(WalletError::Unsupported(kind.join(" ")));
		}
		let address = AccountId::from_str(&wallet.address).map_err(|_| WalletError::Damaged("no address"))?;
		Ok(Self { wallet, address })
	}

	/// Whose key it says that it is. Only [`Self::open`] knows.
	pub fn address(&self) -> AccountId {
		self.address
	}

	/// Takes the key out.
	pub fn open(&self, password: &str) -> Result<AccountKey, WalletError> {
		let sealed =
			BASE64_STANDARD.decode(&self.wallet.encoded).map_err(|_| WalletError::Damaged("`encoded` is no Base64"))?;
		let short = WalletError::Damaged("`encoded` is too short");
		let (salt, rest) = sealed.split_first_chunk::<32>().ok_or(short.clone())?;
		let (cost, rest) = rest.split_first_chunk::<12>().ok_or(short.clone())?;
		let (nonce, inside) = rest.split_first_chunk::<24>().ok_or(short)?;
		let key = Cost::read(cost)?.stretch(password, salt)?;
		let plain = XSalsa20Poly1305::new((&*key).into()).decrypt(nonce.into(), inside);
		let plain = Zeroizing::new(plain.map_err(|_| WalletError::WrongPassword)?);

		let (key, public) = unpack(&plain).ok_or(WalletError::Damaged("what is encrypted is no key"))?;
		if key.account() != public {
			return Err(WalletError::Damaged("its public key is another key's"));
		}
		if key.account() != self.address {
			return Err(WalletError::OtherAccount { key: key.account(), address: self.address });
		}
		Ok(key)
	}

	/// Puts a key under a password. Wallets show the name.
	pub fn seal(key: &AccountKey, password: &str, name: &str) -> Result<Self, WalletError> {
		let random = |bytes: &mut [u8]| {
			OsRng.try_fill_bytes(bytes).map_err(|error| WalletError::System(format!("no randomness: {error}")))
		};
		let (mut salt, mut nonce) = ([0u8; 32], [0u8; 24]);
		random(&mut salt)?;
		random(&mut nonce)?;
		let stretched = PRESENT.stretch(password, &salt)?;
		let inside = XSalsa20Poly1305::new((&*stretched).into()).encrypt((&nonce).into(), pack(key).as_slice());
		let inside = inside.map_err(|_| WalletError::System("the cipher failed".into()))?;
		let sealed = [&salt[..], &PRESENT.bytes()[..], &nonce[..], &inside[..]].concat();

		let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
		let wallet = Wallet {
			encoded: BASE64_STANDARD.encode(sealed),
			encoding: Encoding {
				content: CONTENT.map(str::to_owned).into(),
				kind: ENCRYPTION.map(str::to_owned).into(),
				version: VERSION.into(),
			},
			address: key.account().to_string(),
			meta: json!({ "name": name, "whenCreated": u64::try_from(created).unwrap_or(u64::MAX) }),
		};
		Ok(Self { wallet, address: key.account() })
	}

	/// What the file holds.
	pub fn to_json(&self) -> Result<String, serde_json::Error> {
		serde_json::to_string(&self.wallet).map(|text| text + "\n")
	}
}

/// What goes into the box.
fn pack(key: &AccountKey) -> Zeroizing<Vec<u8>> {
	let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN));
	plain.extend_from_slice(&HEADER);
	plain.extend_from_slice(key.to_secret().as_slice());
	plain.extend_from_slice(&DIVIDER);
	plain.extend_from_slice(&key.account().0);
	plain
}

/// What was in the box: the key, and whose it should be.
fn unpack(plain: &[u8]) -> Option<(AccountKey, AccountId)> {
	let rest = plain.strip_prefix(&HEADER)?;
	let (secret, rest) = rest.split_first_chunk::<SECRET>()?;
	let public: [u8; 32] = rest.strip_prefix(&DIVIDER)?.try_into().ok()?;
	Some((AccountKey::from_secret(secret)?, AccountId::from(public)))
}

/// What it takes to try a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
	log_n: u8,
	p: u32,
	r: u32,
}

impl Cost {
	/// One of those that are known.
	fn read(bytes: &[u8; 12]) -> Result<Self, WalletError> {
		let known = COSTS.into_iter().find(|cost| cost.bytes() == *bytes);
		known.ok_or_else(|| {
			let mut words = bytes.chunks_exact(4).map(|word| <[u8; 4]>::try_from(word).map_or(0, u32::from_le_bytes));
			let mut next = || words.next().unwrap_or_default();
			WalletError::UnknownCost { n: next(), p: next(), r: next() }
		})
	}

	fn bytes(self) -> [u8; 12] {
		let [n, p, r] = [1u32 << self.log_n, self.p, self.r].map(u32::to_le_bytes);
		let mut bytes = [0; 12];
		bytes.iter_mut().zip([n, p, r].concat()).for_each(|(to, from)| *to = from);
		bytes
	}

	/// The key that a password and a salt give.
	fn stretch(self, password: &str, salt: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, WalletError> {
		let system = |error: &dyn std::fmt::Display| WalletError::System(error.to_string());
		let params = scrypt::Params::new(self.log_n, self.r, self.p, 32).map_err(|error| system(&error))?;
		let mut key = Zeroizing::new([0u8; 32]);
		scrypt::scrypt(password.as_bytes(), salt, &params, &mut *key).map_err(|error| system(&error))?;
		Ok(key)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::LazyLock;
	use subxt_signer::polkadot_js_compat::decrypt_json;

	/// A file that a wallet has exported in 2024, with the password.
	const EXPORTED: &str = include_str!("alice.json");
	const EXPORTED_WITH: &str = concat!("who", "is", "alice");
	const PASSWORD: &str = "correct horse, 7 €";

	/// A file of this program. Each try of a password takes its time: made once.
	static SEALED: LazyLock<String> =
		LazyLock::new(|| Sealed::seal(&key("//Bob//stash"), PASSWORD, "bob").unwrap().to_json().unwrap());

	fn key(uri: &str) -> AccountKey {
		AccountKey::from_uri(uri).unwrap()
	}

	/// The present file with something changed.
	fn changed(change: impl FnOnce(&mut Value)) -> String {
		let mut value: Value = serde_json::from_str(&SEALED).unwrap();
		change(&mut value);
		value.to_string()
	}

	fn refusal(text: &str) -> WalletError {
		Sealed::parse(text).and_then(|sealed| sealed.open(PASSWORD)).unwrap_err()
	}

	#[test]
	fn a_file_of_polkadot_js_is_read() {
		let sealed = Sealed::parse(EXPORTED).unwrap();

		assert_eq!(sealed.address(), key("//Alice").account());
		assert_eq!(sealed.open(EXPORTED_WITH).unwrap().to_secret(), key("//Alice").to_secret());
		assert_eq!(sealed.open(PASSWORD).unwrap_err(), WalletError::WrongPassword);
	}

	#[test]
	fn what_is_written_is_read_here_and_by_another_implementation() {
		let sealed = Sealed::parse(&SEALED).unwrap();

		assert_eq!(sealed.open(PASSWORD).unwrap().to_secret(), key("//Bob//stash").to_secret());
		let other = decrypt_json(&SEALED, PASSWORD).unwrap();
		assert_eq!(other.public_key().0, key("//Bob//stash").account().0);
	}

	#[test]
	fn a_file_says_whose_key_it_is_and_nothing_of_the_key() {
		let secret = key("//Bob//stash").to_secret();

		assert_eq!(Sealed::parse(&SEALED).unwrap().address(), key("//Bob//stash").account());
		let value: Value = serde_json::from_str(&SEALED).unwrap();
		assert_eq!(value["meta"]["name"], "bob");
		let encoded = BASE64_STANDARD.decode(value["encoded"].as_str().unwrap()).unwrap();
		assert!(!encoded.windows(16).any(|window| secret.windows(16).any(|part| part == window)));
	}

	#[test]
	fn the_same_key_under_the_same_password_looks_different_each_time() {
		let again = Sealed::seal(&key("//Bob//stash"), PASSWORD, "bob").unwrap();

		let encoded = |sealed: &Sealed| BASE64_STANDARD.decode(&sealed.wallet.encoded).unwrap();
		let (one, other) = (encoded(&Sealed::parse(&SEALED).unwrap()), encoded(&again));
		assert_ne!(one[..32], other[..32]);
		assert_ne!(one[44..68], other[44..68]);
	}

	#[test]
	fn other_kinds_of_files_are_refused_by_name() {
		let with = |path: &'static str, value: Value| changed(move |json| *json.pointer_mut(path).unwrap() = value);

		assert_eq!(refusal("bottom drive obey lake"), WalletError::NotJson);
		assert_eq!(refusal("\"bottom drive\"").to_string(), "it is no key file of polkadot.js");
		assert_eq!(refusal(&with("/encoding/content", json!(["batch-pkcs8"]))), WalletError::Several);
		assert_eq!(refusal(&with("/encoding/type", json!(["none"]))), WalletError::NotEncrypted);
		let ed25519 = refusal(&with("/encoding/content", json!(["pkcs8", "ed25519"])));
		assert_eq!(ed25519, WalletError::Unsupported("pkcs8 ed25519 3".into()));
		assert!(matches!(refusal(&with("/encoding/version", json!("4"))), WalletError::Unsupported(_)));
		assert_eq!(refusal(&with("/address", json!("5Grw"))), WalletError::Damaged("no address"));
	}

	#[test]
	fn a_file_that_asks_for_any_effort_is_refused_at_once() {
		let costs = |n: u32, p: u32, r: u32| {
			changed(|json| {
				let mut sealed = BASE64_STANDARD.decode(json["encoded"].as_str().unwrap()).unwrap();
				sealed[32..44].copy_from_slice(&[n, p, r].map(u32::to_le_bytes).concat());
				json["encoded"] = BASE64_STANDARD.encode(sealed).into();
			})
		};

		for (n, p, r) in [(1 << 30, 1, 8), (1 << 17, 1 << 20, 8), (1 << 10, 1, 8), (0, 0, 0)] {
			assert_eq!(refusal(&costs(n, p, r)), WalletError::UnknownCost { n, p, r });
		}
	}

	#[test]
	fn a_damaged_file_is_an_error_wherever_it_is_cut() {
		let encoded = |text: String| changed(|json| json["encoded"] = text.into());
		let whole: Value = serde_json::from_str(&SEALED).unwrap();
		let bytes = BASE64_STANDARD.decode(whole["encoded"].as_str().unwrap()).unwrap();

		for length in [0, 31, 43, 67] {
			let error = refusal(&encoded(BASE64_STANDARD.encode(&bytes[..length])));
			assert_eq!(error, WalletError::Damaged("`encoded` is too short"));
		}
		for length in [68, bytes.len() - 1] {
			assert_eq!(refusal(&encoded(BASE64_STANDARD.encode(&bytes[..length]))), WalletError::WrongPassword);
		}
		assert_eq!(refusal(&encoded("%".into())), WalletError::Damaged("`encoded` is no Base64"));
	}

	#[test]
	fn a_key_beside_the_address_of_another_is_refused() {
		let address = key("//Alice").account();

		let error = refusal(&changed(|json| json["address"] = address.to_string().into()));

		assert_eq!(error, WalletError::OtherAccount { key: key("//Bob//stash").account(), address });
	}

	#[test]
	fn what_is_in_the_box_must_be_one_key() {
		let plain = pack(&key("//Alice"));
		assert!(unpack(&plain).is_some());

		let mut other = plain.to_vec();
		other[PLAIN - 1] ^= 1;
		assert!(unpack(&other).is_some_and(|(key, public)| key.account() != public));
		for wrong in [&plain[1..], &plain[..PLAIN - 1], &[&plain[..80], &plain[..5], &plain[85..]].concat()[..]] {
			assert!(unpack(wrong).is_none());
		}
	}
}
