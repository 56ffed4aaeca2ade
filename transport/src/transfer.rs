//! Moves contents between endpoints: serves the store, pulls and fetches, offers a content to a provider.
//!
//! The protocol of the bytes is iroh-blobs'. No relay and no look-up service is used: a peer is dialled by its id and
//! the addresses that its record names.

use crate::{
	door::{Door, DoorBuilder},
	offer::{self, Offer, OfferReceiver, OfferReply, Offers},
	quic,
	refused::Refused,
	secret::{self, SecretError},
	serve::{Server, BLOCK, CHARGES},
};
use bao_tree::{io::BaoContentItem, BaoTree, ChunkNum, ChunkRanges};
use iroh::{
	endpoint::{presets, ConnectError, ConnectingError, Connection, ConnectionError},
	Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey,
};
use iroh_blobs::{
	get::fsm::{self, AtBlobHeaderNextError, BlobContentNext, ConnectedNext, DecodeError},
	protocol::GetRequest,
};
use std::{
	future::Future,
	io,
	net::{SocketAddr, UdpSocket},
	path::{Path, PathBuf},
	time::Duration,
};
use substation_plain::bounded;
use substation_store::{
	blobs::{BlobError, BlobStore},
	hashing::Commitment,
	incoming::{Incoming, IncomingFiles},
	progress::Progress,
	tree::{CHUNK, GROUP, PAIR},
	Hash,
};
use tokio::{
	sync::{mpsc, watch},
	time::timeout,
};

/// Longest wait for a peer to answer a dial.
const DIAL: Duration = Duration::from_secs(10);

/// Longest wait for the next bytes.
const STALL: Duration = Duration::from_secs(60);

/// Bytes in which an answer says the content's length.
pub const LENGTH: u64 = 8;

/// Most letters of a peer's reason that are shown.
const REASON: usize = 200;

/// Groups that may wait for the disk.
const AHEAD: usize = 256;

/// Why a transfer failed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
	/// Another program has the port. Stop it or name another port.
	#[error("port {} of {} is taken by another program; name another one", .0.port(), .0.ip())]
	PortTaken(SocketAddr),
	/// The endpoint could not be started.
	#[error("endpoint: {0}")]
	Endpoint(String),
	/// The file of the endpoint's secret key cannot be read or made.
	#[error("endpoint key: {0}")]
	Key(#[from] SecretError),
	/// A peer's id or address cannot be read.
	#[error("not an endpoint id with addresses: {0}")]
	Address(String),
	/// The peer does not answer.
	#[error("peer {peer} does not answer at {addresses}: {reason}")]
	Unreachable {
		/// Its id.
		peer: String,
		/// Where it was looked for.
		addresses: String,
		/// What the network said.
		reason: String,
	},
	/// The peer is there and does not speak the protocol.
	#[error("peer {peer} does not speak `{protocol}`")]
	OtherProtocol {
		/// Its id.
		peer: String,
		/// What it was asked to speak.
		protocol: String,
	},
	/// The peer serves nobody for free. What it says names its price.
	#[error("{0}")]
	Charges(String),
	/// The peer does not have the content.
	#[error("peer does not have content {}", hex::encode(.0))]
	NotThere(Hash),
	/// The peer's content has another length.
	#[error("peer's content has {claimed} bytes, not {expected}")]
	WrongSize {
		/// What the peer says.
		claimed: u64,
		/// What was agreed.
		expected: u64,
	},
	/// The peer sent bytes that do not lead to the root.
	#[error("peer sent wrong bytes: {0}")]
	WrongBytes(String),
	/// The peer stopped sending.
	#[error("peer sent nothing for {} seconds", STALL.as_secs())]
	Stalled,
	/// The connection broke. What has arrived is kept; try again.
	#[error("connection broke: {0}")]
	Broken(String),
	/// The provider does not take the content.
	#[error("provider refused: {0}")]
	Refused(String),
	/// This side has ended the transfer. What has arrived is kept.
	#[error("{0}")]
	Ended(String),
	/// The store or the disk failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
}

/// How an endpoint is started.
#[derive(Clone, Debug)]
pub struct TransportConfig {
	/// The file with the endpoint's secret key; made if it is not there.
	pub key_file: PathBuf,
	/// Addresses to bind, at most one per family. Port 0 takes a free one.
	pub bind: Vec<SocketAddr>,
	/// Addresses under which others reach this endpoint, if they are not those that it finds itself.
	pub advertise: Vec<SocketAddr>,
}

