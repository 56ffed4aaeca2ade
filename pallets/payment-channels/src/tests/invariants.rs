//! The checks themselves find what they are for.

use crate::{mock::*, ChannelOf, Channels, HoldReason, NextChannelId};
use frame_support::{
	assert_ok,
	traits::{fungible::MutateHold, tokens::Precision},
};
use sp_runtime::TryRuntimeError;
use substation_primitives::{settings::STN, ChannelId};

/// The invariant that complains once `spoil` has run with two channels.
fn complaint(spoil: impl FnOnce(ChannelId)) -> String {
	let mut found = String::new();
	ExtBuilder.build().execute_with(|| {
		let id = open(DEPOSIT);
		open_between(OTHER, PAYEE, DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));
		assert_ok!(PaymentChannels::do_try_state());

		spoil(id);

		found = match PaymentChannels::do_try_state() {
			Err(TryRuntimeError::Other(text)) => text.chars().take(2).collect(),
			other => panic!("{other:?}"),
		};
	});
	found
}

fn change(id: ChannelId, change: impl FnOnce(&mut ChannelOf<Test>)) {
	Channels::<Test>::mutate_extant(id, change);
}

#[test]
fn every_invariant_can_fail() {
	let release = |reason: HoldReason| {
		assert_ok!(Balances::release(&reason.into(), &PAYER, 1, Precision::Exact));
	};
	let hold = |reason: HoldReason| {
		assert_ok!(Balances::hold(&reason.into(), &PAYER, 1));
	};

	assert_eq!(complaint(|_| release(HoldReason::ChannelDeposit)), "I1");
	assert_eq!(complaint(|_| hold(HoldReason::ChannelDeposit)), "I1");
	assert_eq!(complaint(|id| change(id, |channel| channel.spent += 1)), "I1");
	assert_eq!(complaint(|id| change(id, |channel| channel.deposit += 1)), "I1");
	assert_eq!(complaint(|_| release(HoldReason::ChannelRecord)), "I2");
	assert_eq!(complaint(|id| change(id, |channel| channel.record_deposit -= 1)), "I2");
	assert_eq!(
		complaint(|id| {
			// Nothing is left, by one unit too much.
			assert_ok!(Balances::release(&HoldReason::ChannelDeposit.into(), &PAYER, DEPOSIT - STN, Precision::Exact));
			change(id, |channel| channel.spent = channel.deposit + 1);
		}),
		"I3"
	);
	assert_eq!(complaint(NextChannelId::<Test>::put), "I4");
	assert_eq!(complaint(|id| change(id, |channel| channel.payee = channel.payer)), "I5");
}
