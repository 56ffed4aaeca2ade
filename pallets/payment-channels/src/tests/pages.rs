//! What the runtime API is told.

use crate::mock::*;
use frame_support::{assert_ok, assert_storage_noop};
use substation_primitives::{channel::ChannelPage, settings::STN, ChannelId};

#[test]
fn a_page_shows_the_channel_and_what_vouchers_need() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));
		System::set_block_number(5);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		let settings = ChannelsOf::get();

		assert_storage_noop!(assert_eq!(
			PaymentChannels::page(id),
			Some(ChannelPage {
				id,
				channel: channel(id),
				now: 5,
				genesis: genesis(),
				min_redeem: settings.min_redeem,
				redeem_fee: settings.redeem_fee,
				burn: settings.burn,
			})
		));
		assert_eq!(channel(id).closing, Some(5 + GRACE));
	});
}

#[test]
fn what_has_no_record_has_no_page() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::close(signed(PAYEE), id));

		assert_eq!(PaymentChannels::page(id), None);
		assert_eq!(PaymentChannels::page(ChannelId(9)), None);
	});
}
