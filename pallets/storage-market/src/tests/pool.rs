//! What the transaction pool is told of free calls.

use crate::{
	mock::*,
	rejection::{reject, SIGNATURE, UPDATE_LONGEVITY, UPDATE_PRIORITY},
	Call, Error,
};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::GetDispatchInfo,
	pallet_prelude::{
		Authorize, InvalidTransaction, TransactionSource, TransactionValidityError, UnknownTransaction,
		ValidTransaction,
	},
};
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;
use substation_primitives::{settings::STN, Bytes, DealId, NodeId};
use substation_proofs::{authority, forest::Leaf};

fn unsigned() -> TransactionValidityError {
	UnknownTransaction::Custom(SIGNATURE).into()
}

#[test]
fn an_acceptance_is_valid_for_sixteen_blocks_and_excludes_others_of_its_node() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());

		let validity = authorize(&Agent::of(NODE).accept_call(&[(deal, 0)])).unwrap();

		assert_eq!(
			validity,
			ValidTransaction {
				priority: UPDATE_PRIORITY,
				requires: vec![],
				provides: vec![("substation/forest", NODE).encode()],
				longevity: UPDATE_LONGEVITY,
				propagate: true,
			}
		);
	});
}

#[test]
fn updates_of_two_nodes_do_not_exclude_each_other() {
	ExtBuilder.build_and_execute(|| {
		let ours = propose(proposal());
		let theirs = propose(substation_primitives::deal::Proposal { node: OTHER_NODE, ..proposal() });

		let ours = authorize(&Agent::of(NODE).accept_call(&[(ours, 0)])).unwrap();
		let theirs = authorize(&Agent::of(OTHER_NODE).accept_call(&[(theirs, 0)])).unwrap();

		assert_ne!(ours.provides, theirs.provides);
	});
}

#[test]
fn a_garbage_signature_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let mut call = Agent::of(NODE).accept_call(&[(deal, 0)]);
		for garbage in [[0; 64], [7; 64], [255; 64]] {
			if let RuntimeCall::StorageMarket(Call::accept { signature, .. }) = &mut call {
				*signature = garbage;
			}

			assert_eq!(submit(call.clone()), Err(unsigned()));
		}
	});
}

#[test]
fn a_signature_covers_chain_node_forest_depth_and_updates() {
	ExtBuilder.build_and_execute(|| {
		let [deal, other] = [0; 2].map(|_| propose(proposal()));
		let agent = Agent::of(NODE);
		let RuntimeCall::StorageMarket(Call::accept { node, acceptances, depth, proof, .. }) =
			agent.accept_call(&[(deal, 0)])
		else {
			unreachable!()
		};
		let root = agent.tree.forest().root;
		let mut others = acceptances.clone();
		others[0].deal = other;
		let messages = [
			authority::accept_message(&[1; 32], node.0, &root, depth, &acceptances),
			authority::accept_message(&genesis(), node.0 + 1, &root, depth, &acceptances),
			authority::accept_message(&genesis(), node.0, &[1; 32], depth, &acceptances),
			authority::accept_message(&genesis(), node.0, &root, depth + 1, &acceptances),
			authority::accept_message(&genesis(), node.0, &root, depth, &others),
			authority::clear_message(&genesis(), node.0, &root, depth, &acceptances),
		];

		for message in messages {
			let signature = agent.pair.sign(&message).0;
			let (acceptances, proof) = (acceptances.clone(), proof.clone());
			let call = Call::accept { node, acceptances, depth, proof, signature };
			assert_eq!(submit(call.into()), Err(unsigned()));
		}
	});
}

#[test]
fn another_agents_signature_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let mut agent = Agent::of(NODE);
		agent.pair = agent_pair(OTHER_NODE);

		assert_eq!(submit(agent.accept_call(&[(deal, 0)])), Err(unsigned()));
	});
}

#[test]
fn an_update_for_a_forest_that_is_not_here_yet_may_be_tried_again() {
	ExtBuilder.build_and_execute(|| {
		let [first, second] = [0; 2].map(|_| propose(proposal()));
		let mut agent = Agent::of(NODE);
		let early = agent.accept_call(&[(first, 0)]);
		agent.tree.insert(0, leaf(first)).unwrap();
		let late = agent.accept_call(&[(second, 1)]);

		assert_eq!(submit(late.clone()), Err(unsigned()));
		assert_eq!(submit(early), Ok(()));
		assert_eq!(submit(late), Ok(()));
	});
}

#[test]
fn an_unknown_node_may_register_in_a_later_block() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let mut call = Agent::of(NODE).accept_call(&[(deal, 0)]);
		if let RuntimeCall::StorageMarket(Call::accept { node, .. }) = &mut call {
			*node = NodeId(99);
		}

		assert_eq!(submit(call), Err(UnknownTransaction::CannotLookup.into()));
	});
}

