//! Where a member looks up the tests that it is asked to measure.

use parking_lot::RwLock;
use std::{collections::BTreeSet, fmt, future::Future, sync::Arc};
use substation_client::Chain;
use substation_primitives::{
	bandwidth::{TestId, TestPage},
	BlockNumber, EndpointId,
};

/// Reads tests from the best chain that this machine sees.
pub trait Ledger: Clone + fmt::Debug + Send + Sync + 'static {
	/// Height of the best block, `None` while there is no connection.
	fn best(&self) -> Option<BlockNumber>;

	/// Whether an endpoint is known to be tested with this machine in the committee. One whose test is in a block that is
	/// on its way is not.
	fn expects(&self, endpoint: &EndpointId) -> bool;

	/// A test, as the best block has it.
	fn test(&self, test: TestId) -> impl Future<Output = Result<Option<TestPage>, String>> + Send;
}

/// The chain, once there is a connection to it. Clones share the connection.
#[derive(Clone, Default)]
pub struct ChainLedger(Arc<Inner>);

#[derive(Default)]
struct Inner {
	chain: RwLock<Option<(Chain, BlockNumber)>>,
	expected: RwLock<BTreeSet<EndpointId>>,
}

impl fmt::Debug for ChainLedger {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_tuple("ChainLedger").field(&self.best()).finish()
	}
}

impl ChainLedger {
	/// From now on reads here; `None` when the connection is lost.
	pub fn set(&self, chain: Option<(&Chain, BlockNumber)>) {
		let chain = chain.map(|(chain, best)| (chain.clone(), best));
		*self.0.chain.write() = chain;
	}

	/// From now on expects these endpoints, and no others.
	pub fn expect(&self, endpoints: BTreeSet<EndpointId>) {
		*self.0.expected.write() = endpoints;
	}

	fn get(&self) -> Option<(Chain, BlockNumber)> {
		self.0.chain.read().clone()
	}
}

impl Ledger for ChainLedger {
	fn best(&self) -> Option<BlockNumber> {
		self.get().map(|(_, best)| best)
	}

	fn expects(&self, endpoint: &EndpointId) -> bool {
		self.0.expected.read().contains(endpoint)
	}

	async fn test(&self, test: TestId) -> Result<Option<TestPage>, String> {
		let Some((chain, _)) = self.get() else { return Err("no connection".into()) };
		let read = async { chain.test_page(test, chain.best().await?).await };
		read.await.map_err(|error| error.to_string())
	}
}
