//! Sends contents of the store to whoever asks over iroh-blobs' protocol, on connections that came or went out.
//!
//! Every group is verified against the tree before it is sent, so a damaged disk never becomes a wrong answer: the
//! stream is reset instead.

use crate::{
	gate::Gate,
	places::{Hold, Place, Places, Quota, Room, Shares},
	refused::{self, Refused},
	source::Source,
};
use bao_tree::{
	io::{outboard::PreOrderOutboard, sync::encode_ranges_validated},
	BaoTree, BlockSize, ChunkRanges,
};
use bytes::Bytes;
use iroh::{
	endpoint::{Connection, RecvStream, SendStream, VarInt},
	protocol::{AcceptError, ProtocolHandler},
	EndpointId,
};
use iroh_blobs::protocol::{GetRequest, Request, ERR_INTERNAL, ERR_LIMIT, ERR_PERMISSION};
use std::{
	io::{self, Write},
	sync::{Arc, OnceLock},
	time::Duration,
};
use substation_store::{
	blobs::{BlobStore, OpenBlob},
	progress::Progress,
};
use tokio::sync::mpsc;

/// The groups of iroh's trees.
pub(super) const BLOCK: BlockSize = BlockSize::from_chunk_log(4);

/// Blobs that are read at the same time for those who pay nothing, and as many for those who pay.
const READERS: usize = 32;

/// Those who pay nothing, and come from one network, leave half of theirs to others.
const FREE: Shares = Shares { all: READERS, per_peer: 4, per_source: READERS / 2 };

/// Who pays is a customer, wherever it comes from.
const PAID: Shares = Shares { per_source: READERS, ..FREE };

/// Connections of those who pay nothing. Whose blobs are read keep their places.
const ROOM: Room = Room { strangers: 96, known: READERS, per_peer: 8, code: ERR_LIMIT };

/// Bytes of a request.
const REQUEST: usize = 4 << 10;

/// A peer that asks for nothing for so long is let go.
const IDLE: Duration = Duration::from_secs(60);

/// Bytes that are handed to the network at a time.
const PIECE: usize = 64 << 10;

/// Room for a piece and the write that goes beyond it: a group of 16 KiB, or a few pairs.
const ROOM_OF_PIECE: usize = PIECE + (20 << 10);

/// A request is short; whoever takes longer to send it is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever takes nothing for so long loses the reader to somebody else.
const STALL: Duration = Duration::from_secs(60);

/// Longest wait until the peer has all that was written: 2.25 MiB at 10 kB/s.
const DRAIN: Duration = Duration::from_secs(240);

/// Whoever opens a gate no further for so long gets nothing more.
const UNPAID: Duration = Duration::from_secs(30);

/// Code with which a connection is closed whose requests would have to be paid.
pub(super) const CHARGES: VarInt = VarInt::from_u32(402);

/// Serves a store. Clones share it and its limits.
#[derive(Clone, Debug)]
pub struct Server {
	blobs: BlobStore,
	readers: Quota,
	paid_readers: Quota,
	places: Places,
	refused: Refused,
	/// What strangers hear who ask for free.
	charges: Arc<OnceLock<String>>,
}

impl Server {
	/// A server of `blobs`. What it turns away is counted.
	pub fn new(blobs: BlobStore, refused: Refused) -> Self {
		let [readers, paid_readers] = [FREE, PAID].map(Quota::new);
		let places = Places::new(ROOM, refused.clone());
		Self { blobs, readers, paid_readers, places, refused, charges: Arc::default() }
	}

	/// From now on sends strangers away who ask for free, with this reason. Peers that this side has dialled and gated
	/// connections are served as before.
	pub fn charge(&self, reason: String) {
		// A second reason would say the same.
		let _ = self.charges.set(reason);
	}

	/// What is turned away is counted here.
	pub fn refused(&self) -> Refused {
		self.refused.clone()
	}

	/// Answers the requests that come over a connection until it is closed.
	pub async fn serve(&self, connection: Connection, progress: Progress) {
		let client = Client { peer: connection.remote_id(), source: None, progress, gate: None, place: None };
		while let Ok((send, recv)) = connection.accept_bi().await {
			let (server, client) = (self.clone(), client.clone());
			tokio::spawn(async move { server.answer(send, recv, &client).await });
		}
	}

