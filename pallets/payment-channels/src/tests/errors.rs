//! Every error, by name, with the state unchanged.

use crate::{mock::*, Refusal};
use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_runtime::{DispatchError, DispatchResult};
use substation_primitives::{settings::STN, Balance, ChannelId};

/// Behind the authorisation: what the dispatch itself says.
fn dispatch(id: ChannelId, cumulative: Balance) -> DispatchResult {
	PaymentChannels::redeem(RawOrigin::Authorized.into(), id, cumulative, voucher(id, cumulative))
}

#[test]
fn every_call_knows_unknown_and_gone_channels() {
	ExtBuilder.build_and_execute(|| {
		let gone = open(DEPOSIT);
		assert_ok!(PaymentChannels::close(signed(PAYEE), gone));

		let cases: [(ChannelId, DispatchError); 2] =
			[(ChannelId(9), Error::UnknownChannel.into()), (gone, Error::ChannelGone.into())];
		for (id, error) in cases {
			assert_noop!(PaymentChannels::top_up(signed(PAYER), id, STN), error);
			assert_noop!(dispatch(id, STN), error);
			assert_noop!(PaymentChannels::start_closing(signed(PAYER), id), error);
			assert_noop!(PaymentChannels::finish_closing(signed(PAYER), id), error);
			assert_noop!(PaymentChannels::close(signed(PAYEE), id), error);
		}
	});
}

#[test]
fn a_dispatch_names_every_refusal() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let poor = open_between(PAYER, NOBODY, DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));
		let least = ChannelsOf::get().min_redeem;

		assert_noop!(dispatch(id, STN), Error::AlreadyRedeemed);
		assert_noop!(dispatch(id, 0), Error::AlreadyRedeemed);
		assert_noop!(dispatch(id, DEPOSIT + 1), Error::OverDeposit);
		assert_noop!(dispatch(id, STN + least - 1), Error::StepTooSmall);
		assert_noop!(dispatch(poor, least), Error::PayeeCannotReceive);
		assert_ok!(dispatch(id, STN + least));
	});
}

#[test]
fn the_ticket_says_where_the_money_goes() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		let ticket = PaymentChannels::ticket(id, STN).unwrap();

		assert_eq!((ticket.id, ticket.channel), (id, channel(id)));
		assert_eq!(ticket.split.total(), STN);
		assert_eq!(PaymentChannels::ticket(ChannelId(9), STN), Err(Refusal::UnknownChannel));
	});
}

#[test]
fn errors_keep_their_indices() {
	use codec::Encode;
	let errors = [
		Error::UnknownChannel,
		Error::ChannelGone,
		Error::NotPayer,
		Error::NotPayee,
		Error::PayeeIsPayer,
		Error::DepositTooSmall,
		Error::DepositOutOfRange,
		Error::OutOfIds,
		Error::AlreadyClosing,
		Error::NotClosing,
		Error::GraceNotOver,
		Error::AlreadyRedeemed,
		Error::OverDeposit,
		Error::StepTooSmall,
		Error::PayeeCannotReceive,
	];

	for (index, error) in (0..).zip(errors) {
		assert_eq!(error.encode(), [index], "{error:?}");
	}
}
