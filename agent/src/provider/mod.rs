//! What runs beside the hardware: takes deals, keeps their bytes, answers challenges.
//!
//! | File | Topic |
//! |---|---|
//! | `decide` | every decision, as pure functions |
//! | `engine` | one pass per block: which topic does what when |
//! | `finality` | which final states are followed |
//! | `identity` | which node this machine serves |
//! | `inquiries` | customers' inquiries, answered before any money is held |
//! | `inquiry` | what a customer asks, and what it hears; the customer's side |
//! | `intake` | a customer offers bytes: judge, pull, keep |
//! | `reading` | the deals of one block, a bounded part at a time |
//! | `sync` | finalised state → journal and forest |
//! | `turns` | who may upload when, and for how long |
//! | `update` | accept proposals, clear ended deals |
//! | `window` | answer the open window |
//! | `rebuild` | which deals make up the forest that the chain has |
//! | `replay` | reads the chain's blocks since a backup |

pub mod decide;
pub mod engine;
pub mod finality;
pub mod identity;
pub mod inquiries;
pub mod inquiry;
pub mod intake;
pub mod reading;
pub mod rebuild;
pub mod replay;
pub mod sync;
#[cfg(test)]
pub(crate) mod testing;
pub mod turns;
pub mod update;
pub mod window;

use crate::{
	bandwidth::{
		self,
		limits::Limits,
		line::{Line, LineParts},
	},
	config::{Config, Folder},
	payments::{self, counter::Counter, till::Till},
	status::{
		http::{self, Api},
		metrics::Metrics,
		report::{Report, Situation},
	},
};
use anyhow::{Context, Result};
use engine::{Engine, EngineParts};
use identity::{FindError, Identity};
use inquiries::Inquiries;
use iroh::{Endpoint, SecretKey};
use std::time::Duration;
use substation_client::{Chain, Patience};
use substation_primitives::NodeId;
use substation_proofs::Hash;
use substation_store::{answer::Prover, forests::Forests, scrub::Scrub, storage::Storage};
use substation_transport::{
	offer::OfferReceiver,
	quic,
	transfer::{Transport, TransportConfig},
};
use tokio::{net::TcpListener, sync::watch};

/// Pause before a lost connection is replaced.
const PAUSE: Duration = Duration::from_secs(1);
/// How often an unregistered machine looks whether it is registered by now.
const REGISTRATION_PAUSE: Duration = Duration::from_secs(6);

/// How `run` runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
	/// Whether this process submits proofs.
	pub prove: bool,
	/// Bytes per second that the scrub may read.
	pub scrub_rate: u64,
}

/// Says when to stop. Clones see the same signal.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
	/// Stops at Ctrl-C or at a polite kill.
	pub fn on_signal() -> Result<Self> {
		let (stop, receiver) = watch::channel(false);
		let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
			.context("cannot listen for signals")?;
		tokio::spawn(async move {
			tokio::select! {
				_ = tokio::signal::ctrl_c() => {},
				_ = terminate.recv() => {},
			}
			tracing::info!("stopping; press Ctrl-C again to stop at once");
			let _ = stop.send(true);
			let _ = tokio::signal::ctrl_c().await;
			std::process::exit(130);
		});
		Ok(Self(receiver))
	}

	/// Returns once it is time to stop.
	pub async fn wait(&mut self) {
		// The sender gone means that nobody can ask us to stop any more: keep running.
		if self.0.wait_for(|stop| *stop).await.is_err() {
			std::future::pending::<()>().await;
		}
	}

	/// The same as a future that owns its part.
	pub async fn waited(mut self) {
		self.wait().await;
	}
}

/// Runs until it is told to stop. Errors when the data folder is in use or broken, or when the chain is another one.
pub async fn run(folder: Folder, config: Config, options: Options) -> Result<()> {
	let genesis = config.genesis()?.context("this data folder knows no chain; run `substation init` first")?;
	let key = folder.agent_key()?;
	config.delivery.check()?;
	let storage = Storage::open(folder.path())?;
	let metrics = Metrics::new();
	let till = Till::open(folder.path(), genesis, config.delivery, metrics.clone());
	let till = till.context("the vouchers in the data folder cannot be read")?;
	let line = LineParts::new(key.clone(), Limits::new(config.bandwidth), metrics.clone());
	let inquiries = Inquiries::new(genesis, metrics.clone());
	let mut shutdown = Shutdown::on_signal()?;
	let transport_config = TransportConfig {
		key_file: folder.key_file(),
		bind: config.listen.clone(),
		advertise: config.advertise.clone(),
	};
	// First, because an endpoint that was started has to be shut down.
	let listener = http::bind(config.http).await?;
	let (blobs, refused) = (storage.blobs.clone(), metrics.numbers().refused.clone());
	let (transport, mut offers) = Transport::start_counting(transport_config, blobs, refused, |door, server| {
		let door = door.accept(payments::ALPN, Counter::new(till.clone(), server.clone()));
		let door = door.accept_with(inquiry::ALPN, inquiries.handler(server), quic::to_inquirer());
		door.accept_with(bandwidth::protocol::ALPN, line.member(), quic::to_member())
	})
	.await?;
	tracing::info!(
		endpoint = hex::encode(transport.id()),
		addresses = transport.addresses().join(" "),
		http = %config.http,
		data = %folder.path().display(),
		"started"
	);

	let scrub = Scrub::new(storage.clone(), options.scrub_rate);
	let scrubbing = tokio::spawn(scrub.clone().run(shutdown.clone().waited()));
	let redeeming = tokio::spawn(till.clone().look_after());
	let work = Work {
		folder,
		config,
		genesis,
		key,
		storage,
		scrub,
		prove: options.prove,
		metrics,
		till: till.clone(),
		line,
		inquiries: inquiries.clone(),
		endpoint: transport.endpoint().clone(),
	};
	let outcome = work.run(listener, &mut offers, &mut shutdown).await;

	redeeming.abort();
	till.close_up().await;
	transport.shutdown().await;
	scrubbing.abort();
	if outcome.is_ok() {
		tracing::info!("stopped");
	}
	outcome
}

