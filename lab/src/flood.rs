//! Strangers who take whatever an agent gives them: many endpoints, on all of its protocols and on its loopback port.
//!
//! They have no stake, no channel, no test and no bytes. Each dials again when it is sent away.

use anyhow::{ensure, Context, Result};
use clap::Args;
use codec::Encode;
use futures::future::join_all;
use iroh::{
	endpoint::{presets, Connection},
	Endpoint, EndpointAddr, RelayMode, SecretKey,
};
use iroh_blobs::{
	protocol::{GetRequest, Request},
	ALPN as BLOBS,
};
use serde_json::json;
use std::{
	net::SocketAddr,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::Duration,
};
use substation_agent::{
	bandwidth::protocol::{ToMember, ALPN as BANDWIDTH},
	payments::{
		protocol::{send, Ask},
		session::{Exporter, SessionProof},
		voucher::Voucher,
		ALPN as PAID,
	},
	provider::inquiry::{Inquiry, ALPN as INQUIRY},
};
use substation_primitives::{agent_api::ProveRequest, bandwidth::TestId, ChannelId, NodeId};
use substation_proofs::{forest::Forest, Challenge, Hash};
use substation_transport::{messages::frame, offer::ALPN as OFFER, quic, transfer::endpoint_addr};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	signal::unix::{signal, SignalKind},
	time::{sleep, timeout},
};

/// Longest time for a handshake or an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest time that a connection is kept; then the next misuse has its turn.
const STAY: Duration = Duration::from_secs(20);

/// Requests to the loopback port at one time, and the pause between two of one.
const HTTP: (usize, Duration) = (8, Duration::from_millis(100));

/// What is spoken, one after the other, each for another misuse.
const ALPNS: [&[u8]; 10] = [BLOBS, BLOBS, BLOBS, OFFER, OFFER, PAID, PAID, BANDWIDTH, INQUIRY, INQUIRY];

/// Whom to flood, and with what.
#[derive(Args, Clone, Debug)]
pub struct Flood {
	/// The agent's endpoint, in hexadecimal digits.
	#[arg(long)]
	endpoint: String,
	/// Where it listens.
	#[arg(long)]
	address: String,
	/// Where it answers the node beside it.
	#[arg(long)]
	http: SocketAddr,
	/// A blob that it has, in hexadecimal digits, to be asked for and not read.
	#[arg(long)]
	root: String,
	/// The length of that blob.
	#[arg(long)]
	length: u64,
	/// The deal under which it is kept.
	#[arg(long)]
	deal: u64,
	/// How many strangers there are.
	#[arg(long, default_value_t = 300)]
	strangers: usize,
	/// New connections of all of them in a second.
	#[arg(long, default_value_t = 100)]
	rate: u32,
	/// How long it lasts.
	#[arg(long, default_value_t = 60)]
	seconds: u64,
}

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
	dialled: AtomicU64,
	failed: AtomicU64,
	rejected: AtomicU64,
	written: AtomicU64,
	http: AtomicU64,
	http_refused: AtomicU64,
}

/// Everything that a stranger knows.
#[derive(Debug)]
struct Target {
	agent: EndpointAddr,
	http: SocketAddr,
	root: Hash,
	length: u64,
	deal: u64,
	tally: Tally,
}

