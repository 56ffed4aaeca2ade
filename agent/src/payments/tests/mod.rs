//! Real endpoints on loopback, and a chain that is only a table.

mod breaks;
mod cheating;
mod paying;
mod redeeming;

use super::{
	counter::Counter,
	fetch::{self, Bill, PaymentError},
	ledger::{Ledger, View},
	protocol::{read, send, Answer, Ask, Quote, Refusal, Standing},
	purse::{KnownChannel, Pocket, Purse},
	session::{Exporter, SessionProof},
	terms::Delivery,
	till::{Seat, Till},
	voucher::Voucher,
	ALPN,
};
use crate::{config::Folder, status::metrics::Metrics};
use futures::future::BoxFuture;
use iroh::{
	endpoint::{Connection, RecvStream, SendStream},
	EndpointAddr, SecretKey,
};
use parking_lot::Mutex;
use sp_runtime::Permill;
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	sync::Arc,
};
use substation_client::{client::ChannelView, free::Submission, AccountId, ChainError};
use substation_primitives::{
	channel::{Channel, ChannelPage},
	settings::STN,
	Balance, ChannelId, NodeId,
};
use substation_store::{
	blobs::BlobStore,
	hashing::{self, Commitment},
	progress::Progress,
};
use substation_transport::transfer::{endpoint_addr, Transport, TransportConfig};
use tempfile::TempDir;

const GENESIS: [u8; 32] = [7; 32];
const OPERATOR: [u8; 32] = [3; 32];
const STEP: u64 = 256 << 10;
const PRICE: Balance = STN;
const CHANNEL: ChannelId = ChannelId(5);
/// Of a connection that is not there.
const EXPORTER: Exporter = Exporter([8; 32]);

/// The chain.
#[derive(Default)]
struct Table {
	channels: Mutex<BTreeMap<ChannelId, ChannelView>>,
	redeemed: Mutex<Vec<Voucher>>,
}

impl Table {
	fn change(&self, change: impl FnOnce(&mut ChannelView)) {
		change(self.channels.lock().get_mut(&CHANNEL).unwrap());
	}

	fn redeemed(&self) -> Vec<Balance> {
		self.redeemed.lock().iter().map(|voucher| voucher.cumulative).collect()
	}
}

impl Ledger for Arc<Table> {
	fn channel(&self, channel: ChannelId, _: View) -> BoxFuture<'_, Result<Option<ChannelView>, ChainError>> {
		let page = self.channels.lock().get(&channel).cloned();
		Box::pin(async move { Ok(page) })
	}

	fn redeem(&self, voucher: Voucher) -> BoxFuture<'_, Result<Submission, ChainError>> {
		let mut channels = self.channels.lock();
		let page = channels.get_mut(&voucher.channel).unwrap();
		assert!(voucher.is_signed_by(&page.channel.key, &GENESIS) && voucher.cumulative <= page.channel.deposit);
		page.channel.spent = voucher.cumulative;
		self.redeemed.lock().push(voucher);
		Box::pin(async { Ok(Submission::Sent) })
	}
}

/// A node that charges, or not.
struct Node {
	folder: TempDir,
	till: Till,
	transport: Transport,
	blobs: BlobStore,
}

impl Node {
	async fn start(chain: &Arc<Table>, terms: Delivery) -> Self {
		Self::start_in(tempfile::tempdir().unwrap(), chain, terms).await
	}

	async fn start_in(folder: TempDir, chain: &Arc<Table>, terms: Delivery) -> Self {
		let till = open_till(folder.path(), chain, terms);
		let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
		let (transport, _) = Transport::start_with(config(folder.path()), blobs.clone(), |router, server| {
			router.accept(ALPN, Counter::new(till.clone(), server.clone()))
		})
		.await
		.unwrap();
		Self { folder, till, transport, blobs }
	}

	fn address(&self) -> EndpointAddr {
		endpoint_addr(&self.transport.id(), &self.transport.addresses()).unwrap()
	}

	fn serves(&self, content: &[u8]) -> (PathBuf, Commitment) {
		let file = self.folder.path().join("content");
		std::fs::write(&file, content).unwrap();
		let commitment = hashing::commit(&file, &file.with_extension("obao4"), 2, &Progress::silent()).unwrap();
		self.blobs.serve_file(&file, &file.with_extension("obao4"), commitment);
		(file, commitment)
	}

	/// What it holds of the channel.
	fn held(&self) -> Balance {
		self.till.status().held.parse().unwrap()
	}
}

fn open_till(folder: &Path, chain: &Arc<Table>, terms: Delivery) -> Till {
	let till = Till::open(folder, GENESIS, terms, Metrics::new()).unwrap();
	till.set_node(NodeId(1), OPERATOR);
	till.set_chain(Some(Arc::new(chain.clone())));
	till
}

fn config(folder: &Path) -> TransportConfig {
	TransportConfig {
		key_file: folder.join("endpoint.key"),
		bind: vec!["127.0.0.1:0".parse().unwrap()],
		advertise: Vec::new(),
	}
}

/// A customer with a channel.
struct Customer {
	folder: TempDir,
	transport: Transport,
	purse: Purse,
}

