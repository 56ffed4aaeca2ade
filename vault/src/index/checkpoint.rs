//! A whole state of the index, in one stream that may lie in several packs.

use std::io::{Read, Write};

use codec::{Decode, Encode};
use rand_core::TryCryptoRng;

use super::{
	object::{ensure_extents, Extent},
	record::Record,
	stream::{self, Items, Records},
	HEAD,
};
use crate::{
	frame::{self, Opener, StreamWriter},
	input,
	keys::IndexKey,
	pack::PackNumber,
	Error, Result,
};

/// The most extents of a checkpoint.
const MAX_EXTENTS: u64 = 256;

/// What a checkpoint says before its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CheckpointHeader {
	/// The state that it is.
	pub as_of: PackNumber,
	/// Seconds since 1970 when it was written.
	pub time: u64,
	/// How many records follow.
	pub records: u64,
}

/// Where a checkpoint is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CheckpointRef {
	/// The state that it is.
	pub as_of: PackNumber,
	/// Random bytes that its key depends on.
	pub head: [u8; HEAD],
	/// Bytes of plaintext.
	pub length: u64,
	/// Where its frames are.
	pub extents: Vec<Extent>,
}

impl CheckpointRef {
	pub(super) fn ensure_good(&self, up_to: PackNumber) -> Result<()> {
		PackNumber::new(self.as_of.0).map_err(|_| Error::Chain("a checkpoint of pack 0"))?;
		input::ensure_at_most("extents of a checkpoint", input::length(&self.extents), MAX_EXTENTS)?;
		if self.extents.iter().any(|extent| extent.pack <= self.as_of) {
			return Err(Error::Chain("a checkpoint in packs that it covers"));
		}
		ensure_extents(&self.extents, frame::sealed_length(self.length)?, up_to)
	}
}

/// A checkpoint that is written. It becomes a [`CheckpointRef`] once its frames have places in packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
	/// Random bytes that its key depends on.
	pub head: [u8; HEAD],
	/// Bytes of plaintext.
	pub length: u64,
	/// Bytes of all its frames. They may be cut between any two, at multiples of 65,536.
	pub sealed: u64,
}

impl Checkpoint {
	/// Writes a checkpoint's frames under a key that nothing else is sealed under. Records have to ascend, and to be as many
	/// as the header says.
	///
	/// ## Errors
	/// [`Error::Record`], [`Error::Order`], [`Error::Encoding`], [`Error::Limit`], [`Error::Random`], [`Error::Io`].
	pub fn write(
		key: &IndexKey,
		random: &mut (impl TryCryptoRng + ?Sized),
		header: &CheckpointHeader,
		records: impl IntoIterator<Item = Record>,
		out: impl Write,
	) -> Result<Self> {
		PackNumber::new(header.as_of.0)?;
		let head: [u8; HEAD] = input::random(random)?;
		let mut stream = StreamWriter::new(&key.checkpoint(&head), out)?;
		stream::write(&mut stream, header, header.records, records, header.as_of, false)?;
		let (length, _) = stream.finish()?;
		Ok(Self { head, length: length.plain, sealed: length.sealed })
	}

	/// Opens the checkpoint that `place` names: `source` has the bytes of its extents, one after the other.
	///
	/// ## Errors
	/// [`Error::OtherPack`] if it is of another state; [`Error::Length`], [`Error::NotAuthentic`], [`Error::Limit`],
	/// [`Error::Encoding`], [`Error::Truncated`], [`Error::Io`].
	pub fn read<R: Read>(key: &IndexKey, place: &CheckpointRef, source: R) -> Result<(CheckpointHeader, Records<R>)> {
		let sealed = frame::sealed_length(place.length)?;
		let mut items = Items::new(Opener::new(&key.checkpoint(&place.head))?.read(source, sealed)?);
		let header: CheckpointHeader = items.header()?;
		if header.as_of != place.as_of {
			return Err(Error::OtherPack(place.as_of));
		}
		Ok((header, Records::new(items, header.records, header.as_of, false)))
	}
}
