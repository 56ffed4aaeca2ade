//! What most commands need: a data folder, a connection to its chain, somebody who signs.

use crate::{
	cli::{Common, OfNode, Signer},
	commands::local::blocking,
	config::{Config, Folder},
	keys,
	provider::identity::Identity,
};
use anyhow::{ensure, Context, Result};
use serde_json::json;
use substation_client::{
	calls::{CHANNELS, LINES, MARKET, PROOFS, REGISTRY, REWARDS},
	signed::{Receipt, Wait},
	AccountKey, BlockHash, Call, Chain, ChainError, Patience,
};
use substation_primitives::{Balance, NodeId};
use tokio::sync::OnceCell;

/// The pallets whose events are told.
const PALLETS: [&str; 6] = [REGISTRY, MARKET, PROOFS, LINES, CHANNELS, REWARDS];

/// A folder and the chain it belongs to.
#[derive(Debug)]
pub struct Session {
	/// The data folder.
	pub folder: Folder,
	/// Its configuration, or the defaults.
	pub config: Config,
	/// The chain.
	pub chain: Chain,
	/// Whether to print JSON.
	pub json: bool,
	/// Who signs, once that is known.
	key: OnceCell<Option<AccountKey>>,
}

impl Session {
	/// With the provider's folder.
	pub async fn provider(common: &Common) -> Result<Self> {
		Self::open(common, Folder::provider(common)?).await
	}

	/// With the customer's folder.
	pub async fn customer(common: &Common) -> Result<Self> {
		Self::open(common, Folder::customer(common)?).await
	}

	/// With the provider's folder if there is one, and else with the customer's: for what both do. Errors if the two
	/// belong to different chains.
	pub async fn either(common: &Common) -> Result<Self> {
		let (provider, customer) = (Folder::provider(common)?, Folder::customer(common)?);
		let Some(ours) = provider.find_config()? else { return Self::open(common, customer).await };
		if let Some(theirs) = customer.find_config()? {
			let (at, also) = (ours.genesis()?, theirs.genesis()?);
			ensure!(
				at.is_none() || also.is_none() || at == also,
				"{} and {} belong to different chains; name the one that is meant with --data",
				provider.path().display(),
				customer.path().display()
			);
		}
		Self::open(common, provider).await
	}

	async fn open(common: &Common, folder: Folder) -> Result<Self> {
		let mut config = folder.find_config()?.unwrap_or_default();
		if let Some(rpc) = &common.rpc {
			config.rpc.clone_from(rpc);
		}
		let chain = Chain::connect(&config.rpc, config.genesis()?, Patience::COMMAND).await?;
		Ok(Self { folder, config, chain, json: common.json, key: OnceCell::new() })
	}

	/// The number of this machine's node: recorded here, or found on the chain by the agent's key.
	pub async fn own_node(&self) -> Result<NodeId> {
		if let Some(node) = self.config.node {
			return Ok(NodeId(node));
		}
		let found = self.identity()?.find(&self.chain, self.chain.best().await?).await?;
		let found = found.map(|page| page.id);
		found.context("this machine is not registered; run `substation register`, or name a node with --node")
	}

	/// What tells this machine's node from others.
	pub fn identity(&self) -> Result<Identity> {
		let agent = *self.folder.agent_key()?.public().as_bytes();
		Ok(Identity { agent, operator: self.config.operator })
	}

	/// The node that a command names, or else this machine's.
	pub async fn node(&self, options: &OfNode) -> Result<NodeId> {
		match options.node {
			Some(node) => Ok(NodeId(node)),
			None => self.own_node().await,
		}
	}

	/// The key that the command's options name; `None` if they name none. Read once, so that a password is asked for once.
	///
	/// Errors if it is on the command line and the chain is not for development: every program of this machine could read
	/// it there, and shells write it down.
	pub async fn key(&self, signer: &Signer) -> Result<Option<AccountKey>> {
		let read = || async {
			ensure!(
				signer.suri.is_none() || self.chain.is_for_development().await?,
				"--suri is for development chains, and this is another one: other programs see command lines, and shells \
				 keep them. Put the key into a file with `substation key import FILE`, and name that with --key-file"
			);
			let signer = signer.clone();
			blocking(move || keys::named(&signer)).await
		};
		self.key.get_or_try_init(read).await.cloned()
	}

	/// The key of a command that cannot do without.
	pub async fn required_key(&self, signer: &Signer) -> Result<AccountKey> {
		let key = self.key(signer).await?;
		key.context("this command needs the account that pays; name a file with its key with --key-file")
	}

