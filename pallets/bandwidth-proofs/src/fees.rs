//! Fees: operators pay in for the tests of their nodes, members earn, one account keeps both.
//!
//! A receipt moves what it is worth from one line to another; no money moves until somebody takes it out. The account
//! therefore always holds what is prepaid and what is earned, together.
//!
//! `due = fee × min(count × n, total) / total`, rounded down: a member that has carried its even share earns the whole
//! fee, one that has carried less as much less.

use crate::{
	types::{last_block, Line, Test, FREEZE},
	Config, Error, Event, Lines, Pallet, LOG_TARGET,
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchError, DispatchResult},
	traits::{fungible::Mutate, tokens::Preservation, Get},
};
use sp_runtime::traits::AccountIdConversion;
use substation_primitives::{settings::BandwidthSettings, traits::Treasury, Balance, NodeId};

/// What a member is due for `count` bytes of a test. Never above the test's fee.
pub(crate) fn due(test: &Test, count: u32) -> Balance {
	// At most `MAX_COMMITTEE`.
	let members = u64::try_from(test.committee.len()).unwrap_or(u64::MAX);
	let carried = u64::from(count).saturating_mul(members);
	if carried >= test.total {
		return test.fee;
	}
	// Saturated, it is still below the fee.
	test.fee.saturating_mul(carried.into()).checked_div(test.total.into()).unwrap_or(0)
}

impl<T: Config> Pallet<T> {
	/// The account that keeps what is prepaid and what is earned.
	pub fn pot() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// What one test can cost by the settings in force. A node with less prepaid is not drawn.
	pub(crate) fn committee_cost(settings: &BandwidthSettings) -> Balance {
		settings.member_fee.saturating_mul(T::Committees::get().members.into())
	}

	pub(crate) fn do_prepay(operator: T::AccountId, node: NodeId, amount: Balance) -> DispatchResult {
		let mut line = Self::owned_line(node, &operator)?;
		ensure!(amount > 0, Error::<T>::NothingToPay);

		Self::pay_in(node, &mut line, amount)?;
		Lines::<T>::insert(node, line);
		Ok(())
	}

	/// Moves money of the operator into the account, for a line that the caller stores.
	pub(crate) fn pay_in(node: NodeId, line: &mut Line<T::AccountId>, amount: Balance) -> DispatchResult {
		if line.prepaid < Self::committee_cost(&T::Settings::get()) {
			line.ready = T::EpochIndex::get().saturating_add(FREEZE);
		}
		line.prepaid = line.prepaid.checked_add(amount).ok_or(Error::<T>::Overflow)?;
		T::Currency::transfer(&line.operator, &Self::pot(), amount, Preservation::Preserve)?;
		Self::deposit_event(Event::Prepaid { node, amount });
		Ok(())
	}

	pub(crate) fn do_withdraw_prepaid(operator: T::AccountId, node: NodeId, amount: Balance) -> DispatchResult {
		let mut line = Self::owned_line(node, &operator)?;
		ensure!(amount > 0, Error::<T>::NothingToPay);
		let bound = Self::running_cost(&line);
		let free = line.prepaid.saturating_sub(bound);
		ensure!(amount <= free, Error::<T>::PrepaidTooLow);

		line.prepaid = line.prepaid.saturating_sub(amount);
		T::Currency::transfer(&Self::pot(), &operator, amount, Preservation::Preserve)?;
		Lines::<T>::insert(node, line);
		Self::deposit_event(Event::PrepaidWithdrawn { node, amount });
		Ok(())
	}

	/// What a running test of the line may still cost.
	pub(crate) fn running_cost(line: &Line<T::AccountId>) -> Balance {
		let deadline = T::Committees::get().deadline;
		let running = line.pending.filter(|test| Self::now() <= last_block(test, deadline));
		running.and_then(|test| Self::drawn(test, deadline)).map_or(0, |test| test.cost())
	}

	pub(crate) fn do_collect_earned(operator: T::AccountId, node: NodeId) -> DispatchResult {
		let mut line = Self::owned_line(node, &operator)?;
		let amount = core::mem::take(&mut line.earned);
		ensure!(amount > 0, Error::<T>::NothingToPay);

		T::Currency::transfer(&Self::pot(), &operator, amount, Preservation::Preserve)?;
		Lines::<T>::insert(node, line);
		Self::deposit_event(Event::EarningsCollected { node, amount });
		Ok(())
	}

	/// Pays out everything that is the line's, to the treasury if the operator cannot receive it, and says how much and
	/// to whom.
	pub(crate) fn pay_out_all(line: &Line<T::AccountId>) -> Result<(Balance, T::AccountId), DispatchError> {
		let amount = line.prepaid.saturating_add(line.earned);
		let pot = Self::pot();
		if amount == 0 || T::Currency::transfer(&pot, &line.operator, amount, Preservation::Preserve).is_ok() {
			return Ok((amount, line.operator.clone()));
		}
		log::debug!(target: LOG_TARGET, "{:?} cannot receive {amount}", line.operator);
		let treasury = T::Treasury::account();
		T::Currency::transfer(&pot, &treasury, amount, Preservation::Preserve)?;
		Ok((amount, treasury))
	}
}
