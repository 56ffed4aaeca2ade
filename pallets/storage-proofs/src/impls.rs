//! What the storage market is told and may do.

use crate::{
	prove::{place, PERIODS_PER_WORD},
	types::HostHasher,
	Config, NodeProofs, Pallet, Proven,
};
use frame_support::{pallet_prelude::*, traits::Get};
use substation_primitives::{settings::MAX_TERM, traits::StorageLedger, NodeId, Period};
use substation_proofs::forest::{Change, Forest, UpdateProof};

/// Most words that a span of [`MAX_TERM`] periods touches.
const MAX_WORDS: u32 = MAX_TERM / PERIODS_PER_WORD + 1;

/// Words of outcomes that go with a node. A node that has proven for longer leaves the others behind: nobody reads
/// them, because ids are never reused.
pub const FORGOTTEN_WORDS: u32 = 16;

/// The bits of `word` that stand for `first..=last`.
fn mask(word: u32, first: Period, last: Period) -> u128 {
	let (first_word, first_bit) = place(first);
	let (last_word, last_bit) = place(last);
	// All bits from the first on; all bits up to the last.
	let from = if word == first_word { !first_bit.wrapping_sub(1) } else { u128::MAX };
	let to = if word == last_word { last_bit | last_bit.wrapping_sub(1) } else { u128::MAX };
	from & to
}

impl<T: Config> StorageLedger for Pallet<T> {
	fn catch_up(node: NodeId) {
		let _ = Self::do_catch_up(node, None);
	}

	fn is_terminated(node: NodeId) -> bool {
		Self::standing(node).terminated_at.is_some()
	}

	fn terminated_at(node: NodeId) -> Option<Period> {
		NodeProofs::<T>::get(node)?.terminated_at
	}

	fn closed(node: NodeId) -> Option<Period> {
		T::Clock::get().closed::<HostHasher>(node, Self::now())
	}

	fn current(node: NodeId) -> Period {
		Self::current_at(node, Self::now())
	}

	fn proven(node: NodeId, first: Period, last: Period) -> u32 {
		if first > last {
			return 0;
		}
		let (first_word, _) = place(first);
		let (last_word, _) = place(last);
		// Longer spans break the caller's promise; the bound keeps even them cheap.
		let last_word = last_word.min(first_word.saturating_add(MAX_WORDS));
		(first_word..=last_word).map(|word| (Proven::<T>::get(node, word) & mask(word, first, last)).count_ones()).sum()
	}

	fn forest(node: NodeId) -> Forest {
		NodeProofs::<T>::get(node).map(|record| record.forest).unwrap_or_default()
	}

	fn check_update(
		node: NodeId,
		depth: u8,
		changes: &[(u32, Change)],
		proof: &UpdateProof,
	) -> Result<(), DispatchError> {
		Self::prepare_update(node, depth, changes, proof).map(|_| ())
	}

	fn update(node: NodeId, depth: u8, changes: &[(u32, Change)], proof: &UpdateProof) -> Result<(), DispatchError> {
		Self::do_update(node, depth, changes, proof)
	}

	/// Forgets the node's record and up to [`FORGOTTEN_WORDS`] words of its outcomes, 2,048 periods. Others may stay.
	fn forget(node: NodeId) {
		NodeProofs::<T>::remove(node);
		let _ = Proven::<T>::clear_prefix(node, FORGOTTEN_WORDS, None);
	}
}
