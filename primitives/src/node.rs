//! Hardware as the pallets see it.

use crate::units::{Balance, BlockNumber, Bytes};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The ed25519 key with which the program beside the hardware signs free calls. It owns nothing.
pub type AgentKey = [u8; 32];

/// The iroh endpoint id (an ed25519 public key) under which the hardware is dialled.
pub type EndpointId = [u8; 32];

/// What kind of service a node sells. Indices are part of the encoding and never reused.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum ResourceClass {
	/// Bytes kept, proven by openings of a commitment.
	#[codec(index = 0)]
	Storage,
	/// A line to the network, measured by committees.
	#[codec(index = 1)]
	Bandwidth,
}

/// A country as two capital letters of ISO 3166-1 alpha-2.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Region(pub [u8; 2]);

impl Region {
	/// Whether both letters are capital ASCII letters. Whether the code is assigned is for people to judge.
	pub fn is_well_formed(&self) -> bool {
		self.0.iter().all(u8::is_ascii_uppercase)
	}
}

/// What a node asks for in one class.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Offer {
	/// Storage: bytes offered in all. Bandwidth: kilobits per second that the node is ready to carry for others.
	#[codec(compact)]
	pub capacity: u64,
	/// Asked price. Storage: [`Balance`] for one GiB over one period. Bandwidth: [`Balance`] for one GiB delivered.
	#[codec(compact)]
	pub price: Balance,
}

impl Offer {
	/// The capacity as a quantity of data.
	pub fn bytes(&self) -> Bytes {
		Bytes(self.capacity)
	}
}

/// Where a node stands in its life.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum NodeStatus {
	/// Takes new work.
	#[codec(index = 0)]
	Active,
	/// Takes no new work; still owes what it promised.
	#[codec(index = 1)]
	Leaving,
	/// Owes nothing more; its bonds are released at `until`.
	#[codec(index = 2)]
	Unbonding {
		/// First block at which the operator may withdraw.
		until: BlockNumber,
	},
	/// Ended by a sanction; its customers are still to be settled.
	#[codec(index = 3)]
	Terminated,
}

/// What other pallets may know of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo<AccountId> {
	/// The cold account that owns the node, its bonds and its earnings.
	pub operator: AccountId,
	/// The key that signs the node's free calls.
	pub agent: AgentKey,
	/// Where the node stands in its life.
	pub status: NodeStatus,
	/// Set by governance: no new work until lifted.
	pub suspended: bool,
}

impl<AccountId> NodeInfo<AccountId> {
	/// Whether the node may take new work.
	pub fn takes_work(&self) -> bool {
		self.status == NodeStatus::Active && !self.suspended
	}
}
