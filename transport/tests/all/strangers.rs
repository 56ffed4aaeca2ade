//! What strangers can take of an endpoint that serves a store.

use iroh::{
	endpoint::{presets, Connection, ConnectionError, ReadError, RecvStream, SendStream},
	Endpoint, RelayMode,
};
use iroh_blobs::protocol::{GetRequest, Request, ERR_LIMIT};
use std::time::Duration;
use substation_store::{blobs::BlobStore, hashing::Commitment, progress::Progress};
use substation_transport::{
	offer, quic,
	refused::{self, Refused},
	transfer::{endpoint_addr, Transport, TransportConfig},
};

/// More than may be on its way to a peer that does not read.
const LENGTH: usize = 8 << 20;

/// An endpoint that serves one content.
struct World {
	folder: tempfile::TempDir,
	provider: Transport,
	content: Commitment,
	refused: Refused,
}

impl World {
	async fn new() -> Self {
		let (folder, refused) = (tempfile::tempdir().unwrap(), Refused::default());
		let (file, blobs) = (folder.path().join("file"), BlobStore::open(&folder.path().join("blobs")).unwrap());
		let content = crate::committed(&file, &crate::bytes(LENGTH, 1));
		blobs.serve_file(&file, &file.with_extension("obao4"), content);
		let config = TransportConfig {
			key_file: folder.path().join("endpoint.key"),
			bind: vec!["127.0.0.1:0".parse().unwrap()],
			advertise: Vec::new(),
		};
		let (provider, _) = Transport::start_counting(config, blobs, refused.clone(), |door, _| door).await.unwrap();
		Self { folder, provider, content, refused }
	}

	async fn dial(&self, endpoint: &Endpoint, alpn: &[u8]) -> Connection {
		let address = endpoint_addr(&self.provider.id(), &self.provider.addresses()).unwrap();
		endpoint.connect(address, alpn).await.unwrap()
	}

	/// A customer fetches everything.
	async fn fetch(&self) {
		let own = self.folder.path().join("customer");
		std::fs::create_dir(&own).unwrap();
		let config = TransportConfig {
			key_file: own.join("endpoint.key"),
			bind: vec!["127.0.0.1:0".parse().unwrap()],
			advertise: Vec::new(),
		};
		let (customer, _) = Transport::start(config, BlobStore::open(&own.join("blobs")).unwrap()).await.unwrap();
		let address = endpoint_addr(&self.provider.id(), &self.provider.addresses()).unwrap();
		let (back, progress) = (own.join("back"), Progress::silent());
		let fetched = customer.fetch(address, self.content, &back, &progress);
		tokio::time::timeout(Duration::from_secs(4), fetched).await.expect("before any stranger is let go").unwrap();
	}
}

async fn stranger() -> Endpoint {
	let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
	let builder = builder.transport_config(quic::general()).bind_addr("127.0.0.1:0").unwrap();
	builder.bind().await.unwrap()
}

async fn strangers(count: usize) -> Vec<Endpoint> {
	futures::future::join_all((0..count).map(|_| stranger())).await
}

async fn request(connection: &Connection, content: Commitment) -> (SendStream, RecvStream) {
	let (mut send, recv) = connection.open_bi().await.unwrap();
	let request = Request::Get(GetRequest::blob(content.root));
	send.write_all(&postcard::to_stdvec(&request).unwrap()).await.unwrap();
	send.finish().unwrap();
	(send, recv)
}

/// Whether something takes longer than it would if it were possible.
async fn blocks<F: std::future::Future>(future: F) -> bool {
	tokio::time::timeout(Duration::from_millis(300), future).await.is_err()
}

