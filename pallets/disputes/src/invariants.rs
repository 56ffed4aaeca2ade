//! What must hold in every state. The README lists them; the tests check them after every case.

use crate::{
	pallet::{Config, Disputes, HoldReason, NextDisputeId, Pallet},
	types::Stage,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;
use substation_primitives::{traits::DisputedDeals, Balance};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_bonds()?;
		Self::check_deals_held_back()?;
		Self::check_disputes()
	}

	/// I1: each account's bonds on hold are the sum over the disputes that it has opened and answered.
	fn check_bonds() -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::<T::AccountId, (Balance, Balance)>::new();
		for dispute in Disputes::<T>::iter_values() {
			let (opened, _) = expected.entry(dispute.customer).or_default();
			*opened = opened.saturating_add(dispute.bond);
			if let Some(answer) = dispute.answer {
				let (_, answered) = expected.entry(answer.operator).or_default();
				*answered = answered.saturating_add(answer.bond);
			}
		}
		for (account, (opened, answered)) in expected {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &account);
			ensure!(held(HoldReason::DisputeBond) == opened, "I1: a customer's bonds are not those of its disputes");
			ensure!(held(HoldReason::AnswerBond) == answered, "I1: an operator's bonds are not those of its answers");
		}
		Ok(())
	}

	/// I2: a deal with a dispute is held back.
	fn check_deals_held_back() -> Result<(), TryRuntimeError> {
		for deal in Disputes::<T>::iter_keys() {
			ensure!(T::Deals::is_held_back(deal), "I2: a disputed deal is not held back");
		}
		Ok(())
	}

	/// I3: an answer is there when it must be and only then; ids are unique and below the next one.
	fn check_disputes() -> Result<(), TryRuntimeError> {
		let (next, mut ids) = (NextDisputeId::<T>::get(), BTreeSet::new());
		for dispute in Disputes::<T>::iter_values() {
			ensure!(dispute.id < next && ids.insert(dispute.id), "I3: the id of a dispute is not its own");
			let open = matches!(dispute.stage, Stage::Open { .. });
			ensure!(open == dispute.answer.is_none(), "I3: a dispute's answer does not fit its stage");
		}
		Ok(())
	}
}