/// Everything that is open before it is known which node this is.
struct Work {
	folder: Folder,
	config: Config,
	genesis: Hash,
	key: SecretKey,
	storage: Storage,
	scrub: Scrub,
	prove: bool,
	metrics: Metrics,
	till: Till,
	line: LineParts,
	inquiries: Inquiries,
	endpoint: Endpoint,
}

impl Work {
	/// Finds out which node this is, answers over HTTP, follows the chain.
	async fn run(self, listener: TcpListener, offers: &mut OfferReceiver, shutdown: &mut Shutdown) -> Result<()> {
		let api = Api::new(self.storage.clone(), self.metrics.clone());
		api.set_scrub(self.scrub.clone());
		let server = tokio::spawn(http::serve(listener, api.clone(), shutdown.clone().waited()));
		let outcome = self.provide(api, offers, shutdown).await;
		server.abort();
		outcome
	}

	async fn provide(self, api: Api, offers: &mut OfferReceiver, shutdown: &mut Shutdown) -> Result<()> {
		let node = tokio::select! {
			node = self.find_node(&api) => node?,
			() = shutdown.wait() => return Ok(()),
		};
		let forests = Forests::open(&self.storage.journal, node.0)?;
		let prover = Prover::new(self.storage.blobs.clone(), forests.clone());
		api.set_node(node.0, prover.clone());
		let mut engine = Engine::new(EngineParts {
			node,
			// Read anew: it may have been told since.
			operator: self.folder.config()?.operator,
			genesis: self.genesis,
			key: self.key,
			cap_per_customer: self.config.unaccepted_bytes_per_customer,
			prove: self.prove,
			storage: self.storage,
			forests,
			prover,
			api,
			metrics: self.metrics,
			till: self.till,
			line: Line::new(node, self.endpoint, self.line),
			inquiries: self.inquiries,
		});
		supervise(&mut engine, &self.config, self.genesis, offers, shutdown).await
	}

	/// This machine's number: what is on record here, or else what the chain says of the agent's key. Waits for the
	/// registration, and says so in the status meanwhile.
	async fn find_node(&self, api: &Api) -> Result<NodeId> {
		let Self { folder, config, genesis, key, storage, .. } = self;
		if let Some(node) = identity::recorded(storage.journal.node_id()?, config.node)? {
			storage.journal.set_node_id(node.0)?;
			return Ok(node);
		}
		let agent = *key.public().as_bytes();
		let mut told = false;
		loop {
			// Until it answers it is not known whether this machine is registered.
			self.publish(api, (!told).then(|| config.rpc.clone()));
			let chain = Chain::connect(&config.rpc, Some(*genesis), Patience::Forever).await?;
			// Read anew: `init` may have been told since.
			let config = folder.config()?;
			match (Identity { agent, operator: config.operator }).find_final(&chain).await {
				Ok(Some(page)) => {
					storage.journal.set_node_id(page.id.0)?;
					folder.write_config(&Config { node: Some(page.id.0), ..config })?;
					return Ok(page.id);
				}
				Ok(None) => {
					self.publish(api, None);
					if !told {
						tracing::warn!(
							"this machine is not registered; run `substation register` with the operator's key, I wait"
						);
					}
					told = true;
				}
				Err(FindError::Chain(error)) => tracing::warn!("{error}; trying again"),
				Err(FindError::NotOurs(reason)) => return Err(reason.into()),
			}
			tokio::time::sleep(REGISTRATION_PAUSE).await;
		}
	}

	/// Shows how it stands before there is a node.
	fn publish(&self, api: &Api, disconnected: Option<String>) {
		let mut situation = Situation { disconnected, proves_itself: self.prove, ..Situation::default() };
		situation.delivery = Some(self.till.status());
		situation.look(&self.storage);
		match serde_json::to_value(Report::of(&situation)) {
			Ok(report) => api.set_chain(report),
			Err(error) => tracing::debug!("status cannot be published: {error}"),
		}
	}
}

/// Follows the chain, connecting anew whenever the connection is lost.
async fn supervise(
	engine: &mut Engine,
	config: &Config,
	genesis: Hash,
	offers: &mut OfferReceiver,
	shutdown: &mut Shutdown,
) -> Result<()> {
	loop {
		engine.report_disconnected(&config.rpc);
		let chain = tokio::select! {
			chain = Chain::connect(&config.rpc, Some(genesis), Patience::Forever) => chain?,
			() = shutdown.wait() => return Ok(()),
		};
		tracing::info!(url = config.rpc, "connected to the chain");
		match engine.follow(chain, offers, shutdown).await {
			Ok(()) => return Ok(()),
			Err(error) if error.is_final() => return Err(error.into()),
			Err(error) => tracing::warn!("{error}; connecting again"),
		}
		tokio::select! {
			() = tokio::time::sleep(PAUSE) => {},
			() = shutdown.wait() => return Ok(()),
		}
	}
}
