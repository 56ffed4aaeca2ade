//! Nodes that lie: a tested node that follows a script of tricks, and members that vouch for it.
//!
//! They speak the agent's own protocol. Nothing of this is in the program that operators run.

pub mod accomplice;
pub mod cheat;
pub mod tricks;

use anyhow::{Context, Result};
use clap::Args;
use iroh::{
	endpoint::{presets, QuicTransportConfig},
	Endpoint, RelayMode, SecretKey,
};
use std::{path::PathBuf, time::Duration};
use substation_agent::config::{Config, Folder};
use substation_client::{Chain, Patience};
use substation_primitives::NodeId;

/// How long an adversary waits before it looks at the chain again.
const LOOK: Duration = Duration::from_millis(500);

/// What every adversary is told: it lives in a data folder that `substation init` has made.
#[derive(Args, Clone, Debug)]
pub struct Identity {
	/// The data folder.
	#[arg(long)]
	pub data: PathBuf,
	/// Where the chain is.
	#[arg(long)]
	pub rpc: String,
}

/// A machine with an agent's key, an endpoint and a view of the chain.
#[derive(Debug)]
pub struct Machine {
	/// The agent's key.
	pub key: SecretKey,
	/// Listens where the folder's configuration says.
	pub endpoint: Endpoint,
	/// The chain.
	pub chain: Chain,
	/// Which node this is.
	pub node: NodeId,
}

impl Machine {
	/// Starts the endpoint and finds out which node this is. Waits for the registration.
	pub async fn start(identity: &Identity, transport: QuicTransportConfig) -> Result<Self> {
		let folder = Folder::at(&identity.data);
		let config: Config = folder.config()?;
		let genesis = config.genesis()?;
		let key = folder.agent_key()?;
		let mut builder = Endpoint::builder(presets::Minimal)
			.relay_mode(RelayMode::Disabled)
			.secret_key(key.clone())
			.transport_config(transport)
			.alpns(vec![substation_agent::bandwidth::protocol::ALPN.to_vec()])
			.clear_ip_transports();
		for address in &config.listen {
			builder = builder.bind_addr(*address)?;
		}
		let endpoint = builder.bind().await.context("endpoint")?;
		let chain = Chain::connect(&identity.rpc, genesis, Patience::Forever).await?;
		let node = loop {
			let best = chain.best().await?;
			if let Some(node) = chain.node_of_agent(key.public().as_bytes(), best).await? {
				break node;
			}
			tokio::time::sleep(LOOK).await;
		};
		println!("started as node {node}");
		Ok(Self { key, endpoint, chain, node })
	}
}
