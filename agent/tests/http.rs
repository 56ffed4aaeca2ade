//! The loopback interface from the outside: real sockets.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

use codec::{Decode, Encode};
use std::{net::SocketAddr, path::Path};
use substation_agent::status::{
	http::{self, Api, HttpError},
	metrics::Metrics,
};
use substation_primitives::agent_api::ProveRequest;
use substation_proofs::{
	forest::{Change, Forest, Leaf},
	storage::{verify, StorageProof},
	Challenge, NativeHasher,
};
use substation_store::{
	answer::Prover,
	forests::Forests,
	hashing::{self, Commitment},
	progress::Progress,
	storage::Storage,
};
use substation_transport::refused;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

/// What programs of this machine send.
const LOCAL: &str = "Host: localhost\r\nContent-Type: application/octet-stream\r\n";

/// Status code and body of one request.
async fn ask(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
	ask_with(address, method, path, LOCAL, body).await
}

async fn ask_with(address: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, Vec<u8>) {
	let mut stream = TcpStream::connect(address).await.unwrap();
	let length = body.len();
	let head = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n");
	stream.write_all(head.as_bytes()).await.unwrap();
	stream.write_all(body).await.unwrap();
	let mut answer = Vec::new();
	stream.read_to_end(&mut answer).await.unwrap();
	let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
	let head = String::from_utf8(answer[..end].to_vec()).unwrap();
	(head.split(' ').nth(1).unwrap().parse().unwrap(), answer[end + 4..].to_vec())
}

/// A file of 300,000 bytes with its outboard beside it.
fn committed(file: &Path) -> Commitment {
	let bytes: Vec<u8> = (0..75_000u32).flat_map(u32::to_le_bytes).collect();
	std::fs::write(file, bytes).unwrap();
	hashing::commit(file, &file.with_extension("obao4"), 2, &Progress::silent()).unwrap()
}

/// An interface to one content under one deal, which its node is not told yet.
struct World {
	_folder: tempfile::TempDir,
	api: Api,
	prover: Prover,
	forest: Forest,
	metrics: Metrics,
	address: SocketAddr,
}

impl World {
	async fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let storage = Storage::open(folder.path()).unwrap();
		let file = folder.path().join("file");
		let content = committed(&file);
		storage.blobs.serve_file(&file, &file.with_extension("obao4"), content);
		let forests = Forests::open(&storage.journal, 7).unwrap();
		let leaf = Leaf { deal: 1, root: content.root, length: content.length };
		let forest = forests.apply(1, 0, &[(0, Change::Insert(leaf))]).unwrap();
		let prover = Prover::new(storage.blobs.clone(), forests);
		let metrics = Metrics::new();
		let api = Api::new(storage, metrics.clone());
		let listener = http::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
		let address = listener.local_addr().unwrap();
		tokio::spawn(http::serve(listener, api.clone(), std::future::pending()));
		Self { _folder: folder, api, prover, forest, metrics, address }
	}

	fn request(&self, openings: u8) -> ProveRequest {
		let challenge = Challenge { genesis: [1; 32], seed: [2; 32], node: 7, period: 3, openings };
		ProveRequest { challenge, forest: self.forest }
	}

	fn refused(&self, what: &'static str) -> u64 {
		self.metrics.numbers().refused.of(what)
	}
}

// 13
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_refused() {
	let world = World::new().await;
	world.api.set_node(7, world.prover.clone());
	let request = world.request(4).encode();
	let kind = "Content-Type: application/octet-stream\r\n";
	let strangers = [
		("Host: evil.example\r\n".to_owned() + kind, 403, refused::HTTP_HOST),
		(LOCAL.to_owned() + "Origin: http://evil.example\r\n", 403, refused::HTTP_ORIGIN),
		("Host: localhost\r\nContent-Type: text/plain\r\n".to_owned(), 415, refused::HTTP_TYPE),
	];
	for (headers, code, what) in strangers {
		assert_eq!(ask_with(world.address, "POST", "/v1/prove", &headers, &request).await.0, code, "{headers}");
		assert_eq!(world.refused(what), 1);
	}
	let rebound = ask_with(world.address, "GET", "/v1/status", "Host: evil.example:9950\r\n", b"").await;
	assert_eq!(rebound.0, 403);

	assert_eq!(ask(world.address, "POST", "/v1/prove", &request).await.0, 200);
	assert_eq!(world.metrics.numbers().unanswered.get(), 0, "nobody is woken for it");
}

