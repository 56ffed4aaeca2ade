//! Weights for `pallet_settings`
//!
//! ESTIMATES AWAITING THE BENCHMARK RUN. The numbers below were not measured: they are deliberately high, and this
//! whole file is replaced by the output of the benchmarks.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_settings`.
pub trait WeightInfo {
	fn set_registry() -> Weight;
	fn set_market() -> Weight;
	fn set_proofs() -> Weight;
}

/// Weights for `pallet_settings` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Settings::Registry` (r:1 w:1)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	fn set_registry() -> Weight {
		Weight::from_parts(30_000_000, 2000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:1)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	fn set_market() -> Weight {
		Weight::from_parts(30_000_000, 2000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:1)
	fn set_proofs() -> Weight {
		Weight::from_parts(30_000_000, 2000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	fn set_registry() -> Weight {
		Weight::from_parts(30_000_000, 2000)
			.saturating_add(RocksDbWeight::get().reads(3_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn set_market() -> Weight {
		Weight::from_parts(30_000_000, 2000)
			.saturating_add(RocksDbWeight::get().reads(3_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn set_proofs() -> Weight {
		Weight::from_parts(30_000_000, 2000)
			.saturating_add(RocksDbWeight::get().reads(3_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
}
