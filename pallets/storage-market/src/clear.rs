//! Clearance: an agent empties slots of its node's forest whose deals are over and closed.

use crate::{
	pallet::{Config, Deals, Error, Event, NextDealId, Pallet},
	rejection::{reject, update_tag, WRONG_UPDATE},
	types::{AgentSignature, Changes, ClearancesOf},
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchResult, InvalidTransaction, TransactionSource, TransactionValidityWithRefund, Weight},
};
use substation_primitives::{
	deal::Clearance,
	traits::{Nodes, StorageLedger},
	DealId, NodeId,
};
use substation_proofs::{
	authority,
	forest::{Change, UpdateProof},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn authorize_clear(
		_source: TransactionSource,
		node: &NodeId,
		clearances: &ClearancesOf<T>,
		depth: &u8,
		proof: &UpdateProof,
		signature: &AgentSignature,
	) -> TransactionValidityWithRefund {
		let (node, depth) = (*node, *depth);
		let agent = T::Registry::node(node).ok_or_else(|| reject(Error::<T>::NoSuchNode))?.agent;
		Self::check_proof_size(clearances.len(), depth, proof).map_err(reject)?;
		// Before anything that grows with the updates or applies misses: whoever cannot sign costs one signature.
		let root = T::Ledger::forest(node).root;
		let message = authority::clear_message(&Self::genesis(), node.0, &root, depth, clearances);
		Self::check_signature(&agent, &message, signature).map_err(reject)?;
		Self::caught_up(node, || {
			// A termination takes away the forest that was signed for; another fork may still have it.
			ensure!(T::Ledger::forest(node).root == root, reject(Error::<T>::WrongSignature));
			let changes = Self::check_clear(node, clearances, depth).map_err(reject)?;
			T::Ledger::check_update(node, depth, &changes, proof)
				.map_err(|_| InvalidTransaction::Custom(WRONG_UPDATE))?;
			Ok((update_tag(node), Weight::zero()))
		})
	}

	pub(crate) fn do_clear(node: NodeId, clearances: &[Clearance], depth: u8, proof: &UpdateProof) -> DispatchResult {
		T::Ledger::catch_up(node);
		let changes = Self::check_clear(node, clearances, depth)?;
		T::Ledger::update(node, depth, &changes, proof)?;
		for Clearance { slot, leaf } in clearances {
			Self::deposit_event(Event::SlotCleared { node, slot: *slot, deal: DealId(leaf.deal) });
		}
		Ok(())
	}

	/// Whether these slots may be emptied as far as the deals' records say, and the changes that do it. Whether the
	/// slots hold these leaves is for the update proof to show.
	fn check_clear(node: NodeId, clearances: &[Clearance], depth: u8) -> Result<Changes, Error<T>> {
		ensure!(depth == T::Ledger::forest(node).depth, Error::<T>::OtherDepth);
		Self::check_canonical(clearances.iter().map(|one| (one.slot, DealId(one.leaf.deal))))?;
		let next = NextDealId::<T>::get();
		clearances
			.iter()
			.map(|Clearance { slot, leaf }| {
				let deal = DealId(leaf.deal);
				ensure!(deal < next, Error::<T>::UnknownDeal);
				ensure!(!Deals::<T>::contains_key(deal), Error::<T>::DealNotClosed);
				Ok((*slot, Change::Remove(*leaf)))
			})
			.collect()
	}
}
