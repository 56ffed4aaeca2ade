//! Answers of the runtime API: everything a page about a node would show, in one call.
//!
//! Pallets never store these types.

use crate::{
	clock::WindowSeed,
	deal::Deal,
	dispute::Stage,
	node::{AgentKey, EndpointId, NodeStatus, Offer, Region, ResourceClass},
	units::{Balance, BlockNumber, DealId, DisputeId, NodeId, Period},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use substation_proofs::{forest::Forest, Hash};

/// The window of the period that runs now for a node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct WindowPage {
	/// The block at which this was read.
	pub now: BlockNumber,
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The period that runs now.
	pub period: Period,
	/// The block at which its window opens.
	pub opens: BlockNumber,
	/// The first block at which its window is closed.
	pub closes: BlockNumber,
	/// Blocks from one window of the node to its next.
	pub period_length: BlockNumber,
	/// The seed, once the window is open.
	pub seed: Option<WindowSeed>,
	/// The forest that this period's challenge asks about.
	pub frozen: Forest,
	/// Whether a proof of this period was accepted.
	pub proven: bool,
}

/// Everything that a page about a storage node shows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NodePage<AccountId> {
	/// The node.
	pub id: NodeId,
	/// Its cold account.
	pub operator: AccountId,
	/// The key that signs its free calls.
	pub agent: AgentKey,
	/// Its iroh endpoint id.
	pub endpoint: EndpointId,
	/// Its socket addresses, as text.
	pub addresses: Vec<Vec<u8>>,
	/// Its country.
	pub region: Region,
	/// Where it stands in its life.
	pub status: NodeStatus,
	/// Whether governance has suspended it.
	pub suspended: bool,
	/// What it asks for storage.
	pub offer: Option<Offer>,
	/// The bond held for storage.
	pub bond: Balance,
	/// The bonds held for all classes that it serves.
	pub bonds: Vec<(ResourceClass, Balance)>,
	/// The bond that its present deals need.
	pub required_bond: Balance,
	/// What of the bond is reserved for its customers.
	pub reserve: Balance,
	/// What its deals pay in one period, together.
	pub committed_rate: Balance,
	/// Deals with a record.
	pub deals: u32,
	/// Bytes of these deals.
	pub bytes: u64,
	/// Its forest now.
	pub forest: Forest,
	/// Strikes, with every final miss applied.
	pub strikes: u8,
	/// What misses have cost it so far, taken from the bond.
	pub fined: Balance,
	/// The first period whose outcome is not yet applied.
	pub next_due: Period,
	/// The deciding period of its termination.
	pub terminated_at: Option<Period>,
	/// Up to 32 latest closed periods, oldest first, and whether each was proven. A period with nothing to prove is not.
	pub recent: Vec<(Period, bool)>,
	/// The window of the period that runs now.
	pub window: WindowPage,
}

impl<AccountId> NodePage<AccountId> {
	/// The bond held for a class, `None` if the node does not serve it.
	pub fn bond_of(&self, class: ResourceClass) -> Option<Balance> {
		self.bonds.iter().find(|(served, _)| *served == class).map(|(_, bond)| *bond)
	}
}

/// A deal and what can be said of it now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DealPage<AccountId> {
	/// The deal.
	pub id: DealId,
	/// Its record.
	pub deal: Deal<AccountId>,
	/// Closed periods that are not yet settled, and how many of them were proven.
	pub unsettled: (u32, u32),
	/// Whether the market would let anyone close it now.
	pub closable: bool,
	/// The dispute about it that is not over.
	pub dispute: Option<DisputePage>,
}

/// A dispute about a deal. What follows from the block number is in it, though nothing on chain stores that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DisputePage {
	/// The dispute's own number, which an answer's signature names.
	pub id: DisputeId,
	/// Hash of the customer's evidence.
	pub evidence: Hash,
	/// The customer's bond.
	pub bond: Balance,
	/// Hash of the other side's evidence, once it has answered.
	pub answer: Option<Hash>,
	/// What the dispute waits for.
	pub stage: Stage,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::dispute::Verdict;

	#[test]
	fn disputes_keep_their_encoding() {
		let open = DisputePage {
			id: DisputeId(3),
			evidence: [1; 32],
			bond: 5,
			answer: None,
			stage: Stage::Open { answer_by: 7 },
		};
		let head = [&3u64.to_le_bytes()[..], &[1; 32], &5u128.to_le_bytes()].concat();

		assert_eq!(open.encode(), [&head[..], &[0, 0, 7, 0, 0, 0]].concat());
		let stage = Stage::Decided { verdict: Verdict::Rejected, final_at: 9 };
		let decided = DisputePage { answer: Some([2; 32]), stage, ..open };
		assert_eq!(decided.encode(), [&head[..], &[1], &[2; 32], &[2, 1, 9, 0, 0, 0]].concat());
		assert_eq!(Stage::Answered { decide_by: 8 }.encode(), [1, 8, 0, 0, 0]);
		assert_eq!([Verdict::Upheld, Verdict::Dismissed].encode(), [0, 2]);
	}
}
