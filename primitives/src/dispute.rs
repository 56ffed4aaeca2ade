//! Disputes about deals, as token holders, agents and pallets name them.

use crate::units::BlockNumber;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How a dispute ends. Indices are part of the encoding and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Verdict {
	/// The customer is right: the deal ends and is refunded, the answer's bond is lost.
	#[codec(index = 0)]
	Upheld,
	/// The customer is wrong: the deal goes on, the customer's bond is lost.
	#[codec(index = 1)]
	Rejected,
	/// Nobody is to blame, or nobody has decided: the deal goes on, both bonds go back but for a tenth of the customer's,
	/// which the operator gets.
	#[codec(index = 2)]
	Dismissed,
}

/// What a dispute waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// For an answer, by the operator or the agent of the deal's node.
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
	/// For becoming final, or for somebody who executes it.
	#[codec(index = 2)]
	Decided {
		/// What was decided, or has followed from silence.
		verdict: Verdict,
		/// First block at which it is too late to overturn, and anyone may execute.
		final_at: BlockNumber,
	},
}
