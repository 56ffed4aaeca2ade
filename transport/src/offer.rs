//! How a customer brings a content to a provider.
//!
//! The customer dials the provider and names the deal. The provider fetches the content over this same connection,
//! so that it works from behind a router, and says in the end whether it is stored. The request is 48 bytes: deal id
//! (u64, little endian), root, length (u64, little endian). The reply is one byte, 0 for stored and 1 for refused, and
//! after the latter a reason in UTF-8.

use crate::{
	places::{Hold, Place, Places, Room},
	quic,
	refused::Refused,
	transfer::{pull_over, sample, TransferError},
};
use iroh::{
	endpoint::{Connection, SendStream},
	protocol::{AcceptError, ProtocolHandler},
};
use iroh_blobs::protocol::ERR_LIMIT;
use std::{future::Future, sync::Arc, time::Duration};
use substation_plain::bounded;
use substation_store::{blobs::BlobStore, hashing::Commitment, progress::Progress, Hash};
use tokio::sync::{mpsc, oneshot};

/// The protocol's name in the handshake.
pub const ALPN: &[u8] = b"substation/offer/1";

/// Bytes of a request.
const REQUEST: usize = 48;

/// Most bytes of a reason.
const REASON: usize = 1_024;

/// Connections with offers. Those whose proposal is on the chain keep their places.
const ROOM: Room = Room { strangers: 96, known: 64, per_peer: 8, code: ERR_LIMIT };

/// Offers that wait for the provider: as many as there are places.
pub(super) const QUEUE: usize = ROOM.strangers + ROOM.known;

/// A request is short; whoever takes longer to send it is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest time for the first group of a content.
const SAMPLE: Duration = Duration::from_secs(5);

/// Where a provider finds the offers that come.
pub type OfferReceiver = mpsc::Receiver<Offer>;

/// What a provider says in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferReply {
	/// The content is on the provider's disk, durably.
	Stored,
	/// It is not, and why: plain words, if a peer has said so.
	Refused(String),
}

/// A customer who waits with a content. Dropping it without a reply refuses it.
#[derive(Debug)]
pub struct Offer {
	/// The deal that the customer names. Look it up: nothing here is proven.
	pub deal: u64,
	/// The content that the customer names.
	pub content: Commitment,
	/// The customer's endpoint, which says nothing about the account that pays.
	pub endpoint: Hash,
	connection: Connection,
	send: SendStream,
	place: Arc<Place>,
	/// Dropped with the offer: tells that the connection has served its purpose.
	_dealt_with: oneshot::Sender<()>,
}

impl Offer {
	/// Whether the customer has the content: takes in its first group, and drops it.
	pub async fn sample(&self) -> Result<(), TransferError> {
		match tokio::time::timeout(SAMPLE, sample(&self.connection, self.content)).await {
			Ok(sampled) => sampled,
			Err(_) => Err(TransferError::Ended(format!("no byte came within {} seconds", SAMPLE.as_secs()))),
		}
	}

	/// Fetches the content from the customer into the store. Whole, verified and durable when it returns.
	pub async fn pull(&self, blobs: &BlobStore, progress: &Progress) -> Result<(), TransferError> {
		self.pull_until(blobs, progress, std::future::pending()).await
	}

	/// The same until `ends` says why it ends. What has arrived is kept.
	pub async fn pull_until(
		&self,
		blobs: &BlobStore,
		progress: &Progress,
		ends: impl Future<Output = String>,
	) -> Result<(), TransferError> {
		quic::widen(&self.connection);
		pull_over(&self.connection, blobs, self.content, progress, ends).await
	}

	/// Keeps the customer's place from strangers: what it names is on the chain. `None` if too many are kept.
	pub fn hold(&self) -> Option<Hold> {
		self.place.hold()
	}

	/// Returns when the customer is gone, or has lost the place.
	pub async fn gone(&self) {
		self.connection.closed().await;
	}

