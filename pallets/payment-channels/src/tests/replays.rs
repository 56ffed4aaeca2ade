//! Vouchers where they do not belong.

use super::pool::{unknown, BAD_PROOF, STALE, UNKNOWN};
use crate::{mock::*, types};
use frame_support::{assert_ok, assert_storage_noop};
use sp_core::{ed25519, Pair};
use substation_primitives::{settings::STN, ChannelId};
use substation_proofs::voucher::voucher_message;

#[test]
fn a_voucher_does_not_serve_in_another_channel_of_its_key() {
	ExtBuilder.build_and_execute(|| {
		let (first, second) = (open(DEPOSIT), open(DEPOSIT));

		assert_storage_noop!(assert_eq!(apply(signed_call(second, STN, voucher(first, STN))), Err(BAD_PROOF)));

		assert_eq!(redeem(first, STN), Ok(Ok(())));
		assert_eq!(channel(second).spent, 0);
	});
}

#[test]
fn a_voucher_does_not_serve_on_another_chain() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let call = redeem_call(id, STN);

		frame_system::BlockHash::<Test>::insert(0, sp_core::H256::repeat_byte(7));

		assert_storage_noop!(assert_eq!(apply(call), Err(BAD_PROOF)));
	});
}

#[test]
fn a_voucher_serves_for_its_own_amount_only() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let signature = voucher(id, 10 * STN);

		for cumulative in [STN, 10 * STN - 1, 10 * STN + 1, DEPOSIT] {
			assert_storage_noop!(assert_eq!(apply(signed_call(id, cumulative, signature)), Err(BAD_PROOF)));
		}
	});
}

#[test]
fn the_same_and_lower_amounts_are_paid_once() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, 10 * STN), Ok(Ok(())));

		for cumulative in [10 * STN, 10 * STN - 1, STN, 1, 0] {
			assert_storage_noop!(assert_eq!(redeem(id, cumulative), Err(STALE)));
		}
	});
}

#[test]
fn a_forged_key_moves_nothing() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let message = voucher_message(&genesis(), id.0, STN);
		let forged = ed25519::Pair::from_seed(&[8; 32]).sign(&message).0;
		let mut bent = voucher(id, STN);
		bent[0] ^= 1;

		for signature in [forged, bent, [0; 64], [255; 64]] {
			assert_storage_noop!(assert_eq!(apply(signed_call(id, STN, signature)), Err(BAD_PROOF)));
		}
	});
}

#[test]
fn another_kind_of_message_with_the_same_content_is_no_voucher() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let mut message = voucher_message(&genesis(), id.0, STN);
		message[0] ^= 1;
		let signature = pair().sign(&message).0;

		assert_storage_noop!(assert_eq!(apply(signed_call(id, STN, signature)), Err(BAD_PROOF)));
	});
}

#[test]
fn a_voucher_over_the_deposit_waits_for_more() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let call = redeem_call(id, DEPOSIT + STN);

		assert_storage_noop!(assert_eq!(apply(call.clone()), Err(unknown(types::OVER_DEPOSIT))));
		assert_storage_noop!(assert_eq!(redeem(id, u128::MAX), Err(unknown(types::OVER_DEPOSIT))));

		assert_ok!(PaymentChannels::top_up(signed(PAYER), id, STN));
		assert_eq!(apply(call), Ok(Ok(())));
	});
}

#[test]
fn one_channel_never_spends_the_deposit_of_another() {
	ExtBuilder.build_and_execute(|| {
		let (first, second) = (open(DEPOSIT), open(DEPOSIT));

		assert_eq!(redeem(first, 2 * DEPOSIT), Err(unknown(types::OVER_DEPOSIT)));
		assert_eq!(redeem(first, DEPOSIT), Ok(Ok(())));
		assert_eq!(redeem(first, DEPOSIT + STN), Err(unknown(types::OVER_DEPOSIT)));

		assert_eq!(redeem(second, DEPOSIT), Ok(Ok(())));
	});
}

#[test]
fn a_voucher_for_a_channel_that_does_not_exist_yet_is_unknown() {
	ExtBuilder.build_and_execute(|| {
		let id = ChannelId(0);
		let call = redeem_call(id, STN);

		assert_storage_noop!(assert_eq!(apply(call.clone()), Err(UNKNOWN)));

		assert_eq!(open(DEPOSIT), id);
		assert_eq!(apply(call), Ok(Ok(())));
	});
}