/// An endpoint that serves a store.
#[derive(Clone, Debug)]
pub struct Transport {
	door: Door,
	server: Server,
	blobs: BlobStore,
	advertise: Vec<SocketAddr>,
}

impl Transport {
	/// Starts an endpoint that serves `blobs`. Customers drop the receiver.
	pub async fn start(config: TransportConfig, blobs: BlobStore) -> Result<(Self, OfferReceiver), TransferError> {
		Self::start_with(config, blobs, |door, _| door).await
	}

	/// The same with more protocols, which `extend` adds; it sees the server of the store.
	pub async fn start_with(
		config: TransportConfig,
		blobs: BlobStore,
		extend: impl FnOnce(DoorBuilder, &Server) -> DoorBuilder,
	) -> Result<(Self, OfferReceiver), TransferError> {
		Self::start_counting(config, blobs, Refused::default(), extend).await
	}

	/// The same with counts of what is turned away.
	pub async fn start_counting(
		config: TransportConfig,
		blobs: BlobStore,
		refused: Refused,
		extend: impl FnOnce(DoorBuilder, &Server) -> DoorBuilder,
	) -> Result<(Self, OfferReceiver), TransferError> {
		let key = secret::machine_key_or_new(&config.key_file)?;
		let endpoint = bind(key, &config.bind).await?;
		for address in &config.advertise {
			endpoint.add_external_addr(*address).await;
		}
		let (queue, offers) = mpsc::channel::<Offer>(offer::QUEUE);
		let server = Server::new(blobs.clone(), refused.clone());
		let door = Door::of(endpoint, refused.clone())
			.accept(iroh_blobs::ALPN, server.clone())
			.accept(offer::ALPN, Offers::new(queue, refused));
		let door = extend(door, &server).open();
		Ok((Self { door, server, blobs, advertise: config.advertise }, offers))
	}

	/// The endpoint's id.
	pub fn id(&self) -> Hash {
		*self.door.endpoint().id().as_bytes()
	}

	/// The endpoint itself, to dial from.
	pub fn endpoint(&self) -> &Endpoint {
		self.door.endpoint()
	}

	/// Where others reach this endpoint, as `ip:port`.
	pub fn addresses(&self) -> Vec<String> {
		let endpoint = self.door.endpoint();
		let mut all: Vec<SocketAddr> = self.advertise.clone();
		if all.is_empty() {
			all.extend(endpoint.bound_sockets().into_iter().filter(|address| !address.ip().is_unspecified()));
			all.extend(endpoint.addr().ip_addrs());
		}
		all.sort_unstable();
		all.dedup();
		all.iter().map(SocketAddr::to_string).collect()
	}

	/// Pulls a content from a peer into the store. Whole, verified and durable when it returns; goes on where an
	/// earlier attempt ended.
	pub async fn pull(
		&self,
		from: EndpointAddr,
		content: Commitment,
		progress: &Progress,
	) -> Result<(), TransferError> {
		let connection = self.connect(from, iroh_blobs::ALPN).await?;
		let result = pull_over(&connection, &self.blobs, content, progress, std::future::pending()).await;
		connection.close(0u32.into(), b"done");
		result
	}

	/// Fetches a content from a peer into a file, which appears when it is whole. Goes on where an earlier attempt
	/// ended.
	pub async fn fetch(
		&self,
		from: EndpointAddr,
		content: Commitment,
		target: &Path,
		progress: &Progress,
	) -> Result<(), TransferError> {
		let incoming = begin(target, content).await?;
		let connection = self.connect(from, iroh_blobs::ALPN).await?;
		let result = receive(&connection, incoming, progress, None).await;
		let result = result.map_err(|error| charged(&connection).unwrap_or(error));
		connection.close(0u32.into(), b"done");
		finish(result?, progress).await
	}

