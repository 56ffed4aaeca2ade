//! Benchmarks. Every call reads and judges all records and writes one, whatever the values.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::{Bandwidth, Call, Channels, Config, Disputes, Market, Pallet, Proofs, Registry, Rewards};
use frame_benchmarking::v2::*;
use frame_support::traits::EnsureOrigin;
use substation_primitives::settings::Settings;

#[benchmarks]
mod benchmarks {
	use super::*;

	fn update_origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
		T::UpdateOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
	}

	#[benchmark]
	fn set_registry() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().registry;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Registry::<T>::get(), settings);
		Ok(())
	}

	#[benchmark]
	fn set_market() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().market;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Market::<T>::get(), settings);
		Ok(())
	}

	#[benchmark]
	fn set_proofs() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().proofs;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Proofs::<T>::get(), settings);
		Ok(())
	}

	#[benchmark]
	fn set_bandwidth() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().bandwidth;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Bandwidth::<T>::get(), settings);
		Ok(())
	}

	#[benchmark]
	fn set_channels() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().channels;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Channels::<T>::get(), settings);
		Ok(())
	}

	#[benchmark]
	fn set_disputes() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().disputes;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Disputes::<T>::get(), settings);
		Ok(())
	}

	#[benchmark]
	fn set_rewards() -> Result<(), BenchmarkError> {
		let origin = update_origin::<T>()?;
		let settings = Settings::default().rewards;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, settings);

		assert_eq!(Rewards::<T>::get(), settings);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
