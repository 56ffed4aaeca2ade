//! Benchmarks: worst cases. Every record has to be folded, every pool has to be scaled, every payee has to be created.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use super::*;
use crate::claim::CLASSES;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, BoundedVec};
use frame_system::RawOrigin;
use sp_staking::EraPayout;
use substation_primitives::{
	rewards::{Earner, KEPT_ERAS},
	settings::STN,
	AgentKey, Balance, NodeId, ResourceClass,
};

/// Puts the pallets behind the traits of [`Config`] into the states that benchmarks need.
pub trait BenchmarkHelper<AccountId> {
	/// Registers a node of this operator.
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId;

	/// Gives the running era of staking as many validators as it may have, each with points and a commission.
	fn fill_era();
}

/// The era that runs, in which every era that counts is kept.
const RUNNING: u32 = KEPT_ERAS + 1;

/// The oldest era that is kept.
const OLDEST: u32 = RUNNING - KEPT_ERAS;

const UNITS: Balance = 1_000 * STN;

/// A pool that cannot pay its units.
const SCARCE: Pool = Pool { units: 3 * UNITS, budget: UNITS };

/// Eras enough for one to be forgotten, and money enough to pay what they owe.
fn run_eras<T: Config>() {
	Closed::<T>::put([Pools { storage: SCARCE, bandwidth: SCARCE }; KEPT_ERAS as usize]);
	Era::<T>::mutate(|era| {
		era.index = RUNNING;
		era.yield_per_block = u64::MAX.into();
		era.pools = Pools { storage: SCARCE, bandwidth: SCARCE };
	});
}

/// A record of an era, with a proof that still counts.
fn earn<T: Config>(earner: EarnerOf<T>, era: u32) {
	let now = Pallet::<T>::now();
	let current = Some(Current { since: now, due: now.saturating_add(1_000), yields: 0, bond: UNITS });
	Records::<T>::insert(earner, Record { era, units: UNITS, pending: STN, current });
}

fn add_node<T: Config>(index: u32) -> (NodeId, T::AccountId) {
	let operator = account("operator", index, 0);
	let mut agent = [7; 32];
	for (to, from) in agent.iter_mut().zip(index.to_le_bytes()) {
		*to = from;
	}
	(T::BenchmarkHelper::add_node(&operator, agent), operator)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn credit_usage() {
		run_eras::<T>();
		let earner = Earner::Payee(account::<T::AccountId>("payee", 0, 0));
		earn::<T>(earner.clone(), OLDEST);

		#[block]
		{
			Pallet::<T>::credit_usage(earner.clone(), UNITS);
		}

		assert!(Records::<T>::get(earner).is_some_and(|record| record.era == RUNNING));
	}

	#[benchmark]
	fn credit_availability() {
		run_eras::<T>();
		let (node, class) = (NodeId(7), ResourceClass::Storage);
		let earner = Earner::Node { node, class };
		earn::<T>(earner.clone(), OLDEST);
		let later = Pallet::<T>::now().saturating_add(10);
		frame_system::Pallet::<T>::set_block_number(later.into());

		#[block]
		{
			Pallet::<T>::credit_availability(node, class, UNITS, 1_000);
		}

		assert!(Records::<T>::get(earner).is_some_and(|record| record.era == RUNNING && record.units > 0));
	}

	#[benchmark]
	fn claim(n: Linear<0, { T::MaxClaims::get() }>) {
		run_eras::<T>();
		// Its account is not counted: extensions of the transaction pay for it.
		let caller: T::AccountId = whitelisted_caller();
		earn::<T>(Earner::Payee(caller.clone()), OLDEST);
		let mut nodes = BoundedVec::default();
		for index in 0..n {
			let (node, _) = add_node::<T>(index);
			for (class, nth) in CLASSES.into_iter().zip(index.saturating_mul(2)..) {
				// As many closed eras as there are.
				earn::<T>(Earner::Node { node, class }, OLDEST.saturating_add(nth % KEPT_ERAS));
			}
			assert!(nodes.try_push(node).is_ok());
		}
		let before = Supply::<T>::get().claimed;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), nodes);

		let each = STN.saturating_add(SCARCE.paid(UNITS));
		let earners = Balance::from(n).saturating_mul(2).saturating_add(1);
		assert_eq!(Supply::<T>::get().claimed, before.saturating_add(each.saturating_mul(earners)));
	}

	#[benchmark]
	fn era_payout() {
		run_eras::<T>();
		Era::<T>::mutate(|era| era.validators = UNITS);
		T::BenchmarkHelper::fill_era();

		#[block]
		{
			let _ = <Pallet<T> as EraPayout<Balance>>::era_payout(UNITS, 0, 0);
		}

		assert_eq!(Era::<T>::get().index, RUNNING.saturating_add(1));
		assert_eq!(Pallet::<T>::closed(OLDEST, RUNNING.saturating_add(1)), None);
	}

	#[benchmark]
	fn settle_and_forget() {
		run_eras::<T>();
		let (node, operator) = add_node::<T>(0);
		for class in CLASSES {
			earn::<T>(Earner::Node { node, class }, RUNNING);
		}
		earn::<T>(Earner::Payee(operator.clone()), OLDEST);

		#[block]
		{
			Pallet::<T>::settle_and_forget(node, &operator);
		}

		let left: Vec<_> =
			CLASSES.into_iter().filter_map(|class| Records::<T>::get(Earner::Node { node, class })).collect();
		assert!(left.is_empty());
		assert!(Records::<T>::get(Earner::Payee(operator)).is_some_and(|record| record.units == 2 * UNITS));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build(), crate::mock::Test);
}
