//! What the runtime API tells about a node's proofs. Reads only; nothing on chain calls this.

use crate::{types::HostHasher, Config, Pallet};
use alloc::vec::Vec;
use frame_support::traits::Get;
use substation_primitives::{pages::WindowPage, NodeId, Period};

/// Closed periods that a page shows.
pub const RECENT: u32 = 32;

impl<T: Config> Pallet<T> {
	/// The window of the period that runs now for a node, whether the node exists or not.
	pub fn window(node: NodeId) -> WindowPage {
		let clock = T::Clock::get();
		let now = Self::now();
		let period = clock.current::<HostHasher>(node, now);
		let opens = clock.opens::<HostHasher>(node, period);
		WindowPage {
			now,
			genesis: Self::genesis_hash(),
			period,
			opens,
			closes: clock.closes::<HostHasher>(node, period),
			period_length: clock.period,
			seed: Self::seed(opens),
			frozen: *Self::standing(node).challenged(period),
			proven: Self::is_proven(node, period),
		}
	}

	/// Up to [`RECENT`] latest closed periods, oldest first, and whether each was proven.
	pub fn recent(node: NodeId) -> Vec<(Period, bool)> {
		let Some(closed) = T::Clock::get().closed::<HostHasher>(node, Self::now()) else { return Vec::new() };
		let first = closed.0.saturating_sub(RECENT.saturating_sub(1));
		(first..=closed.0).map(Period).map(|period| (period, Self::is_proven(node, period))).collect()
	}
}
