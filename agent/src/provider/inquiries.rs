//! Answers customers who ask, before any money is held, whether this node would take a blob.
//!
//! An answer costs no question to the chain: it is judged by what the engine has read of the latest block. It changes
//! nothing.

use crate::{
	payments::protocol::{read, send},
	provider::{
		decide::{self, Refusal},
		inquiry::{Answer, Arrived, Inquiry, MAX_PROBE, PATIENCE, PIECE, PROBE_TIME},
		intake::Intake,
	},
	status::metrics::Metrics,
};
use iroh::{
	endpoint::{Connection, RecvStream},
	protocol::{AcceptError, ProtocolHandler},
};
use iroh_blobs::protocol::ERR_LIMIT;
use parking_lot::Mutex;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use substation_client::{
	client::{DealView, NodeView},
	AccountId,
};
use substation_primitives::{
	deal::{Deal, DealState},
	settings::Settings,
	DealId, Offer,
};
use substation_proofs::{content::is_length_allowed, Hash};
use substation_transport::{
	places::{Hold, Place, Places, Quota, Room, Shares, Taken},
	quic,
	serve::Server,
	source::Source,
};
use tokio::time::timeout;

/// Uploads that are measured at one time.
const PROBES: usize = 4;
/// One of a peer, and of all that come from one network: whoever holds it and sends nothing keeps it from itself only.
const PROBE_SHARES: Shares = Shares { all: PROBES, per_peer: 1, per_source: 1 };
/// Connections of those who ask. Whose uploads are measured keep their places meanwhile.
const ROOM: Room = Room { strangers: 64, known: PROBES, per_peer: 8, code: ERR_LIMIT };
/// Whoever is not done by then, for example by taking no answer, is let go.
const LONGEST: Duration = Duration::from_secs(30);
/// Refusals are logged no more often: anyone can cause them.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What answers are judged by.
#[derive(Clone, Debug)]
pub struct View {
	/// What waits already, and the disk.
	pub intake: Intake,
	/// The node as of the best block.
	pub node: NodeView,
	/// All settings.
	pub settings: Settings,
	/// Height of the best block.
	pub now: u32,
	/// Whether the agent can accept deals with the runtime in force.
	pub can_accept: bool,
}

/// Answers inquiries. Clones share it.
#[derive(Clone, Debug)]
pub struct Inquiries(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	genesis: Hash,
	/// Absent while the agent cannot follow its chain.
	view: Mutex<Option<Arc<View>>>,
	probes: Quota,
	/// When a refusal was logged last.
	logged: Mutex<Option<Instant>>,
	metrics: Metrics,
}

impl Inquiries {
	/// Refuses everything until there is a view.
	pub fn new(genesis: Hash, metrics: Metrics) -> Self {
		let (view, probes, logged) = (Mutex::default(), Quota::new(PROBE_SHARES), Mutex::default());
		Self(Arc::new(Inner { genesis, view, probes, logged, metrics }))
	}

	/// Judges by this from now on; without it, refuses everything.
	pub fn set_view(&self, view: Option<View>) {
		// What is replaced whole cannot be spoilt by a panic elsewhere.
		*self.0.view.lock() = view.map(Arc::new);
	}

	/// What the node says to an inquiry now.
	pub fn answer(&self, inquiry: &Inquiry) -> Answer {
		let view = self.0.view.lock().clone();
		let answer = match view {
			None => Answer::refused(Refusal::NoChain),
			Some(_) if inquiry.genesis != self.0.genesis => Answer::refused(Refusal::OtherChain),
			Some(view) => judge(&view, inquiry),
		};
		self.note(inquiry, answer.refusal.as_ref());
		answer
	}

	fn note(&self, inquiry: &Inquiry, refusal: Option<&Refusal>) {
		let numbers = self.0.metrics.numbers();
		numbers.inquiries.inc();
		let Some(refusal) = refusal else { return };
		numbers.inquiries_refused.inc();
		// The status says that, and why.
		if *refusal == Refusal::NoChain {
			return;
		}
		let mut logged = self.0.logged.lock();
		if logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
			*logged = Some(Instant::now());
			tracing::info!(bytes = inquiry.length, "inquiry refused: {refusal}");
		}
	}

	/// The protocol of an endpoint, on connections [of inquirers](quic::to_inquirer). What it turns away is counted where
	/// `server` counts.
	pub fn handler(&self, server: &Server) -> InquiryHandler {
		InquiryHandler { inquiries: self.clone(), places: Places::new(ROOM, server.refused()) }
	}
}

