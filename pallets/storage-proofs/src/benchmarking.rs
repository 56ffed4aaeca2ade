//! Benchmarks with real proofs: nothing is compiled out.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use super::*;
use crate::{seeds::ring_index, synthetic::Shape};
use alloc::boxed::Box;
use frame_benchmarking::{benchmarking, v2::*};
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{Authorize, Get},
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use substation_primitives::{settings::MAX_OPENINGS, NodeId, Period, WindowSeed};
use substation_proofs::{challenge::Challenge, storage::StorageProof};

const NODE: NodeId = NodeId(1);

/// Late enough that a node that has never proven has missed enough to be terminated.
const PERIOD: Period = Period(200);

/// Opens the window of [`PERIOD`] for [`NODE`], which stores [`Shape::DEEPEST`], owes the outcome of `next_due` and
/// later, and pays the full fine for its next miss. Returns the proof.
fn open_window<T: Config>(openings: u8, next_due: Period) -> StorageProof {
	T::BenchmarkHelper::prepare_node(NODE);
	let clock = T::Clock::get();
	let opened = clock.opens::<HostHasher>(NODE, PERIOD);
	let seed = WindowSeed { opened, seed: [7; 32], openings };
	let index = ring_index(&clock, opened).expect("a window opens at this block");
	Seeds::<T>::insert(index, seed);
	frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(opened + 2));

	let challenge =
		Challenge { genesis: Pallet::<T>::genesis_hash(), seed: seed.seed, node: NODE.0, period: PERIOD.0, openings };
	let (forest, proof) = Shape::DEEPEST.prove(&challenge);
	let strikes = T::Settings::get().repeated_fine_from;
	NodeProofs::<T>::insert(NODE, NodeRecord { forest, strikes, ..NodeRecord::starting_at(next_due) });
	proof
}

/// Does not count the reads of what the authorisation has read right before, in the same application of the same
/// transaction, and nothing changes meanwhile: [`Call::prove`] is charged for both.
fn leave_out_what_was_read<T: Config>() {
	let clock = T::Clock::get();
	let index = ring_index(&clock, clock.opens::<HostHasher>(NODE, PERIOD)).expect("a window opens at this block");
	benchmarking::add_to_whitelist(Seeds::<T>::hashed_key_for(index).into());
	for key in T::BenchmarkHelper::read_by_authorization(NODE) {
		benchmarking::add_to_whitelist(key.into());
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_initialize() {
		let clock = T::Clock::get();
		let opened = clock.opens::<HostHasher>(NODE, PERIOD);

		#[block]
		{
			Pallet::<T>::accumulate(opened + 1);
		}

		assert!(Pallet::<T>::seed(opened).is_some());
	}

	#[benchmark]
	fn authorize_prove(o: Linear<1, { MAX_OPENINGS as u32 }>) -> Result<(), BenchmarkError> {
		// One miss is still to be judged: it reads the bond and what the deals pay.
		let proof = open_window::<T>(o as u8, Period(PERIOD.0 - 1));
		let call = Call::<T>::prove { node: NODE, period: PERIOD, proof: Box::new(proof) };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}

		Ok(())
	}

	#[benchmark]
	fn prove() -> Result<(), BenchmarkError> {
		let proof = Box::new(open_window::<T>(1, PERIOD));
		leave_out_what_was_read::<T>();

		#[extrinsic_call]
		_(RawOrigin::Authorized, NODE, PERIOD, proof);

		assert!(Pallet::<T>::is_proven(NODE, PERIOD));
		Ok(())
	}

	#[benchmark]
	fn prove_after_misses() -> Result<(), BenchmarkError> {
		// One miss is still to be applied.
		let proof = Box::new(open_window::<T>(1, Period(PERIOD.0 - 1)));

		#[extrinsic_call]
		prove(RawOrigin::Authorized, NODE, PERIOD, proof);

		assert!(Pallet::<T>::is_proven(NODE, PERIOD));
		Ok(())
	}

	#[benchmark]
	fn report_missed() -> Result<(), BenchmarkError> {
		let _ = open_window::<T>(1, Period(0));
		let reporter = T::BenchmarkHelper::reporter();

		#[extrinsic_call]
		_(RawOrigin::Signed(reporter), NODE);

		assert!(NodeProofs::<T>::get(NODE).is_some_and(|record| record.terminated_at.is_some()));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build(), crate::mock::Test);
}
