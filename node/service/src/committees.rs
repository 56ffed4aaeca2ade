//! What the committees of this chain bound, said at the start.
//!
//! A chain for development tests lines with committees so small that one person fills them. Whoever starts a node on
//! it shall not take its ratings for more than they are.

use crate::{service::FullClient, Hash};
use codec::Decode;
use sc_client_api::{CallExecutor, ExecutorProvider};
use sp_core::traits::CallContext;
use substation_primitives::Committees;

/// The runtime API function that names a chain's committees.
const FUNCTION: &str = "SubstationApi_committees";

/// Logs [`warning`] of the committees that the chain has at this block. A runtime that has none is passed over.
pub(crate) fn warn(client: &FullClient, at: Hash) {
	let answer = client.executor().call(at, FUNCTION, &[], CallContext::Offchain);
	let committees = answer.ok().and_then(|bytes| Committees::decode(&mut &bytes[..]).ok());
	if let Some(text) = committees.as_ref().and_then(warning) {
		log::warn!("⚠️  {text}");
	}
}

/// What people need to know of committees that are drawn from too few nodes, `None` if they are drawn from enough.
pub fn warning(committees: &Committees) -> Option<String> {
	let Committees { members, min_nodes, .. } = *committees;
	let enough = u32::from(members).saturating_mul(3);
	(min_nodes < enough).then(|| {
		format!(
			"this chain draws committees of {members} from as few as {min_nodes} nodes: its ratings of lines show how \
			 tests run and bound nothing worth stealing"
		)
	})
}