/// Floods until it is over, or until this is told to end. Prints `ready` when all strangers are there, and what came of it in the end.
pub async fn run(flood: Flood) -> Result<()> {
	let (endpoint, root) = (hash(&flood.endpoint)?, hash(&flood.root)?);
	let agent = endpoint_addr(&endpoint, std::slice::from_ref(&flood.address))?;
	let Flood { http, length, deal, .. } = flood;
	let target = Arc::new(Target { agent, http, root, length, deal, tally: Tally::default() });
	let mut strangers = Vec::new();
	// A few at a time: each takes a moment of the processor.
	while strangers.len() < flood.strangers {
		let few = (flood.strangers - strangers.len()).min(20);
		strangers.extend(join_all((0..few).map(|_| stranger())).await.into_iter().collect::<Result<Vec<_>>>()?);
	}
	println!("ready");

	// So many strangers, each at its own pace, dial so often together.
	let pause = Duration::from_secs_f64(flood.strangers as f64 / f64::from(flood.rate.max(1)));
	let mut tasks = tokio::task::JoinSet::new();
	for (index, endpoint) in strangers.iter().cloned().enumerate() {
		let target = target.clone();
		tasks.spawn(async move {
			sleep(pause.mul_f64(index as f64 / flood.strangers as f64)).await;
			dial_for_ever(&target, &endpoint, index, pause).await;
		});
	}
	for index in 0..HTTP.0 {
		let target = target.clone();
		tasks.spawn(async move { ask_for_ever(&target, index).await });
	}
	let mut terminate = signal(SignalKind::terminate())?;
	tokio::select! {
		() = sleep(Duration::from_secs(flood.seconds)) => {}
		_ = terminate.recv() => {}
	}
	tasks.abort_all();
	let Tally { dialled, failed, rejected, written, http, http_refused } = &target.tally;
	let [dialled, failed, rejected, written, http, http_refused] =
		[dialled, failed, rejected, written, http, http_refused].map(|count| count.load(Relaxed));
	ensure!(dialled > 0 && http > 0, "nobody was reached");
	println!(
		"{}",
		json!({
			"strangers": flood.strangers, "dialled": dialled, "failed": failed, "rejected": rejected,
			"bytesWritten": written, "http": http, "httpRefused": http_refused,
		})
	);
	Ok(())
}

fn hash(text: &str) -> Result<Hash> {
	let bytes = hex::decode(text.trim_start_matches("0x"))?;
	bytes.try_into().ok().context("a hash has 32 bytes")
}

async fn stranger() -> Result<Endpoint> {
	let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
	let builder = builder.transport_config(quic::general()).bind_addr("127.0.0.1:0")?;
	builder.bind().await.context("endpoint")
}

/// One connection after the other, each for another misuse. What was dialled before stays beside it.
async fn dial_for_ever(target: &Arc<Target>, endpoint: &Endpoint, index: usize, pause: Duration) {
	let tally = &target.tally;
	let mut kept = tokio::task::JoinSet::new();
	for turn in index.. {
		let alpn = ALPNS[turn % ALPNS.len()];
		tally.dialled.fetch_add(1, Relaxed);
		match timeout(PATIENCE, endpoint.connect(target.agent.clone(), alpn)).await {
			Ok(Ok(connection)) => {
				let target = target.clone();
				kept.spawn(async move {
					let misused = timeout(STAY, misuse(&target, &connection, turn % ALPNS.len())).await;
					if misused.is_err() || connection.close_reason().is_none() {
						connection.close(0u32.into(), b"");
					} else {
						target.tally.rejected.fetch_add(1, Relaxed);
					}
				});
			}
			_ => {
				tally.failed.fetch_add(1, Relaxed);
			}
		}
		while kept.try_join_next().is_some() {}
		sleep(pause).await;
	}
}

