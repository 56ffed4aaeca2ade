//! The command line, and what the node calls itself.

use crate::{agent_url::AgentUrl, chain_spec, validator_keys::ValidatorKeysCmd, Node};
use clap::Parser;
use sc_cli::{OffchainWorkerEnabled, RunCmd, SubstrateCli};
use std::{path::PathBuf, sync::OnceLock};

/// The command line of `substation-node`.
#[derive(Debug, Parser)]
pub struct Cli {
	/// What to do instead of running the node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// How to run the node.
	#[clap(flatten)]
	pub run: RunNodeCmd,

	/// What the binary brings along; no argument.
	#[arg(skip)]
	pub node: Node,
}

/// Run the node.
#[derive(Debug, Clone, Parser)]
pub struct RunNodeCmd {
	/// What every Substrate node understands.
	#[clap(flatten)]
	pub base: RunCmd,

	/// Address of the Substation agent on this machine, such as http://127.0.0.1:4040.
	///
	/// The node's off-chain worker then asks the agent for storage proofs in the node's windows and submits them; it
	/// is switched on even when the node is no validator. Without the flag an address given earlier is forgotten.
	#[arg(long, value_name = "URL")]
	pub agent_url: Option<AgentUrl>,

	/// Folder in which compiled runtimes are kept, so that the next start need not compile them again.
	///
	/// Compiling takes seconds of all cores, in which the node makes no blocks. Whoever can write to the folder can run
	/// code in the node: it is as sensitive as the keystore. Nodes of one machine may share it. Without the flag nothing is
	/// kept.
	#[arg(long, value_name = "PATH")]
	pub compiled_runtimes: Option<PathBuf>,
}

impl RunNodeCmd {
	/// Switches off-chain workers on if there is an agent to ask.
	///
	/// Errors when the command line asks for both an agent and no off-chain workers.
	pub fn enable_worker_for_agent(&mut self) -> sc_cli::Result<()> {
		if self.agent_url.is_none() {
			return Ok(());
		}
		let enabled = &mut self.base.offchain_worker_params.enabled;
		if matches!(enabled, OffchainWorkerEnabled::Never) {
			return Err("--agent-url needs the off-chain worker: leave out --offchain-worker never".into());
		}
		*enabled = OffchainWorkerEnabled::Always;
		Ok(())
	}
}

/// What to do instead of running the node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Make and inspect keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Make a validator's session keys, their proof of ownership, and the call that registers them.
	ValidatorKeys(ValidatorKeysCmd),

	/// Print a chain spec; use export-chain-spec, this one only stays for tools that know no other.
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Print a chain spec.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Execute a block again and check it.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state at a block into a chain spec.
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Delete a chain's database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Take back blocks that are not final.
	Revert(sc_cli::RevertCmd),

	/// Print the best and the final block in the database.
	ChainInfo(sc_cli::ChainInfoCmd),
}

/// What the binary calls its version; `impl_version` has no access to [`Cli::node`].
static VERSION: OnceLock<&'static str> = OnceLock::new();

impl Cli {
	/// Reads the command line of this process; prints and exits if it is wrong or asks for help.
	pub fn of_process(node: Node) -> Self {
		// Set once: a process runs one node.
		let _ = VERSION.set(node.version);
		Self { node, ..Self::from_args() }
	}
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Substation Node".into()
	}

	fn impl_version() -> String {
		VERSION.get().copied().unwrap_or(env!("CARGO_PKG_VERSION")).into()
	}

	fn executable_name() -> String {
		"substation-node".into()
	}

	fn description() -> String {
		"Runs a validator or a full node of a Substation network.".into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"see docs/validator.md".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		chain_spec::load(id, self.node.wasm)
	}
}
