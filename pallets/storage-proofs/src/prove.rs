//! A proof's way: ticket, sizes, openings, one bit.

use crate::{
	penalty,
	types::{HostHasher, Refusal, Ticket},
	Config, Error, Event, NodeProofs, Pallet, Proven, WeightInfo,
};
use frame_support::{pallet_prelude::*, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{SaturatedConversion, Zero};
use substation_primitives::{traits::OnProven, BlockNumber, NodeId, Period, ResourceClass};
use substation_proofs::{
	challenge::Challenge,
	storage::{self, ProofError, StorageProof},
	Hash,
};

/// Before anything that pays a fee: a proof that waits is a period lost, and there is one per node and period.
const PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

/// Tag of accepted proofs in transaction pools: two proofs of one period never wait side by side.
const PROVIDES: &str = "substation/prove";

/// Periods whose outcomes one storage word holds.
pub(crate) const PERIODS_PER_WORD: u32 = u128::BITS;

/// Where the outcome of a period is kept: the word, and the bit in it.
pub(crate) fn place(period: Period) -> (u32, u128) {
	(period.0 / PERIODS_PER_WORD, 1 << (period.0 % PERIODS_PER_WORD))
}

impl<T: Config> Pallet<T> {
	/// The block that is being executed.
	pub(crate) fn now() -> BlockNumber {
		// Exact: the runtime's block number is 32 bits wide (asserted in `integrity_test`).
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Hash of the chain's first block.
	pub(crate) fn genesis_hash() -> Hash {
		let mut genesis = Hash::default();
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		for (to, from) in genesis.iter_mut().zip(hash.as_ref()) {
			*to = *from;
		}
		genesis
	}

	/// Whether a proof of `period` was accepted.
	pub fn is_proven(node: NodeId, period: Period) -> bool {
		let (word, bit) = place(period);
		Proven::<T>::get(node, word) & bit != 0
	}

	/// The period that runs for `node` in block `now`.
	pub(crate) fn current_at(node: NodeId, now: BlockNumber) -> Period {
		T::Clock::get().current::<HostHasher>(node, now)
	}

	/// The right to prove `period` in block `now`.
	pub(crate) fn ticket(node: NodeId, period: Period, now: BlockNumber) -> Result<Ticket, Refusal> {
		let clock = T::Clock::get();
		let current = clock.current::<HostHasher>(node, now);
		if period != current {
			return Err(if period > current { Refusal::NotYetOpen } else { Refusal::Closed });
		}
		let opens = clock.opens::<HostHasher>(node, period);
		let seed = Self::seed(opens).filter(|_| now > opens).ok_or(Refusal::NotYetOpen)?;
		let record = NodeProofs::<T>::get(node).ok_or(Refusal::UnknownNode)?;
		if Self::is_proven(node, period) {
			return Err(Refusal::AlreadyProven);
		}
		let record = Self::judge(node, record, now).record;
		if record.terminated_at.is_some() {
			return Err(Refusal::Terminated);
		}
		let forest = *record.challenged(period);
		if forest.total == 0 {
			return Err(Refusal::NothingToProve);
		}
		let challenge = Challenge {
			genesis: Self::genesis_hash(),
			seed: seed.seed,
			node: node.0,
			period: period.0,
			openings: seed.openings,
		};
		Ok(Ticket { node, period, challenge, forest, closes: clock.closes::<HostHasher>(node, period) })
	}

	/// Checks a proof against a ticket: sizes before the first hash.
	pub(crate) fn check_proof(ticket: &Ticket, proof: &StorageProof) -> Result<(), ProofError> {
		storage::check_sizes(&ticket.forest, ticket.challenge.openings, proof)?;
		storage::verify::<HostHasher>(&ticket.forest, &ticket.challenge, proof).map(|_| ())
	}

	/// Decides whether a proof may enter a block. Everything is checked here: after this, dispatch cannot fail.
	pub(crate) fn authorize_proof(node: NodeId, period: Period, proof: &StorageProof) -> TransactionValidityWithRefund {
		let now = Self::now();
		let ticket = Self::ticket(node, period, now)?;
		Self::check_proof(&ticket, proof).map_err(|_| InvalidTransaction::BadProof)?;
		let validity = ValidTransaction::with_tag_prefix(PROVIDES)
			.and_provides((node, period))
			.priority(PRIORITY)
			.longevity(ticket.closes.saturating_sub(now).into())
			.propagate(true)
			.into();
		Ok((validity, Weight::zero()))
	}

	/// Accepts a proof that [`Self::authorize_proof`] has verified.
	///
	/// The extension `AuthorizeCall` runs that within the same application of the same transaction and is the only
	/// source of the origin `Authorized`, so verifying again would prove nothing. The ticket costs a few cached reads
	/// and is checked again: it is what keeps a period from being proven twice.
	pub(crate) fn do_prove(node: NodeId, period: Period) -> DispatchResultWithPostInfo {
		let ticket = Self::ticket(node, period, Self::now()).map_err(Error::<T>::from)?;
		let had_missed = Self::do_catch_up(node, None).is_some();
		NodeProofs::<T>::mutate_extant(node, |record| {
			record.strikes = penalty::forgive(record.strikes, &T::Settings::get());
			record.next_due = period.next();
		});
		let (word, bit) = place(period);
		Proven::<T>::mutate(node, word, |bits| *bits |= bit);
		let bytes = ticket.forest.total;
		T::OnProven::on_proven(node, ResourceClass::Storage, period, bytes);
		Self::deposit_event(Event::WindowProven { node, period, bytes });
		Ok((!had_missed).then(T::WeightInfo::prove).into())
	}
}
