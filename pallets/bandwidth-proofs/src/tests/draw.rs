//! Who is drawn, how often, and what a draw costs.

use super::accesses::{counted, Accesses};
use crate::{
	draw::Draw,
	mock::{Test, *},
	Bonded, Place, Seat, SeatTable, Seats, Table, Tests, WeightInfo,
};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use std::collections::{BTreeMap, BTreeSet};
use substation_primitives::{
	settings::{BandwidthSettings, Settings, STN},
	BlockNumber, Clock, Direction, NodeId, NodeStatus, TestId,
};
use substation_proofs::bandwidth;

#[test]
fn a_test_says_everything_that_was_in_force_when_it_was_drawn() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();

		let now = System::block_number();
		assert_eq!(view.id, TestId { block: now, index: 0 });
		assert_eq!((view.now, view.deadline, view.done), (now, now + DEADLINE, false));
		assert_eq!((view.test.direction, view.test.claim), (Direction::Down, CLAIM.down));
		assert_eq!((view.test.total, view.test.fee), (bandwidth::total(CLAIM.down, 15), FEE));
		for (member, agent) in &view.test.committee {
			assert_eq!(Records::get(member).unwrap().agent, *agent);
		}
		assert_eq!(line(view.test.node).pending, Some(view.id));
		let (test, node) = (view.id, view.test.node);
		assert_eq!(events(), vec![Event::TestDrawn { test, node, direction: Direction::Down, claim: CLAIM.down }]);
	});
}

#[test]
fn claim_that_members_could_not_carry_any_more_is_tested_for_what_they_can() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		Bandwidth::mutate(|settings| settings.seat_rate = 1_000);

		let view = draw();

		assert_eq!(view.test.claim, bandwidth::highest_claim(1_000, 5));
		assert_eq!(view.test.total, bandwidth::total(4_000, 10));
	});
}

#[test]
fn committees_are_full_distinct_and_without_the_tested_nodes_operator() {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		// Two nodes of one operator, with more seats than all others.
		for node in [20, 21] {
			register_for(NodeId(node), 5_555, 8);
			assert_ok!(take(NodeId(node), 8, 1_000 * FEE));
		}
		pause();
		thaw();
		resume();

		let tests = drawn(200);

		assert!(tests.len() > 100);
		let same = |node: NodeId| node.0 >= 20;
		for view in &tests {
			let members = view.test.committee.iter().map(|(node, _)| *node).collect::<BTreeSet<_>>();
			assert_eq!(members.len(), 5);
			assert!(!members.contains(&view.test.node));
			assert!(!(same(view.test.node) && members.into_iter().any(same)));
		}
		assert!(tests.iter().any(|view| same(view.test.node)));
		// They may sit together in somebody else's committee.
		assert!(tests.iter().any(|view| view.test.committee.iter().filter(|(node, _)| same(*node)).count() == 2));
	});
}

#[test]
fn several_tests_of_one_block_test_several_nodes() {
	ExtBuilder::default().nodes(12).build_and_execute(|| {
		Bandwidth::mutate(|settings| settings.tests_per_draw = 4);
		advance(1);

		let tests = Tests::<Test>::get(System::block_number() % (DEADLINE + 1)).unwrap().tests;

		assert!(tests.len() > 1);
		let nodes = tests.iter().map(|test| test.node).collect::<BTreeSet<_>>();
		assert_eq!(nodes.len(), tests.len());
		for (index, test) in (0..).zip(&tests) {
			assert_eq!(line(test.node).pending, Some(TestId { block: System::block_number(), index }));
		}
	});
}

#[test]
fn nothing_is_drawn_before_there_is_enough_to_draw_from() {
	let count = |change: &dyn Fn()| {
		let mut count = 0;
		ExtBuilder::default().nodes(8).build_and_execute(|| {
			change();
			count = drawn(30).len();
		});
		count
	};

	assert!(count(&|| ()) > 10);
	assert_eq!(count(&|| CommitteesOf::mutate(|committees| committees.min_nodes = 9)), 0);
	assert_eq!(count(&|| Bandwidth::mutate(|settings| settings.min_total_bond = 8 * SEAT_BOND + 1)), 0);
	assert_eq!(count(&|| Bandwidth::mutate(|settings| settings.tests_per_draw = 0)), 0);
	// Eight seats of a hundredth of a test each, in twenty blocks.
	assert!(count(&|| Bandwidth::mutate(|settings| settings.seat_tests = 1)) <= 2);
}

#[test]
fn a_block_without_randomness_draws_nothing() {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		for _ in 0..30 {
			let now = System::block_number() + 1;
			System::set_block_number(now);
			ParentVrf::set(None);
			BandwidthProofs::on_initialize(now);
			assert_eq!(Tests::<Test>::iter().count(), 0);
		}
	});
}

