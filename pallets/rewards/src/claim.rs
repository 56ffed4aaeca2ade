//! Out of records: claims, and what happens to the records of a node that goes.

use crate::{
	pallet::{Config, Era, Error, Event, Pallet, Records},
	types::EarnerOf,
};
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{DepositConsequence, Provenance},
	},
};
use substation_primitives::{rewards::Earner, traits::Nodes, NodeId, ResourceClass};

/// Every class that a node can earn in.
pub const CLASSES: [ResourceClass; 2] = [ResourceClass::Storage, ResourceClass::Bandwidth];

/// What came of paying one earner. In the order in which a claim of many reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
	/// Nothing was pending.
	Nothing,
	/// The account cannot receive it; it stays pending.
	Refused,
	/// Everything pending was minted.
	Paid,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_claim(caller: &T::AccountId, nodes: &[NodeId]) -> DispatchResult {
		let era = Era::<T>::get().index;
		let mut best = Self::pay_out(Earner::Payee(caller.clone()), caller, era);
		for node in nodes.iter().copied() {
			let Some(operator) = T::Operators::node(node).map(|info| info.operator) else { continue };
			for class in CLASSES {
				best = best.max(Self::pay_out(Earner::Node { node, class }, &operator, era));
			}
		}
		match best {
			Outcome::Nothing => Err(Error::<T>::NothingToClaim.into()),
			Outcome::Refused => Err(Error::<T>::CannotReceive.into()),
			Outcome::Paid => Ok(()),
		}
	}

	/// Mints what an earner has pending.
	fn pay_out(earner: EarnerOf<T>, to: &T::AccountId, era: u32) -> Outcome {
		let Some(mut record) = Self::folded(&earner, era) else { return Outcome::Nothing };
		let amount = record.pending;
		let receivable = T::Currency::can_deposit(to, amount, Provenance::Minted) == DepositConsequence::Success;
		let outcome = if amount == 0 {
			Outcome::Nothing
		} else if receivable && T::Currency::mint_into(to, amount).is_ok() {
			record.pending = 0;
			Self::note_claimed(amount);
			Self::deposit_event(Event::Claimed { earner: earner.clone(), to: to.clone(), amount });
			Outcome::Paid
		} else {
			Outcome::Refused
		};
		Self::store(earner, record);
		outcome
	}

	/// Pays what a node has pending and forgets its records, for a registry that forgets the node. What was credited in
	/// the running era, and what the operator cannot receive, goes on as the operator's own: it claims that as a payee.
	///
	/// Credits of the running era that were storage's draw on the bandwidth pool from then on. Nothing is credited or
	/// paid twice, and each pool still pays within its budget. Nodes go long after their last duty, so there is hardly
	/// ever anything to move.
	pub fn settle_and_forget(node: NodeId, operator: &T::AccountId) {
		let index = Era::<T>::get().index;
		for class in CLASSES {
			let earner = Earner::Node { node, class };
			Self::pay_out(earner.clone(), operator, index);
			let Some(left) = Records::<T>::take(&earner).filter(|left| left.units > 0 || left.pending > 0) else {
				continue;
			};
			let payee = Earner::Payee(operator.clone());
			let mut record = Self::record(&payee, index);
			Era::<T>::mutate(|era| {
				let moved = era.pools.shift(class, payee.class(), left.units);
				record.units = record.units.saturating_add(moved);
			});
			record.pending = record.pending.saturating_add(left.pending);
			Records::<T>::insert(payee, record);
		}
	}
}
