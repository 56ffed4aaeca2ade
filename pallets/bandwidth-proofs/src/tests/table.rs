//! The table stays as long as there are seats, and nothing that is fixed moves.

use crate::{mock::*, Lines, Seats, Table, FREEZE};
use frame_support::assert_ok;
use proptest::prelude::*;
use sp_runtime::DispatchResult;
use std::collections::BTreeMap;
use substation_primitives::NodeId;

/// Whose seats draws of an epoch can hit: one node for each place that is not empty.
fn seen(epoch: u64) -> BTreeMap<u32, NodeId> {
	let mut seen = BTreeMap::new();
	for place in 0..Table::<Test>::get().at(epoch) {
		let mut seats = Seats::<Test>::get(place).into_iter().filter(|seat| seat.is_in_force(epoch));
		let seat = seats.next().filter(|seat| Lines::<Test>::get(seat.node).is_some_and(|line| line.counts_in(epoch)));
		assert!(seats.next().is_none(), "two seats at place {place}");
		if let Some(seat) = seat {
			seen.insert(place, seat.node);
		}
	}
	seen
}

fn places(node: u64) -> Vec<u32> {
	line(NodeId(node)).seats.to_vec()
}

fn remove(node: u64) {
	assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NodeId(node)));
}

#[test]
fn the_last_seat_takes_the_place_of_one_that_is_removed() {
	ExtBuilder::default().nodes(4).build_and_execute(|| {
		pause();
		retire(NodeId(2));
		let epoch = Epoch::get();

		remove(2);

		let node = NodeId;
		let now = BTreeMap::from([(0, node(1)), (2, node(3)), (3, node(4))]);
		assert_eq!([0, 1, 2, 3].map(|after| seen(epoch + after)), {
			let later = BTreeMap::from([(0, node(1)), (1, node(4)), (2, node(3))]);
			[now.clone(), now.clone(), now, later]
		});
		assert_eq!((places(4), places(3)), (vec![1], vec![2]));
		// Nobody is told that its seat begins anew.
		assert_eq!(BandwidthProofs::line(node(4)).unwrap().seats[0].from, 3);
		// What is over goes with the next seat that needs the place.
		thaw();
		register(node(9), 2);
		assert_ok!(take(node(9), 2, 0));
		assert_eq!(places(9), vec![3, 4]);
		assert_eq!(Seats::<Test>::get(3).len(), 1);
	});
}

#[test]
fn a_seat_moves_before_it_has_counted() {
	ExtBuilder::default().nodes(3).build_and_execute(|| {
		pause();
		retire(NodeId(1));
		let epoch = Epoch::get();
		register(NodeId(9), 1);
		assert_ok!(take(NodeId(9), 1, 100 * FEE));

		remove(1);

		assert_eq!(places(9), vec![0]);
		assert!(!Seats::<Test>::contains_key(3));
		let now = BTreeMap::from([(1, NodeId(2)), (2, NodeId(3))]);
		assert!([0, 1, 2].map(|after| seen(epoch + after)).iter().all(|seen| *seen == now));
		assert_eq!(seen(epoch + 3).get(&0), Some(&NodeId(9)));
	});
}

#[test]
fn a_seat_that_is_given_up_moves_and_counts_no_longer_than_its_line() {
	ExtBuilder::default().nodes(3).build_and_execute(|| {
		pause();
		retire(NodeId(1));
		// The last seat counts until then, at its old place.
		assert_ok!(BandwidthProofs::give_up_seats(signed(operator(NodeId(3))), NodeId(3)));
		remove(1);
		let epoch = Epoch::get();
		let now = BTreeMap::from([(1, NodeId(2)), (2, NodeId(3))]);
		assert!([0, 1, 2].map(|after| seen(epoch + after)).iter().all(|seen| *seen == now));
		assert_eq!(seen(epoch + 3), BTreeMap::from([(1, NodeId(2))]));

		thaw();
		remove(3);

		assert_eq!(places(2), vec![0]);
		assert_eq!(Table::<Test>::get().decided(), 1);
		assert_eq!(seen(epoch + 6), BTreeMap::from([(0, NodeId(2))]));
	});
}

