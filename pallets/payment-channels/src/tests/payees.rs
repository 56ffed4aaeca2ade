//! Payees and payers in awkward states: locked, reaped, not there yet.

use super::pool::unknown;
use crate::{mock::*, types};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use frame_system::RawOrigin;
use substation_primitives::settings::STN;

#[test]
fn a_vote_lock_on_the_payer_does_not_shield_the_deposit() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		lock_everything(PAYER);

		assert_eq!(redeem(id, DEPOSIT), Ok(Ok(())));

		let fee = ChannelsOf::get().redeem_fee;
		assert_eq!(wealth(PAYEE), WEALTH + DEPOSIT * 9 / 10 - fee);
		assert_eq!(wealth(PAYER), WEALTH - DEPOSIT);
	});
}

#[test]
fn a_locked_payee_is_paid() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		lock_everything(PAYEE);

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert!(wealth(PAYEE) > WEALTH);
	});
}

#[test]
fn a_payee_that_cannot_receive_keeps_its_voucher() {
	ExtBuilder.build_and_execute(|| {
		let least = ChannelsOf::get().min_redeem;
		let id = open_between(PAYER, NOBODY, DEPOSIT);
		let call = redeem_call(id, least);

		// Less than an account needs.
		assert_storage_noop!(assert_eq!(apply(call.clone()), Err(unknown(types::PAYEE_CANNOT_RECEIVE))));
		assert_noop!(
			PaymentChannels::redeem(RawOrigin::Authorized.into(), id, least, voucher(id, least)),
			Error::PayeeCannotReceive
		);

		assert_ok!(Balances::transfer_allow_death(signed(OTHER), NOBODY, EXISTENTIAL_DEPOSIT));
		assert_eq!(apply(call), Ok(Ok(())));
		assert!(wealth(NOBODY) > EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn a_payment_that_is_large_enough_creates_the_payee() {
	ExtBuilder.build_and_execute(|| {
		let id = open_between(PAYER, NOBODY, DEPOSIT);

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(wealth(NOBODY), STN * 9 / 10 - ChannelsOf::get().redeem_fee);
	});
}

#[test]
fn a_reaped_payee_is_paid_again() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		reap(PAYEE);

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(wealth(PAYEE), STN * 9 / 10 - ChannelsOf::get().redeem_fee);
	});
}

#[test]
fn a_fee_that_the_treasury_cannot_receive_is_burned() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		reap(TREASURY);
		let (issued, fee) = (Balances::total_issuance(), ChannelsOf::get().redeem_fee);
		events();

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		let (paid, burned) = (STN * 9 / 10 - fee, STN / 10 + fee);
		assert_eq!(events(), [Event::VoucherRedeemed { channel: id, cumulative: STN, paid, burned, fee: 0 }]);
		assert_eq!(Balances::total_issuance(), issued - burned);
		assert_eq!(Credits::get(), [(PAYEE, paid, burned)]);
	});
}

#[test]
fn the_treasury_may_be_the_payee() {
	ExtBuilder.build_and_execute(|| {
		let id = open_between(PAYER, TREASURY, DEPOSIT);

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + STN * 9 / 10);
	});
}

#[test]
fn the_treasury_may_pay() {
	ExtBuilder.build_and_execute(|| {
		assert_ok!(Balances::transfer_allow_death(signed(OTHER), TREASURY, 10 * STN));
		let id = open_between(TREASURY, PAYEE, STN);

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 9 * STN + ChannelsOf::get().redeem_fee);
	});
}

#[test]
fn a_payer_with_nothing_but_deposits_still_pays_to_the_last_unit() {
	ExtBuilder.build_and_execute(|| {
		let all = WEALTH - ChannelsOf::get().record_deposit - EXISTENTIAL_DEPOSIT;
		let id = open(all);
		assert_eq!(Balances::free_balance(PAYER), EXISTENTIAL_DEPOSIT);

		assert_eq!(redeem(id, all), Ok(Ok(())));

		assert_eq!(wealth(PAYER), ChannelsOf::get().record_deposit + EXISTENTIAL_DEPOSIT);
		assert_ok!(PaymentChannels::close(signed(PAYEE), id));
	});
}

#[test]
fn paying_a_friend_costs_fee_and_burn() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		assert_eq!(redeem(id, DEPOSIT), Ok(Ok(())));

		let lost = 2 * WEALTH - wealth(PAYER) - wealth(PAYEE);
		assert_eq!(lost, DEPOSIT / 10 + ChannelsOf::get().redeem_fee);
	});
}
