//! Customers, and strangers, over real connections to a provider whose chain answers from a table.

use super::*;
use crate::provider::testing::{connect, deal, node};
use bao_tree::{
	io::{outboard::PreOrderMemOutboard, sync::encode_ranges_validated},
	BlockSize, ChunkNum, ChunkRanges,
};
use codec::Encode;
use iroh::{
	endpoint::{Connection, RecvStream, SendStream},
	EndpointAddr,
};
use std::path::Path;
use substation_fake_node::FakeNode;
use substation_primitives::settings::Settings;
use substation_store::{
	blobs::BlobStore,
	hashing::{self, Commitment},
};
use substation_transport::{
	offer::ALPN,
	transfer::{endpoint_addr, Transport, TransportConfig},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Bytes of the file: two groups.
const LENGTH: usize = 32 << 10;
const DEAL: u64 = 5;

/// A provider, and a chain with a proposal to it.
struct World {
	_folder: TempDir,
	fake: FakeNode,
	storage: Storage,
	intake: Intake,
	transport: Transport,
	_taking: JoinHandle<()>,
}

impl World {
	async fn new(content: Commitment) -> Self {
		let (folder, fake, metrics) = (tempfile::tempdir().unwrap(), FakeNode::new(), Metrics::new());
		let storage = Storage::open(folder.path()).unwrap();
		let intake = Intake::new(NodeId(1), storage.clone(), Some(1 << 40), metrics.clone());
		let (refused, blobs) = (metrics.numbers().refused.clone(), storage.blobs.clone());
		let started = Transport::start_counting(config(folder.path()), blobs, refused, |door, _| door).await;
		let (transport, mut offers) = started.unwrap();
		let chain = connect(&fake).await.unwrap();
		let taking = tokio::spawn({
			let intake = intake.clone();
			async move { intake.take_all(&chain, &mut offers).await }
		});
		fake.serve("deal_page", Some(proposal(content)).encode());
		fake.serve("node_page", Some(node()).encode());
		fake.serve("settings", Settings::default().encode());
		Self { _folder: folder, fake, storage, intake, transport, _taking: taking }
	}

	fn address(&self) -> EndpointAddr {
		endpoint_addr(&self.transport.id(), &self.transport.addresses()).unwrap()
	}

	/// Waits until the chain was asked so often for the proposal.
	async fn until_asked(&self, times: usize) {
		while self.fake.times_asked("deal_page") < times {
			tokio::time::sleep(Duration::from_millis(2)).await;
		}
		assert_eq!(self.fake.times_asked("deal_page"), times);
	}

	fn state(&self) -> Option<Local> {
		self.storage.journal.get(DEAL).map(|record| record.state)
	}
}

fn proposal(content: Commitment) -> DealView {
	let mut page = deal();
	(page.id, page.deal.root, page.deal.length) = (DealId(DEAL), content.root, content.length);
	page
}

fn config(folder: &Path) -> TransportConfig {
	let bind = vec!["127.0.0.1:0".parse().unwrap()];
	TransportConfig { key_file: folder.join("endpoint.key"), bind, advertise: Vec::new() }
}

/// Who has the file, or only an endpoint.
struct Customer {
	_folder: TempDir,
	transport: Transport,
	bytes: Vec<u8>,
	content: Commitment,
}

impl Customer {
	async fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
		let (transport, _) = Transport::start(config(folder.path()), blobs.clone()).await.unwrap();
		let mut bytes = vec![0; LENGTH];
		blake3::Hasher::new().finalize_xof().fill(&mut bytes);
		let (file, outboard) = (folder.path().join("file"), folder.path().join("file.obao4"));
		std::fs::write(&file, &bytes).unwrap();
		let content = hashing::commit(&file, &outboard, 1, &Progress::silent()).unwrap();
		blobs.serve_file(&file, &outboard, content);
		Self { _folder: folder, transport, bytes, content }
	}

	async fn offer(&self, world: &World) -> Result<(), TransferError> {
		self.transport.offer(world.address(), DEAL, self.content, &Progress::silent()).await
	}

	/// Names the proposal and does nothing more.
	async fn name(&self, world: &World) -> (Connection, SendStream, RecvStream) {
		let connection = self.transport.connect(world.address(), ALPN).await.unwrap();
		let (mut send, recv) = connection.open_bi().await.unwrap();
		let request = [&DEAL.to_le_bytes()[..], &self.content.root, &self.content.length.to_le_bytes()].concat();
		send.write_all(&request).await.unwrap();
		send.finish().unwrap();
		(connection, send, recv)
	}
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_show_the_first_bytes_books_nothing_and_is_in_nobodys_way() {
	let (customer, stranger) = (Customer::new().await, Customer::new().await);
	let world = World::new(customer.content).await;
	let (_connection, _send, mut answer) = stranger.name(&world).await;
	world.until_asked(1).await;
	assert_eq!(world.state(), None);

	customer.offer(&world).await.unwrap();

	assert_eq!(world.state(), Some(Local::Ready));
	let reason = answer.read_to_end(2_000).await.unwrap();
	assert!(reason[0] == 1 && String::from_utf8_lossy(&reason[1..]).contains("first bytes of the file"), "{reason:?}");
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn who_shows_the_first_bytes_and_brings_no_more_gives_way() {
	let (customer, silent) = (Customer::new().await, Customer::new().await);
	let world = World::new(customer.content).await;
	let (connection, _send, mut answer) = silent.name(&world).await;
	let outboard = PreOrderMemOutboard::create(&silent.bytes, BlockSize::from_chunk_log(4));
	let mut first = silent.content.length.to_le_bytes().to_vec();
	encode_ranges_validated(&silent.bytes[..], &outboard, &ChunkRanges::from(..ChunkNum(16)), &mut first).unwrap();
	let (mut send, mut request) = connection.accept_bi().await.unwrap();
	request.read_to_end(1_000).await.unwrap();
	send.write_all(&first).await.unwrap();
	send.finish().unwrap();
	// It has a turn now.
	let _unanswered = connection.accept_bi().await.unwrap();

	let mut refusals = 0;
	while let Err(error) = customer.offer(&world).await {
		assert!(matches!(&error, TransferError::Refused(reason) if reason.contains("arrives already")), "{error}");
		refusals += 1;
		tokio::time::sleep(Duration::from_millis(500)).await;
	}

	assert!(refusals > 0 && world.state() == Some(Local::Ready));
	let reason = answer.read_to_end(2_000).await.unwrap();
	assert!(String::from_utf8_lossy(&reason).contains("nothing has arrived for 10 seconds"), "{reason:?}");
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_proposal_is_looked_up_once_and_once_with_each_block() {
	let customer = Customer::new().await;
	let world = World::new(customer.content).await;
	world.fake.serve("deal_page", Option::<DealView>::None.encode());
	let mut strangers = Vec::new();
	for _ in 0..8 {
		strangers.push(customer.name(&world).await);
	}

	world.until_asked(8).await;
	world.intake.note_block();
	world.until_asked(16).await;

	strangers.clear();
	while world.intake.blocks.receiver_count() > 0 {
		tokio::time::sleep(Duration::from_millis(2)).await;
	}
	assert_eq!(world.fake.times_asked("deal_page"), 16, "who is gone is looked up for no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_ahead_of_this_machines_block_is_taken_with_the_next() {
	let customer = Customer::new().await;
	let world = World::new(customer.content).await;
	world.fake.serve("deal_page", Option::<DealView>::None.encode());
	let offer = customer.offer(&world);
	let block = async {
		world.until_asked(1).await;
		world.fake.serve("deal_page", Some(proposal(customer.content)).encode());
		world.intake.note_block();
	};

	let (offered, ()) = tokio::join!(offer, block);

	offered.unwrap();
	assert_eq!(world.state(), Some(Local::Ready));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_to_another_node_costs_one_question() {
	let customer = Customer::new().await;
	let world = World::new(customer.content).await;
	let mut page = proposal(customer.content);
	page.deal.node = NodeId(2);
	world.fake.serve("deal_page", Some(page).encode());

	let error = customer.offer(&world).await.unwrap_err();

	assert!(error.to_string().contains("proposed to another node"), "{error}");
	assert_eq!((world.fake.times_asked("deal_page"), world.fake.times_asked("node_page")), (1, 0));
}

// M4
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_what_is_here_wakes_nobody() {
	let customer = Customer::new().await;
	let world = World::new(customer.content).await;
	let wakes = || async { tokio::time::timeout(Duration::from_millis(200), world.intake.arrived()).await.is_ok() };
	customer.offer(&world).await.unwrap();
	assert!(wakes().await, "it has arrived");

	for _ in 0..3 {
		customer.offer(&world).await.unwrap();
	}
	assert!(!wakes().await, "anybody can offer it again");

	// The bytes have come with another deal.
	world.storage.journal.set_state(DEAL, Local::Fetching).unwrap();
	customer.offer(&world).await.unwrap();
	assert!(wakes().await && world.state() == Some(Local::Ready));
}