	/// Brings a content, which the store must have or serve, to the provider of a deal. Returns when the provider
	/// has it on its disk.
	pub async fn offer(
		&self,
		to: EndpointAddr,
		deal: u64,
		content: Commitment,
		progress: &Progress,
	) -> Result<(), TransferError> {
		if !self.blobs.contains(&content.root, content.length) {
			return Err(BlobError::Missing(content.root).into());
		}
		let connection = self.connect(to, offer::ALPN).await?;
		let exchange = async {
			let (mut send, mut recv) = connection.open_bi().await.map_err(broken)?;
			send.write_all(&offer::encode_request(deal, content)).await.map_err(broken)?;
			send.finish().map_err(broken)?;
			recv.read_to_end(offer::REPLY).await.map_err(broken)
		};
		let reply = tokio::select! {
			reply = exchange => reply,
			() = self.server.serve(connection.clone(), progress.clone()) => Err(broken("closed by the provider")),
		};
		connection.close(0u32.into(), b"done");
		progress.finish();
		match offer::decode_reply(&reply?) {
			Some(OfferReply::Stored) => Ok(()),
			Some(OfferReply::Refused(reason)) => Err(TransferError::Refused(reason)),
			None => Err(broken("no reply")),
		}
	}

	/// Ends all transfers and frees the port.
	pub async fn shutdown(&self) {
		self.door.shutdown().await;
	}

	/// Dials a peer to speak one protocol.
	pub async fn connect(&self, to: EndpointAddr, alpn: &[u8]) -> Result<Connection, TransferError> {
		let peer = to.id.to_string();
		let addresses = to.ip_addrs().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ");
		let addresses = if addresses.is_empty() { "no address".to_owned() } else { addresses };
		let unreachable = |reason: String| TransferError::Unreachable { peer: peer.clone(), addresses, reason };
		let dialled = quic::dial(self.door.endpoint(), to, alpn, quic::transfer());
		match timeout(DIAL, dialled).await {
			Ok(Ok(connection)) => Ok(connection),
			Ok(Err(error)) if is_about_protocol(&error) => {
				let protocol = String::from_utf8_lossy(alpn).into_owned();
				Err(TransferError::OtherProtocol { peer, protocol })
			}
			Ok(Err(error)) => Err(unreachable(bounded(error, REASON))),
			Err(_) => Err(unreachable(format!("nothing heard for {} seconds", DIAL.as_secs()))),
		}
	}
}

/// Those of a node's addresses that can be dialled: the registry also takes names, which nobody looks up.
pub fn dialable(addresses: &[Vec<u8>]) -> Vec<String> {
	let texts = addresses.iter().filter_map(|address| String::from_utf8(address.clone()).ok());
	texts.filter(|address| address.parse::<SocketAddr>().is_ok()).collect()
}

/// Addresses to dial from: any port, over every version of IP that this machine has.
pub fn any_address() -> Vec<SocketAddr> {
	let (four, six) = (SocketAddr::from(([0; 4], 0)), SocketAddr::from(([0_u16; 8], 0)));
	let has_six = UdpSocket::bind(six).is_ok();
	std::iter::once(four).chain(has_six.then_some(six)).collect()
}

/// A peer to dial, from what its record names.
pub fn endpoint_addr(id: &Hash, addresses: &[String]) -> Result<EndpointAddr, TransferError> {
	let id = EndpointId::from_bytes(id).map_err(|error| TransferError::Address(error.to_string()))?;
	let mut peer = EndpointAddr::new(id);
	for address in addresses {
		let parsed: SocketAddr = address.parse().map_err(|_| TransferError::Address(address.clone()))?;
		peer = peer.with_ip_addr(parsed);
	}
	Ok(peer)
}

/// Pulls a content over a connection, whoever has dialled it, into the store. Ends when `ends` says why.
pub(super) async fn pull_over(
	connection: &Connection,
	blobs: &BlobStore,
	content: Commitment,
	progress: &Progress,
	ends: impl Future<Output = String>,
) -> Result<(), TransferError> {
	let Commitment { root, length } = content;
	if blobs.contains(&root, length) {
		let store = blobs.clone();
		return Ok(blocking(move || store.sync(&root)).await??);
	}
	let store = blobs.clone();
	let incoming = blocking(move || store.begin(&root, length)).await??;
	// Whatever happens from here on, also when the caller gives up, the next attempt may begin.
	let arriving = Arriving { blobs, content };
	let incoming = receive_until(connection, incoming, progress, None, ends).await?;
	let store = arriving.blobs.clone();
	blocking(move || store.complete(incoming)).await??;
	progress.finish();
	Ok(())
}

struct Arriving<'a> {
	blobs: &'a BlobStore,
	content: Commitment,
}

impl Drop for Arriving<'_> {
	fn drop(&mut self) {
		self.blobs.abandon(&self.content.root, self.content.length);
	}
}

