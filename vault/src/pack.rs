//! What lies where in a pack, and filling.
//!
//! [`PackWriter`] takes sealed bytes and hands on every byte of the pack in order; it holds none of them. What it fills is
//! random, and is written like everything else: coding reads it back, so that a pack has the same shards each time.

use core::{cmp::Ordering, fmt};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};

use rand_core::TryCryptoRng;

use crate::{index, input, plan::Shape, scheme::Scheme, Error, Plan, Result, MAX_UNITS, UNIT, UNIT_LENGTH};

/// Segments from this length on begin at a unit's edge.
pub const ALIGNED_SEGMENT: u64 = 1_048_576;

/// The number of a pack in its vault, from 1, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, codec::Encode, codec::Decode)]
pub struct PackNumber(pub(crate) u32);

impl PackNumber {
	/// The first pack of a vault.
	pub const FIRST: Self = Self(1);

	/// ## Errors
	/// [`Error::PlanImpossible`] for 0.
	pub fn new(number: u32) -> Result<Self> {
		if number == 0 {
			return Err(Error::PlanImpossible("number of the pack"));
		}
		Ok(Self(number))
	}

	/// The number itself.
	pub fn get(self) -> u32 {
		self.0
	}

	/// The pack after this one.
	pub fn next(self) -> Option<Self> {
		self.0.checked_add(1).map(Self)
	}
}

impl fmt::Display for PackNumber {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(formatter, "pack {}", self.0)
	}
}

/// Lays out one pack.
///
/// After an error of `out` the pack cannot be continued: [`PackWriter::resume`] from the last length that is known to be
/// on the disk.
#[derive(Debug)]
pub struct PackWriter<W, R> {
	out: Hashing<W>,
	random: R,
	scheme: Scheme,
	capacity: u64,
	buffer: Vec<u8>,
}

impl<W: Write, R: TryCryptoRng> PackWriter<W, R> {
	/// Begins a pack of at most `max_units` units, of which only whole rows are used. `random` is what gaps are filled
	/// with.
	///
	/// ## Errors
	/// [`Error::Limit`] above [`MAX_UNITS`], [`Error::PackFull`] below one row.
	pub fn new(scheme: Scheme, max_units: u32, out: W, random: R) -> Result<Self> {
		input::ensure_at_most("units of a pack", max_units.into(), MAX_UNITS.into())?;
		let rows = max_units.checked_div(scheme.k().into()).filter(|rows| *rows > 0).ok_or(Error::PackFull)?;
		let capacity = u64::from(rows) * u64::from(scheme.k()) * UNIT_LENGTH;
		Ok(Self { out: Hashing::new(out), random, scheme, capacity, buffer: vec![0; UNIT] })
	}

	/// Bytes of the pack so far.
	pub fn length(&self) -> u64 {
		self.out.length
	}

	/// Where a segment of `length` bytes would begin now.
	pub fn place(&self, length: u64) -> u64 {
		place(self.out.length, length)
	}

	/// Whether a segment of `length` bytes and a delta of at most `delta` bytes, with its head, still fit.
	pub fn has_room(&self, length: u64, delta: u64) -> bool {
		let end = self.place(length).checked_add(length).and_then(|end| end.checked_next_multiple_of(UNIT_LENGTH));
		end.and_then(|end| end.checked_add(delta)).is_some_and(|end| end <= self.capacity)
	}

	/// Appends a segment: `length` bytes of `sealed`. Returns where it begins. A buffer of [`UNIT`] bytes is a good one.
	///
	/// ## Errors
	/// Those of [`PackWriter::append_with`].
	pub fn append(&mut self, mut sealed: impl BufRead, length: u64) -> Result<u64> {
		self.append_with(length, |out| {
			let mut left = length;
			while left > 0 {
				let bytes = sealed.fill_buf()?;
				let bytes = bytes.get(..input::size(left.min(UNIT_LENGTH))?).unwrap_or(bytes);
				if bytes.is_empty() {
					break;
				}
				out.write_all(bytes)?;
				left = left.saturating_sub(input::length(bytes));
				let used = bytes.len();
				sealed.consume(used);
			}
			Ok(())
		})
	}

