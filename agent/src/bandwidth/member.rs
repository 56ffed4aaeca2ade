//! A member of committees: measures the lines of others and signs what it has seen.

use super::{
	check::{self, OwnPart, Refusal},
	exam::{self, Exam},
	history::{History, Membership},
	ledger::Ledger,
	limits::Limits,
	pace::{Bulk, Pacer},
	protocol::{mark_of, Control, FrameError, Frames, ToMember, ToNode},
	tested::AbortOnDrop,
};
use crate::status::metrics::Metrics;
use iroh::{
	endpoint::{Connection, ReadError, RecvStream, VarInt},
	protocol::{AcceptError, ProtocolHandler},
	SecretKey,
};
use parking_lot::Mutex;
use std::{
	collections::BTreeSet,
	future::Future,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use substation_primitives::{
	bandwidth::{Direction, TestId, TestPage},
	BlockNumber, NodeId,
};
use substation_proofs::{bandwidth, Hash};
use substation_transport::{
	messages::with_cause,
	places::{Hold, Place, Places, Room},
	quic,
};
use tokio::{sync::watch, time::timeout};

/// Code with which a connection is closed for which there is no place now.
pub const NO_PLACE: VarInt = VarInt::from_u32(1);

/// Nodes whose tests are known have places of their own, one more for a connection that replaces a broken one. Strangers
/// are mostly those who saw a block earlier.
const ROOM: Room = Room { strangers: 4, known: 32, per_peer: 2, code: NO_PLACE };

/// Tests that are remembered so as not to be run twice. More than one block draws before the deadline of the oldest.
const REMEMBERED: usize = 4_096;

/// A test drawn so many blocks above this machine's best block may be real all the same.
const BLOCKS_BEHIND: BlockNumber = 3;

/// How often a member tells how much has arrived.
const TELL: Duration = Duration::from_millis(25);

/// Unused time that a tested node's stream may make up for: after a loss much arrives at once.
const CATCH_UP: Duration = Duration::from_secs(1);

/// How long a frame may wait for its way out.
const ANSWER: Duration = Duration::from_secs(2);

/// Largest piece that is compared at once.
const PIECE: usize = 64 << 10;

/// How long a member waits for the tested node.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
	/// For the greeting: strangers get no more.
	pub hello: Duration,
	/// Between two looks at the chain for a test that is not there yet.
	pub look: Duration,
	/// Looks at the chain in all.
	pub looks: u32,
	/// For a free share of the line.
	pub share: Duration,
	/// For the word to start the clock: other members may still be dialled.
	pub prepare: Duration,
	/// For the nonces of the others.
	pub start: Duration,
	/// For the tested node to close the connection in the end.
	pub goodbye: Duration,
}

impl Default for Patience {
	fn default() -> Self {
		Self {
			hello: Duration::from_secs(5),
			look: Duration::from_secs(1),
			looks: 5,
			share: Duration::from_secs(6),
			prepare: Duration::from_secs(30),
			start: Duration::from_secs(5),
			goodbye: Duration::from_secs(3),
		}
	}
}

/// What a member works with.
#[derive(Clone, Debug)]
pub struct MemberParts<L> {
	/// The agent's key.
	pub key: SecretKey,
	/// Where tests are looked up.
	pub ledger: L,
	/// What the operator grants.
	pub limits: Limits,
	/// Where it is noted.
	pub history: History,
	/// Counters.
	pub metrics: Metrics,
	/// How long to wait.
	pub patience: Patience,
}

/// Answers tested nodes. Clones share its limits.
#[derive(Clone, Debug)]
pub struct Member<L>(Arc<Inner<L>>);

#[derive(Debug)]
struct Inner<L> {
	parts: MemberParts<L>,
	places: Places,
	/// Tests whose clock was started here.
	begun: Mutex<BTreeSet<(TestId, NodeId)>>,
}

impl<L: Ledger> Member<L> {
	/// Waits to be dialled.
	pub fn new(parts: MemberParts<L>) -> Self {
		let places = Places::new(ROOM, parts.metrics.numbers().refused.clone());
		Self(Arc::new(Inner { parts, places, begun: Mutex::default() }))
	}

