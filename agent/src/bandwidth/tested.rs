//! The node that is tested: dials its committee, moves the bytes, collects the receipts.

mod moving;

use super::{
	decide,
	exam::{self, Exam},
	history::Absence,
	member::NO_PLACE,
	protocol::{self, bounded, Control, FrameError, Frames, ToMember, ToNode},
};
use futures::{future::join_all, stream::FuturesUnordered, StreamExt};
use iroh::{
	endpoint::{Connection, ConnectionError},
	Endpoint, SecretKey,
};
use moving::{Part, Traffic};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use substation_client::Measurement;
use substation_primitives::{
	bandwidth::{Direction, MemberPage, TestPage},
	NodeId,
};
use substation_proofs::{
	bandwidth::{self, Measured},
	Hash,
};
use substation_transport::{
	messages::is_signed,
	quic,
	transfer::{dialable, endpoint_addr},
};
use tokio::time::timeout;

/// Dials of a member that has no place.
const DIALS: u32 = 3;

/// Milliseconds by which a member's clock may say more than this machine's: clocks run unequally fast. The chain refuses
/// a measurement with a receipt that is far out of range.
const CLOCKS_APART: u32 = 1_000;

/// How long a tested node waits for its members.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
	/// For a connection.
	pub dial: Duration,
	/// Between two dials of a member that has no place now: it may see the test's block a moment later.
	pub again: Duration,
	/// For a welcome: the member may still have to hear of the test, or to finish another one.
	pub welcome: Duration,
	/// For the first half of the nonces.
	pub nonces: Duration,
	/// For the other half, at least.
	pub late_nonces: Duration,
	/// For the receipts.
	pub receipts: Duration,
}

impl Default for Patience {
	fn default() -> Self {
		Self {
			dial: Duration::from_secs(6),
			again: Duration::from_secs(2),
			welcome: Duration::from_secs(15),
			nonces: Duration::from_secs(3),
			late_nonces: Duration::from_millis(300),
			receipts: Duration::from_secs(5),
		}
	}
}

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Outcome {
	/// What to submit; `None` if nobody has signed.
	pub measurement: Option<Measurement>,
	/// What the chain will make of it.
	pub measured: Measured,
	/// Why members have not signed.
	pub absences: Vec<(NodeId, Absence)>,
	/// The median of the round trips to members that were reached, before bytes flowed. It moves no figure: who is tested
	/// could make it what it likes.
	pub round_trip: Option<Duration>,
	/// From the first to the last step.
	pub took: Duration,
}

/// A member that takes part.
struct Peer {
	index: usize,
	connection: Connection,
	control: Control,
	frames: Frames,
}

/// Who failed, and why.
struct Roll {
	absences: Vec<Option<Absence>>,
}

impl Roll {
	fn strike(&mut self, index: usize, absence: Absence) {
		if let Some(entry) = self.absences.get_mut(index) {
			// The first reason is the cause of the others.
			entry.get_or_insert(absence);
		}
	}
}

/// Runs a test from the first dial to the last receipt. Takes bounded time whatever the members do.
pub async fn measure(endpoint: &Endpoint, key: &SecretKey, page: &TestPage, patience: &Patience) -> Outcome {
	let began = Instant::now();
	let exam = Exam::of(page);
	let mut roll = Roll { absences: vec![None; page.committee.len()] };

	let peers = greet(endpoint, page, &exam, patience, &mut roll).await;
	let round_trip = median(peers.iter().filter_map(|peer| quic::round_trip(&peer.connection)).collect());
	let (peers, clocks, nonces) = start_clocks(peers, page, patience, &mut roll).await;
	let start = exam.start_token(&nonces);
	let peers = tell(peers, &ToMember::Start { nonces: nonces.clone() }, &mut roll).await;
	let traffic = Arc::new(Traffic::new(&exam, &peers, clocks));
	let run = Run { exam, start, traffic, patience: *patience };
	let (peers, parts) = match page.direction {
		Direction::Down => run.down(peers, &mut roll).await,
		Direction::Up => run.up(peers, &nonces, &mut roll).await,
	};
	let receipts = run.commit(peers, page, &parts, key, &mut roll).await;

	let absences = page.committee.iter().zip(roll.absences);
	let absences = absences.filter_map(|(member, absence)| Some((member.node, absence?))).collect();
	Outcome { measurement: receipts.0, measured: receipts.1, absences, round_trip, took: began.elapsed() }
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
	times.sort_unstable();
	times.get(times.len() / 2).copied()
}

