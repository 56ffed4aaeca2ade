//! What is true of this pallet's state after every call and every block; numbered as in the README.

#![cfg(any(test, feature = "try-runtime"))]

use crate::{address, Agents, Config, HoldReason, NextNodeId, Nodes, Pallet};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::Encode;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use substation_primitives::{traits::Obligations, Balance, NodeStatus, ResourceClass};

/// What the records of an operator's nodes say is held.
#[derive(Default)]
struct Recorded {
	deposits: Balance,
	storage: Balance,
	bandwidth: Balance,
}

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_money_is_held()?;
		Self::check_ids_below_next()?;
		Self::check_offers_well_formed()?;
		Self::check_unbonding_owes_nothing()?;
		Self::check_contacts_well_formed()?;
		Self::check_agents_indexed()
	}

	/// I1: what is held of an operator is, to the unit, the deposits and bonds of its nodes.
	fn check_money_is_held() -> Result<(), TryRuntimeError> {
		let mut recorded = BTreeMap::<Vec<u8>, (T::AccountId, Recorded)>::new();
		for node in Nodes::<T>::iter_values() {
			let (_, sums) =
				recorded.entry(node.operator.encode()).or_insert((node.operator.clone(), Recorded::default()));
			sums.deposits = sums.deposits.saturating_add(node.deposit);
			for offered in node.offers.iter() {
				let bonds = match offered.class {
					ResourceClass::Storage => &mut sums.storage,
					ResourceClass::Bandwidth => &mut sums.bandwidth,
				};
				*bonds = bonds.saturating_add(offered.bond);
			}
		}
		for (operator, sums) in recorded.values() {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), operator);
			ensure!(held(HoldReason::NodeDeposit) == sums.deposits, "I1: deposits differ from what is held");
			ensure!(held(HoldReason::StorageBond) == sums.storage, "I1: storage bonds differ from what is held");
			ensure!(held(HoldReason::BandwidthBond) == sums.bandwidth, "I1: bandwidth bonds differ from what is held");
		}
		Ok(())
	}

	/// I2: every id was assigned.
	fn check_ids_below_next() -> Result<(), TryRuntimeError> {
		let next = NextNodeId::<T>::get();
		ensure!(Nodes::<T>::iter_keys().all(|id| id < next), "I2: a node has an id that was never assigned");
		Ok(())
	}

	/// I3: a node offers something, nothing twice, and nothing of no size or price.
	fn check_offers_well_formed() -> Result<(), TryRuntimeError> {
		for node in Nodes::<T>::iter_values() {
			let classes: BTreeSet<_> = node.offers.iter().map(|offered| offered.class).collect();
			ensure!(!classes.is_empty(), "I3: a node offers nothing");
			ensure!(classes.len() == node.offers.len(), "I3: a node offers a class twice");
			ensure!(
				node.offers.iter().all(|offered| offered.offer.capacity > 0 && offered.offer.price > 0),
				"I3: an offer is empty"
			);
		}
		Ok(())
	}

	/// I4: an unbonding node owes nothing.
	fn check_unbonding_owes_nothing() -> Result<(), TryRuntimeError> {
		for (id, node) in Nodes::<T>::iter() {
			if let NodeStatus::Unbonding { .. } = node.status {
				ensure!(T::Obligations::is_free(id), "I4: an unbonding node owes something");
			}
		}
		Ok(())
	}

	/// I5: keys are not zero, addresses and regions are well formed.
	fn check_contacts_well_formed() -> Result<(), TryRuntimeError> {
		for node in Nodes::<T>::iter_values() {
			ensure!(node.agent != [0; 32] && node.endpoint != [0; 32], "I5: a key is missing");
			ensure!(node.addresses.iter().all(|text| address::is_host_and_port(text)), "I5: an address is malformed");
			ensure!(node.region.is_well_formed(), "I5: a region is malformed");
		}
		Ok(())
	}

	/// I6: the index of agents names, for the key of every node, that node, and nothing else.
	fn check_agents_indexed() -> Result<(), TryRuntimeError> {
		for (id, node) in Nodes::<T>::iter() {
			ensure!(Agents::<T>::get(node.agent) == Some(id), "I6: the index does not name a node's agent");
		}
		// As many entries as nodes, each of which has one of its own.
		ensure!(
			Agents::<T>::iter_keys().count() == Nodes::<T>::iter_keys().count(),
			"I6: the index names an agent that no node has"
		);
		Ok(())
	}
}