/// Takes what can be had over one connection until it is closed.
async fn misuse(target: &Target, connection: &Connection, way: usize) {
	match way {
		// Fills all streams that are granted, and reads none.
		0 | 3 | 8 => fill(target, connection).await,
		// Begins requests and does not end them.
		1 => {
			let mut open = Vec::new();
			while let Ok((mut send, recv)) = connection.open_bi().await {
				if send.write_all(&[0]).await.is_err() {
					break;
				}
				open.push((send, recv));
			}
		}
		// Asks for a blob many times, and reads nothing.
		2 => {
			let mut open = Vec::new();
			let request = Request::Get(GetRequest::blob(target.root));
			let request = postcard::to_stdvec(&request).unwrap_or_default();
			while let Ok((mut send, recv)) = connection.open_bi().await {
				let _ = send.write_all(&request).await;
				let _ = send.finish();
				open.push((send, recv));
			}
		}
		// Names a deal: one that is known, or one that is not.
		4 => {
			if let Ok((mut send, _recv)) = connection.open_bi().await {
				let deal = if target.tally.dialled.load(Relaxed).is_multiple_of(2) {
					target.deal
				} else {
					target.deal + 1_000_000
				};
				let request = [&deal.to_le_bytes()[..], &target.root, &target.length.to_le_bytes()].concat();
				let _ = send.write_all(&request).await;
				let _ = send.finish();
				connection.closed().await;
			}
		}
		// Asks for the price again and again.
		5 => {
			if let Ok((mut send_stream, mut recv)) = connection.open_bi().await {
				let mut answer = [0; 256];
				while send(&mut send_stream, &Ask::Quote).await.is_ok() {
					if !matches!(timeout(PATIENCE, recv.read(&mut answer)).await, Ok(Ok(Some(_)))) {
						break;
					}
					sleep(Duration::from_millis(500)).await;
				}
			}
		}
		// Claims a channel of somebody else.
		6 => {
			let (key, channel) = (SecretKey::generate(), ChannelId(target.tally.dialled.load(Relaxed) % 8));
			let voucher = Voucher::sign(&key, &[0; 32], channel, 1);
			let exporter = Exporter::of(connection, channel);
			if let (Ok((mut send_stream, _recv)), Some(exporter)) = (connection.open_bi().await, exporter) {
				let proof = SessionProof::sign(&key, &[0; 32], channel, &exporter);
				let _ = send(&mut send_stream, &Ask::Pay { voucher, proof }).await;
				connection.closed().await;
			}
		}
		// Asks for a measurement that nobody has drawn.
		7 => {
			if let Ok((mut send_stream, _recv)) = connection.open_bi().await {
				let test = TestId { block: 1, index: 0 };
				let _ = send_stream.write_all(&frame(&ToMember::Hello { test, node: NodeId(0) })).await;
				connection.closed().await;
			}
		}
		// Asks for a file as long as can be that would be paid on another chain, and sends bytes that nobody counts.
		_ => {
			if let Ok((mut send_stream, _recv)) = connection.open_bi().await {
				let (genesis, node, length) = ([1; 32], NodeId(0), 1 << 46);
				let (customer, deal, root) = (None, None, target.root);
				let inquiry = Inquiry { genesis, node, customer, deal, root, length, price: 1, measure: true };
				let _ = send(&mut send_stream, &inquiry).await;
				while let Ok(count) = send_stream.write(&[7; 1 << 10]).await {
					target.tally.written.fetch_add(u64::try_from(count).unwrap_or(0), Relaxed);
				}
			}
		}
	}
	connection.closed().await;
}

async fn fill(target: &Target, connection: &Connection) {
	let bytes = vec![7; 64 << 10];
	let mut open = Vec::new();
	loop {
		tokio::select! {
			stream = connection.open_bi() => match stream {
				Ok((mut send, recv)) => {
					// As much as is taken within a moment.
					while let Ok(Ok(count)) = timeout(Duration::from_millis(100), send.write(&bytes)).await {
						target.tally.written.fetch_add(u64::try_from(count).unwrap_or(0), Relaxed);
					}
					open.push((send, Some(recv)));
				}
				Err(_) => return,
			},
			stream = connection.open_uni() => match stream {
				Ok(mut send) => {
					while let Ok(Ok(count)) = timeout(Duration::from_millis(100), send.write(&bytes)).await {
						target.tally.written.fetch_add(u64::try_from(count).unwrap_or(0), Relaxed);
					}
					open.push((send, None));
				}
				Err(_) => return,
			},
		}
	}
}

/// Requests to the loopback port that a page in a browser could make, and one with too many openings.
async fn ask_for_ever(target: &Target, index: usize) {
	let challenge = Challenge { genesis: [1; 32], seed: [2; 32], node: 0, period: 0, openings: 255 };
	let body = ProveRequest { challenge, forest: Forest::default() }.encode();
	let headers = [
		"Host: evil.example\r\nContent-Type: application/octet-stream\r\n",
		"Host: localhost\r\nOrigin: http://evil.example\r\nContent-Type: application/octet-stream\r\n",
		"Host: localhost\r\nContent-Type: text/plain\r\n",
		"Host: localhost\r\nContent-Type: application/octet-stream\r\n",
	][index % 4];
	loop {
		target.tally.http.fetch_add(1, Relaxed);
		if let Ok(Ok(answer)) = timeout(PATIENCE, ask(target.http, headers, &body)).await {
			if answer.starts_with("HTTP/1.1 4") {
				target.tally.http_refused.fetch_add(1, Relaxed);
			}
		}
		sleep(HTTP.1).await;
	}
}

async fn ask(address: SocketAddr, headers: &str, body: &[u8]) -> std::io::Result<String> {
	let mut stream = TcpStream::connect(address).await?;
	let length = body.len();
	let head = format!("POST /v1/prove HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n");
	stream.write_all(head.as_bytes()).await?;
	stream.write_all(body).await?;
	let mut answer = Vec::new();
	stream.read_to_end(&mut answer).await?;
	Ok(String::from_utf8_lossy(&answer).into_owned())
}
