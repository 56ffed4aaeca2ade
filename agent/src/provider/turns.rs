//! Turns at uploading: few at one time, one for a customer and for an endpoint, and none for ever while others wait.

use crate::data::{
	progress::Progress,
	refused::{self, Refused},
	Hash,
};
use std::{
	collections::BTreeMap,
	future::Future,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// Blobs that are pulled at one time.
const AT_ONE_TIME: usize = 4;
/// Who brings nothing for so long goes when somebody waits.
const SILENT: Duration = Duration::from_secs(10);
/// Time that any upload may take, and what it may take for each byte. Who takes longer goes when somebody waits.
const LEAST_TIME: Duration = Duration::from_secs(60);
/// Bytes per second.
const LEAST_RATE: u64 = 128 << 10;
/// How often an upload is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Who uploads what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
	/// The account that pays.
	pub customer: Hash,
	/// The endpoint that has dialled.
	pub endpoint: Hash,
	/// The blob.
	pub root: Hash,
	/// Its bytes.
	pub length: u64,
}

impl Upload {
	/// Whether both cannot be pulled at one time.
	fn excludes(&self, other: &Self) -> bool {
		self.customer == other.customer || self.endpoint == other.endpoint || self.root == other.root
	}

	fn longest(&self) -> Duration {
		LEAST_TIME.saturating_add(Duration::from_secs(self.length / LEAST_RATE))
	}
}

/// The blob arrives already, from somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file arrives already over another connection; try again when that has ended")]
pub struct Busy;

/// Turns at uploading. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	state: Mutex<State>,
	changed: Notify,
	refused: Refused,
}

#[derive(Debug, Default)]
struct State {
	next: u64,
	/// In the order in which they came.
	waiting: BTreeMap<u64, Upload>,
	running: BTreeMap<u64, Running>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
	upload: Upload,
	since: Instant,
	/// Bytes that had arrived at the last look, and since when.
	seen: u64,
	moved: Instant,
}

impl State {
	/// Whether an upload could be pulled beside those that are, without the one of this number.
	fn has_room(&self, upload: &Upload, without: Option<u64>) -> bool {
		let others = || self.running.iter().filter(|(number, _)| Some(**number) != without);
		others().count() < AT_ONE_TIME && !others().any(|(_, running)| running.upload.excludes(upload))
	}

	/// Who goes next.
	fn first(&self) -> Option<u64> {
		self.waiting.iter().find(|(_, upload)| self.has_room(upload, None)).map(|(number, _)| *number)
	}

	/// Whether somebody could go if this upload went. Another blob of the same customer waits its turn.
	fn is_in_the_way(&self, number: u64) -> bool {
		let Some(Running { upload: running, .. }) = self.running.get(&number) else { return false };
		let is_other = |upload: &&Upload| upload.customer != running.customer || upload.root == running.root;
		let mut others = self.waiting.values().filter(is_other);
		others.any(|upload| !self.has_room(upload, None) && self.has_room(upload, Some(number)))
	}

	/// Whether a blob arrives over another connection and has done so lately.
	fn arrives(&self, upload: &Upload) -> bool {
		let lately = |running: &Running| running.moved.elapsed() < SILENT;
		self.running.values().any(|running| running.upload.root == upload.root && lately(running))
	}
}

impl Turns {
	/// Nobody uploads. Who has to go is counted.
	pub fn new(refused: Refused) -> Self {
		Self(Arc::new(Inner { state: Mutex::default(), changed: Notify::new(), refused }))
	}

	/// Waits for a turn.
	pub async fn take(&self, upload: Upload) -> Result<Turn, Busy> {
		let waiter = self.wait(upload)?;
		loop {
			let changed = self.0.changed.notified();
			tokio::pin!(changed);
			// Before looking, so that no change in between is missed.
			changed.as_mut().enable();
			if let Some(turn) = self.begin(&waiter) {
				return Ok(turn);
			}
			changed.await;
		}
	}