impl Customer {
	async fn start(chain: &Arc<Table>, deposit: Balance) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
		let (transport, _) = Transport::start(config(folder.path()), blobs).await.unwrap();
		let purse = purse(folder.path());
		chain.channels.lock().insert(CHANNEL, page(purse.key(), deposit));
		Self { folder, transport, purse }
	}

	fn target(&self) -> PathBuf {
		self.folder.path().join("back")
	}

	fn pocket(&self) -> Pocket {
		self.purse.take(&known()).unwrap()
	}

	fn promised(&self) -> Balance {
		self.purse.channels().unwrap()[0].promised
	}

	async fn fetch(&self, node: &Node, content: Commitment) -> Result<Bill, PaymentError> {
		self.fetch_from(node.address(), content).await
	}

	async fn fetch_from(&self, address: EndpointAddr, content: Commitment) -> Result<Bill, PaymentError> {
		let quote = fetch::quote(&self.transport, address.clone()).await?.unwrap();
		self.fetch_for(address, content, &quote).await
	}

	async fn fetch_for(&self, from: EndpointAddr, content: Commitment, quote: &Quote) -> Result<Bill, PaymentError> {
		let silent = Progress::silent();
		fetch::fetch(&self.transport, from, content, &self.target(), &silent, self.pocket(), quote).await
	}

	/// Comes to the counter without paying for anything yet.
	async fn come(&self, node: &Node) -> Visit {
		let connection = self.transport.connect(node.address(), ALPN).await.unwrap();
		let (outgoing, incoming) = connection.open_bi().await.unwrap();
		Visit { connection, outgoing, incoming, key: secret(self) }
	}
}

/// A customer's connection, to misuse.
struct Visit {
	connection: Connection,
	outgoing: SendStream,
	incoming: RecvStream,
	key: SecretKey,
}

impl Visit {
	/// Names the channel of a voucher as its holder does.
	async fn pay(&mut self, voucher: Voucher) {
		let exporter = Exporter::of(&self.connection, voucher.channel).unwrap();
		let proof = SessionProof::sign(&self.key, &GENESIS, voucher.channel, &exporter);
		self.say(Ask::Pay { voucher, proof }).await;
	}

	async fn say(&mut self, ask: Ask) {
		send(&mut self.outgoing, &ask).await.unwrap();
	}

	async fn hear(&mut self) -> Answer {
		read(&mut self.incoming).await.unwrap()
	}

	async fn seated(&mut self, voucher: Voucher) -> Standing {
		self.pay(voucher).await;
		let Answer::Ready(standing) = self.hear().await else { panic!("not seated") };
		standing
	}

	async fn refused(&mut self) -> Refusal {
		let Answer::Refused(refusal) = self.hear().await else { panic!("not refused") };
		refusal
	}

	/// Asks for all of a content and counts the bytes that come until nothing has come for a while.
	async fn drain(&self, content: Commitment) -> u64 {
		let (mut outgoing, mut incoming) = self.connection.open_bi().await.unwrap();
		let request = iroh_blobs::protocol::Request::Get(iroh_blobs::protocol::GetRequest::blob(content.root));
		outgoing.write_all(&postcard::to_stdvec(&request).unwrap()).await.unwrap();
		outgoing.finish().unwrap();
		let mut count = 0;
		let mut buffer = vec![0; 64 << 10];
		let quiet = std::time::Duration::from_millis(700);
		while let Ok(Ok(Some(read))) = tokio::time::timeout(quiet, incoming.read(&mut buffer)).await {
			count += read as u64;
		}
		count
	}
}

fn purse(folder: &Path) -> Purse {
	Purse::open(&Folder::at(folder), GENESIS).unwrap()
}

fn known() -> KnownChannel {
	let payee = AccountId::from(OPERATOR);
	KnownChannel { genesis: GENESIS, channel: CHANNEL, node: NodeId(1), payee, promised: 0 }
}

fn page(key: [u8; 32], deposit: Balance) -> ChannelView {
	let channel = Channel {
		payer: AccountId::from([9; 32]),
		key,
		payee: AccountId::from(OPERATOR),
		deposit,
		spent: 0,
		record_deposit: 1,
		closing: None,
	};
	ChannelPage {
		id: CHANNEL,
		channel,
		now: 100,
		genesis: GENESIS,
		min_redeem: STN / 100,
		redeem_fee: STN / 1_000,
		burn: Permill::from_percent(10),
	}
}

fn terms() -> Delivery {
	Delivery { price: PRICE, step: STEP, ..Delivery::default() }
}

/// Bytes without a pattern.
fn bytes(length: usize) -> Vec<u8> {
	let mut all = vec![0; length];
	blake3::Hasher::new().finalize_xof().fill(&mut all);
	all
}

fn secret(customer: &Customer) -> SecretKey {
	let text = std::fs::read_to_string(customer.folder.path().join("voucher.key")).unwrap();
	let mut seed = [0; 32];
	hex::decode_to_slice(text.trim(), &mut seed).unwrap();
	SecretKey::from_bytes(&seed)
}

fn voucher(customer: &Customer, cumulative: Balance) -> Voucher {
	Voucher::sign(&secret(customer), &GENESIS, CHANNEL, cumulative)
}

/// Takes the customer in, without a connection.
async fn seat(till: &Till, customer: &Customer, cumulative: Balance) -> Result<Seat, Refusal> {
	let proof = SessionProof::sign(&secret(customer), &GENESIS, CHANNEL, &EXPORTER);
	till.seat(&voucher(customer, cumulative), &proof, &EXPORTER).await
}
