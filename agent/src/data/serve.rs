//! Sends contents of the store to whoever asks over iroh-blobs' protocol, on connections that came or went out.
//!
//! Every group is verified against the tree before it is sent, so a damaged disk never becomes a wrong answer: the
//! stream is reset instead.

use super::{
	blobs::{BlobStore, OpenBlob},
	gate::Gate,
	progress::Progress,
};
use bao_tree::{
	io::{outboard::PreOrderOutboard, sync::encode_ranges_validated},
	BaoTree, BlockSize, ChunkRanges,
};
use bytes::Bytes;
use iroh::{
	endpoint::{Connection, RecvStream, SendStream, VarInt},
	protocol::{AcceptError, ProtocolHandler},
};
use iroh_blobs::protocol::{Request, ERR_INTERNAL, ERR_LIMIT, ERR_PERMISSION};
use std::{
	io::{self, Write},
	sync::{Arc, OnceLock},
	time::Duration,
};
use tokio::sync::{mpsc, Semaphore};

/// The groups of iroh's trees.
pub(super) const BLOCK: BlockSize = BlockSize::from_chunk_log(4);

/// Contents that are read at the same time, over all connections.
const READERS: usize = 64;

/// Connections that peers may have open, over all protocols of an endpoint.
const CONNECTIONS: usize = 256;

/// A peer that asks for nothing for so long is let go.
const IDLE: Duration = Duration::from_secs(60);

/// Bytes that are handed to the network at a time.
const PIECE: usize = 64 << 10;

/// A request is short; whoever takes longer to send it is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever takes nothing for so long loses the reader to somebody else.
const STALL: Duration = Duration::from_secs(60);

/// Whoever opens a gate no further for so long gets nothing more.
const UNPAID: Duration = Duration::from_secs(30);

/// Code with which a connection is closed whose requests would have to be paid.
pub(super) const CHARGES: VarInt = VarInt::from_u32(402);

/// Serves a store. Clones share it and its limits.
#[derive(Clone, Debug)]
pub struct Server {
	blobs: BlobStore,
	readers: Arc<Semaphore>,
	connections: Arc<Semaphore>,
	/// What strangers hear who ask for free.
	charges: Arc<OnceLock<String>>,
}

impl Server {
	/// A server of `blobs`.
	pub fn new(blobs: BlobStore) -> Self {
		let (readers, connections) = (Semaphore::new(READERS), Semaphore::new(CONNECTIONS));
		Self { blobs, readers: Arc::new(readers), connections: Arc::new(connections), charges: Arc::default() }
	}

	/// From now on sends strangers away who ask for free, with this reason. Peers that this side has dialled and gated
	/// connections are served as before.
	pub fn charge(&self, reason: String) {
		// A second reason would say the same.
		let _ = self.charges.set(reason);
	}

	/// Places for connections that peers have made, to be shared with the endpoint's other protocols.
	pub(crate) fn connections(&self) -> Arc<Semaphore> {
		self.connections.clone()
	}

	/// Answers the requests that come over a connection until it is closed.
	pub async fn serve(&self, connection: Connection, progress: Progress) {
		while let Ok((send, recv)) = connection.accept_bi().await {
			let (server, progress) = (self.clone(), progress.clone());
			tokio::spawn(async move { server.answer(send, recv, progress, None).await });
		}
	}

	/// The same for a peer that this side owes nothing: one who asks for nothing for [`IDLE`] is let go. Whatever goes
	/// out goes through the gate; one that stays closed for [`UNPAID`] while somebody waits is shut.
	pub(crate) async fn serve_stranger(&self, connection: Connection, gate: Option<Gate>) {
		let answering = Arc::new(());
		loop {
			match tokio::time::timeout(IDLE, connection.accept_bi()).await {
				Ok(Ok((send, recv))) => {
					let (server, answering, gate) = (self.clone(), answering.clone(), gate.clone());
					tokio::spawn(async move {
						server.answer(send, recv, Progress::silent(), gate).await;
						drop(answering);
					});
				}
				Err(_) if Arc::strong_count(&answering) > 1 => {}
				Ok(Err(_)) | Err(_) => return,
			}
		}
	}

