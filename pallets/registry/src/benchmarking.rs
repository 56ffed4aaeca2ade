//! Benchmarks: full records, and nodes about which something is decided but not yet written.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::{types::*, AgentSignature, Agents, Call, Config, Event, NextNodeId, Nodes, Pallet};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, EnsureOrigin, Get};
use frame_system::RawOrigin;
use sp_core::crypto::KeyTypeId;
use substation_primitives::{traits::Bonds, AgentKey, Balance, NodeId, NodeStatus, Offer, Region, ResourceClass};

/// Brings nodes into the states in which [`Obligations::catch_up`] costs most. What is decided about them must be
/// written by the benchmarked call itself, so these only prepare it.
///
/// [`Obligations::catch_up`]: substation_primitives::traits::Obligations::catch_up
pub trait BenchmarkHelper {
	/// Makes fines due that leave the node alive.
	fn owe_fines(node: NodeId);

	/// Makes the node's termination due, with nothing left for it to settle.
	fn owe_termination(node: NodeId);

	/// Gives a node that owes nothing any more as much as can be to forget: outcomes of a long life, and earnings that
	/// have to go somewhere else.
	fn leave_much_to_forget(node: NodeId);
}

impl BenchmarkHelper for () {
	fn owe_fines(_: NodeId) {}

	fn owe_termination(_: NodeId) {}

	fn leave_much_to_forget(_: NodeId) {}
}

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");
const CLASS: ResourceClass = ResourceClass::Storage;
const OTHER_CLASS: ResourceClass = ResourceClass::Bandwidth;
const OFFER: Offer = Offer { capacity: u64::MAX, price: Balance::MAX };

/// More than any obligation that a helper sets up.
fn large_bond<T: Config>() -> Balance {
	T::Settings::get().min_bond.saturating_mul(1_000)
}

fn rich<T: Config>(operator: T::AccountId) -> T::AccountId {
	T::Currency::set_balance(&operator, large_bond::<T>().saturating_mul(10));
	operator
}

/// As many addresses as fit, each as long as fits.
fn longest_addresses<T: Config>() -> Addresses<T> {
	let mut text = vec![b'h'; T::MaxAddressLen::get().saturating_sub(6) as usize];
	text.extend_from_slice(b":65535");
	let address = Address::<T>::truncate_from(text);
	let all: Vec<_> = (0..T::MaxAddresses::get()).map(|_| address.clone()).collect();
	Addresses::<T>::truncate_from(all)
}

/// A new agent that serves this operator, and its proof.
fn new_agent<T: Config>(operator: &T::AccountId) -> Result<(AgentKey, AgentSignature), BenchmarkError> {
	let agent = sp_io::crypto::ed25519_generate(KEYS, None);
	let message = Pallet::<T>::bind_message(operator);
	let proof = sp_io::crypto::ed25519_sign(KEYS, &agent, &message).ok_or("the key was generated")?;
	Ok((agent.0, proof.0))
}

fn full_spec<T: Config>(agent: AgentKey) -> NodeSpec<T> {
	NodeSpec { agent, endpoint: [2; 32], addresses: longest_addresses::<T>(), region: Region(*b"CH") }
}

fn registered_by<T: Config>(operator: &T::AccountId) -> Result<NodeId, BenchmarkError> {
	let id = NextNodeId::<T>::get();
	let (agent, proof) = new_agent::<T>(operator)?;
	Pallet::<T>::do_register(operator.clone(), full_spec::<T>(agent), CLASS, OFFER, large_bond::<T>(), proof)?;
	Ok(id)
}

fn registered<T: Config>() -> Result<(T::AccountId, NodeId), BenchmarkError> {
	let operator = rich::<T>(whitelisted_caller());
	let id = registered_by::<T>(&operator)?;
	Ok((operator, id))
}

/// A node that offers every class: the largest record, and most bonds to release.
fn full<T: Config>() -> Result<(T::AccountId, NodeId), BenchmarkError> {
	let (operator, id) = registered::<T>()?;
	Pallet::<T>::do_add_class(operator.clone(), id, OTHER_CLASS, OFFER, large_bond::<T>())?;
	Ok((operator, id))
}

fn fined<T: Config>() -> Result<(T::AccountId, NodeId), BenchmarkError> {
	let (operator, id) = full::<T>()?;
	T::BenchmarkHelper::owe_fines(id);
	Ok((operator, id))
}

