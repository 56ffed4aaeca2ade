//! Where the agent beside this node answers.
//!
//! The runtime's off-chain worker asks the agent for storage proofs over HTTP. It finds the address in the node's own
//! off-chain storage, under [`AGENT_URL_KEY`]; this module checks the address and puts it there.

use codec::Encode;
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use std::{fmt, net::SocketAddr, str::FromStr};
pub use substation_primitives::agent_api::AGENT_URL_KEY;

/// The address of an agent on this machine: `http://127.0.0.1:PORT`, without a path.
///
/// Only loopback is accepted: the agent answers whoever asks, so it must not be reachable from elsewhere, and an
/// off-chain worker must not be talked into asking somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentUrl(String);

/// Why an address is not an agent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentUrlError {
	/// It does not start with `http://`. The agent speaks plain HTTP: nothing leaves this machine.
	NotHttp,
	/// It has a path, a query or a user. Give only the address and the port.
	NotOnlyAnAddress,
	/// There is no port, or port 0.
	NoPort,
	/// It is not an address of this machine's loopback: use `127.0.0.1`, `[::1]` or `localhost`.
	NotLoopback,
}

impl fmt::Display for AgentUrlError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::NotHttp => "must start with http://",
			Self::NotOnlyAnAddress => "must be an address and a port only, such as http://127.0.0.1:4040",
			Self::NoPort => "needs a port, such as http://127.0.0.1:4040",
			Self::NotLoopback => "must be on this machine's loopback: 127.0.0.1, [::1] or localhost",
		})
	}
}

impl std::error::Error for AgentUrlError {}

impl FromStr for AgentUrl {
	type Err = AgentUrlError;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let authority = text.strip_prefix("http://").ok_or(AgentUrlError::NotHttp)?;
		let authority = authority.strip_suffix('/').unwrap_or(authority);
		if authority.is_empty() || authority.contains(['/', '?', '#', '@']) || authority.contains(char::is_whitespace) {
			return Err(AgentUrlError::NotOnlyAnAddress);
		}

		let (host, port) = match authority.rsplit_once(':') {
			Some((host, port)) if !port.ends_with(']') => (host, port),
			_ => return Err(AgentUrlError::NoPort),
		};
		// `u16::from_str` would take a sign.
		let port = Some(port)
			.filter(|port| port.bytes().all(|digit| digit.is_ascii_digit()))
			.and_then(|port| port.parse::<u16>().ok())
			.filter(|port| *port != 0)
			.ok_or(AgentUrlError::NoPort)?;

		let address = if host == "localhost" { format!("127.0.0.1:{port}") } else { format!("{host}:{port}") };
		let address: SocketAddr = address.parse().map_err(|_| AgentUrlError::NotLoopback)?;
		if !address.ip().is_loopback() {
			return Err(AgentUrlError::NotLoopback);
		}
		Ok(Self(format!("http://{address}")))
	}
}

impl fmt::Display for AgentUrl {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

/// Tells the off-chain workers of a node where its agent is, or, with `None`, that there is none.
///
/// Forgetting matters: a node restarted without `--agent-url` would otherwise go on asking where an agent once was.
pub fn store(storage: &mut impl OffchainStorage, url: Option<&AgentUrl>) {
	match url {
		Some(url) => storage.set(STORAGE_PREFIX, AGENT_URL_KEY, &url.0.encode()),
		None => storage.remove(STORAGE_PREFIX, AGENT_URL_KEY),
	}
}
