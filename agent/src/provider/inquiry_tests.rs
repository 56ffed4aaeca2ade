//! Inquiries and their answers, on real endpoints.

use super::*;
use crate::{
	provider::{
		inquiries::{Inquiries, View},
		intake::Intake,
		testing,
	},
	status::metrics::Metrics,
};
use iroh::endpoint::QuicTransportConfig;
use std::path::Path;
use substation_client::client::NodeView;
use substation_primitives::{
	settings::{Settings, STN},
	Offer,
};
use substation_store::{
	journal::{DealRecord, DealState},
	storage::Storage,
};
use substation_transport::{
	quic,
	transfer::{endpoint_addr, TransportConfig},
};

const GENESIS: Hash = [7; 32];
const CAPACITY: u64 = 10 << 20;

/// A node that answers inquiries, and a customer.
struct World {
	_folder: tempfile::TempDir,
	inquiries: Inquiries,
	storage: Storage,
	node: Transport,
	customer: Transport,
	metrics: Metrics,
}

impl World {
	async fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let storage = Storage::open(&folder.path().join("node")).unwrap();
		let metrics = Metrics::new();
		let inquiries = Inquiries::new(GENESIS, metrics.clone());
		let (node, _) = Transport::start_with(config(folder.path(), "node"), storage.blobs.clone(), |door, server| {
			door.accept_with(ALPN, inquiries.handler(server), quic::to_inquirer())
		})
		.await
		.unwrap();
		let (customer, _) = Transport::start(config(folder.path(), "customer"), storage.blobs.clone()).await.unwrap();
		Self { _folder: folder, inquiries, storage, node, customer, metrics }
	}

	/// Has the agent follow its chain.
	fn follow(&self) {
		let intake = Intake::new(NodeId(1), self.storage.clone(), None, Metrics::new());
		let node = NodeView { offer: Some(Offer { capacity: CAPACITY, price: STN }), ..testing::node() };
		self.inquiries.set_view(Some(View { intake, node, settings: Settings::default(), now: 100, can_accept: true }));
	}

	async fn ask(&self, inquiry: Inquiry) -> Reply {
		ask(&self.customer, address(&self.node), &inquiry).await.unwrap()
	}

	async fn refused(&self, inquiry: Inquiry) -> Option<Refusal> {
		self.ask(inquiry).await.answer.refusal
	}
}

fn config(folder: &Path, name: &str) -> TransportConfig {
	TransportConfig {
		key_file: folder.join(format!("{name}.key")),
		bind: vec!["127.0.0.1:0".parse().unwrap()],
		advertise: Vec::new(),
	}
}

fn address(transport: &Transport) -> EndpointAddr {
	endpoint_addr(&transport.id(), &transport.addresses()).unwrap()
}

fn inquiry() -> Inquiry {
	Inquiry {
		genesis: GENESIS,
		node: NodeId(1),
		customer: Some([3; 32]),
		deal: None,
		root: [4; 32],
		length: 1 << 20,
		price: STN,
		measure: false,
	}
}

/// The same, with the upload measured.
fn measuring() -> Inquiry {
	Inquiry { measure: true, ..inquiry() }
}

// b6
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_learns_before_it_pays_what_the_node_takes_from_it_and_by_when() {
	let world = World::new().await;
	assert_eq!(world.refused(inquiry()).await, Some(Refusal::NoChain));
	world.follow();

	let reply = world.ask(inquiry()).await;

	let expected = Answer { refusal: None, cap: CAPACITY, waiting: 0, within: 14_300, here: 0, probe: 0 };
	assert_eq!(reply, Reply { answer: expected, rate: None });
	let numbers = world.metrics.numbers();
	assert_eq!((numbers.inquiries.get(), numbers.inquiries_refused.get()), (2, 1));
	assert!(world.storage.journal.is_empty(), "nothing is reserved");
}