	/// Appends a segment of `length` bytes that `write` writes: for what is sealed straight into the pack. Returns where it
	/// begins.
	///
	/// ## Errors
	/// [`Error::PackFull`] before anything is written; [`Error::Truncated`] for fewer bytes and [`Error::Length`] for more,
	/// which then stay in the pack and belong to nothing; those of `write`; [`Error::Random`]; [`Error::Io`].
	pub fn append_with(&mut self, length: u64, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<u64> {
		if length == 0 {
			return Err(Error::Length { what: "a segment", length });
		}
		if !self.has_room(length, 0) {
			return Err(Error::PackFull);
		}
		let offset = self.place(length);
		self.fill_to(offset)?;
		write(&mut self.out)?;
		let written = self.out.length.saturating_sub(offset);
		match written.cmp(&length) {
			Ordering::Less => Err(Error::Truncated),
			Ordering::Equal => Ok(offset),
			Ordering::Greater => Err(Error::Length { what: "a segment", length: written }),
		}
	}

	/// Ends the pack with the delta, which `write` writes, and fills it up to a row.
	///
	/// ## Errors
	/// Those of `write`; [`Error::PackFull`], [`Error::Limit`] or [`Error::PlanImpossible`] for a delta that does not
	/// fit or is none; [`Error::Random`]; [`Error::Io`].
	pub fn finish(
		mut self,
		number: PackNumber,
		write: impl FnOnce(&mut dyn Write, &mut R) -> Result<()>,
	) -> Result<(Plan, W)> {
		let delta = self.out.length.next_multiple_of(UNIT_LENGTH);
		self.fill_to(delta)?;
		write(&mut self.out, &mut self.random)?;
		let delta_length = self.out.length.saturating_sub(delta);
		input::ensure_at_most("bytes of a delta", delta_length, index::MAX_DELTA.into())?;
		let row = u64::from(self.scheme.k()) * UNIT_LENGTH;
		let end = self.out.length.next_multiple_of(row);
		if end > self.capacity {
			return Err(Error::PackFull);
		}
		self.fill_to(end)?;

		let narrow = |number: u64| u32::try_from(number).map_err(|_| Error::PackFull);
		let units = narrow(end / UNIT_LENGTH)?;
		let shape = Shape::new(self.scheme, units, narrow(delta / UNIT_LENGTH)?, narrow(delta_length)?)?;
		let hash = self.out.hasher.finalize().into();
		Ok((Plan { number, shape, hash }, self.out.inner))
	}

	/// Random bytes up to `offset`.
	fn fill_to(&mut self, offset: u64) -> Result<()> {
		while let Some(left) = offset.checked_sub(self.out.length).filter(|left| *left > 0) {
			let length = input::size(left)?.min(UNIT);
			let filling = self.buffer.get_mut(..length).unwrap_or_default();
			self.random.try_fill_bytes(filling).map_err(|_| Error::Random)?;
			self.out.write_all(filling)?;
		}
		Ok(())
	}
}

impl<W: Read + Write + Seek, R: TryCryptoRng> PackWriter<W, R> {
	/// Continues a pack of which `out` has the first `length` bytes; what is behind them is overwritten.
	///
	/// ## Errors
	/// Those of [`PackWriter::new`]; [`Error::Truncated`] if `out` has fewer bytes.
	pub fn resume(scheme: Scheme, max_units: u32, mut out: W, length: u64, random: R) -> Result<Self> {
		out.seek(SeekFrom::Start(0))?;
		let mut hasher = blake3::Hasher::new();
		let mut buffer = vec![0; UNIT];
		let mut left = length;
		while left > 0 {
			let now = left.min(UNIT_LENGTH);
			let bytes = buffer.get_mut(..input::size(now)?).unwrap_or_default();
			input::fill(&mut out, bytes)?;
			hasher.update(bytes);
			left -= now;
		}
		out.seek(SeekFrom::Start(length))?;
		let mut writer = Self::new(scheme, max_units, out, random)?;
		if length > writer.capacity {
			return Err(Error::PackFull);
		}
		writer.out.hasher = hasher;
		writer.out.length = length;
		Ok(writer)
	}
}

/// Where a segment of `length` bytes begins in a pack of `used` bytes.
fn place(used: u64, length: u64) -> u64 {
	let edge = used.next_multiple_of(UNIT_LENGTH);
	let crosses = length <= UNIT_LENGTH && used % UNIT_LENGTH + length > UNIT_LENGTH;
	if length >= ALIGNED_SEGMENT || crosses {
		edge
	} else {
		used
	}
}

/// Hashes and counts what is written.
#[derive(Debug)]
struct Hashing<W> {
	inner: W,
	hasher: blake3::Hasher,
	length: u64,
}

impl<W> Hashing<W> {
	fn new(inner: W) -> Self {
		Self { inner, hasher: blake3::Hasher::new(), length: 0 }
	}
}

impl<W: Write> Write for Hashing<W> {
	fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
		let written = self.inner.write(bytes)?;
		self.hasher.update(bytes.get(..written).unwrap_or_default());
		self.length += u64::try_from(written).map_err(io::Error::other)?;
		Ok(written)
	}

	fn flush(&mut self) -> io::Result<()> {
		self.inner.flush()
	}
}
