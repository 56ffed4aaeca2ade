//! Numbers with units.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// An amount of money in the smallest unit: 10^12 of them are one STN.
pub type Balance = u128;

/// A block's height.
pub type BlockNumber = u32;

/// Fee of one byte of a transaction while blocks are not full.
pub const FEE_PER_BYTE: Balance = 6_000;

/// Bytes of a storage proof that the treasury's share of each payment pays for: one of 1 TiB with four openings.
pub const PROOF_BYTES: Balance = 8_192;

macro_rules! number {
	($(#[$doc:meta])* $name:ident($inner:ty)) => {
		$(#[$doc])*
		#[derive(
			Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, DecodeWithMemTracking,
			MaxEncodedLen, TypeInfo, Serialize, Deserialize,
		)]
		#[serde(transparent)]
		pub struct $name(pub $inner);

		impl core::fmt::Display for $name {
			fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
				self.0.fmt(f)
			}
		}

		impl core::str::FromStr for $name {
			type Err = core::num::ParseIntError;

			fn from_str(text: &str) -> Result<Self, Self::Err> {
				text.parse().map(Self)
			}
		}
	};
}

number! {
	/// A registered node. Assigned by the registry in order, never reused.
	NodeId(u64)
}
number! {
	/// A storage deal, from its proposal on. Assigned by the market in order, never reused.
	DealId(u64)
}
number! {
	/// A payment channel. Assigned in order, never reused.
	ChannelId(u64)
}
number! {
	/// A dispute about a deal. Assigned in order, never reused.
	DisputeId(u64)
}
number! {
	/// A quantity of stored data, in bytes.
	Bytes(u64)
}
number! {
	/// The number of a proving period of one node; see [`crate::Clock`].
	Period(u32)
}

impl Period {
	/// The period after this one.
	pub fn next(self) -> Self {
		Self(self.0.saturating_add(1))
	}

	/// The period before this one, if there is one.
	pub fn previous(self) -> Option<Self> {
		self.0.checked_sub(1).map(Self)
	}
}
