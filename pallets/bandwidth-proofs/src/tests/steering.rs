//! What cannot influence a draw whose randomness somebody may know.

use crate::mock::*;
use frame_support::assert_ok;
use substation_primitives::{BlockNumber, NodeId, TestId};

/// What was drawn: the test, the node, its committee.
type Drawn = Vec<(TestId, NodeId, Vec<NodeId>)>;

/// All tests of the next epochs, while `meanwhile` does what it wants in each block before the draw of the next.
fn draws(epochs: u32, meanwhile: impl Fn(BlockNumber)) -> Vec<Drawn> {
	let mut all = Vec::new();
	ExtBuilder::default().nodes(10).build_and_execute(|| {
		for node in 1..=10 {
			// Enough for all tests, so that nobody drops out.
			assert_ok!(BandwidthProofs::prepay(signed(operator(NodeId(node))), NodeId(node), 1_000 * FEE));
		}
		let start = System::block_number();
		assert_eq!(start % EPOCH_BLOCKS, 0);
		for epoch in 0..epochs {
			let mut tests = Drawn::new();
			for block in 0..EPOCH_BLOCKS {
				let number = epoch * EPOCH_BLOCKS + block;
				meanwhile(number);
				advance_to(start + number + 1);
				let id = TestId { block: System::block_number(), index: 0 };
				// The first block of the next epoch draws with the randomness of this one.
				if let Some(view) = BandwidthProofs::test(id) {
					let committee = view.test.committee.iter().map(|(member, _)| *member).collect();
					tests.push((id, view.test.node, committee));
				}
			}
			all.push(tests);
		}
	});
	all
}

fn names(drawn: &Drawn, node: NodeId) -> bool {
	drawn.iter().any(|(_, tested, committee)| *tested == node || committee.contains(&node))
}

// Whoever makes the last block of an epoch knows the randomness of the one after the next.
#[test]
fn seats_taken_now_change_no_draw_of_this_epoch_or_the_next_two() {
	let quiet = draws(4, |_| ());
	// A new node takes one seat more in each of the last blocks of the first epoch.
	let busy = draws(4, |number| {
		if number == 0 {
			register(NodeId(50), 32);
		}
		if (EPOCH_BLOCKS - 32..EPOCH_BLOCKS).contains(&number) {
			assert_ok!(take(NodeId(50), 1, 100 * FEE));
		}
	});

	// Ten nodes, of which each is under test for 21 blocks and then waits for ten.
	assert!(quiet.iter().all(|drawn| drawn.len() > 5));
	assert_eq!(quiet[..3], busy[..3]);
	assert_ne!(quiet[3], busy[3]);
	assert!(names(&busy[3], NodeId(50)));
}

#[test]
fn seats_given_up_now_are_drawn_until_the_end_of_the_epoch_after_the_next() {
	let quiet = draws(4, |_| ());
	let busy = draws(4, |number| {
		if number == 7 {
			assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NodeId(4))), NodeId(4)));
		}
	});

	assert_eq!(quiet[..3], busy[..3]);
	assert!(names(&busy[2], NodeId(4)) && !names(&busy[3], NodeId(4)));
}

// Whoever removes lines in the last block of an epoch would choose places for draws whose randomness is known.
#[test]
fn a_removed_line_changes_no_draw_of_this_epoch_or_the_next_two() {
	let with = |removed: bool| {
		draws(7, move |number| {
			if number == 0 {
				assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NodeId(4))), NodeId(4)));
			}
			// No test of the node runs any more.
			if removed && number == 4 * EPOCH_BLOCKS - 1 {
				assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NodeId(4)));
				// Another one's seat has moved, and is drawn where it was before.
				assert_eq!(line(NodeId(10)).seats.to_vec(), vec![3]);
			}
		})
	};

	let (quiet, busy) = (with(false), with(true));

	assert_eq!(quiet[..6], busy[..6]);
	assert_ne!(quiet[6], busy[6]);
	assert!(names(&busy[5], NodeId(10)) && names(&busy[6], NodeId(10)));
}

#[test]
fn swapping_one_node_for_another_around_a_draw_moves_nothing() {
	let quiet = draws(3, |_| ());
	let busy = draws(3, |number| {
		if number == 30 {
			assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NodeId(9))), NodeId(9)));
			register(NodeId(51), 1);
			assert_ok!(take(NodeId(51), 1, 100 * FEE));
		}
	});

	assert_eq!(quiet, busy);
}

#[test]
fn paying_in_when_a_friendly_committee_is_in_sight_comes_too_late() {
	let poor = |rescue: Option<BlockNumber>| {
		draws(4, move |number| {
			let node = NodeId(4);
			if number == 0 {
				let prepaid = line(node).prepaid;
				assert_ok!(BandwidthProofs::withdraw_prepaid(signed(operator(node)), node, prepaid));
			}
			if rescue == Some(number) {
				assert_ok!(BandwidthProofs::prepay(signed(operator(node)), node, 500 * FEE));
			}
		})
	};

	let (never, rescued) = (poor(None), poor(Some(20)));

	assert_eq!(never[..3], rescued[..3]);
	let tested = |drawn: &Drawn| drawn.iter().any(|(_, tested, _)| *tested == NodeId(4));
	assert!(!rescued[..3].iter().any(tested) && tested(&rescued[3]));
	// Nor is it a member before.
	assert!(!rescued[..3].iter().any(|drawn| names(drawn, NodeId(4))));
	assert!(!never.iter().any(tested));
}

#[test]
fn topping_up_in_time_delays_nothing() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let node = NodeId(1);
		let ready = line(node).ready;

		assert_ok!(BandwidthProofs::prepay(signed(operator(node)), node, 1));

		assert_eq!(line(node).ready, ready);
	});
}

// Whoever can switch draws on or off when it knows the next one re-rolls it for nothing.
#[test]
fn what_draws_need_to_begin_counts_as_late_as_seats() {
	let draws_of = |epochs| drawn(epochs * EPOCH_BLOCKS).len();
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		CommitteesOf::mutate(|committees| committees.min_nodes = 7);
		assert_eq!(System::block_number() % EPOCH_BLOCKS, 0);
		register(NodeId(50), 1);
		assert_ok!(take(NodeId(50), 1, 100 * FEE));

		assert_eq!(draws_of(3), 0);
		assert!(draws_of(1) > 0);

		assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NodeId(50))), NodeId(50)));
		assert!((0..3).all(|_| draws_of(1) > 0));
		assert_eq!(draws_of(1), 0);
	});
}

// The bond that draws need is counted like the nodes.
#[test]
fn a_bond_that_is_taken_now_starts_no_draw_before_its_seats_count() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		Bandwidth::mutate(|settings| settings.min_total_bond = 8 * SEAT_BOND);
		change_record(NodeId(1), |record| record.bond = 3 * SEAT_BOND);
		assert_ok!(take(NodeId(1), 2, 0));

		assert_eq!(drawn(3 * EPOCH_BLOCKS).len(), 0);
		assert!(!drawn(EPOCH_BLOCKS).is_empty());
	});
}
