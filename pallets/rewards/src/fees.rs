//! A transaction's fee: a share is destroyed, the block's author gets the rest and the tip.

use crate::{
	pallet::{Config, Pallet},
	types::CreditOf,
};
use core::{iter::once, marker::PhantomData};
use frame_support::{
	pallet_prelude::Get,
	traits::{fungible::Balanced, Imbalance, OnUnbalanced},
};
use sp_runtime::Permill;
use substation_primitives::Balance;

/// Divides fees and hands tips on. Wire to `pallet_transaction_payment::FungibleAdapter`, which gives fee and tip in
/// this order.
///
/// `Author` is the author of the block that is being executed. Without one, or if its account cannot receive the amount,
/// everything is destroyed.
#[derive(Debug)]
pub struct SplitFees<T, Author>(PhantomData<(T, Author)>);

impl<T: Config, Author: Get<Option<T::AccountId>>> OnUnbalanced<CreditOf<T>> for SplitFees<T, Author> {
	fn on_unbalanceds(mut amounts: impl Iterator<Item = CreditOf<T>>) {
		let Some(fee) = amounts.next() else { return };
		let share = burned_share(fee.peek(), T::Settings::get().fee_burn);
		let (mut burned, rest) = fee.split(share);
		let due = amounts.fold(rest, Imbalance::merge);
		let unpaid = match Author::get() {
			Some(author) => T::Currency::resolve(&author, due).err(),
			None => Some(due),
		};
		if let Some(unpaid) = unpaid {
			burned.subsume(unpaid);
		}
		Pallet::<T>::note_burned(burned.peek());
		drop(burned);
	}

	fn on_nonzero_unbalanced(fee: CreditOf<T>) {
		Self::on_unbalanceds(once(fee));
	}
}

/// What of a fee is destroyed. Rounded up, against the author, who may pay fees to itself.
fn burned_share(fee: Balance, share: Permill) -> Balance {
	// `from_parts` caps a share that no check has seen.
	Permill::from_parts(share.deconstruct()).mul_ceil(fee)
}