	/// The same for a peer that this side owes nothing: one who asks for nothing for [`IDLE`] is let go. Whatever goes
	/// out goes through the gate; one that stays closed for [`UNPAID`] while somebody waits is shut.
	pub async fn serve_stranger(&self, connection: Connection, place: &Arc<Place>, gate: Option<Gate>) {
		let (progress, place, source) = (Progress::silent(), Some(place.clone()), Some(Source::of(&connection)));
		// Shared by all that is answered: whether something is.
		let client = Arc::new(Client { peer: connection.remote_id(), source, progress, gate, place });
		loop {
			match tokio::time::timeout(IDLE, connection.accept_bi()).await {
				Ok(Ok((send, recv))) => {
					let (server, client) = (self.clone(), client.clone());
					tokio::spawn(async move { server.answer(send, recv, &client).await });
				}
				Err(_) if Arc::strong_count(&client) > 1 => {}
				Ok(Err(_)) | Err(_) => return,
			}
		}
	}

	async fn answer(&self, mut send: SendStream, mut recv: RecvStream, client: &Client) {
		// A stream that cannot be reset is closed already.
		let reset = |mut send: SendStream, code: VarInt| drop(send.reset(code));
		let Some(request) = request(&mut recv).await else {
			self.refused.count(refused::REQUEST);
			return reset(send, ERR_PERMISSION);
		};
		let ranges = request.ranges.iter().next().cloned().unwrap_or_else(ChunkRanges::empty);
		let root = *request.hash.as_bytes();
		if self.blobs.length(&root).is_none() {
			// The end of the stream where the size should be says that the content is not here.
			drop(send.finish());
			return;
		}
		// Only now: whoever asks for nothing takes no reader from others.
		let readers = if client.gate.is_some() { &self.paid_readers } else { &self.readers };
		let Some(_reader) = readers.take(client.peer, client.source) else {
			self.refused.count(refused::READER);
			return reset(send, ERR_LIMIT);
		};
		let _hold = client.hold();
		let Ok(blob) = self.blobs.read(&root) else {
			drop(send.finish());
			return;
		};
		let (pieces, mut ready) = mpsc::channel(4);
		let reader = tokio::task::spawn_blocking(move || encode(&blob, &ranges, pieces));
		while let Some(mut piece) = ready.recv().await {
			while !piece.is_empty() {
				let Some(part) = admit(&mut piece, client.gate.as_ref()).await else {
					return reset(send, ERR_PERMISSION);
				};
				client.progress.add(u64::try_from(Bytes::len(&part)).unwrap_or(u64::MAX));
				if !matches!(tokio::time::timeout(STALL, send.write_chunk(part)).await, Ok(Ok(()))) {
					// Gone. Dropping `ready` ends the reader.
					return reset(send, ERR_LIMIT);
				}
			}
		}
		match reader.await {
			Ok(Ok(())) => {
				drop(send.finish());
				// What the peer has not acknowledged is still in memory, so that it keeps its reader until then.
				if tokio::time::timeout(DRAIN, send.stopped()).await.is_err() {
					reset(send, ERR_LIMIT);
				}
			}
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
		if let Some(reason) = self.charges.get() {
			connection.close(CHARGES, reason.as_bytes());
			return Ok(());
		}
		let Some(place) = self.places.enter(&connection) else { return Ok(()) };
		place.during(&connection, self.serve_stranger(connection.clone(), &place, None)).await;
		Ok(())
	}
}

/// Who is answered.
#[derive(Clone, Debug)]
struct Client {
	peer: EndpointId,
	/// Where the peer has dialled from.
	source: Option<Source>,
	progress: Progress,
	gate: Option<Gate>,
	/// Where the peer has dialled.
	place: Option<Arc<Place>>,
}

impl Client {
	/// Whose blobs are read keeps the place.
	fn hold(&self) -> Option<Hold> {
		self.place.as_ref().and_then(|place| place.hold())
	}
}

/// A request for one blob; what else there is, too long or too slow is none.
async fn request(recv: &mut RecvStream) -> Option<GetRequest> {
	let bytes = tokio::time::timeout(PATIENCE, recv.read_to_end(REQUEST)).await.ok()?.ok()?;
	match postcard::from_bytes(&bytes) {
		Ok(Request::Get(request)) if request.ranges.is_blob() => Some(request),
		_ => None,
	}
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
	let mut sink = Sink { pieces, piece: Vec::with_capacity(ROOM_OF_PIECE) };
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
		let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(ROOM_OF_PIECE));
		if piece.is_empty() {
			return Ok(());
		}
		self.pieces.blocking_send(piece.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		quic,
		transfer::{endpoint_addr, Transport, TransportConfig},
	};
	use iroh::{endpoint::presets, Endpoint, EndpointAddr, RelayMode};
	use std::path::Path;
	use substation_store::hashing::{self, Commitment};
	use tokio::{runtime, task::spawn_blocking, time::timeout};

