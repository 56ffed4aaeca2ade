//! What is kept of a dispute, and what a verdict means for the money.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use substation_primitives::{Balance, BlockNumber, DisputeId, NodeId};
use substation_proofs::Hash;

/// A signature of a node's agent: ed25519.
pub type AgentSignature = [u8; 64];

/// A dispute in this runtime.
pub type DisputeOf<T> = Dispute<<T as frame_system::Config>::AccountId>;

/// How a dispute ends. Indices are part of the encoding and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Verdict {
	/// The customer is right: the deal ends and is refunded, the answer's bond is lost.
	#[codec(index = 0)]
	Upheld,
	/// The customer is wrong: the deal goes on, the customer's bond is lost.
	#[codec(index = 1)]
	Rejected,
	/// Nobody is to blame: the deal goes on, both bonds go back.
	#[codec(index = 2)]
	Dismissed,
}

/// What a verdict does. The whole table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
	/// Whether the deal ends and is refunded; else it goes on.
	pub refunds: bool,
	/// Whether the customer loses the bond.
	pub customer_loses: bool,
	/// Whether the operator loses the bond of the answer.
	pub operator_loses: bool,
}

impl Verdict {
	/// What this verdict does.
	pub const fn outcome(self) -> Outcome {
		match self {
			Self::Upheld => Outcome { refunds: true, customer_loses: false, operator_loses: true },
			Self::Rejected => Outcome { refunds: false, customer_loses: true, operator_loses: false },
			Self::Dismissed => Outcome { refunds: false, customer_loses: false, operator_loses: false },
		}
	}
}

/// The other side's answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Answer<AccountId> {
	/// The operator, from whose account the bond is.
	pub operator: AccountId,
	/// Hash of the operator's evidence.
	pub evidence: Hash,
	/// The operator's bond.
	#[codec(compact)]
	pub bond: Balance,
}

/// What a dispute waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// For an answer.
	#[codec(index = 0)]
	Open {
		/// First block at which it is too late to answer.
		answer_by: BlockNumber,
	},
	/// For a decision.
	#[codec(index = 1)]
	Answered {
		/// First block at which it is too late to decide.
		decide_by: BlockNumber,
	},
	/// For becoming final.
	#[codec(index = 2)]
	Decided {
		/// What was decided.
		verdict: Verdict,
		/// First block at which it is too late to overturn.
		final_at: BlockNumber,
	},
}

/// One dispute's record. There is at most one for a deal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Dispute<AccountId> {
	/// The dispute's own number, since a deal can be disputed again.
	pub id: DisputeId,
	/// Who opened it.
	pub customer: AccountId,
	/// Whose deal it is about.
	pub node: NodeId,
	/// Hash of the customer's evidence.
	pub evidence: Hash,
	/// The customer's bond.
	#[codec(compact)]
	pub bond: Balance,
	/// The other side's answer.
	pub answer: Option<Answer<AccountId>>,
	/// What the dispute waits for.
	pub stage: Stage,
}

/// Where a dispute stands at some block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Standing {
	/// The other side may answer.
	AwaitsAnswer,
	/// The council may decide.
	AwaitsDecision,
	/// Root may overturn the verdict.
	Appealable(Verdict),
	/// Anyone may execute the verdict.
	Final(Verdict),
}

impl<AccountId> Dispute<AccountId> {
	/// Where the dispute stands at block `now`, if verdicts can be overturned for `overturn_period` blocks.
	pub fn standing(&self, now: BlockNumber, overturn_period: BlockNumber) -> Standing {
		let appealable = |verdict, final_at| {
			if now < final_at {
				Standing::Appealable(verdict)
			} else {
				Standing::Final(verdict)
			}
		};
		match self.stage {
			Stage::Open { answer_by } if now < answer_by => Standing::AwaitsAnswer,
			// Silence loses.
			Stage::Open { answer_by } => appealable(Verdict::Upheld, answer_by.saturating_add(overturn_period)),
			Stage::Answered { decide_by } if now < decide_by => Standing::AwaitsDecision,
			Stage::Answered { .. } => Standing::Final(Verdict::Dismissed),
			Stage::Decided { verdict, final_at } => appealable(verdict, final_at),
		}
	}
}
