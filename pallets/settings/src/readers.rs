//! The settings as [`Get`]s, for the `Config` items of the pallets that they steer.

use crate::{Bandwidth, Channels, Config, Disputes, Market, Proofs, Registry, Rewards};
use core::marker::PhantomData;
use frame_support::traits::Get;
use substation_primitives::{
	rewards::RewardSettings,
	settings::{BandwidthSettings, ChannelSettings, DisputeSettings, MarketSettings, ProofSettings, RegistrySettings},
};

/// The tunables of nodes and bonds that are in force.
#[derive(Debug)]
pub struct RegistryOf<T>(PhantomData<T>);

impl<T: Config> Get<RegistrySettings> for RegistryOf<T> {
	fn get() -> RegistrySettings {
		Registry::<T>::get()
	}
}

/// The tunables of deals and payments that are in force.
#[derive(Debug)]
pub struct MarketOf<T>(PhantomData<T>);

impl<T: Config> Get<MarketSettings> for MarketOf<T> {
	fn get() -> MarketSettings {
		Market::<T>::get()
	}
}

/// The tunables of proofs and misses that are in force.
#[derive(Debug)]
pub struct ProofsOf<T>(PhantomData<T>);

impl<T: Config> Get<ProofSettings> for ProofsOf<T> {
	fn get() -> ProofSettings {
		Proofs::<T>::get()
	}
}

/// The tunables of lines that are in force.
#[derive(Debug)]
pub struct BandwidthOf<T>(PhantomData<T>);

impl<T: Config> Get<BandwidthSettings> for BandwidthOf<T> {
	fn get() -> BandwidthSettings {
		Bandwidth::<T>::get()
	}
}

/// The tunables of payment channels that are in force.
#[derive(Debug)]
pub struct ChannelsOf<T>(PhantomData<T>);

impl<T: Config> Get<ChannelSettings> for ChannelsOf<T> {
	fn get() -> ChannelSettings {
		Channels::<T>::get()
	}
}

/// The tunables of disputes that are in force.
#[derive(Debug)]
pub struct DisputesOf<T>(PhantomData<T>);

impl<T: Config> Get<DisputeSettings> for DisputesOf<T> {
	fn get() -> DisputeSettings {
		Disputes::<T>::get()
	}
}

/// The tunables of emission, shares and fees that are in force.
#[derive(Debug)]
pub struct RewardsOf<T>(PhantomData<T>);

impl<T: Config> Get<RewardSettings> for RewardsOf<T> {
	fn get() -> RewardSettings {
		Rewards::<T>::get()
	}
}
