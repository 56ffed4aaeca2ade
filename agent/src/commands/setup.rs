//! Becoming a provider: `init` and `register`.

use crate::{
	chain::{
		calls::{NodeSpec, REGISTRY},
		signed::Wait,
		Call, Chain, Patience,
	},
	cli::{amounts::display_amount, Common, Init, Register},
	commands::session::Session,
	config::{Config, Folder, DEFAULT_RPC},
};
use anyhow::{bail, ensure, Result};
use serde_json::json;
use std::net::SocketAddr;
use substation_primitives::Offer;

/// Most addresses that the registry keeps of a node.
const MAX_ADDRESSES: usize = 8;

/// Prepares a data folder. Leaves an existing key, the node's number and whatever is not named alone, so that it can be
/// run again.
pub async fn init(common: &Common, options: &Init) -> Result<()> {
	if let Some(http) = options.http {
		ensure!(http.ip().is_loopback(), "--http {http} is not a loopback address; anybody could ask for proofs");
	}
	let folder = Folder::provider(common)?;
	let old = folder.find_config()?;
	let rpc =
		common.rpc.clone().or_else(|| old.as_ref().map(|old| old.rpc.clone())).unwrap_or_else(|| DEFAULT_RPC.into());
	let expected = old.as_ref().map(Config::genesis).transpose()?.flatten();
	let chain = Chain::connect(&rpc, expected, Patience::COMMAND).await?;
	folder.create()?;
	let key = folder.agent_key_or_new()?;
	let old = old.unwrap_or_default();
	let kept =
		|given: &Vec<SocketAddr>, before: &Vec<SocketAddr>| if given.is_empty() { before } else { given }.clone();
	let config = Config {
		rpc,
		genesis: Some(hex::encode(chain.genesis())),
		listen: kept(&options.listen, &old.listen),
		advertise: kept(&options.advertise, &old.advertise),
		http: options.http.unwrap_or(old.http),
		..old
	};
	folder.write_config(&config)?;
	let agent = hex::encode(key.public().as_bytes());
	if common.json {
		let data = folder.path().display().to_string();
		println!("{}", json!({ "data": data, "agent": agent, "endpoint": agent, "genesis": config.genesis }));
	} else {
		println!("data folder {} is ready for the chain 0x{}", folder.path().display(), hex::encode(chain.genesis()));
		println!("agent and endpoint: {agent}");
		println!("next: substation register --capacity 1TiB --price 0.01 --bond 1000 --region CH \\");
		println!("        --address <public ip>:<port> --key-file <operator's key>");
	}
	Ok(())
}

/// Registers the machine, or prints the call for the operator's wallet.
pub async fn register(common: &Common, options: &Register) -> Result<()> {
	let session = Session::provider(common).await?;
	if let Some(node) = session.config.node {
		bail!(
			"this data folder is node {node}'s; change that with `substation set-offer` or `set-contact`, or register \
			 another node from another folder: substation init --data FOLDER"
		);
	}
	let spec = spec(&session, &options.addresses, options.region)?;
	let settings = session.chain.settings(session.chain.best().await?).await?;
	ensure!(
		options.bond >= settings.registry.min_bond,
		"a bond of {} STN is too low; the least is {} STN",
		display_amount(options.bond),
		display_amount(settings.registry.min_bond)
	);
	let offer = Offer { capacity: options.capacity, price: options.price };
	let call = Call::register(&spec, offer, options.bond);
	let committed = options.bond.saturating_add(settings.registry.node_deposit);
	let Some(receipt) = session.submit(&call, &options.signer, committed).await? else { return Ok(()) };
	let node = receipt.number(REGISTRY, "node").and_then(|node| u64::try_from(node).ok());
	// What is not final may yet get another number; `run` finds it by the agent's key.
	let is_final = options.signer.wait() == Wait::Finalised;
	if let Some(mut config) = session.folder.find_config()?.filter(|_| is_final) {
		config.node = node;
		session.folder.write_config(&config)?;
	}
	if common.json {
		println!("{}", json!({ "node": node, "block": receipt.block }));
	} else {
		println!("registered as node {} in block {}", node.map_or("?".into(), |node| node.to_string()), receipt.block);
		println!("next: substation run");
	}
	Ok(())
}

/// What the machine says about itself.
pub fn spec(session: &Session, addresses: &[SocketAddr], region: substation_primitives::Region) -> Result<NodeSpec> {
	let addresses = if addresses.is_empty() { &session.config.advertise } else { addresses };
	ensure!(!addresses.is_empty(), "nobody could reach this machine; name its public address with --address IP:PORT");
	ensure!(addresses.len() <= MAX_ADDRESSES, "at most {MAX_ADDRESSES} addresses fit into the registry");
	let key = *session.folder.agent_key()?.public().as_bytes();
	Ok(NodeSpec {
		agent: key,
		endpoint: key,
		addresses: addresses.iter().map(|address| address.to_string().into_bytes()).collect(),
		region,
	})
}
