//! Clearing slots.

use crate::{mock::*, rejection, Call, Event};
use frame_support::{
	assert_noop, assert_ok,
	pallet_prelude::{InvalidTransaction, UnknownTransaction},
};
use sp_core::Pair;
use sp_runtime::{traits::Dispatchable, DispatchError};
use substation_primitives::{DealId, NodeId};
use substation_proofs::{
	authority,
	forest::{Forest, Leaf},
};

/// A deal of one period that is over and closed, still in the forest.
fn closed() -> (Agent, DealId) {
	let (agent, deal) = accepted(1);
	run_periods(NODE, &[true, true]);
	assert_ok!(StorageMarket::close(signed(ANYONE), deal));
	System::reset_events();
	(agent, deal)
}

#[test]
fn the_slot_of_a_closed_deal_becomes_empty() {
	ExtBuilder.build_and_execute(|| {
		let (mut agent, deal) = closed();
		assert_eq!(Ledgers::get(NODE).forest.total, GIB);

		agent.clear(&[0]);

		assert_eq!(Ledgers::get(NODE).forest, Forest::default());
		assert_eq!(events(), [Event::SlotCleared { node: NODE, slot: 0, deal }]);
	});
}

#[test]
fn many_slots_are_cleared_at_once_and_used_again() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let deals = [0; 5].map(|_| propose(substation_primitives::deal::Proposal { periods: 1, ..proposal() }));
		let updates = deals.iter().zip(0..).map(|(deal, slot)| (*deal, slot)).collect::<Vec<_>>();
		agent.accept(&updates);
		run_periods(NODE, &[true, true]);
		for deal in deals {
			assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		}

		agent.clear(&[0, 2, 3]);
		let next = propose(proposal());
		agent.accept(&[(next, 2)]);

		assert_eq!(Ledgers::get(NODE).forest.total, 3 * GIB);
	});
}

#[test]
fn a_deal_with_a_record_cannot_be_cleared_to_dodge_its_challenges() {
	ExtBuilder.build_and_execute(|| {
		let (agent, deal) = accepted(1);
		let call = agent.clear_call(&[0]);
		let not_closed = Err(UnknownTransaction::Custom(rejection::DEAL_NOT_CLOSED).into());

		assert_eq!(submit(call.clone()), not_closed);
		run_periods(NODE, &[true, true]);
		assert_eq!(submit(call.clone()), not_closed);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!(submit(call), Ok(()));
	});
}

#[test]
fn a_forfeited_deal_is_cleared_as_usual() {
	ExtBuilder.build_and_execute(|| {
		let (mut agent, deal) = accepted(10);
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));
		let not_closed = Err(UnknownTransaction::Custom(rejection::DEAL_NOT_CLOSED).into());
		assert_eq!(submit(agent.clear_call(&[0])), not_closed);

		run_periods(NODE, &[false]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		agent.clear(&[0]);

		assert_eq!(Ledgers::get(NODE).forest.total, 0);
	});
}

#[test]
fn a_leaf_that_is_not_in_the_slot_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let (agent, deal) = closed();
		let wrong = InvalidTransaction::Custom(rejection::WRONG_UPDATE).into();

		for leaf in [
			Leaf { deal: deal.0, root: [1; 32], length: GIB },
			Leaf { deal: deal.0, root: [9; 32], length: 1 },
			Leaf { deal: deal.0, root: [9; 32], length: 0 },
		] {
			assert_eq!(submit(agent.clear_leaves_call(&[(0, leaf)])), Err(wrong));
		}
	});
}

#[test]
fn a_deal_that_was_never_proposed_is_unknown() {
	ExtBuilder.build_and_execute(|| {
		let (agent, _) = closed();
		let leaf = Leaf { deal: 1, root: [9; 32], length: GIB };

		assert_eq!(submit(agent.clear_leaves_call(&[(0, leaf)])), Err(UnknownTransaction::CannotLookup.into()));
	});
}

#[test]
fn clearing_neither_grows_nor_shrinks_the_forest() {
	ExtBuilder.build_and_execute(|| {
		let (agent, _) = closed();
		let clear = agent.clear_call(&[0]);
		let RuntimeCall::StorageMarket(Call::clear { node, clearances, proof, .. }) = clear.clone() else {
			unreachable!()
		};
		let root = agent.tree.forest().root;
		let message = authority::clear_message(&genesis(), node.0, &root, 3, &clearances);
		let signature = agent.pair.sign(&message).0;

		let deeper = Call::clear { node, clearances, depth: 3, proof, signature };
		assert_eq!(submit(deeper.into()), Err(UnknownTransaction::Custom(rejection::OTHER_DEPTH).into()));
		assert_eq!(submit(clear), Ok(()));
	});
}

#[test]
fn a_clearance_works_once() {
	ExtBuilder.build_and_execute(|| {
		let (agent, _) = closed();
		let call = agent.clear_call(&[0]);

		assert_eq!(submit(call.clone()), Ok(()));

		assert!(submit(call).is_err());
	});
}

#[test]
fn clearances_have_one_order_and_no_doubles() {
	ExtBuilder.build_and_execute(|| {
		let (agent, deal) = closed();
		let leaf = leaf(deal);
		let wrong = InvalidTransaction::Custom(rejection::UPDATES_NOT_CANONICAL).into();

		for leaves in [vec![], vec![(0, leaf), (0, leaf)], vec![(0, leaf), (1, leaf)]] {
			assert_eq!(submit(agent.clear_leaves_call(&leaves)), Err(wrong));
		}
	});
}

#[test]
fn acceptance_and_clearance_exclude_each_other_in_the_pool() {
	ExtBuilder.build_and_execute(|| {
		let (agent, _) = closed();
		let deal = propose(proposal());

		let clear = authorize(&agent.clear_call(&[0])).unwrap();
		let accept = authorize(&agent.accept_call(&[(deal, 1)])).unwrap();

		assert_eq!(clear.provides, accept.provides);
	});
}

#[test]
fn the_dispatch_needs_the_authorisation() {
	ExtBuilder.build_and_execute(|| {
		let (agent, _) = closed();
		let call = agent.clear_call(&[0]);

		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root(), signed(OPERATOR)] {
			assert_noop!(call.clone().dispatch(origin).map_err(|error| error.error), DispatchError::BadOrigin);
		}
		assert_ok!(Utility::force_batch(signed(OPERATOR), vec![call]));
		assert_eq!(Ledgers::get(NODE).forest.total, GIB);
	});
}

#[test]
fn an_unknown_nodes_forest_cannot_be_cleared() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let deal = propose(proposal());
		agent.tree.insert(0, leaf(deal)).unwrap();
		let mut call = agent.clear_call(&[0]);
		if let RuntimeCall::StorageMarket(crate::Call::clear { node, .. }) = &mut call {
			*node = NodeId(99);
		}

		assert_eq!(submit(call), Err(UnknownTransaction::CannotLookup.into()));
	});
}