#[test]
fn an_absent_draw_removes_what_lay_in_its_place() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		assert_eq!(Tests::<Test>::iter().count(), 1);

		advance_to(view.deadline);
		assert_eq!(BandwidthProofs::test(view.id).map(|view| view.test), Some(view.test));
		advance(1);

		assert_eq!(Tests::<Test>::iter().count(), 0);
		assert_eq!(BandwidthProofs::test(view.id), None);
	});
}

// E1: seats that never pay for a test would earn the fees of others.
#[test]
fn only_lines_that_can_be_tested_are_members() {
	ExtBuilder::default().nodes(12).build_and_execute(|| {
		change_line(NodeId(1), |line| line.prepaid = 5 * FEE - 1);
		change_line(NodeId(2), |line| line.prepaid = 5 * FEE);
		change_line(NodeId(3), |line| line.ready = u64::from(u32::MAX));
		let tests = drawn(300);
		// Repaired before the invariants are checked.
		change_line(NodeId(3), |line| line.ready = 0);

		// Ten of twelve seats can be tested: within four standard deviations.
		assert!((224..=276).contains(&tests.len()), "{}", tests.len());
		let tested = tests.iter().map(|view| view.test.node.0).collect::<BTreeSet<_>>();
		let members =
			tests.iter().flat_map(|view| &view.test.committee).map(|(node, _)| node.0).collect::<BTreeSet<_>>();
		for drawn in [tested, members] {
			assert!(!drawn.contains(&1) && drawn.contains(&2) && !drawn.contains(&3));
		}
	});
}

#[test]
fn a_member_may_be_under_test_itself() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();

		// All other nodes are needed.
		let other = draw();

		assert_ne!(view.test.node, other.test.node);
		assert!(other.test.committee.iter().any(|(member, _)| *member == view.test.node));
	});
}

#[test]
fn seats_of_nodes_that_take_no_work_are_not_drawn() {
	ExtBuilder::default().nodes(12).build_and_execute(|| {
		change_record(NodeId(1), |record| record.suspended = true);
		change_record(NodeId(2), |record| record.status = NodeStatus::Leaving);
		change_record(NodeId(3), |record| record.status = NodeStatus::Terminated);
		change_line(NodeId(4), |line| line.expelled = true);
		let early = Seats::<Test>::get(4);
		Seats::<Test>::mutate(4, |place| place[0].from = 1_000);

		let tests = drawn(200);
		// Repaired before the invariants are checked.
		Seats::<Test>::insert(4, early);

		assert!(tests.len() > 50);
		for view in tests {
			assert!(view.test.node.0 > 5);
			assert!(view.test.committee.iter().all(|(member, _)| member.0 > 5));
		}
	});
}

#[test]
fn a_committee_that_cannot_be_filled_is_no_test() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		change_line(NodeId(1), |line| line.expelled = true);

		let before = Bonded::<Test>::get();
		assert_eq!(drawn(100).len(), 0);

		assert_eq!(Bonded::<Test>::get(), before);
		assert!((1..=6).all(|node| line(NodeId(node)).pending.is_none()));
	});
}

/// Runs to the first epoch whose draws know what is decided now. No test is drawn meanwhile, and none runs at the end.
fn thaw_quietly() {
	pause();
	thaw();
	resume();
}

/// Takes so many seats, gives them up, and lets them go as soon as that is allowed.
fn take_and_leave(seats: u32) {
	let nodes = 1_000..1_000 + u64::from(seats.div_ceil(32));
	for node in nodes.clone().map(NodeId) {
		register(node, 32);
		assert_ok!(take(node, 32, 0));
		assert_ok!(BandwidthProofs::give_up_seats(signed(operator(node)), node));
	}
	thaw_quietly();
	for node in nodes.map(NodeId) {
		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), node));
	}
}

/// Whether the first test of a block is drawn, by committees of five and within so many looks: from a table that begins with
/// so many seats, one of each node, and is empty from there on.
fn is_drawn(block: BlockNumber, seats: u32, length: u32, looks: u32) -> bool {
	let draw = Draw { genesis: genesis(), block, vrf: vrf_of(block - 1), epoch: Epoch::get(), length };
	let tested = draw.place(0, 0);
	let others = (1..looks).map(|look| draw.place(0, look)).filter(|place| *place < seats && *place != tested);
	tested < seats && others.collect::<BTreeSet<_>>().len() >= 5
}