#[test]
fn the_last_line_leaves_nothing_behind() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		pause();
		retire(NodeId(1));

		remove(1);

		assert_eq!(Table::<Test>::get().decided(), 0);
		assert_eq!(Seats::<Test>::iter().count(), 0);
	});
}

const NODES: u64 = 9;

#[derive(Clone, Debug)]
enum Command {
	Take { node: u64, seats: u8 },
	GiveUp { node: u64 },
	Remove { node: u64 },
	NextEpoch,
}

fn command() -> impl Strategy<Value = Command> {
	let node = || 1..=NODES;
	prop_oneof![
		4 => (node(), prop_oneof![1..4u8, Just(20)]).prop_map(|(node, seats)| Command::Take { node, seats }),
		2 => node().prop_map(|node| Command::GiveUp { node }),
		3 => node().prop_map(|node| Command::Remove { node }),
		2 => Just(Command::NextEpoch),
	]
}

/// What nodes hold, without a table: the first epochs of their seats, and the end of all of them.
type Held = BTreeMap<NodeId, (Vec<u64>, Option<u64>)>;

/// As a block does: a refused call changes nothing.
fn succeeds(call: impl FnOnce() -> DispatchResult) -> bool {
	frame_support::storage::with_storage_layer(call).is_ok()
}

/// Does it, to the chain and to what is expected of it.
fn run(command: &Command, held: &mut Held) {
	let epoch = Epoch::get();
	match command {
		Command::Take { node, seats } => {
			let node = NodeId(*node);
			if succeeds(|| take(node, *seats, 0)) {
				held.entry(node).or_default().0.extend(vec![epoch + FREEZE; usize::from(*seats)]);
			}
		}
		Command::GiveUp { node } => {
			let node = NodeId(*node);
			if succeeds(|| BandwidthProofs::give_up_seats(signed(operator(node)), node)) {
				held.get_mut(&node).unwrap().1 = Some(epoch + FREEZE);
			}
		}
		Command::Remove { node } => {
			let node = NodeId(*node);
			let over = held.get(&node).and_then(|(_, until)| *until).is_some_and(|until| until <= epoch);
			assert_eq!(succeeds(|| BandwidthProofs::remove_line(signed(ANYONE), node)), over);
			if over {
				held.remove(&node);
			}
		}
		Command::NextEpoch => Epoch::set(epoch + 1),
	}
}

/// How many seats of each node count in an epoch.
fn expected(held: &Held, epoch: u64) -> BTreeMap<NodeId, usize> {
	let counting = held.iter().filter(|(_, (_, until))| until.is_none_or(|until| epoch < until));
	let counts = counting.map(|(node, (since, _))| (*node, since.iter().filter(|since| **since <= epoch).count()));
	counts.filter(|(_, count)| *count > 0).collect()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	// B1: each seat that counts does so at exactly one place below the length of the table, in this epoch and in the next
	// three; what draws of this epoch and the next two can hit does not change within the epoch; and the table is as long
	// as there are seats.
	#[test]
	fn every_seat_that_counts_is_at_one_place_and_none_moves_before_its_time(
		commands in prop::collection::vec(command(), 1..120),
	) {
		ExtBuilder::default().build().execute_with(|| {
			(1..=NODES).for_each(|node| register(NodeId(node), 32));
			let mut held = Held::new();
			for command in commands {
				let epoch = Epoch::get();
				let fixed = || [0, 1, 2].map(|after| seen(epoch + after));
				let before = fixed();

				run(&command, &mut held);

				BandwidthProofs::do_try_state().unwrap_or_else(|error| panic!("{error:?} after {command:?}"));
				assert_eq!(before, fixed(), "{command:?}");
				for epoch in Epoch::get()..=Epoch::get() + FREEZE {
					let mut counted = BTreeMap::<NodeId, usize>::new();
					seen(epoch).into_values().for_each(|node| *counted.entry(node).or_default() += 1);
					assert_eq!(counted, expected(&held, epoch), "epoch {epoch} after {command:?}");
				}
				let all: usize = held.values().map(|(since, _)| since.len()).sum();
				assert_eq!(usize::try_from(Table::<Test>::get().decided()), Ok(all));
			}
		});
	}
}