	fn wait(&self, upload: Upload) -> Result<Waiter, Busy> {
		let mut state = self.state();
		if state.arrives(&upload) {
			self.0.refused.count(refused::UPLOAD_BUSY);
			return Err(Busy);
		}
		let number = state.next;
		state.next = number.saturating_add(1);
		state.waiting.insert(number, upload);
		Ok(Waiter { turns: self.clone(), number, upload })
	}

	fn begin(&self, waiter: &Waiter) -> Option<Turn> {
		let mut state = self.state();
		if state.first() != Some(waiter.number) {
			return None;
		}
		let Waiter { number, upload, .. } = *waiter;
		let now = Instant::now();
		state.waiting.remove(&number);
		state.running.insert(number, Running { upload, since: now, seen: 0, moved: now });
		drop(state);
		// There may be room for the next one as well.
		self.0.changed.notify_waiters();
		Some(Turn { turns: self.clone(), number })
	}

	/// Looks at an upload. Says why it has to go, if it has to.
	fn look(&self, number: u64, done: u64) -> Option<String> {
		let mut state = self.state();
		let is_in_the_way = state.is_in_the_way(number);
		let running = state.running.get_mut(&number)?;
		if done != running.seen {
			(running.seen, running.moved) = (done, Instant::now());
		}
		if !is_in_the_way {
			return None;
		}
		let (what, reason) = if running.moved.elapsed() >= SILENT {
			(refused::UPLOAD_SILENT, format!("nothing has arrived for {} seconds", SILENT.as_secs()))
		} else if running.since.elapsed() >= running.upload.longest() {
			(refused::UPLOAD_SLOW, format!("it takes more than {} seconds", running.upload.longest().as_secs()))
		} else {
			return None;
		};
		self.0.refused.count(what);
		Some(format!("{reason}, and others wait; offer the file again to go on where it was"))
	}

