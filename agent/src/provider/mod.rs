//! What runs beside the hardware: takes deals, keeps their bytes, answers challenges.
//!
//! | File | Topic |
//! |---|---|
//! | `decide` | every decision, as pure functions |
//! | `disputes` | customers' disputes, in words |
//! | `engine` | one pass per block: which topic does what when |
//! | `finality` | which final states are followed |
//! | `inquiries` | customers' inquiries, answered before any money is held |
//! | `inquiry` | what a customer asks, and what it hears; the customer's side |
//! | `intake` | a customer offers bytes: judge, pull, keep |
//! | `program` | whether this program and the runtime are of one release |
//! | `sync` | finalised state → journal and forest |
//! | `update` | accept proposals, clear ended deals |
//! | `window` | answer the open window |
//! | `history` | which periods were due |
//! | `report` | how it stands, in words |
//! | `rewards` | what it has earned besides its customers' payments |

pub mod decide;
pub mod disputes;
pub mod engine;
pub mod finality;
pub mod history;
pub mod inquiries;
pub mod inquiry;
pub mod intake;
pub mod program;
pub mod report;
pub mod rewards;
pub mod sync;
#[cfg(test)]
pub(crate) mod testing;
pub mod update;
pub mod window;

use crate::{
	bandwidth::{
		self,
		limits::Limits,
		line::{Line, LineParts},
	},
	chain::{AccountId, Chain, ChainError, Patience},
	config::{Config, Folder},
	data::{
		answer::Prover,
		forests::Forests,
		http::{self, Api},
		metrics::Metrics,
		offer::OfferReceiver,
		scrub::Scrub,
		storage::Storage,
		transfer::{Transport, TransportConfig},
	},
	payments::{self, counter::Counter, till::Till},
};
use anyhow::{bail, Context, Result};
use engine::{Engine, EngineParts};
use inquiries::Inquiries;
use iroh::{Endpoint, SecretKey};
use report::{Report, Situation};
use std::time::Duration;
use substation_primitives::NodeId;
use substation_proofs::Hash;
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
	let (transport, mut offers) = Transport::start_with(transport_config, storage.blobs.clone(), |router, server| {
		let router = router.accept(payments::ALPN, Counter::new(till.clone(), server.clone()));
		let router = router.accept(inquiry::ALPN, inquiries.handler(server.clone()));
		router.accept(bandwidth::protocol::ALPN, line.member())
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
		if let Some(node) = storage.journal.node_id()?.or(config.node) {
			storage.journal.set_node_id(node)?;
			return Ok(NodeId(node));
		}
		let agent = *key.public().as_bytes();
		let mut told = false;
		loop {
			// Until it answers it is not known whether this machine is registered.
			self.publish(api, (!told).then(|| config.rpc.clone()));
			let chain = Chain::connect(&config.rpc, Some(*genesis), Patience::Forever).await?;
			match found(&chain, &agent).await {
				Ok(Some((node, operator))) => {
					// Read anew: `init` may have been told since.
					let config = folder.config()?;
					ensure_operator(&config, node, operator)?;
					storage.journal.set_node_id(node.0)?;
					folder.write_config(&Config { node: Some(node.0), operator: Some(operator), ..config })?;
					return Ok(node);
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
				Err(error) => tracing::warn!("{error}; trying again"),
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

/// The node that an agent's key serves in the final state, and who owns it.
async fn found(chain: &Chain, agent: &[u8; 32]) -> Result<Option<(NodeId, AccountId)>, ChainError> {
	let block = chain.finalised().await?;
	let Some(node) = chain.node_of_agent(agent, block).await? else { return Ok(None) };
	Ok(chain.node(node, block).await?.map(|page| (page.id, page.operator)))
}

/// Errors when the node belongs to somebody else than the data folder was made for.
fn ensure_operator(config: &Config, node: NodeId, operator: AccountId) -> Result<()> {
	if let Some(pinned) = config.operator.filter(|pinned| *pinned != operator) {
		bail!(
			"node {node}, which names this machine's key, belongs to {operator}; this data folder is for the operator \
			 {pinned}: if {operator} is right, run `substation init --operator {operator}`"
		);
	}
	Ok(())
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

#[cfg(test)]
mod tests {
	use super::*;

	// 2
	#[test]
	fn a_machine_serves_the_operator_that_it_was_told() {
		let (ours, theirs) = (AccountId::from([1; 32]), AccountId::from([2; 32]));
		let of = |operator| Config { operator, ..Config::default() };

		assert!(ensure_operator(&of(None), NodeId(7), theirs).is_ok());
		assert!(ensure_operator(&of(Some(ours)), NodeId(7), ours).is_ok());
		let error = ensure_operator(&of(Some(ours)), NodeId(7), theirs).unwrap_err().to_string();
		for part in ["node 7", &ours.to_string(), &theirs.to_string(), "init --operator"] {
			assert!(error.contains(part), "{error}");
		}
	}
}
