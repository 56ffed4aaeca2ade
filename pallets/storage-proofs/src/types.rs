//! What the pallet keeps, and what it passes between its own files.

use crate::Error;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_prelude::{InvalidTransaction, TransactionValidityError, UnknownTransaction};
use scale_info::TypeInfo;
use substation_primitives::{Balance, BlockNumber, NodeId, Period};
use substation_proofs::{challenge::Challenge, forest::Forest, Hash, Hasher};

/// `blake2_256` of the host.
#[derive(Clone, Copy, Debug)]
pub struct HostHasher;

impl Hasher for HostHasher {
	fn blake2_256(data: &[u8]) -> Hash {
		sp_io::hashing::blake2_256(data)
	}
}

/// What the chain keeps of one storage node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NodeRecord {
	/// What the node commits to now.
	pub forest: Forest,
	/// The forest before the first change in the named period: what that period's challenge asks about.
	pub frozen: Option<(Period, Forest)>,
	/// The first period whose outcome is not applied.
	pub next_due: Period,
	/// Strikes, with every applied miss and proof.
	pub strikes: u8,
	/// The period whose miss ended the node.
	pub terminated_at: Option<Period>,
	/// What misses have cost so far. Nothing on chain reads it but the node's page.
	#[codec(compact)]
	pub fined: Balance,
}

impl NodeRecord {
	/// A node that has never had a deal before `period`.
	pub fn starting_at(period: Period) -> Self {
		Self { forest: Forest::default(), frozen: None, next_due: period, strikes: 0, terminated_at: None, fined: 0 }
	}

	/// The forest that the challenge of `period` asks about, if no change was made between `period` and now other
	/// than in `period` itself. That holds for the current period, and for the first one of a run of misses.
	pub fn challenged(&self, period: Period) -> &Forest {
		match &self.frozen {
			Some((frozen, forest)) if *frozen == period => forest,
			_ => &self.forest,
		}
	}

	/// Keeps the present forest as what `period` is challenged on, unless a change in `period` has done so before.
	pub(crate) fn freeze(&mut self, period: Period) {
		if self.frozen.as_ref().is_none_or(|(frozen, _)| *frozen != period) {
			self.frozen = Some((period, self.forest));
		}
	}

	/// Ends the node: nothing is due after `period`, and nothing is committed to.
	pub(crate) fn terminate(&mut self, period: Period) {
		self.forest = Forest::default();
		self.frozen = None;
		self.next_due = period.next();
		self.terminated_at = Some(period);
	}
}

/// The right to prove one period of one node, once, now. What a free call consumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
	/// Who may prove.
	pub node: NodeId,
	/// For which period.
	pub period: Period,
	/// What is asked.
	pub challenge: Challenge,
	/// What it is asked about.
	pub forest: Forest,
	/// The first block at which the right is gone.
	pub closes: BlockNumber,
}

/// Why there is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
	/// The chain commits to nothing for this node, at this state.
	UnknownNode,
	/// The window is not open, or its seed is not known at this state.
	NotYetOpen,
	/// The window has closed.
	Closed,
	/// A proof of this period was accepted.
	AlreadyProven,
	/// Misses before this period end the node.
	Terminated,
	/// The challenged set is empty.
	NothingToProve,
}

impl From<Refusal> for TransactionValidityError {
	/// What a later or another state may still accept is *unknown*: pools ban the hash of what is *invalid*.
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::UnknownNode | Refusal::NotYetOpen => UnknownTransaction::CannotLookup.into(),
			Refusal::Closed | Refusal::AlreadyProven | Refusal::Terminated | Refusal::NothingToProve => {
				InvalidTransaction::Stale.into()
			}
		}
	}
}

impl<T> From<Refusal> for Error<T> {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::UnknownNode => Self::UnknownNode,
			Refusal::NotYetOpen => Self::WindowNotYetOpen,
			Refusal::Closed => Self::WindowClosed,
			Refusal::AlreadyProven => Self::AlreadyProven,
			Refusal::Terminated => Self::NodeTerminated,
			Refusal::NothingToProve => Self::NothingToProve,
		}
	}
}