/// Judges the proposal that would follow.
fn judge(view: &View, inquiry: &Inquiry) -> Answer {
	let View { intake, node, settings, now, can_accept } = view;
	if !intake.is_ours() {
		return Answer::refused(Refusal::NotTaking);
	}
	if !can_accept {
		return Answer::refused(Refusal::OtherRelease);
	}
	if !is_length_allowed(inquiry.length) {
		return Answer::refused(Refusal::LengthOutOfRange);
	}
	let judgement = intake.judge(&proposal(inquiry, settings, *now), node, settings, *now);
	Answer {
		refusal: judgement.verdict.err(),
		cap: judgement.cap,
		waiting: judgement.waiting,
		within: decide::time_to_upload(settings.market.acceptance_time),
		here: intake.here(&inquiry.root, inquiry.length),
		probe: 0,
	}
}

/// The proposal as it would be on the chain.
fn proposal(inquiry: &Inquiry, settings: &Settings, now: u32) -> DealView {
	let Inquiry { node, customer, deal, root, length, price, .. } = *inquiry;
	let deposit = settings.market.deal_deposit;
	let deal_record = Deal {
		// Nobody has this account.
		customer: AccountId::from(customer.unwrap_or_default()),
		node,
		root,
		length,
		rate: decide::asked_rate(&Offer { price, capacity: 0 }, settings, length),
		periods: 1,
		deposit,
		state: DealState::Proposed { expires: now.saturating_add(settings.market.acceptance_time) },
	};
	// Ids are given out in order: nothing has the last one.
	let id = deal.unwrap_or(DealId(u64::MAX));
	DealView { id, deal: deal_record, unsettled: (0, 0), closable: false, dispute: None }
}

/// Takes the connections of customers that ask.
#[derive(Clone, Debug)]
pub struct InquiryHandler {
	inquiries: Inquiries,
	places: Places,
}

impl InquiryHandler {
	/// One question, one answer; then perhaps bytes to count. `None` if the customer has closed the connection or does not
	/// follow the protocol.
	///
	/// Only who has one of the few turns may have more bytes unread than strangers may, and only on this one stream, which is
	/// stopped before the turn is over: what anybody can make this machine keep stays bounded.
	async fn converse(&self, connection: &Connection, place: &Place) -> Option<()> {
		let asked = async {
			let (outgoing, mut incoming) = connection.accept_bi().await.ok()?;
			let inquiry: Inquiry = read(&mut incoming).await.ok()?;
			Some((outgoing, incoming, inquiry))
		};
		let (mut outgoing, mut incoming, inquiry) = timeout(PATIENCE, asked).await.ok()??;
		let mut answer = self.inquiries.answer(&inquiry);
		let measures = inquiry.measure && answer.refusal.is_none();
		quic::takes_no_other(connection);
		let turn = if measures { self.turn(connection, place) } else { None };
		if turn.is_some() {
			// What strangers may have unread would be all that is measured.
			quic::widen(connection);
			answer.probe = MAX_PROBE;
		}
		// Whoever takes no answer keeps no turn.
		timeout(PROBE_TIME, send(&mut outgoing, &answer)).await.ok()?.ok()?;
		if let Some(turn) = turn {
			let bytes = count(&mut incoming, MAX_PROBE).await;
			// What still comes is dropped.
			let _ = incoming.stop(0u32.into());
			drop(turn);
			send(&mut outgoing, &Arrived { bytes }).await.ok()?;
		}
		outgoing.finish().ok()
	}

	/// A turn at being measured, and what keeps the place meanwhile.
	fn turn(&self, connection: &Connection, place: &Place) -> Option<(Hold, Taken)> {
		let turn = self.inquiries.0.probes.take(connection.remote_id(), Some(Source::of(connection)))?;
		Some((place.hold()?, turn))
	}

	/// From the question to the end of the connection.
	async fn attend(&self, connection: &Connection, place: &Place) {
		if let Ok(Some(())) = timeout(LONGEST, self.converse(connection, place)).await {
			// The customer closes; one who does not is not waited for.
			let _ = timeout(PATIENCE, connection.closed()).await;
		}
	}
}

impl ProtocolHandler for InquiryHandler {
	async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
		let Some(place) = self.places.enter(&connection) else { return Ok(()) };
		place.during(&connection, self.attend(&connection, &place)).await;
		Ok(())
	}
}

/// Counts and drops what comes, up to `most` bytes, for [`PROBE_TIME`] at most.
async fn count(incoming: &mut RecvStream, most: u64) -> u64 {
	let mut bytes = 0u64;
	let all = async {
		while bytes < most {
			let Ok(Some(chunk)) = incoming.read_chunk(PIECE).await else { return };
			bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
		}
	};
	// What has come by then is the answer.
	let _ = timeout(PROBE_TIME, all).await;
	bytes
}
