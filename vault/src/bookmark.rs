//! The record on chain that names the newest pack which is safe.

use rand_core::TryCryptoRng;

use crate::{
	aead::{Cipher, ONLY, TAG},
	ensure_known,
	index::{DeltaId, DeltaRef},
	input,
	keys::{self, BookmarkKey},
	pack::PackNumber,
	plan::Shape,
	Error, Result, Root, Salt, Scheme, VERSION,
};

/// The most bytes of a record.
pub const MAX_RECORD: usize = 512;

const CLEAR: usize = 57;
const CONTENT: usize = 74;
const SHARD: usize = 9;

/// Deals have 5 bytes here; this one stands for none.
const NO_DEAL: u64 = (1 << 40) - 1;

/// Which running writer has set a record: drawn when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Writer(pub [u8; 8]);

impl Writer {
	/// A writer that starts now.
	///
	/// ## Errors
	/// [`Error::Random`].
	pub fn generate(random: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self> {
		Ok(Self(input::random(random)?))
	}
}

/// Where a record is kept. One that is copied elsewhere does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
	/// Hash of the chain's first block.
	pub genesis: [u8; 32],
	/// The account.
	pub account: [u8; 32],
}

/// A shard of the newest pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardHint {
	/// The first bytes of its root.
	pub root: [u8; 4],
	/// Its deal, if one is known.
	pub deal: Option<u64>,
}

impl ShardHint {
	/// Of a shard and its deal. A deal whose number does not fit into 5 bytes is left out: it has to be searched.
	pub fn new(root: &Root, deal: Option<u64>) -> Self {
		let start = root.0.first_chunk().copied().unwrap_or_default();
		Self { root: start, deal: deal.filter(|deal| *deal < NO_DEAL) }
	}
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
	/// One more than in the record before, from 1.
	pub sequence: u64,
	/// Who has set it.
	pub writer: Writer,
	/// The newest pack.
	pub number: PackNumber,
	/// Its shape, and where its delta is.
	pub shape: Shape,
	/// Which delta that is.
	pub delta: DeltaId,
	/// The pack's salt.
	pub salt: Salt,
	/// All its shards, in order.
	pub shards: Vec<ShardHint>,
}

impl Bookmark {
	/// The record, under a key of its own.
	///
	/// ## Errors
	/// [`Error::Length`] for another number of shards than the scheme has; [`Error::Order`] for sequence 0;
	/// [`Error::Random`].
	pub fn seal(&self, key: &BookmarkKey, place: &Place, random: &mut (impl TryCryptoRng + ?Sized)) -> Result<Vec<u8>> {
		if self.shards.len() != usize::from(self.shape.scheme().n()) {
			return Err(Error::Length { what: "a list of shards", length: input::length(&self.shards) });
		}
		if self.sequence == 0 {
			return Err(Error::Order);
		}
		let random: [u8; 32] = input::random(random)?;
		let key = key.record(&random);
		let mut record = vec![VERSION];
		record.extend_from_slice(&self.sequence.to_le_bytes());
		record.extend_from_slice(&random);
		record.extend_from_slice(&keys::check(&key));
		let mut content = self.content();
		Cipher::new(&key)?.seal(ONLY, &associated(place, self.sequence), &mut content)?;
		record.append(&mut content);
		Ok(record)
	}

	fn content(&self) -> Vec<u8> {
		let shape = &self.shape;
		let mut bytes = self.writer.0.to_vec();
		bytes.extend_from_slice(&self.number.0.to_le_bytes());
		bytes.extend_from_slice(&[shape.scheme().k(), shape.scheme().n()]);
		bytes.extend_from_slice(&shape.numbers());
		bytes.extend_from_slice(&self.delta.0);
		bytes.extend_from_slice(&self.salt.0);
		for shard in &self.shards {
			let deal = shard.deal.unwrap_or(NO_DEAL).min(NO_DEAL).to_le_bytes();
			bytes.extend_from_slice(&shard.root);
			bytes.extend(deal.into_iter().take(SHARD - shard.root.len()));
		}
		bytes
	}

	/// Opens a record of this place.
	///
	/// ## Errors
	/// [`Error::VersionTooNew`], [`Error::VersionUnknown`], [`Error::Length`]; [`Error::WrongKey`] for a record of other
	/// words; [`Error::NotAuthentic`] for one of another chain or account, or a damaged one; [`Error::UnknownScheme`],
	/// [`Error::PlanImpossible`], [`Error::Encoding`], [`Error::Order`].
	pub fn open(record: &[u8], key: &BookmarkKey, place: &Place) -> Result<Self> {
		if let Some(version) = record.first() {
			ensure_known(*version)?;
		}
		let shards = record.len().checked_sub(CLEAR + CONTENT + TAG).filter(|_| record.len() <= MAX_RECORD);
		let wrong = Error::Length { what: "a bookmark", length: input::length(record) };
		if shards.is_none_or(|shards| !shards.is_multiple_of(SHARD)) {
			return Err(wrong);
		}
		let mut rest = record;
		input::take::<1>(&mut rest)?;
		let sequence = u64::from_le_bytes(input::take(&mut rest)?);
		let key = key.record(&input::take(&mut rest)?);
		if input::take::<16>(&mut rest)? != keys::check(&key) {
			return Err(Error::WrongKey);
		}
		let mut sealed = rest.to_vec();
		let content = Cipher::new(&key)?.open(ONLY, &associated(place, sequence), &mut sealed, "a bookmark")?;
		if sequence == 0 {
			return Err(Error::Order);
		}
		Self::parse(sequence, content)
	}

	fn parse(sequence: u64, mut rest: &[u8]) -> Result<Self> {
		let writer = Writer(input::take(&mut rest)?);
		let number = PackNumber::new(u32::from_le_bytes(input::take(&mut rest)?))?;
		let [k, n] = input::take(&mut rest)?;
		let scheme = Scheme::new(k, n)?;
		let shape = Shape::take(scheme, &mut rest)?;
		let delta = DeltaId(input::take(&mut rest)?);
		let salt = Salt(input::take(&mut rest)?);
		let mut shards = Vec::with_capacity(n.into());
		for _ in scheme.shards() {
			let root = input::take(&mut rest)?;
			let [a, b, c, d, e] = input::take::<5>(&mut rest)?;
			let deal = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
			shards.push(ShardHint { root, deal: Some(deal).filter(|deal| *deal != NO_DEAL) });
		}
		if !rest.is_empty() {
			return Err(Error::Encoding("a bookmark"));
		}
		Ok(Self { sequence, writer, number, shape, delta, salt, shards })
	}

	/// Where the newest delta is.
	pub fn delta_ref(&self) -> DeltaRef {
		DeltaRef { pack: self.number, unit: self.shape.delta_unit(), length: self.shape.delta_length(), id: self.delta }
	}

	/// Refuses a record with a sequence below one that was seen: what has shown it is behind, or lies.
	///
	/// ## Errors
	/// [`Error::BookmarkOlder`].
	pub fn ensure_not_before(&self, seen: u64) -> Result<()> {
		if self.sequence < seen {
			return Err(Error::BookmarkOlder { seen, found: self.sequence });
		}
		Ok(())
	}
}

/// The hash by which the chain knows the record in force, so that another one cannot be overwritten unseen.
pub fn record_hash(record: &[u8]) -> [u8; 32] {
	sp_crypto_hashing::blake2_256(record)
}

fn associated(place: &Place, sequence: u64) -> Vec<u8> {
	[&place.genesis[..], &place.account, &sequence.to_le_bytes()].concat()
}