/// Dials all members at once.
async fn greet(endpoint: &Endpoint, page: &TestPage, exam: &Exam, patience: &Patience, roll: &mut Roll) -> Vec<Peer> {
	let dials = page.committee.iter().enumerate().map(|(index, member)| async move {
		// In all no longer than one dial and one welcome may take.
		let until = tokio::time::Instant::now() + patience.dial + patience.welcome;
		let mut dials = 1;
		loop {
			let greeted = greet_once(endpoint, index, member, page, exam, patience);
			let greeted = tokio::time::timeout_at(until, greeted).await;
			match greeted.unwrap_or(Err(NoPeer::Absent(Absence::Silent("hello")))) {
				Err(NoPeer::NoPlace(_)) if dials < DIALS && tokio::time::Instant::now() + patience.again < until => {
					dials = dials.saturating_add(1);
					tokio::time::sleep(patience.again).await;
				}
				Err(NoPeer::NoPlace(absence) | NoPeer::Absent(absence)) => return (index, Err(absence)),
				Ok(peer) => return (index, Ok(peer)),
			}
		}
	});
	let mut peers = Vec::new();
	for (index, outcome) in join_all(dials).await {
		match outcome {
			Ok(peer) => peers.push(peer),
			Err(absence) => roll.strike(index, absence),
		}
	}
	peers
}

/// Why a member does not take part.
enum NoPeer {
	/// It has no place for this connection now.
	NoPlace(Absence),
	/// For another reason.
	Absent(Absence),
}

/// Dials a member and greets it.
async fn greet_once(
	endpoint: &Endpoint,
	index: usize,
	member: &MemberPage,
	page: &TestPage,
	exam: &Exam,
	patience: &Patience,
) -> Result<Peer, NoPeer> {
	let dialled = timeout(patience.dial, dial(endpoint, member, exam)).await;
	let dialled = dialled.unwrap_or_else(|_| Err(Absence::Unreachable("no answer".into())));
	let connection = dialled.map_err(NoPeer::Absent)?;
	let hello = ToMember::Hello { test: page.id, node: page.node };
	let greeted = timeout(patience.welcome, hello_to(index, connection.clone(), hello)).await;
	greeted.unwrap_or(Err(Absence::Silent("hello"))).map_err(|absence| match connection.close_reason() {
		Some(ConnectionError::ApplicationClosed(close)) if close.error_code == NO_PLACE => NoPeer::NoPlace(absence),
		_ => NoPeer::Absent(absence),
	})
}

async fn dial(endpoint: &Endpoint, member: &MemberPage, exam: &Exam) -> Result<Connection, Absence> {
	let unreachable = |reason: &dyn ToString| Absence::Unreachable(bounded(reason.to_string()));
	let addresses = dialable(&member.addresses);
	let address = endpoint_addr(&member.endpoint, &addresses).map_err(|error| unreachable(&error))?;
	let dialled = quic::dial(endpoint, address, protocol::ALPN, quic::line(exam.pace)).await;
	dialled.map_err(|error| unreachable(&error))
}

async fn hello_to(index: usize, connection: Connection, hello: ToMember) -> Result<Peer, Absence> {
	let opened = connection.open_bi().await;
	let (stream, answers) = opened.map_err(|error| Absence::Broken(bounded(error.to_string())))?;
	let (mut control, mut frames) = (Control::new(&connection, stream), Frames::new(&connection, answers));
	control.send(&hello).await.map_err(broken)?;
	match frames.next::<ToNode>().await.map_err(broken)? {
		ToNode::Welcome => Ok(Peer { index, connection, control, frames }),
		ToNode::Decline(reason) => Err(Absence::Declined(bounded(reason))),
		_ => Err(Absence::Misbehaved("it answered the greeting with something else")),
	}
}

fn broken(error: FrameError) -> Absence {
	match error {
		FrameError::Ended => Absence::Broken("it has ended the conversation".into()),
		FrameError::Broken(reason) => Absence::Broken(bounded(reason)),
		FrameError::TooLong(_) | FrameError::Garbled => Absence::Misbehaved("it sent a frame that cannot be read"),
	}
}

/// Has all members start their clocks, and leaves out who is late: the clocks of the others run.
async fn start_clocks(
	peers: Vec<Peer>,
	page: &TestPage,
	patience: &Patience,
	roll: &mut Roll,
) -> (Vec<Peer>, Instant, Vec<Option<Hash>>) {
	let clocks = Instant::now();
	let asked = peers.len();
	let mut silent: Vec<usize> = peers.iter().map(|peer| peer.index).collect();
	let mut answers: FuturesUnordered<_> = peers
		.into_iter()
		.map(|mut peer| async move {
			let answer = async {
				peer.control.send_urgent(&ToMember::Prepare).await.map_err(broken)?;
				peer.frames.next::<ToNode>().await.map_err(broken)
			};
			let answer = answer.await;
			(peer, answer)
		})
		.collect();
	let mut nonces = vec![None; page.committee.len()];
	let mut ready = Vec::new();
	let mut until = clocks + patience.nonces;
	let mut answered = 0usize;
	while let Ok(Some((peer, answer))) = tokio::time::timeout_at(until.into(), answers.next()).await {
		silent.retain(|index| *index != peer.index);
		answered = answered.saturating_add(1);
		if answered == asked.div_ceil(2) {
			until = clocks + decide::nonce_patience(clocks.elapsed(), patience.late_nonces);
		}
		match (answer, nonces.get_mut(peer.index)) {
			(Ok(ToNode::Nonce(nonce)), Some(entry)) => {
				*entry = Some(nonce);
				ready.push(peer);
			}
			(Ok(_), _) => roll.strike(peer.index, Absence::Misbehaved("it sent no nonce")),
			(Err(absence), _) => roll.strike(peer.index, absence),
		}
	}
	for index in silent {
		roll.strike(index, Absence::Silent("prepare"));
	}
	(ready, clocks, nonces)
}

