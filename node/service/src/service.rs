//! The running node: client, transaction pool, network, BABE, GRANDPA, off-chain workers.

use crate::{
	agent_url::{self, AgentUrl},
	committees, equivocations,
	fake_runtime_api::RuntimeApi,
	rpc, Block, BlockNumber, Hash,
};
use futures::FutureExt;
use sc_client_api::{Backend as _, BlockBackend};
use sc_consensus_babe::{BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{
	warp_proof::NetworkProvider, FinalityProofProvider, GrandpaPruningFilter, SharedVoterState, VotingRulesBuilder,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_executor::{HeapAllocStrategy, DEFAULT_HEAP_ALLOC_STRATEGY};
use sc_network::{
	config::{FullNetworkConfiguration, NetworkBackendType},
	service::traits::{NetworkService, NotificationService},
	NetworkBackend, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
	config::ExecutorConfiguration, Configuration, Error, PruningFilter, Role, TaskManager, WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{
	inherents::{BabeCreateInherentDataProviders, InherentDataProvider as SlotInherent},
	SlotDuration,
};
use sp_keystore::KeystorePtr;
use std::{fs, io, path::Path, sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

/// Executes the blob with the functions every Substrate node gives to a runtime, and no others.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;

/// Access to blocks, state and the runtime.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;

/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;

/// The rule for the best of several chains: among those that contain what is final, the one that import ranks first.
/// Babe ranks by the number of primary blocks, so a shorter chain can win.
pub type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;

/// Transactions that wait for a block.
pub type TransactionPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;

type GrandpaBlockImport = sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type BabeBlockImport = sc_consensus_babe::BabeBlockImport<
	Block,
	FullClient,
	GrandpaBlockImport,
	BabeCreateInherentDataProviders<Block>,
	FullSelectChain,
>;
type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, FullSelectChain>;

/// A proof of finality is kept at least every so many blocks; light clients and warp sync start from them.
const JUSTIFICATION_PERIOD: BlockNumber = 512;

/// How long a GRANDPA message is expected to take through the network.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// Messages that may wait for a telemetry server.
const TELEMETRY_BUFFER: usize = 16;

/// The parts of a node that only look at blocks, and that subcommands can use without a network.
pub type PartialNode = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	TransactionPool,
	Consensus,
>;

/// What takes part in consensus.
#[allow(missing_debug_implementations, reason = "the client's parts have none")]
pub struct Consensus {
	/// Checks and imports blocks, this node's own ones too.
	pub block_import: BabeBlockImport,
	/// BABE's view of the epochs.
	pub babe_link: BabeLink<Block>,
	/// Answers questions about the epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// What the voter needs to know of imported blocks.
	pub grandpa_link: GrandpaLink,
	/// Slot and time of the blocks this node makes and checks.
	pub inherents: BabeCreateInherentDataProviders<Block>,
	/// Reports to a telemetry server, if one is named: by default none is.
	pub telemetry: Option<Telemetry>,
}

/// Opens the database and builds everything that needs no network. Compiled runtimes are kept in a folder if one is named.
///
/// Errors when another process has the database open, or when it belongs to another chain.
pub fn partial(config: &Configuration, compiled_runtimes: Option<&Path>) -> Result<PartialNode, Error> {
	let (telemetry_worker, telemetry) = telemetry(config)?.unzip();
	let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);

	// Blocks with a justification stay even on a pruning node, so that it can serve warp sync.
	let kept_blocks: Vec<Arc<dyn PruningFilter>> = vec![Arc::new(GrandpaPruningFilter)];
	let executor = executor(&config.executor, compiled_runtimes)?;
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(config, telemetry_handle.clone(), executor, kept_blocks)
			.map_err(|error| name_busy_database(config, error))?;
	let client = Arc::new(client);
	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	if let Some(worker) = telemetry_worker {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
	}

	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (grandpa_block_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry_handle.clone(),
	)?;
	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents = inherents(slot_duration);
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_block_import.clone(),
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe_worker) = sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
		link: babe_link.clone(),
		block_import: block_import.clone(),
		justification_import: Some(Box::new(grandpa_block_import)),
		client: client.clone(),
		slot_duration,
		spawner: &task_manager.spawn_essential_handle(),
		registry: config.prometheus_registry(),
		telemetry: telemetry_handle,
	})?;

	Ok(PartialNode {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { block_import, babe_link, babe_worker, grandpa_link, inherents, telemetry },
	})
}

/// As `sc_service::new_wasm_executor`, which cannot be given a folder for what runtimes are compiled to.
fn executor(config: &ExecutorConfiguration, compiled_runtimes: Option<&Path>) -> Result<Executor, Error> {
	let heap = match config.default_heap_pages {
		None => DEFAULT_HEAP_ALLOC_STRATEGY,
		Some(pages) => {
			let extra_pages =
				pages.try_into().map_err(|_| format!("{pages} pages are more than a runtime can address"))?;
			HeapAllocStrategy::Static { extra_pages }
		}
	};
	let builder = Executor::builder()
		.with_execution_method(config.wasm_method)
		.with_onchain_heap_alloc_strategy(heap)
		.with_offchain_heap_alloc_strategy(heap)
		.with_max_runtime_instances(config.max_runtime_instances)
		.with_runtime_cache_size(config.runtime_cache_size);
	Ok(match compiled_runtimes {
		None => builder.build(),
		Some(folder) => {
			// The cache takes absolute paths only.
			let folder = std::path::absolute(folder)?;
			fs::create_dir_all(&folder)?;
			builder.with_cache_path(folder).build()
		}
	})
}

