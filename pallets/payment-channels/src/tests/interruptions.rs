//! A migration while a channel is closing: the payee keeps its time to redeem.

use crate::mock::*;
use frame_support::{assert_noop, assert_ok};
use substation_primitives::{settings::STN, ChannelId};

fn migrate(blocks: u32) {
	let mut interruptions = Interrupted::get();
	for _ in 0..blocks {
		System::set_block_number(System::block_number() + 1);
		interruptions.note(System::block_number());
	}
	Interrupted::set(&interruptions);
}

fn forward(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
}

fn finish(id: ChannelId) -> sp_runtime::DispatchResult {
	PaymentChannels::finish_closing(signed(OTHER), id)
}

// R3: the grace ran out while no redemption could get into a block.
#[test]
fn a_payee_redeems_after_a_migration_over_the_whole_grace() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		migrate(GRACE + 20);

		forward(GRACE - 1);
		assert_noop!(finish(id), Error::GraceNotOver);
		assert_eq!(redeem(id, STN), Ok(Ok(())));

		forward(1);
		assert_ok!(finish(id));
	});
}

#[test]
fn a_migration_after_the_last_block_of_a_grace_gives_no_time() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		forward(GRACE - 1);

		// The last block of the grace has taken transactions.
		migrate(5);

		assert_ok!(finish(id));
	});
}

#[test]
fn a_migration_before_closing_gives_no_time() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		migrate(30);
		forward(1);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));

		forward(GRACE);

		assert_ok!(finish(id));
	});
}

#[test]
fn the_page_tells_the_end_that_holds() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		let closing = channel(id).closing.unwrap();

		migrate(3);

		assert_eq!(channel(id).closing, Some(closing));
		assert_eq!(PaymentChannels::page(id).unwrap().channel.closing, Some(closing + 3));
	});
}
