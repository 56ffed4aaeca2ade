//! What a redemption costs, whatever it pays for; and encodings that others rely on.

use crate::{mock::*, types::VoucherSignature, WeightInfo};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	dispatch::GetDispatchInfo,
	traits::{Authorize, Get},
	weights::RuntimeDbWeight,
};
use substation_primitives::{settings::STN, ChannelId};
use substation_proofs::voucher::voucher_message;

/// What a mebibyte may cost.
const MEBIBYTE: u128 = STN / 100;

#[test]
fn a_tebibyte_costs_what_a_mebibyte_costs() {
	ExtBuilder.build_and_execute(|| {
		let (small, large) = (open(DEPOSIT), open(MEBIBYTE << 20));
		let (mebibyte, tebibyte) = (redeem_call(small, MEBIBYTE), redeem_call(large, MEBIBYTE << 20));

		assert_eq!(mebibyte.get_dispatch_info(), tebibyte.get_dispatch_info());
		assert_eq!(mebibyte.weight_of_authorize(), tebibyte.weight_of_authorize());
		assert_eq!(general(mebibyte.clone()).encoded_size(), general(tebibyte.clone()).encoded_size());
		let before = wealth(TREASURY);
		assert_eq!(apply(mebibyte), Ok(Ok(())));
		let fee = wealth(TREASURY) - before;
		assert_eq!(apply(tebibyte), Ok(Ok(())));
		assert_eq!(wealth(TREASURY), before + 2 * fee);
	});
}

#[test]
fn a_redemption_is_weighed_with_its_signature() {
	let call = redeem_call_of(ChannelId(0));

	let database: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
	assert_eq!(call.get_dispatch_info().call_weight, <() as WeightInfo>::redeem() + database.reads(1));
	assert_eq!(call.weight_of_authorize(), <() as WeightInfo>::authorize_redeem());
	assert!(call.encoded_size() <= 96, "{} octets", call.encoded_size());
}

fn redeem_call_of(channel: ChannelId) -> RuntimeCall {
	let signature: VoucherSignature = [1; 64];
	signed_call(channel, STN, signature)
}

#[test]
fn the_record_of_a_channel_is_small() {
	let length = crate::ChannelOf::<Test>::max_encoded_len();

	assert!(length <= 160, "{length} octets");
}

#[test]
fn a_voucher_is_tag_genesis_channel_and_amount() {
	let message = voucher_message(&[9; 32], 0x0102, 0x0304);

	let mut expected = b"substation/voucher/v1".to_vec();
	expected.extend([9; 32]);
	expected.extend([2, 1, 0, 0, 0, 0, 0, 0]);
	expected.extend([4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
	assert_eq!(message, expected);
}

#[test]
fn a_redemption_is_pallet_call_channel_amount_and_signature() {
	let call = signed_call(ChannelId(0x0102), 0x0304, [5; 64]);

	let mut expected = vec![34, 2];
	expected.extend([2, 1, 0, 0, 0, 0, 0, 0]);
	expected.extend([4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
	expected.extend([5; 64]);
	assert_eq!(call.encode(), expected);
}

#[test]
fn no_message_is_made_by_two_vouchers() {
	let messages = [(0, 0), (0, 1), (1, 0), (1, 1), (256, 1), (1, 256), (u64::MAX, u128::MAX)]
		.map(|(channel, cumulative)| voucher_message(&[9; 32], channel, cumulative));

	for (index, message) in messages.iter().enumerate() {
		assert!(!messages[..index].contains(message));
	}
}
