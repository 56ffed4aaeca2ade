//! What acceptances and clearances have in common: both are free calls that replace leaves of one forest, signed by
//! the node's agent.

use crate::{
	pallet::{Config, Error, Pallet},
	types::AgentSignature,
};
use alloc::collections::BTreeSet;
use frame_support::{
	ensure,
	storage::{with_transaction_unchecked, TransactionOutcome},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::ed25519;
use sp_runtime::traits::Zero;
use substation_primitives::{traits::StorageLedger, AgentKey, DealId, NodeId};
use substation_proofs::{forest::UpdateProof, Hash};

impl<T: Config> Pallet<T> {
	/// Whether updates are in strictly ascending order of slots, at least one, and name no deal twice. Says how many.
	pub(crate) fn check_canonical(updates: impl Iterator<Item = (u32, DealId)>) -> Result<usize, Error<T>> {
		let mut deals = BTreeSet::new();
		let mut before = None;
		for (slot, deal) in updates {
			ensure!(before < Some(slot) && deals.insert(deal), Error::<T>::UpdatesNotCanonical);
			before = Some(slot);
		}
		ensure!(!deals.is_empty(), Error::<T>::UpdatesNotCanonical);
		Ok(deals.len())
	}

	/// Whether the update proof can be one: each update's path has at most one sibling a level.
	pub(crate) fn check_proof_size(updates: usize, depth: u8, proof: &UpdateProof) -> Result<(), Error<T>> {
		let most = updates.saturating_mul(depth.into());
		ensure!(proof.weights.len() <= most, Error::<T>::ProofTooLong);
		ensure!(proof.hashes.len() <= proof.weights.len(), Error::<T>::ProofTooLong);
		Ok(())
	}

	pub(crate) fn check_signature(
		agent: &AgentKey,
		message: &[u8],
		signature: &AgentSignature,
	) -> Result<(), Error<T>> {
		let signature = ed25519::Signature::from_raw(*signature);
		let agent = ed25519::Public::from_raw(*agent);
		ensure!(sp_io::crypto::ed25519_verify(&signature, message, &agent), Error::<T>::WrongSignature);
		Ok(())
	}

	/// What `look` finds in the state that catching the node up would leave. Writes nothing.
	pub(crate) fn caught_up<V>(node: NodeId, look: impl FnOnce() -> V) -> V {
		with_transaction_unchecked(|| {
			T::Ledger::catch_up(node);
			TransactionOutcome::Rollback(look())
		})
	}

	/// Hash of the chain's first block, which the agent's signatures name.
	pub(crate) fn genesis() -> Hash {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		// This chain's hashes have 32 bytes. The empty one would only make every signature wrong.
		Hash::try_from(hash.as_ref()).unwrap_or_default()
	}
}
