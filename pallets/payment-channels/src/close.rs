//! The ends of a channel: the payer's with a grace for the payee, and the payee's at once.

use crate::{
	pallet::{Channels, Config, Error, Event, HoldReason, Pallet},
	types::ChannelOf,
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchError, DispatchResult, Get},
	traits::{fungible::MutateHold, tokens::Precision},
};
use substation_primitives::{Balance, BlockNumber, ChannelId};

/// The part of a grace, one over so much, in which small steps are possible again.
const ENDING: BlockNumber = 4;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_start_closing(payer: T::AccountId, id: ChannelId) -> DispatchResult {
		let mut channel = Self::recorded(id).map_err(Error::<T>::from)?;
		ensure!(channel.payer == payer, Error::<T>::NotPayer);
		ensure!(channel.closing.is_none(), Error::<T>::AlreadyClosing);
		let closing = Self::now().saturating_add(T::Grace::get());
		channel.closing = Some(closing);
		Channels::<T>::insert(id, channel);
		Self::deposit_event(Event::ClosingStarted { channel: id, closing });
		Ok(())
	}

	pub(crate) fn do_finish_closing(id: ChannelId) -> DispatchResult {
		let channel = Self::recorded(id).map_err(Error::<T>::from)?;
		let closing = Self::closes(&channel).ok_or(Error::<T>::NotClosing)?;
		ensure!(Self::now() >= closing, Error::<T>::GraceNotOver);
		Self::remove(id, &channel)
	}

	pub(crate) fn do_close(payee: T::AccountId, id: ChannelId) -> DispatchResult {
		let channel = Self::recorded(id).map_err(Error::<T>::from)?;
		ensure!(channel.payee == payee, Error::<T>::NotPayee);
		Self::remove(id, &channel)
	}

	/// The first block in which the payer may take the rest, if it has asked for it. Blocks in which the payee could not
	/// redeem do not count.
	pub(crate) fn closes(channel: &ChannelOf<T>) -> Option<BlockNumber> {
		channel.closing.map(|closing| {
			let began = closing.saturating_sub(T::Grace::get());
			T::Interruptions::get().moved(began, closing)
		})
	}

	/// Whether a channel is in the last quarter of its grace, or past it. Blocks that took no transactions count here.
	pub(crate) fn is_ending(channel: &ChannelOf<T>) -> bool {
		channel.closing.is_some_and(|closing| Self::now() >= closing.saturating_sub(T::Grace::get() / ENDING))
	}

	/// Returns everything to the payer and forgets the channel.
	fn remove(id: ChannelId, channel: &ChannelOf<T>) -> DispatchResult {
		// Cannot fail: an account with a hold exists and receives any amount.
		Self::release(HoldReason::ChannelRecord, &channel.payer, channel.record_deposit)?;
		let refunded = Self::release(HoldReason::ChannelDeposit, &channel.payer, channel.left())?;
		Channels::<T>::remove(id);
		Self::deposit_event(Event::ChannelClosed { channel: id, refunded });
		Ok(())
	}

	fn release(reason: HoldReason, payer: &T::AccountId, amount: Balance) -> Result<Balance, DispatchError> {
		T::Currency::release(&reason.into(), payer, amount, Precision::Exact)
	}
}
