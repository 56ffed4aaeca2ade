//! What each subcommand does.

use crate::{
	chain_spec::refuse_template,
	cli::{Cli, RunNodeCmd, Subcommand},
	network_key,
	service::{self, PartialNode},
	Block, Node,
};
use sc_cli::{Error, Result, SubstrateCli};
use std::num::NonZero;

/// How many tasks run at a time is Tokio's own setting; by default as many as there are cores.
const WORKER_THREADS: &str = "TOKIO_WORKER_THREADS";

/// Least threads for a node's tasks. Tasks of the SDK wait for the compilation of a new runtime, seconds long, on these
/// threads. If all do, nobody answers peers, who close their streams after five seconds and then ask for no block for a
/// minute.
const MIN_WORKER_THREADS: usize = 8;

/// Does what the command line of this process asks for, until that is done or the process is told to stop.
///
/// To be called before the process has any other thread.
pub fn run(node: Node) -> Result<()> {
	ensure_worker_threads();
	let Cli { subcommand, run, node } = Cli::of_process(node);
	let cli = Cli { subcommand: None, run, node };
	let outcome = match subcommand {
		Some(subcommand) => run_subcommand(&cli, subcommand),
		None => run_node(cli),
	};
	outcome.map_err(without_genesis)
}

/// The SDK writes the whole genesis behind the reason that a runtime gives for refusing it.
fn without_genesis(error: Error) -> Error {
	match error.to_string().split_once(" for blob:\n") {
		Some((reason, _)) => Error::Application(reason.into()),
		None => error,
	}
}

fn ensure_worker_threads() {
	let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
	if std::env::var_os(WORKER_THREADS).is_none() {
		std::env::set_var(WORKER_THREADS, cores.max(MIN_WORKER_THREADS).to_string());
	}
}

fn run_node(mut cli: Cli) -> Result<()> {
	cli.run.enable_worker_for_agent()?;
	let chain = &cli.run.base.shared_params;
	refuse_template(&chain.chain_id(chain.is_dev()))?;
	let node = cli.node;
	let new_key = network_key::prepare(&mut cli.run.base, &Cli::executable_name(), |run| {
		let chain = run.shared_params.chain_id(run.shared_params.is_dev());
		Ok(crate::chain_spec::load(&chain, node.wasm)?.id().to_string())
	})?;

	let RunNodeCmd { agent_url, compiled_runtimes, .. } = cli.run.clone();
	let runner = cli.create_runner(&cli.run.base)?;
	if let Some(key) = new_key {
		log::info!("🔑 made this node's network key: peer id {}, kept in {}", key.peer_id, key.path.display());
	}
	runner
		.run_node_until_exit(|config| async move { service::start(config, agent_url, compiled_runtimes.as_deref()) })
		.map_err(Into::into)
}

fn run_subcommand(cli: &Cli, subcommand: Subcommand) -> Result<()> {
	match subcommand {
		Subcommand::Key(cmd) => cmd.run(cli),
		Subcommand::ValidatorKeys(cmd) => cmd.run(cli),
		Subcommand::BuildSpec(cmd) => {
			cli.create_runner(&cmd)?.sync_run(|config| cmd.run(config.chain_spec, config.network))
		}
		// Without a runner, so that nothing but the chain spec is ever printed.
		Subcommand::ExportChainSpec(cmd) => cmd.run(cli.load_spec(&cmd.chain)?),
		Subcommand::CheckBlock(cmd) => cli.create_runner(&cmd)?.async_run(|config| {
			let PartialNode { client, task_manager, import_queue, .. } = service::partial(&config, None)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::ExportBlocks(cmd) => cli.create_runner(&cmd)?.async_run(|config| {
			let PartialNode { client, task_manager, .. } = service::partial(&config, None)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Subcommand::ExportState(cmd) => cli.create_runner(&cmd)?.async_run(|config| {
			let PartialNode { client, task_manager, .. } = service::partial(&config, None)?;
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Subcommand::ImportBlocks(cmd) => cli.create_runner(&cmd)?.async_run(|config| {
			let PartialNode { client, task_manager, import_queue, .. } = service::partial(&config, None)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::PurgeChain(cmd) => cli.create_runner(&cmd)?.sync_run(|config| cmd.run(config.database)),
		Subcommand::Revert(cmd) => cli.create_runner(&cmd)?.async_run(|config| {
			let PartialNode { client, backend, task_manager, .. } = service::partial(&config, None)?;
			let revert_consensus = Box::new(|client: std::sync::Arc<_>, backend, blocks| {
				sc_consensus_babe::revert(std::sync::Arc::clone(&client), backend, blocks)?;
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((cmd.run(client, backend, Some(revert_consensus)), task_manager))
		}),
		Subcommand::ChainInfo(cmd) => cli.create_runner(&cmd)?.sync_run(|config| cmd.run::<Block>(&config)),
	}
}
