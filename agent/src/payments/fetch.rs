//! A content fetched from a node and paid for as it arrives.

use crate::payments::{
	payer::Plan,
	price::{answer_bytes, cost},
	protocol::{read, send, Answer, Ask, MessageError, Quote, Refusal, Standing},
	purse::Pocket,
	session::Exporter,
	ALPN, MAX_STEP, MIN_STEP,
};
use iroh::{
	endpoint::{Connection, ConnectionError, RecvStream, SendStream},
	EndpointAddr,
};
use iroh_blobs::protocol::ERR_LIMIT;
use parking_lot::Mutex;
use std::{
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};
use substation_client::amounts::display_amount;
use substation_primitives::{Balance, ChannelId};
use substation_store::{hashing::Commitment, progress::Progress};
use substation_transport::{
	messages::with_cause,
	transfer::{self, Tally, TransferError, Transport},
};
use tokio::{sync::watch, task::JoinSet, time::timeout};

/// Longest wait for an answer to a message; the node looks at its chain meanwhile.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a node that broke off may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why a content was not delivered for money.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
	/// The node serves no more, and says why.
	#[error("the node refuses: {0}")]
	Refused(Refusal),
	/// The node does not follow the protocol.
	#[error("the node does not follow the protocol: {0}")]
	Message(#[from] MessageError),
	/// The node has no place for the connection, or has given it to another one.
	#[error("the node has too many connections; try again later")]
	Full,
	/// The node said nothing.
	#[error("the node said nothing for {} seconds", PATIENCE.as_secs())]
	Silent,
	/// The node asks something else than before.
	#[error("the node has changed its price or its payee; try again")]
	Changed,
	/// The node wants more ahead of payment, or less, than is reasonable.
	#[error("the node's step of {0} bytes is not from {MIN_STEP} to {MAX_STEP}")]
	Step(u64),
	/// The node claims to have delivered more than it may have.
	#[error("the node claims {} STN unpaid, more than one step", display_amount(*.0))]
	Claims(Balance),
	/// The node shows a voucher that this folder's key has not signed.
	#[error("the node shows a voucher that nobody here has signed")]
	StrangeVoucher,
	/// The channel cannot pay for all of it. Top it up.
	#[error("channel {channel} has {} STN, {} STN are needed", display_amount(*.deposit), display_amount(*.needed))]
	NotEnough {
		/// The channel.
		channel: ChannelId,
		/// Its deposit at the node.
		deposit: Balance,
		/// What would be promised in the end.
		needed: Balance,
	},
	/// The promise could not be written down.
	#[error("a promise cannot be written down: {0}")]
	Disk(#[from] std::io::Error),
	/// The transfer itself failed.
	#[error(transparent)]
	Transfer(#[from] TransferError),
}

/// What a content has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
	/// The channel that paid.
	pub channel: ChannelId,
	/// What was promised for it.
	pub paid: Balance,
	/// Bytes that arrived and were right, the tree's included.
	pub bytes: u64,
}

/// Asks a node what it takes; `None` if it does not know of payments and hence serves for free.
pub async fn quote(transport: &Transport, peer: EndpointAddr) -> Result<Option<Quote>, PaymentError> {
	let connection = match transport.connect(peer, ALPN).await {
		Err(TransferError::OtherProtocol { .. }) => return Ok(None),
		other => other?,
	};
	let (mut outgoing, mut incoming) = open(&connection).await.map_err(|error| or_full(&connection, error))?;
	let quote = ask_price(&mut outgoing, &mut incoming).await.map_err(|error| or_full(&connection, error));
	connection.close(0u32.into(), b"done");
	quote.map(Some)
}

/// Fetches a content into a file, which appears when it is whole, and pays for it at the price that was agreed on. Goes
/// on where an earlier attempt ended.
pub async fn fetch(
	transport: &Transport,
	peer: EndpointAddr,
	content: Commitment,
	target: &Path,
	progress: &Progress,
	pocket: Pocket,
	agreed: &Quote,
) -> Result<Bill, PaymentError> {
	if !(MIN_STEP..=MAX_STEP).contains(&agreed.step) {
		return Err(PaymentError::Step(agreed.step));
	}
	let incoming = transfer::begin(target, content).await?;
	let total = answer_bytes(content.length, incoming.resume_from());
	let before = pocket.known().promised;
	let channel = pocket.known().channel;
	let connection = transport.connect(peer, ALPN).await?;
	let session = Session::begin(&connection, pocket, agreed, total).await;
	let session = session.map_err(|error| or_full(&connection, error))?;
	let (verified, seen) = Tally::new(session.plan.quantum());
	let failed = Arc::new(AtomicBool::new(false));
	// A task of its own is polled when there is something to pay, and not with every group that arrives. It ends with
	// this one.
	let mut paying = JoinSet::new();
	paying.spawn(session.pay(connection.clone(), seen, failed.clone()));
	let received = transfer::receive(&connection, incoming, progress, Some(&verified)).await;
	// Nothing more is signed after a wrong byte, not even for right ones.
	failed.store(received.is_err(), Ordering::Release);
	drop(verified);
	let paid = match paying.join_next().await {
		Some(Ok(paid)) => paid,
		_ => Err(std::io::Error::other("paying has ended").into()),
	};
	let outcome = match (received, paid) {
		(Ok(incoming), Ok(promised)) => Ok((incoming, promised)),
		(Err(error @ (TransferError::WrongBytes(_) | TransferError::Blob(_))), _) => Err(error.into()),
		// Why the node has ended it says more than that it has.
		(_, Err(error)) => Err(or_full(&connection, error)),
		(Err(error), Ok(_)) => Err(or_full(&connection, error.into())),
	};
	connection.close(0u32.into(), b"done");
	let (incoming, promised) = outcome?;
	transfer::finish(incoming, progress).await?;
	Ok(Bill { channel, paid: promised.saturating_sub(before), bytes: total })
}

/// What is wrong, if the node has closed the connection because there are too many: that, and not that it broke. To be asked
/// before this side closes it, which is the reason from then on.
fn or_full(connection: &Connection, error: PaymentError) -> PaymentError {
	match connection.close_reason() {
		Some(ConnectionError::ApplicationClosed(close)) if close.error_code == ERR_LIMIT => PaymentError::Full,
		_ => error,
	}
}

async fn open(connection: &Connection) -> Result<(SendStream, RecvStream), PaymentError> {
	connection.open_bi().await.map_err(|error| MessageError::Broken(with_cause(&error)).into())
}

async fn ask_price(outgoing: &mut SendStream, incoming: &mut RecvStream) -> Result<Quote, PaymentError> {
	send(outgoing, &Ask::Quote).await?;
	match answer(incoming).await? {
		Answer::Quote(quote) => Ok(quote),
		_ => Err(MessageError::Unreadable.into()),
	}
}

/// The node's answer; a refusal is an error.
async fn answer(incoming: &mut RecvStream) -> Result<Answer, PaymentError> {
	match timeout(PATIENCE, read(incoming)).await {
		Ok(Ok(Answer::Refused(refusal))) => Err(PaymentError::Refused(refusal)),
		Ok(answer) => Ok(answer?),
		Err(_) => Err(PaymentError::Silent),
	}
}

/// A channel in use with a node.
struct Session {
	incoming: RecvStream,
	pen: Pen,
	plan: Plan,
}

impl Session {
	/// Shows the channel, settles what is owed from a connection that broke, plans the rest.
	async fn begin(
		connection: &Connection,
		mut pocket: Pocket,
		agreed: &Quote,
		total: u64,
	) -> Result<Self, PaymentError> {
		let (mut outgoing, mut incoming) = open(connection).await?;
		if ask_price(&mut outgoing, &mut incoming).await? != *agreed {
			return Err(PaymentError::Changed);
		}
		let exporter = Exporter::of(connection, pocket.known().channel);
		let exporter = exporter.ok_or_else(|| MessageError::Broken("it has no secret".to_owned()))?;
		let (voucher, proof) = (pocket.latest(), pocket.prove(&exporter));
		send(&mut outgoing, &Ask::Pay { voucher, proof }).await?;
		let Answer::Ready(Standing { deposit, held, served }) = answer(&mut incoming).await? else {
			return Err(MessageError::Unreadable.into());
		};
		if let Some(held) = held {
			if !pocket.admit(&held)? {
				return Err(PaymentError::StrangeVoucher);
			}
		}
		let promised = pocket.known().promised;
		let owed = served.saturating_sub(promised);
		if owed > cost(agreed.step, agreed.price) {
			return Err(PaymentError::Claims(owed));
		}
		let plan = Plan::new(agreed, served, promised, total);
		if plan.end() > deposit {
			let channel = pocket.known().channel;
			return Err(PaymentError::NotEnough { channel, deposit, needed: plan.end() });
		}
		let mut pen = Pen { outgoing, pocket: Arc::new(Mutex::new(pocket)), promised };
		pen.promise(plan.due(0)).await?;
		Ok(Self { incoming, pen, plan })
	}

	/// Pays for what is verified until no more comes; what was promised in all. Closes the connection on any error.
	async fn pay(
		self,
		connection: Connection,
		seen: watch::Receiver<u64>,
		failed: Arc<AtomicBool>,
	) -> Result<Balance, PaymentError> {
		let pocket = self.pen.pocket.clone();
		let result = self.pay_along(seen, &failed).await;
		if result.is_err() {
			connection.close(0u32.into(), b"done");
		}
		// Whoever loses power before this is shown the highest voucher by the node.
		let _ = tokio::task::spawn_blocking(move || lock(&pocket).sync()).await;
		result
	}

	async fn pay_along(self, mut seen: watch::Receiver<u64>, failed: &AtomicBool) -> Result<Balance, PaymentError> {
		let Self { mut incoming, mut pen, plan } = self;
		let word = read::<Answer>(&mut incoming);
		tokio::pin!(word);
		loop {
			let is_over = tokio::select! {
				changed = seen.changed() => changed.is_err(),
				word = &mut word => return Err(unexpected(word)),
			};
			if failed.load(Ordering::Acquire) {
				return match timeout(LAST_WORDS, word).await {
					Ok(Ok(Answer::Refused(refusal))) => Err(PaymentError::Refused(refusal)),
					_ => Ok(pen.promised),
				};
			}
			let verified = *seen.borrow_and_update();
			pen.promise(plan.due(verified)).await?;
			if is_over {
				break;
			}
		}
		send(&mut pen.outgoing, &Ask::Done).await?;
		// The bytes are here and paid: what the node says to that changes nothing.
		match timeout(PATIENCE, word).await {
			Ok(Ok(Answer::Settled(held))) if held == pen.promised => {}
			other => tracing::debug!(promised = pen.promised, "the node ends with {other:?}"),
		}
		Ok(pen.promised)
	}
}

/// Signs and sends vouchers.
struct Pen {
	outgoing: SendStream,
	/// Shared with the thread that signs and writes.
	pocket: Arc<Mutex<Pocket>>,
	promised: Balance,
}

impl Pen {
	/// Sends a voucher over `cumulative`, unless that much is promised already.
	async fn promise(&mut self, cumulative: Balance) -> Result<(), PaymentError> {
		if cumulative <= self.promised {
			return Ok(());
		}
		let pocket = self.pocket.clone();
		let signing = tokio::task::spawn_blocking(move || lock(&pocket).promise(cumulative));
		let voucher = signing.await.map_err(std::io::Error::other)??;
		send(&mut self.outgoing, &Ask::Voucher(voucher)).await?;
		self.promised = cumulative;
		Ok(())
	}
}

/// What a message means that came while bytes were flowing.
fn unexpected(answer: Result<Answer, MessageError>) -> PaymentError {
	match answer {
		Ok(Answer::Refused(refusal)) => PaymentError::Refused(refusal),
		Ok(_) => MessageError::Unreadable.into(),
		Err(error) => error.into(),
	}
}

// Its record is written before it changes: a panic elsewhere cannot have left it half-way.
fn lock(pocket: &Mutex<Pocket>) -> parking_lot::MutexGuard<'_, Pocket> {
	pocket.lock()
}
