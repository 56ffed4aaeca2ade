//! Money into channels, and the records that say whose it is.

use crate::{
	pallet::{Channels, Config, Error, Event, HoldReason, NextChannelId, Pallet},
	types::{ChannelOf, Refusal},
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchError, DispatchResult},
	traits::fungible::MutateHold,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{SaturatedConversion, Zero};
use substation_primitives::{
	channel::{Channel, VoucherKey},
	Balance, BlockNumber, ChannelId,
};
use substation_proofs::Hash;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open(
		payer: T::AccountId,
		payee: T::AccountId,
		key: VoucherKey,
		deposit: Balance,
	) -> DispatchResult {
		let settings = Self::settings();
		ensure!(payer != payee, Error::<T>::PayeeIsPayer);
		ensure!(deposit >= settings.min_redeem, Error::<T>::DepositTooSmall);

		T::Currency::hold(&HoldReason::ChannelDeposit.into(), &payer, deposit)?;
		T::Currency::hold(&HoldReason::ChannelRecord.into(), &payer, settings.record_deposit)?;
		let id = Self::next_channel_id()?;
		let record = Channel {
			payer: payer.clone(),
			key,
			payee: payee.clone(),
			deposit,
			spent: 0,
			record_deposit: settings.record_deposit,
			closing: None,
		};
		Channels::<T>::insert(id, record);
		Self::deposit_event(Event::ChannelOpened { channel: id, payer, payee, deposit });
		Ok(())
	}

	pub(crate) fn do_top_up(payer: T::AccountId, id: ChannelId, amount: Balance) -> DispatchResult {
		let mut channel = Self::recorded(id).map_err(Error::<T>::from)?;
		ensure!(channel.payer == payer, Error::<T>::NotPayer);
		ensure!(channel.closing.is_none(), Error::<T>::AlreadyClosing);
		ensure!(amount >= Self::settings().min_redeem, Error::<T>::DepositTooSmall);
		let deposit = channel.deposit.checked_add(amount).ok_or(Error::<T>::DepositOutOfRange)?;

		T::Currency::hold(&HoldReason::ChannelDeposit.into(), &payer, amount)?;
		channel.deposit = deposit;
		Channels::<T>::insert(id, channel);
		Self::deposit_event(Event::ChannelToppedUp { channel: id, amount, deposit });
		Ok(())
	}

	fn next_channel_id() -> Result<ChannelId, DispatchError> {
		NextChannelId::<T>::try_mutate(|next| {
			let id = *next;
			next.0 = id.0.checked_add(1).ok_or(Error::<T>::OutOfIds)?;
			Ok(id)
		})
	}

	/// The record of a channel, or which of the two reasons there is for having none.
	pub(crate) fn recorded(id: ChannelId) -> Result<ChannelOf<T>, Refusal> {
		Channels::<T>::get(id).ok_or_else(|| {
			if id < NextChannelId::<T>::get() {
				Refusal::ChannelGone
			} else {
				Refusal::UnknownChannel
			}
		})
	}

	/// The block that is being executed.
	pub(crate) fn now() -> BlockNumber {
		// Exact: the runtime's block number is 32 bits wide (asserted in `integrity_test`).
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Hash of the chain's first block.
	pub(crate) fn genesis() -> Hash {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		// This chain's hashes have 32 bytes (asserted in `integrity_test`). Another one would only make every
		// signature wrong.
		Hash::try_from(hash.as_ref()).unwrap_or_default()
	}
}
