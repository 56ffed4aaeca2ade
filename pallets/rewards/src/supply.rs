//! Where tokens come from and go to: everything that mints is counted where it mints.

use crate::{
	pallet::{Config, Pallet, Supply},
	types::{CreditOf, DebtOf},
};
use core::marker::PhantomData;
use frame_support::traits::{fungible::Inspect, Imbalance, OnUnbalanced};
use substation_primitives::Balance;

impl<T: Config> Pallet<T> {
	/// What was destroyed so far: whatever was there or was minted, and is not there any more.
	pub fn burned() -> Balance {
		Supply::<T>::get().burned(T::Currency::total_issuance())
	}

	/// Counts what a call has destroyed, or is about to.
	pub fn note_burned(amount: Balance) {
		if amount > 0 {
			Supply::<T>::mutate(|totals| totals.burned_by_calls = totals.burned_by_calls.saturating_add(amount));
		}
	}

	/// Counts what staking mints.
	pub(crate) fn note_minted(amount: Balance) {
		Supply::<T>::mutate(|totals| totals.minted = totals.minted.saturating_add(amount));
	}

	/// Counts what a claim mints.
	pub(crate) fn note_claimed(amount: Balance) {
		Supply::<T>::mutate(|totals| {
			totals.minted = totals.minted.saturating_add(amount);
			totals.claimed = totals.claimed.saturating_add(amount);
		});
	}
}

/// Counts what staking has paid to validators and nominators. Wire to staking's `Reward`.
///
/// Staking has put the money into accounts without raising the issuance; dropping the debt raises it.
#[derive(Debug)]
pub struct CountRewards<T>(PhantomData<T>);

impl<T: Config> OnUnbalanced<DebtOf<T>> for CountRewards<T> {
	fn on_nonzero_unbalanced(paid: DebtOf<T>) {
		Pallet::<T>::note_minted(paid.peek());
		drop(paid);
	}
}

/// Counts what staking has minted beyond its payments, and passes it on. Wire to staking's `RewardRemainder`, with the
/// treasury as `Next`.
#[derive(Debug)]
pub struct CountRemainder<T, Next>(PhantomData<(T, Next)>);

impl<T: Config, Next: OnUnbalanced<CreditOf<T>>> OnUnbalanced<CreditOf<T>> for CountRemainder<T, Next> {
	fn on_nonzero_unbalanced(minted: CreditOf<T>) {
		Pallet::<T>::note_minted(minted.peek());
		Next::on_unbalanced(minted);
	}
}
