//! Following the chain block by block.

use crate::{
	client::{BlockHash, Chain},
	error::ChainError,
};
use std::time::Duration;
use subxt::{config::substrate::SubstrateHeader, rpcs::client::RpcSubscription};

type Headers = RpcSubscription<SubstrateHeader<BlockHash>>;

/// Without a new block for so long the connection is taken for dead, even if it looks alive.
const SILENCE: Duration = Duration::from_secs(120);

/// New heads of the best chain and of the finalised one.
#[derive(Debug)]
pub struct BlockStream {
	chain: Chain,
	best: Headers,
	finalised: Headers,
}

/// A chain that has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
	/// There is a new best block.
	Best,
	/// There is a new finalised block.
	Finalised,
}

impl BlockStream {
	/// Subscribes to both. Errors when the node is gone.
	pub async fn subscribe(chain: &Chain) -> Result<Self, ChainError> {
		let methods = chain.methods();
		let best = methods.chain_subscribe_new_heads().await.map_err(|e| chain.rpc_error("new blocks", e))?;
		let finalised =
			methods.chain_subscribe_finalized_heads().await.map_err(|e| chain.rpc_error("finalised blocks", e))?;
		Ok(Self { chain: chain.clone(), best, finalised })
	}

	/// The next change. Errors when the connection is lost or silent for too long.
	pub async fn next(&mut self) -> Result<Head, ChainError> {
		let (head, item) = tokio::select! {
			item = self.best.next() => (Head::Best, item),
			item = self.finalised.next() => (Head::Finalised, item),
			() = tokio::time::sleep(SILENCE) => {
				return Err(self.lost(format!("no new block for {} seconds", SILENCE.as_secs())));
			},
		};
		match item {
			Some(Ok(_)) => Ok(head),
			Some(Err(error)) => Err(self.chain.rpc_error("new blocks", error)),
			None => Err(self.lost("the connection was closed".into())),
		}
	}

	fn lost(&self, reason: String) -> ChainError {
		ChainError::Unreachable { url: self.chain.url().to_owned(), reason }
	}
}
