//! The door of an endpoint: lets peers in, so many at one time, and hands each to its protocol.
//!
//! Iroh's router begins every handshake that anybody asks for and waits for its end as long as the peer likes. Here a
//! handshake takes a bounded time and there is a bounded number of them; what a peer may send before it is known what for
//! is decided by the protocol that its first packet names.

use crate::{
	quic,
	refused::{self, Refused},
	source::{first_of_busiest, Source},
};
use iroh::{
	endpoint::{Connection, Incoming, QuicTransportConfig, ServerConfig},
	protocol::DynProtocolHandler,
	Endpoint, EndpointId,
};
use parking_lot::Mutex;
use std::{
	collections::{HashMap, VecDeque},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{
	sync::watch,
	task::{AbortHandle, JoinHandle, JoinSet},
	time::timeout,
};

/// Handshakes at one time. One more, and the oldest from where most come from is given up.
const HANDSHAKES: usize = 128;

/// With so many at one time, a peer has to show first that it hears what is sent to its address.
const CAREFUL: usize = 32;

/// Longest time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Endpoints that may have come within [`REMEMBERED`], wherever from. While there are as many, no handshake is begun with
/// those who come from where [`SHARE`] of them have come from: they ask again, a few times.
const LATELY: usize = 1_024;

/// Endpoints from one network that find the door open in a crowd.
const SHARE: usize = 8;

/// With so many, no handshake is begun with anyone.
const MOST_LATELY: usize = 2 * LATELY;

/// How long iroh remembers an endpoint at length.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How often those who are forgotten are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// What peers can speak.
#[derive(Debug)]
struct Protocol {
	alpn: Vec<u8>,
	handler: Box<dyn DynProtocolHandler>,
	config: Arc<ServerConfig>,
}

/// A door that is not open yet.
#[derive(Debug)]
pub struct DoorBuilder {
	endpoint: Endpoint,
	protocols: Vec<Protocol>,
	refused: Refused,
}

impl DoorBuilder {
	/// Lets peers speak a protocol. Its handler gets every connection that is made, and finds a place for it first.
	pub fn accept(self, alpn: impl AsRef<[u8]>, handler: impl Into<Box<dyn DynProtocolHandler>>) -> Self {
		self.accept_with(alpn, handler, quic::incoming())
	}

	/// The same with connections that behave otherwise.
	pub fn accept_with(
		mut self,
		alpn: impl AsRef<[u8]>,
		handler: impl Into<Box<dyn DynProtocolHandler>>,
		config: QuicTransportConfig,
	) -> Self {
		let alpn = alpn.as_ref().to_vec();
		let config = self.endpoint.create_server_config_builder(vec![alpn.clone()]).set_transport_config(config);
		self.protocols.push(Protocol { alpn, handler: handler.into(), config: Arc::new(config.build()) });
		self
	}

	/// From now on peers come in.
	pub fn open(self) -> Door {
		let Self { endpoint, protocols, refused } = self;
		endpoint.set_alpns(protocols.iter().map(|protocol| protocol.alpn.clone()).collect());
		let (close, closes) = watch::channel(false);
		let porter = Porter {
			endpoint: endpoint.clone(),
			protocols: protocols.into(),
			refused,
			greeting: JoinSet::new(),
			order: VecDeque::new(),
			lately: Lately::default(),
			served: JoinSet::new(),
		};
		let task = tokio::spawn(porter.run(closes));
		Door { endpoint, close, task: Arc::new(Mutex::new(Some(task))) }
	}
}

/// An open door. Once the last clone is dropped it closes, and the endpoint with it.
#[derive(Clone, Debug)]
pub struct Door {
	endpoint: Endpoint,
	close: watch::Sender<bool>,
	task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Door {
	/// The door of an endpoint; what it turns away is counted.
	pub fn of(endpoint: Endpoint, refused: Refused) -> DoorBuilder {
		DoorBuilder { endpoint, protocols: Vec::new(), refused }
	}

	/// The endpoint.
	pub fn endpoint(&self) -> &Endpoint {
		&self.endpoint
	}

	/// Ends all connections and frees the port.
	pub async fn shutdown(&self) {
		self.close.send_replace(true);
		let task = self.task.lock().take();
		if let Some(Err(error)) = futures::future::OptionFuture::from(task).await {
			tracing::warn!(%error, "endpoint did not stop cleanly");
		}
	}
}

/// Lets peers in.
struct Porter {
	endpoint: Endpoint,
	protocols: Arc<[Protocol]>,
	refused: Refused,
	greeting: JoinSet<Option<Connection>>,
	/// Handshakes in the order in which they began.
	order: VecDeque<(Source, AbortHandle)>,
	lately: Lately,
	served: JoinSet<()>,
}

impl Porter {
	async fn run(mut self, mut closes: watch::Receiver<bool>) {
		loop {
			tokio::select! {
				biased;
				_ = closes.wait_for(|closes| *closes) => break,
				Some(_) = self.served.join_next() => {}
				Some(greeted) = self.greeting.join_next() => {
					if let Ok(Some(connection)) = greeted {
						self.lately.note(connection.remote_id(), Source::of(&connection), Instant::now());
						self.serve(connection);
					}
				}
				incoming = self.endpoint.accept() => match incoming {
					Some(incoming) => self.greet(incoming),
					None => break,
				},
			}
		}
		self.endpoint.close().await;
		// What still runs ends with its connection, or here.
		self.greeting.shutdown().await;
		self.served.shutdown().await;
	}

	/// Begins a handshake.
	fn greet(&mut self, incoming: Incoming) {
		let source = Source::of_incoming(&incoming.remote_addr());
		if self.lately.is_full(source, Instant::now()) {
			self.refused.count(refused::CROWD);
			incoming.ignore();
			return;
		}
		self.order.retain(|(_, handshake)| !handshake.is_finished());
		if self.order.len() >= CAREFUL && !incoming.remote_addr_validated() {
			if let Err(error) = incoming.retry() {
				error.into_incoming().refuse();
			}
			return;
		}
		if self.order.len() >= HANDSHAKES {
			let begun = self.order.iter().enumerate().map(|(at, (source, _))| (at, *source));
			if let Some((_, given_up)) = first_of_busiest(begun).and_then(|at| self.order.remove(at)) {
				given_up.abort();
				self.refused.count(refused::HANDSHAKE);
			}
		}
		let config = self.named(&incoming).map(|protocol| protocol.config.clone());
		let accepting = match config {
			Some(config) => incoming.accept_with(config),
			None => incoming.accept(),
		};
		let Ok(accepting) = accepting else { return };
		let handshake = async move { timeout(HANDSHAKE, accepting).await.ok()?.ok() };
		self.order.push_back((source, self.greeting.spawn(handshake)));
	}

	/// The protocol that a peer's first packet names. Which one it speaks is only certain after the handshake.
	fn named(&self, incoming: &Incoming) -> Option<&Protocol> {
		let mut named = incoming.decrypt()?.alpns()?;
		named.find_map(|alpn| self.speaking(&alpn.ok()?))
	}

	fn speaking(&self, alpn: &[u8]) -> Option<&Protocol> {
		self.protocols.iter().find(|protocol| protocol.alpn == alpn)
	}

	fn serve(&mut self, connection: Connection) {
		let spoken = self.protocols.iter().position(|protocol| protocol.alpn == connection.alpn());
		let protocols = self.protocols.clone();
		self.served.spawn(async move {
			let Some(protocol) = spoken.and_then(|index| protocols.get(index)) else { return };
			if let Err(error) = protocol.handler.accept(connection).await {
				tracing::debug!("a connection ended with {error}");
			}
		});
	}
}

/// The endpoints that came within [`REMEMBERED`].
#[derive(Debug, Default)]
struct Lately {
	came: HashMap<EndpointId, (Instant, Source)>,
	looked: Option<Instant>,
}

impl Lately {
	fn note(&mut self, endpoint: EndpointId, source: Source, now: Instant) {
		self.came.insert(endpoint, (now, source));
		self.forget(now);
	}

	/// Whether there are so many that no other one may come from there.
	fn is_full(&mut self, source: Source, now: Instant) -> bool {
		self.forget(now);
		match self.came.len() {
			MOST_LATELY.. => true,
			LATELY.. => self.came.values().filter(|(_, from)| *from == source).count() >= SHARE,
			_ => false,
		}
	}

	fn forget(&mut self, now: Instant) {
		if self.looked.is_some_and(|looked| now.saturating_duration_since(looked) < LOOK) {
			return;
		}
		self.looked = Some(now);
		self.came.retain(|_, (came, _)| now.saturating_duration_since(*came) < REMEMBERED);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use iroh::SecretKey;

	fn endpoint(number: usize) -> EndpointId {
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&number.to_le_bytes());
		SecretKey::from_bytes(&seed).public()
	}

	#[test]
	fn so_many_endpoints_may_come_within_a_minute() {
		let (mut lately, begin, here) = (Lately::default(), Instant::now(), Source::Other);
		for number in 1..LATELY {
			lately.note(endpoint(number), here, begin);
			lately.note(endpoint(number), here, begin + LOOK);
		}
		assert!(!lately.is_full(here, begin + LOOK), "who comes again is no other one");

		lately.note(endpoint(0), here, begin + REMEMBERED / 2);
		assert!(lately.is_full(here, begin + REMEMBERED));

		assert!(!lately.is_full(here, begin + REMEMBERED + 2 * LOOK));
		assert_eq!(lately.came.len(), 1);
	}

	#[test]
	fn a_crowd_from_one_network_closes_the_door_to_itself_only() {
		let (mut lately, now) = (Lately::default(), Instant::now());
		let [crowd, other] = [1, 2].map(|last| Source::V4([192, 0, 2, last].into()));
		for number in 0..LATELY {
			lately.note(endpoint(number), crowd, now);
		}

		assert!(lately.is_full(crowd, now) && !lately.is_full(other, now));

		for number in LATELY..LATELY + SHARE {
			lately.note(endpoint(number), other, now);
		}
		assert!(lately.is_full(other, now));
		for number in LATELY + SHARE..MOST_LATELY {
			lately.note(endpoint(number), crowd, now);
		}
		assert!(lately.is_full(Source::Other, now));
	}
}