/// How many bytes of an answer have led to the root so far, pairs of the tree and the eight bytes of the length
/// included. Whoever listens is woken with every whole quantum, and once more when this is dropped.
#[derive(Debug)]
pub struct Tally {
	sum: watch::Sender<u64>,
	quantum: u64,
}

impl Tally {
	/// Nothing yet.
	pub fn new(quantum: u64) -> (Self, watch::Receiver<u64>) {
		let (sum, listener) = watch::channel(0);
		(Self { sum, quantum: quantum.max(1) }, listener)
	}

	fn add(&self, bytes: u64) {
		self.sum.send_if_modified(|sum| {
			let before = *sum / self.quantum;
			*sum = sum.saturating_add(bytes);
			*sum / self.quantum > before
		});
	}
}

/// Begins to take a content into a file, or goes on.
pub async fn begin(target: &Path, content: Commitment) -> Result<Incoming, TransferError> {
	let files = IncomingFiles { data: target.to_owned(), outboard: None };
	Ok(blocking(move || Incoming::begin(files, content.root, content.length)).await??)
}

/// Puts a whole content in its place.
pub async fn finish(incoming: Incoming, progress: &Progress) -> Result<(), TransferError> {
	blocking(move || incoming.finish()).await??;
	progress.finish();
	Ok(())
}

/// Takes in what is missing. What came before an error is durable and will not be asked for again.
///
/// `verified` hears how many bytes of the answer have led to the root.
pub async fn receive(
	connection: &Connection,
	incoming: Incoming,
	progress: &Progress,
	verified: Option<&Tally>,
) -> Result<Incoming, TransferError> {
	receive_until(connection, incoming, progress, verified, std::future::pending()).await
}

/// The same until `ends` says why it ends. The disk has done its part when this returns.
async fn receive_until(
	connection: &Connection,
	incoming: Incoming,
	progress: &Progress,
	verified: Option<&Tally>,
	ends: impl Future<Output = String>,
) -> Result<Incoming, TransferError> {
	let content = Commitment { root: incoming.root(), length: incoming.length() };
	let from = incoming.resume_from();
	progress.set(from);
	let (items, ready) = mpsc::channel(AHEAD);
	let writer = tokio::task::spawn_blocking(move || write(incoming, ready));
	let received = tokio::select! {
		received = download_from(connection, content, from, items, progress, verified) => received,
		reason = ends => Err(TransferError::Ended(reason)),
	};
	let incoming = writer.await.map_err(broken)??;
	if let Err(error) = received {
		// The peer's fault is the one that is reported.
		let _ = blocking(move || incoming.leave()).await;
		return Err(error);
	}
	Ok(incoming)
}

fn write(mut incoming: Incoming, mut ready: mpsc::Receiver<BaoContentItem>) -> Result<Incoming, BlobError> {
	let tree = BaoTree::new(incoming.length(), BLOCK);
	while let Some(item) = ready.blocking_recv() {
		match item {
			BaoContentItem::Parent(parent) => {
				if let Some(index) = tree.pre_order_offset(parent.node) {
					let mut pair = [0; 64];
					let (left, right) = pair.split_at_mut(32);
					left.copy_from_slice(parent.pair.0.as_bytes());
					right.copy_from_slice(parent.pair.1.as_bytes());
					incoming.put_pair(index, &pair)?;
				}
			}
			BaoContentItem::Leaf(leaf) => incoming.put_bytes(leaf.offset, &leaf.data)?,
		}
	}
	// A whole content is made durable when it gets its name.
	if !incoming.is_whole() {
		incoming.checkpoint()?;
	}
	Ok(incoming)
}

/// Whether a peer has a content: takes in its first group, and drops it.
pub(super) async fn sample(connection: &Connection, content: Commitment) -> Result<(), TransferError> {
	let (items, mut ready) = mpsc::channel(AHEAD);
	let (ranges, silent) = (ChunkRanges::from(..ChunkNum(GROUP / CHUNK)), Progress::silent());
	let drop_all = async { while ready.recv().await.is_some() {} };
	let (received, ()) = tokio::join!(download(connection, content, ranges, items, &silent, None), drop_all);
	received
}

async fn download_from(
	connection: &Connection,
	content: Commitment,
	from: u64,
	items: mpsc::Sender<BaoContentItem>,
	progress: &Progress,
	verified: Option<&Tally>,
) -> Result<(), TransferError> {
	if from >= content.length {
		return Ok(());
	}
	download(connection, content, ChunkRanges::from(ChunkNum(from / CHUNK)..), items, progress, verified).await
}

