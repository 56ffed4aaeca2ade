//! Benchmarks: worst cases, with real signatures. `synthetic.rs` sets them up.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::{
	synthetic::{Scene, Submission, AMOUNT},
	Call, Config, Lines, Pallet, Tests,
};
use frame_benchmarking::v2::*;
use frame_support::pallet_prelude::{Authorize, Get, TransactionSource};
use frame_system::RawOrigin;
use substation_primitives::{
	bandwidth::{MAX_COMMITTEE, MAX_SEATS},
	Rates,
};

type SceneOf<T> = Scene<T, <T as Config>::BenchmarkHelper>;

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_initialize() {
		// A block that could draw tests, and draws none. `draw` has what each test costs.
		let block = SceneOf::<T>::block_without_draw();

		#[block]
		{
			Pallet::<T>::draw_tests(block);
		}

		assert_eq!(Tests::<T>::iter().count(), 0);
	}

	#[benchmark]
	fn draw(t: Linear<26, 400>, e: Linear<0, 400>) {
		// `t` tries and, after the first, `e` looks at seats of lines that count no longer.
		let (lots, id, committees) = SceneOf::<T>::draw(t, e);
		let settings = T::Settings::get();
		let test;

		#[block]
		{
			test = Pallet::<T>::draw_test(&lots, 0, id, &settings, &committees);
		}

		assert_eq!(test.map(|test| test.committee.len()), Some(MAX_COMMITTEE as usize));
	}

	#[benchmark]
	fn take_seats(s: Linear<1, 32>) {
		let (operator, node) = SceneOf::<T>::room(s);

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, SceneOf::<T>::claim(), s as u8, AMOUNT);

		assert_eq!(Lines::<T>::get(node).map(|line| line.seat_count()), Some(s));
	}

	#[benchmark]
	fn set_claim() -> Result<(), BenchmarkError> {
		let (operator, node) = SceneOf::<T>::taken()?;
		let rate = SceneOf::<T>::claim().down + 1;
		let claim = Rates { down: rate, up: rate };

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, claim);

		assert_eq!(Lines::<T>::get(node).map(|line| line.claim), Some(claim));
		Ok(())
	}

	#[benchmark]
	fn give_up_seats() -> Result<(), BenchmarkError> {
		// By somebody else, who has to ask the registry.
		let (_, node) = SceneOf::<T>::taken()?;
		Lines::<T>::mutate_extant(node, |line| line.expelled = true);

		#[extrinsic_call]
		_(RawOrigin::Signed(SceneOf::<T>::rich("anyone", 0)), node);

		assert!(Lines::<T>::get(node).is_some_and(|line| line.until.is_some()));
		Ok(())
	}

	#[benchmark]
	fn prepay() -> Result<(), BenchmarkError> {
		let (operator, node) = SceneOf::<T>::taken()?;
		Lines::<T>::mutate_extant(node, |line| line.prepaid = 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, AMOUNT);

		assert_eq!(Lines::<T>::get(node).map(|line| line.prepaid), Some(AMOUNT));
		Ok(())
	}

	#[benchmark]
	fn withdraw_prepaid() -> Result<(), BenchmarkError> {
		// A test is running.
		let node = SceneOf::<T>::measurement(MAX_COMMITTEE)?.node;
		let operator = Lines::<T>::get(node).ok_or("the node has a line")?.operator;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, AMOUNT / 2);

		assert_eq!(Lines::<T>::get(node).map(|line| line.prepaid), Some(AMOUNT / 2));
		Ok(())
	}

	#[benchmark]
	fn authorize_submit_measurement(m: Linear<3, 25>) -> Result<(), BenchmarkError> {
		let Submission { test, counts, digest, receipts, signature, .. } = SceneOf::<T>::measurement(m)?;
		let call = Call::<T>::submit_measurement { test, counts, digest, receipts, signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}

		Ok(())
	}

	#[benchmark]
	fn submit_measurement(m: Linear<3, 25>) -> Result<(), BenchmarkError> {
		let Submission { test, node, counts, digest, receipts, signature } = SceneOf::<T>::measurement(m)?;

		#[extrinsic_call]
		_(RawOrigin::Authorized, test, counts, digest, receipts, signature);

		assert!(Lines::<T>::get(node).is_some_and(|line| line.pending.is_none() && line.tests == 1));
		Ok(())
	}

	#[benchmark]
	fn collect_earned() -> Result<(), BenchmarkError> {
		let (operator, node) = SceneOf::<T>::taken()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node);

		assert_eq!(Lines::<T>::get(node).map(|line| line.earned), Some(0));
		Ok(())
	}

	#[benchmark]
	fn remove_line() -> Result<(), BenchmarkError> {
		let (operator, node) = SceneOf::<T>::removable()?;
		assert_eq!(Lines::<T>::get(node).map(|line| line.seat_count()), Some(MAX_SEATS));

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node);

		assert!(!Lines::<T>::contains_key(node));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::default().build_with_keystore(), crate::mock::Test);
}
