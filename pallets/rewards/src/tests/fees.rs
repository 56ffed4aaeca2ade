//! Fees: a share is destroyed, the author gets the rest and the tip, to the unit.

use crate::{mock::*, SplitFees};
use frame_support::{
	dispatch::{DispatchInfo, PostDispatchInfo},
	traits::{
		fungible::{Balanced, Credit},
		OnUnbalanced,
	},
};
use pallet_transaction_payment::OnChargeTransaction;
use proptest::prelude::*;
use sp_runtime::Permill;
use substation_primitives::Balance;

/// Charges a customer as a transaction does.
fn charge(fee: Balance, tip: Balance) {
	let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
	let (info, done) = (DispatchInfo::default(), PostDispatchInfo::default());
	let taken = <Charge as OnChargeTransaction<Test>>::withdraw_fee(&CUSTOMER, &call, &info, fee + tip, tip);
	let taken = taken.expect("the customer can pay");
	<Charge as OnChargeTransaction<Test>>::correct_and_deposit_fee(&CUSTOMER, &info, &done, fee + tip, tip, taken)
		.expect("never fails");
}

#[test]
fn a_fee_is_divided_and_a_tip_is_not() {
	ExtBuilder.build_and_execute(|| {
		let (issued, author, customer) = (Balances::total_issuance(), wealth(AUTHOR), wealth(CUSTOMER));

		charge(1_001, 50);

		assert_eq!(wealth(CUSTOMER), customer - 1_051);
		assert_eq!(wealth(AUTHOR), author + 500 + 50);
		assert_eq!(Balances::total_issuance(), issued - 501);
		assert_eq!((totals().burned_by_calls, Rewards::burned()), (501, 501));
	});
}

#[test]
fn what_a_transaction_did_not_need_is_given_back_undivided() {
	ExtBuilder.build_and_execute(|| {
		let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
		let (info, done) = (DispatchInfo::default(), PostDispatchInfo::default());
		let customer = wealth(CUSTOMER);

		let taken = <Charge as OnChargeTransaction<Test>>::withdraw_fee(&CUSTOMER, &call, &info, 1_000, 0).unwrap();
		<Charge as OnChargeTransaction<Test>>::correct_and_deposit_fee(&CUSTOMER, &info, &done, 600, 0, taken).unwrap();

		assert_eq!((wealth(CUSTOMER), totals().burned_by_calls), (customer - 600, 300));
	});
}

#[test]
fn without_an_author_everything_is_burned() {
	ExtBuilder.build_and_execute(|| {
		AuthorOf::set(&None);

		charge(1_000, 50);

		assert_eq!((totals().burned_by_calls, Rewards::burned()), (1_050, 1_050));
	});
}

#[test]
fn what_the_author_cannot_receive_is_burned() {
	ExtBuilder.build_and_execute(|| {
		AuthorOf::set(&Some(NOBODY));

		charge(1_000, 50);
		assert_eq!((totals().burned_by_calls, wealth(NOBODY)), (1_050, 0));

		// A larger one creates the account.
		charge(4 * EXISTENTIAL_DEPOSIT, 0);
		assert_eq!(wealth(NOBODY), 2 * EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn a_fee_alone_is_divided_too() {
	ExtBuilder.build_and_execute(|| {
		let author = wealth(AUTHOR);

		SplitFees::<Test, AuthorOf>::on_unbalanced(Balances::issue(100));
		assert_eq!((wealth(AUTHOR), totals().burned_by_calls), (author + 50, 50));

		SplitFees::<Test, AuthorOf>::on_unbalanceds(core::iter::empty());
		SplitFees::<Test, AuthorOf>::on_unbalanced(Credit::<AccountId, Balances>::default());
		assert_eq!((wealth(AUTHOR), totals().burned_by_calls), (author + 50, 50));
		// Issued out of nothing by this test.
		crate::Supply::<Test>::mutate(|totals| (totals.minted, totals.budgeted) = (100, totals.budgeted + 100));
	});
}

#[test]
fn governance_sets_the_share() {
	ExtBuilder.build_and_execute(|| {
		for (share, burned) in [(Permill::zero(), 0), (Permill::one(), 1_000), (Permill::from_parts(1), 1)] {
			change_settings(|settings| settings.fee_burn = share);
			let (before, author) = (totals().burned_by_calls, wealth(AUTHOR));

			charge(1_000, 9);

			assert_eq!(totals().burned_by_calls - before, burned);
			assert_eq!(wealth(AUTHOR) - author, 1_009 - burned);
		}
	});
}

proptest! {
	#[test]
	fn burned_and_paid_are_what_was_taken(share in 0..=1_000_000u32, fee in 1..1u128 << 70, tips in prop::collection::vec(0..1u128 << 70, 0..3)) {
		ExtBuilder.build().execute_with(|| {
			change_settings(|settings| settings.fee_burn = Permill::from_parts(share));
			let (author, issued) = (wealth(AUTHOR), Balances::total_issuance());
			let credits: Vec<_> = core::iter::once(&fee).chain(&tips).map(|amount| Balances::issue(*amount)).collect();

			SplitFees::<Test, AuthorOf>::on_unbalanceds(credits.into_iter());

			let (paid, destroyed) = (wealth(AUTHOR) - author, totals().burned_by_calls);
			assert_eq!(paid + destroyed, fee + tips.iter().sum::<Balance>());
			assert_eq!(Balances::total_issuance(), issued + paid);
			assert_eq!(destroyed, Permill::from_parts(share).mul_ceil(fee));
		});
	}
}
