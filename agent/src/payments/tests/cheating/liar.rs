//! A node that says and sends what it likes.

use super::*;
use bao_tree::{
	io::{outboard::PreOrderMemOutboard, sync::encode_ranges_validated},
	BlockSize, ChunkRanges,
};
use iroh::{
	endpoint::presets,
	protocol::{AcceptError, ProtocolHandler, Router},
	Endpoint, RelayMode,
};

/// The node.
pub(super) struct Liar {
	router: Router,
	lie: Arc<Lie>,
}

/// What it sends and claims.
#[derive(Debug)]
struct Lie {
	answer: Vec<u8>,
	stop_after: Mutex<usize>,
	claim: Mutex<Balance>,
	paid: Mutex<Balance>,
}

#[derive(Clone, Debug)]
struct Protocol(Arc<Lie>);

impl Liar {
	/// Sends `content` of which only about the first `right` bytes are right.
	pub(super) async fn start(content: &[u8], right: usize) -> Self {
		let outboard = PreOrderMemOutboard::create(content, BlockSize::from_chunk_log(4));
		let mut answer = (content.len() as u64).to_le_bytes().to_vec();
		encode_ranges_validated(content, &outboard, &ChunkRanges::all(), &mut answer).unwrap();
		if right < content.len() {
			// Beyond the pairs at the beginning, so that it is a byte of the content.
			answer[right + 2_000] ^= 1;
		}
		let stop_after = Mutex::new(answer.len());
		let lie = Arc::new(Lie { answer, stop_after, claim: Mutex::default(), paid: Mutex::default() });
		let endpoint = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
		let endpoint = endpoint.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap();
		Self { router: Router::builder(endpoint).accept(ALPN, Protocol(lie.clone())).spawn(), lie }
	}

	pub(super) fn stop_after(&self, bytes: usize) {
		*self.lie.stop_after.lock() = bytes;
	}

	pub(super) fn claim(&mut self, served: Balance) {
		*self.lie.claim.lock() = served;
	}

	pub(super) fn address(&self) -> EndpointAddr {
		let endpoint = self.router.endpoint();
		let mut address = EndpointAddr::new(endpoint.id());
		for socket in endpoint.bound_sockets() {
			address = address.with_ip_addr(socket);
		}
		address
	}

	/// The highest voucher that has come, after a moment for one on its way.
	pub(super) async fn paid(&self) -> Balance {
		tokio::time::sleep(Duration::from_millis(300)).await;
		*self.lie.paid.lock()
	}
}

impl Protocol {
	async fn talk(self, mut outgoing: SendStream, mut incoming: RecvStream) {
		let quote = Quote { price: PRICE, payee: OPERATOR, step: STEP, node: NodeId(1), genesis: GENESIS };
		while let Ok(ask) = read::<Ask>(&mut incoming).await {
			match ask {
				Ask::Quote => send(&mut outgoing, &Answer::Quote(quote)).await.unwrap(),
				Ask::Pay { .. } => {
					let standing = Standing { deposit: STN, held: None, served: *self.0.claim.lock() };
					send(&mut outgoing, &Answer::Ready(standing)).await.unwrap();
				}
				Ask::Voucher(voucher) => *self.0.paid.lock() = voucher.cumulative,
				Ask::Done => return,
			}
		}
	}

	async fn lie(self, mut outgoing: SendStream, mut incoming: RecvStream) {
		let _ = incoming.read_to_end(10_000).await;
		let stop_after = *self.0.stop_after.lock();
		let _ = outgoing.write_all(&self.0.answer[..stop_after]).await;
		if stop_after == self.0.answer.len() {
			let _ = outgoing.finish();
		}
		// Takes vouchers for a while yet.
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
}

impl ProtocolHandler for Protocol {
	async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
		let Ok((outgoing, incoming)) = connection.accept_bi().await else { return Ok(()) };
		tokio::spawn(self.clone().talk(outgoing, incoming));
		let Ok((outgoing, incoming)) = connection.accept_bi().await else { return Ok(()) };
		self.clone().lie(outgoing, incoming).await;
		connection.close(0u32.into(), b"");
		Ok(())
	}
}
