//! What the shards of one pack have to agree on.

use crate::{
	frame, index, input, pack::PackNumber, scheme::Scheme, Error, Result, ShardNumber, MAX_UNITS, UNIT, UNIT_LENGTH,
};

/// Bytes of an encoded plan.
pub(crate) const PLAN: usize = 50;

/// A pack's salt: in the clear in the footer of each of its shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, codec::Encode, codec::Decode)]
pub struct Salt(pub [u8; 32]);

/// Where the delta of a pack is, and so how large the pack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
	scheme: Scheme,
	units: u32,
	delta_unit: u32,
	delta_length: u32,
}

impl Shape {
	/// ## Errors
	/// [`Error::PlanImpossible`] if the numbers contradict each other.
	pub fn new(scheme: Scheme, units: u32, delta_unit: u32, delta_length: u32) -> Result<Self> {
		let impossible = |what| Err(Error::PlanImpossible(what));
		if !scheme.fits(units) {
			return impossible("units");
		}
		let stream = u64::from(delta_length).checked_sub(index::HEAD_LENGTH);
		if stream.is_none_or(|stream| frame::plain_length(stream).is_err()) || delta_length > index::MAX_DELTA {
			return impossible("length of the delta");
		}
		// Neither sum can overflow: both terms are below 2^32.
		let used = u64::from(delta_unit) + u64::from(delta_length).div_ceil(UNIT_LENGTH);
		if used.next_multiple_of(scheme.k().into()) != u64::from(units) {
			return impossible("place of the delta");
		}
		Ok(Self { scheme, units, delta_unit, delta_length })
	}

	/// The three numbers as footers and bookmarks have them, of a pack of this scheme.
	pub(crate) fn take(scheme: Scheme, rest: &mut &[u8]) -> Result<Self> {
		let mut number = || -> Result<u32> { Ok(u32::from_le_bytes(input::take(rest)?)) };
		Self::new(scheme, number()?, number()?, number()?)
	}

	/// What [`Shape::take`] reads.
	pub(crate) fn numbers(&self) -> Vec<u8> {
		[self.units, self.delta_unit, self.delta_length].into_iter().flat_map(u32::to_le_bytes).collect()
	}

	/// How the pack is coded.
	pub fn scheme(&self) -> Scheme {
		self.scheme
	}

	/// Units of the pack.
	pub fn units(&self) -> u32 {
		self.units
	}

	/// The unit at which the delta begins.
	pub fn delta_unit(&self) -> u32 {
		self.delta_unit
	}

	/// Bytes of the delta, with its head.
	pub fn delta_length(&self) -> u32 {
		self.delta_length
	}

	/// Where the delta begins, in bytes of the pack.
	pub fn delta_offset(&self) -> u64 {
		u64::from(self.delta_unit) * UNIT_LENGTH
	}

	/// Rows of the pack.
	pub fn rows(&self) -> u32 {
		// k is at least 1.
		self.units.checked_div(self.scheme.k().into()).unwrap_or_default()
	}

	/// Bytes of the pack.
	pub fn pack_length(&self) -> u64 {
		u64::from(self.units) * UNIT_LENGTH
	}

	/// Bytes of each shard, with its footer.
	pub fn shard_length(&self) -> u64 {
		shard_length(self.scheme, self.units)
	}
}

/// Bytes of each shard of a pack, with its footer.
pub(crate) fn shard_length(scheme: Scheme, units: u32) -> u64 {
	let rows = units.checked_div(scheme.k().into()).unwrap_or_default();
	u64::from(rows) * UNIT_LENGTH + crate::footer::FOOTER_LENGTH
}

/// A run of bytes of one unit, and so of one data shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
	/// The shard.
	pub shard: ShardNumber,
	/// Where in the shard.
	pub offset: u64,
	/// How many bytes.
	pub length: u32,
}

/// Where `length` bytes of a pack from `offset` on are: one piece for each unit that they touch, in order.
///
/// ## Errors
/// [`Error::Limit`] for what is beyond 16 GiB.
pub fn locate(scheme: Scheme, offset: u64, length: u64) -> Result<impl Iterator<Item = Piece>> {
	let end = offset.saturating_add(length);
	input::ensure_at_most("the end of a range of a pack", end, u64::from(MAX_UNITS) * UNIT_LENGTH)?;
	let k = u64::from(scheme.k());
	let mut next = offset;
	Ok(core::iter::from_fn(move || {
		let left = end.checked_sub(next).filter(|left| *left > 0)?;
		let (unit, within) = (next / UNIT_LENGTH, next % UNIT_LENGTH);
		let length = left.min(UNIT_LENGTH - within);
		next += length;
		let row = unit.checked_div(k)?;
		let shard = u8::try_from(unit.checked_rem(k)?).ok()?;
		let piece = Piece {
			shard: ShardNumber(shard),
			offset: row * UNIT_LENGTH + within,
			length: u32::try_from(length).ok()?,
		};
		Some(piece)
	}))
}

/// A numbered pack: its shape and the hash of its bytes. Salt, masks and footers are functions of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
	/// The number of the pack.
	pub number: PackNumber,
	/// Its shape.
	pub shape: Shape,
	/// BLAKE3 of all its bytes.
	pub hash: [u8; 32],
}

impl Plan {
	/// The encoding that footers have.
	pub fn to_bytes(&self) -> [u8; PLAN] {
		let shape = &self.shape;
		let mut bytes = [0; PLAN];
		let fields: [&[u8]; 4] =
			[&[shape.scheme.k(), shape.scheme.n()], &self.number.0.to_le_bytes(), &shape.numbers(), &self.hash];
		for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
			*place = *byte;
		}
		bytes
	}

	/// ## Errors
	/// [`Error::UnknownScheme`], [`Error::PlanImpossible`].
	pub(crate) fn parse(bytes: &[u8; PLAN]) -> Result<Self> {
		let mut rest = &bytes[..];
		let [k, n] = input::take::<2>(&mut rest)?;
		let scheme = Scheme::new(k, n)?;
		let number = PackNumber::new(u32::from_le_bytes(input::take(&mut rest)?))?;
		let shape = Shape::take(scheme, &mut rest)?;
		Ok(Self { number, shape, hash: input::take(&mut rest)? })
	}
}

// A row has to fit into memory on every platform.
const _: () = assert!(UNIT as u64 == UNIT_LENGTH);