/// A connection to the telemetry servers that the configuration names; by default it names none.
fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, Error> {
	let endpoints = match &config.telemetry_endpoints {
		Some(endpoints) if !endpoints.is_empty() => endpoints.clone(),
		_ => return Ok(None),
	};
	let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}

/// Slot and time from this machine's clock.
fn inherents(slot_duration: SlotDuration) -> BabeCreateInherentDataProviders<Block> {
	Arc::new(move |_parent, ()| async move {
		let now = sp_timestamp::InherentDataProvider::from_system_time();
		Ok((SlotInherent::from_timestamp_and_slot_duration(*now, slot_duration), now))
	})
}

/// ParityDB says that a file is in use; people need to know which node to stop.
fn name_busy_database(config: &Configuration, error: Error) -> Error {
	let path = match config.database.path() {
		// The words of `parity_db::Error::Locked`, which arrives here as text.
		Some(path) if error.to_string().contains("Database file is in use") => path.display(),
		_ => return error,
	};
	let words = format!(
		"another node is running on the database {path}: stop it, or give this one another folder with --base-path"
	);
	Error::Io(io::Error::new(io::ErrorKind::ResourceBusy, words))
}

/// Starts the node on the network that its configuration asks for; dropping the tasks stops it.
///
/// An orderly stop ends the log with "Essential task `txpool-background` failed": the SDK's pool has a task that only
/// ends with the pool, which is before anybody tells it to stop. It means nothing.
pub fn start(
	config: Configuration,
	agent_url: Option<AgentUrl>,
	compiled_runtimes: Option<&Path>,
) -> Result<TaskManager, Error> {
	match config.network.network_backend {
		NetworkBackendType::Litep2p => {
			start_on::<sc_network::Litep2pNetworkBackend>(config, agent_url, compiled_runtimes)
		}
		NetworkBackendType::Libp2p => {
			start_on::<sc_network::NetworkWorker<Block, Hash>>(config, agent_url, compiled_runtimes)
		}
	}
}

