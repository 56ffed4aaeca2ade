//! What the journal keeps. Encoded with SCALE; the indices of variants never change.

use crate::Hash;
use codec::{Decode, Encode};
use serde::Serialize;
use std::ops::Range;
use substation_proofs::forest::{Forest, Leaf};

/// Where a deal stands, as this agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum DealState {
	/// Proposed; its bytes are on their way, or awaited.
	#[codec(index = 0)]
	Fetching,
	/// Proposed; its bytes are here, durably.
	#[codec(index = 1)]
	Ready,
	/// An acceptance was sent and is not final.
	#[codec(index = 2)]
	Submitted {
		/// The slot that it names.
		slot: u32,
	},
	/// Its acceptance is final.
	#[codec(index = 3)]
	Accepted {
		/// The slot that holds it.
		slot: u32,
	},
	/// Its record is gone from the chain; its slot is still challenged.
	#[codec(index = 4)]
	Ended {
		/// The slot that holds it.
		slot: u32,
	},
	/// Its slot is cleared; the bytes may be asked for until then, and the chain may yet be seen to say otherwise.
	#[codec(index = 5)]
	ToDelete {
		/// First block at which nobody can ask for them.
		after: u32,
		/// For how many seconds this folder had followed the chain when the slot was first seen cleared. Records of old end
		/// before it.
		since: u64,
	},
	/// Proposed, and not wanted.
	#[codec(index = 6)]
	Refused,
}

impl DealState {
	/// Whether the deal takes part of what its customer may have waiting.
	pub fn is_unaccepted(&self) -> bool {
		matches!(self, Self::Fetching | Self::Ready | Self::Submitted { .. })
	}

	/// Whether the deal's bytes must be kept.
	pub fn needs_bytes(&self) -> bool {
		!matches!(self, Self::Refused)
	}
}

/// A deal that this agent has seen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DealRecord {
	/// Its id.
	pub deal: u64,
	/// Account id of who pays.
	pub customer: Hash,
	/// BLAKE3 of the content.
	pub root: Hash,
	/// Bytes of the content.
	pub length: u64,
	/// The block at which it was first seen.
	pub seen: u32,
	/// Where it stands.
	pub state: DealState,
}

impl DealRecord {
	/// Whether this is the deal's content.
	pub fn is_over(&self, root: Hash, length: u64) -> bool {
		(self.root, self.length) == (root, length)
	}
}

/// Reads a record, and whether it says all. One without the time since when its bytes wait for deletion gets `watched`.
pub(super) fn read(bytes: &[u8], watched: u64) -> Option<(DealRecord, bool)> {
	if let Ok(record) = DealRecord::decode(&mut &bytes[..]) {
		return Some((record, true));
	}
	let dated = [bytes, watched.encode().as_slice()].concat();
	let mut rest = &dated[..];
	let record = DealRecord::decode(&mut rest).ok()?;
	(rest.is_empty() && matches!(record.state, DealState::ToDelete { .. })).then_some((record, false))
}

/// An earlier forest, as what undoes the change that ended it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Remembered {
	/// The block of the change.
	pub block: u32,
	/// The forest before the change.
	pub forest: Forest,
	/// What the changed slots held before.
	pub undo: Vec<(u32, Option<Leaf>)>,
}

/// Bytes of a content that do not lead to its root any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
	/// The content.
	#[serde(serialize_with = "as_hex")]
	pub root: Hash,
	/// Byte ranges, ascending, in multiples of 16 KiB. Only the first of very many.
	pub ranges: Vec<Range<u64>>,
	/// Whether every range's bytes are right and only the tree above them is damaged.
	pub only_tree: bool,
	/// When it was found, in seconds since 1970.
	pub found_at: u64,
}

impl Damage {
	/// Bytes in the ranges.
	pub fn bytes(&self) -> u64 {
		self.ranges.iter().fold(0, |sum, range| sum.saturating_add(range.end.saturating_sub(range.start)))
	}
}

/// Serializes a hash as people write it.
pub(crate) fn as_hex<S: serde::Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&hex::encode(hash))
}
