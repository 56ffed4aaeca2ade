//! 24 words, and every key that is derived from them.
//!
//! Keys are zeroed when they are dropped, and `Debug` does not show them. What hashing and the parsing of words leave on the
//! stack is not zeroed.

use core::{fmt, num::NonZeroU32};

use bip39::{Language, Mnemonic};
use codec::{Decode, Encode, EncodeLike, Input, Output};
use rand_core::TryCryptoRng;
use ring::pbkdf2;
use zeroize::{Zeroize, Zeroizing};

use crate::{input, plan::Plan, Error, Result, Salt, ShardNumber, VERSION};

/// Words of a phrase: 256 bits of entropy.
const WORDS: usize = 24;

/// Rounds of PBKDF2, as BIP39 fixes them.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2_047);

/// The longest id of an access key.
pub(crate) const MAX_ACCESS_KEY_ID: usize = 128;

mod context {
	pub(super) const ROOT: &str = "substation/vault/v1/root";
	pub(super) const INDEX: &str = "substation/vault/v1/index";
	pub(super) const BOOKMARK: &str = "substation/vault/v1/bookmark";
	pub(super) const SALT: &str = "substation/vault/v1/salt";
	pub(super) const REPAIR: &str = "substation/vault/v1/repair";
	pub(super) const S3_SECRET: &str = "substation/vault/v1/s3-secret";
	pub(super) const FRAMES: &str = "substation/vault/v1/frames";
	pub(super) const DELTA: &str = "substation/vault/v1/delta";
	pub(super) const CHECKPOINT: &str = "substation/vault/v1/checkpoint";
	pub(super) const MASK: &str = "substation/vault/v1/mask";
	pub(super) const FOOTER: &str = "substation/vault/v1/footer";
	pub(super) const BOOKMARK_RECORD: &str = "substation/vault/v1/bookmark-record";
	pub(super) const CHECK: &str = "substation/vault/v1/check";
}

/// Bytes that nobody else may see.
#[derive(Clone)]
pub struct Secret<const N: usize = 32>([u8; N]);

impl<const N: usize> Secret<N> {
	/// The bytes themselves.
	pub fn expose(&self) -> &[u8; N] {
		&self.0
	}
}

impl<const N: usize> From<[u8; N]> for Secret<N> {
	fn from(bytes: [u8; N]) -> Self {
		Self(bytes)
	}
}

impl<const N: usize> Drop for Secret<N> {
	fn drop(&mut self) {
		self.0.zeroize();
	}
}

impl<const N: usize> fmt::Debug for Secret<N> {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str("secret")
	}
}

fn derive(context: &'static str, parts: &[&[u8]]) -> Secret {
	let mut hasher = blake3::Hasher::new_derive_key(context);
	for part in parts {
		hasher.update(part);
	}
	Secret(hasher.finalize().into())
}

/// Tells a wrong key from damaged bytes.
pub(crate) fn check(key: &Secret) -> [u8; 16] {
	let hash = derive(context::CHECK, &[key.expose()]);
	hash.expose().first_chunk().copied().unwrap_or_default()
}

/// The 64 bytes that words and passphrase stand for, as Substrate makes them.
#[derive(Clone, Debug)]
pub struct Seed(Secret<64>);

impl Seed {
	/// The seed of 24 English words and a passphrase, which may be empty.
	///
	/// ## Errors
	/// [`Error::Words`].
	pub fn from_words(words: &str, passphrase: &str) -> Result<Self> {
		let phrase = Mnemonic::parse_in(Language::English, words).map_err(|_| Error::Words)?;
		let count = phrase.word_count();
		let (mut entropy, length) = phrase.to_entropy_array();
		let seed =
			entropy.get(..length).filter(|_| count == WORDS).map(|entropy| Self::from_entropy(entropy, passphrase));
		entropy.zeroize();
		seed.ok_or(Error::Words)
	}

	fn from_entropy(entropy: &[u8], passphrase: &str) -> Self {
		let salt = Zeroizing::new(["mnemonic", passphrase].concat());
		let mut seed = Secret([0; 64]);
		pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, ROUNDS, salt.as_bytes(), entropy, &mut seed.0);
		Self(seed)
	}

	/// The secret seed of the account that wallets make of the same words.
	pub fn account_seed(&self) -> Secret {
		Secret(self.0 .0.first_chunk().copied().unwrap_or_default())
	}

	/// The root of all keys of content.
	pub fn root_key(&self) -> RootKey {
		RootKey(derive(context::ROOT, &[self.0.expose()]))
	}

	/// All 64 bytes.
	pub fn secret(&self) -> &Secret<64> {
		&self.0
	}
}

/// What all keys of one vault are derived from.
#[derive(Clone, Debug)]
pub struct RootKey(Secret);

impl From<Secret> for RootKey {
	fn from(secret: Secret) -> Self {
		Self(secret)
	}
}

impl RootKey {
	/// The key itself, for whoever keeps it on a disk.
	pub fn secret(&self) -> &Secret {
		&self.0
	}