/// Sends one frame to all; returns those who can still hear.
async fn tell(peers: Vec<Peer>, frame: &ToMember, roll: &mut Roll) -> Vec<Peer> {
	let sends = peers.into_iter().map(|mut peer| async move {
		let sent = timeout(Duration::from_secs(1), peer.control.send_urgent(frame)).await;
		(peer, sent)
	});
	let mut ready = Vec::new();
	for (peer, sent) in join_all(sends).await {
		match sent {
			Ok(Ok(())) => ready.push(peer),
			Ok(Err(error)) => roll.strike(peer.index, broken(error)),
			Err(_) => roll.strike(peer.index, Absence::Silent("start")),
		}
	}
	ready
}

/// A test whose clocks run.
struct Run {
	exam: Exam,
	start: Hash,
	traffic: Arc<Traffic>,
	patience: Patience,
}

impl Run {
	/// Publishes what was moved, and verifies what comes back. A member that has moved nothing is not asked: the chain
	/// takes no receipt over nothing.
	async fn commit(
		&self,
		peers: Vec<Peer>,
		page: &TestPage,
		parts: &[Part],
		key: &SecretKey,
		roll: &mut Roll,
	) -> (Option<Measurement>, Measured) {
		let counts: Vec<u32> = parts.iter().map(|part| part.map_or(0, |(count, _)| count)).collect();
		let marks: Vec<Option<Hash>> = parts.iter().map(|part| part.map(|(_, mark)| mark)).collect();
		let (digest, commitment) = self.exam.commitment(&self.start, &counts, &marks);
		let frame = ToMember::Commit { counts: counts.clone(), marks };
		let has_moved = |peer: &Peer| parts.get(peer.index).is_some_and(Option::is_some);
		let (peers, idle): (Vec<_>, Vec<_>) = peers.into_iter().partition(has_moved);
		for peer in idle {
			peer.connection.close(0u32.into(), b"done");
			roll.strike(peer.index, Absence::Idle);
		}
		let answers = peers.into_iter().map(|mut peer| {
			let frame = &frame;
			let agent = page.committee.get(peer.index).map(|member| member.agent).unwrap_or_default();
			async move {
				let answer = timeout(self.patience.receipts, async {
					peer.control.send_urgent(frame).await.map_err(broken)?;
					receipt(&mut peer.frames).await
				});
				let answer = answer.await.unwrap_or(Err(Absence::Silent("commitment")));
				peer.connection.close(0u32.into(), b"done");
				let longest = exam::millis(self.traffic.clocks.elapsed()).saturating_add(CLOCKS_APART);
				let answer = answer.and_then(|(elapsed, signature)| {
					if elapsed > longest {
						return Err(Absence::Misbehaved("its clock says more than the test has taken"));
					}
					let message = bandwidth::receipt_message(&self.exam.subject, &commitment, elapsed);
					let is_good = elapsed > 0 && is_signed(&agent, &message, &signature);
					let bad = Absence::Misbehaved("its signature is wrong");
					is_good.then_some((elapsed, signature)).ok_or(bad)
				});
				(peer.index, answer)
			}
		});
		let mut receipts = vec![None; counts.len()];
		for (index, answer) in join_all(answers).await {
			match (answer, receipts.get_mut(index)) {
				(Ok(receipt), Some(entry)) => *entry = Some(receipt),
				(Err(absence), _) => roll.strike(index, absence),
				(Ok(_), None) => {}
			}
		}
		let signed: Vec<_> = receipts.iter().map(|receipt| receipt.map(|(elapsed, _)| elapsed)).collect();
		tracing::debug!(test = %page.id, bytes = ?counts, milliseconds = ?signed, total = self.exam.total, "members have moved");
		let measured = bandwidth::measure(
			self.exam.total,
			&counts.iter().copied().zip(signed.iter().copied()).collect::<Vec<_>>(),
		);
		let signature = key.sign(&bandwidth::measurement_message(&self.exam.subject, &commitment, &signed)).to_bytes();
		let measurement = Measurement { test: page.id, counts, digest, receipts, signature };
		((measured.receipts > 0).then_some(measurement), measured)
	}
}

async fn receipt(frames: &mut Frames) -> Result<(u32, [u8; 64]), Absence> {
	loop {
		match frames.next::<ToNode>().await.map_err(broken)? {
			ToNode::Receipt { elapsed, signature } => return Ok((elapsed, signature)),
			ToNode::Refuse(reason) => return Err(Absence::Refused(bounded(reason))),
			// It may have been on its way.
			ToNode::Progress { .. } => {}
			_ => return Err(Absence::Misbehaved("it answered the commitment with something else")),
		}
	}
}

/// Ends a task that nobody waits for any more.
#[derive(Debug)]
pub(super) struct AbortOnDrop(pub(super) tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
	fn drop(&mut self) {
		self.0.abort();
	}
}