// B1: places that nobody holds any more would stop draws for good.
#[test]
fn places_that_were_left_do_not_stop_draws() {
	ExtBuilder::default().nodes(12).build_and_execute(|| {
		let before = drawn(1_000).len();
		thaw_quietly();

		take_and_leave(120);
		// Draws of this epoch and the next two still look at the places that are empty now: no test where the first look
		// finds nobody, and a committee of those that the next ones find.
		let now = System::block_number();
		let expected = (1..EPOCH_BLOCKS).filter(|block| is_drawn(now + block, 12, 12 + 128, 160)).count();
		assert_eq!(drawn(EPOCH_BLOCKS - 1).len(), expected);
		thaw_quietly();
		let after = drawn(1_000).len();

		assert_eq!(before, 1_000);
		assert_eq!(after, before);
		assert_eq!(Table::<Test>::get().decided(), 12);
	});
}

// B1, with committees and a number of nodes as on the public network.
#[test]
fn ten_times_all_seats_taken_and_given_up_leave_draws_as_they_were() {
	ExtBuilder::default().members(17).build_and_execute(|| {
		for node in (1..=51).map(NodeId) {
			register(node, 2);
			assert_ok!(take(node, 2, 100 * FEE));
		}
		thaw_quietly();
		let before = drawn(300).len();

		take_and_leave(1_020);
		thaw_quietly();

		assert_eq!((before, drawn(300).len()), (300, 300));
	});
}

// B1: places without a seat are free, so that a committee is found among all looks.
#[test]
fn a_look_at_an_empty_place_is_no_try() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		// Three of four places are without a seat, and all six nodes are needed.
		Table::<Test>::put(SeatTable { epoch: 0, values: [24; 4] });
		let now = System::block_number();
		let count = drawn(600).len();
		// Repaired before the invariants are checked.
		Table::<Test>::put(SeatTable { epoch: 0, values: [6; 4] });

		let within = |looks| (1..=600).filter(|block| is_drawn(now + block, 6, 24, looks)).count();
		assert_eq!(count, within(160));
		assert!(count > within(80), "tests fail if empty places are tries");
		// A quarter of all first looks, within four standard deviations.
		assert!((107..=193).contains(&count), "{count}");
	});
}

/// Which tests one block of an epoch can draw, by so many different kinds of luck, from a table in which nearly all seats are
/// of lines that count no longer: their nodes and committees. Those lines are removed before, or stay.
fn draws_among_seats_that_are_given_up(removed: bool) -> Vec<(NodeId, Vec<NodeId>)> {
	let mut found = Vec::new();
	ExtBuilder::default().nodes(12).members(9).build_and_execute(|| {
		let over = (50..57).map(NodeId);
		for node in over.clone() {
			register(node, 32);
			assert_ok!(take(node, 32, 0));
		}
		for node in over.clone() {
			assert_ok!(BandwidthProofs::give_up_seats(signed(operator(node)), node));
		}
		thaw_quietly();
		if removed {
			for node in over {
				assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), node));
			}
		}

		let (block, epoch) = (System::block_number(), Epoch::get());
		let length = Table::<Test>::get().at(epoch);
		assert_eq!(length, 12 + 7 * 32);
		for luck in 0..4_000 {
			let draw = Draw { genesis: genesis(), block, vrf: vrf_of(luck), epoch, length };
			let id = TestId { block, index: 0 };
			let test = BandwidthProofs::draw_test(&draw, 0, id, &Bandwidth::get(), &CommitteesOf::get());
			let Some(test) = test else { continue };
			change_line(test.node, |line| line.pending = None);
			found.push((test.node, test.committee.iter().map(|(member, _)| *member).collect()));
		}
	});
	found
}

// Whoever may remove lines chooses when: looks that were tries would become free ones within the epoch.
#[test]
fn removing_a_line_that_counts_no_longer_frees_no_look() {
	let before = draws_among_seats_that_are_given_up(false);

	assert_eq!(draws_among_seats_that_are_given_up(true), before);
	assert!(before.len() > 10, "{}", before.len());
}

// Nine of ten seats cannot be tested: they would multiply the tests, and what those cost, of those that can.
#[test]
fn seats_that_prepay_nothing_add_no_tests_to_others() {
	ExtBuilder::default().members(17).build_and_execute(|| {
		for node in (1..=51).map(NodeId) {
			register(node, 2);
			assert_ok!(take(node, 2, 1_000 * FEE));
		}
		for (node, seats) in (100..).zip([32; 28].into_iter().chain([4])) {
			register(NodeId(node), seats);
			assert_ok!(take(NodeId(node), seats, 0));
		}
		pause();
		thaw();
		live_pace();
		assert_eq!(Table::<Test>::get().at(Epoch::get()), 102 + 900);

		let tests = drawn(14_400);

		println!("{} tests a day of 102 seats among 1,002", tests.len());
		// Four standard deviations.
		assert!((62..=142).contains(&tests.len()), "{}", tests.len());
		assert!(tests.iter().all(|view| view.test.node.0 <= 51));
	});
}

