//! What the operator grants to tests of others, and what of it is free.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use substation_primitives::bandwidth::{Direction, Kbits, Rates};
use tokio::sync::Notify;

/// The section `[bandwidth]` of `config.toml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BandwidthConfig {
	/// Most kbit/s towards this machine that tests of others may take. What the node claims if not given.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub down_kbit: Option<Kbits>,
	/// Most kbit/s from this machine that tests of others may take. What the node claims if not given.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub up_kbit: Option<Kbits>,
}

/// Shares of a line. Clones look at the same line.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	config: BandwidthConfig,
	state: Mutex<State>,
	changed: Notify,
}

/// Down, then up; both as this machine sees them.
#[derive(Debug, Default)]
struct State {
	claim: Rates,
	used: [Kbits; 2],
	/// Whether this line itself is being measured, which nobody may disturb.
	own_test: [bool; 2],
}

fn place(flow: Direction) -> usize {
	match flow {
		Direction::Down => 0,
		Direction::Up => 1,
	}
}

/// Part of a line, free again when dropped.
#[derive(Debug)]
pub struct Share {
	limits: Limits,
	flow: Direction,
	rate: Kbits,
}

/// The whole of a line in one direction for a test of this node, given back when dropped.
#[derive(Debug)]
pub struct OwnTest {
	limits: Limits,
	flow: Direction,
}

/// There is not enough free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("busy: {free} kbit/s of {limit} are free, {wanted} are needed")]
pub struct Busy {
	/// What is free now.
	pub free: Kbits,
	/// What the operator grants.
	pub limit: Kbits,
	/// What was asked for.
	pub wanted: Kbits,
}

impl Limits {
	/// Grants what the configuration says; what it leaves open, once the claim is known.
	pub fn new(config: BandwidthConfig) -> Self {
		Self(Arc::new(Inner { config, state: Mutex::default(), changed: Notify::new() }))
	}

	/// Takes note of what the node claims.
	pub fn set_claim(&self, claim: Rates) {
		self.state().claim = claim;
		self.0.changed.notify_waiters();
	}

	/// What the operator grants.
	pub fn granted(&self) -> Rates {
		self.granted_of(&self.state())
	}

	/// What tests of others take now.
	pub fn used(&self) -> Rates {
		let state = self.state();
		let [down, up] = state.used;
		Rates { down, up }
	}

	/// Takes a part of the line for a test of another node.
	pub fn reserve(&self, flow: Direction, rate: Kbits) -> Result<Share, Busy> {
		let mut state = self.state();
		let limit = self.granted_of(&state).get(flow);
		let is_blocked = state.own_test.get(place(flow)).copied().unwrap_or(true);
		let Some(used) = state.used.get_mut(place(flow)) else { return Err(Busy { free: 0, limit, wanted: rate }) };
		let free = if is_blocked { 0 } else { limit.saturating_sub(*used) };
		if rate > free {
			return Err(Busy { free, limit, wanted: rate });
		}
		*used = used.saturating_add(rate);
		drop(state);
		Ok(Share { limits: self.clone(), flow, rate })
	}

	/// The same, waiting for a place if one may become free.
	pub async fn reserve_within(&self, flow: Direction, rate: Kbits, patience: Duration) -> Result<Share, Busy> {
		let mut last = None;
		let taken = tokio::time::timeout(patience, async {
			loop {
				let changed = self.0.changed.notified();
				match self.reserve(flow, rate) {
					Ok(share) => return Some(share),
					Err(busy) if busy.wanted > busy.limit => {
						last = Some(busy);
						return None;
					}
					Err(busy) => last = Some(busy),
				}
				changed.await;
			}
		})
		.await;
		match taken {
			Ok(Some(share)) => Ok(share),
			_ => Err(last.unwrap_or(Busy { free: 0, limit: 0, wanted: rate })),
		}
	}

	/// Keeps new tests of others away from one direction and waits for the running ones, but not longer than `patience`.
	pub async fn own_test(&self, flow: Direction, patience: Duration) -> OwnTest {
		if let Some(flag) = self.state().own_test.get_mut(place(flow)) {
			*flag = true;
		}
		let own = OwnTest { limits: self.clone(), flow };
		let _ = tokio::time::timeout(patience, async {
			loop {
				let changed = self.0.changed.notified();
				if self.used().get(flow) == 0 {
					return;
				}
				changed.await;
			}
		})
		.await;
		own
	}

	fn granted_of(&self, state: &State) -> Rates {
		Rates {
			down: self.0.config.down_kbit.unwrap_or(state.claim.down),
			up: self.0.config.up_kbit.unwrap_or(state.claim.up),
		}
	}

	fn state(&self) -> parking_lot::MutexGuard<'_, State> {
		self.0.state.lock()
	}
}

impl Drop for Share {
	fn drop(&mut self) {
		if let Some(used) = self.limits.state().used.get_mut(place(self.flow)) {
			*used = used.saturating_sub(self.rate);
		}
		self.limits.0.changed.notify_waiters();
	}
}

impl Drop for OwnTest {
	fn drop(&mut self) {
		if let Some(flag) = self.limits.state().own_test.get_mut(place(self.flow)) {
			*flag = false;
		}
		self.limits.0.changed.notify_waiters();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use Direction::{Down, Up};

	const LONG: Duration = Duration::from_secs(5);

	fn limits() -> Limits {
		let limits = Limits::new(BandwidthConfig { down_kbit: Some(1_000), up_kbit: None });
		limits.set_claim(Rates { down: 9_000, up: 500 });
		limits
	}

	#[test]
	fn configuration_goes_before_the_claim() {
		assert_eq!(limits().granted(), Rates { down: 1_000, up: 500 });
		assert_eq!(Limits::new(BandwidthConfig::default()).granted(), Rates::default());
	}

	#[test]
	fn shares_never_exceed_the_limit_and_come_back() {
		let limits = limits();
		let first = limits.reserve(Down, 600).unwrap();

		assert_eq!(limits.reserve(Down, 600).unwrap_err(), Busy { free: 400, limit: 1_000, wanted: 600 });
		let other = limits.reserve(Up, 500).unwrap();
		drop(first);

		assert_eq!(limits.used(), Rates { down: 0, up: 500 });
		limits.reserve(Down, 1_000).unwrap();
		drop(other);
	}

	#[tokio::test(start_paused = true)]
	async fn a_place_that_becomes_free_is_taken() {
		let limits = limits();
		let share = limits.reserve(Up, 400).unwrap();

		let wait = limits.reserve_within(Up, 300, LONG);
		let (taken, ()) = tokio::join!(wait, async {
			tokio::time::sleep(LONG / 2).await;
			drop(share);
		});

		assert!(taken.is_ok());
		assert!(limits.reserve_within(Up, 300, LONG).await.is_err());
		assert_eq!(limits.reserve_within(Up, 501, LONG).await.unwrap_err().limit, 500);
	}

	#[tokio::test(start_paused = true)]
	async fn own_test_waits_for_others_and_keeps_new_ones_away() {
		let limits = limits();
		let share = limits.reserve(Down, 100).unwrap();

		let own = limits.own_test(Down, LONG).await;

		assert_eq!(limits.reserve(Down, 1).unwrap_err().free, 0);
		limits.reserve(Up, 1).unwrap();
		drop((own, share));
		limits.reserve(Down, 1_000).unwrap();
	}
}
