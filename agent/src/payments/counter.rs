//! A customer's paid connection: the first stream carries vouchers, all others requests.

use crate::payments::{
	protocol::{read, send, Answer, Ask, MessageError, Refusal},
	session::Exporter,
	till::{Seat, Till},
};
use iroh::{
	endpoint::{Connection, RecvStream, SendStream},
	protocol::{AcceptError, ProtocolHandler},
};
use iroh_blobs::protocol::ERR_LIMIT;
use std::{sync::Arc, time::Duration};
use substation_transport::{
	places::{Place, Places, Room},
	serve::Server,
};
use tokio::time::timeout;

/// A customer who says nothing for so long before the first request is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections at the counter. Those over which a channel is used keep their places.
const ROOM: Room = Room { strangers: 64, known: 64, per_peer: 8, code: ERR_LIMIT };

/// Serves customers who pay. Serves nothing for free: over this protocol a node without a price only says so.
#[derive(Clone, Debug)]
pub struct Counter {
	till: Till,
	server: Server,
	places: Places,
}

impl Counter {
	/// Serves what `server` has, against vouchers for `till`; from now on nobody else gets it for free.
	pub fn new(till: Till, server: Server) -> Self {
		if let Some(refusal) = till.terms().refusal() {
			server.charge(refusal);
		}
		let places = Places::new(ROOM, server.refused());
		Self { till, server, places }
	}

	async fn converse(
		&self,
		connection: &Connection,
		place: &Arc<Place>,
		send_stream: &mut SendStream,
		recv: &mut RecvStream,
	) -> Result<Answer, Refusal> {
		let seat = loop {
			match timeout(PATIENCE, read(recv)).await {
				Ok(Ok(Ask::Quote)) => {
					let quote = Answer::Quote(self.till.quote()?);
					send(send_stream, &quote).await.map_err(|_| Refusal::Misunderstood)?;
				}
				Ok(Ok(Ask::Pay { voucher, proof })) => {
					let exporter = Exporter::of(connection, voucher.channel).ok_or(Refusal::NotYours)?;
					break self.till.seat(&voucher, &proof, &exporter).await?;
				}
				_ => return Err(Refusal::Misunderstood),
			}
		};
		// Without one there are so many who pay that nobody else can come.
		let _hold = place.hold();
		let ready = Answer::Ready(seat.standing());
		send(send_stream, &ready).await.map_err(|_| Refusal::Misunderstood)?;
		tokio::select! {
			end = vouchers(&seat, recv) => end?,
			refusal = seat.ended() => return Err(refusal),
			// Nothing was asked for in a while: the customer knows.
			() = self.server.serve_stranger(connection.clone(), place, Some(seat.gate())) => {}
		}
		Ok(Answer::Settled(seat.held()))
	}

	/// From the first stream to the last word.
	async fn attend(&self, connection: &Connection, place: &Arc<Place>) {
		let Ok(Ok((mut send_stream, mut recv))) = timeout(PATIENCE, connection.accept_bi()).await else { return };
		let last = match self.converse(connection, place, &mut send_stream, &mut recv).await {
			Ok(settled) => settled,
			Err(refusal) => {
				tracing::debug!(customer = %connection.remote_id(), "{refusal}");
				Answer::Refused(refusal)
			}
		};
		// A customer who is gone needs no answer; one who stays is not waited for.
		if send(&mut send_stream, &last).await.is_ok() && send_stream.finish().is_ok() {
			let _ = timeout(PATIENCE, connection.closed()).await;
		}
	}
}

/// Takes vouchers until the customer wants nothing more or is gone.
async fn vouchers(seat: &Seat, recv: &mut RecvStream) -> Result<(), Refusal> {
	loop {
		match read(recv).await {
			Ok(Ask::Voucher(voucher)) => seat.take(voucher).await?,
			Ok(Ask::Done) | Err(MessageError::Broken(_)) => return Ok(()),
			Ok(_) | Err(_) => return Err(Refusal::Misunderstood),
		}
	}
}

impl ProtocolHandler for Counter {
	async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
		let Some(place) = self.places.enter(&connection) else { return Ok(()) };
		place.during(&connection, self.attend(&connection, &place)).await;
		Ok(())
	}
}
