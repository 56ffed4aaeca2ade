//! What an object is made of.

use codec::{Decode, Encode};

use super::table::ensure_pack;
use crate::{frame, frame::Attempt, pack::PackNumber, ContentKey, Error, Result, MAX_UNITS, UNIT_LENGTH};

/// Names and values.
pub type Texts = Vec<(String, String)>;

const MAX_TEXTS: usize = 2_048;
const MAX_TAGS: usize = 10;
const MAX_TAG_NAME: usize = 128;
const MAX_TAG_VALUE: usize = 256;
const MAX_ETAG: usize = 64;
const MAX_CHECKSUMS: usize = 5;
const MAX_PARTS: usize = 10_000;
const MAX_PART: u64 = 5 << 30;
const MAX_OBJECT: u64 = 5 << 40;

/// Consecutive bytes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Extent {
	/// The pack.
	pub pack: PackNumber,
	/// Where in it.
	pub offset: u64,
	/// Sealed bytes.
	pub length: u64,
}

/// Refuses extents that do not make up one sealed stream of `sealed` bytes, cut between frames.
pub(super) fn ensure_extents(extents: &[Extent], sealed: u64, up_to: PackNumber) -> Result<()> {
	let (last, others) = extents.split_last().ok_or(Error::Record("no extents"))?;
	if others.iter().any(|extent| extent.length % UNIT_LENGTH != 0) {
		return Err(Error::Record("extent that ends within a frame"));
	}
	let mut total = 0_u64;
	for extent in others.iter().chain([last]) {
		ensure_pack(extent.pack, up_to)?;
		let end = extent.offset.checked_add(extent.length);
		if extent.length == 0 || end.is_none_or(|end| end > u64::from(MAX_UNITS) * UNIT_LENGTH) {
			return Err(Error::Record("extent outside of a pack"));
		}
		total = total.checked_add(extent.length).ok_or(Error::Record("length of extents"))?;
	}
	if total != sealed {
		return Err(Error::Record("length of extents"));
	}
	Ok(())
}

/// One sealed stream of an object: all of it, or one part of a multipart upload.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Part {
	/// From 1 to 10,000.
	pub number: u16,
	/// What its stream key depends on.
	pub attempt: Attempt,
	/// Bytes of plaintext.
	pub length: u64,
	/// Where its frames are.
	pub extents: Vec<Extent>,
}

impl Part {
	pub(super) fn ensure_good(&self, up_to: PackNumber) -> Result<()> {
		ensure_part_number(self.number)?;
		if self.length > MAX_PART {
			return Err(Error::Record("length of a part"));
		}
		ensure_extents(&self.extents, frame::sealed_length(self.length)?, up_to)
	}
}

/// Refuses numbers that no part has.
pub(super) fn ensure_part_number(number: u16) -> Result<()> {
	(1..=MAX_PARTS).contains(&number.into()).then_some(()).ok_or(Error::Record("number of a part"))
}

/// A checksum that a client has sent or asked for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Checksum {
	/// 0 CRC32, 1 CRC32C, 2 CRC64NVME, 3 SHA-1, 4 SHA-256.
	pub kind: u8,
	/// Whether it is a checksum of the parts' checksums.
	pub composite: bool,
	/// 4, 4, 8, 20 or 32 bytes.
	pub value: Vec<u8>,
}

pub(super) fn ensure_checksums(checksums: &[Checksum]) -> Result<()> {
	if checksums.len() > MAX_CHECKSUMS {
		return Err(Error::Record("number of checksums"));
	}
	for checksum in checksums {
		let length = match checksum.kind {
			0 | 1 => 4,
			2 => 8,
			3 => 20,
			4 => 32,
			_ => return Err(Error::Record("kind of a checksum")),
		};
		if checksum.value.len() != length {
			return Err(Error::Record("length of a checksum"));
		}
	}
	Ok(())
}

pub(super) fn ensure_texts(headers: &Texts, metadata: &Texts, tags: &Texts) -> Result<()> {
	let total = |texts: &Texts| texts.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
	if total(headers) > MAX_TEXTS {
		return Err(Error::Record("length of headers"));
	}
	if total(metadata) > MAX_TEXTS {
		return Err(Error::Record("length of metadata"));
	}
	let long =
		|(name, value): &(String, String)| name.chars().count() > MAX_TAG_NAME || value.chars().count() > MAX_TAG_VALUE;
	if tags.len() > MAX_TAGS || tags.iter().any(long) {
		return Err(Error::Record("tags"));
	}
	Ok(())
}

pub(super) fn ensure_etag(etag: &str) -> Result<()> {
	if etag.len() > MAX_ETAG {
		return Err(Error::Record("length of an etag"));
	}
	Ok(())
}

/// Everything of an object but its name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Body {
	/// Bytes of plaintext.
	pub size: u64,
	/// As S3 shows it, without quotes.
	pub etag: String,
	/// System headers, such as the content type.
	pub headers: Texts,
	/// The user's metadata.
	pub metadata: Texts,
	/// Tags.
	pub tags: Texts,
	/// Checksums.
	pub checksums: Vec<Checksum>,
	/// What all parts are sealed under, each with its attempt.
	pub content_key: ContentKey,
	/// Its streams, by ascending number.
	pub parts: Vec<Part>,
}

impl Body {
	pub(super) fn ensure_good(&self, up_to: PackNumber) -> Result<()> {
		ensure_texts(&self.headers, &self.metadata, &self.tags)?;
		ensure_etag(&self.etag)?;
		ensure_checksums(&self.checksums)?;
		if self.size > MAX_OBJECT {
			return Err(Error::Record("size of an object"));
		}
		if self.parts.is_empty() || self.parts.len() > MAX_PARTS {
			return Err(Error::Record("number of parts"));
		}
		if !self.parts.is_sorted_by(|one, next| one.number < next.number) {
			return Err(Error::Record("order of parts"));
		}
		let mut size = 0_u64;
		for part in &self.parts {
			part.ensure_good(up_to)?;
			// At most 10,000 parts of at most 5 GiB.
			size = size.saturating_add(part.length);
		}
		if size != self.size {
			return Err(Error::Record("size of parts"));
		}
		Ok(())
	}
}
