//! Becoming a provider: `init` and `register`.

use crate::{
	cli::{Common, Init, Register},
	commands::session::Session,
	config::{Config, Folder, DEFAULT_RPC},
};
use anyhow::{bail, ensure, Context, Result};
use iroh::SecretKey;
use serde_json::json;
use std::net::SocketAddr;
use substation_client::{
	amounts::display_amount,
	calls::{NodeSpec, REGISTRY},
	signed::Wait,
	AccountId, Call, Chain, Patience,
};
use substation_primitives::Offer;
use substation_proofs::{authority, Hash};

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
	ensure_free(&old, options.operator)?;
	let kept =
		|given: &Vec<SocketAddr>, before: &Vec<SocketAddr>| if given.is_empty() { before } else { given }.clone();
	let config = Config {
		rpc,
		genesis: Some(hex::encode(chain.genesis())),
		listen: kept(&options.listen, &old.listen),
		advertise: kept(&options.advertise, &old.advertise),
		http: options.http.unwrap_or(old.http),
		operator: options.operator.or(old.operator),
		..old
	};
	folder.write_config(&config)?;
	let agent = hex::encode(key.public().as_bytes());
	let proof = config.operator.map(|operator| hex::encode(bind(&key, &chain.genesis(), &operator)));
	if common.json {
		println!(
			"{}",
			json!({
				"data": folder.path().display().to_string(),
				"agent": agent,
				"endpoint": agent,
				"genesis": config.genesis,
				"operator": config.operator.map(|operator| operator.to_string()),
				"proof": proof,
			})
		);
		return Ok(());
	}
	println!("data folder {} is ready for the chain 0x{}", folder.path().display(), hex::encode(chain.genesis()));
	println!("agent and endpoint: {agent}");
	let register =
		"substation register --capacity 1TiB --price 0.01 --bond 1000 --region CH --address <public ip>:<port>";
	match (config.operator, proof) {
		(Some(operator), Some(proof)) => {
			println!(
				"operator: {operator}; the agent signs for it, as `proof` in registry.register and registry.setAgent:"
			);
			println!("0x{proof}");
			println!("next: {register}");
			println!(
				"      prints the call for the operator's wallet; with --key-file <operator's key> it signs by itself"
			);
		}
		_ => {
			println!("next: {register} --key-file <operator's key>");
			println!("      or, to sign with a wallet, first: substation init --operator <its address>");
		}
	}
	Ok(())
}

/// Errors if this folder has a node, of another operator than is named.
fn ensure_free(config: &Config, named: Option<AccountId>) -> Result<()> {
	if let (Some(node), Some(owner), Some(named)) = (config.node, config.operator, named) {
		ensure!(
			owner == named,
			"this data folder is of node {node}, which belongs to {owner}; for {named}, make another one: --data FOLDER"
		);
	}
	Ok(())
}

/// An agent's word that it serves nodes of this operator: without it nobody can register its key.
fn bind(key: &SecretKey, genesis: &Hash, operator: &AccountId) -> [u8; 64] {
	key.sign(&authority::bind_message(genesis, &operator.0)).to_bytes()
}

/// Who will own the node: the account that signs, or else the one that `init` was told. Errors if the two differ, or if
/// there is neither.
fn operator(config: &Config, signing: Option<AccountId>) -> Result<AccountId> {
	if let (Some(signing), Some(pinned)) = (signing, config.operator) {
		ensure!(
			signing == pinned,
			"{signing} signs, but this data folder is for the operator {pinned}; sign with its key, or change it with \
			 `substation init --operator`"
		);
	}
	signing.or(config.operator).context(
		"nobody signs, and it is not known who will; name the account of the wallet: substation init --operator ADDRESS",
	)
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
	let signing = session.key(&options.signer).await?.map(|key| key.account());
	let operator = operator(&session.config, signing)?;
	let proof = bind(&session.folder.agent_key()?, &session.chain.genesis(), &operator);
	if let Some(config) = session.folder.find_config()?.filter(|config| config.operator.is_none()) {
		// Before anybody sees the call: whatever becomes of it, this machine serves nobody else.
		session.folder.write_config(&Config { operator: Some(operator), ..config })?;
	}
	let offer = Offer { capacity: options.capacity, price: options.price };
	let call = Call::register(&spec, offer, options.bond, proof);
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn who_signs_owns_the_node_unless_somebody_else_was_named() {
		let of = |operator| Config { operator, ..Config::default() };
		let [alice, bob] = [[1; 32], [2; 32]].map(AccountId::from);

		assert_eq!(operator(&of(None), Some(alice)).unwrap(), alice);
		assert_eq!(operator(&of(Some(bob)), None).unwrap(), bob);
		assert_eq!(operator(&of(Some(bob)), Some(bob)).unwrap(), bob);
		let other = operator(&of(Some(bob)), Some(alice)).unwrap_err().to_string();
		assert!(other.contains(&alice.to_string()) && other.contains(&bob.to_string()), "{other}");
		assert!(operator(&of(None), None).unwrap_err().to_string().contains("init --operator"));
	}

	// 2
	#[test]
	fn a_folder_with_a_node_is_not_made_for_another_operator() {
		let [alice, bob] = [[1; 32], [2; 32]].map(AccountId::from);
		let with_node = Config { node: Some(7), operator: Some(alice), ..Config::default() };

		let refused = ensure_free(&with_node, Some(bob)).unwrap_err().to_string();
		assert!(refused.contains("node 7") && refused.contains("--data"), "{refused}");
		ensure_free(&with_node, Some(alice)).unwrap();
		ensure_free(&with_node, None).unwrap();
		ensure_free(&Config { node: None, ..with_node }, Some(bob)).unwrap();
	}

	#[test]
	fn an_agent_signs_for_one_operator_on_one_chain() {
		let key = SecretKey::from_bytes(&[7; 32]);
		let (genesis, operator) = ([1; 32], AccountId::from([2; 32]));
		let proof = iroh::Signature::from_bytes(&bind(&key, &genesis, &operator));
		let is_good = |genesis, operator: [u8; 32]| {
			key.public().verify(&authority::bind_message(genesis, &operator), &proof).is_ok()
		};

		assert!(is_good(&[1; 32], [2; 32]));
		assert!(!is_good(&[1; 32], [3; 32]) && !is_good(&[2; 32], [2; 32]));
	}
}
