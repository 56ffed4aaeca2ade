//! What the pallet keeps and hands around.

use crate::Config;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use scale_info::TypeInfo;
use substation_primitives::{
	deal::{Acceptance, Clearance, Deal, Terms},
	Balance, DealId,
};
use substation_proofs::forest::Change;

/// A deal's record in this runtime.
pub type DealOf<T> = Deal<<T as frame_system::Config>::AccountId>;

/// The acceptances of one call.
pub type AcceptancesOf<T> = BoundedVec<Acceptance, <T as Config>::MaxUpdates>;

/// The clearances of one call.
pub type ClearancesOf<T> = BoundedVec<Clearance, <T as Config>::MaxUpdates>;

/// Replacements of forest leaves, by slot, in the order of the slots.
pub type Changes = Vec<(u32, Change)>;

/// A signature of a node's agent: ed25519.
pub type AgentSignature = [u8; 64];

/// The sums over the accepted deals of one node that still have a record.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct NodeAccount {
	/// Deals.
	#[codec(compact)]
	pub deals: u32,
	/// Bytes of these deals.
	#[codec(compact)]
	pub bytes: u64,
	/// What these deals pay in one period, together.
	#[codec(compact)]
	pub committed_rate: Balance,
	/// What of the node's bond is reserved for their customers.
	#[codec(compact)]
	pub reserve: Balance,
}

impl NodeAccount {
	/// The account with one more deal, `None` if a sum is out of range.
	pub fn with(&self, length: u64, rate: Balance, reserve: Balance) -> Option<Self> {
		Some(Self {
			deals: self.deals.checked_add(1)?,
			bytes: self.bytes.checked_add(length)?,
			committed_rate: self.committed_rate.checked_add(rate)?,
			reserve: self.reserve.checked_add(reserve)?,
		})
	}

	/// The account with one deal less.
	pub fn without(&self, length: u64, rate: Balance, reserve: Balance) -> Self {
		// Every term was added by `with`; I3 watches it.
		Self {
			deals: self.deals.saturating_sub(1),
			bytes: self.bytes.saturating_sub(length),
			committed_rate: self.committed_rate.saturating_sub(rate),
			reserve: self.reserve.saturating_sub(reserve),
		}
	}
}

/// Acceptances that were checked against a caught-up state, and everything that applying them writes.
#[must_use]
pub(crate) struct AcceptPlan<T: Config> {
	/// The deals as they will be recorded.
	pub deals: Vec<(DealId, Terms, DealOf<T>)>,
	/// The leaves that the forest gets.
	pub changes: Changes,
	/// The node's account afterwards.
	pub account: NodeAccount,
}
