//! What is kept of a dispute, and what a verdict means for the money.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
pub use substation_primitives::dispute::{Stage, Verdict};
use substation_primitives::{Balance, BlockNumber, DisputeId, Interruptions, NodeId};
use substation_proofs::Hash;

/// A signature of a node's agent: ed25519.
pub type AgentSignature = [u8; 64];

/// A dispute in this runtime.
pub type DisputeOf<T> = Dispute<<T as frame_system::Config>::AccountId>;

/// What the end of a dispute does. The whole table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
	/// Whether the deal ends and is refunded; else it goes on.
	pub refunds: bool,
	/// What the customer loses of the bond.
	pub customer_loses: Loss,
	/// Whether the operator loses the bond of the answer.
	pub operator_loses: bool,
}

impl Outcome {
	/// What a concession does: who gives in before there is a last word loses nothing but the deal.
	pub const CONCEDED: Self = Self { refunds: true, customer_loses: Loss::Nothing, operator_loses: false };

	/// What a verdict does.
	pub const fn of(verdict: Verdict) -> Self {
		match verdict {
			Verdict::Upheld => Self { refunds: true, customer_loses: Loss::Nothing, operator_loses: true },
			Verdict::Rejected => Self { refunds: false, customer_loses: Loss::All, operator_loses: false },
			Verdict::Dismissed => Self { refunds: false, customer_loses: Loss::Tenth, operator_loses: false },
		}
	}
}

/// What a customer loses of the bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
	/// Nothing.
	Nothing,
	/// A tenth, for the operator: the deal's payment was held back, and nothing came of it.
	Tenth,
	/// Everything, for the treasury.
	All,
}

impl Loss {
	/// What is lost of a bond. Rounded down; what is left is the rest, to the unit.
	pub const fn of(self, bond: Balance) -> Balance {
		match self {
			Self::Nothing => 0,
			Self::Tenth => bond / 10,
			Self::All => bond,
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

/// How long stages last, and which blocks did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
	/// Blocks in which a dispute must be answered.
	pub answer: BlockNumber,
	/// Blocks in which the council must decide.
	pub decision: BlockNumber,
	/// Blocks in which a verdict can be overturned.
	pub overturn: BlockNumber,
	/// Blocks in which nobody could do any of it.
	pub interruptions: Interruptions,
}

impl Timetable {
	/// A stage with its end moved by the blocks that it has lost.
	fn moved(&self, stage: Stage) -> Stage {
		let end = |until: BlockNumber, length| self.interruptions.moved(until.saturating_sub(length), until);
		match stage {
			Stage::Open { answer_by } => Stage::Open { answer_by: end(answer_by, self.answer) },
			Stage::Answered { decide_by } => Stage::Answered { decide_by: end(decide_by, self.decision) },
			Stage::Decided { verdict, final_at } => Stage::Decided { verdict, final_at: end(final_at, self.overturn) },
		}
	}
}

impl<AccountId> Dispute<AccountId> {
	/// What the dispute waits for at block `now`, with what has followed from silence. Ends of stages are moved by the
	/// blocks that took no transactions; the record keeps them as they were set.
	pub fn stage_at(&self, now: BlockNumber, times: &Timetable) -> Stage {
		match times.moved(self.stage) {
			// Silence loses.
			Stage::Open { answer_by } if now >= answer_by => times
				.moved(Stage::Decided { verdict: Verdict::Upheld, final_at: answer_by.saturating_add(times.overturn) }),
			Stage::Answered { decide_by } if now >= decide_by => {
				Stage::Decided { verdict: Verdict::Dismissed, final_at: decide_by }
			}
			stage => stage,
		}
	}

	/// Where the dispute stands at block `now`.
	pub fn standing(&self, now: BlockNumber, times: &Timetable) -> Standing {
		match self.stage_at(now, times) {
			Stage::Open { .. } => Standing::AwaitsAnswer,
			Stage::Answered { .. } => Standing::AwaitsDecision,
			Stage::Decided { verdict, final_at } if now < final_at => Standing::Appealable(verdict),
			Stage::Decided { verdict, .. } => Standing::Final(verdict),
		}
	}
}
