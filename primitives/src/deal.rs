//! Storage deals as customers, agents and pallets name them.

use crate::{
	settings::Shares,
	units::{Balance, BlockNumber, Bytes, DealId, NodeId, Period},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use substation_proofs::{forest::Leaf, Hash};

/// What a customer asks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Proposal {
	/// The node that shall store the content.
	pub node: NodeId,
	/// BLAKE3 hash of the content, as `b3sum` prints it.
	pub root: Hash,
	/// Length of the content in bytes.
	pub length: Bytes,
	/// Periods that the deal shall run.
	pub periods: u32,
	/// [`Balance`] for one GiB over one period; at least what the node asks.
	pub price: Balance,
}

/// A proposal that the node's agent accepts, and the empty forest slot it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Acceptance {
	/// The proposal.
	pub deal: DealId,
	/// The forest slot that the deal takes.
	pub slot: u32,
}

/// A slot that the node's agent empties, and the ended deal it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Clearance {
	/// The forest slot.
	pub slot: u32,
	/// What the slot holds now.
	pub leaf: Leaf,
}

/// Where a deal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum DealState {
	/// Waits for the node's agent.
	#[codec(index = 0)]
	Proposed {
		/// First block at which the proposal can no longer be accepted and anyone may withdraw it.
		expires: BlockNumber,
	},
	/// Runs, or has run and waits for its last settlement.
	#[codec(index = 1)]
	Active(Terms),
}

/// What was fixed when a deal was accepted, and how far it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Terms {
	/// The forest slot that holds the deal.
	pub slot: u32,
	/// How each payment is divided.
	pub shares: Shares,
	/// First period that is due and paid.
	pub first: Period,
	/// Last period that is due and paid. Below `first` when the deal was ended before it began.
	pub last: Period,
	/// Every period before this one is settled.
	pub next_unsettled: Period,
	/// Periods that were proven and paid so far.
	pub paid_periods: u16,
	/// Periods of the rate that the node reserves for the customer.
	pub compensation_periods: u8,
}

/// One deal's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Deal<AccountId> {
	/// Who pays.
	pub customer: AccountId,
	/// Who stores.
	pub node: NodeId,
	/// BLAKE3 hash of the content.
	pub root: Hash,
	/// Length of the content in bytes.
	#[codec(compact)]
	pub length: u64,
	/// Payment for one proven period.
	#[codec(compact)]
	pub rate: Balance,
	/// Periods that the customer asked for.
	#[codec(compact)]
	pub periods: u32,
	/// What the customer left for this record.
	#[codec(compact)]
	pub deposit: Balance,
	/// Where the deal stands.
	pub state: DealState,
}

impl<AccountId> Deal<AccountId> {
	/// The forest leaf of this deal.
	pub fn leaf(&self, id: DealId) -> Leaf {
		Leaf { deal: id.0, root: self.root, length: self.length }
	}
}