async fn download(
	connection: &Connection,
	content: Commitment,
	ranges: ChunkRanges,
	items: mpsc::Sender<BaoContentItem>,
	progress: &Progress,
	verified: Option<&Tally>,
) -> Result<(), TransferError> {
	let Commitment { root, length } = content;
	let request = GetRequest::blob_ranges(root.into(), ranges);
	let start = fsm::start(connection.clone(), request, Default::default());
	let connected = stalls(start.next()).await?.map_err(broken)?;
	let ConnectedNext::StartRoot(start) = stalls(connected.next()).await?.map_err(broken)? else {
		return Err(TransferError::NotThere(root));
	};
	let (mut body, claimed) = stalls(start.next().next()).await?.map_err(|error| match error {
		AtBlobHeaderNextError::NotFound { .. } => TransferError::NotThere(root),
		other => broken(other),
	})?;
	if claimed != length {
		return Err(TransferError::WrongSize { claimed, expected: length });
	}
	let mut unsaid = LENGTH;
	loop {
		match stalls(body.next()).await? {
			BlobContentNext::More((next, item)) => {
				let item = item.map_err(decode_error)?;
				match &item {
					BaoContentItem::Leaf(leaf) => {
						let bytes = u64::try_from(leaf.data.len()).unwrap_or(u64::MAX);
						progress.add(bytes);
						if let Some(verified) = verified {
							verified.add(bytes.saturating_add(unsaid));
						}
						unsaid = 0;
					}
					// Told with the bytes below it.
					BaoContentItem::Parent(_) => unsaid = unsaid.saturating_add(PAIR),
				}
				// The writer's own error is the one that is reported.
				items.send(item).await.map_err(|_| broken("the disk failed"))?;
				body = next;
			}
			BlobContentNext::Done(_) => return Ok(()),
		}
	}
}

fn decode_error(error: DecodeError) -> TransferError {
	match error {
		DecodeError::ParentHashMismatch { .. } | DecodeError::LeafHashMismatch { .. } => {
			TransferError::WrongBytes(error.to_string())
		}
		other => broken(other),
	}
}

/// What a peer has said who closed the connection because it serves nobody for free.
fn charged(connection: &Connection) -> Option<TransferError> {
	let Some(ConnectionError::ApplicationClosed(close)) = connection.close_reason() else { return None };
	let reason = bounded(String::from_utf8_lossy(&close.reason), REASON);
	(close.error_code == CHARGES).then_some(TransferError::Charges(reason))
}

/// Whether the peer is there and has refused the protocol itself.
fn is_about_protocol(error: &ConnectError) -> bool {
	/// TLS alert `no_application_protocol` as a code of QUIC.
	const NO_PROTOCOL: u64 = 0x178;
	let source = match error {
		ConnectError::Connection { source, .. } => source,
		ConnectError::Connecting { source: ConnectingError::ConnectionError { source, .. }, .. } => source,
		_ => return false,
	};
	matches!(source, ConnectionError::ConnectionClosed(close) if u64::from(close.error_code) == NO_PROTOCOL)
}

/// A peer who closes a connection says why.
fn broken(error: impl std::fmt::Display) -> TransferError {
	TransferError::Broken(bounded(error, REASON))
}

async fn stalls<F: Future>(future: F) -> Result<F::Output, TransferError> {
	timeout(STALL, future).await.map_err(|_| TransferError::Stalled)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TransferError> {
	tokio::task::spawn_blocking(work).await.map_err(broken)
}

async fn bind(key: SecretKey, addresses: &[SocketAddr]) -> Result<Endpoint, TransferError> {
	let failed = |error: &dyn std::fmt::Display| TransferError::Endpoint(error.to_string());
	let mut builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).secret_key(key);
	builder = builder.clear_ip_transports().transport_config(quic::incoming());
	for address in addresses {
		// Asked beforehand because the endpoint's own error does not say which address it was.
		if let Err(error) = UdpSocket::bind(address) {
			return Err(match error.kind() {
				io::ErrorKind::AddrInUse => TransferError::PortTaken(*address),
				_ => TransferError::Endpoint(format!("{address}: {error}")),
			});
		}
		builder = builder.bind_addr(*address).map_err(|error| failed(&error))?;
	}
	builder.bind().await.map_err(|error| failed(&error))
}