// B3: one test a seat and day, instead of one a block: 102 a day and not 14,400.
#[test]
fn tests_of_a_day_follow_seats() {
	ExtBuilder::default().members(17).build_and_execute(|| {
		for node in (1..=51).map(NodeId) {
			register(node, 2);
			assert_ok!(take(node, 2, 100 * FEE));
		}
		pause();
		thaw();
		live_pace();

		let tests = drawn(14_400).len();

		println!("{tests} tests a day of 51 nodes with two seats each");
		// Four standard deviations.
		assert!((62..=142).contains(&tests), "{tests}");
	});
}

/// Draws as on the public network, with its defaults.
fn live_pace() {
	let Settings { bandwidth, .. } = Settings::default();
	Bandwidth::mutate(|settings| {
		(settings.tests_per_draw, settings.seat_tests) = (bandwidth.tests_per_draw, bandwidth.seat_tests);
	});
	ClockOf::set(Clock { period: 14_400, window: 600, slot_step: 10 });
}

// B3: the number of tests of a block, for any number of seats.
#[test]
fn a_block_draws_what_seats_can_expect_and_no_more_than_a_setting() {
	ExtBuilder::default().build_and_execute(|| {
		live_pace();
		let settings = Bandwidth::get();
		let wanted = |length, block: u32| {
			let draw = Draw { genesis: [1; 32], block, vrf: vrf_of(block), epoch: 0, length };
			draw.wanted(&settings, 14_400)
		};
		let of_a_day = |length| (0..14_400).map(|block| u32::from(wanted(length, block))).sum::<u32>();

		assert_eq!(of_a_day(0), 0);
		let some = of_a_day(1_000);
		assert!((880..=1_120).contains(&some), "{some}");
		assert_eq!(of_a_day(14_400), 14_400);
		assert_eq!([28_800, 100_000, u32::MAX].map(|length| wanted(length, 5)), [2, 2, 2]);
		let once = BandwidthSettings { seat_tests: 2_400, ..settings };
		let draw = Draw { genesis: [1; 32], block: 5, vrf: [2; 32], epoch: 0, length: 600 };
		assert_eq!(draw.wanted(&once, 14_400), 1);
	});
}

/// The sum of squared differences between what was counted and what was expected, each over the expected.
fn chi_square(counted: &[(f64, f64)]) -> f64 {
	counted.iter().map(|(found, expected)| (found - expected).powi(2) / expected).sum()
}

#[test]
fn nodes_are_tested_in_proportion_to_their_seats() {
	ExtBuilder::default().members(3).build_and_execute(|| {
		let seats = [1u8, 1, 2, 2, 3, 3, 4, 4, 6, 6, 8, 8];
		let all = f64::from(seats.iter().map(|seats| u32::from(*seats)).sum::<u32>());
		for (node, seats) in (1..).zip(seats) {
			register(NodeId(node), seats);
			assert_ok!(take(NodeId(node), seats, 10 * STN));
		}
		thaw();

		let mut tested = BTreeMap::<NodeId, u32>::new();
		let tests = drawn(6_000);
		tests.iter().for_each(|view| *tested.entry(view.test.node).or_default() += 1);

		let total = tests.len() as f64;
		assert!(total > 5_900.0);
		let counted =
			(1..).zip(seats).map(|(node, seats)| (f64::from(tested[&NodeId(node)]), total * f64::from(seats) / all));
		let chi = chi_square(&counted.collect::<Vec<_>>());
		println!("chi square over 12 nodes: {chi:.1}");
		// One in a thousand honest draws has more with 11 degrees of freedom.
		assert!(chi < 31.3, "{chi}");
	});
}

#[test]
fn every_place_is_hit_as_often_as_any_other() {
	ExtBuilder::default().build_and_execute(|| {
		for length in [97u32, 100] {
			let mut hits = vec![0u32; length as usize];
			for block in 0..1_000 {
				let draw = Draw { genesis: [1; 32], block, vrf: vrf_of(block), epoch: 0, length };
				(0..20).for_each(|attempt| hits[draw.place(0, attempt) as usize] += 1);
			}

			let expected = 20_000.0 / f64::from(length);
			let chi = chi_square(&hits.iter().map(|hits| (f64::from(*hits), expected)).collect::<Vec<_>>());
			println!("chi square over {length} places: {chi:.1}");
			// One in a thousand with 99 degrees of freedom.
			assert!(chi < 148.3, "{chi}");
		}
	});
}

