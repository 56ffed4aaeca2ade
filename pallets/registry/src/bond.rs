//! What an operator stands to lose: raising it, getting back what is not needed, and losing it.

use crate::{Config, Error, Event, HoldReason, Nodes, Pallet};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_runtime::{ArithmeticError, DispatchError, DispatchResult};
use substation_primitives::{
	traits::{Bonds, Obligations},
	Balance, NodeId, ResourceClass,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_add_bond(
		operator: T::AccountId,
		id: NodeId,
		class: ResourceClass,
		amount: Balance,
	) -> DispatchResult {
		let mut node = Self::owned_and_caught_up(id, &operator)?;
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(node.works(), Error::<T>::Ended);
		let offered = node.in_class_mut(class).ok_or(Error::<T>::NotOffered)?;
		let bond = offered.bond.checked_add(amount).ok_or(ArithmeticError::Overflow)?;

		T::Currency::hold(&Self::bond_reason(class).into(), &operator, amount)?;
		offered.bond = bond;
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::BondAdded { node: id, class, amount });
		Ok(())
	}

	pub(crate) fn do_release_bond(
		operator: T::AccountId,
		id: NodeId,
		class: ResourceClass,
		amount: Balance,
	) -> DispatchResult {
		let mut node = Self::owned_and_caught_up(id, &operator)?;
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(node.works(), Error::<T>::Ended);
		let offered = node.in_class_mut(class).ok_or(Error::<T>::NotOffered)?;
		let left = offered.bond.checked_sub(amount).ok_or(Error::<T>::BondNeeded)?;
		let needed = T::Settings::get().min_bond.max(T::Obligations::required_bond(id, class));
		ensure!(left >= needed, Error::<T>::BondNeeded);

		T::Currency::release(&Self::bond_reason(class).into(), &operator, amount, Precision::Exact)?;
		offered.bond = left;
		Nodes::<T>::insert(id, node);
		T::Obligations::bond_lowered(id, class, left);
		Self::deposit_event(Event::BondReleased { node: id, class, amount });
		Ok(())
	}

	/// What bonds of this class are held for. One reason per class, so that one cannot pay for another.
	pub(crate) fn bond_reason(class: ResourceClass) -> HoldReason {
		match class {
			ResourceClass::Storage => HoldReason::StorageBond,
			ResourceClass::Bandwidth => HoldReason::BandwidthBond,
		}
	}
}

impl<T: Config> Bonds<T::AccountId> for Pallet<T> {
	fn bond(node: NodeId, class: ResourceClass) -> Balance {
		Nodes::<T>::get(node).and_then(|node| node.in_class(class).map(|offered| offered.bond)).unwrap_or(0)
	}

	fn take(id: NodeId, class: ResourceClass, to: &T::AccountId, amount: Balance) -> Balance {
		let Some(mut node) = Nodes::<T>::get(id) else { return 0 };
		let operator = node.operator.clone();
		let Some(offered) = node.in_class_mut(class) else { return 0 };
		// The operator's other nodes are behind the same hold: no more than this node's own part.
		let amount = amount.min(offered.bond);
		if amount == 0 {
			return 0;
		}
		let moved = with_storage_layer::<_, DispatchError, _>(|| {
			T::Currency::transfer_on_hold(
				&Self::bond_reason(class).into(),
				&operator,
				to,
				amount,
				Precision::BestEffort,
				Restriction::Free,
				// A vote lock overlaps holds and would shield the bond.
				Fortitude::Force,
			)
		})
		// The recipient cannot receive so little, or was reaped.
		.unwrap_or(0);
		if moved == 0 {
			return 0;
		}
		let left = offered.bond.saturating_sub(moved);
		offered.bond = left;
		Nodes::<T>::insert(id, node);
		T::Obligations::bond_lowered(id, class, left);
		Self::deposit_event(Event::BondTaken { node: id, class, to: to.clone(), amount: moved });
		moved
	}
}
