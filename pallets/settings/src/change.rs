//! Replacing one record, judged together with all others.

use crate::{
	BadSetting, Bandwidth, Channels, Config, Disputes, Error, Event, Market, Pallet, Proofs, Registry, Rewards,
};
use frame_support::traits::Get;
use sp_runtime::DispatchResult;
use substation_primitives::{
	rewards::RewardSettings,
	settings::{
		BandwidthSettings, ChannelSettings, DisputeSettings, MarketSettings, ProofSettings, RegistrySettings,
		SettingError, Settings,
	},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_registry(settings: RegistrySettings) -> DispatchResult {
		Self::ensure_valid(Settings { registry: settings, ..Self::all() })?;
		Registry::<T>::put(settings);
		Self::deposit_event(Event::RegistryChanged { settings });
		Ok(())
	}

	pub(crate) fn do_set_market(settings: MarketSettings) -> DispatchResult {
		Self::ensure_valid(Settings { market: settings, ..Self::all() })?;
		Market::<T>::put(settings);
		Self::deposit_event(Event::MarketChanged { settings });
		Ok(())
	}

	pub(crate) fn do_set_proofs(settings: ProofSettings) -> DispatchResult {
		Self::ensure_valid(Settings { proofs: settings, ..Self::all() })?;
		Proofs::<T>::put(settings);
		Self::deposit_event(Event::ProofsChanged { settings });
		Ok(())
	}

	pub(crate) fn do_set_bandwidth(settings: BandwidthSettings) -> DispatchResult {
		Self::ensure_valid(Settings { bandwidth: settings, ..Self::all() })?;
		Bandwidth::<T>::put(settings);
		Self::deposit_event(Event::BandwidthChanged { settings });
		Ok(())
	}

	pub(crate) fn do_set_channels(settings: ChannelSettings) -> DispatchResult {
		Self::ensure_valid(Settings { channels: settings, ..Self::all() })?;
		Channels::<T>::put(settings);
		Self::deposit_event(Event::ChannelsChanged { settings });
		Ok(())
	}

	pub(crate) fn do_set_disputes(settings: DisputeSettings) -> DispatchResult {
		Self::ensure_valid(Settings { disputes: settings, ..Self::all() })?;
		Disputes::<T>::put(settings);
		Self::deposit_event(Event::DisputesChanged { settings });
		Ok(())
	}

	pub(crate) fn do_set_rewards(settings: RewardSettings) -> DispatchResult {
		Self::ensure_valid(Settings { rewards: settings, ..Self::all() })?;
		Rewards::<T>::put(settings);
		Self::deposit_event(Event::RewardsChanged { settings });
		Ok(())
	}

	fn ensure_valid(settings: Settings) -> Result<(), Error<T>> {
		Self::judge(&settings).map_err(|error| Error::OutOfRange(BadSetting(error)))
	}

	/// Whether settings are valid together, and on this chain.
	pub(crate) fn judge(settings: &Settings) -> Result<(), SettingError> {
		settings.validate()?;
		settings.fit(&T::Clock::get())
	}
}
