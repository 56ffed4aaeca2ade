//! What must hold in every state. The README lists them; the tests check them after every case.

use crate::pallet::{Channels, Config, HoldReason, NextChannelId, Pallet};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use substation_primitives::Balance;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_holds()?;
		Self::check_channels()
	}

	/// I1, I2: each payer has exactly what is left in its channels, and the deposits for their records, on hold.
	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::<T::AccountId, (Balance, Balance)>::new();
		for channel in Channels::<T>::iter_values() {
			let left = channel.left();
			let (deposits, records) = expected.entry(channel.payer).or_default();
			*deposits = deposits.saturating_add(left);
			*records = records.saturating_add(channel.record_deposit);
		}
		for (payer, (deposits, records)) in expected {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &payer);
			ensure!(held(HoldReason::ChannelDeposit) == deposits, "I1: the deposits on hold are not what is left");
			ensure!(held(HoldReason::ChannelRecord) == records, "I2: the deposits on hold are not the records'");
		}
		Ok(())
	}

	/// I3: no channel has spent more than was put in. I4: ids are below the next one. I5: nobody pays oneself.
	fn check_channels() -> Result<(), TryRuntimeError> {
		let next = NextChannelId::<T>::get();
		for (id, channel) in Channels::<T>::iter() {
			ensure!(channel.spent <= channel.deposit, "I3: a channel has spent more than was put in");
			ensure!(id < next, "I4: a channel has an id that was not assigned");
			ensure!(channel.payer != channel.payee, "I5: a channel from an account to itself");
		}
		Ok(())
	}
}
