//! A tested node and its committee on loopback, with a chain that is only a table.

mod failing;
mod honest;
mod lies;
mod strangers;

use super::{
	history::{Absence, History},
	ledger::Ledger,
	limits::{BandwidthConfig, Limits},
	member::{self, Member, MemberParts},
	protocol::{self, Control, FrameError, Frames, ToMember, ToNode},
	tested::{self, Outcome},
};
use crate::status::metrics::Metrics;
use iroh::{
	endpoint::{presets, Connection},
	protocol::{AcceptError, DynProtocolHandler, ProtocolHandler},
	Endpoint, EndpointAddr, RelayMode, SecretKey,
};
use parking_lot::Mutex;
use std::{
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
	time::Duration,
};
use substation_primitives::{
	bandwidth::{Direction, MemberPage, Rates, TestId, TestPage},
	BlockNumber, EndpointId, NodeId,
};
use substation_proofs::bandwidth::{self, Subject};
use substation_transport::{door::Door, messages::is_signed, quic, refused::Refused};

/// Kilobits per second that the tests claim: 800 kB take 0.7 s.
const CLAIM: u32 = 10_000;
const TOTAL: u64 = 800_000;
const TEST: TestId = TestId { block: 10, index: 1 };
const TESTED: NodeId = NodeId(100);

/// A chain that has one test.
#[derive(Clone, Debug)]
struct Table(Arc<Mutex<(Option<BlockNumber>, Option<TestPage>)>>);

impl Table {
	fn set(&self, change: impl FnOnce(&mut TestPage)) {
		if let Some(page) = &mut self.0.lock().1 {
			change(page);
		}
	}
}

impl Ledger for Table {
	fn best(&self) -> Option<BlockNumber> {
		self.0.lock().0
	}

	fn expects(&self, endpoint: &EndpointId) -> bool {
		self.0.lock().1.as_ref().is_some_and(|page| page.endpoint == *endpoint)
	}

	async fn test(&self, test: TestId) -> Result<Option<TestPage>, String> {
		let page = self.0.lock().1.clone();
		Ok(page.filter(|page| page.id == test))
	}
}

async fn endpoint(key: &SecretKey) -> Endpoint {
	Endpoint::builder(presets::Minimal)
		.relay_mode(RelayMode::Disabled)
		.secret_key(key.clone())
		.transport_config(quic::general())
		.clear_ip_transports()
		.bind_addr("127.0.0.1:0")
		.unwrap()
		.bind()
		.await
		.unwrap()
}

/// Short, so that silent peers do not make the tests slow.
fn member_patience() -> member::Patience {
	member::Patience {
		hello: Duration::from_secs(2),
		look: Duration::from_millis(50),
		looks: 3,
		share: Duration::from_millis(200),
		prepare: Duration::from_secs(5),
		start: Duration::from_secs(2),
		goodbye: Duration::from_millis(500),
	}
}

fn node_patience() -> tested::Patience {
	tested::Patience {
		dial: Duration::from_secs(2),
		again: Duration::from_millis(50),
		welcome: Duration::from_secs(2),
		nonces: Duration::from_secs(1),
		receipts: Duration::from_secs(2),
		..tested::Patience::default()
	}
}

/// An honest member's inner parts, to look at.
struct Honest {
	history: History,
	limits: Limits,
	metrics: Metrics,
}

/// A tested node, its committee, and a chain with their test.
struct World {
	chain: Table,
	key: SecretKey,
	endpoint: Endpoint,
	/// Kept, because they answer.
	doors: Vec<Door>,
	honest: Vec<Honest>,
}

/// How one place of the committee is filled.
#[allow(clippy::large_enum_variant, reason = "a few of them")]
enum Place {
	Honest,
	/// Grants no more than so many kbit/s.
	Limited(u32),
	/// Honest, but without a place for the first so many connections.
	Full(u32),
	/// Somebody else under this key.
	Other(SecretKey, Box<dyn DynProtocolHandler>),
	/// Somebody else who lets nobody open a stream.
	Stingy(SecretKey, Box<dyn DynProtocolHandler>),
}

/// A member without a place for some connections.
#[derive(Debug)]
struct Full {
	member: Member<Table>,
	refusals: AtomicU32,
}

impl ProtocolHandler for Full {
	async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
		let left = self.refusals.load(Ordering::Relaxed);
		if left > 0 {
			self.refusals.store(left - 1, Ordering::Relaxed);
			connection.close(member::NO_PLACE, b"too many connections; try again later");
			return Ok(());
		}
		ProtocolHandler::accept(&self.member, connection).await
	}
}

