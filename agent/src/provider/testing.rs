//! What tests of the agent share.

use iroh::SecretKey;
use substation_client::{calls::Call, client::NodeView, extrinsic, Chain, ChainError};
pub(crate) use substation_fake_node::pages::{active, deal, terms, window};
use substation_fake_node::FakeNode;
use substation_primitives::{deal::Acceptance, NodeId};
use substation_proofs::forest::UpdateProof;
use subxt::utils::Era;

/// A connection to a node that answers from memory.
pub(crate) async fn connect(node: &FakeNode) -> Result<Chain, ChainError> {
	Chain::over("ws://fake", node.rpc(), None).await
}

/// The key of the agent that serves [`node`].
pub(crate) fn key() -> SecretKey {
	SecretKey::from_bytes(&[2; 32])
}

/// A new node that takes deals.
pub(crate) fn node() -> NodeView {
	NodeView { agent: *key().public().as_bytes(), ..substation_fake_node::pages::node() }
}

/// A block's transaction that accepts these deals.
pub(crate) fn acceptance(node: NodeId, acceptances: &[Acceptance]) -> Vec<u8> {
	let call = Call::accept(node, acceptances, 3, &UpdateProof::default(), [1; 64]);
	extrinsic::general(Era::mortal(8, 100), &call.encode(&substation_fake_node::metadata()).unwrap())
}
