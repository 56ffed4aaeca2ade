//! Why a free call is refused before it reaches a block.
//!
//! The pool bans the hash of an *invalid* transaction for half an hour and forgets an *unknown* one, so whatever a
//! later block, or another fork, may put right is unknown.
//!
//! | Answer | Meaning |
//! |---|---|
//! | `Unknown(CannotLookup)` | this state has no such node or proposal yet |
//! | `Unknown(Custom(SIGNATURE))` | the signature is not the agent's over these updates and *this state's* forest |
//! | `Unknown(Custom(DEAL_NOT_CLOSED))` | a deal to clear still has a record |
//! | `Unknown(Custom(NODE_TAKES_NO_WORK))` | the node is leaving, suspended or terminated |
//! | `Unknown(Custom(NO_OFFER))` | the node offers no storage |
//! | `Unknown(Custom(PRICE_BELOW_OFFER))` | a proposal pays less than the node asks now |
//! | `Unknown(Custom(CAPACITY_EXCEEDED))` | the offered capacity does not hold the deals |
//! | `Unknown(Custom(BOND_TOO_LOW))` | the bond does not cover the deals |
//! | `Unknown(Custom(OTHER_DEPTH))` | a clearance names another depth than the forest's |
//! | `Invalid(Stale)` | a proposal is accepted, expired or withdrawn already |
//! | `Invalid(Custom(code))` | any other constant of this module: no later state mends it |

use crate::pallet::Error;
use frame_support::pallet_prelude::{
	InvalidTransaction, TransactionLongevity, TransactionPriority, TransactionValidityError, UnknownTransaction,
	ValidTransaction,
};
use substation_primitives::NodeId;

/// The signature is not the agent's over these updates and the forest of this state. A signature over a forest that
/// this state does not have yet looks the same.
pub const SIGNATURE: u8 = 1;
/// A deal to clear still has a record.
pub const DEAL_NOT_CLOSED: u8 = 2;
/// The node is leaving, suspended or terminated.
pub const NODE_TAKES_NO_WORK: u8 = 3;
/// The node offers no storage.
pub const NO_OFFER: u8 = 4;
/// A proposal pays less than the node asks now.
pub const PRICE_BELOW_OFFER: u8 = 5;
/// The node's offered capacity does not hold the deals.
pub const CAPACITY_EXCEEDED: u8 = 6;
/// The node's bond does not cover the deals.
pub const BOND_TOO_LOW: u8 = 7;
/// A deal names another node.
pub const OTHER_NODE: u8 = 8;
/// The updates are empty, not in strictly ascending order of slots, or name a deal twice.
pub const UPDATES_NOT_CANONICAL: u8 = 9;
/// The update proof is longer than the updates can need.
pub const PROOF_TOO_LONG: u8 = 10;
/// A clearance names another depth than the forest's.
pub const OTHER_DEPTH: u8 = 11;
/// The update proof does not fit the forest that the agent signed for.
pub const WRONG_UPDATE: u8 = 12;
/// Anything else. No check of a free call ends here.
pub const OTHER: u8 = 255;

/// Blocks that an authorised update stays in the pool.
pub const UPDATE_LONGEVITY: TransactionLongevity = 16;

/// Above what transactions without a tip usually have, so that a full pool does not drop what a customer paid for.
pub const UPDATE_PRIORITY: TransactionPriority = 1 << 32;

/// What an authorised update provides: one of them per node may be in flight, whichever kind it is.
pub(crate) fn update_tag(node: NodeId) -> ValidTransaction {
	ValidTransaction::with_tag_prefix("substation/forest")
		.and_provides(node)
		.priority(UPDATE_PRIORITY)
		.longevity(UPDATE_LONGEVITY)
		.propagate(true)
		.into()
}

/// What the pool is told about an error.
pub(crate) fn reject<T>(error: Error<T>) -> TransactionValidityError {
	let code = match error {
		Error::NoSuchNode | Error::UnknownDeal => return UnknownTransaction::CannotLookup.into(),
		Error::WrongSignature => SIGNATURE,
		Error::DealNotClosed => DEAL_NOT_CLOSED,
		Error::NodeTakesNoWork => NODE_TAKES_NO_WORK,
		Error::NoOffer => NO_OFFER,
		Error::PriceBelowOffer => PRICE_BELOW_OFFER,
		Error::CapacityExceeded => CAPACITY_EXCEEDED,
		Error::BondTooLow => BOND_TOO_LOW,
		Error::OtherDepth => OTHER_DEPTH,
		Error::DealGone | Error::AlreadyAccepted | Error::ProposalExpired => return InvalidTransaction::Stale.into(),
		Error::OtherNode => return InvalidTransaction::Custom(OTHER_NODE).into(),
		Error::UpdatesNotCanonical => return InvalidTransaction::Custom(UPDATES_NOT_CANONICAL).into(),
		Error::ProofTooLong => return InvalidTransaction::Custom(PROOF_TOO_LONG).into(),
		_ => return InvalidTransaction::Custom(OTHER).into(),
	};
	UnknownTransaction::Custom(code).into()
}