async fn world(direction: Direction, places: Vec<Place>) -> World {
	let key = SecretKey::generate();
	let chain = Table(Arc::new(Mutex::new((Some(TEST.block), None))));
	let (mut doors, mut honest, mut committee) = (Vec::new(), Vec::new(), Vec::new());
	for (index, place) in places.into_iter().enumerate() {
		let limit = match &place {
			Place::Limited(limit) => *limit,
			_ => CLAIM,
		};
		let refusals = match &place {
			Place::Full(refusals) => *refusals,
			_ => 0,
		};
		let (own, handler, config) = match place {
			Place::Other(own, handler) => (own, handler, quic::general()),
			Place::Stingy(own, handler) => (own, handler, quic::to_member()),
			Place::Honest | Place::Limited(_) | Place::Full(_) => {
				let own = SecretKey::generate();
				let limits = Limits::new(BandwidthConfig::default());
				limits.set_claim(Rates { down: limit, up: limit });
				let (history, metrics) = (History::default(), Metrics::new());
				honest.push(Honest { history: history.clone(), limits: limits.clone(), metrics: metrics.clone() });
				let (ledger, patience) = (chain.clone(), member_patience());
				let parts = MemberParts { key: own.clone(), ledger, limits, history, metrics, patience };
				let refusals = AtomicU32::new(refusals);
				(own, Full { member: Member::new(parts), refusals }.into(), quic::to_member())
			}
		};
		let endpoint = endpoint(&own).await;
		let id = *endpoint.id().as_bytes();
		let addresses = endpoint.bound_sockets().iter().map(|address| address.to_string().into_bytes()).collect();
		committee.push(MemberPage { node: NodeId(index as u64), agent: id, endpoint: id, addresses });
		doors.push(Door::of(endpoint, Refused::default()).accept_with(protocol::ALPN, handler, config).open());
	}
	chain.0.lock().1 = Some(TestPage {
		id: TEST,
		now: TEST.block,
		deadline: TEST.block + 20,
		genesis: [3; 32],
		node: TESTED,
		endpoint: *key.public().as_bytes(),
		direction,
		claim: CLAIM,
		total: TOTAL,
		committee,
		done: false,
	});
	World { chain, endpoint: endpoint(&key).await, key, doors, honest }
}

fn honest(count: usize) -> Vec<Place> {
	(0..count).map(|_| Place::Honest).collect()
}

impl World {
	fn page(&self) -> TestPage {
		self.chain.0.lock().1.clone().unwrap()
	}

	async fn measure(&self) -> Outcome {
		tested::measure(&self.endpoint, &self.key, &self.page(), &node_patience()).await
	}

	async fn dial(&self, member: usize) -> Connection {
		self.dial_from(&self.endpoint, member).await
	}

	async fn dial_from(&self, endpoint: &Endpoint, member: usize) -> Connection {
		let page = self.page();
		let member = &page.committee[member];
		let address: std::net::SocketAddr = String::from_utf8(member.addresses[0].clone()).unwrap().parse().unwrap();
		let id = iroh::EndpointId::from_bytes(&member.endpoint).unwrap();
		let peer = EndpointAddr::new(id).with_ip_addr(address);
		endpoint.connect(peer, protocol::ALPN).await.unwrap()
	}

	/// A conversation with a member, to lie in.
	async fn call(&self, member: usize) -> Call {
		let connection = self.dial(member).await;
		let (stream, answers) = connection.open_bi().await.unwrap();
		let (control, frames) = (Control::new(&connection, stream), Frames::new(&connection, answers));
		Call { connection, control, frames }
	}
}

struct Call {
	connection: Connection,
	control: Control,
	frames: Frames,
}

impl Call {
	async fn say(&mut self, frame: ToMember) {
		self.control.send(&frame).await.unwrap();
	}

	async fn hear(&mut self) -> Result<ToNode, FrameError> {
		tokio::time::timeout(Duration::from_secs(10), self.frames.next()).await.expect("an answer in time")
	}

	async fn refusal(&mut self) -> String {
		loop {
			match self.hear().await {
				Ok(ToNode::Refuse(reason) | ToNode::Decline(reason)) => return reason,
				Ok(ToNode::Progress { .. }) => {}
				other => panic!("no refusal: {other:?}"),
			}
		}
	}
}

fn subject(page: &TestPage) -> Subject {
	super::exam::Exam::of(page).subject
}

/// Whether every receipt is what the chain accepts.
fn verify(page: &TestPage, outcome: &Outcome) {
	let measurement = outcome.measurement.as_ref().expect("a measurement");
	let subject = subject(page);
	let commitment =
		bandwidth::commitment::<substation_proofs::NativeHasher>(&subject, &measurement.counts, &measurement.digest);
	let cap = bandwidth::cap(page.total, page.committee.len() as u8);
	assert!(measurement.counts.iter().all(|count| u64::from(*count) <= cap));
	for (member, receipt) in page.committee.iter().zip(&measurement.receipts) {
		if let Some((elapsed, signature)) = receipt {
			let message = bandwidth::receipt_message(&subject, &commitment, *elapsed);
			assert!(*elapsed > 0 && is_signed(&member.agent, &message, signature));
		}
	}
	let times: Vec<_> = measurement.receipts.iter().map(|receipt| receipt.map(|(elapsed, _)| elapsed)).collect();
	let own = bandwidth::measurement_message(&subject, &commitment, &times);
	assert!(is_signed(&page.endpoint, &own, &measurement.signature));
}
