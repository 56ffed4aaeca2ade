//! The chains this node knows by name. Every other chain is a file.
//!
//! All of them start from the one runtime blob; what differs is the genesis preset that the blob itself builds.

use crate::Block;
use sc_chain_spec::{ChainSpecExtension, ChainType};
use sc_service::Properties;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Parts of a chain spec that only the node reads.
#[derive(Default, Clone, Debug, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
	/// Block hashes that must be on the chain at their heights.
	pub fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Block hashes that must never be on the chain.
	pub bad_blocks: sc_client_api::BadBlocks<Block>,
	/// A finalised state from which light clients start.
	pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// The chain spec of a Substation network.
pub type ChainSpec = sc_service::GenericChainSpec<Extensions>;

/// Prefix of every protocol's old-style name, so that other networks are not taken for ours.
pub const PROTOCOL_ID: &str = "substation";

/// A chain the node knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedChain {
	/// One validator on this machine, fast blocks.
	Dev,
	/// Several validators on one machine or in one house, fast blocks.
	Local,
	/// What a public network is made of: the real lengths of blocks, eras and proving periods, and nobody in it yet.
	LiveTemplate,
}

impl NamedChain {
	/// All of them.
	pub const ALL: [Self; 3] = [Self::Dev, Self::Local, Self::LiveTemplate];

	/// The chain of this id, if there is one.
	pub fn find(id: &str) -> Option<Self> {
		Self::ALL.into_iter().find(|chain| chain.id() == id)
	}

	/// What `--chain` calls it, and the name of its folder below the base path.
	pub fn id(&self) -> &'static str {
		match self {
			Self::Dev => "dev",
			Self::Local => "local",
			Self::LiveTemplate => "live-template",
		}
	}

	/// What people are told.
	pub fn name(&self) -> &'static str {
		match self {
			Self::Dev => "Substation Development",
			Self::Local => "Substation Local Testnet",
			Self::LiveTemplate => "Substation Live Template",
		}
	}

	/// The genesis preset of the runtime.
	pub fn preset(&self) -> &'static str {
		match self {
			Self::Dev => sp_genesis_builder::DEV_RUNTIME_PRESET,
			Self::Local => sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
			Self::LiveTemplate => "live-template",
		}
	}

	/// What sort of network it is, which decides whether nodes look for each other at private addresses.
	pub fn kind(&self) -> ChainType {
		match self {
			Self::Dev => ChainType::Development,
			Self::Local => ChainType::Local,
			Self::LiveTemplate => ChainType::Live,
		}
	}

	/// Its chain spec, starting from the given runtime.
	pub fn spec(&self, wasm: &[u8]) -> ChainSpec {
		ChainSpec::builder(wasm, Extensions::default())
			.with_name(self.name())
			.with_id(self.id())
			.with_chain_type(self.kind())
			.with_protocol_id(PROTOCOL_ID)
			.with_properties(properties())
			.with_genesis_config_preset_name(self.preset())
			.build()
	}
}

/// How wallets show amounts and addresses.
pub fn properties() -> Properties {
	Properties::from_iter([
		("tokenSymbol".to_string(), "STN".into()),
		("tokenDecimals".to_string(), 12.into()),
		("ss58Format".to_string(), 42.into()),
	])
}

/// Refuses to run a chain that is a template only.
pub fn refuse_template(id: &str) -> Result<(), String> {
	if NamedChain::find(id) != Some(NamedChain::LiveTemplate) {
		return Ok(());
	}
	Err(format!(
		"`{id}` is a template of a public network, without validators and money: write it to a file with \
		 `export-chain-spec --chain {id}`, complete it (docs/validator.md), and pass the file to --chain"
	))
}

/// The chain spec that `--chain` names: `dev`, `local`, `live-template`, or the path of a file.
pub fn load(id: &str, wasm: &[u8]) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	if let Some(chain) = NamedChain::find(id) {
		return Ok(Box::new(chain.spec(wasm)));
	}
	if id.is_empty() {
		return Err("no chain is named: pass --chain with dev, local or the file of a chain spec, or pass --dev".into());
	}
	let path = PathBuf::from(id);
	if !path.is_file() {
		return Err(format!("`{id}` is neither dev, local or live-template nor the file of a chain spec"));
	}
	Ok(Box::new(ChainSpec::from_json_file(path)?))
}
