//! What a redemption costs while blocks are full.

use super::pool::unknown;
use crate::{mock::*, types::STEP_TOO_SMALL};
use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_runtime::FixedU128;
use substation_primitives::{settings::STN, Balance, ChannelId};

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

fn refuses(id: ChannelId, cumulative: Balance) {
	assert_eq!(validate(redeem_call(id, cumulative)), Err(unknown(STEP_TOO_SMALL)));
	assert_noop!(
		PaymentChannels::redeem(RawOrigin::Authorized.into(), id, cumulative, voucher(id, cumulative)),
		Error::StepTooSmall
	);
}

// F2: a payer who submits its own vouchers in small steps gave all of the payee's money to the treasury.
#[test]
fn the_fee_is_never_more_than_a_quarter_of_a_step_in_pool_and_block() {
	ExtBuilder.build_and_execute(|| {
		let (id, fee) = (open(DEPOSIT), ChannelsOf::get().redeem_fee);
		set_multiplier(100);
		let least = 4 * 100 * fee;

		refuses(id, least - 1);
		assert!(validate(redeem_call(id, least)).is_ok());
		assert_eq!(redeem(id, least), Ok(Ok(())));
		refuses(id, 2 * least - 1);

		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + least / 4);
	});
}

// F2
#[test]
fn all_that_is_left_is_redeemed_unless_fee_and_burn_use_it_up() {
	ExtBuilder.build_and_execute(|| {
		let (id, fee) = (open(DEPOSIT), ChannelsOf::get().redeem_fee);
		let worthless = 100 * fee * 10 / 9;
		assert_eq!(redeem(id, DEPOSIT - worthless - 1), Ok(Ok(())));
		let other = open(DEPOSIT);
		assert_eq!(redeem(other, DEPOSIT - worthless), Ok(Ok(())));
		set_multiplier(100);

		refuses(other, DEPOSIT);
		assert_eq!(redeem(id, DEPOSIT), Ok(Ok(())));
	});
}

// F2
#[test]
fn a_small_step_waits_for_emptier_blocks() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let least = ChannelsOf::get().min_redeem;
		set_multiplier(1_000);
		refuses(id, least);

		set_multiplier(1);

		assert_eq!(redeem(id, least), Ok(Ok(())));
	});
}

// F2: otherwise a payee would lose a small step whose channel ends while blocks are full.
#[test]
fn a_small_step_is_redeemed_for_the_whole_fee_in_the_last_quarter_of_a_grace() {
	ExtBuilder.build_and_execute(|| {
		let (id, settings) = (open(DEPOSIT), ChannelsOf::get());
		set_multiplier(100);
		let (fee, small) = (100 * settings.redeem_fee, 200 * settings.redeem_fee);
		System::set_block_number(5);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		let least = || PaymentChannels::page(id).expect("the channel has a record").min_redeem;

		System::set_block_number(5 + GRACE * 3 / 4 - 1);
		refuses(id, small);
		assert_eq!(least(), 4 * fee);

		System::set_block_number(5 + GRACE * 3 / 4);
		assert_eq!(least(), settings.min_redeem);
		// Never for nothing.
		refuses(id, fee);
		assert_eq!(redeem(id, small), Ok(Ok(())));
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + fee);
		assert_eq!(wealth(PAYEE), WEALTH + small - settings.burn.mul_floor(small) - fee);
	});
}

// F2
#[test]
fn a_deposit_pays_for_a_redemption_at_the_fee_of_its_block() {
	ExtBuilder.build_and_execute(|| {
		set_multiplier(100);
		let least = 4 * 100 * ChannelsOf::get().redeem_fee;

		assert_noop!(PaymentChannels::open(signed(PAYER), PAYEE, [7; 32], least - 1), Error::DepositTooSmall);
		let id = open(least);
		assert_noop!(PaymentChannels::top_up(signed(PAYER), id, least - 1), Error::DepositTooSmall);
		assert_ok!(PaymentChannels::top_up(signed(PAYER), id, least));
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
		set_multiplier(2);

		let page = PaymentChannels::page(id).expect("the channel has a record");

		assert_eq!((page.redeem_fee, page.min_redeem), (2 * settings.redeem_fee, settings.min_redeem));
		set_multiplier(70);
		let page = PaymentChannels::page(id).expect("the channel has a record");
		assert_eq!((page.redeem_fee, page.min_redeem), (70 * settings.redeem_fee, 280 * settings.redeem_fee));
	});
}
