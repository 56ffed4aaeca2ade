//! The end of an era and the beginning of the next one, in one step whose cost no number of nodes changes.

use crate::{
	availability,
	emission::{self, Split},
	pallet::{Config, Era, Event, Pallet, Supply},
	types::{EraState, Pool, Pools, Totals},
	weights::WeightInfo,
};
use frame_support::{
	dispatch::DispatchClass,
	traits::{fungible::Inspect, Get},
};
use sp_staking::EraPayout;
use substation_primitives::{
	rewards::{NominatorEarnings, RewardSettings},
	traits::Treasury,
	Balance,
};

/// Asked by staking whenever one of its eras ends, inside of a hook.
impl<T: Config> EraPayout<Balance> for Pallet<T> {
	fn era_payout(_staked: Balance, _issuance: Balance, _millis: u64) -> (Balance, Balance) {
		// Staking's hook knows nothing of what this costs, nor the benchmark of the one write of the closed pools.
		let weight = T::WeightInfo::era_payout().saturating_add(T::DbWeight::get().writes(1));
		frame_system::Pallet::<T>::register_extra_weight_unchecked(weight, DispatchClass::Mandatory);
		Self::end_era()
	}
}

impl<T: Config> Pallet<T> {
	/// Starts to count: the first issuance, and the budget of era 0.
	pub(crate) fn begin() {
		let mut totals = Totals { genesis: T::Currency::total_issuance(), ..Default::default() };
		let (_, split) = Self::budget(0, &mut totals, &T::Settings::get());
		Era::<T>::put(EraState { started: Self::now(), ..budgeted_state(split) });
		Supply::<T>::put(totals);
	}

	/// Closes the running era and begins the next. Returns what staking shall pay for the one that ends: to validators
	/// and nominators, and to the treasury.
	pub(crate) fn end_era() -> (Balance, Balance) {
		let (over, now) = (Era::<T>::get(), Self::now());
		let settings = T::Settings::get();
		let validators = emission::staking_payout(over.validators);
		let balance = T::Currency::total_balance(&T::Treasury::account());
		let treasury = emission::treasury_payout(over.treasury, balance, settings.treasury_ceiling);
		Self::close(&over);

		let mut totals = Supply::<T>::get();
		totals.payable = totals.payable.saturating_add(over.pools.payable());
		totals.burned_seen = totals.burned_seen.max(totals.burned(T::Currency::total_issuance()));
		let index = over.index.saturating_add(1);
		let (budget, split) = Self::budget(index, &mut totals, &settings);
		Supply::<T>::put(totals);

		let era_blocks = T::EraBlocks::get();
		let nominating = availability::nominating(&T::Nominating::of_validators(validators));
		let coming = emission::staking_payout(split.validators);
		let expected = availability::expected(nominating, validators, coming);
		Era::<T>::put(EraState {
			index,
			started: now,
			yields_before: over.yields(now, era_blocks),
			nominating,
			yield_per_block: availability::per_block(expected, settings.availability, era_blocks),
			..budgeted_state(split)
		});
		let Split { validators: to_validators, storage, bandwidth, treasury: to_treasury } = split;
		Self::deposit_event(Event::EraBudgeted {
			era: index,
			budget,
			validators: to_validators,
			storage,
			bandwidth,
			treasury: to_treasury,
		});
		(validators, treasury)
	}

	/// Takes an era's budget from what may still be budgeted, and divides it.
	fn budget(era: u32, totals: &mut Totals, settings: &RewardSettings) -> (Balance, Split) {
		let budget = emission::emission(era, totals.budgeted, settings);
		totals.budgeted = totals.budgeted.saturating_add(budget);
		(budget, emission::split(budget, settings))
	}
}

/// An era of which nothing is known but its budget.
fn budgeted_state(split: Split) -> EraState {
	let Split { validators, storage, bandwidth, treasury } = split;
	let pools = Pools { storage: Pool::with_budget(storage), bandwidth: Pool::with_budget(bandwidth) };
	EraState { validators, treasury, pools, ..Default::default() }
}