	async fn answer(&self, mut send: SendStream, mut recv: RecvStream, progress: Progress, gate: Option<Gate>) {
		// A stream that cannot be reset is closed already.
		let reset = |mut send: SendStream, code: VarInt| drop(send.reset(code));
		let Ok(_permit) = self.readers.try_acquire() else { return reset(send, ERR_LIMIT) };
		let request = match tokio::time::timeout(PATIENCE, Request::read_async(&mut recv)).await {
			Ok(Ok((Request::Get(request), _))) if request.ranges.is_blob() => request,
			_ => return reset(send, ERR_PERMISSION),
		};
		let ranges = request.ranges.iter().next().cloned().unwrap_or_else(ChunkRanges::empty);
		let root = *request.hash.as_bytes();
		let Ok(blob) = self.blobs.read(&root) else {
			// The end of the stream where the size should be says that the content is not here.
			drop(send.finish());
			return;
		};
		let (pieces, mut ready) = mpsc::channel(4);
		let reader = tokio::task::spawn_blocking(move || encode(&blob, &ranges, pieces));
		while let Some(mut piece) = ready.recv().await {
			while !piece.is_empty() {
				let Some(part) = admit(&mut piece, gate.as_ref()).await else { return reset(send, ERR_PERMISSION) };
				progress.add(u64::try_from(Bytes::len(&part)).unwrap_or(u64::MAX));
				if !matches!(tokio::time::timeout(STALL, send.write_chunk(part)).await, Ok(Ok(()))) {
					// Gone. Dropping `ready` ends the reader.
					return reset(send, ERR_LIMIT);
				}
			}
		}
		match reader.await {
			Ok(Ok(())) => drop(send.finish()),
			Ok(Err(error)) => {
				tracing::warn!(root = %hex::encode(root), %error, "content cannot be sent");
				reset(send, ERR_INTERNAL);
			}
			Err(_) => reset(send, ERR_INTERNAL),
		}
	}
}

impl ProtocolHandler for Server {
	async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
		let Ok(_place) = self.connections.try_acquire() else { return refuse(&connection) };
		if let Some(reason) = self.charges.get() {
			connection.close(CHARGES, reason.as_bytes());
			return Ok(());
		}
		self.serve_stranger(connection, None).await;
		Ok(())
	}
}

/// Sends a peer away because too many are here.
pub(crate) fn refuse(connection: &Connection) -> Result<(), AcceptError> {
	connection.close(ERR_LIMIT, b"too many connections; try again later");
	Ok(())
}

/// Splits off what may go out now, waiting until something may. `None` if nothing may any more.
async fn admit(piece: &mut Bytes, gate: Option<&Gate>) -> Option<Bytes> {
	let Some(gate) = gate else { return Some(std::mem::take(piece)) };
	let wanted = u64::try_from(piece.len()).unwrap_or(u64::MAX);
	match tokio::time::timeout(UNPAID, gate.take(wanted)).await {
		Ok(part) => {
			let part = usize::try_from(part?).unwrap_or(usize::MAX).min(piece.len());
			Some(piece.split_to(part))
		}
		Err(_) => {
			gate.shut();
			None
		}
	}
}

fn encode(blob: &OpenBlob, ranges: &ChunkRanges, pieces: mpsc::Sender<Bytes>) -> io::Result<()> {
	let mut sink = Sink { pieces, piece: Vec::with_capacity(PIECE) };
	sink.write_all(&blob.length.to_le_bytes())?;
	let tree = BaoTree::new(blob.length, BLOCK);
	let outboard = PreOrderOutboard { root: blob.root.into(), tree, data: &blob.outboard };
	encode_ranges_validated(&blob.data, &outboard, ranges, &mut sink).map_err(io::Error::other)?;
	sink.flush()
}

/// Collects small writes into pieces.
struct Sink {
	pieces: mpsc::Sender<Bytes>,
	piece: Vec<u8>,
}

impl Write for Sink {
	fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
		self.piece.extend_from_slice(bytes);
		if self.piece.len() >= PIECE {
			self.flush()?;
		}
		Ok(bytes.len())
	}

	fn flush(&mut self) -> io::Result<()> {
		let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
		if piece.is_empty() {
			return Ok(());
		}
		self.pieces.blocking_send(piece.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
	}
}