	/// Answers one connection from the greeting to the receipt.
	async fn serve(&self, connection: &Connection, place: &Place) {
		let MemberParts { history, metrics, patience, .. } = &self.0.parts;
		let greeted = timeout(patience.hello, greeting(connection)).await;
		let Ok(Ok((mut control, frames, test, node))) = greeted else { return };
		let peer = Peer { connection, control: &mut control, frames };
		let outcome = self.measure(peer, place, test, node).await;
		match &outcome {
			Ok(()) => {
				metrics.numbers().receipts_signed.inc();
				tracing::info!(%test, node = node.0, "measured and signed");
			}
			Err(refusal) => {
				metrics.numbers().receipts_refused.inc();
				tracing::info!(%test, node = node.0, "not signed: {refusal}");
			}
		}
		// A stranger's doing is not worth remembering.
		let is_strange = matches!(
			outcome,
			Err(Refusal::NotOnChain(_) | Refusal::WrongEndpoint | Refusal::WrongNode | Refusal::NotMember)
		);
		if !is_strange {
			let refusal = outcome.err().map(|refusal| refusal.to_string());
			history.note_membership(Membership { test, node, refusal });
		}
		// What was said last must arrive before the connection goes.
		control.finish();
		let _ = timeout(patience.goodbye, connection.closed()).await;
	}

	/// Measures and signs. The tested node is told why not.
	async fn measure(&self, mut peer: Peer<'_>, place: &Place, test: TestId, node: NodeId) -> Result<(), Refusal> {
		let outcome = self.agree(&mut peer, place, test, node).await;
		let (agreed, _share, _hold) = match outcome {
			Ok(agreed) => agreed,
			Err(refusal) => {
				peer.say(&ToNode::decline(&refusal)).await;
				return Err(refusal);
			}
		};
		let outcome = self.run(&mut peer, &agreed).await;
		if let Err(refusal) = &outcome {
			peer.say(&ToNode::refuse(refusal)).await;
		}
		outcome
	}

	/// Checks who asks for what, and takes a share of the line for it.
	async fn agree(
		&self,
		peer: &mut Peer<'_>,
		place: &Place,
		test: TestId,
		node: NodeId,
	) -> Result<(Agreed, super::limits::Share, Option<Hold>), Refusal> {
		let MemberParts { key, limits, patience, .. } = &self.0.parts;
		let page = self.look_up(test).await?;
		let remote = peer.connection.remote_id();
		let index = check::place(&page, test, node, &remote, key.public().as_bytes())?;
		// No stranger any more.
		let hold = place.hold();
		if self.begun().contains(&(test, node)) {
			return Err(Refusal::Repeated);
		}
		let exam = Exam::of(&page);
		// The member's flow is the mirror image of the tested node's.
		let flow = match page.direction {
			Direction::Down => Direction::Up,
			Direction::Up => Direction::Down,
		};
		let share = limits.reserve_within(flow, exam.pace, patience.share).await?;
		if page.direction == Direction::Up {
			quic::takes_stream(peer.connection);
			quic::widen(peer.connection);
		}
		Ok((Agreed { exam, place: index, test, node }, share, hold))
	}

	/// A test as the chain has it. Waits a little for one that may be in a block that is on its way.
	async fn look_up(&self, test: TestId) -> Result<TestPage, Refusal> {
		let MemberParts { ledger, patience, .. } = &self.0.parts;
		for _ in 0..patience.looks.max(1) {
			let best = ledger.best().ok_or(Refusal::NoChain)?;
			// Costs a stranger's lie nothing but a comparison.
			if test.block > best.saturating_add(BLOCKS_BEHIND) {
				return Err(Refusal::NotOnChain(test));
			}
			match ledger.test(test).await {
				Ok(Some(page)) => return Ok(page),
				Ok(None) if test.block.saturating_add(BLOCKS_BEHIND) < best => break,
				Ok(None) => tokio::time::sleep(patience.look).await,
				Err(error) => {
					tracing::debug!("{error}");
					return Err(Refusal::NoChain);
				}
			}
		}
		Err(Refusal::NotOnChain(test))
	}

