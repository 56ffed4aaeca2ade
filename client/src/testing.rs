use crate::{Chain, ChainError};
use substation_fake_node::FakeNode;

/// A connection to a node that answers from memory.
pub(crate) async fn connect(node: &FakeNode) -> Result<Chain, ChainError> {
	Chain::over("ws://fake", node.rpc(), None).await
}
