//! Records: what deltas change and checkpoints list.

use core::cmp::Reverse;

use codec::{Decode, DecodeAll, Encode};

use super::{
	object::{ensure_checksums, ensure_etag, ensure_part_number, ensure_texts, Body, Checksum, Part, Texts},
	table::{ensure_pack, PackRow},
	MAX_RECORD,
};
use crate::{input, keys, pack::PackNumber, ContentKey, Error, Result};

const MAX_KEY: usize = 1_024;
const MAX_KEY_BUCKETS: usize = 100;

/// The name of a multipart upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct UploadId(pub [u8; 16]);

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bucket {
	/// Its name.
	pub name: String,
	/// Milliseconds since 1970.
	pub created: u64,
}

/// A version of an object.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Object {
	/// The bucket that it is in.
	pub bucket: String,
	/// Its key.
	pub key: String,
	/// Greater for what was written later.
	pub version: u64,
	/// Milliseconds since 1970.
	pub modified: u64,
	/// Nothing, if it is a delete marker.
	pub body: Option<Body>,
}

/// Which version of which object.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ObjectName {
	/// The bucket that it is in.
	pub bucket: String,
	/// Its key.
	pub key: String,
	/// Its version.
	pub version: u64,
}

/// An access key of S3 clients. Its secret is derived from the root key and its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AccessKey {
	/// What clients send.
	pub id: String,
	/// The buckets that it is for, or all.
	pub buckets: Option<Vec<String>>,
	/// Whether it may change nothing.
	pub read_only: bool,
	/// Seconds since 1970 when it ends, if it does.
	pub until: Option<u64>,
}

/// An open multipart upload.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Upload {
	/// Its name.
	pub id: UploadId,
	/// The bucket of the object to be.
	pub bucket: String,
	/// The key of the object to be.
	pub key: String,
	/// Milliseconds since 1970.
	pub started: u64,
	/// System headers.
	pub headers: Texts,
	/// The user's metadata.
	pub metadata: Texts,
	/// Tags.
	pub tags: Texts,
	/// What its parts are sealed under.
	pub content_key: ContentKey,
}

/// A part of an open multipart upload.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UploadPart {
	/// The upload.
	pub upload: UploadId,
	/// The part.
	pub part: Part,
	/// Its MD5 as text.
	pub etag: String,
	/// Checksums.
	pub checksums: Vec<Checksum>,
	/// Milliseconds since 1970.
	pub modified: u64,
}

/// One change, or one line of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Record {
	/// A pack, as of now.
	#[codec(index = 0)]
	Pack(PackRow),
	/// A pack that is not needed any more.
	#[codec(index = 1)]
	PackGone(PackNumber),
	/// A bucket.
	#[codec(index = 2)]
	Bucket(Bucket),
	/// A bucket that is no more.
	#[codec(index = 3)]
	BucketGone(String),
	/// A version of an object.
	#[codec(index = 4)]
	Object(Box<Object>),
	/// A version that is no more.
	#[codec(index = 5)]
	ObjectGone(ObjectName),
	/// An access key.
	#[codec(index = 6)]
	AccessKey(AccessKey),
	/// An access key that is revoked.
	#[codec(index = 7)]
	AccessKeyGone(String),
	/// An open upload.
	#[codec(index = 8)]
	Upload(Box<Upload>),
	/// An upload that is completed or aborted.
	#[codec(index = 9)]
	UploadGone(UploadId),
	/// A part of an open upload.
	#[codec(index = 10)]
	UploadPart(Box<UploadPart>),
	/// A part that is no more.
	#[codec(index = 11)]
	UploadPartGone {
		/// The upload.
		upload: UploadId,
		/// The part's number.
		number: u16,
	},
}