	/// Four times as much may be on its way to a peer.
	const LENGTH: usize = 512 << 10;

	async fn serving(folder: &Path) -> (Transport, Server, Commitment) {
		let (file, outboard) = (folder.join("file"), folder.join("file.obao4"));
		std::fs::write(&file, vec![7; LENGTH]).unwrap();
		let content = hashing::commit(&file, &outboard, 1, &Progress::silent()).unwrap();
		let blobs = BlobStore::open(&folder.join("blobs")).unwrap();
		blobs.serve_file(&file, &outboard, content);
		let bind = vec!["127.0.0.1:0".parse().unwrap()];
		let config = TransportConfig { key_file: folder.join("endpoint.key"), bind, advertise: Vec::new() };
		let mut server = None;
		let started = Transport::start_with(config, blobs, |door, own| {
			server = Some(own.clone());
			door
		});
		let (transport, _) = started.await.unwrap();
		(transport, server.unwrap(), content)
	}

	/// Four requests at once. Returns when the first answer begins.
	async fn ask(address: EndpointAddr, content: Commitment) -> (Endpoint, Connection, Vec<RecvStream>) {
		let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
		let builder = builder.transport_config(quic::general()).bind_addr("127.0.0.1:0").unwrap();
		let endpoint = builder.bind().await.unwrap();
		let connection = endpoint.connect(address, iroh_blobs::ALPN).await.unwrap();
		let request = postcard::to_stdvec(&Request::Get(GetRequest::blob(content.root))).unwrap();
		let mut answers = Vec::new();
		for _ in 0..4 {
			let (mut send, recv) = connection.open_bi().await.unwrap();
			send.write_all(&request).await.unwrap();
			send.finish().unwrap();
			answers.push(recv);
		}
		answers[0].read_exact(&mut [0; 8]).await.unwrap();
		(endpoint, connection, answers)
	}

	// M3
	#[tokio::test(flavor = "multi_thread")]
	async fn readers_are_free_once_the_peer_has_what_was_read() {
		let folder = tempfile::tempdir().unwrap();
		let (transport, server, content) = serving(folder.path()).await;
		let address = endpoint_addr(&transport.id(), &transport.addresses()).unwrap();
		// A machine that stands still whenever nobody waits for it: it acknowledges nothing.
		let (machine, mut asked) = spawn_blocking(move || {
			let machine = runtime::Builder::new_current_thread().enable_all().build().unwrap();
			let asked = machine.block_on(ask(address, content));
			(machine, asked)
		})
		.await
		.unwrap();

		// Time to write everything into the connection.
		tokio::time::sleep(Duration::from_millis(500)).await;
		assert_eq!(server.readers.count(), 4, "what was written is still in memory");

		let lengths = spawn_blocking(move || {
			let lengths = machine.block_on(async {
				let mut lengths = Vec::new();
				for answer in &mut asked.2 {
					lengths.push(answer.read_to_end(2 * LENGTH).await.unwrap().len());
				}
				// The last acknowledgement may be under way, and free readers show that it has come.
				let freed = async {
					while server.readers.count() > 0 {
						tokio::time::sleep(Duration::from_millis(5)).await;
					}
				};
				timeout(Duration::from_secs(5), freed).await.unwrap();
				lengths
			});
			drop((asked, machine));
			lengths
		});
		assert!(lengths.await.unwrap().iter().all(|length| *length >= LENGTH));
	}
}