fn was_full(connection: &Connection) -> bool {
	matches!(connection.close_reason(), Some(ConnectionError::ApplicationClosed(close)) if close.error_code == ERR_LIMIT)
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn unread_requests_take_no_reader() {
	let world = World::new().await;
	let mut open = Vec::new();
	for endpoint in strangers(8).await {
		let connection = world.dial(&endpoint, iroh_blobs::ALPN).await;
		for _ in 0..16 {
			let (mut send, recv) = connection.open_bi().await.unwrap();
			send.write_all(&[0]).await.unwrap();
			open.push((endpoint.clone(), connection.clone(), send, recv));
		}
	}

	world.fetch().await;

	assert_eq!(world.refused.of(refused::READER), 0);
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn one_peer_takes_four_readers() {
	let world = World::new().await;
	let endpoint = stranger().await;
	let connection = world.dial(&endpoint, iroh_blobs::ALPN).await;
	let mut unread = Vec::new();
	for _ in 0..4 {
		let (send, mut recv) = request(&connection, world.content).await;
		recv.read_exact(&mut [0; 8]).await.unwrap();
		unread.push((send, recv));
	}

	let (_send, mut recv) = request(&connection, world.content).await;

	assert!(matches!(recv.read(&mut [0; 8]).await, Err(ReadError::Reset(code)) if code == ERR_LIMIT));
	assert_eq!(world.refused.of(refused::READER), 1);
	world.fetch().await;
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn one_peer_has_eight_connections() {
	let world = World::new().await;
	let endpoint = stranger().await;
	let mut connections = Vec::new();
	for _ in 0..9 {
		connections.push(world.dial(&endpoint, iroh_blobs::ALPN).await);
	}

	// Connections that are dialled one after the other may be heard of in another order.
	futures::future::select_all(connections.iter().map(|connection| Box::pin(connection.closed()))).await;

	assert_eq!(connections.iter().filter(|connection| was_full(connection)).count(), 1);
	assert_eq!(connections.iter().filter(|connection| connection.close_reason().is_none()).count(), 8);
	assert_eq!(world.refused.of(refused::PEER), 1);
	world.fetch().await;
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_leaves_a_place_for_the_next_and_none_with_those_that_are_read_to() {
	let world = World::new().await;
	let reader = stranger().await;
	let reading = world.dial(&reader, iroh_blobs::ALPN).await;
	let (_send, mut recv) = request(&reading, world.content).await;
	recv.read_exact(&mut [0; 8]).await.unwrap();

	let crowd = strangers(100).await;
	let mut idle = Vec::new();
	for endpoint in &crowd {
		idle.push(world.dial(endpoint, iroh_blobs::ALPN).await);
	}

	for displaced in &idle[..4] {
		displaced.closed().await;
		assert!(was_full(displaced));
	}
	assert!(reading.close_reason().is_none());
	world.fetch().await;
	// Other protocols have rooms of their own.
	assert!(blocks(world.dial(&crowd[0], offer::ALPN).await.closed()).await);
}

// 5
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_has_few_streams_and_few_bytes_unread() {
	let world = World::new().await;
	let endpoint = stranger().await;
	let connection = world.dial(&endpoint, offer::ALPN).await;

	assert!(blocks(connection.open_uni()).await);
	// Nobody reads the second one.
	let mut open = Vec::new();
	for _ in 0..16 {
		open.push(connection.open_bi().await.unwrap());
	}
	assert!(blocks(connection.open_bi()).await);
	let (send, _) = &mut open[1];
	let mut written = 0;
	while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(300), send.write(&[7; 4_096])).await {
		written += count;
	}
	assert_eq!(written, 32 << 10);
	assert!(connection.send_datagram(vec![1u8].into()).is_err());
}

// 5
#[tokio::test(flavor = "multi_thread")]
async fn many_strangers_who_send_fill_no_memory() {
	let world = World::new().await;
	let endpoints = strangers(64).await;
	let mut connections = Vec::new();
	for endpoint in &endpoints {
		connections.push(world.dial(endpoint, offer::ALPN).await);
	}

	let sends = connections.iter().map(|connection| async move {
		let (mut open, mut written) = (Vec::new(), 0);
		for _ in 0..16 {
			let Ok(Ok((mut send, recv))) = tokio::time::timeout(Duration::from_millis(300), connection.open_bi()).await
			else {
				break;
			};
			// What is taken of it was let through by the node's windows.
			while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(100), send.write(&[7; 64 << 10])).await
			{
				written += count;
			}
			open.push((send, recv));
		}
		(open, written)
	});
	let sent = futures::future::join_all(sends).await;

	let most = sent.iter().map(|(_, written)| *written).max().unwrap();
	assert!((1..=16 * (32 << 10)).contains(&most), "{most} bytes of one stranger");
	assert_eq!(sent.len(), 64);
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_long_or_none_is_reset() {
	let world = World::new().await;
	let endpoint = stranger().await;
	let connection = world.dial(&endpoint, iroh_blobs::ALPN).await;
	let garbage = [vec![], vec![255; 10], vec![0; 5_000]];
	for bytes in &garbage {
		let (mut send, mut recv) = connection.open_bi().await.unwrap();
		// What is not read any more cannot be written.
		let _ = send.write_all(bytes).await;
		let _ = send.finish();

		assert!(matches!(recv.read(&mut [0; 8]).await, Err(ReadError::Reset(_))), "{} bytes", bytes.len());
	}
	assert_eq!(world.refused.of(refused::REQUEST), 3);
}
