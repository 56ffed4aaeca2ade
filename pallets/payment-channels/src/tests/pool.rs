//! What a transaction pool is told.

use crate::{mock::*, types, Refusal};
use codec::Encode;
use frame_support::assert_ok;
use sp_runtime::{
	testing::UintAuthorityId,
	transaction_validity::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
	DispatchError,
};
use substation_primitives::{settings::STN, ChannelId};

pub(super) const STALE: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::Stale);
pub(super) const BAD_PROOF: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::BadProof);
pub(super) const UNKNOWN: TransactionValidityError =
	TransactionValidityError::Unknown(UnknownTransaction::CannotLookup);

pub(super) fn unknown(code: u8) -> TransactionValidityError {
	TransactionValidityError::Unknown(UnknownTransaction::Custom(code))
}

#[test]
fn the_pool_learns_the_voucher_its_channel_and_a_lifetime() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		let validity = validate(redeem_call(id, STN)).unwrap();

		assert_eq!(validity.provides, [("substation/redeem", (id, STN)).encode(), ("substation/redeem", id).encode()]);
		assert_eq!(validity.requires, Vec::<Vec<u8>>::new());
		assert_eq!(validity.longevity, 64);
		assert!(validity.propagate);
		assert!(validity.priority > u64::from(u32::MAX));
	});
}

#[test]
fn validating_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		frame_support::assert_storage_noop!(assert!(validate(redeem_call(id, STN)).is_ok()));

		assert_eq!(channel(id).spent, 0);
	});
}

#[test]
fn a_better_voucher_replaces_a_worse_one_that_waits() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let fee = ChannelsOf::get().redeem_fee;
		let priority = |cumulative| validate(redeem_call(id, cumulative)).unwrap().priority;

		assert!(priority(STN + fee) > priority(STN));
		assert!(priority(DEPOSIT) > priority(DEPOSIT - fee));
		assert_eq!(priority(STN), priority(STN));
	});
}

#[test]
fn vouchers_of_one_channel_share_a_tag_and_those_of_two_do_not() {
	ExtBuilder.build_and_execute(|| {
		let (first, second) = (open(DEPOSIT), open(DEPOSIT));
		let tags = |id, cumulative| validate(redeem_call(id, cumulative)).unwrap().provides;
		let share = |a: &[Vec<u8>], b: &[Vec<u8>]| a.iter().any(|tag| b.contains(tag));

		assert!(share(&tags(first, STN), &tags(first, 2 * STN)));
		assert!(!share(&tags(first, STN), &tags(second, STN)));
	});
}

#[test]
fn no_amount_comes_before_a_storage_proof() {
	ExtBuilder.build_and_execute(|| {
		change_settings(|settings| {
			settings.redeem_fee = 1;
			settings.min_redeem = 4;
		});
		let id = open(WEALTH / 2);

		assert_eq!(validate(redeem_call(id, WEALTH / 2)).unwrap().priority, (1 << 32) + (WEALTH / 2) as u64);
		let huge = open_rich();
		assert_eq!(validate(redeem_call(huge, u128::MAX / 2)).unwrap().priority, u64::MAX / 4);
	});
}

/// A channel with more money than a priority can count.
fn open_rich() -> ChannelId {
	use frame_support::traits::fungible::Mutate;
	Balances::set_balance(&OTHER, u128::MAX / 2 + WEALTH);
	open_between(OTHER, PAYEE, u128::MAX / 2)
}

#[test]
fn the_amount_is_looked_at_before_the_signature() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_eq!(redeem(id, STN), Ok(Ok(())));
		let least = ChannelsOf::get().min_redeem;
		let forged = |id, cumulative| validate(signed_call(id, cumulative, [0; 64])).unwrap_err();

		assert_eq!(forged(ChannelId(9), STN), UNKNOWN);
		assert_eq!(forged(id, STN), STALE);
		assert_eq!(forged(id, DEPOSIT + 1), unknown(types::OVER_DEPOSIT));
		assert_eq!(forged(id, STN + least - 1), unknown(types::STEP_TOO_SMALL));
		assert_eq!(forged(id, STN + least), BAD_PROOF);
	});
}

#[test]
fn what_another_state_may_accept_is_unknown_and_not_invalid() {
	let told = |refusal: Refusal| TransactionValidityError::from(refusal);

	assert_eq!(told(Refusal::UnknownChannel), UNKNOWN);
	assert_eq!(told(Refusal::OverDeposit), unknown(1));
	assert_eq!(told(Refusal::StepTooSmall), unknown(2));
	assert_eq!(told(Refusal::PayeeCannotReceive), unknown(3));
	assert_eq!(told(Refusal::ChannelGone), STALE);
	assert_eq!(told(Refusal::AlreadyRedeemed), STALE);
}

#[test]
fn a_signed_transaction_with_a_right_voucher_redeems_nothing() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		let extension = (frame_system::AuthorizeCall::new(),);

		let signed = Extrinsic::new_signed(redeem_call(id, STN), PAYEE, UintAuthorityId(PAYEE), extension);

		assert_eq!(apply_extrinsic(signed), Ok(Err(DispatchError::BadOrigin)));
		assert_eq!(channel(id).spent, 0);
	});
}

#[test]
fn a_bare_transaction_redeems_nothing() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);

		let bare = Extrinsic::new_bare(redeem_call(id, STN));

		assert_ne!(apply_extrinsic(bare), Ok(Ok(())));
		assert_eq!(channel(id).spent, 0);
	});
}

#[test]
fn a_call_that_costs_a_fee_is_not_free_as_a_general_transaction() {
	ExtBuilder.build_and_execute(|| {
		let id = open(DEPOSIT);
		assert_ok!(PaymentChannels::start_closing(signed(PAYER), id));
		System::set_block_number(1 + GRACE);

		let finish = RuntimeCall::PaymentChannels(Call::finish_closing { channel: id });

		assert_ne!(apply(finish), Ok(Ok(())));
		assert_eq!(deposits(PAYER), DEPOSIT);
	});
}
