//! Words and keys.

use proptest::prelude::*;
use substation_vault::{keys::Secret, plan::Salt, Seed};

use crate::common::{derive, name, root_key};

const WORDS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
	abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art";

/// From the tests of substrate-bip39: zero entropy, passphrase "Substrate".
const SEED: &str = "44e9d125f037ac1d51f0a7d3649689d422c2af8b1ec8e00d71db4d7bf6d127e33f50c3d5c84fa3e5399c72d6cbbbbc4a\
	49bf76f76d952f479d74655a2ef2d453";

#[test]
fn seed_is_the_one_that_wallets_make() {
	let seed = Seed::from_words(WORDS, "Substrate").unwrap();

	assert_eq!(hex::encode(seed.secret().expose()), SEED);
	assert_eq!(hex::encode(seed.account_seed().expose()), SEED[..64]);
}

#[test]
fn passphrase_changes_the_account_and_the_content() {
	let with = Seed::from_words(WORDS, "Substrate").unwrap();
	let without = Seed::from_words(WORDS, "").unwrap();

	assert_ne!(with.account_seed().expose(), without.account_seed().expose());
	assert_ne!(with.root_key().secret().expose(), without.root_key().secret().expose());
}

#[test]
fn only_24_good_words_are_taken() {
	let twelve = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
	let wrong_checksum = WORDS.replace("art", "abandon");
	let not_a_word = WORDS.replace("art", "xylophone");

	for words in ["", twelve, &wrong_checksum, &not_a_word, &WORDS[8..], &format!("{WORDS} art")] {
		assert_eq!(name(Seed::from_words(words, "")), "Words", "{words}");
	}
}

#[test]
fn account_key_does_not_open_content() {
	let seed = Seed::from_words(WORDS, "").unwrap();
	let mut forged = *seed.secret().expose();
	forged[63] ^= 1;

	assert_eq!(seed.root_key().secret().expose(), &derive("root", &[seed.secret().expose()]));
	assert_ne!(seed.root_key().secret().expose(), &derive("root", &[&forged]));
	assert_ne!(seed.root_key().secret().expose(), &derive("root", &[seed.account_seed().expose()]));
}

#[test]
fn keys_are_derived_as_specified() {
	let root = root_key(3);
	let bytes = [3; 32];

	assert_eq!(root.index_key().secret().expose(), &derive("index", &[&bytes]));
	assert_eq!(root.bookmark_key().secret().expose(), &derive("bookmark", &[&bytes]));
	assert_eq!(root.repair_key(&Salt([9; 32])).secret().expose(), &derive("repair", &[&bytes, &[9; 32]]));
	assert_eq!(*root.s3_secret("first-key").unwrap(), hex::encode(derive("s3-secret", &[&bytes, b"first-key"])));
}

#[test]
fn s3_secrets_differ_by_id_and_vault() {
	let secret = root_key(3).s3_secret("one").unwrap();

	assert_ne!(secret, root_key(3).s3_secret("two").unwrap());
	assert_ne!(secret, root_key(4).s3_secret("one").unwrap());
	for id in ["", "with space", "umlaut-ä", &"x".repeat(129)] {
		assert_eq!(name(root_key(3).s3_secret(id)), "Record", "{id}");
	}
	assert!(root_key(3).s3_secret(&"x".repeat(128)).is_ok());
}

#[test]
fn secrets_are_not_shown() {
	let root = root_key(0xab);
	let salt = Salt([0; 32]);
	let seed = Seed::from_words(WORDS, "").unwrap();
	let shown = format!(
		"{root:?} {:?} {:?} {:?} {seed:?} {:?}",
		root.index_key(),
		root.bookmark_key(),
		root.repair_key(&salt),
		Secret::from([0xab_u8; 32]),
	);

	assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab, ab"), "{shown}");
	assert!(!shown.contains('['), "{shown}");
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]

	#[test]
	fn seeds_agree_with_substrate(entropy: [u8; 32], passphrase in ".{0,12}") {
		let words = bip39::Mnemonic::from_entropy(&entropy).unwrap().to_string();

		let seed = Seed::from_words(&words, &passphrase).unwrap();

		let expected = substrate_bip39::seed_from_entropy(&entropy, &passphrase).unwrap();
		prop_assert_eq!(seed.secret().expose(), &expected);
	}
}
