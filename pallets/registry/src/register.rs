//! What an operator says of its node: registering it and changing what it says.

use crate::{
	address, Addresses, AgentSignature, Agents, ClassOffer, Config, Error, Event, HoldReason, NextNodeId, Node,
	NodeSpec, Nodes, Pallet,
};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Get},
	BoundedVec,
};
use sp_runtime::{DispatchError, DispatchResult};
use substation_primitives::{
	traits::Obligations, AgentKey, Balance, EndpointId, NodeId, NodeStatus, Offer, Region, ResourceClass,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		operator: T::AccountId,
		spec: NodeSpec<T>,
		class: ResourceClass,
		offer: Offer,
		bond: Balance,
		proof: AgentSignature,
	) -> DispatchResult {
		let NodeSpec { agent, endpoint, addresses, region } = spec;
		Self::ensure_contact(&endpoint, &addresses, region)?;
		Self::ensure_offer(offer)?;
		let settings = T::Settings::get();
		ensure!(bond >= settings.min_bond, Error::<T>::BondTooLow);
		let offers = BoundedVec::try_from(alloc::vec![ClassOffer { class, offer, bond }])
			.map_err(|_| DispatchError::Exhausted)?;
		Self::ensure_agent(&agent, &operator, None, &proof)?;

		let deposit = settings.node_deposit;
		T::Currency::hold(&HoldReason::NodeDeposit.into(), &operator, deposit)?;
		T::Currency::hold(&Self::bond_reason(class).into(), &operator, bond)?;
		let id = Self::next_id()?;
		Agents::<T>::insert(agent, id);
		Nodes::<T>::insert(
			id,
			Node {
				operator: operator.clone(),
				agent,
				endpoint,
				addresses,
				region,
				status: NodeStatus::Active,
				suspended: false,
				deposit,
				offers,
			},
		);
		Self::deposit_event(Event::NodeRegistered { node: id, operator });
		Ok(())
	}

	pub(crate) fn do_set_contact(
		operator: T::AccountId,
		id: NodeId,
		endpoint: EndpointId,
		addresses: Addresses<T>,
		region: Region,
	) -> DispatchResult {
		let node = Self::owned(id, &operator)?;
		Self::ensure_contact(&endpoint, &addresses, region)?;

		Nodes::<T>::insert(id, Node { endpoint, addresses, region, ..node });
		Self::deposit_event(Event::ContactChanged { node: id });
		Ok(())
	}

	pub(crate) fn do_set_agent(
		operator: T::AccountId,
		id: NodeId,
		agent: AgentKey,
		proof: AgentSignature,
	) -> DispatchResult {
		let node = Self::owned(id, &operator)?;
		Self::ensure_agent(&agent, &operator, Some(id), &proof)?;

		Agents::<T>::remove(node.agent);
		Agents::<T>::insert(agent, id);
		Nodes::<T>::insert(id, Node { agent, ..node });
		Self::deposit_event(Event::AgentChanged { node: id, agent });
		Ok(())
	}

	pub(crate) fn do_set_offer(
		operator: T::AccountId,
		id: NodeId,
		class: ResourceClass,
		offer: Offer,
	) -> DispatchResult {
		let mut node = Self::owned_and_caught_up(id, &operator)?;
		Self::ensure_offer(offer)?;
		ensure!(node.status == NodeStatus::Active, Error::<T>::NotActive);
		let offered = node.in_class_mut(class).ok_or(Error::<T>::NotOffered)?;

		offered.offer = offer;
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::OfferChanged { node: id, class, offer });
		Ok(())
	}

	pub(crate) fn do_add_class(
		operator: T::AccountId,
		id: NodeId,
		class: ResourceClass,
		offer: Offer,
		bond: Balance,
	) -> DispatchResult {
		let mut node = Self::owned_and_caught_up(id, &operator)?;
		Self::ensure_offer(offer)?;
		ensure!(bond >= T::Settings::get().min_bond, Error::<T>::BondTooLow);
		ensure!(node.status == NodeStatus::Active, Error::<T>::NotActive);
		ensure!(node.in_class(class).is_none(), Error::<T>::AlreadyOffered);
		node.offers.try_push(ClassOffer { class, offer, bond }).map_err(|_| DispatchError::Exhausted)?;

		T::Currency::hold(&Self::bond_reason(class).into(), &operator, bond)?;
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::ClassAdded { node: id, class, offer, bond });
		Ok(())
	}

	/// The node, if it is `who`'s.
	pub(crate) fn owned(id: NodeId, who: &T::AccountId) -> Result<Node<T>, Error<T>> {
		let node = Nodes::<T>::get(id).ok_or(Error::UnknownNode)?;
		ensure!(node.operator == *who, Error::NotOperator);
		Ok(node)
	}

	/// The node, if it is `who`'s, after everything that was decided about it has been written.
	pub(crate) fn owned_and_caught_up(id: NodeId, who: &T::AccountId) -> Result<Node<T>, Error<T>> {
		Self::owned(id, who)?;
		T::Obligations::catch_up(id);
		// Catching up may have fined the node or ended it.
		Self::owned(id, who)
	}

	fn next_id() -> Result<NodeId, Error<T>> {
		NextNodeId::<T>::try_mutate(|next| {
			let id = *next;
			*next = NodeId(id.0.checked_add(1).ok_or(Error::OutOfIds)?);
			Ok(id)
		})
	}

	/// A zero key is what a program leaves that forgot to make one; and anyone could sign for it.
	pub(crate) fn ensure_key(key: &[u8; 32]) -> Result<(), Error<T>> {
		ensure!(key.iter().any(|byte| *byte != 0), Error::KeyMissing);
		Ok(())
	}

	fn ensure_contact(endpoint: &EndpointId, addresses: &Addresses<T>, region: Region) -> Result<(), Error<T>> {
		Self::ensure_key(endpoint)?;
		ensure!(addresses.iter().all(|text| address::is_host_and_port(text)), Error::MalformedAddress);
		ensure!(region.is_well_formed(), Error::MalformedRegion);
		Ok(())
	}

	fn ensure_offer(offer: Offer) -> Result<(), Error<T>> {
		ensure!(offer.capacity > 0, Error::ZeroCapacity);
		ensure!(offer.price > 0, Error::ZeroPrice);
		Ok(())
	}
}
