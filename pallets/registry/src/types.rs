//! What is stored of a node, and what an operator says of one.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use scale_info::TypeInfo;
use substation_primitives::{AgentKey, Balance, EndpointId, NodeInfo, NodeStatus, Offer, Region, ResourceClass};

/// Most classes that one node may serve. Bounds the record.
pub const MAX_CLASSES: u32 = 4;

/// Most ids that one answer lists.
pub const MAX_PAGE: u32 = 1_000;

/// One socket address as text, `host:port`.
pub type Address<T> = BoundedVec<u8, <T as Config>::MaxAddressLen>;

/// Where a node listens. May be empty: the endpoint id alone is enough where discovery works.
pub type Addresses<T> = BoundedVec<Address<T>, <T as Config>::MaxAddresses>;

/// What an operator says of a node when it is registered.
#[derive(CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct NodeSpec<T: Config> {
	/// The key that signs the node's free calls. It owns nothing.
	pub agent: AgentKey,
	/// The iroh endpoint id under which the node is dialled.
	pub endpoint: EndpointId,
	/// Where it listens.
	pub addresses: Addresses<T>,
	/// Where it says it stands.
	pub region: Region,
}

/// What a node offers in one class, and the bond behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ClassOffer {
	/// The class.
	pub class: ResourceClass,
	/// Capacity and price.
	pub offer: Offer,
	/// What of the operator's money is held for this offer.
	#[codec(compact)]
	pub bond: Balance,
}

/// One node's record.
#[derive(
	CloneNoBound,
	DebugNoBound,
	PartialEqNoBound,
	EqNoBound,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[codec(mel_bound())]
#[scale_info(skip_type_params(T))]
pub struct Node<T: Config> {
	/// The cold account that owns the node, its bonds and its earnings.
	pub operator: T::AccountId,
	/// The key that signs the node's free calls.
	pub agent: AgentKey,
	/// The iroh endpoint id under which the node is dialled.
	pub endpoint: EndpointId,
	/// Where it listens.
	pub addresses: Addresses<T>,
	/// Where it says it stands.
	pub region: Region,
	/// Where it stands in its life.
	pub status: NodeStatus,
	/// Set by governance: no new work until lifted.
	pub suspended: bool,
	/// What is held for this record.
	#[codec(compact)]
	pub deposit: Balance,
	/// What it offers, at most once per class.
	pub offers: BoundedVec<ClassOffer, ConstU32<MAX_CLASSES>>,
}

impl<T: Config> Node<T> {
	/// What the node offers in a class.
	pub fn in_class(&self, class: ResourceClass) -> Option<&ClassOffer> {
		self.offers.iter().find(|offered| offered.class == class)
	}

	/// What the node offers in a class, to be changed.
	pub(crate) fn in_class_mut(&mut self, class: ResourceClass) -> Option<&mut ClassOffer> {
		self.offers.iter_mut().find(|offered| offered.class == class)
	}

	/// Whether duties can still grow, shrink or be missed.
	pub fn works(&self) -> bool {
		matches!(self.status, NodeStatus::Active | NodeStatus::Leaving)
	}

	/// What other pallets may know of the node.
	pub fn info(&self) -> NodeInfo<T::AccountId> {
		NodeInfo { operator: self.operator.clone(), agent: self.agent, status: self.status, suspended: self.suspended }
	}
}