	/// Sends a call that puts `committed` on hold and prints what it did; without a key prints the call itself.
	pub async fn send(&self, call: &Call, signer: &Signer, committed: Balance) -> Result<()> {
		if let Some(receipt) = self.submit(call, signer, committed).await? {
			self.print_receipt(call, &receipt);
		}
		Ok(())
	}

	/// The same, leaving it to the caller to print what it did. `None` if there was no key.
	pub async fn submit(&self, call: &Call, signer: &Signer, committed: Balance) -> Result<Option<Receipt>> {
		match self.key(signer).await? {
			Some(key) => Ok(Some(self.chain.submit(call, &key, committed, signer.wait()).await?)),
			None => {
				self.print_call(call).await?;
				Ok(None)
			}
		}
	}

	/// Prints a call for another program to sign.
	pub async fn print_call(&self, call: &Call) -> Result<()> {
		let bytes = hex::encode(self.chain.call_bytes(call).await?);
		let link = format!(
			"https://polkadot.js.org/apps/?rpc={}#/extrinsics/decode/0x{bytes}",
			percent_encoded(self.chain.url())
		);
		if self.json {
			println!("{}", json!({ "call": call.title(), "hex": format!("0x{bytes}"), "link": link }));
		} else {
			println!(
				"no --key-file: sign this call ({}) with the operator's or customer's account elsewhere",
				call.title()
			);
			println!("0x{bytes}");
			println!("polkadot.js Apps: Developer > Extrinsics > Decode, paste the line above; or open");
			println!("{link}");
		}
		Ok(())
	}

	/// Tells people what goes on.
	pub fn say(&self, words: &str) {
		if self.json {
			tracing::info!("{words}");
		} else {
			println!("{words}");
		}
	}

	/// Prints what a call did.
	pub fn print_receipt(&self, call: &Call, receipt: &Receipt) {
		// Fees and the like are of no interest here.
		let events: Vec<String> = receipt
			.events
			.iter()
			.filter(|event| PALLETS.contains(&event.pallet.as_str()))
			.map(ToString::to_string)
			.collect();
		if self.json {
			println!("{}", json!({ "call": call.title(), "block": receipt.block, "events": events }));
		} else {
			println!("{} done in block {}", call.title(), receipt.block);
			for event in events {
				println!("  {event}");
			}
		}
	}
}

/// What a reader of the state should look at, given how sure the user wants to be.
pub async fn state_for(chain: &Chain, wait: Wait) -> Result<BlockHash, ChainError> {
	match wait {
		Wait::InBlock => chain.best().await,
		Wait::Finalised => chain.finalised().await,
	}
}

fn percent_encoded(text: &str) -> String {
	text.bytes()
		.map(|byte| match byte {
			b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
			other => format!("%{other:02X}"),
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::connect;
	use std::path::Path;
	use substation_fake_node::FakeNode;

	#[test]
	fn address_of_the_node_is_escaped_in_the_link() {
		assert_eq!(percent_encoded("ws://127.0.0.1:9944"), "ws%3A%2F%2F127.0.0.1%3A9944");
	}

	async fn session(chain_type: serde_json::Value) -> Session {
		let fake = FakeNode::new();
		fake.is_of_type(chain_type);
		let (folder, chain) = (Folder::at(Path::new("nowhere")), connect(&fake).await.unwrap());
		Session { folder, config: Config::default(), chain, json: false, key: OnceCell::new() }
	}

	fn on_the_command_line(suri: &str) -> Signer {
		Signer { suri: Some(suri.into()), ..Signer::default() }
	}

	#[tokio::test]
	async fn a_secret_on_the_command_line_signs_on_development_chains_only() {
		let alice = on_the_command_line("//Alice");

		for kind in ["Development", "Local"] {
			assert!(session(json!(kind)).await.key(&alice).await.unwrap().is_some());
		}
		for kind in [json!("Live"), json!({ "Custom": "Development" }), json!(null)] {
			let error = session(kind).await.key(&alice).await.unwrap_err().to_string();
			assert!(error.contains("substation key import") && !error.contains("//Alice"), "{error}");
		}
	}

	#[tokio::test]
	async fn a_key_is_read_once_in_a_command() {
		let session = session(json!("Local")).await;
		let first = session.key(&on_the_command_line("//Alice")).await.unwrap().unwrap();

		let second = session.key(&on_the_command_line("//Bob")).await.unwrap().unwrap();

		assert_eq!(second.account(), first.account());
	}

	#[tokio::test]
	async fn command_without_a_key_says_how_to_name_one() {
		let session = session(json!("Live")).await;

		let error = session.required_key(&Signer::default()).await.unwrap_err().to_string();

		assert!(error.contains("--key-file"));
		assert!(session.key(&Signer::default()).await.unwrap().is_none());
	}
}
