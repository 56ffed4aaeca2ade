//! A gate between the store and the network: so many bytes may go out, and no byte more until somebody allows them.

use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use tokio::sync::Notify;

/// A gate. Clones share it; every request of a connection goes through the same one.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
	state: Mutex<State>,
	moved: Notify,
}

#[derive(Debug, Default)]
struct State {
	allowed: u64,
	taken: u64,
	is_shut: bool,
}

impl Gate {
	/// A gate that lets `allowed` bytes through.
	pub fn new(allowed: u64) -> Self {
		let gate = Self::default();
		gate.allow(allowed);
		gate
	}

	/// Waits until something may go out and takes as much of `wanted` as may. `None` once the gate is shut.
	pub async fn take(&self, wanted: u64) -> Option<u64> {
		loop {
			let moved = self.0.moved.notified();
			tokio::pin!(moved);
			// Before looking, so that no change in between is missed.
			moved.as_mut().enable();
			{
				let mut state = self.state();
				if state.is_shut {
					return None;
				}
				let part = state.allowed.saturating_sub(state.taken).min(wanted);
				if part > 0 || wanted == 0 {
					state.taken = state.taken.saturating_add(part);
					return Some(part);
				}
			}
			moved.await;
		}
	}

	/// Lets `total` bytes through in all, counted from the gate's beginning. Never takes anything back.
	pub fn allow(&self, total: u64) {
		let mut state = self.state();
		state.allowed = state.allowed.max(total);
		drop(state);
		self.0.moved.notify_waiters();
	}

	/// Lets nothing through any more, for ever.
	pub fn shut(&self) {
		self.state().is_shut = true;
		self.0.moved.notify_waiters();
	}

	/// Returns once the gate is shut.
	pub async fn shuts(&self) {
		loop {
			let moved = self.0.moved.notified();
			tokio::pin!(moved);
			moved.as_mut().enable();
			if self.state().is_shut {
				return;
			}
			moved.await;
		}
	}

	/// Bytes that went through.
	pub fn taken(&self) -> u64 {
		self.state().taken
	}

	// Single assignments: a panic elsewhere cannot have left it half-way.
	fn state(&self) -> MutexGuard<'_, State> {
		self.0.state.lock()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	#[tokio::test]
	async fn not_a_byte_more_than_allowed_goes_through() {
		let gate = Gate::new(10);

		assert_eq!(gate.take(7).await, Some(7));
		assert_eq!(gate.take(7).await, Some(3));
		assert!(tokio::time::timeout(Duration::from_millis(20), gate.take(1)).await.is_err());
		gate.allow(5);
		assert_eq!(gate.taken(), 10);
		gate.allow(11);
		assert_eq!(gate.take(7).await, Some(1));
	}

	#[tokio::test]
	async fn whoever_waits_is_woken_by_more_room_and_by_the_end() {
		let gate = Gate::new(0);
		let waiting = tokio::spawn({
			let gate = gate.clone();
			async move { (gate.take(4).await, gate.take(4).await) }
		});
		tokio::task::yield_now().await;

		gate.allow(2);
		tokio::time::sleep(Duration::from_millis(10)).await;
		gate.shut();

		assert_eq!(waiting.await.unwrap(), (Some(2), None));
		gate.shuts().await;
		gate.allow(100);
		assert_eq!(gate.take(1).await, None);
	}
}
