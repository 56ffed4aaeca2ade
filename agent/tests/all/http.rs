use codec::{Decode, Encode};
use std::net::SocketAddr;
use substation_agent::data::{
	answer::Prover,
	forests::Forests,
	http::{self, Api, HttpError},
	metrics::Metrics,
	storage::Storage,
};
use substation_primitives::agent_api::ProveRequest;
use substation_proofs::{
	forest::{Change, Leaf},
	storage::{verify, StorageProof},
	Challenge, NativeHasher,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

/// Status code and body of one request.
async fn ask(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
	let mut stream = TcpStream::connect(address).await.unwrap();
	let head = format!(
		"{method} {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
		body.len()
	);
	stream.write_all(head.as_bytes()).await.unwrap();
	stream.write_all(body).await.unwrap();
	let mut answer = Vec::new();
	stream.read_to_end(&mut answer).await.unwrap();
	let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
	let head = String::from_utf8(answer[..end].to_vec()).unwrap();
	(head.split(' ').nth(1).unwrap().parse().unwrap(), answer[end + 4..].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_beside_gets_its_id_and_a_proof() {
	let folder = tempfile::tempdir().unwrap();
	let storage = Storage::open(folder.path()).unwrap();
	let file = folder.path().join("file");
	let content = crate::committed(&file, &crate::bytes(300_000, 1));
	storage.blobs.serve_file(&file, &file.with_extension("obao4"), content);
	let forests = Forests::open(&storage.journal, 7).unwrap();
	let leaf = Leaf { deal: 1, root: content.root, length: content.length };
	let forest = forests.apply(1, 0, &[(0, Change::Insert(leaf))]).unwrap();
	let prover = Prover::new(storage.blobs.clone(), forests);
	let api = Api::new(storage, Metrics::new());
	let listener = http::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
	let address = listener.local_addr().unwrap();
	tokio::spawn(http::serve(listener, api.clone(), std::future::pending()));

	assert_eq!(ask(address, "GET", "/v1/node", b"").await.0, 503);
	assert_eq!(ask(address, "POST", "/v1/prove", b"").await.0, 503);
	let (code, body) = ask(address, "GET", "/v1/status", b"").await;
	let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
	assert_eq!((code, &status["node"], &status["forest"]), (200, &serde_json::Value::Null, &serde_json::Value::Null));
	api.set_node(7, prover);
	assert_eq!(ask(address, "GET", "/v1/node", b"").await, (200, b"7".to_vec()));

	let challenge = Challenge { genesis: [1; 32], seed: [2; 32], node: 7, period: 3, openings: 4 };
	let request = ProveRequest { challenge, forest };
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
