//! What must hold in every state. The README lists them; the tests check them after every case.

use crate::{
	pallet::{Closed, Config, Era, Pallet, Records, Supply},
	types::{EraState, Pool, Pools, Record, Totals},
};
use alloc::collections::BTreeMap;
use frame_support::{
	ensure,
	traits::{fungible::Inspect, Get},
};
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	rewards::{KEPT_ERAS, MAX_BUDGETED},
	Balance, ResourceClass,
};

/// The units that records name, by era, in each class.
type Units = BTreeMap<u32, (Balance, Balance)>;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		let (era, totals) = (Era::<T>::get(), Supply::<T>::get());
		Self::check_totals(&era, &totals)?;
		Self::check_pools(&era)?;
		Self::check_claims(&era, &totals)?;
		Self::check_closed(&era)?;
		Self::check_records(&era)
	}

	/// I1 to I5: what was budgeted, minted and destroyed.
	fn check_totals(era: &EraState, totals: &Totals) -> Result<(), TryRuntimeError> {
		let issuance = T::Currency::total_issuance();
		let burned = totals.burned(issuance);
		ensure!(totals.budgeted <= MAX_BUDGETED, "I1: more was budgeted than may ever be");
		let running = [era.validators, era.treasury, era.pools.storage.budget, era.pools.bandwidth.budget];
		// What the running era may pay is budgeted and cannot be minted yet.
		let open = running.into_iter().fold(totals.minted, Balance::saturating_add);
		ensure!(open <= totals.budgeted, "I2: more was minted than was budgeted for eras that are over");
		ensure!(issuance <= totals.genesis.saturating_add(totals.minted), "I3: something was minted and not counted");
		ensure!(totals.burned_by_calls <= burned, "I4: calls say they have destroyed more than is missing");
		ensure!(totals.burned_seen <= burned, "I5: something destroyed has come back");
		Ok(())
	}

	/// I6, I7: the units of records are those of the pools.
	fn check_pools(era: &EraState) -> Result<(), TryRuntimeError> {
		let units = Self::units();
		let of = |index: u32| units.get(&index).copied().unwrap_or_default();
		let (storage, bandwidth) = of(era.index);
		let Pools { storage: Pool { units: in_storage, .. }, bandwidth: Pool { units: in_bandwidth, .. } } = era.pools;
		ensure!(storage == in_storage, "I6: the storage pool's units are not the sum of the records'");
		ensure!(bandwidth == in_bandwidth, "I6: the bandwidth pool's units are not the sum of the records'");
		for index in era.index.saturating_sub(KEPT_ERAS)..era.index {
			let pools = Self::closed(index, era.index).ok_or("I7: a closed era is not kept")?;
			let (storage, bandwidth) = of(index);
			ensure!(storage <= pools.storage.units, "I7: records name more than a closed storage pool's units");
			ensure!(bandwidth <= pools.bandwidth.units, "I7: records name more than a closed bandwidth pool's units");
		}
		Ok(())
	}

	fn units() -> Units {
		let mut units = Units::new();
		for (earner, record) in Records::<T>::iter() {
			let (storage, bandwidth) = units.entry(record.era).or_default();
			let sum = match earner.class() {
				ResourceClass::Storage => storage,
				ResourceClass::Bandwidth => bandwidth,
			};
			*sum = sum.saturating_add(record.units);
		}
		units
	}

	/// I8: what was claimed and what can be claimed is within what pools pay.
	fn check_claims(era: &EraState, totals: &Totals) -> Result<(), TryRuntimeError> {
		let pending = Records::<T>::iter_keys().filter_map(|earner| Self::folded(&earner, era.index));
		let owed = pending.fold(totals.claimed, |sum, record| sum.saturating_add(record.pending));
		ensure!(owed <= totals.payable, "I8: more is claimed or pending than the pools of closed eras pay");
		ensure!(totals.claimed <= totals.minted, "I8: more was claimed than minted");
		Ok(())
	}

	/// I9: places of eras that have not closed yet are empty.
	fn check_closed(era: &EraState) -> Result<(), TryRuntimeError> {
		let coming = (0..).zip(Closed::<T>::get()).filter(|(place, _)| *place >= era.index);
		for (_, pools) in coming {
			ensure!(pools == Pools::default(), "I9: the pools of an era are kept that has not closed");
		}
		Ok(())
	}

	/// I10: records say something, and nothing of the future.
	fn check_records(era: &EraState) -> Result<(), TryRuntimeError> {
		let now = Self::now();
		let yields = era.yields(now, T::EraBlocks::get());
		for record in Records::<T>::iter_values() {
			let Record { era: of, current, .. } = record;
			ensure!(!record.is_empty(), "I10: a record says nothing");
			ensure!(of <= era.index, "I10: a record is of an era that has not begun");
			if let Some(proof) = current {
				ensure!(proof.since <= now && proof.since <= proof.due, "I10: a proof is of a later block");
				ensure!(proof.yields <= yields, "I10: a proof has seen yields that were not paid");
			}
		}
		Ok(())
	}
}
