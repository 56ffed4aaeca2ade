//! Two sides that act at the same time.

use super::pool::STALE;
use crate::mock::*;
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use substation_primitives::settings::STN;

#[test]
fn a_payee_redeems_in_the_block_in_which_the_payer_starts_closing() {
	ExtBuilder.build_and_execute(|| {
		// In either order.
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		assert_eq!(redeem(id, 10 * STN), Ok(Ok(())));

		let other = open(DEPOSIT);
		assert_eq!(redeem(other, 10 * STN), Ok(Ok(())));
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), other));

		assert_eq!(channel(id), channel(other));
	});
}

#[test]
fn every_block_of_the_grace_takes_vouchers() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));

		for block in 1..=GRACE {
			System::set_block_number(block);
			assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), Error::GraceNotOver);
			assert_eq!(redeem(id, u128::from(block) * STN), Ok(Ok(())));
		}

		assert_eq!(channel(id).left(), 0);
	});
}

#[test]
fn a_late_payee_redeems_as_long_as_nobody_has_finished() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		System::set_block_number(10 * GRACE);

		assert_eq!(redeem(id, 10 * STN), Ok(Ok(())));
		assert_ok!(PaymentChannels::finish_closing(signed(PAYER), id));

		assert_eq!(Balances::free_balance(PAYER), WEALTH - 10 * STN);
	});
}

#[test]
fn nothing_is_redeemed_after_the_finish() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		System::set_block_number(GRACE + 1);
		assert_ok!(PaymentChannels::finish_closing(signed(OTHER), id));

		for cumulative in [STN, 2 * STN, DEPOSIT] {
			assert_storage_noop!(assert_eq!(redeem(id, cumulative), Err(STALE)));
		}
		assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), Error::ChannelGone);
		assert_noop!(PaymentChannels::close(signed(PAYEE), id), Error::ChannelGone);
	});
}

#[test]
fn a_payee_who_closes_first_gives_up_its_vouchers() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));

		assert_ok!(PaymentChannels::close(signed(PAYEE), id));

		assert_storage_noop!(assert_eq!(redeem(id, STN), Err(STALE)));
		System::set_block_number(GRACE + 1);
		assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), Error::ChannelGone);
		assert_eq!(Balances::free_balance(PAYER), WEALTH);
	});
}

#[test]
fn a_payee_redeems_and_closes_in_one_block() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));

		assert_eq!(redeem(id, 40 * STN), Ok(Ok(())));
		assert_ok!(PaymentChannels::close(signed(PAYEE), id));

		assert_eq!(Balances::free_balance(PAYER), WEALTH - 40 * STN);
	});
}

#[test]
fn a_channel_is_topped_up_before_its_closing_and_not_after() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::top_up(signed(PAYER), id, STN));
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));

		assert_noop!(PaymentChannels::top_up(signed(PAYER), id, STN), Error::AlreadyClosing);
		System::set_block_number(GRACE + 1);
		assert_noop!(PaymentChannels::top_up(signed(PAYER), id, STN), Error::AlreadyClosing);

		assert_eq!(redeem(id, DEPOSIT + STN), Ok(Ok(())));
		assert_ok!(PaymentChannels::finish_closing(signed(PAYER), id));
		assert_eq!(Balances::free_balance(PAYER), WEALTH - DEPOSIT - STN);
	});
}

#[test]
fn closing_does_not_lower_what_the_payee_can_still_take() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));

		assert_eq!(deposits(PAYER), DEPOSIT);
		assert_eq!(redeem(id, DEPOSIT), Ok(Ok(())));
	});
}
