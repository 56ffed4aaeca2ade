//! Turns at uploading: few at one time, one for a customer and for an endpoint, and none for ever while others wait.

use parking_lot::{Mutex, MutexGuard};
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};
use substation_store::{progress::Progress, Hash};
use substation_transport::refused::{self, Refused};
use tokio::{sync::Notify, time::Instant};

/// Blobs that are pulled at one time.
const AT_ONE_TIME: usize = 4;
/// Who brings nothing for so long goes when somebody waits.
const SILENT: Duration = Duration::from_secs(10);
/// Time that any upload may take. From then on what it has brought is judged, not what it has promised.
const LEAST_TIME: Duration = Duration::from_secs(60);
/// Bytes per second. Who brings fewer goes when somebody waits.
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
}

impl Upload {
	/// Whether both cannot be pulled at one time.
	fn excludes(&self, other: &Self) -> bool {
		self.customer == other.customer || self.endpoint == other.endpoint || self.root == other.root
	}

	/// Whether this is no more than the next blob of whoever uploads that one. The account alone says little: anybody can
	/// name its proposals.
	fn follows(&self, other: &Self) -> bool {
		self.customer == other.customer && self.endpoint == other.endpoint && self.root != other.root
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
	/// Bytes that were there when it began to move: what has come before earns no time.
	from: u64,
	/// Bytes that had arrived at the last look, and since when.
	seen: u64,
	moved: Instant,
}

impl Running {
	/// Whether it has brought less than it should have.
	fn is_slow(&self) -> bool {
		let brought = self.seen.saturating_sub(self.from);
		self.since.elapsed() >= LEAST_TIME.saturating_add(Duration::from_secs(brought / LEAST_RATE))
	}
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

	/// Whether somebody could go if this upload went. Another blob of the same customer and endpoint waits its turn.
	fn is_in_the_way(&self, number: u64) -> bool {
		let Some(Running { upload: running, .. }) = self.running.get(&number) else { return false };
		let mut others = self.waiting.values().filter(|upload| !upload.follows(running));
		others.any(|upload| !self.has_room(upload, None) && self.has_room(upload, Some(number)))
	}

	/// Whether a blob arrives over another connection, has done so lately and not too slowly.
	fn arrives(&self, upload: &Upload) -> bool {
		let lately = |running: &Running| running.moved.elapsed() < SILENT && !running.is_slow();
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
		state.running.insert(number, Running { upload, since: now, from: 0, seen: 0, moved: now });
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
			if running.seen == 0 {
				running.from = done;
			}
			(running.seen, running.moved) = (done, Instant::now());
		}
		if !is_in_the_way {
			return None;
		}
		let (what, reason) = if running.moved.elapsed() >= SILENT {
			(refused::UPLOAD_SILENT, format!("nothing has arrived for {} seconds", SILENT.as_secs()))
		} else if running.is_slow() {
			(refused::UPLOAD_SLOW, format!("it brings less than {} KiB a second", LEAST_RATE >> 10))
		} else {
			return None;
		};
		self.0.refused.count(what);
		Some(format!("{reason}, and others wait; offer the file again to go on where it was"))
	}

	// Single operations on whole entries: a panic elsewhere cannot have left it half-way.
	fn state(&self) -> MutexGuard<'_, State> {
		self.0.state.lock()
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
		Upload { customer: [number; 32], endpoint: [number; 32], root: [number; 32] }
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

	/// Brings so many bytes every five seconds.
	fn dripping(progress: &Progress, bytes: u64) -> tokio::task::JoinHandle<()> {
		let progress = progress.clone();
		tokio::spawn(async move {
			loop {
				tokio::time::sleep(Duration::from_secs(5)).await;
				progress.add(bytes);
			}
		})
	}

	fn waiting(turns: &Turns, upload: Upload) -> tokio::task::JoinHandle<Result<Turn, Busy>> {
		let turns = turns.clone();
		tokio::spawn(async move { turns.take(upload).await })
	}

