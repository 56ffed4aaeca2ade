//! Which blocks are noted as taking no transactions.

use crate::{mock::*, Interrupted, InterruptionsOf};
use frame_support::{
	assert_err,
	traits::{Get, Hooks},
	weights::constants::ParityDbWeight,
};
use substation_primitives::{Interruption, Interruptions};

fn run(blocks: core::ops::RangeInclusive<u32>, migrating: bool) {
	Migrating::set(migrating);
	for block in blocks {
		System::set_block_number(block);
		Pace::on_initialize(block);
	}
}

fn noted() -> Vec<(u32, u32)> {
	InterruptionsOf::<Test>::get().iter().map(|Interruption { first, last }| (first, last)).collect()
}

#[test]
fn blocks_of_migrations_are_noted_and_no_others() {
	ExtBuilder::default().build_and_execute(|| {
		run(1..=4, false);
		assert!(!Interrupted::<Test>::exists());

		run(5..=7, true);
		run(8..=20, false);
		run(21..=21, true);

		assert_eq!(noted(), [(5, 7), (21, 21)]);
	});
}

#[test]
fn a_migration_that_lasts_is_noted_up_to_the_present_block() {
	ExtBuilder::default().build_and_execute(|| {
		run(5..=5, true);
		assert_eq!(noted(), [(5, 5)]);

		run(6..=900, true);

		assert_eq!(noted(), [(5, 900)]);
	});
}

#[test]
fn a_migration_that_root_starts_in_a_block_is_noted_in_that_block() {
	ExtBuilder::default().build_and_execute(|| {
		run(1..=4, false);

		Migrating::set(true);
		Pace::on_finalize(4);

		assert_eq!(noted(), [(4, 4)]);
	});
}

#[test]
fn a_block_of_a_migration_weighs_a_write_more() {
	ExtBuilder::default().build_and_execute(|| {
		Migrating::set(true);
		System::set_block_number(1);

		assert_eq!(Pace::on_initialize(1), ParityDbWeight::get().reads_writes(3, 1));
	});
}

#[test]
fn broken_interruptions_are_noticed() {
	let broken = |interruptions: &[(u32, u32)]| {
		ExtBuilder::default().build_and_execute(|| {
			System::set_block_number(9);
			let all = interruptions.iter().map(|(first, last)| Interruption { first: *first, last: *last });
			// As storage may hold it: nothing is noted in order here.
			Interrupted::<Test>::put(decoded(all.collect()));

			assert_err!(Pace::do_try_state(), "I2: interruptions are out of order or of a later block");
			Interrupted::<Test>::kill();
		});
	};

	broken(&[(5, 4)]);
	broken(&[(3, 5), (1, 2)]);
	broken(&[(3, 5), (6, 7)]);
	broken(&[(3, 10)]);
}

fn decoded(all: Vec<Interruption>) -> Interruptions {
	use codec::{Decode, Encode};
	Interruptions::decode(&mut &all.encode()[..]).expect("a vector of a few")
}
