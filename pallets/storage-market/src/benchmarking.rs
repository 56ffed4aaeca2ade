//! Benchmarks: worst cases, with real update proofs for forests of the greatest depth and real signatures.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::{
	deep_forest::{deep_forest, spread},
	types::{AcceptancesOf, AgentSignature, ClearancesOf},
	Call, Config, Deals, NextDealId, Pallet,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::{Authorize, Get, TransactionSource},
	traits::fungible::Mutate,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_core::{crypto::KeyTypeId, ed25519};
use substation_primitives::{
	deal::{Acceptance, Clearance, DealState, Proposal, Terms},
	settings::MAX_TERM,
	traits::{Nodes, StorageLedger, Treasury},
	AgentKey, Balance, Bytes, DealId, NodeId, Period, ResourceClass,
};
use substation_proofs::{
	authority,
	forest::{Forest, Leaf, UpdateProof, MAX_DEPTH},
};

/// Puts the pallets behind the traits of [`Config`] into the states that benchmarks need.
pub trait BenchmarkHelper<AccountId> {
	/// Registers a node that takes work, with an offer, capacity and bond for any number of deals.
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId;

	/// Gives the node this forest.
	fn set_forest(node: NodeId, forest: Forest);

	/// Makes `period` the node's current one. Every second period before it was proven. If the node has a forest, the
	/// last one was missed, and the next catch-up takes a fine for it.
	fn start_period(node: NodeId, period: Period);

	/// Makes the next catch-up fine the node and terminate it, decided in this closed period.
	fn terminate(node: NodeId, decided: Period);
}

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");
const WEALTH: Balance = 1 << 100;
const LENGTH: u64 = 1 << 20;

/// A node with its operator and its agent's key.
struct Node<AccountId> {
	id: NodeId,
	operator: AccountId,
	agent: ed25519::Public,
}

impl<AccountId> Node<AccountId> {
	fn sign(&self, message: &[u8]) -> Result<AgentSignature, BenchmarkError> {
		let signature = sp_io::crypto::ed25519_sign(KEYS, &self.agent, message).ok_or("the key was generated")?;
		Ok(signature.0)
	}
}

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let account = account(name, 0, 0);
	T::Currency::set_balance(&account, WEALTH);
	account
}

fn add_node<T: Config>() -> Node<T::AccountId> {
	T::Currency::set_balance(&T::Treasury::account(), WEALTH);
	let operator = rich::<T>("operator");
	let agent = sp_io::crypto::ed25519_generate(KEYS, None);
	let id = T::BenchmarkHelper::add_node(&operator, agent.0);
	Node { id, operator, agent }
}

fn proposal<T: Config>(node: NodeId) -> Proposal {
	let price = T::Registry::offer(node, ResourceClass::Storage).map_or(0, |offer| offer.price);
	Proposal { node, root: [9; 32], length: Bytes(LENGTH), periods: MAX_TERM, price }
}

fn propose<T: Config>(customer: &T::AccountId, node: NodeId) -> Result<DealId, BenchmarkError> {
	let id = NextDealId::<T>::get();
	Pallet::<T>::do_propose(customer.clone(), proposal::<T>(node))?;
	Ok(id)
}

/// A deal of the longest term. It begins in the middle of a word of outcomes: a whole term then takes as many of them as
/// it can.
fn accepted<T: Config>(customer: &T::AccountId, node: NodeId) -> Result<(DealId, Terms), BenchmarkError> {
	T::BenchmarkHelper::start_period(node, Period(64));
	let deal = propose::<T>(customer, node)?;
	Pallet::<T>::do_accept(node, &[Acceptance { deal, slot: 0 }], 0, &UpdateProof::default())?;
	match Deals::<T>::get(deal).map(|deal| deal.state) {
		Some(DealState::Active(terms)) => Ok((deal, terms)),
		_ => Err("the deal was accepted".into()),
	}
}

