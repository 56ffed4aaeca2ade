#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

mod change;
mod invariants;
mod readers;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use readers::{BandwidthOf, ChannelsOf, DisputesOf, MarketOf, ProofsOf, RegistryOf, RewardsOf};
pub use types::BadSetting;
pub use weights::WeightInfo;

use frame_support::{pallet_prelude::Weight, traits::Get};

/// What a change costs: the benchmark, and the write of a record that it does not count.
fn written<T: Config>(benchmark: Weight) -> Weight {
	benchmark.saturating_add(T::DbWeight::get().writes(1))
}

/// Every tunable of the protocol.
#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use super::*;
	use core::marker::PhantomData;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use substation_primitives::{
		rewards::RewardSettings,
		settings::{
			BandwidthSettings, ChannelSettings, DisputeSettings, MarketSettings, ProofSettings, RegistrySettings,
			SettingError, Settings,
		},
		Clock,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Who may change settings. Every setting moves somebody's money: give it to governance only.
		type UpdateOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The lengths of time that the chain fixes in its genesis. No setting undercuts them.
		type Clock: Get<Clock>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;
	}

	/// What the registry's settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultRegistry<T: Config>() -> RegistrySettings {
		Settings::default().registry
	}

	/// What the market's settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultMarket<T: Config>() -> MarketSettings {
		Settings::default().market
	}

	/// What the proofs' settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultProofs<T: Config>() -> ProofSettings {
		Settings::default().proofs
	}

	/// What the lines' settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultBandwidth<T: Config>() -> BandwidthSettings {
		Settings::default().bandwidth
	}

	/// What the channels' settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultChannels<T: Config>() -> ChannelSettings {
		Settings::default().channels
	}

	/// What the disputes' settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultDisputes<T: Config>() -> DisputeSettings {
		Settings::default().disputes
	}

	/// What the rewards' settings are where nothing was written.
	#[pallet::type_value]
	pub fn DefaultRewards<T: Config>() -> RewardSettings {
		Settings::default().rewards
	}

	/// Tunables of nodes and bonds.
	// Whitelisted, as all records below: nearly every call reads some, so `on_initialize` accounts for each once.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Registry<T: Config> = StorageValue<_, RegistrySettings, ValueQuery, DefaultRegistry<T>>;

	/// Tunables of deals and payments.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Market<T: Config> = StorageValue<_, MarketSettings, ValueQuery, DefaultMarket<T>>;

	/// Tunables of proofs and misses.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Proofs<T: Config> = StorageValue<_, ProofSettings, ValueQuery, DefaultProofs<T>>;

	/// Tunables of seats, tests and ratings of lines.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Bandwidth<T: Config> = StorageValue<_, BandwidthSettings, ValueQuery, DefaultBandwidth<T>>;

	/// Tunables of payment channels.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Channels<T: Config> = StorageValue<_, ChannelSettings, ValueQuery, DefaultChannels<T>>;

	/// Tunables of disputes.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Disputes<T: Config> = StorageValue<_, DisputeSettings, ValueQuery, DefaultDisputes<T>>;

	/// Tunables of emission, shares and fees.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Rewards<T: Config> = StorageValue<_, RewardSettings, ValueQuery, DefaultRewards<T>>;

	/// The settings with which a chain starts.
	#[pallet::genesis_config]
	#[derive(Debug, frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// All settings.
		pub settings: Settings,
		#[doc(hidden)]
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		#[allow(clippy::panic, reason = "a chain whose genesis does not fit must not start")]
		fn build(&self) {
			if let Err(error) = Pallet::<T>::judge(&self.settings) {
				panic!("genesis of pallet-settings: {error:?} in {:?}", self.settings);
			}
			Registry::<T>::put(self.settings.registry);
			Market::<T>::put(self.settings.market);
			Proofs::<T>::put(self.settings.proofs);
			Bandwidth::<T>::put(self.settings.bandwidth);
			Channels::<T>::put(self.settings.channels);
			Disputes::<T>::put(self.settings.disputes);
			Rewards::<T>::put(self.settings.rewards);
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The tunables of nodes and bonds were replaced.
		#[codec(index = 0)]
		RegistryChanged {
			/// What is in force now.
			settings: RegistrySettings,
		},
		/// The tunables of deals and payments were replaced. Deals keep what they were accepted with.
		#[codec(index = 1)]
		MarketChanged {
			/// What is in force now.
			settings: MarketSettings,
		},
		/// The tunables of proofs and misses were replaced. Windows that are open keep their number of openings.
		#[codec(index = 2)]
		ProofsChanged {
			/// What is in force now.
			settings: ProofSettings,
		},
		/// The tunables of lines were replaced. Tests that are running keep their claim, their total and their fee.
		#[codec(index = 3)]
		BandwidthChanged {
			/// What is in force now.
			settings: BandwidthSettings,
		},
		/// The tunables of payment channels were replaced. Open channels follow them.
		#[codec(index = 4)]
		ChannelsChanged {
			/// What is in force now.
			settings: ChannelSettings,
		},
		/// The tunables of disputes were replaced. Open disputes keep their bonds.
		#[codec(index = 5)]
		DisputesChanged {
			/// What is in force now.
			settings: DisputeSettings,
		},
		/// The tunables of emission, shares and fees were replaced. The running era keeps its budget and its yield.
		#[codec(index = 6)]
		RewardsChanged {
			/// What is in force now.
			settings: RewardSettings,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// A value is out of its range, or does not fit its neighbours; the inner value says which. Compare it with
		/// `SettingError` in the metadata, correct it and try the whole record with the view function `check` first.
		#[codec(index = 0)]
		OutOfRange(BadSetting),
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Accounts once per block for the seven records, which benchmarks do not count: the first look at each reads the
		/// database, all others memory.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			T::DbWeight::get().reads(7)
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Replace the tunables of nodes and bonds.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. Nodes that are registered keep the deposit they left; a
		/// higher least bond only keeps those below it from new work.
		///
		/// ## Events
		/// [`Event::RegistryChanged`].
		#[pallet::call_index(0)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_registry()))]
		pub fn set_registry(origin: OriginFor<T>, settings: RegistrySettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_registry(settings)
		}

		/// Replace the tunables of deals and payments.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. Deals keep the shares and the compensation that they were
		/// accepted with.
		///
		/// ## Events
		/// [`Event::MarketChanged`].
		#[pallet::call_index(1)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_market()))]
		pub fn set_market(origin: OriginFor<T>, settings: MarketSettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_market(settings)
		}

		/// Replace the tunables of proofs and misses.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. Misses that are final but not yet applied are applied by
		/// what is in force when somebody looks at the node.
		///
		/// ## Events
		/// [`Event::ProofsChanged`].
		#[pallet::call_index(2)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_proofs()))]
		pub fn set_proofs(origin: OriginFor<T>, settings: ProofSettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_proofs(settings)
		}

		/// Replace the tunables of seats, tests and ratings of lines.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. Seats keep the bond that they were taken with; tests that are
		/// running keep their claim, their total and their fee.
		///
		/// ## Events
		/// [`Event::BandwidthChanged`].
		#[pallet::call_index(3)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_bandwidth()))]
		pub fn set_bandwidth(origin: OriginFor<T>, settings: BandwidthSettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_bandwidth(settings)
		}

		/// Replace the tunables of payment channels.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. Channels keep the deposit for their record; every
		/// redemption from now on, of channels that are open too, follows what is in force then.
		///
		/// ## Events
		/// [`Event::ChannelsChanged`].
		#[pallet::call_index(4)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_channels()))]
		pub fn set_channels(origin: OriginFor<T>, settings: ChannelSettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_channels(settings)
		}

		/// Replace the tunables of disputes.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. Disputes that are open keep the bonds that they were
		/// opened and answered with.
		///
		/// ## Events
		/// [`Event::DisputesChanged`].
		#[pallet::call_index(5)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_disputes()))]
		pub fn set_disputes(origin: OriginFor<T>, settings: DisputeSettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_disputes(settings)
		}

		/// Replace the tunables of emission, shares and fees.
		///
		/// ## Dispatch Origin
		/// [`Config::UpdateOrigin`].
		///
		/// ## Details
		/// Refused unless all settings together stay valid. The running era keeps its budget and its yield; usage and
		/// fees follow at once.
		///
		/// ## Events
		/// [`Event::RewardsChanged`].
		#[pallet::call_index(6)]
		#[pallet::weight(written::<T>(<T as Config>::WeightInfo::set_rewards()))]
		pub fn set_rewards(origin: OriginFor<T>, settings: RewardSettings) -> DispatchResult {
			T::UpdateOrigin::ensure_origin(origin)?;
			Self::do_set_rewards(settings)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// All settings that are in force.
		pub fn all() -> Settings {
			Settings {
				registry: Registry::<T>::get(),
				market: Market::<T>::get(),
				proofs: Proofs::<T>::get(),
				bandwidth: Bandwidth::<T>::get(),
				channels: Channels::<T>::get(),
				disputes: Disputes::<T>::get(),
				rewards: Rewards::<T>::get(),
			}
		}

		/// Whether settings would be accepted, and which one would be refused first.
		pub fn check(settings: Settings) -> Result<(), SettingError> {
			Self::judge(&settings)
		}
	}
}