/// Where a record stands among others: by table, then by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position<'a> {
	/// Of a pack.
	Pack(PackNumber),
	/// Of a bucket.
	Bucket(&'a str),
	/// Of a version of an object, the newest first.
	Object(&'a str, &'a str, Reverse<u64>),
	/// Of an access key.
	AccessKey(&'a str),
	/// Of an upload.
	Upload(UploadId),
	/// Of a part of an upload.
	UploadPart(UploadId, u16),
}

impl Record {
	/// Where it stands among others. A record and its end have the same position.
	pub fn position(&self) -> Position<'_> {
		match self {
			Self::Pack(row) => Position::Pack(row.number),
			Self::PackGone(number) => Position::Pack(*number),
			Self::Bucket(bucket) => Position::Bucket(&bucket.name),
			Self::BucketGone(name) => Position::Bucket(name),
			Self::Object(object) => Position::Object(&object.bucket, &object.key, Reverse(object.version)),
			Self::ObjectGone(name) => Position::Object(&name.bucket, &name.key, Reverse(name.version)),
			Self::AccessKey(key) => Position::AccessKey(&key.id),
			Self::AccessKeyGone(id) => Position::AccessKey(id),
			Self::Upload(upload) => Position::Upload(upload.id),
			Self::UploadGone(id) => Position::Upload(*id),
			Self::UploadPart(part) => Position::UploadPart(part.upload, part.part.number),
			Self::UploadPartGone { upload, number } => Position::UploadPart(*upload, *number),
		}
	}

	/// Whether it says that something is no more.
	pub fn is_end(&self) -> bool {
		matches!(
			self,
			Self::PackGone(_)
				| Self::BucketGone(_)
				| Self::ObjectGone(_)
				| Self::AccessKeyGone(_)
				| Self::UploadGone(_)
				| Self::UploadPartGone { .. }
		)
	}

	/// The record that ends what this one is about, if it does not already.
	pub fn to_end(&self) -> Self {
		match self {
			Self::Pack(row) => Self::PackGone(row.number),
			Self::Bucket(bucket) => Self::BucketGone(bucket.name.clone()),
			Self::Object(object) => Self::ObjectGone(ObjectName {
				bucket: object.bucket.clone(),
				key: object.key.clone(),
				version: object.version,
			}),
			Self::AccessKey(key) => Self::AccessKeyGone(key.id.clone()),
			Self::Upload(upload) => Self::UploadGone(upload.id),
			Self::UploadPart(part) => Self::UploadPartGone { upload: part.upload, number: part.part.number },
			end => end.clone(),
		}
	}

	/// Decodes one record of a delta or checkpoint that may name packs up to `up_to`.
	///
	/// ## Errors
	/// [`Error::Limit`], [`Error::Encoding`], [`Error::Record`].
	pub fn decode_checked(mut bytes: &[u8], up_to: PackNumber) -> Result<Self> {
		input::ensure_at_most("bytes of a record", input::length(bytes), MAX_RECORD.into())?;
		let record = Self::decode_all(&mut bytes).map_err(|_| Error::Encoding("a record"))?;
		record.ensure_good(up_to)?;
		Ok(record)
	}

	/// Refuses a record that breaks a limit, or names a pack after `up_to`.
	///
	/// ## Errors
	/// [`Error::Record`], [`Error::UnknownScheme`].
	pub fn ensure_good(&self, up_to: PackNumber) -> Result<()> {
		match self {
			Self::Pack(row) => row.ensure_good(up_to),
			Self::PackGone(number) => ensure_pack(*number, up_to),
			Self::Bucket(bucket) => ensure_bucket(&bucket.name),
			Self::BucketGone(name) => ensure_bucket(name),
			Self::Object(object) => {
				ensure_name(&object.bucket, &object.key)?;
				object.body.as_ref().map_or(Ok(()), |body| body.ensure_good(up_to))
			}
			Self::ObjectGone(name) => ensure_name(&name.bucket, &name.key),
			Self::AccessKey(key) => ensure_access_key(key),
			Self::AccessKeyGone(id) => keys::ensure_access_key_id(id),
			Self::Upload(upload) => {
				ensure_name(&upload.bucket, &upload.key)?;
				ensure_texts(&upload.headers, &upload.metadata, &upload.tags)
			}
			Self::UploadGone(_) => Ok(()),
			Self::UploadPart(part) => {
				part.part.ensure_good(up_to)?;
				ensure_etag(&part.etag)?;
				ensure_checksums(&part.checksums)
			}
			Self::UploadPartGone { number, .. } => ensure_part_number(*number),
		}
	}
}

fn ensure_bucket(name: &str) -> Result<()> {
	let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-';
	if !(3..=63).contains(&name.len()) || !name.bytes().all(good) {
		return Err(Error::Record("name of a bucket"));
	}
	Ok(())
}

fn ensure_name(bucket: &str, key: &str) -> Result<()> {
	ensure_bucket(bucket)?;
	if key.is_empty() || key.len() > MAX_KEY {
		return Err(Error::Record("key of an object"));
	}
	Ok(())
}

fn ensure_access_key(key: &AccessKey) -> Result<()> {
	keys::ensure_access_key_id(&key.id)?;
	let buckets = key.buckets.as_deref().unwrap_or_default();
	if buckets.len() > MAX_KEY_BUCKETS {
		return Err(Error::Record("buckets of an access key"));
	}
	buckets.iter().try_for_each(|name| ensure_bucket(name))
}
