//! What a redemption costs while blocks are full.

use super::pool::unknown;
use crate::{mock::*, money, types::STEP_TOO_SMALL};
use frame_support::assert_noop;
use frame_system::RawOrigin;
use sp_runtime::FixedU128;
use substation_primitives::settings::STN;

fn set_multiplier(times: u32) {
	FeeMultiplierOf::set(&FixedU128::from_u32(times));
}

// F2
#[test]
fn the_fee_rises_with_those_of_transactions_and_the_voucher_moves_what_it_says() {
	ExtBuilder.build_and_execute(|| {
		let (id, fee) = (open(DEPOSIT), ChannelsOf::get().redeem_fee);
		let issued = Balances::total_issuance();
		set_multiplier(100);

		assert_eq!(redeem(id, 10 * STN), Ok(Ok(())));

		let paid = 9 * STN - 100 * fee;
		assert_eq!((channel(id).spent, deposits(PAYER)), (10 * STN, DEPOSIT - 10 * STN));
		assert_eq!((wealth(PAYEE), wealth(TREASURY)), (WEALTH + paid, EXISTENTIAL_DEPOSIT + 100 * fee));
		assert_eq!(Balances::total_issuance(), issued - STN);
		assert_eq!(Credits::get(), [(PAYEE, paid, STN)]);
	});
}

// F2
#[test]
fn pool_and_block_ask_for_the_same_fee() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let settings = ChannelsOf::get();
		// Burn and ten times the fee take all of it, and leave a unit of one more.
		let worthless = 10 * settings.redeem_fee * 10 / 9;
		assert!(worthless >= settings.min_redeem && money::split(worthless, &settings).is_some());
		set_multiplier(10);

		assert_eq!(validate(redeem_call(id, worthless)), Err(unknown(STEP_TOO_SMALL)));
		assert_noop!(
			PaymentChannels::redeem(RawOrigin::Authorized.into(), id, worthless, voucher(id, worthless)),
			Error::StepTooSmall
		);
		assert!(validate(redeem_call(id, worthless + 1)).is_ok());
		assert_eq!(redeem(id, worthless + 1), Ok(Ok(())));
	});
}

// F2
#[test]
fn a_step_that_is_not_worth_its_fee_waits_for_emptier_blocks() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let least = ChannelsOf::get().min_redeem;
		set_multiplier(1_000);
		assert_eq!(redeem(id, least), Err(unknown(STEP_TOO_SMALL)));

		set_multiplier(1);

		assert_eq!(redeem(id, least), Ok(Ok(())));
	});
}

// F2
#[test]
fn a_multiplier_below_one_makes_nothing_cheaper() {
	ExtBuilder.build_and_execute(|| {
		let (id, fee) = (open(DEPOSIT), ChannelsOf::get().redeem_fee);
		set_multiplier(0);

		assert_eq!(redeem(id, STN), Ok(Ok(())));

		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + fee);
	});
}

// F2
#[test]
fn a_page_says_what_a_redemption_costs_now() {
	ExtBuilder.build_and_execute(|| {
		let (id, settings) = (open(DEPOSIT), ChannelsOf::get());
		set_multiplier(7);

		let page = PaymentChannels::page(id).expect("the channel has a record");

		assert_eq!((page.redeem_fee, page.min_redeem), (7 * settings.redeem_fee, settings.min_redeem));
	});
}
