//! How many units of a row are data, and how many there are in all.

use core::fmt;

use crate::{Error, Result, MAX_UNITS, UNIT};

/// The most shards of a pack, in any scheme.
pub const MAX_SHARDS: u8 = 40;

/// Which shard of its pack: data first, parity after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardNumber(pub u8);

impl fmt::Display for ShardNumber {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(formatter)
	}
}

/// `k` of `n`: any `k` units of a row restore all `n`.
///
/// In all of them `k` is a power of two and not above `n - k`, which the low rate of the code needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scheme {
	k: u8,
	n: u8,
}

impl Scheme {
	/// 1 of 3: copies.
	pub const ONE_OF_3: Self = Self { k: 1, n: 3 };
	/// 2 of 6.
	pub const TWO_OF_6: Self = Self { k: 2, n: 6 };
	/// 4 of 12.
	pub const FOUR_OF_12: Self = Self { k: 4, n: 12 };
	/// 8 of 20.
	pub const EIGHT_OF_20: Self = Self { k: 8, n: 20 };
	/// 16 of 40.
	pub const SIXTEEN_OF_40: Self = Self { k: 16, n: 40 };
	/// The schemes of the format, from the smallest.
	pub const ALL: [Self; 5] =
		[Self::ONE_OF_3, Self::TWO_OF_6, Self::FOUR_OF_12, Self::EIGHT_OF_20, Self::SIXTEEN_OF_40];

	/// The scheme of these two numbers.
	///
	/// ## Errors
	/// [`Error::UnknownScheme`].
	pub fn new(k: u8, n: u8) -> Result<Self> {
		let scheme = Self { k, n };
		Self::ALL.contains(&scheme).then_some(scheme).ok_or(Error::UnknownScheme { k, n })
	}

	/// Data shards.
	pub fn k(self) -> u8 {
		self.k
	}

	/// All shards.
	pub fn n(self) -> u8 {
		self.n
	}

	/// Data units of a row.
	pub fn data(self) -> usize {
		self.k.into()
	}

	/// Parity units of a row.
	pub fn parity(self) -> usize {
		self.n.saturating_sub(self.k).into()
	}

	/// Bytes of a pack in one row.
	pub fn row(self) -> usize {
		self.data() * UNIT
	}

	/// Whether a pack may have so many units: whole rows, and not too many.
	pub(crate) fn fits(self, units: u32) -> bool {
		(1..=MAX_UNITS).contains(&units) && units.is_multiple_of(self.k.into())
	}

	/// All shards, in order.
	pub fn shards(self) -> impl Iterator<Item = ShardNumber> {
		(0..self.n).map(ShardNumber)
	}

	/// Refuses a shard that the scheme does not have.
	pub(crate) fn ensure_has(self, shard: ShardNumber) -> Result<()> {
		(shard.0 < self.n).then_some(()).ok_or(Error::UnknownShard(shard))
	}
}
