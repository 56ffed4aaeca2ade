//! What a full node's off-chain worker and the agent beside it say to each other over loopback HTTP.
//!
//! `GET {url}/v1/node` answers the decimal id of the node that the agent serves. `POST {url}/v1/prove` takes an
//! encoded [`ProveRequest`] and answers an encoded [`substation_proofs::storage::StorageProof`].

use codec::{Decode, Encode};
use scale_info::TypeInfo;
use substation_proofs::{challenge::Challenge, forest::Forest};

/// Key of the agent's address in the node's persistent off-chain storage. The value is the SCALE encoding of the
/// address as text (`Vec<u8>` or `String`), such as `http://127.0.0.1:9955`, without a slash at its end.
pub const AGENT_URL_KEY: &[u8] = b"substation/agent-url";

/// Where the agent tells which node it serves.
pub const NODE_PATH: &str = "/v1/node";

/// Where the agent answers challenges.
pub const PROVE_PATH: &str = "/v1/prove";

/// Most octets that an answer of the agent may have.
pub const MAX_ANSWER: u32 = 512 * 1024;

/// What the agent is asked to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ProveRequest {
	/// What the challenged bytes are derived from.
	pub challenge: Challenge,
	/// The forest that the challenge asks about: the agent may have changed its own since.
	pub forest: Forest,
}
