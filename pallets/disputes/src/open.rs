//! Opening: a customer puts a bond behind an accusation, and the deal is held back.

use crate::{
	bonds,
	pallet::{Config, Disputes, Error, Event, HoldReason, NextDisputeId, Pallet},
	types::{Dispute, Stage},
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchResult, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::SaturatedConversion;
use substation_primitives::{
	settings::percent_of,
	traits::{DealStake, DisputedDeals},
	Balance, BlockNumber, DealId, DisputeId,
};
use substation_proofs::Hash;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open(customer: T::AccountId, deal: DealId, evidence: Hash, bond: Balance) -> DispatchResult {
		let stake = T::Deals::stake(deal).ok_or(Error::<T>::NoAcceptedDeal)?;
		ensure!(stake.customer == customer, Error::<T>::NotCustomer);
		ensure!(!Disputes::<T>::contains_key(deal), Error::<T>::AlreadyDisputed);
		ensure!(stake.escrow > 0 || stake.reserve > 0, Error::<T>::NothingAtStake);
		ensure!(bond >= Self::bond_for(&stake), Error::<T>::BondTooLow);
		let id = NextDisputeId::<T>::get();
		let next = id.0.checked_add(1).map(DisputeId).ok_or(Error::<T>::OutOfIds)?;

		bonds::hold::<T>(HoldReason::DisputeBond, &customer, bond)?;
		T::Deals::hold_back(deal)?;
		NextDisputeId::<T>::put(next);
		let answer_by = Self::now().saturating_add(T::AnswerPeriod::get());
		let (node, stage) = (stake.node, Stage::Open { answer_by });
		Disputes::<T>::insert(deal, Dispute { id, customer, node, evidence, bond, answer: None, stage });
		Self::deposit_event(Event::DisputeOpened { deal, dispute: id, node, evidence, bond, answer_by });
		Ok(())
	}

	/// The least bond for what is at stake.
	pub(crate) fn bond_for(stake: &DealStake<T::AccountId>) -> Balance {
		let settings = T::Settings::get();
		percent_of(stake.escrow.saturating_add(stake.reserve), settings.bond_percent).max(settings.min_bond)
	}

	/// The present block.
	pub(crate) fn now() -> BlockNumber {
		// This chain's block numbers have 32 bits.
		frame_system::Pallet::<T>::block_number().saturated_into::<BlockNumber>()
	}

	/// Hash of the chain's first block, which agents' signatures name.
	pub(crate) fn genesis() -> Hash {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default());
		// This chain's hashes have 32 bytes. The empty one would only make every signature wrong.
		Hash::try_from(hash.as_ref()).unwrap_or_default()
	}
}
