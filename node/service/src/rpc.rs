//! The RPC methods beyond those every node has: account nonces, fees, BABE, GRANDPA, light-client checkpoints, block
//! statistics.

use crate::{
	service::{FullBackend, FullClient, FullSelectChain, TransactionPool},
	AccountId, Block, Hash, Nonce,
};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::{
	dev::{Dev, DevApiServer},
	SubscriptionTaskExecutor,
};
use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What the methods work with.
#[allow(missing_debug_implementations, reason = "the client's parts have none")]
pub struct Deps {
	/// Answers questions about blocks and state.
	pub client: Arc<FullClient>,
	/// Transactions that wait; an account's next nonce counts them.
	pub pool: Arc<TransactionPool>,
	/// Finds the best chain.
	pub select_chain: FullSelectChain,
	/// The chain's spec, from which checkpoints are made.
	pub chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	/// This node's keys, to tell which slots are its own.
	pub keystore: KeystorePtr,
	/// Knows the epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// How far the current round of voting is.
	pub voter_state: SharedVoterState,
	/// Who votes on finality.
	pub authority_set: SharedAuthoritySet<Hash, crate::BlockNumber>,
	/// Proofs of finality as they appear.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Proofs of finality of older blocks.
	pub finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// Puts the methods together.
pub fn create(
	deps: &Deps,
	subscriptions: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	let client = || deps.client.clone();
	let (authorities, babe_worker) = (&deps.authority_set, &deps.babe_worker);

	let mut module = RpcModule::new(());
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(System::new(client(), deps.pool.clone())))?;
	module.merge(TransactionPayment::<_, Block>::new(client()).into_rpc())?;
	module
		.merge(Babe::new(client(), babe_worker.clone(), deps.keystore.clone(), deps.select_chain.clone()).into_rpc())?;
	module.merge(
		Grandpa::new(
			subscriptions,
			authorities.clone(),
			deps.voter_state.clone(),
			deps.justifications.clone(),
			deps.finality_proofs.clone(),
		)
		.into_rpc(),
	)?;
	let chain_spec = deps.chain_spec.cloned_box();
	module.merge(SyncState::new(chain_spec, client(), authorities.clone(), babe_worker.clone())?.into_rpc())?;
	module.merge(Dev::new(client()).into_rpc())?;
	Ok(module)
}
