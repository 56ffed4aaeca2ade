//! Weights of `pallet_storage_market`.
//!
//! ESTIMATES, not measured: conservative until the benchmarks have run on reference hardware. The shape is that of
//! generated weights, so that a generated file replaces this one as it is.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_storage_market`.
pub trait WeightInfo {
	fn propose() -> Weight;
	fn withdraw_proposal() -> Weight;
	fn accept(n: u32, ) -> Weight;
	fn authorize_accept(n: u32, ) -> Weight;
	fn clear(n: u32, ) -> Weight;
	fn authorize_clear(n: u32, ) -> Weight;
	fn settle() -> Weight;
	fn end_early() -> Weight;
	fn forfeit() -> Weight;
	fn close() -> Weight;
}

/// Weights for `pallet_storage_market` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Estimate: reads the node, its offer and its ledger; holds twice.
	fn propose() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 6400)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Estimate: releases two holds.
	fn withdraw_proposal() -> Weight {
		// Minimum execution time: 80_000_000 picoseconds.
		Weight::from_parts(80_000_000, 3600)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Estimate: catches the node up, reads and writes each deal, hashes two paths of 32 levels for each.
	///
	/// The range of component `n` is `[1, 64]`.
	fn accept(n: u32, ) -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 9000)
			.saturating_add(Weight::from_parts(170_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(7_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Estimate: as `accept`, with a signature, and writes nothing that lasts.
	///
	/// The range of component `n` is `[1, 64]`.
	fn authorize_accept(n: u32, ) -> Weight {
		// Minimum execution time: 180_000_000 picoseconds.
		Weight::from_parts(180_000_000, 9000)
			.saturating_add(Weight::from_parts(150_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
	}
	/// Estimate: catches the node up, looks for each deal, hashes two paths of 32 levels for each.
	///
	/// The range of component `n` is `[1, 64]`.
	fn clear(n: u32, ) -> Weight {
		// Minimum execution time: 110_000_000 picoseconds.
		Weight::from_parts(110_000_000, 8000)
			.saturating_add(Weight::from_parts(140_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Estimate: as `clear`, with a signature, and writes nothing that lasts.
	///
	/// The range of component `n` is `[1, 64]`.
	fn authorize_clear(n: u32, ) -> Weight {
		// Minimum execution time: 170_000_000 picoseconds.
		Weight::from_parts(170_000_000, 8000)
			.saturating_add(Weight::from_parts(130_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
	}
	/// Estimate: catches the node up, reads nine words of proofs, pays three ways.
	fn settle() -> Weight {
		// Minimum execution time: 220_000_000 picoseconds.
		Weight::from_parts(220_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(24_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	/// Estimate: catches the node up, pays three ways.
	fn end_early() -> Weight {
		// Minimum execution time: 200_000_000 picoseconds.
		Weight::from_parts(200_000_000, 11000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	/// Estimate: settles, takes a compensation, removes the record.
	fn forfeit() -> Weight {
		// Minimum execution time: 320_000_000 picoseconds.
		Weight::from_parts(320_000_000, 13000)
			.saturating_add(T::DbWeight::get().reads(26_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
	/// Estimate: settles, takes a compensation, removes the record.
	fn close() -> Weight {
		// Minimum execution time: 320_000_000 picoseconds.
		Weight::from_parts(320_000_000, 13000)
			.saturating_add(T::DbWeight::get().reads(26_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	/// Estimate: reads the node, its offer and its ledger; holds twice.
	fn propose() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 6400)
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	/// Estimate: releases two holds.
	fn withdraw_proposal() -> Weight {
		// Minimum execution time: 80_000_000 picoseconds.
		Weight::from_parts(80_000_000, 3600)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	/// Estimate: catches the node up, reads and writes each deal, hashes two paths of 32 levels for each.
	///
	/// The range of component `n` is `[1, 64]`.
	fn accept(n: u32, ) -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 9000)
			.saturating_add(Weight::from_parts(170_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Estimate: as `accept`, with a signature, and writes nothing that lasts.
	///
	/// The range of component `n` is `[1, 64]`.
	fn authorize_accept(n: u32, ) -> Weight {
		// Minimum execution time: 180_000_000 picoseconds.
		Weight::from_parts(180_000_000, 9000)
			.saturating_add(Weight::from_parts(150_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
	}
	/// Estimate: catches the node up, looks for each deal, hashes two paths of 32 levels for each.
	///
	/// The range of component `n` is `[1, 64]`.
	fn clear(n: u32, ) -> Weight {
		// Minimum execution time: 110_000_000 picoseconds.
		Weight::from_parts(110_000_000, 8000)
			.saturating_add(Weight::from_parts(140_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	/// Estimate: as `clear`, with a signature, and writes nothing that lasts.
	///
	/// The range of component `n` is `[1, 64]`.
	fn authorize_clear(n: u32, ) -> Weight {
		// Minimum execution time: 170_000_000 picoseconds.
		Weight::from_parts(170_000_000, 8000)
			.saturating_add(Weight::from_parts(130_000_000, 2_800).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
	}
	/// Estimate: catches the node up, reads nine words of proofs, pays three ways.
	fn settle() -> Weight {
		// Minimum execution time: 220_000_000 picoseconds.
		Weight::from_parts(220_000_000, 12000)
			.saturating_add(ParityDbWeight::get().reads(24_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	/// Estimate: catches the node up, pays three ways.
	fn end_early() -> Weight {
		// Minimum execution time: 200_000_000 picoseconds.
		Weight::from_parts(200_000_000, 11000)
			.saturating_add(ParityDbWeight::get().reads(16_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	/// Estimate: settles, takes a compensation, removes the record.
	fn forfeit() -> Weight {
		// Minimum execution time: 320_000_000 picoseconds.
		Weight::from_parts(320_000_000, 13000)
			.saturating_add(ParityDbWeight::get().reads(26_u64))
			.saturating_add(ParityDbWeight::get().writes(16_u64))
	}
	/// Estimate: settles, takes a compensation, removes the record.
	fn close() -> Weight {
		// Minimum execution time: 320_000_000 picoseconds.
		Weight::from_parts(320_000_000, 13000)
			.saturating_add(ParityDbWeight::get().reads(26_u64))
			.saturating_add(ParityDbWeight::get().writes(16_u64))
	}
}
