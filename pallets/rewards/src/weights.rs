//! Weights of `pallet_rewards`. Estimated by hand until `scripts/weights` has measured its benchmarks.
//!
//! Steps -, repeats -, Compiled execution, database weights as configured by the runtime.
//! CPU: none.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs, clippy::all)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What each call of `pallet_rewards` costs.
pub trait WeightInfo {
	fn credit_usage() -> Weight;
	fn credit_availability() -> Weight;
	fn claim(n: u32, ) -> Weight;
	fn era_payout() -> Weight;
	fn settle_and_forget() -> Weight;
}

/// As estimated, with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Settings::Rewards` (r:1 w:0)
	/// Proof: `Settings::Rewards` (`max_values`: Some(1), `max_size`: Some(80), added: 575, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Records` (r:1 w:1)
	/// Proof: `Rewards::Records` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Closed` (r:1 w:0)
	/// Proof: `Rewards::Closed` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	fn credit_usage() -> Weight {
		// Shortest run: not measured.
		Weight::from_parts(25_000_000, 3583)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Rewards::Records` (r:1 w:1)
	/// Proof: `Rewards::Records` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Closed` (r:1 w:0)
	/// Proof: `Rewards::Closed` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Proof: `Pace::Pace` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	fn credit_availability() -> Weight {
		// Shortest run: not measured.
		Weight::from_parts(26_000_000, 3583)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Rewards::Records` (r:129 w:129)
	/// Proof: `Rewards::Records` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Closed` (r:84 w:0)
	/// Proof: `Rewards::Closed` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:65 w:65)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Registry::Nodes` (r:64 w:0)
	/// Proof: `Registry::Nodes` (`max_values`: None, `max_size`: Some(822), added: 3297, mode: `MaxEncodedLen`)
	/// `n` is in `[0, 64]`.
	fn claim(n: u32, ) -> Weight {
		// Shortest run: not measured.
		Weight::from_parts(62_000_000, 4287)
			.saturating_add(Weight::from_parts(110_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 11030).saturating_mul(n.into()))
	}
	/// Storage: `Settings::Rewards` (r:1 w:0)
	/// Proof: `Settings::Rewards` (`max_values`: Some(1), `max_size`: Some(80), added: 575, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Closed` (r:0 w:2)
	/// Proof: `Rewards::Closed` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Proof: `Pace::Pace` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:0)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Staking::ActiveEra` (r:1 w:0)
	/// Proof: `Staking::ActiveEra` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Staking::ErasRewardPoints` (r:1 w:0)
	/// Proof: `Staking::ErasRewardPoints` (`max_values`: None, `max_size`: Some(3618), added: 6093, mode: `MaxEncodedLen`)
	/// Storage: `Staking::ErasValidatorPrefs` (r:100 w:0)
	/// Proof: `Staking::ErasValidatorPrefs` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `MaxEncodedLen`)
	fn era_payout() -> Weight {
		// Shortest run: not measured.
		Weight::from_parts(420_000_000, 254190)
			.saturating_add(T::DbWeight::get().reads(106_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Rewards::Records` (r:3 w:3)
	/// Proof: `Rewards::Records` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Closed` (r:1 w:0)
	/// Proof: `Rewards::Closed` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn settle_and_forget() -> Weight {
		// Shortest run: not measured.
		Weight::from_parts(95_000_000, 8769)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
}

/// For tests without a runtime.
impl WeightInfo for () {
	fn credit_usage() -> Weight {
		Weight::from_parts(25_000_000, 3583)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn credit_availability() -> Weight {
		Weight::from_parts(26_000_000, 3583)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn claim(n: u32, ) -> Weight {
		Weight::from_parts(62_000_000, 4287)
			.saturating_add(Weight::from_parts(110_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 11030).saturating_mul(n.into()))
	}
	fn era_payout() -> Weight {
		Weight::from_parts(420_000_000, 254190)
			.saturating_add(ParityDbWeight::get().reads(106_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn settle_and_forget() -> Weight {
		Weight::from_parts(95_000_000, 8769)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
}
