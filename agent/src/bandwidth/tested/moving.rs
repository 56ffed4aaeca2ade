//! Bytes cross the line: both directions, until enough has.

use super::{broken, AbortOnDrop, Peer, Roll, Run};
use crate::bandwidth::{
	decide::Stopper,
	exam::Exam,
	history::Absence,
	pace::Bulk,
	protocol::{bounded, ToNode},
};
use iroh::endpoint::Connection;
use std::{
	future::Future,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use substation_proofs::Hash;
use substation_transport::messages::with_cause;
use tokio::{
	sync::{watch, Notify},
	task::JoinSet,
	time::timeout,
};

/// Largest piece that is hashed at once.
const PIECE: usize = 64 << 10;

/// How often a running test is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What has crossed the line so far.
pub(super) struct Traffic {
	enough: u64,
	/// When the clocks were started.
	pub(super) clocks: Instant,
	/// Bytes per member; `None` for those that take no part.
	moved: Vec<Option<AtomicU64>>,
	sum: AtomicU64,
	/// Something changed that may end the test.
	news: Notify,
}

impl Traffic {
	pub(super) fn new(exam: &Exam, peers: &[Peer], clocks: Instant) -> Self {
		let takes_part = |index| peers.iter().any(|peer| peer.index == index);
		let moved = (0..usize::from(exam.members)).map(|index| takes_part(index).then(AtomicU64::default)).collect();
		Self { enough: exam.enough, clocks, moved, sum: AtomicU64::new(0), news: Notify::new() }
	}

	/// Notes what one member has moved in all. Less than before adds nothing, however often it is said.
	fn set(&self, index: usize, bytes: u64) {
		let Some(Some(moved)) = self.moved.get(index) else { return };
		let before = moved.fetch_max(bytes, Ordering::Relaxed);
		let more = bytes.saturating_sub(before);
		if self.sum.fetch_add(more, Ordering::Relaxed).saturating_add(more) >= self.enough {
			self.news.notify_one();
		}
	}

	fn per_member(&self) -> Vec<Option<u64>> {
		self.moved.iter().map(|moved| moved.as_ref().map(|moved| moved.load(Ordering::Relaxed))).collect()
	}
}

/// What one member has moved: bytes and their mark. Nothing if the mark is unknown.
pub(super) type Part = Option<(u32, Hash)>;

impl Run {
	/// Returns when enough is there, when waiting longer costs more than it brings, or when nobody moves anything any
	/// more.
	async fn until_over(&self, all_idle: impl Future<Output = ()>) {
		let mut stopper = Stopper::new(self.exam.total, self.exam.enough, self.exam.time);
		let watch = async {
			loop {
				if stopper.is_over(&self.traffic.per_member(), self.traffic.clocks.elapsed()) {
					return;
				}
				// Waking up for nothing costs nothing.
				let _ = timeout(LOOK, self.traffic.news.notified()).await;
			}
		};
		tokio::select! {
			() = watch => {},
			() = all_idle => {},
			() = tokio::time::sleep(self.exam.time.saturating_mul(3)) => {},
		}
	}

	/// Takes in every member's stream.
	pub(super) async fn down(&self, peers: Vec<Peer>, roll: &mut Roll) -> (Vec<Peer>, Vec<Part>) {
		let (stop, stopped) = watch::channel(false);
		let mut readers = JoinSet::new();
		let (idle, all_idle) = watch::channel(());
		for peer in &peers {
			let reader = Reader {
				index: peer.index,
				connection: peer.connection.clone(),
				exam: self.exam,
				traffic: self.traffic.clone(),
			};
			readers.spawn(reader.take(stopped.clone(), all_idle.clone()));
		}
		drop(all_idle);
		// Closed as soon as every reader has let go of its end.
		self.until_over(idle.closed()).await;
		let _ = stop.send(true);
		let mut parts = vec![None; usize::from(self.exam.members)];
		while let Some(joined) = readers.join_next().await {
			let Ok((index, count, mark, trouble)) = joined else { continue };
			if let Some(trouble) = trouble {
				roll.strike(index, trouble);
			}
			if let Some(part) = parts.get_mut(index) {
				*part = (count > 0).then_some((count, mark));
			}
		}
		(peers, parts)
	}

	/// Sends to every member.
	pub(super) async fn up(
		&self,
		peers: Vec<Peer>,
		nonces: &[Option<Hash>],
		roll: &mut Roll,
	) -> (Vec<Peer>, Vec<Part>) {
		let (stop, stopped) = watch::channel(false);
		let (idle, all_idle) = watch::channel(());
		let mut givers = JoinSet::new();
		for peer in peers {
			let Some(Some(nonce)) = nonces.get(peer.index).copied() else { continue };
			let bulk = Bulk { key: nonce, start: self.start, pace: self.exam.pace_of(nonces), cap: self.exam.cap };
			let giver = Giver { peer, bulk, traffic: self.traffic.clone() };
			givers.spawn(giver.give(stopped.clone(), all_idle.clone()));
		}
		drop(all_idle);
		self.until_over(idle.closed()).await;
		let _ = stop.send(true);

		let mut parts: Vec<Part> = vec![None; usize::from(self.exam.members)];
		let mut ready = Vec::new();
		while let Some(joined) = givers.join_next().await {
			let Ok((peer, outcome)) = joined else { continue };
			match (outcome, parts.get_mut(peer.index)) {
				(Ok(last), Some(part)) => {
					*part = last;
					ready.push(peer);
				}
				(Err(absence), _) => roll.strike(peer.index, absence),
				(Ok(_), None) => {}
			}
		}
		(ready, parts)
	}
}

/// Takes in one member's stream.
struct Reader {
	index: usize,
	connection: Connection,
	exam: Exam,
	traffic: Arc<Traffic>,
}

impl Reader {
	async fn take(
		self,
		mut stop: watch::Receiver<bool>,
		_not_idle: watch::Receiver<()>,
	) -> (usize, u32, Hash, Option<Absence>) {
		let mut hasher = blake3::Hasher::new();
		let mut count = 0u64;
		let read = async {
			let broke = |error: &dyn std::error::Error| Absence::Broken(bounded(with_cause(error)));
			let mut stream = self.connection.accept_uni().await.map_err(|error| broke(&error))?;
			loop {
				let room = self.exam.room(count).min(PIECE);
				if room == 0 {
					return Ok(());
				}
				let Some(piece) = stream.read_chunk(room).await.map_err(|error| broke(&error))? else {
					return Err(Absence::Misbehaved("its stream ended too early"));
				};
				hasher.update(&piece);
				count = count.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
				self.traffic.set(self.index, count);
			}
		};
		let trouble = tokio::select! {
			biased;
			_ = stop.wait_for(|stop| *stop) => None,
			outcome = read => outcome.err(),
		};
		let count = u32::try_from(count).unwrap_or(u32::MAX);
		(self.index, count, *hasher.finalize().as_bytes(), trouble)
	}
}

/// Sends to one member and hears what arrives.
struct Giver {
	peer: Peer,
	bulk: Bulk,
	traffic: Arc<Traffic>,
}

impl Giver {
	async fn give(
		mut self,
		stop: watch::Receiver<bool>,
		not_idle: watch::Receiver<()>,
	) -> (Peer, Result<Part, Absence>) {
		let outcome = self.exchange(stop, not_idle).await;
		(self.peer, outcome)
	}

	async fn exchange(
		&mut self,
		mut stop: watch::Receiver<bool>,
		not_idle: watch::Receiver<()>,
	) -> Result<Part, Absence> {
		// A member may never let it be opened.
		let stream = tokio::select! {
			biased;
			_ = stop.wait_for(|stop| *stop) => return Ok(None),
			stream = self.peer.connection.open_uni() => stream,
		};
		let stream = stream.map_err(|error| Absence::Broken(bounded(error.to_string())))?;
		let sent = Arc::new(AtomicU64::new(0));
		let mut pump = AbortOnDrop(tokio::spawn(self.bulk.pump(stream, sent.clone(), stop.clone())));
		let mut last = None;
		let mut not_idle = Some(not_idle);
		loop {
			let frame = tokio::select! {
				biased;
				_ = stop.wait_for(|stop| *stop) => break,
				frame = self.peer.frames.next::<ToNode>() => frame.map_err(broken)?,
			};
			match frame {
				ToNode::Progress { received, mark } => {
					let received_bytes = u64::from(received);
					if received_bytes > sent.load(Ordering::Relaxed) {
						return Err(Absence::Misbehaved("it says that more has arrived than was sent"));
					}
					last = (received > 0).then_some((received, mark));
					self.traffic.set(self.peer.index, received_bytes);
					if received_bytes >= self.bulk.cap {
						not_idle = None;
					}
				}
				ToNode::Refuse(reason) => return Err(Absence::Refused(bounded(reason))),
				_ => return Err(Absence::Misbehaved("it answered the stream with something else")),
			}
		}
		drop(not_idle);
		// What waits in the stream would hold up the commitment.
		let _ = (&mut pump.0).await;
		Ok(last)
	}
}
