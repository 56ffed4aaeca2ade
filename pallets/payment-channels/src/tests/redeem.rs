//! What a right voucher does.

use crate::{mock::*, money};
use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_runtime::{DispatchError, Permill};
use substation_primitives::{settings::STN, ChannelId};

#[test]
fn a_voucher_pays_burns_and_withholds_its_fee() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let (issued, fee) = (Balances::total_issuance(), ChannelsOf::get().redeem_fee);
		events();

		assert_eq!(redeem(id, 10 * STN), Ok(Ok(())));

		let paid = 9 * STN - fee;
		assert_eq!(channel(id).spent, 10 * STN);
		assert_eq!(deposits(PAYER), DEPOSIT - 10 * STN);
		assert_eq!(wealth(PAYER), WEALTH - 10 * STN);
		assert_eq!(wealth(PAYEE), WEALTH + paid);
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + fee);
		assert_eq!(Balances::total_issuance(), issued - STN);
		assert_eq!(Credits::get(), [(PAYEE, paid, STN)]);
		assert_eq!(events(), [Event::VoucherRedeemed { channel: id, cumulative: 10 * STN, paid, burned: STN, fee }]);
	});
}

#[test]
fn a_later_voucher_pays_the_difference() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, 10 * STN), Ok(Ok(())));
		let before = wealth(PAYEE);

		assert_eq!(redeem(id, 25 * STN), Ok(Ok(())));

		let expected = money::split(15 * STN, &ChannelsOf::get()).unwrap();
		assert_eq!(wealth(PAYEE) - before, expected.paid);
		assert_eq!(channel(id).spent, 25 * STN);
	});
}

#[test]
fn the_latest_of_many_vouchers_is_worth_them_all() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		// A thousand were signed off chain; nobody needs the others.
		let latest = (1..=1_000).map(|number| number * STN / 50).next_back().unwrap();

		assert_eq!(redeem(id, latest), Ok(Ok(())));

		assert_eq!(Credits::get(), [(PAYEE, 18 * STN - ChannelsOf::get().redeem_fee, 2 * STN)]);
	});
}

#[test]
fn the_whole_deposit_can_be_redeemed() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		assert_eq!(redeem(id, DEPOSIT), Ok(Ok(())));

		assert_eq!((deposits(PAYER), channel(id).left()), (0, 0));
		assert_eq!(records(PAYER), ChannelsOf::get().record_deposit);
		assert_ok!(PaymentChannels::close(signed(PAYEE), id));
	});
}

#[test]
fn a_step_is_the_least_one_or_all_that_is_left() {
	ExtBuilder.build_and_execute(|| {
		let least = ChannelsOf::get().min_redeem;
		let id = open(2 * least + least / 2);
		let too_small = Err(super::pool::unknown(crate::types::STEP_TOO_SMALL));

		assert_eq!(redeem(id, least - 1), too_small);
		assert_eq!(redeem(id, least), Ok(Ok(())));
		assert_eq!(redeem(id, least + least - 1), too_small);
		assert_eq!(redeem(id, 2 * least), Ok(Ok(())));
		assert_eq!(redeem(id, 2 * least + least / 2 - 1), too_small);
		assert_eq!(redeem(id, 2 * least + least / 2), Ok(Ok(())));
	});
}

#[test]
fn a_rest_that_is_not_worth_its_fee_goes_back_to_the_payer() {
	ExtBuilder.build_and_execute(|| {
		let fee = ChannelsOf::get().redeem_fee;
		// Fee and burn of the rest would take all of it, and one unit less.
		let worthless = fee * 10 / 9;
		for (rest, outcome) in
			[(worthless, Err(super::pool::unknown(crate::types::STEP_TOO_SMALL))), (worthless + 1, Ok(Ok(())))]
		{
			let id = open(STN + rest);
			assert_eq!(redeem(id, STN), Ok(Ok(())));
			assert_eq!(redeem(id, STN + rest), outcome, "{rest}");
		}

		let before = Balances::free_balance(PAYER);
		assert_ok!(PaymentChannels::close(signed(PAYEE), ChannelId(0)));
		assert_eq!(Balances::free_balance(PAYER), before + worthless + ChannelsOf::get().record_deposit);
	});
}

#[test]
fn a_redemption_follows_the_settings_of_its_block() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		change_settings(|settings| {
			settings.burn = Permill::zero();
			settings.redeem_fee = 7;
		});

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(Credits::get(), [(PAYEE, STN - 7, 0)]);
	});
}

#[test]
fn only_an_authorised_origin_redeems() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		for origin in [signed(PAYEE), signed(PAYER), RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(PaymentChannels::redeem(origin, id, STN, voucher(id, STN)), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn dispatch_checks_the_ticket_again() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_noop!(
			PaymentChannels::redeem(RawOrigin::Authorized.into(), id, STN, voucher(id, STN)),
			Error::AlreadyRedeemed
		);
	});
}

#[test]
fn a_voucher_in_a_batch_moves_nothing() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let calls = vec![redeem_call(id, STN)];

		assert_ok!(Utility::batch(signed(PAYEE), calls.clone()));
		assert_noop!(Utility::batch_all(signed(PAYEE), calls).map_err(|error| error.error), DispatchError::BadOrigin);

		assert_eq!(channel(id).spent, 0);
	});
}

#[test]
fn anybody_may_submit_and_only_the_payee_is_paid() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		// The transaction names nobody: who submits it cannot change where the money goes.
		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(wealth(OTHER), WEALTH);
		assert!(wealth(PAYEE) > WEALTH);
	});
}

#[test]
fn a_channel_pays_many_redemptions() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let settings = ChannelsOf::get();
		let each = money::split(settings.min_redeem, &settings).unwrap();

		for redemption in 1..=100 {
			assert_eq!(redeem(id, redemption * settings.min_redeem), Ok(Ok(())));
		}

		assert_eq!(wealth(PAYEE), WEALTH + 100 * each.paid);
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 100 * each.fee);
	});
}
