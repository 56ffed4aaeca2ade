//! What the runtime API is told.

use crate::{mock::*, RECENT};
use frame_support::assert_storage_noop;
use substation_primitives::{pages::WindowPage, NodeId, Period};
use substation_proofs::forest::Forest;

#[test]
fn the_window_of_an_unknown_node_can_be_read() {
	ExtBuilder.build_and_execute(|| {
		let node = NodeId(5);

		let page = StorageProofs::window(node);

		assert_eq!(
			page,
			WindowPage {
				now: 1,
				genesis: [69; 32],
				period: Period(0),
				opens: opens(node, Period(0)),
				closes: closes(node, Period(0)),
				period_length: CLOCK.period,
				seed: page.seed,
				frozen: Forest::default(),
				proven: false,
			}
		);
	});
}

#[test]
fn the_window_page_follows_the_window() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = current(hardware.node);
		assert_eq!(StorageProofs::window(hardware.node).seed, None);

		open_window(hardware.node);
		let open = StorageProofs::window(hardware.node);
		assert_eq!(open.period, period);
		assert_eq!(open.seed, StorageProofs::seed(open.opens));
		assert_eq!(open.frozen, hardware.tree.forest());
		assert!(!open.proven);

		assert_eq!(hardware.prove(), Ok(Ok(())));
		assert!(StorageProofs::window(hardware.node).proven);

		close_window(hardware.node);
		let next = StorageProofs::window(hardware.node);
		assert_eq!((next.period, next.seed, next.proven), (period.next(), None, false));
	});
}

#[test]
fn recent_periods_are_closed_and_in_order() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let first = hardware.prove_period();
		close_window(hardware.node);
		hardware.prove_period();

		let recent = StorageProofs::recent(hardware.node);

		let from = first.0 as usize;
		assert_eq!(recent[from..], [(first, true), (first.next(), false), (first.next().next(), true)]);
		assert_eq!(recent.len(), from + 3);
	});
}

#[test]
fn no_more_than_the_latest_periods_are_shown() {
	ExtBuilder.build_and_execute(|| {
		let node = NodeId(1);
		assert_eq!(StorageProofs::recent(node), vec![]);

		close_windows(node, 100);

		let recent = StorageProofs::recent(node);
		assert_eq!(recent.len(), RECENT as usize);
		assert_eq!(recent.last(), Some(&(Period(99), false)));
	});
}

#[test]
fn a_page_shows_misses_that_nobody_has_applied() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 2);

		assert_storage_noop!({
			let standing = StorageProofs::standing(hardware.node);
			assert_eq!(standing.strikes, 8);
			assert_eq!(standing.next_due, current(hardware.node));
		});
	});
}
