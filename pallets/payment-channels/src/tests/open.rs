//! Money into channels.

use crate::{mock::*, Channels, NextChannelId};
use frame_support::{assert_noop, assert_ok};
use sp_core::Pair;
use sp_runtime::TokenError;
use substation_primitives::{channel::Channel, settings::STN, Balance, ChannelId};

#[test]
fn opening_holds_the_deposit_and_another_for_the_record() {
	ExtBuilder.build_and_execute(|| {
		let settings = ChannelsOf::get();

		assert_ok!(PaymentChannels::open(signed(PAYER), PAYEE, pair().public().0, DEPOSIT));

		assert_eq!((deposits(PAYER), records(PAYER)), (DEPOSIT, settings.record_deposit));
		assert_eq!(wealth(PAYER), WEALTH);
		assert_eq!(
			Channels::<Test>::get(ChannelId(0)),
			Some(Channel {
				payer: PAYER,
				key: pair().public().0,
				payee: PAYEE,
				deposit: DEPOSIT,
				spent: 0,
				record_deposit: settings.record_deposit,
				closing: None,
			})
		);
		assert_eq!(
			events(),
			[Event::ChannelOpened { channel: ChannelId(0), payer: PAYER, payee: PAYEE, deposit: DEPOSIT }]
		);
	});
}

#[test]
fn ids_go_up_and_end() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!([open(DEPOSIT), open(DEPOSIT)], [ChannelId(0), ChannelId(1)]);

		NextChannelId::<Test>::put(ChannelId(u64::MAX));

		assert_noop!(PaymentChannels::open(signed(PAYER), PAYEE, [7; 32], DEPOSIT), Error::OutOfIds);
	});
}

#[test]
fn ids_are_never_used_again() {
	ExtBuilder.build_and_execute(|| {
		let first = open(DEPOSIT);
		let signature = voucher(first, STN);
		assert_ok!(PaymentChannels::close(signed(PAYEE), first));

		let second = open(DEPOSIT);

		assert_ne!(first, second);
		assert_eq!(apply(signed_call(second, STN, signature)), Err(super::pool::BAD_PROOF));
		assert_eq!(apply(signed_call(first, STN, signature)), Err(super::pool::STALE));
	});
}

#[test]
fn the_least_deposit_is_one_redemption() {
	ExtBuilder.build_and_execute(|| {
		let least = ChannelsOf::get().min_redeem;

		assert_noop!(PaymentChannels::open(signed(PAYER), PAYEE, [7; 32], least - 1), Error::DepositTooSmall);
		let id = open(least);

		assert_noop!(PaymentChannels::top_up(signed(PAYER), id, least - 1), Error::DepositTooSmall);
		assert_ok!(PaymentChannels::top_up(signed(PAYER), id, least));
	});
}

#[test]
fn nobody_opens_a_channel_to_oneself() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(PaymentChannels::open(signed(PAYER), PAYER, [7; 32], DEPOSIT), Error::PayeeIsPayer);
	});
}

#[test]
fn a_payer_who_cannot_pay_leaves_no_trace() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(PaymentChannels::open(signed(NOBODY), PAYEE, [7; 32], STN), TokenError::FundsUnavailable);

		let all_but_the_record = WEALTH - ChannelsOf::get().record_deposit;
		assert_noop!(
			PaymentChannels::open(signed(PAYER), PAYEE, [7; 32], all_but_the_record),
			TokenError::FundsUnavailable
		);

		let id = open(DEPOSIT);
		assert_noop!(PaymentChannels::top_up(signed(PAYER), id, WEALTH), TokenError::FundsUnavailable);
	});
}

#[test]
fn topping_up_adds_to_the_deposit() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, DEPOSIT), Ok(Ok(())));
		events();

		assert_ok!(PaymentChannels::top_up(signed(PAYER), id, STN));

		assert_eq!(deposits(PAYER), STN);
		assert_eq!((channel(id).deposit, channel(id).spent, channel(id).left()), (DEPOSIT + STN, DEPOSIT, STN));
		assert_eq!(events(), [Event::ChannelToppedUp { channel: id, amount: STN, deposit: DEPOSIT + STN }]);
		assert_eq!(redeem(id, DEPOSIT + STN), Ok(Ok(())));
	});
}

#[test]
fn only_the_payer_tops_up() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		for account in [PAYEE, OTHER] {
			assert_noop!(PaymentChannels::top_up(signed(account), id, STN), Error::NotPayer);
		}
	});
}

#[test]
fn deposits_that_no_balance_holds_are_refused() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		assert_noop!(PaymentChannels::top_up(signed(PAYER), id, Balance::MAX), Error::DepositOutOfRange);
	});
}

#[test]
fn locked_money_can_be_put_into_a_channel() {
	ExtBuilder.build_and_execute(|| {
		lock_everything(PAYER);

		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::top_up(signed(PAYER), id, DEPOSIT));

		assert_eq!(deposits(PAYER), 2 * DEPOSIT);
	});
}

#[test]
fn a_record_costs_what_it_cost_when_it_was_made() {
	ExtBuilder.build_and_execute(|| {
		let before = ChannelsOf::get().record_deposit;
		let id = open(DEPOSIT);
		change_settings(|settings| settings.record_deposit *= 5);

		let other = open(DEPOSIT);
		assert_eq!(records(PAYER), 6 * before);

		assert_ok!(PaymentChannels::close(signed(PAYEE), id));
		assert_eq!(records(PAYER), 5 * before);
		assert_ok!(PaymentChannels::close(signed(PAYEE), other));
		assert_eq!((records(PAYER), Balances::free_balance(PAYER)), (0, WEALTH));
	});
}