// b6
#[tokio::test(flavor = "multi_thread")]
async fn each_reason_not_to_propose_is_named() {
	let world = World::new().await;
	world.follow();
	let waiting =
		|deal| DealRecord { deal, customer: [3; 32], root: [5; 32], length: 6 << 20, seen: 1, state: DealState::Ready };
	world.storage.journal.admit(&waiting(1)).unwrap();

	for (inquiry, refusal) in [
		(Inquiry { genesis: [8; 32], ..inquiry() }, Refusal::OtherChain),
		(Inquiry { node: NodeId(2), ..inquiry() }, Refusal::OtherNode),
		(Inquiry { length: 0, ..inquiry() }, Refusal::LengthOutOfRange),
		(Inquiry { length: u64::MAX, ..inquiry() }, Refusal::LengthOutOfRange),
		(Inquiry { length: 5 << 20, ..inquiry() }, Refusal::NoCapacity { left: 4 << 20 }),
	] {
		assert_eq!(world.refused(inquiry).await, Some(refusal));
	}
	let dear = world.refused(Inquiry { price: u128::MAX, ..inquiry() }).await;
	assert_eq!(dear, Some(Refusal::BondTooLow), "no overflow");
	let cheap = world.refused(Inquiry { length: 4 << 20, price: 1, ..inquiry() }).await;
	assert!(matches!(cheap, Some(Refusal::TooCheap { .. })), "{cheap:?}");

	let reply = world.ask(Inquiry { deal: Some(DealId(1)), length: 6 << 20, ..inquiry() }).await;
	assert_eq!((reply.answer.refusal, reply.answer.waiting), (None, 0), "it is about that proposal itself");
	assert_eq!(world.storage.journal.deals(), [waiting(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_arrived_need_not_be_sent_again() {
	let world = World::new().await;
	world.follow();
	let mut incoming = world.storage.blobs.begin(&[4; 32], 1 << 20).unwrap();
	incoming.put_bytes(0, &[0; 32 << 10]).unwrap();
	incoming.checkpoint().unwrap();

	assert_eq!(world.ask(inquiry()).await.answer.here, 32 << 10);
	let other = Inquiry { length: 1 << 19, ..inquiry() };
	assert_eq!(world.ask(other).await.answer.here, 0, "a part of something else");
}

// 0.3
#[tokio::test(flavor = "multi_thread")]
async fn the_upload_is_measured_where_the_blob_would_be_taken() {
	let world = World::new().await;
	world.follow();

	let reply = world.ask(measuring()).await;

	assert_eq!(reply.answer.probe, MAX_PROBE);
	assert!(reply.rate.is_some());
	let refused = world.ask(Inquiry { price: 1, length: 4 << 20, ..measuring() }).await;
	assert_eq!((refused.answer.probe, refused.rate), (0, None), "a node that refuses counts nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_counted_than_was_agreed() {
	let world = World::new().await;
	world.follow();
	let connection = world.customer.connect(address(&world.node), ALPN).await.unwrap();
	let (mut outgoing, mut incoming) = connection.open_bi().await.unwrap();
	send(&mut outgoing, &measuring()).await.unwrap();
	let _: Answer = read(&mut incoming).await.unwrap();

	let (filled, arrived) = join(fill(&mut outgoing, 4 * MAX_PROBE), read::<Arrived>(&mut incoming)).await;

	assert!(filled.is_err(), "the node reads no further");
	let bytes = arrived.unwrap().bytes;
	assert!(bytes < MAX_PROBE + PIECE as u64, "{bytes}");
}

// 5
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_has_one_stream_and_no_other_after_it() {
	let world = World::new().await;
	world.follow();
	let connection = world.customer.connect(address(&world.node), ALPN).await.unwrap();
	let (mut outgoing, mut incoming) = connection.open_bi().await.unwrap();
	let another = || timeout(Duration::from_millis(100), connection.open_bi());
	assert!(another().await.is_err());

	send(&mut outgoing, &measuring()).await.unwrap();
	let _: Answer = read(&mut incoming).await.unwrap();
	outgoing.finish().unwrap();
	let _: Arrived = read(&mut incoming).await.unwrap();
	assert_eq!(incoming.read_to_end(1).await.unwrap(), [0; 0]);

	assert!(another().await.is_err(), "what it would send there nobody would read");
}

// M5
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_turn_keeps_nobody_from_an_answer_and_holds_no_second_one() {
	let world = World::new().await;
	world.follow();
	let mut held = Vec::new();
	for nth in 0..4 {
		let connection = world.customer.connect(address(&world.node), ALPN).await.unwrap();
		let (mut outgoing, mut incoming) = connection.open_bi().await.unwrap();
		send(&mut outgoing, &measuring()).await.unwrap();
		let answer: Answer = read(&mut incoming).await.unwrap();
		assert_eq!(answer.probe, if nth == 0 { MAX_PROBE } else { 0 });
		held.push((connection, outgoing, incoming));
	}

	let reply = world.ask(measuring()).await;
	assert_eq!((reply.answer.refusal, reply.answer.probe, reply.rate), (None, 0, None));

	// Whoever sends nothing loses the turn.
	let (_, _, incoming) = &mut held[0];
	let arrived: Arrived = read(incoming).await.unwrap();
	assert_eq!(arrived.bytes, 0);
	assert_eq!(world.ask(measuring()).await.answer.probe, MAX_PROBE);
}

// M5
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_answer_loses_the_turn() {
	let world = World::new().await;
	world.follow();
	let endpoint = world.customer.endpoint();
	let shut = QuicTransportConfig::builder().stream_receive_window(0u32.into()).receive_window(0u32.into()).build();
	let connection = quic::dial(endpoint, address(&world.node), ALPN, shut).await.unwrap();
	let (mut outgoing, _incoming) = connection.open_bi().await.unwrap();
	send(&mut outgoing, &measuring()).await.unwrap();
	while world.metrics.numbers().inquiries.get() == 0 {
		tokio::time::sleep(Duration::from_millis(2)).await;
	}
	assert_eq!(world.ask(measuring()).await.answer.probe, 0, "the other one has it");

	let turn_is_free = async {
		while world.ask(measuring()).await.answer.probe == 0 {
			tokio::time::sleep(Duration::from_millis(50)).await;
		}
	};

	timeout(3 * PROBE_TIME, turn_is_free).await.expect("it has to be given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_something_else_gets_no_answer() {
	let world = World::new().await;
	world.follow();
	let long = u32::MAX.to_le_bytes().to_vec();
	let garbage = [4u32.to_le_bytes().to_vec(), vec![1, 2, 3, 4]].concat();
	for words in [long, garbage] {
		let connection = world.customer.connect(address(&world.node), ALPN).await.unwrap();
		let (mut outgoing, mut incoming) = connection.open_bi().await.unwrap();
		outgoing.write_all(&words).await.unwrap();

		assert!(matches!(read::<Answer>(&mut incoming).await, Err(MessageError::Broken(_))));
	}
	assert_eq!(world.metrics.numbers().inquiries.get(), 0);
}

// b6
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_cannot_be_asked_is_named() {
	let world = World::new().await;

	let error = ask(&world.node, address(&world.customer), &inquiry()).await.unwrap_err();

	assert!(matches!(error, InquiryError::OtherRelease) && !error.may_pass());
	assert!(error.to_string().contains("substation/inquiry/1"), "{error}");
}

#[test]
fn encodings_do_not_change() {
	let bytes = inquiry().encode();
	let answer = Answer { refusal: Some(Refusal::NoDisk), cap: 1, waiting: 2, within: 3, here: 4, probe: 5 };

	assert_eq!(bytes.len(), 32 + 8 + 33 + 1 + 32 + 8 + 16 + 1);
	assert_eq!(bytes[32..42], [1, 0, 0, 0, 0, 0, 0, 0, 1, 3]);
	assert_eq!(answer.encode()[..11], [1, 5, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
	assert_eq!(answer.encode().len(), 2 + 8 + 8 + 4 + 8 + 8);
	assert_eq!(Arrived { bytes: 1 }.encode(), 1u64.encode());
}

#[test]
fn longest_answer_fits() {
	let refusal = Refusal::TooCheap { rate: u128::MAX, asked: u128::MAX };

	assert!(Answer::refused(refusal).encode().len() <= crate::payments::protocol::MAX_MESSAGE);
}