	// 6
	#[tokio::test(start_paused = true)]
	async fn a_dripping_customer_keeps_one_turn_and_only_for_so_long() {
		let (turns, progress) = (turns(), Progress::silent());
		let turn = turns.take(upload(1)).await.unwrap();
		let over = tokio::spawn(turn.over(progress.clone()));
		let drip = dripping(&progress, 16 << 10);
		tokio::time::sleep(Duration::from_secs(1_000)).await;
		assert!(!over.is_finished(), "nobody waits");

		let others = [turns.take(upload(2)).await, turns.take(upload(3)).await, turns.take(upload(4)).await];
		let next = Upload { root: [9; 32], ..upload(1) };
		assert!(waits(&turns, next).await, "the other file of the same customer");
		let next = waiting(&turns, next);
		tokio::time::sleep(Duration::from_secs(2)).await;
		assert!(!over.is_finished(), "it is in nobody else's way");
		next.abort();
		let (waiting, began) = (waiting(&turns, upload(5)), Instant::now());

		let reason = over.await.unwrap();
		assert!(reason.contains("less than 128 KiB a second, and others wait"), "{reason}");
		assert!(began.elapsed() <= 2 * LOOK);
		drop((turn, drip));
		assert!(waiting.await.unwrap().is_ok());
		assert_eq!(turns.0.refused.of(refused::UPLOAD_SLOW), 1);
		drop(others);
	}

	// M1
	#[tokio::test(start_paused = true)]
	async fn who_brings_enough_stays_and_what_had_come_before_earns_no_time() {
		let turns = turns();
		let (steady, resumed) = (Progress::silent(), Progress::silent());
		let (steady_turn, resumed_turn) = (turns.take(upload(1)).await.unwrap(), turns.take(upload(2)).await.unwrap());
		let steady_over = tokio::spawn(steady_turn.over(steady.clone()));
		let resumed_over = tokio::spawn(resumed_turn.over(resumed.clone()));
		// A gibibyte is there from an earlier attempt: two hours of it.
		resumed.set(1 << 30);
		let drips = [dripping(&steady, 5 * LEAST_RATE), dripping(&resumed, 1 << 10)];
		let others = [turns.take(upload(3)).await, turns.take(upload(4)).await];
		let began = Instant::now();
		let waiting = waiting(&turns, upload(5));

		let reason = resumed_over.await.unwrap();
		assert!(reason.contains("less than 128 KiB a second"), "{reason}");
		assert!(began.elapsed() <= LEAST_TIME + 2 * LOOK);
		tokio::time::sleep(Duration::from_secs(1_000)).await;
		assert!(!steady_over.is_finished(), "it brings what it should");
		drop((resumed_turn, steady_turn, drips, others));
		assert!(waiting.await.unwrap().is_ok());
	}

	// M2
	#[tokio::test(start_paused = true)]
	async fn who_drips_in_a_customers_name_gives_way_to_its_other_files() {
		let (turns, progress) = (turns(), Progress::silent());
		let stranger = Upload { endpoint: [8; 32], ..upload(1) };
		let turn = turns.take(stranger).await.unwrap();
		let over = tokio::spawn(turn.over(progress.clone()));
		let drip = dripping(&progress, 1 << 10);
		let began = Instant::now();
		let other_file = waiting(&turns, Upload { root: [9; 32], ..upload(1) });

		let reason = tokio::time::timeout(2 * LEAST_TIME, over).await.expect("it has to go").unwrap();

		assert!(reason.contains("less than 128 KiB a second"), "{reason}");
		assert!(began.elapsed() <= LEAST_TIME + 2 * LOOK);
		drop((turn, drip));
		assert!(other_file.await.unwrap().is_ok());
	}

	// M2
	#[tokio::test(start_paused = true)]
	async fn who_drips_in_a_customers_name_gives_way_to_the_same_file() {
		let (turns, progress) = (turns(), Progress::silent());
		let turn = turns.take(Upload { endpoint: [8; 32], ..upload(1) }).await.unwrap();
		let over = tokio::spawn(turn.over(progress.clone()));
		let drip = dripping(&progress, 1 << 10);
		tokio::time::sleep(LEAST_TIME / 2).await;
		assert_eq!(turns.take(upload(1)).await.map(drop), Err(Busy), "it may be an honest one");
		tokio::time::sleep(LEAST_TIME).await;

		let waiting = waiting(&turns, upload(1));

		let reason = tokio::time::timeout(2 * LOOK, over).await.expect("it has to go").unwrap();
		assert!(reason.contains("less than 128 KiB a second"), "{reason}");
		drop((turn, drip));
		assert!(waiting.await.unwrap().is_ok());
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
