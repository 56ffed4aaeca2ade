//! What changed since the pack before, at the end of each pack.

use std::io::{Read, Write};

use codec::{Decode, Encode};
use rand_core::TryCryptoRng;

use super::{
	checkpoint::CheckpointRef,
	record::Record,
	stream::{self, Items, Records},
	table::PackRow,
	HEAD, HEAD_LENGTH, MAX_CHAIN, MAX_DELTA,
};
use crate::{
	frame::{self, Opener, StreamWriter},
	input,
	keys::IndexKey,
	pack::PackNumber,
	plan::Shape,
	Error, Result,
};

/// The first half of a delta's head: which delta it is, of all that were ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct DeltaId(pub [u8; 16]);

/// Where a delta is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeltaRef {
	/// The pack that it ends.
	pub pack: PackNumber,
	/// The unit at which it begins.
	pub unit: u32,
	/// Its bytes, with its head.
	pub length: u32,
	/// Which one it is.
	pub id: DeltaId,
}

/// What a delta says before its records.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeltaHeader {
	/// The pack that the delta is in.
	pub number: PackNumber,
	/// Seconds since 1970 when it was written: the time of the pack.
	pub time: u64,
	/// The newest complete checkpoint.
	pub checkpoint: Option<CheckpointRef>,
	/// All deltas after the checkpoint and before this one, oldest first.
	pub chain: Vec<DeltaRef>,
	/// The rows of all packs that `checkpoint` and `chain` name, ascending, without this one: its roots are not known yet.
	pub packs: Vec<PackRow>,
	/// How many records follow.
	pub records: u64,
}

impl DeltaHeader {
	/// ## Errors
	/// [`Error::Chain`], and what rows of packs and the checkpoint's extents are rejected for.
	pub(super) fn ensure_good(&self) -> Result<()> {
		PackNumber::new(self.number.0).map_err(|_| Error::Chain("number 0"))?;
		self.ensure_chain()?;
		if let Some(checkpoint) = &self.checkpoint {
			checkpoint.ensure_good(self.number)?;
		}
		for row in &self.packs {
			row.ensure_good(self.number)?;
		}
		self.ensure_rows()
	}

	/// All deltas from the checkpoint to this one, none twice and none left out.
	fn ensure_chain(&self) -> Result<()> {
		let as_of = self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.as_of.0);
		let steps = self.number.0.checked_sub(as_of).filter(|steps| *steps > 0);
		let steps = steps.ok_or(Error::Chain("a checkpoint that is not older"))?;
		if steps > MAX_CHAIN {
			return Err(Error::Chain("too far from the checkpoint"));
		}
		let expected = (1..steps).map(|step| as_of.saturating_add(step));
		if !self.chain.iter().map(|delta| delta.pack.0).eq(expected) {
			return Err(Error::Chain("not every delta since the checkpoint"));
		}
		Ok(())
	}

	/// Exactly the rows of the other packs that are named, ascending; each delta ends the pack that its row describes.
	fn ensure_rows(&self) -> Result<()> {
		let extents = self.checkpoint.iter().flat_map(|checkpoint| &checkpoint.extents);
		let extents = extents.filter(|extent| extent.pack != self.number);
		let mut named: Vec<_> =
			extents.map(|extent| extent.pack).chain(self.chain.iter().map(|delta| delta.pack)).collect();
		named.sort_unstable();
		named.dedup();
		if !self.packs.iter().map(|row| row.number).eq(named) {
			return Err(Error::Chain("rows that are not those of the packs it names"));
		}
		for delta in &self.chain {
			let row = self.packs.iter().find(|row| row.number == delta.pack);
			let row = row.ok_or(Error::Chain("a pack without a row"))?;
			Shape::new(row.scheme()?, row.units, delta.unit, delta.length)
				.map_err(|_| Error::Chain("place of a delta"))?;
		}
		Ok(())
	}
}

/// A delta that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta {
	/// Which one it is.
	pub id: DeltaId,
	/// Its bytes, with its head.
	pub length: u32,
}

impl Delta {
	/// Writes a delta under a key that nothing else is sealed under. Records have to ascend, and to be as many as the header
	/// says.
	///
	/// ## Errors
	/// [`Error::Chain`], [`Error::Record`], [`Error::Order`], [`Error::Encoding`], [`Error::Limit`], [`Error::Random`],
	/// [`Error::Io`].
	pub fn write(
		key: &IndexKey,
		random: &mut (impl TryCryptoRng + ?Sized),
		header: &DeltaHeader,
		records: impl IntoIterator<Item = Record>,
		mut out: impl Write,
	) -> Result<Self> {
		header.ensure_good()?;
		let head: [u8; HEAD] = input::random(random)?;
		out.write_all(&head)?;
		let mut stream = StreamWriter::new(&key.delta(&head), out)?;
		stream::write(&mut stream, header, header.records, records, header.number, true)?;
		let (sealed, _) = stream.finish()?;

		let length = sealed.sealed.saturating_add(HEAD_LENGTH);
		input::ensure_at_most("bytes of a delta", length, MAX_DELTA.into())?;
		let length = u32::try_from(length).map_err(|_| Error::Truncated)?;
		Ok(Self { id: id(&head)?, length })
	}

	/// Opens the delta that `place` names: `source` has its bytes from its head on.
	///
	/// ## Errors
	/// [`Error::OtherPack`] if it is not this delta; [`Error::Limit`], [`Error::Length`], [`Error::NotAuthentic`],
	/// [`Error::Encoding`], [`Error::Chain`], [`Error::Truncated`], [`Error::Io`].
	pub fn read<R: Read>(key: &IndexKey, place: &DeltaRef, mut source: R) -> Result<ReadDelta<R>> {
		input::ensure_at_most("bytes of a delta", place.length.into(), MAX_DELTA.into())?;
		let wrong = Error::Length { what: "a delta", length: place.length.into() };
		let sealed = u64::from(place.length).checked_sub(HEAD_LENGTH).ok_or(wrong)?;
		frame::plain_length(sealed)?;
		let mut head = [0; HEAD];
		input::fill(&mut source, &mut head)?;
		if id(&head)? != place.id {
			return Err(Error::OtherPack(place.pack));
		}
		let mut items = Items::new(Opener::new(&key.delta(&head))?.read(source, sealed)?);
		let header: DeltaHeader = items.header()?;
		if header.number != place.pack {
			return Err(Error::OtherPack(place.pack));
		}
		header.ensure_good()?;
		let records = Records::new(items, header.records, header.number, true);
		Ok(ReadDelta { header, records })
	}
}

/// A delta that is read: its header was checked, its records are checked as they come.
#[derive(Debug)]
pub struct ReadDelta<R> {
	/// The header.
	pub header: DeltaHeader,
	/// What changed.
	pub records: Records<R>,
}

fn id(head: &[u8; HEAD]) -> Result<DeltaId> {
	Ok(DeltaId(input::take(&mut &head[..])?))
}