// 13
#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_too_many_openings_is_refused_before_anything_is_read() {
	let world = World::new().await;
	world.api.set_node(7, world.prover.clone());

	for openings in [17, 255] {
		assert_eq!(ask(world.address, "POST", "/v1/prove", &world.request(openings).encode()).await.0, 400);
	}

	assert_eq!((world.refused(refused::HTTP_OPENINGS), world.metrics.numbers().unanswered.get()), (2, 0));
	assert_eq!(ask(world.address, "POST", "/v1/prove", &world.request(16).encode()).await.0, 200);
}

// 13
#[tokio::test(flavor = "multi_thread")]
async fn challenges_are_answered_one_after_the_other_and_few_wait() {
	let world = World::new().await;
	world.api.set_node(7, world.prover.clone());
	let request = world.request(16).encode();

	let asked = (0..64).map(|_| ask(world.address, "POST", "/v1/prove", &request));
	let codes: Vec<u16> = futures::future::join_all(asked).await.into_iter().map(|(code, _)| code).collect();

	let answered = codes.iter().filter(|code| **code == 200).count();
	let refused = codes.iter().filter(|code| **code == 503).count();
	assert!(answered >= 3 && answered + refused == 64, "{codes:?}");
	assert_eq!(world.refused(refused::HTTP_BUSY), refused as u64);
	assert_eq!(ask(world.address, "POST", "/v1/prove", &request).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_beside_gets_its_id_and_a_proof() {
	let world = World::new().await;
	let (api, prover, address) = (world.api.clone(), world.prover.clone(), world.address);

	assert_eq!(ask(address, "GET", "/v1/node", b"").await.0, 503);
	assert_eq!(ask(address, "POST", "/v1/prove", b"").await.0, 503);
	let (code, body) = ask(address, "GET", "/v1/status", b"").await;
	let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
	assert_eq!((code, &status["node"], &status["forest"]), (200, &serde_json::Value::Null, &serde_json::Value::Null));
	api.set_node(7, prover);
	assert_eq!(ask(address, "GET", "/v1/node", b"").await, (200, b"7".to_vec()));

	let request = world.request(4);
	let ProveRequest { challenge, forest } = request;
	let (code, body) = ask(address, "POST", "/v1/prove", &request.encode()).await;
	assert_eq!(code, 200);
	let proof = StorageProof::decode(&mut body.as_slice()).unwrap();
	assert_eq!(verify::<NativeHasher>(&forest, &challenge, &proof).unwrap().get().node, 7);

	let mut other = request;
	other.forest.root = [5; 32];
	assert_eq!(ask(address, "POST", "/v1/prove", &other.encode()).await.0, 409);
	assert_eq!(ask(address, "POST", "/v1/prove", b"nonsense").await.0, 400);
	assert_eq!(ask(address, "POST", "/v1/prove", &[0; 10_000]).await.0, 413);

	let (code, body) = ask(address, "GET", "/v1/status", b"").await;
	let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
	assert_eq!((code, status["node"].as_u64()), (200, Some(7)));
	let (code, body) = ask(address, "GET", "/metrics", b"").await;
	let text = String::from_utf8(body).unwrap();
	assert!(code == 200 && text.contains("substation_agent_answered_total 1"), "{text}");
}

#[tokio::test]
async fn only_loopback_is_listened_on_and_a_taken_port_is_named() {
	let any = http::bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
	assert!(matches!(any, HttpError::NotLoopback(_)));

	let first = http::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
	let second = http::bind(first.local_addr().unwrap()).await.unwrap_err();
	assert!(matches!(second, HttpError::PortTaken(_)));
}

// 14
#[tokio::test]
async fn what_strangers_have_written_is_plain_json() {
	let folder = tempfile::tempdir().unwrap();
	let api = Api::new(Storage::open(folder.path()).unwrap(), Metrics::new());
	let listener = http::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
	let address = listener.local_addr().unwrap();
	tokio::spawn(http::serve(listener, api.clone(), std::future::pending()));
	let words = "\u{1b}]0;title\u{7}\n<script>\u{9b}2J\u{202e}\"";

	api.set_chain(serde_json::json!({ "words": [words] }));
	let (code, body) = ask(address, "GET", "/v1/status", b"").await;

	assert_eq!(code, 200);
	assert!(body.iter().all(|byte| matches!(byte, b' '..=b'~')), "{}", String::from_utf8_lossy(&body));
	let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
	assert_eq!(status["chain"]["words"][0], words);
}
