//! Where seeds come from, how long they are kept, and what cannot influence them.

use crate::{mock::*, seeds::ring_length, Seeds};
use frame_support::{assert_ok, traits::Hooks};
use substation_primitives::{NodeId, WindowSeed};
use substation_proofs::Hash;

fn seed_after(blocks: u32, meanwhile: impl Fn(u32)) -> Hash {
	let mut seed = None;
	ExtBuilder.build_and_execute(|| {
		for block in 2..=blocks + 1 {
			advance_to(block);
			meanwhile(block);
		}
		seed = StorageProofs::seed(blocks).map(|seed| seed.seed);
	});
	seed.expect("the window opened at an even block")
}

#[test]
fn the_seed_of_a_window_contains_the_randomness_of_its_opening_block() {
	let with_usual = seed_after(20, |_| ());
	let with_other = {
		let mut seed = None;
		ExtBuilder.build_and_execute(|| {
			advance_to(20);
			ParentVrf::set(Some([9; 32]));
			System::set_block_number(21);
			StorageProofs::on_initialize(21);
			seed = StorageProofs::seed(20).map(|seed| seed.seed);
		});
		seed.unwrap()
	};

	assert_ne!(with_usual, with_other);
}

#[test]
fn the_seed_contains_every_block_before_it() {
	let usual = seed_after(20, |_| ());
	let one_block_differs = seed_after(20, |block| Authors::set(u64::from(block == 3)));

	assert_ne!(usual, one_block_differs);
}

#[test]
fn nothing_that_a_caller_does_changes_a_seed() {
	let quiet = seed_after(40, |_| ());
	let busy = seed_after(40, |block| {
		let mut hardware = Hardware::new(u64::from(block) + 100);
		hardware.store(1, 2_000);
		let _ = StorageProofs::report_missed(RuntimeOrigin::signed(REPORTER), hardware.node);
		assert_ok!(System::remark_with_event(RuntimeOrigin::signed(REPORTER), block.to_le_bytes().to_vec()));
	});

	assert_eq!(quiet, busy);
}

#[test]
fn the_seed_is_unknown_until_the_block_after_the_opening() {
	ExtBuilder.build_and_execute(|| {
		advance_to(10);
		assert_eq!(StorageProofs::seed(10), None);

		advance_to(11);

		assert!(StorageProofs::seed(10).is_some());
	});
}

#[test]
fn blocks_at_which_no_window_opens_leave_no_seed() {
	ExtBuilder.build_and_execute(|| {
		advance_to(50);

		assert_eq!(StorageProofs::seed(9), None);
		assert_eq!(StorageProofs::seed(47), None);
	});
}

#[test]
fn the_window_that_opens_with_the_chain_has_a_seed() {
	ExtBuilder.build_and_execute(|| {
		assert!(StorageProofs::seed(0).is_some());
	});
}

#[test]
fn a_seed_is_kept_as_long_as_its_window_is_open() {
	ExtBuilder.build_and_execute(|| {
		advance_to(100 + CLOCK.window);

		assert!(StorageProofs::seed(100).is_some());
	});
}

#[test]
fn an_overwritten_seed_does_not_answer_for_the_one_before() {
	ExtBuilder.build_and_execute(|| {
		advance_to(101);
		assert!(StorageProofs::seed(100).is_some());

		advance_to(101 + ring_length(&CLOCK) * CLOCK.slot_step);

		assert_eq!(StorageProofs::seed(100), None);
	});
}

#[test]
fn the_ring_never_grows() {
	ExtBuilder.build_and_execute(|| {
		advance_to(500);

		assert_eq!(Seeds::<Test>::iter().count(), ring_length(&CLOCK) as usize);
	});
}

#[test]
fn a_window_keeps_the_openings_that_were_in_force_when_it_opened() {
	ExtBuilder.build_and_execute(|| {
		advance_to(11);
		let before = StorageProofs::seed(10);

		ProofsOf::mutate(|settings| settings.openings = 9);
		advance_to(13);

		assert_eq!(StorageProofs::seed(10), before);
		assert!(matches!(StorageProofs::seed(12), Some(WindowSeed { openings: 9, .. })));
	});
}

#[test]
fn a_block_without_randomness_still_moves_the_accumulator() {
	ExtBuilder.build_and_execute(|| {
		let before = crate::Accumulator::<Test>::get();
		ParentVrf::set(None);
		System::set_block_number(2);

		StorageProofs::on_initialize(2);

		assert_ne!(crate::Accumulator::<Test>::get(), before);
	});
}

#[test]
fn the_cost_of_a_block_does_not_depend_on_the_number_of_nodes() {
	ExtBuilder.build_and_execute(|| {
		let alone = StorageProofs::on_initialize(1);
		for node in 0..50 {
			Hardware::new(node).store(1, 100);
		}

		assert_eq!(StorageProofs::on_initialize(1), alone);
		assert_eq!(record(NodeId(7)).strikes, 0);
	});
}