	/// From the welcome to the receipt.
	async fn run(&self, peer: &mut Peer<'_>, agreed: &Agreed) -> Result<(), Refusal> {
		let MemberParts { key, patience, .. } = &self.0.parts;
		let Agreed { exam, place, test, node } = *agreed;
		peer.say(&ToNode::Welcome).await;
		match peer.hear(patience.prepare, "the word to start").await? {
			ToMember::Prepare => {}
			_ => return Err(Refusal::Protocol("something else instead of the word to start".into())),
		}
		self.begin(test, node)?;
		let (nonce, secret) = (fresh(), fresh());
		let clock = Instant::now();
		peer.say(&ToNode::Nonce(nonce)).await;
		let nonces = match peer.hear(patience.start, "the nonces").await? {
			ToMember::Start { nonces } => nonces,
			_ => return Err(Refusal::WrongNonces),
		};
		check::nonces(&exam, place, &nonce, &nonces)?;
		let start = exam.start_token(&nonces);

		let until = clock + exam.time.saturating_mul(4) + patience.start;
		let moving = async {
			match exam.subject.direction {
				Direction::Down => {
					let bulk = Bulk { key: secret, start, pace: exam.pace_of(&nonces), cap: exam.cap };
					peer.give(bulk).await
				}
				Direction::Up => peer.take(&exam, nonce, secret, start).await,
			}
		};
		let moving = tokio::time::timeout_at(until.into(), moving).await;
		let Committed { moved, counts, marks, at } = moving.unwrap_or(Err(Refusal::Overrun))?;
		let elapsed = exam::millis(at.saturating_duration_since(clock));

		let own = OwnPart { place, moved, secret };
		let judged = tokio::task::spawn_blocking(move || {
			check::commitment(&exam, &start, &nonces, &own, &counts, &marks)?;
			Ok::<_, Refusal>(exam.commitment(&start, &counts, &marks).1)
		});
		let commitment = judged.await.map_err(|error| Refusal::Protocol(error.to_string()))??;
		let message = bandwidth::receipt_message(&exam.subject, &commitment, elapsed);
		peer.say(&ToNode::Receipt { elapsed, signature: key.sign(&message).to_bytes() }).await;
		Ok(())
	}

	/// Notes that the clock of a test was started: it will not be again.
	fn begin(&self, test: TestId, node: NodeId) -> Result<(), Refusal> {
		let mut begun = self.begun();
		if !begun.insert((test, node)) {
			return Err(Refusal::Repeated);
		}
		if begun.len() > REMEMBERED {
			begun.pop_first();
		}
		Ok(())
	}

	fn begun(&self) -> parking_lot::MutexGuard<'_, BTreeSet<(TestId, NodeId)>> {
		self.0.begun.lock()
	}
}

impl<L: Ledger> ProtocolHandler for Member<L> {
	fn accept(&self, connection: Connection) -> impl Future<Output = Result<(), AcceptError>> + Send {
		let member = self.clone();
		async move {
			let places = &member.0.places;
			let known = member.0.parts.ledger.expects(connection.remote_id().as_bytes());
			let entered = if known {
				places.enter_known(&connection).map(|(place, hold)| (place, Some(hold)))
			} else {
				places.enter(&connection).map(|place| (place, None))
			};
			let Some((place, _hold)) = entered else { return Ok(()) };
			if place.during(&connection, member.serve(&connection, &place)).await.is_some() {
				connection.close(0u32.into(), b"done");
			}
			Ok(())
		}
	}
}

/// A test in which this machine takes part.
#[derive(Clone, Copy, Debug)]
struct Agreed {
	exam: Exam,
	place: usize,
	test: TestId,
	node: NodeId,
}

/// What the tested node says was moved, and when it said so.
struct Committed {
	/// Down: sent at most. Up: told to have arrived.
	moved: u64,
	counts: Vec<u32>,
	marks: Vec<Option<Hash>>,
	at: Instant,
}

/// Fresh random bytes.
fn fresh() -> Hash {
	SecretKey::generate().to_bytes()
}

async fn greeting(connection: &Connection) -> Result<(Control, Frames, TestId, NodeId), FrameError> {
	let opened = connection.accept_bi().await;
	let (stream, questions) = opened.map_err(|error| FrameError::Broken(with_cause(&error)))?;
	let (control, mut frames) = (Control::new(connection, stream), Frames::new(connection, questions));
	match frames.next().await? {
		ToMember::Hello { test, node } => Ok((control, frames, test, node)),
		_ => Err(FrameError::Garbled),
	}
}

/// The tested node.
struct Peer<'a> {
	connection: &'a Connection,
	control: &'a mut Control,
	frames: Frames,
}