/// An acceptance of so many proposals, each by a customer of its own, into a deep forest whose node owes a fine.
fn acceptance<T: Config>(updates: u32) -> Result<Call<T>, BenchmarkError> {
	let node = add_node::<T>();
	T::BenchmarkHelper::start_period(node.id, Period(1));
	let slots = spread(updates);
	let mut acceptances = Vec::new();
	for (index, slot) in (0..).zip(slots.iter()) {
		let customer = account("customer", index, 0);
		T::Currency::set_balance(&customer, WEALTH);
		acceptances.push(Acceptance { deal: propose::<T>(&customer, node.id)?, slot: *slot });
	}
	let acceptances = AcceptancesOf::<T>::try_from(acceptances).map_err(|_| "within the bound")?;
	let empty = slots.into_iter().map(|slot| (slot, None)).collect::<Vec<_>>();
	let (forest, proof) = deep_forest(node.id, &empty);
	T::BenchmarkHelper::set_forest(node.id, forest);
	let message = authority::accept_message(&Pallet::<T>::genesis(), node.id.0, &forest.root, MAX_DEPTH, &acceptances);
	let signature = node.sign(&message)?;
	Ok(Call::accept { node: node.id, acceptances, depth: MAX_DEPTH, proof, signature })
}

/// A clearance of so many deals without a record from a deep forest whose node owes a fine.
fn clearance<T: Config>(updates: u32) -> Result<Call<T>, BenchmarkError> {
	let node = add_node::<T>();
	T::BenchmarkHelper::start_period(node.id, Period(1));
	NextDealId::<T>::put(DealId(updates.into()));
	let leaves = spread(updates)
		.into_iter()
		.zip(0..)
		.map(|(slot, deal)| (slot, Leaf { deal, root: [9; 32], length: LENGTH }))
		.collect::<Vec<_>>();
	let clearances = leaves.iter().map(|(slot, leaf)| Clearance { slot: *slot, leaf: *leaf }).collect::<Vec<_>>();
	let clearances = ClearancesOf::<T>::try_from(clearances).map_err(|_| "within the bound")?;
	let full = leaves.into_iter().map(|(slot, leaf)| (slot, Some(leaf))).collect::<Vec<_>>();
	let (forest, proof) = deep_forest(node.id, &full);
	T::BenchmarkHelper::set_forest(node.id, forest);
	let message = authority::clear_message(&Pallet::<T>::genesis(), node.id.0, &forest.root, MAX_DEPTH, &clearances);
	let signature = node.sign(&message)?;
	Ok(Call::clear { node: node.id, clearances, depth: MAX_DEPTH, proof, signature })
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn propose() -> Result<(), BenchmarkError> {
		let node = add_node::<T>();
		// A miss that nobody has applied has to be judged.
		T::BenchmarkHelper::set_forest(node.id, Forest { root: [1; 32], total: LENGTH, depth: 0 });
		T::BenchmarkHelper::start_period(node.id, Period(1));
		let customer = rich::<T>("customer");

		#[extrinsic_call]
		_(RawOrigin::Signed(customer), proposal::<T>(node.id));

		assert!(Deals::<T>::contains_key(DealId(0)));
		Ok(())
	}

	#[benchmark]
	fn withdraw_proposal() -> Result<(), BenchmarkError> {
		let node = add_node::<T>();
		let customer = rich::<T>("customer");
		let deal = super::propose::<T>(&customer, node.id)?;
		let expired = Pallet::<T>::now().saturating_add(T::Settings::get().acceptance_time);
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(expired));

		#[extrinsic_call]
		_(RawOrigin::Signed(customer), deal);

		assert!(!Deals::<T>::contains_key(deal));
		Ok(())
	}

	#[benchmark]
	fn accept(n: Linear<1, { T::MaxUpdates::get() }>) -> Result<(), BenchmarkError> {
		let Call::accept { node, acceptances, depth, proof, signature } = acceptance::<T>(n)? else {
			return Err("it is an acceptance".into());
		};

		#[extrinsic_call]
		_(RawOrigin::Authorized, node, acceptances, depth, proof, signature);

		assert_eq!(Pallet::<T>::node_account(node).deals, n);
		Ok(())
	}

	#[benchmark]
	fn authorize_accept(n: Linear<1, { T::MaxUpdates::get() }>) -> Result<(), BenchmarkError> {
		let call = acceptance::<T>(n)?;

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is a free one")??;
		}

		Ok(())
	}

	#[benchmark]
	fn clear(n: Linear<1, { T::MaxUpdates::get() }>) -> Result<(), BenchmarkError> {
		let Call::clear { node, clearances, depth, proof, signature } = clearance::<T>(n)? else {
			return Err("it is a clearance".into());
		};
		let before = T::Ledger::forest(node).total;

		#[extrinsic_call]
		_(RawOrigin::Authorized, node, clearances, depth, proof, signature);

		assert_eq!(T::Ledger::forest(node).total, before.saturating_sub(LENGTH.saturating_mul(n.into())));
		Ok(())
	}

	#[benchmark]
	fn authorize_clear(n: Linear<1, { T::MaxUpdates::get() }>) -> Result<(), BenchmarkError> {
		let call = clearance::<T>(n)?;

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is a free one")??;
		}

		Ok(())
	}

	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		let node = add_node::<T>();
		let customer = rich::<T>("customer");
		let (deal, terms) = accepted::<T>(&customer, node.id)?;
		T::BenchmarkHelper::start_period(node.id, terms.last.next());
		// The last period decides: there is as much to settle as without, and more to apply.
		T::BenchmarkHelper::terminate(node.id, terms.last);

		#[extrinsic_call]
		_(RawOrigin::Signed(customer), deal);

		assert!(matches!(
			Deals::<T>::get(deal).map(|deal| deal.state),
			Some(DealState::Active(settled)) if settled.next_unsettled == terms.last.next()
		));
		Ok(())
	}

	#[benchmark]
	fn end_early() -> Result<(), BenchmarkError> {
		let node = add_node::<T>();
		let customer = rich::<T>("customer");
		let (deal, terms) = accepted::<T>(&customer, node.id)?;
		T::BenchmarkHelper::start_period(node.id, terms.first.next());

		#[extrinsic_call]
		_(RawOrigin::Signed(customer), deal);

		assert!(matches!(
			Deals::<T>::get(deal).map(|deal| deal.state),
			Some(DealState::Active(ended)) if ended.last == terms.first.next()
		));
		Ok(())
	}

	#[benchmark]
	fn forfeit() -> Result<(), BenchmarkError> {
		let node = add_node::<T>();
		let customer = rich::<T>("customer");
		let (deal, terms) = accepted::<T>(&customer, node.id)?;
		T::BenchmarkHelper::start_period(node.id, terms.last);

		#[extrinsic_call]
		_(RawOrigin::Signed(node.operator), deal);

		assert!(matches!(
			Deals::<T>::get(deal).map(|deal| deal.state),
			Some(DealState::Active(forfeited)) if forfeited.compensation_periods == 0
		));
		Ok(())
	}

	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let node = add_node::<T>();
		let customer = rich::<T>("customer");
		let (deal, terms) = accepted::<T>(&customer, node.id)?;
		T::BenchmarkHelper::start_period(node.id, terms.last.next());
		// The last period but one decides: nearly everything is settled, and something is left to refund.
		let decided = terms.last.previous().ok_or("the term is long")?;
		T::BenchmarkHelper::terminate(node.id, decided);

		#[extrinsic_call]
		_(RawOrigin::Signed(customer), deal);

		assert!(!Deals::<T>::contains_key(deal));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build_with_keystore(), crate::mock::Test);
}