fn start_on<N>(
	config: Configuration,
	agent_url: Option<AgentUrl>,
	compiled_runtimes: Option<&Path>,
) -> Result<TaskManager, Error>
where
	N: NetworkBackend<Block, Hash>,
{
	let PartialNode {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { block_import, babe_link, babe_worker, grandpa_link, inherents, mut telemetry },
	} = partial(&config, compiled_runtimes)?;
	introduce_agent(&backend, agent_url.as_ref());

	let metrics = N::register_notification_metrics(config.prometheus_registry());
	let mut net_config =
		FullNetworkConfiguration::<_, _, N>::new(&config.network, config.prometheus_registry().cloned());
	let genesis = client.block_hash(0)?.ok_or("the database has no genesis block")?;
	committees::warn(&client, client.chain_info().best_hash);
	// A protocol that nobody serves would end every connection, so only a node that votes announces this one.
	let votes = (!config.disable_grandpa).then(|| {
		let protocol = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
		let (peers, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
			protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
		net_config.add_notification_protocol(peers);
		(protocol, notifications)
	});

	let authority_set = grandpa_link.shared_authority_set().clone();
	let warp_proofs = Arc::new(NetworkProvider::new(backend.clone(), authority_set.clone(), Vec::new()));
	let (network, system_rpc_tx, tx_handler_controller, sync, _no_bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_proofs)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	let worker = Worker {
		client: client.clone(),
		backend: backend.clone(),
		pool: transaction_pool.clone(),
		keystore: keystore_container.keystore(),
		network: network.clone(),
		sync: sync.clone(),
		role: config.role,
		name: config.network.node_name.clone(),
		prometheus: config.prometheus_registry().cloned(),
		telemetry: telemetry.as_ref().map(Telemetry::handle),
	};
	let voter_state = SharedVoterState::empty();
	let rpc_deps = rpc::Deps {
		client: client.clone(),
		pool: transaction_pool.clone(),
		select_chain: select_chain.clone(),
		chain_spec: config.chain_spec.cloned_box(),
		keystore: keystore_container.keystore(),
		babe_worker,
		voter_state: voter_state.clone(),
		justifications: grandpa_link.justification_stream(),
		finality_proofs: FinalityProofProvider::new_for_service(backend.clone(), Some(authority_set.clone())),
		authority_set,
	};
	let force_authoring = config.force_authoring;
	let has_offchain_workers = config.offchain_worker.enabled;
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client,
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool,
		rpc_builder: Box::new(move |subscriptions| rpc::create(&rpc_deps, subscriptions).map_err(Error::Application)),
		network,
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync,
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	if worker.role.is_authority() {
		worker.author(&task_manager, select_chain, block_import, babe_link, inherents, force_authoring)?;
	}
	if let Some((protocol, notifications)) = votes {
		worker.vote(&task_manager, grandpa_link, protocol, notifications, voter_state)?;
	}
	worker.report_equivocations(&task_manager);
	if has_offchain_workers {
		worker.run_offchain_workers(&task_manager)?;
	}
	Ok(task_manager)
}

/// Tells the off-chain workers where the agent is, or that there is none.
fn introduce_agent(backend: &FullBackend, agent_url: Option<&AgentUrl>) {
	if let Some(mut storage) = backend.offchain_storage() {
		agent_url::store(&mut storage, agent_url);
	}
	if let Some(url) = agent_url {
		log::info!("🔌 storage proofs come from the agent at {url}");
	}
}

/// What the long-running tasks of a node share.
struct Worker {
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	pool: Arc<TransactionPool>,
	keystore: KeystorePtr,
	network: Arc<dyn NetworkService>,
	sync: Arc<SyncingService<Block>>,
	role: Role,
	name: String,
	prometheus: Option<Registry>,
	telemetry: Option<TelemetryHandle>,
}

impl Worker {
	/// Makes blocks in the slots that this node's keys win.
	fn author(
		&self,
		tasks: &TaskManager,
		select_chain: FullSelectChain,
		block_import: BabeBlockImport,
		babe_link: BabeLink<Block>,
		inherents: BabeCreateInherentDataProviders<Block>,
		force_authoring: bool,
	) -> Result<(), Error> {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			tasks.spawn_handle(),
			self.client.clone(),
			self.pool.clone(),
			self.prometheus.as_ref(),
			self.telemetry.clone(),
		);
		let babe = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: self.keystore.clone(),
			client: self.client.clone(),
			select_chain,
			env: proposer,
			block_import,
			sync_oracle: self.sync.clone(),
			justification_sync_link: self.sync.clone(),
			create_inherent_data_providers: inherents,
			force_authoring,
			// Slows down to a block in a hundred slots when finality falls behind, so that there is less to throw away
			// afterwards. Too slow to vote on what brings finality back, so operators can have the usual pace.
			backoff_authoring_blocks: (!force_authoring).then(BackoffAuthoringOnFinalizedHeadLagging::default),
			babe_link,
			block_proposal_slot_portion: SlotProportion::new(0.5),
			max_block_proposal_slot_portion: None,
			telemetry: self.telemetry.clone(),
		})?;
		// Essential: a validator that no longer makes blocks must not look alive.
		tasks.spawn_essential_handle().spawn_blocking("babe-proposer", Some("block-authoring"), babe);
		Ok(())
	}

	/// Votes on finality, or follows the votes when this node has no say.
	fn vote(
		&self,
		tasks: &TaskManager,
		link: GrandpaLink,
		protocol_name: ProtocolName,
		notification_service: Box<dyn NotificationService>,
		shared_voter_state: SharedVoterState,
	) -> Result<(), Error> {
		let config = sc_consensus_grandpa::Config {
			gossip_duration: GOSSIP_DURATION,
			justification_generation_period: JUSTIFICATION_PERIOD,
			observer_enabled: false,
			local_role: self.role,
			name: Some(self.name.clone()),
			// Whoever has no say needs no keys.
			keystore: self.role.is_authority().then(|| self.keystore.clone()),
			telemetry: self.telemetry.clone(),
			protocol_name,
		};
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config,
			link,
			network: self.network.clone(),
			sync: self.sync.clone(),
			notification_service,
			voting_rule: VotingRulesBuilder::default().build(),
			prometheus_registry: self.prometheus.clone(),
			shared_voter_state,
			telemetry: self.telemetry.clone(),
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(self.pool.clone()),
		})?;
		tasks.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
		Ok(())
	}

	/// Reports whoever authors two blocks in one slot. GRANDPA's voter reports double votes by itself.
	fn report_equivocations(&self, tasks: &TaskManager) {
		let pool = OffchainTransactionPoolFactory::new(self.pool.clone());
		let reports = equivocations::report(self.client.clone(), pool);
		tasks.spawn_handle().spawn("equivocation-reports", None, reports);
	}

	/// Runs the runtime's off-chain workers on every new best block. They may use HTTP: they ask the agent for proofs.
	fn run_offchain_workers(&self, tasks: &TaskManager) -> Result<(), Error> {
		let workers = OffchainWorkers::new(OffchainWorkerOptions {
			runtime_api_provider: self.client.clone(),
			keystore: Some(self.keystore.clone()),
			offchain_db: self.backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(self.pool.clone())),
			network_provider: Arc::new(self.network.clone()),
			is_validator: self.role.is_authority(),
			enable_http_requests: true,
			custom_extensions: |_| Vec::new(),
		})
		.map_err(|error| {
			Error::Other(format!(
				"off-chain workers cannot use HTTP: {error}; is the system's package ca-certificates installed?"
			))
		})?;
		tasks.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-worker",
			workers.run(self.client.clone(), tasks.spawn_handle()).boxed(),
		);
		Ok(())
	}
}