#[test]
fn signed_calls_authorise_nothing() {
	let call: RuntimeCall = Call::settle { deal: substation_primitives::DealId(0) }.into();

	assert!(call.authorize(TransactionSource::External).is_none());
}

#[test]
fn weights_grow_with_the_updates() {
	ExtBuilder.build_and_execute(|| {
		set_bond(NODE, 10_000 * STN);
		let agent = Agent::of(NODE);
		let small = substation_primitives::deal::Proposal { length: Bytes(1), ..proposal() };
		let updates = [0, 1, 2].map(|slot| (propose(small), slot));
		let weigh = |call: RuntimeCall| (call.get_dispatch_info().call_weight, call.weight_of_authorize());

		let (one, authorised_one) = weigh(agent.accept_call(&updates[..1]));
		let (three, authorised_three) = weigh(agent.accept_call(&updates));

		assert!(three.all_gt(one) && authorised_three.all_gt(authorised_one));
	});
}

#[test]
fn a_dispatch_in_another_state_fails_without_a_trace() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let call = Agent::of(NODE).accept_call(&[(deal, 0)]);
		authorize(&call).unwrap();
		Records::mutate_extant(NODE, |record| record.suspended = true);

		assert_noop!(
			call.dispatch(frame_support::dispatch::RawOrigin::Authorized.into()).map_err(|error| error.error),
			Error::<Test>::NodeTakesNoWork
		);
	});
}

#[test]
fn every_reason_of_a_free_call_has_an_answer_of_its_own() {
	use Error::*;
	// What another state may mend must not be banned.
	let passing: [(Error<Test>, u8); 8] = [
		(WrongSignature, 1),
		(DealNotClosed, 2),
		(NodeTakesNoWork, 3),
		(NoOffer, 4),
		(PriceBelowOffer, 5),
		(CapacityExceeded, 6),
		(BondTooLow, 7),
		(OtherDepth, 11),
	];
	let lasting: [(Error<Test>, u8); 3] = [(OtherNode, 8), (UpdatesNotCanonical, 9), (ProofTooLong, 10)];

	for (reason, code) in passing {
		assert_eq!(reject(reason), UnknownTransaction::Custom(code).into());
	}
	for (reason, code) in lasting {
		assert_eq!(reject(reason), InvalidTransaction::Custom(code).into());
	}
}

// Finding 10: a node with misses was caught up, transfers and all, before the signature was looked at.
#[test]
fn garbage_costs_one_signature() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let mut stranger = Agent::of(NODE);
		stranger.pair = agent_pair(OTHER_NODE);
		let garbage = [stranger.accept_call(&[(deal, 0)]), stranger.clear_leaves_call(&[(0, leaf(deal))])];
		Ledgers::mutate(NODE, |ledger| ledger.fine = STN);

		for call in garbage {
			Judgements::set(0);
			assert_eq!(authorize(&call), Err(unsigned()));
			assert_eq!(Judgements::get(), 0);
		}

		// What is signed is looked at in the state that catching up leaves.
		authorize(&Agent::of(NODE).accept_call(&[(deal, 0)])).unwrap();
		assert!(Judgements::get() > 0);
	});
}

#[test]
fn a_clearance_of_a_forest_that_a_termination_takes_away_is_not_banned() {
	ExtBuilder.build_and_execute(|| {
		let (agent, deal) = accepted(1);
		run_periods(NODE, &[true; 2]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		let call = agent.clear_call(&[0]);
		decide_termination(NODE);

		assert_eq!(authorize(&call), Err(unsigned()));
	});
}

#[test]
fn the_signature_is_judged_before_the_updates() {
	ExtBuilder.build_and_execute(|| {
		let mut stranger = Agent::of(NODE);
		stranger.pair = agent_pair(OTHER_NODE);
		let unassigned = [(DealId(99), 0)];
		let leaf = Leaf { deal: 99, root: [9; 32], length: 1 };

		assert_eq!(submit(stranger.accept_call(&unassigned)), Err(unsigned()));
		assert_eq!(submit(stranger.sign_accept(&[], 0, Default::default())), Err(unsigned()));
		assert_eq!(submit(stranger.clear_leaves_call(&[(0, leaf)])), Err(unsigned()));
		// The agent itself is told what is wrong.
		let cannot_lookup = UnknownTransaction::CannotLookup.into();
		assert_eq!(submit(Agent::of(NODE).accept_call(&unassigned)), Err(cannot_lookup));
		assert_eq!(submit(Agent::of(NODE).clear_leaves_call(&[(0, leaf)])), Err(cannot_lookup));
	});
}
