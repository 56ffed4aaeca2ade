//! Weights of `pallet_disputes`.
//!
//! Estimated, with every database access counted and the time of each call taken from the most similar measured ones
//! of the storage market, rounded up. `scripts/weights disputes` measures them and replaces this file.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs, clippy::all)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What each call of `pallet_disputes` costs.
pub trait WeightInfo {
	fn open() -> Weight;
	fn answer() -> Weight;
	fn answer_by_agent() -> Weight;
	fn authorize_answer_by_agent() -> Weight;
	fn decide() -> Weight;
	fn overturn() -> Weight;
	fn overturn_to_rejected() -> Weight;
	fn execute() -> Weight;
	fn execute_rejected() -> Weight;
}

/// As estimated, with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn open() -> Weight {
		Weight::from_parts(120_000_000, 6_000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn answer() -> Weight {
		Weight::from_parts(100_000_000, 6_000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	fn answer_by_agent() -> Weight {
		Weight::from_parts(100_000_000, 6_000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	fn authorize_answer_by_agent() -> Weight {
		Weight::from_parts(150_000_000, 6_000)
			.saturating_add(T::DbWeight::get().reads(6_u64))
	}
	fn decide() -> Weight {
		Weight::from_parts(20_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn overturn() -> Weight {
		Weight::from_parts(600_000_000, 20_000)
			.saturating_add(T::DbWeight::get().reads(30_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
	fn execute() -> Weight {
		Weight::from_parts(600_000_000, 20_000)
			.saturating_add(T::DbWeight::get().reads(30_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
	fn overturn_to_rejected() -> Weight {
		Weight::from_parts(600_000_000, 20_000)
			.saturating_add(T::DbWeight::get().reads(30_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
	fn execute_rejected() -> Weight {
		Weight::from_parts(600_000_000, 20_000)
			.saturating_add(T::DbWeight::get().reads(30_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
}

/// For tests without a runtime.
impl WeightInfo for () {
	fn open() -> Weight { Weight::from_parts(120_000_000, 6_000) }
	fn answer() -> Weight { Weight::from_parts(100_000_000, 6_000) }
	fn answer_by_agent() -> Weight { Weight::from_parts(100_000_000, 6_000) }
	fn authorize_answer_by_agent() -> Weight { Weight::from_parts(150_000_000, 6_000) }
	fn decide() -> Weight { Weight::from_parts(20_000_000, 4_000) }
	fn overturn() -> Weight { Weight::from_parts(600_000_000, 20_000) }
	fn execute() -> Weight { Weight::from_parts(600_000_000, 20_000) }
	fn overturn_to_rejected() -> Weight { Weight::from_parts(600_000_000, 20_000) }
	fn execute_rejected() -> Weight { Weight::from_parts(600_000_000, 20_000) }
}