#[test]
fn every_part_of_a_draw_matters() {
	ExtBuilder::default().build_and_execute(|| {
		let draw = || Draw { genesis: [1; 32], block: 5, vrf: [2; 32], epoch: 0, length: u32::MAX };
		let places = [
			draw().place(0, 0),
			draw().place(0, 1),
			draw().place(1, 0),
			Draw { genesis: [3; 32], ..draw() }.place(0, 0),
			Draw { block: 6, ..draw() }.place(0, 0),
			Draw { vrf: [3; 32], ..draw() }.place(0, 0),
		];

		assert_eq!(places.into_iter().collect::<BTreeSet<_>>().len(), 6);
	});
}

/// A draw from a table of so many seats: whether it drew, what it read and wrote, and its weight. All tries hit seats
/// of twenty nodes, in the same order whatever the length.
fn draw_from(length: u32) -> (bool, Accesses, Weight) {
	let mut found = None;
	ExtBuilder::default().nodes(20).build().execute_with(|| {
		let now = System::block_number() + 1;
		let mut places = BTreeSet::new();
		// A block whose tries hit different places in both tables.
		let vrf = (0u32..)
			.map(|number| vrf_of(number + 1_000))
			.find(|vrf| {
				[1_000, 1_000_000].iter().all(|length| {
					let draw = Draw { genesis: genesis(), block: now, vrf: *vrf, epoch: Epoch::get(), length: *length };
					(0..20).map(|attempt| draw.place(0, attempt)).collect::<BTreeSet<_>>().len() == 20
				})
			})
			.unwrap();
		let draw = Draw { genesis: genesis(), block: now, vrf, epoch: Epoch::get(), length };
		// All but the first belong to the operator of the first until the last five: as many tries as there can be.
		for attempt in 0..20u32 {
			let node = NodeId(u64::from(attempt) + 1);
			let place = draw.place(0, attempt);
			assert!(places.insert(place));
			Seats::<Test>::insert(place, Place::truncate_from(vec![Seat::held(node, 0)]));
			if attempt < 15 {
				change_line(node, |line| line.operator = 1_001);
			}
		}
		Table::<Test>::put(SeatTable { epoch: 0, values: [length; 4] });
		System::set_block_number(now);
		ParentVrf::set(Some(vrf));

		let (weight, accesses) = counted(|| BandwidthProofs::on_initialize(now));

		let drew = BandwidthProofs::test(TestId { block: now, index: 0 }).is_some();
		found = Some((drew, accesses, weight));
	});
	found.unwrap()
}

fn genesis() -> substation_proofs::Hash {
	BandwidthProofs::genesis_hash()
}

#[test]
fn a_draw_reads_as_much_from_a_million_seats_as_from_a_thousand() {
	let (drew, accesses, weight) = draw_from(1_000);

	println!("{accesses:?} of {weight:?}");
	assert!(drew);
	// Three for each of the 20 tries, a few for what a draw starts from, and what depositing an event reads.
	assert!((60..80).contains(&accesses.reads), "{accesses:?}");
	assert_eq!(draw_from(1_000_000), (drew, accesses, weight));
}

#[test]
fn the_weight_of_a_block_is_that_of_what_it_draws() {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		// Eight seats, four tests in ten blocks.
		Bandwidth::mutate(|settings| (settings.tests_per_draw, settings.seat_tests) = (2, 100));
		let (none, one) = (<() as WeightInfo>::on_initialize(), <() as WeightInfo>::draw(16 * 5, 16 * 5));
		let mut weights = BTreeMap::<u64, u32>::new();
		for _ in 0..200 {
			let now = System::block_number() + 1;
			System::set_block_number(now);
			ParentVrf::set((!now.is_multiple_of(3)).then(|| vrf_of(now)));
			let weight = BandwidthProofs::on_initialize(now);
			*weights.entry(weight.ref_time()).or_default() += 1;
			assert!(BandwidthProofs::test(TestId { block: now, index: 0 }).is_none() || weight.all_gt(none));
		}
		let both = [none, none.saturating_add(one)].map(|weight| weight.ref_time());
		assert_eq!(weights.keys().copied().collect::<Vec<_>>(), both);
		// 0.4 of two thirds of all blocks, within four standard deviations.
		assert!((28..=79).contains(&weights[&both[1]]), "{weights:?}");

		pause();
		let now = System::block_number() + 1;
		System::set_block_number(now);
		assert_eq!(BandwidthProofs::on_initialize(now), none);
	});
}