	/// Tells the customer.
	pub async fn reply(mut self, reply: OfferReply) {
		let bytes = match reply {
			OfferReply::Stored => vec![0],
			OfferReply::Refused(reason) => {
				let mut bytes = vec![1];
				bytes.extend(reason.bytes().take(REASON));
				bytes
			}
		};
		// A customer who is gone will ask again, or not.
		if self.send.write_all(&bytes).await.is_ok() && self.send.finish().is_ok() {
			let _ = tokio::time::timeout(PATIENCE, self.send.stopped()).await;
		}
	}
}

/// The request of a customer.
pub(super) fn encode_request(deal: u64, content: Commitment) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(REQUEST);
	bytes.extend_from_slice(&deal.to_le_bytes());
	bytes.extend_from_slice(&content.root);
	bytes.extend_from_slice(&content.length.to_le_bytes());
	bytes
}

fn decode_request(bytes: &[u8]) -> Option<(u64, Commitment)> {
	let (deal, rest) = bytes.split_at_checked(8)?;
	let (root, length) = rest.split_at_checked(32)?;
	let deal = u64::from_le_bytes(deal.try_into().ok()?);
	let length = u64::from_le_bytes(length.try_into().ok()?);
	Some((deal, Commitment { root: root.try_into().ok()?, length }))
}

/// What a provider's reply says.
pub(super) fn decode_reply(bytes: &[u8]) -> Option<OfferReply> {
	match bytes.split_first()? {
		(0, []) => Some(OfferReply::Stored),
		(1, reason) => Some(OfferReply::Refused(bounded(String::from_utf8_lossy(reason), REASON))),
		_ => None,
	}
}

/// Most bytes of a reply.
pub(super) const REPLY: usize = REASON + 1;

/// Receives offers.
#[derive(Clone, Debug)]
pub(super) struct Offers {
	queue: mpsc::Sender<Offer>,
	places: Places,
}

impl Offers {
	/// Hands offers to a provider. What is turned away is counted.
	pub(super) fn new(queue: mpsc::Sender<Offer>, refused: Refused) -> Self {
		Self { queue, places: Places::new(ROOM, refused) }
	}

	/// Hands on what a customer offers, and waits until it is dealt with.
	async fn attend(&self, connection: &Connection, place: &Arc<Place>) {
		let read = async {
			let (send, mut recv) = connection.accept_bi().await.ok()?;
			let request = recv.read_to_end(REQUEST).await.ok()?;
			let (deal, content) = decode_request(&request)?;
			Some((send, deal, content))
		};
		let Ok(Some((send, deal, content))) = tokio::time::timeout(PATIENCE, read).await else { return };
		let endpoint = *connection.remote_id().as_bytes();
		let (_dealt_with, done) = oneshot::channel();
		let (connection, place) = (connection.clone(), place.clone());
		let offer = Offer { deal, content, endpoint, connection: connection.clone(), send, place, _dealt_with };
		match self.queue.try_send(offer) {
			Ok(()) => {}
			Err(mpsc::error::TrySendError::Full(offer)) => {
				offer.reply(OfferReply::Refused("busy; try again later".to_owned())).await;
			}
			Err(mpsc::error::TrySendError::Closed(offer)) => {
				offer.reply(OfferReply::Refused("this endpoint is not a provider".to_owned())).await;
			}
		}
		tokio::select! {
			_ = connection.closed() => {}
			// The sender is never used, only dropped. The customer closes; one who does not is not waited for.
			_ = done => {
				let _ = tokio::time::timeout(PATIENCE, connection.closed()).await;
			}
		}
	}
}

impl ProtocolHandler for Offers {
	async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
		let Some(place) = self.places.enter(&connection) else { return Ok(()) };
		place.during(&connection, self.attend(&connection, &place)).await;
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	// 14
	#[test]
	fn a_reason_is_short_and_plain() {
		let said = |reason: &[u8]| match decode_reply(&[&[1][..], reason].concat()) {
			Some(OfferReply::Refused(reason)) => reason,
			other => panic!("{other:?}"),
		};

		assert_eq!(said(b"no such deal"), "no such deal");
		assert_eq!(said(b"\x1b[2Jfull\nerror: forged\xff"), "\\u001b[2Jfull\\nerror: forged\u{fffd}");
		assert_eq!(said(&[27; REASON]).chars().count(), REASON);
		assert_eq!(decode_reply(&[0, 1]), None);
	}
}