	/// The key of deltas and checkpoints.
	pub fn index_key(&self) -> IndexKey {
		IndexKey(derive(context::INDEX, &[self.0.expose()]))
	}

	/// The key of bookmarks.
	pub fn bookmark_key(&self) -> BookmarkKey {
		BookmarkKey(derive(context::BOOKMARK, &[self.0.expose()]))
	}

	/// The salt of a pack: a function of its bytes and shape, so that no two packs share a mask.
	pub fn salt(&self, plan: &Plan) -> Salt {
		let key = derive(context::SALT, &[self.0.expose()]);
		let mut hasher = blake3::Hasher::new_keyed(key.expose());
		hasher.update(&[VERSION]).update(&plan.to_bytes());
		Salt(hasher.finalize().into())
	}

	/// What rebuilds the shards of one pack, and reads none of its objects.
	pub fn repair_key(&self, salt: &Salt) -> RepairKey {
		RepairKey(derive(context::REPAIR, &[self.0.expose(), &salt.0]))
	}

	/// The secret of an access key of S3 clients.
	///
	/// ## Errors
	/// [`Error::Record`] for an id that is not 1 to 128 printable ASCII characters.
	pub fn s3_secret(&self, id: &str) -> Result<Zeroizing<String>> {
		ensure_access_key_id(id)?;
		let secret = derive(context::S3_SECRET, &[self.0.expose(), id.as_bytes()]);
		Ok(Zeroizing::new(hex::encode(secret.expose())))
	}
}

/// Refuses what is not the id of an access key.
pub(crate) fn ensure_access_key_id(id: &str) -> Result<()> {
	let good = !id.is_empty() && id.len() <= MAX_ACCESS_KEY_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
	good.then_some(()).ok_or(Error::Record("id of an access key"))
}

/// What deltas and checkpoints are sealed under.
#[derive(Clone, Debug)]
pub struct IndexKey(Secret);

impl IndexKey {
	pub(crate) fn delta(&self, head: &[u8; 32]) -> Secret {
		derive(context::DELTA, &[self.0.expose(), head])
	}

	pub(crate) fn checkpoint(&self, head: &[u8; 32]) -> Secret {
		derive(context::CHECKPOINT, &[self.0.expose(), head])
	}

	/// The key itself.
	pub fn secret(&self) -> &Secret {
		&self.0
	}
}

/// What bookmarks are sealed under.
#[derive(Clone, Debug)]
pub struct BookmarkKey(Secret);

impl BookmarkKey {
	pub(crate) fn record(&self, random: &[u8; 32]) -> Secret {
		derive(context::BOOKMARK_RECORD, &[self.0.expose(), random])
	}

	/// The key itself.
	pub fn secret(&self) -> &Secret {
		&self.0
	}
}

/// What masks and footers of one pack come from.
#[derive(Clone, Debug)]
pub struct RepairKey(Secret);

impl From<Secret> for RepairKey {
	fn from(secret: Secret) -> Self {
		Self(secret)
	}
}

impl RepairKey {
	pub(crate) fn mask(&self, shard: ShardNumber) -> Secret {
		derive(context::MASK, &[self.0.expose(), &[shard.0]])
	}

	pub(crate) fn footer(&self, shard: ShardNumber) -> Secret {
		derive(context::FOOTER, &[self.0.expose(), &[shard.0]])
	}

	/// The key itself, for whoever is to repair this pack.
	pub fn secret(&self) -> &Secret {
		&self.0
	}
}

/// The key of one version of one object. It stands in the object's record.
#[derive(Clone, Debug)]
pub struct ContentKey(Secret);

impl ContentKey {
	/// A random key.
	///
	/// ## Errors
	/// [`Error::Random`].
	pub fn generate(random: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self> {
		Ok(Self(Secret(input::random(random)?)))
	}

	pub(crate) fn stream(&self, attempt: &[u8; 16]) -> Secret {
		derive(context::FRAMES, &[self.0.expose(), attempt])
	}

	/// The key itself.
	pub fn secret(&self) -> &Secret {
		&self.0
	}
}

impl From<Secret> for ContentKey {
	fn from(secret: Secret) -> Self {
		Self(secret)
	}
}

/// In constant time: nobody learns by trying how much of a key is right.
impl PartialEq for ContentKey {
	fn eq(&self, other: &Self) -> bool {
		// blake3::Hash compares in constant time.
		blake3::Hash::from(*self.0.expose()) == blake3::Hash::from(*other.0.expose())
	}
}

impl Eq for ContentKey {}

impl Encode for ContentKey {
	fn size_hint(&self) -> usize {
		32
	}

	fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
		output.write(self.0.expose());
	}
}

impl EncodeLike for ContentKey {}

impl Decode for ContentKey {
	fn decode<I: Input>(input: &mut I) -> core::result::Result<Self, codec::Error> {
		let mut secret = Secret([0; 32]);
		input.read(&mut secret.0)?;
		Ok(Self(secret))
	}
}
