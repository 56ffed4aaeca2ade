//! What the runtime API tells. Reads only; nothing on chain calls this.

use crate::{
	pallet::{Config, Era, Pallet, Supply},
	types::{EarnerOf, Pool},
};
use frame_support::traits::fungible::Inspect;
use substation_primitives::rewards::{CurrentPage, PoolPage, RewardPage, SupplyPage, MAX_BUDGETED};

impl<T: Config> Pallet<T> {
	/// What an earner has earned and not claimed; `None` if nothing is known of it.
	pub fn reward_page(earner: EarnerOf<T>) -> Option<RewardPage<T::AccountId>> {
		let era = Era::<T>::get().index;
		let record = Self::folded(&earner, era)?;
		let current = record.current.map(|proof| CurrentPage { since: proof.since, due: proof.due, bond: proof.bond });
		Some(RewardPage { earner, now: Self::now(), era, pending: record.pending, credited: record.units, current })
	}

	/// Where all tokens have come from and gone to.
	pub fn supply_page() -> SupplyPage {
		let (era, totals, issuance) = (Era::<T>::get(), Supply::<T>::get(), T::Currency::total_issuance());
		let page = |pool: Pool| PoolPage { units: pool.units, budget: pool.budget };
		SupplyPage {
			now: Self::now(),
			era: era.index,
			genesis: totals.genesis,
			issuance,
			budgeted: totals.budgeted,
			max: MAX_BUDGETED,
			minted: totals.minted,
			burned: totals.burned(issuance),
			burned_by_calls: totals.burned_by_calls,
			burned_seen: totals.burned_seen,
			nominating: era.nominating,
			availability_per_block: era.yield_per_block,
			storage: page(era.pools.storage),
			bandwidth: page(era.pools.bandwidth),
		}
	}
}
