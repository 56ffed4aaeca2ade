//! What a customer asks a node before any money is held, and what it answers: messages, and the customer's side.
//!
//! ```text
//! customer                                  node
//!   Inquiry ───────────────────────────────▶  judged as a proposal would be now
//!        ◀───────────────────────── Answer
//!   at most `probe` bytes ═════════════════▶  counted and dropped, for three seconds at most
//!        ◀──────────────────────── Arrived
//! ```
//!
//! Each message is a [frame](substation_transport::messages). The answer promises nothing, and nothing is reserved. Messages of a
//! version never change: what is new is another protocol, `substation/inquiry/2`.

use crate::{
	payments::protocol::{read, send, MessageError},
	provider::decide::Refusal,
};
use bytes::Bytes;
use codec::{Decode, Encode};
use futures::future::join;
use iroh::{
	endpoint::{Connection, RecvStream, SendStream, WriteError},
	EndpointAddr,
};
use std::time::{Duration, Instant};
use substation_primitives::{Balance, DealId, NodeId};
use substation_proofs::Hash;
use substation_transport::{
	messages::with_cause,
	transfer::{TransferError, Transport},
};
use tokio::time::timeout;

/// The protocol's name in the handshake.
pub const ALPN: &[u8] = b"substation/inquiry/1";

/// Maximum of the bytes that measure an upload.
pub const MAX_PROBE: u64 = 16 << 20;

/// How long a node counts them.
pub const PROBE_TIME: Duration = Duration::from_secs(3);

/// Longest wait for what the other side has to say.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that are handed to the network at a time.
pub const PIECE: usize = 64 << 10;

static ZEROS: [u8; PIECE] = [0; PIECE];

/// Would the node take this?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Inquiry {
	/// Hash of the first block of the chain on which it would be paid.
	pub genesis: Hash,
	/// The node that is meant.
	pub node: NodeId,
	/// The account that would pay, if the customer knows it yet. Nothing here is proven.
	pub customer: Option<Hash>,
	/// The proposal, if there is one already.
	pub deal: Option<DealId>,
	/// BLAKE3 hash of the blob.
	pub root: Hash,
	/// Its length in bytes.
	pub length: u64,
	/// Price for one GiB over one period.
	pub price: Balance,
	/// Whether the upload is to be measured, too.
	pub measure: bool,
}

/// What the node says to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
	/// Why it would not; `None` if it would, as things are.
	pub refusal: Option<Refusal>,
	/// Most bytes that this customer may have waiting for acceptance.
	pub cap: u64,
	/// Bytes of its other proposals that wait now.
	pub waiting: u64,
	/// Blocks from the proposal on in which the bytes have to arrive.
	pub within: u32,
	/// Bytes of the blob that need not be sent any more.
	pub here: u64,
	/// Most bytes that the node counts to measure the upload; 0 if it does not do that now.
	pub probe: u64,
}

impl Answer {
	/// An answer that says nothing but why not.
	pub fn refused(refusal: Refusal) -> Self {
		Self { refusal: Some(refusal), cap: 0, waiting: 0, within: 0, here: 0, probe: 0 }
	}
}

/// What arrived of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Arrived {
	/// Its bytes.
	pub bytes: u64,
}

/// What a customer has learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
	/// What the node said.
	pub answer: Answer,
	/// Bytes per second that reached it, if that was measured.
	pub rate: Option<u64>,
}

/// Why nothing was learned.
#[derive(Debug, thiserror::Error)]
pub enum InquiryError {
	/// The node's agent does not know the protocol.
	#[error(
		"its agent is of another release and does not speak `{}`, so nobody knows whether it would take the file",
		String::from_utf8_lossy(ALPN)
	)]
	OtherRelease,
	/// The node said something else than an answer, or nothing.
	#[error("it does not follow the protocol: {0}")]
	Message(#[from] MessageError),
	/// The node takes too long.
	#[error("it said nothing for {} seconds", PATIENCE.as_secs())]
	Silent,
	/// The node cannot be reached.
	#[error(transparent)]
	Transfer(TransferError),
}

impl InquiryError {
	/// Whether it may be otherwise when it is asked again.
	pub fn may_pass(&self) -> bool {
		match self {
			Self::OtherRelease | Self::Message(MessageError::TooLong(_) | MessageError::Unreadable) => false,
			Self::Message(MessageError::Broken(_)) | Self::Silent => true,
			Self::Transfer(error) => !matches!(error, TransferError::Address(_)),
		}
	}
}

/// Asks a node. If it would take the blob, and the upload is to be measured, also sends it bytes for a few seconds.
pub async fn ask(transport: &Transport, peer: EndpointAddr, inquiry: &Inquiry) -> Result<Reply, InquiryError> {
	let connection = match transport.connect(peer, ALPN).await {
		Ok(connection) => connection,
		Err(TransferError::OtherProtocol { .. }) => return Err(InquiryError::OtherRelease),
		Err(error) => return Err(InquiryError::Transfer(error)),
	};
	let reply = converse(&connection, inquiry).await;
	connection.close(0u32.into(), b"done");
	reply
}

async fn converse(connection: &Connection, inquiry: &Inquiry) -> Result<Reply, InquiryError> {
	let opened = connection.open_bi().await;
	let (mut outgoing, mut incoming) = opened.map_err(|error| MessageError::Broken(with_cause(&error)))?;
	send(&mut outgoing, inquiry).await?;
	let answer: Answer = timeout(PATIENCE, read(&mut incoming)).await.map_err(|_| InquiryError::Silent)??;
	let rate = match answer.probe.min(MAX_PROBE) {
		most if inquiry.measure && most > 0 => probe(&mut outgoing, &mut incoming, most).await,
		_ => None,
	};
	Ok(Reply { answer, rate })
}

/// Bytes per second that reach the node, by this side's clock; `None` if that cannot be said.
async fn probe(outgoing: &mut SendStream, incoming: &mut RecvStream, most: u64) -> Option<u64> {
	let started = Instant::now();
	// A node that has counted for long enough reads no further, and says so.
	let both = join(fill(outgoing, most), read::<Arrived>(incoming));
	let (_, arrived) = timeout(PATIENCE, both).await.ok()?;
	let bytes = u128::from(arrived.ok()?.bytes.min(most));
	let rate = bytes.saturating_mul(1_000_000).checked_div(started.elapsed().as_micros())?;
	u64::try_from(rate).ok().filter(|rate| *rate > 0)
}

async fn fill(outgoing: &mut SendStream, most: u64) -> Result<(), WriteError> {
	let mut left = most;
	while left > 0 {
		let piece = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
		outgoing.write_chunk(Bytes::from_static(&ZEROS).slice(..piece)).await?;
		left = left.saturating_sub(u64::try_from(piece).unwrap_or(left));
	}
	// A stream that is stopped needs no end.
	let _ = outgoing.finish();
	Ok(())
}

#[cfg(test)]
#[path = "inquiry_tests.rs"]
mod tests;
