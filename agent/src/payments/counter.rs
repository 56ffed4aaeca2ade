//! A customer's paid connection: the first stream carries vouchers, all others requests.

use crate::{
	data::serve::{refuse, Server},
	payments::{
		protocol::{read, send, Answer, Ask, MessageError, Refusal},
		till::{Seat, Till},
	},
};
use iroh::{
	endpoint::{Connection, RecvStream, SendStream},
	protocol::{AcceptError, ProtocolHandler},
};
use std::time::Duration;
use tokio::time::timeout;

/// A customer who says nothing for so long before the first request is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves customers who pay. Serves nothing for free: over this protocol a node without a price only says so.
#[derive(Clone, Debug)]
pub struct Counter {
	till: Till,
	server: Server,
}

impl Counter {
	/// Serves what `server` has, against vouchers for `till`; from now on nobody else gets it for free.
	pub fn new(till: Till, server: Server) -> Self {
		if let Some(refusal) = till.terms().refusal() {
			server.charge(refusal);
		}
		Self { till, server }
	}

	async fn converse(
		&self,
		connection: &Connection,
		send_stream: &mut SendStream,
		recv: &mut RecvStream,
	) -> Result<Answer, Refusal> {
		let seat = loop {
			match timeout(PATIENCE, read(recv)).await {
				Ok(Ok(Ask::Quote)) => {
					let quote = Answer::Quote(self.till.quote()?);
					send(send_stream, &quote).await.map_err(|_| Refusal::Misunderstood)?;
				}
				Ok(Ok(Ask::Pay(voucher))) => break self.till.seat(&voucher).await?,
				_ => return Err(Refusal::Misunderstood),
			}
		};
		let ready = Answer::Ready(seat.standing());
		send(send_stream, &ready).await.map_err(|_| Refusal::Misunderstood)?;
		tokio::select! {
			end = vouchers(&seat, recv) => end?,
			refusal = seat.ended() => return Err(refusal),
			// Nothing was asked for in a while: the customer knows.
			() = self.server.serve_stranger(connection.clone(), Some(seat.gate())) => {}
		}
		Ok(Answer::Settled(seat.held()))
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
		let connections = self.server.connections();
		let Ok(_place) = connections.try_acquire() else { return refuse(&connection) };
		let Ok(Ok((mut send_stream, mut recv))) = timeout(PATIENCE, connection.accept_bi()).await else {
			return Ok(());
		};
		let last = match self.converse(&connection, &mut send_stream, &mut recv).await {
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
		Ok(())
	}
}
