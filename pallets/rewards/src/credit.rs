//! Credits: usage from what payments have destroyed, availability from proofs.

use crate::{
	availability,
	pallet::{Config, Era, Pallet, Records},
	pool,
	types::{Current, EarnerOf, Record},
};
use frame_support::pallet_prelude::Get;
use sp_runtime::traits::SaturatedConversion;
use substation_primitives::{rewards::Earner, Balance, BlockNumber, NodeId, ResourceClass};

impl<T: Config> Pallet<T> {
	/// Credits a provider for a payment of which `burned` was destroyed.
	///
	/// The caller has destroyed it, or does so in the same call, and tells nobody else of it.
	pub fn credit_usage(earner: EarnerOf<T>, burned: Balance) {
		Self::note_burned(burned);
		let units = pool::usage(T::Settings::get().usage, burned);
		if units == 0 {
			return;
		}
		let mut era = Era::<T>::get();
		let mut record = Self::record(&earner, era.index);
		record.credit(era.pools.of_mut(earner.class()), units);
		Records::<T>::insert(earner, record);
		Era::<T>::put(era);
	}

	/// Credits a node for the time since its last proof in a class, and lets a new one count until block `now +
	/// longest`.
	///
	/// `bond` is the bond that the node's duties require, not one that it has declared. The caller has verified the
	/// proof; two in one block are as good as one.
	pub fn credit_availability(node: NodeId, class: ResourceClass, bond: Balance, longest: BlockNumber) {
		let earner = Earner::Node { node, class };
		let mut era = Era::<T>::get();
		let mut record = Self::record(&earner, era.index);
		let since = Self::now();
		let yields = era.yields(since, T::EraBlocks::get());
		let proof = Current { since, due: since.saturating_add(longest), yields, bond };
		if let Some((bond, yields)) = record.prove(proof) {
			let units = availability::credit(bond, yields);
			record.credit(era.pools.of_mut(class), units);
		}
		Records::<T>::insert(earner, record);
		Era::<T>::put(era);
	}

	/// Ends the proof that counts for a node in a class: time from now on is credited only after another one. For fines,
	/// misses and departures. What was credited stays.
	pub fn lapse(node: NodeId, class: ResourceClass) {
		let earner = Earner::Node { node, class };
		let Some(mut record) = Records::<T>::get(&earner) else { return };
		record.current = None;
		Self::store(earner, record);
	}

	/// Told that a bond was lowered to `left`: until the next proof no more than that earns, whatever it is raised to
	/// meanwhile.
	pub fn bond_lowered(node: NodeId, class: ResourceClass, left: Balance) {
		let earner = Earner::Node { node, class };
		let Some(mut record) = Records::<T>::get(&earner) else { return };
		if record.limit(left) {
			Records::<T>::insert(earner, record);
		}
	}

	/// A record with everything from eras that are over folded.
	pub(crate) fn folded(earner: &EarnerOf<T>, era: u32) -> Option<Record> {
		let mut record = Records::<T>::get(earner)?;
		record.fold(era, |closed| Self::closed(closed, era).map(|pools| *pools.of(earner.class())));
		Some(record)
	}

	/// The same for an earner of whom nothing may be known.
	pub(crate) fn record(earner: &EarnerOf<T>, era: u32) -> Record {
		Self::folded(earner, era).unwrap_or(Record { era, ..Default::default() })
	}

	/// Keeps a record, unless it says nothing.
	pub(crate) fn store(earner: EarnerOf<T>, record: Record) {
		if record.is_empty() {
			Records::<T>::remove(earner);
		} else {
			Records::<T>::insert(earner, record);
		}
	}

	/// The block that is being executed.
	pub(crate) fn now() -> BlockNumber {
		// Exact: the runtime's block number is 32 bits wide (asserted in `integrity_test`).
		frame_system::Pallet::<T>::block_number().saturated_into()
	}
}
