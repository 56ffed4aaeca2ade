//! The ends of a channel.

use crate::{mock::*, Channels};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;
use substation_primitives::settings::STN;

#[test]
fn closing_takes_a_grace_and_returns_everything_that_is_left() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));
		events();

		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		assert_eq!(channel(id).closing, Some(1 + GRACE));
		assert_eq!(events(), [Event::ClosingStarted { channel: id, closing: 1 + GRACE }]);

		System::set_block_number(GRACE);
		assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), Error::GraceNotOver);
		System::set_block_number(GRACE + 1);
		assert_ok!(PaymentChannels::finish_closing(signed(OTHER), id));

		assert_eq!((deposits(PAYER), records(PAYER), Balances::free_balance(PAYER)), (0, 0, WEALTH - STN));
		assert!(!Channels::<Test>::contains_key(id));
		assert_eq!(events(), [Event::ChannelClosed { channel: id, refunded: DEPOSIT - STN }]);
	});
}

#[test]
fn the_payee_closes_at_once() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		events();

		assert_ok!(PaymentChannels::close(signed(PAYEE), id));

		assert_eq!((deposits(PAYER), records(PAYER), Balances::free_balance(PAYER)), (0, 0, WEALTH));
		assert_eq!(events(), [Event::ChannelClosed { channel: id, refunded: DEPOSIT }]);
	});
}

#[test]
fn each_end_belongs_to_its_side() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		for account in [PAYEE, OTHER] {
			assert_noop!(PaymentChannels::start_closing(signed(account), id), Error::NotPayer);
		}
		for account in [PAYER, OTHER] {
			assert_noop!(PaymentChannels::close(signed(account), id), Error::NotPayee);
		}
	});
}

#[test]
fn closing_starts_once_and_has_no_way_back() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		System::set_block_number(GRACE / 2);

		assert_noop!(PaymentChannels::start_closing(signed(PAYER), id), Error::AlreadyClosing);

		assert_eq!(channel(id).closing, Some(1 + GRACE));
	});
}

#[test]
fn nothing_is_finished_that_was_not_started() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		System::set_block_number(10 * GRACE);

		assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), Error::NotClosing);
	});
}

#[test]
fn a_channel_keeps_the_grace_it_began_to_close_with() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		GraceOf::set(&1);

		System::set_block_number(GRACE);
		assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), Error::GraceNotOver);

		GraceOf::set(&(10 * GRACE));
		System::set_block_number(GRACE + 1);
		assert_ok!(PaymentChannels::finish_closing(signed(PAYER), id));
	});
}

#[test]
fn a_locked_payer_gets_the_rest_back() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		lock_everything(PAYER);

		assert_ok!(PaymentChannels::close(signed(PAYEE), id));

		assert_eq!((deposits(PAYER), Balances::free_balance(PAYER)), (0, WEALTH));
	});
}

#[test]
fn a_payer_with_a_channel_cannot_be_emptied_before_its_end() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, DEPOSIT - 1), Ok(Ok(())));

		// So the rest of a channel, however small, always finds an account to go back to.
		assert_noop!(Balances::force_set_balance(RuntimeOrigin::root(), PAYER, 0), DispatchError::ConsumerRemaining);
		assert_ok!(Balances::transfer_all(signed(PAYER), OTHER, false));
		assert_eq!(Balances::free_balance(PAYER), EXISTENTIAL_DEPOSIT);

		assert_ok!(PaymentChannels::close(signed(PAYEE), id));
		assert_eq!(Balances::free_balance(PAYER), EXISTENTIAL_DEPOSIT + ChannelsOf::get().record_deposit + 1);
	});
}

#[test]
fn unsigned_callers_are_refused() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let none = RuntimeOrigin::none;

		assert_noop!(PaymentChannels::open(none(), PAYEE, [7; 32], DEPOSIT), DispatchError::BadOrigin);
		assert_noop!(PaymentChannels::top_up(none(), id, DEPOSIT), DispatchError::BadOrigin);
		assert_noop!(PaymentChannels::start_closing(none(), id), DispatchError::BadOrigin);
		assert_noop!(PaymentChannels::finish_closing(none(), id), DispatchError::BadOrigin);
		assert_noop!(PaymentChannels::close(none(), id), DispatchError::BadOrigin);
	});
}