	// Single operations on whole entries: a panic elsewhere cannot have left it half-way.
	fn state(&self) -> MutexGuard<'_, State> {
		self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Somebody who waits for a turn.
#[derive(Debug)]
struct Waiter {
	turns: Turns,
	number: u64,
	upload: Upload,
}

impl Drop for Waiter {
	fn drop(&mut self) {
		// Whoever has begun waits no longer. One who has given up may have been the first.
		if self.turns.state().waiting.remove(&self.number).is_some() {
			self.turns.0.changed.notify_waiters();
		}
	}
}

/// A turn, given on when dropped.
#[derive(Debug)]
pub struct Turn {
	turns: Turns,
	number: u64,
}

impl Turn {
	/// Returns when it is over because others wait, and why. Not before something waits that could go instead.
	pub fn over(&self, progress: Progress) -> impl Future<Output = String> {
		let (turns, number) = (self.turns.clone(), self.number);
		async move {
			loop {
				tokio::time::sleep(LOOK).await;
				if let Some(reason) = turns.look(number, progress.done()) {
					return reason;
				}
			}
		}
	}
}

impl Drop for Turn {
	fn drop(&mut self) {
		self.turns.state().running.remove(&self.number);
		self.turns.0.changed.notify_waiters();
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Of a customer with its own endpoint and blob.
	fn upload(number: u8) -> Upload {
		Upload { customer: [number; 32], endpoint: [number; 32], root: [number; 32], length: 0 }
	}

	fn turns() -> Turns {
		Turns::new(Refused::default())
	}

	async fn waits(turns: &Turns, upload: Upload) -> bool {
		tokio::time::timeout(Duration::from_millis(1), turns.take(upload)).await.is_err()
	}

	#[tokio::test(start_paused = true)]
	async fn so_many_upload_at_one_time_and_one_of_a_customer_an_endpoint_and_a_blob() {
		let turns = turns();
		let first = turns.take(upload(1)).await.unwrap();

		assert!(waits(&turns, Upload { customer: [1; 32], ..upload(9) }).await);
		assert!(waits(&turns, Upload { endpoint: [1; 32], ..upload(9) }).await);
		assert_eq!(turns.take(Upload { root: [1; 32], ..upload(9) }).await.map(drop), Err(Busy));
		let others = [turns.take(upload(2)).await, turns.take(upload(3)).await, turns.take(upload(4)).await];
		assert!(others.iter().all(Result::is_ok));
		assert!(waits(&turns, upload(5)).await);

		drop(first);
		assert!(turns.take(upload(5)).await.is_ok());
		assert!(turns.state().waiting.is_empty());
	}

	#[tokio::test(start_paused = true)]
	async fn who_came_first_goes_first_unless_something_of_its_own_runs() {
		let turns = turns();
		let mut running = Vec::new();
		for number in 1..=4 {
			running.push(turns.take(upload(number)).await.unwrap());
		}
		let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
		for (name, upload) in
			[("own", Upload { root: [9; 32], ..upload(2) }), ("first", upload(6)), ("second", upload(7))]
		{
			let (turns, told) = (turns.clone(), told.clone());
			tokio::spawn(async move {
				let turn = turns.take(upload).await;
				let _ = told.send((name, turn));
			});
			tokio::task::yield_now().await;
		}

		running.remove(0);
		let (name, turn) = order.recv().await.unwrap();
		assert_eq!(name, "first");
		drop(turn);
		assert_eq!(order.recv().await.unwrap().0, "second");
		running.remove(0);
		assert_eq!(order.recv().await.unwrap().0, "own");
	}

	// 6
	#[tokio::test(start_paused = true)]
	async fn a_dripping_customer_keeps_one_turn_and_only_for_so_long() {
		let turns = turns();
		let long = Upload { length: 10 * LEAST_RATE, ..upload(1) };
		let (progress, began) = (Progress::silent(), Instant::now());
		let turn = turns.take(long).await.unwrap();
		let over = tokio::spawn(turn.over(progress.clone()));
		let drip = tokio::spawn(async move {
			loop {
				tokio::time::sleep(Duration::from_secs(5)).await;
				progress.add(16 << 10);
			}
		});
		tokio::time::sleep(Duration::from_secs(1_000)).await;
		assert!(!over.is_finished(), "nobody waits");

		let others = [turns.take(upload(2)).await, turns.take(upload(3)).await, turns.take(upload(4)).await];
		assert!(waits(&turns, Upload { root: [9; 32], ..long }).await, "the other file of the same customer");
		tokio::time::sleep(Duration::from_secs(2)).await;
		assert!(!over.is_finished(), "it is in nobody else's way");
		let waiting = tokio::spawn({
			let turns = turns.clone();
			async move { turns.take(upload(5)).await }
		});

		let reason = over.await.unwrap();
		assert!(reason.contains("more than 70 seconds, and others wait"), "{reason}");
		assert!(began.elapsed() < Duration::from_secs(1_010));
		drop((turn, drip));
		assert!(waiting.await.unwrap().is_ok());
		assert_eq!(turns.0.refused.of(refused::UPLOAD_SLOW), 1);
		drop(others);
	}

	// 6
	#[tokio::test(start_paused = true)]
	async fn a_silent_offer_yields_to_whoever_brings_the_same_blob() {
		let turns = turns();
		let silent = turns.take(upload(1)).await.unwrap();
		let over = tokio::spawn(silent.over(Progress::silent()));
		let same = Upload { endpoint: [2; 32], ..upload(1) };

		tokio::time::sleep(SILENT / 2).await;
		assert_eq!(turns.take(same).await.map(drop), Err(Busy));
		tokio::time::sleep(SILENT / 2).await;
		let waiting = tokio::spawn({
			let turns = turns.clone();
			async move { turns.take(same).await }
		});

		let reason = over.await.unwrap();
		assert!(reason.contains("nothing has arrived for 10 seconds"), "{reason}");
		drop(silent);
		assert!(waiting.await.unwrap().is_ok());
		assert_eq!(turns.0.refused.of(refused::UPLOAD_BUSY), 1);
	}
}
