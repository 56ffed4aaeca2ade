//! What the runtime API tells about a channel. Reads only; nothing on chain calls this.

use crate::{Channels, Config, Pallet};
use substation_primitives::{channel::ChannelPage, ChannelId};

impl<T: Config> Pallet<T> {
	/// A channel with what a payee needs to judge its vouchers, `None` if it has no record.
	pub fn page(id: ChannelId) -> Option<ChannelPage<T::AccountId>> {
		let channel = Channels::<T>::get(id)?;
		let settings = Self::settings();
		Some(ChannelPage {
			id,
			channel,
			now: Self::now(),
			genesis: Self::genesis(),
			min_redeem: settings.min_redeem,
			redeem_fee: settings.redeem_fee,
		})
	}
}