fn assert_last<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register() -> Result<(), BenchmarkError> {
		// The operator has a node already: both holds and the account exist.
		let (operator, first) = full::<T>()?;
		let bond = large_bond::<T>();
		let (agent, proof) = new_agent::<T>(&operator)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), full_spec::<T>(agent), CLASS, OFFER, bond, proof);

		assert_eq!(Pallet::<T>::bond(NodeId(first.0 + 1), CLASS), bond);
		Ok(())
	}

	#[benchmark]
	fn set_contact() -> Result<(), BenchmarkError> {
		let (operator, id) = full::<T>()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id, [3; 32], longest_addresses::<T>(), Region(*b"NO"));

		assert_last::<T>(Event::ContactChanged { node: id });
		Ok(())
	}

	#[benchmark]
	fn set_agent() -> Result<(), BenchmarkError> {
		let (operator, id) = full::<T>()?;
		let (agent, proof) = new_agent::<T>(&operator)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id, agent, proof);

		assert_last::<T>(Event::AgentChanged { node: id, agent });
		Ok(())
	}

	#[benchmark]
	fn set_offer() -> Result<(), BenchmarkError> {
		let (operator, id) = fined::<T>()?;
		let offer = Offer { capacity: 1, price: 1 };

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id, CLASS, offer);

		assert_last::<T>(Event::OfferChanged { node: id, class: CLASS, offer });
		Ok(())
	}

	#[benchmark]
	fn add_bond() -> Result<(), BenchmarkError> {
		let (operator, id) = fined::<T>()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id, CLASS, 1);

		assert_last::<T>(Event::BondAdded { node: id, class: CLASS, amount: 1 });
		Ok(())
	}

	#[benchmark]
	fn release_bond() -> Result<(), BenchmarkError> {
		// Of the class that is not fined: what is earned with either changes.
		let (operator, id) = fined::<T>()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id, OTHER_CLASS, 1);

		assert_last::<T>(Event::BondReleased { node: id, class: OTHER_CLASS, amount: 1 });
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let (operator, id) = fined::<T>()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id);

		assert_last::<T>(Event::NodeLeaving { node: id });
		Ok(())
	}

	#[benchmark]
	fn unbond() -> Result<(), BenchmarkError> {
		// By somebody else: the caller's account is left out of the count, the one that is fined is not.
		let operator = rich::<T>(account("operator", 0, 0));
		let id = registered_by::<T>(&operator)?;
		Pallet::<T>::do_add_class(operator.clone(), id, OTHER_CLASS, OFFER, large_bond::<T>())?;
		Pallet::<T>::do_leave(operator, id)?;
		T::BenchmarkHelper::owe_termination(id);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), id);

		let status = Nodes::<T>::get(id).map(|node| node.status);
		assert!(matches!(status, Some(NodeStatus::Unbonding { .. })));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let (operator, id) = full::<T>()?;
		Pallet::<T>::do_leave(operator.clone(), id)?;
		T::BenchmarkHelper::owe_termination(id);
		Pallet::<T>::do_unbond(id)?;
		T::BenchmarkHelper::leave_much_to_forget(id);
		let Some(NodeStatus::Unbonding { until }) = Nodes::<T>::get(id).map(|node| node.status) else {
			return Err(BenchmarkError::Stop("the node is unbonding"));
		};
		frame_system::Pallet::<T>::set_block_number(until.into());

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id);

		assert!(!Nodes::<T>::contains_key(id));
		assert!(Agents::<T>::iter().all(|(_, node)| node != id));
		Ok(())
	}

	#[benchmark]
	fn suspend() -> Result<(), BenchmarkError> {
		let origin = T::SuspendOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let (_, id) = full::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_last::<T>(Event::NodeSuspended { node: id });
		Ok(())
	}

	#[benchmark]
	fn lift_suspension() -> Result<(), BenchmarkError> {
		let origin = T::SuspendOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let (_, id) = full::<T>()?;
		Pallet::<T>::do_suspend(id)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_last::<T>(Event::SuspensionLifted { node: id });
		Ok(())
	}

	#[benchmark]
	fn add_class() -> Result<(), BenchmarkError> {
		// The operator has another node: the hold of the class exists and is found among all others.
		full::<T>()?;
		let (operator, id) = registered::<T>()?;
		T::BenchmarkHelper::owe_fines(id);
		let bond = large_bond::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id, OTHER_CLASS, OFFER, bond);

		assert_last::<T>(Event::ClassAdded { node: id, class: OTHER_CLASS, offer: OFFER, bond });
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
