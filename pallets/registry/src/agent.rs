//! Which key serves which node: a key says for whom before it serves, and then serves one node.

use crate::{Agents, Config, Error, Pallet};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::ed25519;
use sp_runtime::traits::Zero;
use substation_primitives::{AgentKey, NodeId};
use substation_proofs::{authority::bind_message, Hash};

/// A signature of an agent: ed25519.
pub type AgentSignature = [u8; 64];

impl<T: Config> Pallet<T> {
	/// Whether `agent` may serve this node of `operator`, or a new one: no other node names it, and it has signed for the
	/// operator. The dear check comes last.
	pub(crate) fn ensure_agent(
		agent: &AgentKey,
		operator: &T::AccountId,
		node: Option<NodeId>,
		proof: &AgentSignature,
	) -> Result<(), Error<T>> {
		Self::ensure_key(agent)?;
		let is_free = Agents::<T>::get(agent).is_none_or(|served| Some(served) == node);
		ensure!(is_free, Error::AgentTaken);
		let message = Self::bind_message(operator);
		let (key, signature) = (ed25519::Public::from_raw(*agent), ed25519::Signature::from_raw(*proof));
		ensure!(sp_io::crypto::ed25519_verify(&signature, &message, &key), Error::AgentNotProven);
		Ok(())
	}

	/// What an agent signs so that nodes of this operator may name its key.
	pub fn bind_message(operator: &T::AccountId) -> alloc::vec::Vec<u8> {
		bind_message(&Self::genesis(), operator)
	}

	/// Hash of the chain's first block, which the agent's signatures name.
	fn genesis() -> Hash {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		// This chain's hashes have 32 bytes. The empty one would only make every signature wrong.
		Hash::try_from(hash.as_ref()).unwrap_or_default()
	}
}
