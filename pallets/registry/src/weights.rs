//! Weights for `pallet_registry`
//!
//! ESTIMATES AWAITING THE BENCHMARK RUN. The numbers below were not measured: they are deliberately high, and this
//! whole file is replaced by the output of the benchmarks.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_registry`.
pub trait WeightInfo {
	fn register() -> Weight;
	fn set_contact() -> Weight;
	fn set_agent() -> Weight;
	fn set_offer() -> Weight;
	fn add_bond() -> Weight;
	fn release_bond() -> Weight;
	fn leave() -> Weight;
	fn unbond() -> Weight;
	fn withdraw() -> Weight;
	fn suspend() -> Weight;
	fn lift_suspension() -> Weight;
}

/// Weights for `pallet_registry` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Registry::NextNodeId` (r:1 w:1)
	/// Storage: `Registry::Nodes` (r:0 w:1)
	fn register() -> Weight {
		Weight::from_parts(150_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn set_contact() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn set_agent() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn set_offer() -> Weight {
		Weight::from_parts(180_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn add_bond() -> Weight {
		Weight::from_parts(220_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn release_bond() -> Weight {
		Weight::from_parts(220_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn leave() -> Weight {
		Weight::from_parts(180_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn unbond() -> Weight {
		Weight::from_parts(200_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn withdraw() -> Weight {
		Weight::from_parts(250_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn suspend() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn lift_suspension() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Registry::NextNodeId` (r:1 w:1)
	/// Storage: `Registry::Nodes` (r:0 w:1)
	fn register() -> Weight {
		Weight::from_parts(150_000_000, 8000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn set_contact() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn set_agent() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn set_offer() -> Weight {
		Weight::from_parts(180_000_000, 16000)
			.saturating_add(RocksDbWeight::get().reads(9_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn add_bond() -> Weight {
		Weight::from_parts(220_000_000, 16000)
			.saturating_add(RocksDbWeight::get().reads(9_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn release_bond() -> Weight {
		Weight::from_parts(220_000_000, 16000)
			.saturating_add(RocksDbWeight::get().reads(10_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn leave() -> Weight {
		Weight::from_parts(180_000_000, 16000)
			.saturating_add(RocksDbWeight::get().reads(9_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `Settings::Registry` (r:1 w:0)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn unbond() -> Weight {
		Weight::from_parts(200_000_000, 16000)
			.saturating_add(RocksDbWeight::get().reads(10_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	/// Storage: `StorageProofs::NodeProofs` (r:1 w:1)
	/// Storage: `Pace::Pace` (r:1 w:0)
	/// Storage: `Settings::Proofs` (r:1 w:0)
	/// Storage: `Settings::Market` (r:1 w:0)
	/// Storage: `StorageMarket::NodeAccounts` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:2 w:2)
	fn withdraw() -> Weight {
		Weight::from_parts(250_000_000, 16000)
			.saturating_add(RocksDbWeight::get().reads(9_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn suspend() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	/// Storage: `Registry::Nodes` (r:1 w:1)
	fn lift_suspension() -> Weight {
		Weight::from_parts(40_000_000, 4000)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
}