impl Peer<'_> {
	/// Sends a frame. If the connection is gone, the next wait for an answer says so.
	async fn say(&mut self, frame: &ToNode) {
		let sent = match frame {
			// Clocks wait for it.
			ToNode::Nonce(_) => timeout(ANSWER, self.control.send_urgent(frame)).await,
			_ => timeout(ANSWER, self.control.send(frame)).await,
		};
		if !matches!(sent, Ok(Ok(()))) {
			tracing::debug!("a frame could not be sent");
		}
	}

	async fn hear(&mut self, patience: Duration, what: &'static str) -> Result<ToMember, Refusal> {
		let heard = timeout(patience, self.frames.next()).await.map_err(|_| Refusal::Silent(what))?;
		heard.map_err(|error| Refusal::Protocol(error.to_string()))
	}

	/// Down: sends this member's stream until the commitment comes.
	async fn give(&mut self, bulk: Bulk) -> Result<Committed, Refusal> {
		let broken = |error: &dyn std::error::Error| Refusal::Protocol(with_cause(error));
		let stream = self.connection.open_uni().await.map_err(|error| broken(&error))?;
		let sent = Arc::new(AtomicU64::new(0));
		let (stop, stopped) = watch::channel(false);
		let _pump = AbortOnDrop(tokio::spawn(bulk.pump(stream, sent.clone(), stopped)));
		let frame = self.frames.next().await;
		let at = Instant::now();
		let moved = sent.load(Ordering::Relaxed);
		let _ = stop.send(true);
		match frame.map_err(|error| broken(&error))? {
			ToMember::Commit { counts, marks } => Ok(Committed { moved, counts, marks, at }),
			_ => Err(Refusal::Protocol("something else instead of the commitment".into())),
		}
	}

	/// Up: takes in the tested node's stream and compares it until the commitment comes.
	async fn take(&mut self, exam: &Exam, nonce: Hash, secret: Hash, start: Hash) -> Result<Committed, Refusal> {
		let received = AtomicU64::new(0);
		let comparing = async {
			compare(self.connection, exam, nonce, start, &received).await?;
			// No more comes. What was told counts.
			std::future::pending::<Result<(), Refusal>>().await
		};
		tokio::pin!(comparing);
		let mut tick = tokio::time::interval(TELL);
		tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
		let mut moved = 0;
		loop {
			tokio::select! {
				biased;
				frame = self.frames.next::<ToMember>() => {
					let at = Instant::now();
					return match frame.map_err(|error| Refusal::Protocol(error.to_string()))? {
						ToMember::Commit { .. } if moved == 0 => Err(Refusal::EarlyCommitment),
						ToMember::Commit { counts, marks } => Ok(Committed { moved, counts, marks, at }),
						_ => Err(Refusal::Protocol("something else instead of the stream".into())),
					};
				},
				outcome = &mut comparing => outcome?,
				_ = tick.tick() => {
					let now = received.load(Ordering::Relaxed);
					if now > moved {
						moved = now;
						let received = u32::try_from(now).unwrap_or(u32::MAX);
						let frame = ToNode::Progress { received, mark: mark_of(&secret, received) };
						self.control.send(&frame).await.map_err(|error| Refusal::Protocol(error.to_string()))?;
					}
				},
			}
		}
	}
}

async fn compare(
	connection: &Connection,
	exam: &Exam,
	nonce: Hash,
	start: Hash,
	received: &AtomicU64,
) -> Result<(), Refusal> {
	let broken = |error: &dyn std::error::Error| Refusal::Protocol(with_cause(error));
	let mut stream: RecvStream = connection.accept_uni().await.map_err(|error| broken(&error))?;
	let mut expected = bandwidth::stream(&nonce, &start);
	// A little faster than agreed, so that honest nodes are not held up and others cannot take more of this line.
	let mut pacer = Pacer::catching_up(exam.pace.saturating_add(exam.pace / 16).saturating_add(1), CATCH_UP);
	let mut allowed = 0usize;
	let mut buffer = Vec::new();
	let mut count = 0u64;
	loop {
		if allowed == 0 {
			allowed = pacer.turn().await;
		}
		let piece = match stream.read_chunk(allowed.min(PIECE)).await {
			Ok(Some(piece)) => piece,
			Ok(None) | Err(ReadError::Reset(_)) => return Ok(()),
			Err(error) => return Err(broken(&error)),
		};
		allowed = allowed.saturating_sub(piece.len());
		count = count.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
		if count > exam.cap {
			return Err(Refusal::TooManyBytes);
		}
		buffer.resize(piece.len(), 0);
		expected.fill(&mut buffer);
		if piece != buffer {
			return Err(Refusal::ForgedBytes);
		}
		received.store(count, Ordering::Relaxed);
	}
}
