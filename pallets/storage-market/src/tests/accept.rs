//! Accepting: capacity, bond, price, proofs.

use crate::{mock::*, rejection, Deals, Error, Event, NodeAccount};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::RawOrigin,
	pallet_prelude::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
};
use sp_runtime::{traits::Dispatchable, DispatchError, Permill};
use substation_primitives::{
	deal::{DealState, Proposal, Terms},
	settings::{MarketSettings, Settings, Shares, STN},
	Bytes, DealId, NodeStatus, Period,
};
use substation_proofs::{
	forest::{Change, Forest, UpdateProof},
	prover::ForestTree,
};

fn custom(code: u8) -> TransactionValidityError {
	InvalidTransaction::Custom(code).into()
}

/// The pool may try it again in another state.
fn for_now(code: u8) -> TransactionValidityError {
	UnknownTransaction::Custom(code).into()
}

fn stale() -> TransactionValidityError {
	InvalidTransaction::Stale.into()
}

#[test]
fn an_accepted_deal_is_first_due_in_the_next_period() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		events();

		Agent::of(NODE).accept(&[(deal, 0)]);

		let settings = Settings::default().market;
		assert_eq!(
			Deals::<Test>::get(deal).unwrap().state,
			DealState::Active(Terms {
				slot: 0,
				shares: settings.shares,
				first: Period(4),
				last: Period(13),
				next_unsettled: Period(4),
				paid_periods: 0,
				compensation_periods: 7,
			})
		);
		assert_eq!(account(NODE), NodeAccount { deals: 1, bytes: GIB, committed_rate: STN, reserve: 7 * STN });
		assert_eq!(Ledgers::get(NODE).forest.total, GIB);
		assert_eq!(events(), [Event::DealAccepted { deal, node: NODE, slot: 0, first: Period(4), last: Period(13) }]);
	});
}

#[test]
fn as_many_deals_as_the_bound_allows_are_accepted_at_once() {
	ExtBuilder.build_and_execute(|| {
		set_bond(NODE, 10_000 * STN);
		let small = Proposal { length: Bytes(1_025), ..proposal() };
		let updates = (0..UPDATES).map(|slot| (propose(small), slot * 3)).collect::<Vec<_>>();

		Agent::of(NODE).accept(&updates);

		assert_eq!((account(NODE).deals, account(NODE).bytes), (UPDATES, 1_025 * u64::from(UPDATES)));
	});
}

#[test]
fn shares_and_compensation_are_those_of_the_acceptance() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		let before = terms(deal);

		Market::set(&MarketSettings {
			compensation_periods: 1,
			shares: Shares { burn: Permill::zero(), treasury: Permill::zero() },
			..Market::get()
		});

		assert_eq!(terms(deal), before);
	});
}

#[test]
fn deals_beyond_the_capacity_are_refused() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let deals = [0; 3].map(|_| propose(Proposal { length: Bytes(40 * GIB), ..proposal() }));
		set_bond(NODE, 100_000 * STN);

		let all = agent.accept_call(&[(deals[0], 0), (deals[1], 1), (deals[2], 2)]);
		assert_eq!(submit(all), Err(for_now(rejection::CAPACITY_EXCEEDED)));

		agent.accept(&[(deals[0], 0), (deals[1], 1)]);
		let third = agent.accept_call(&[(deals[2], 2)]);
		assert_eq!(submit(third.clone()), Err(for_now(rejection::CAPACITY_EXCEEDED)));

		Records::mutate_extant(NODE, |record| record.offer.as_mut().unwrap().capacity = 120 * GIB);
		assert_eq!(submit(third), Ok(()));
	});
}

#[test]
fn the_bond_covers_reserve_and_fines_of_every_deal() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let deals = [0; 2].map(|_| propose(Proposal { length: Bytes(3 * GIB), ..proposal() }));
		// Seven rates for the customer and thirty for fines, for three STN a period.
		let one = 37 * 3 * STN;
		set_bond(NODE, 2 * one - 1);

		let both = agent.accept_call(&[(deals[0], 0), (deals[1], 1)]);
		assert_eq!(submit(both), Err(for_now(rejection::BOND_TOO_LOW)));

		agent.accept(&[(deals[0], 0)]);
		let second = agent.accept_call(&[(deals[1], 1)]);
		assert_eq!(submit(second.clone()), Err(for_now(rejection::BOND_TOO_LOW)));

		set_bond(NODE, 2 * one);
		assert_eq!(submit(second), Ok(()));
	});
}

#[test]
fn the_least_bond_is_needed_for_the_smallest_deal() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(Proposal { length: Bytes(1), ..proposal() });
		let call = Agent::of(NODE).accept_call(&[(deal, 0)]);

		set_bond(NODE, 100 * STN - 1);
		assert_eq!(submit(call.clone()), Err(for_now(rejection::BOND_TOO_LOW)));

		set_bond(NODE, 100 * STN);
		assert_eq!(submit(call), Ok(()));
	});
}

#[test]
fn a_fine_that_is_final_but_not_yet_taken_counts_against_the_bond() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let call = Agent::of(NODE).accept_call(&[(deal, 0)]);
		set_bond(NODE, 100 * STN);

		Ledgers::mutate(NODE, |ledger| ledger.fine = 1);

		assert_eq!(authorize(&call), Err(for_now(rejection::BOND_TOO_LOW)));
		assert_noop!(
			call.dispatch(RawOrigin::Authorized.into()).map_err(|error| error.error),
			Error::<Test>::BondTooLow
		);
	});
}

#[test]
fn a_price_that_the_operator_has_raised_protects_from_a_stolen_key() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let call = Agent::of(NODE).accept_call(&[(deal, 0)]);

		Records::mutate_extant(NODE, |record| record.offer.as_mut().unwrap().price = 2 * STN);
		assert_eq!(submit(call.clone()), Err(for_now(rejection::PRICE_BELOW_OFFER)));

		Records::mutate_extant(NODE, |record| record.offer = None);
		assert_eq!(submit(call), Err(for_now(rejection::NO_OFFER)));
	});
}

#[test]
fn a_node_that_takes_no_work_accepts_nothing() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let call = Agent::of(NODE).accept_call(&[(deal, 0)]);

		Records::mutate_extant(NODE, |record| record.suspended = true);
		assert_eq!(submit(call.clone()), Err(for_now(rejection::NODE_TAKES_NO_WORK)));

		Records::mutate_extant(NODE, |record| (record.suspended, record.status) = (false, NodeStatus::Leaving));
		assert_eq!(submit(call.clone()), Err(for_now(rejection::NODE_TAKES_NO_WORK)));

		Records::mutate_extant(NODE, |record| record.status = NodeStatus::Active);
		decide_termination(NODE);
		assert_eq!(submit(call), Err(for_now(rejection::NODE_TAKES_NO_WORK)));
		Ledgers::mutate(NODE, |ledger| ledger.decided = None);
	});
}

#[test]
fn an_expired_withdrawn_or_accepted_proposal_is_stale() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let [first, second] = [0; 2].map(|_| propose(proposal()));
		agent.accept(&[(first, 0)]);
		let again = agent.accept_call(&[(first, 1)]);
		let late = agent.accept_call(&[(second, 1)]);
		assert_eq!(submit(again), Err(stale()));

		System::set_block_number(u64::from(1 + Settings::default().market.acceptance_time));
		assert_eq!(submit(late.clone()), Err(stale()));

		assert_ok!(StorageMarket::withdraw_proposal(signed(ANYONE), second));
		assert_eq!(submit(late), Err(stale()));
	});
}

#[test]
fn another_nodes_proposal_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(Proposal { node: OTHER_NODE, ..proposal() });

		assert_eq!(submit(Agent::of(NODE).accept_call(&[(deal, 0)])), Err(custom(rejection::OTHER_NODE)));
	});
}

#[test]
fn of_two_acceptances_for_one_forest_the_second_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let [first, second] = [0; 2].map(|_| propose(proposal()));
		let agent = Agent::of(NODE);
		let calls = [agent.accept_call(&[(first, 0)]), agent.accept_call(&[(second, 0)])];
		// In the pool they exclude each other.
		let provides = calls.each_ref().map(|call| authorize(call).unwrap().provides);
		assert_eq!(provides[0], provides[1]);

		let [one, two] = calls;
		assert_eq!(submit(one), Ok(()));

		assert!(submit(two).is_err());
		assert_eq!(account(NODE).deals, 1);
	});
}

#[test]
fn a_taken_slot_is_not_given_twice() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let [first, second] = [0; 2].map(|_| propose(proposal()));
		agent.accept(&[(first, 1)]);
		let [proof_of_taken, honest] = [1, 0].map(|slot| {
			let changes = [(slot, Change::Insert(leaf(second)))];
			let mut empty = ForestTree::new(NODE.0);
			empty.grow(1).unwrap();
			(slot, empty.update_proof(1, &changes).unwrap())
		});

		for (slot, proof) in [proof_of_taken, honest] {
			let call = agent.sign_accept(&[(second, slot)], 1, proof);
			assert_eq!(submit(call), Err(custom(rejection::WRONG_UPDATE)));
		}
	});
}

#[test]
fn updates_have_one_order_and_no_doubles() {
	ExtBuilder.build_and_execute(|| {
		let agent = Agent::of(NODE);
		let [first, second] = [0; 2].map(|_| propose(proposal()));

		for updates in
			[vec![], vec![(first, 1), (second, 0)], vec![(first, 0), (second, 0)], vec![(first, 0), (first, 1)]]
		{
			let call = agent.sign_accept(&updates, 1, Default::default());
			assert_eq!(submit(call), Err(custom(rejection::UPDATES_NOT_CANONICAL)));
		}
	});
}

#[test]
fn a_bloated_proof_is_refused_before_anything_is_hashed() {
	ExtBuilder.build_and_execute(|| {
		let agent = Agent::of(NODE);
		let deal = propose(proposal());
		let long = UpdateProof { weights: vec![0; 3], hashes: vec![] };
		let unused = UpdateProof { weights: vec![0; 2], hashes: vec![[1; 32]; 3] };

		for proof in [long, unused] {
			let call = agent.sign_accept(&[(deal, 0)], 2, proof);
			assert_eq!(submit(call), Err(custom(rejection::PROOF_TOO_LONG)));
		}
	});
}

#[test]
fn an_unused_hash_in_a_proof_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let agent = Agent::of(NODE);
		let deal = propose(proposal());
		let proof = UpdateProof { weights: vec![0; 2], hashes: vec![[1; 32]] };

		let call = agent.sign_accept(&[(deal, 0)], 2, proof);

		assert_eq!(submit(call), Err(custom(rejection::WRONG_UPDATE)));
	});
}

#[test]
fn the_dispatch_needs_the_authorisation() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let call = Agent::of(NODE).accept_call(&[(deal, 0)]);

		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root(), signed(OPERATOR)] {
			assert_noop!(call.clone().dispatch(origin).map_err(|error| error.error), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn a_batch_carries_no_authorisation() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let honest = Agent::of(NODE).accept_call(&[(deal, 0)]);
		let mut garbage = honest.clone();
		if let RuntimeCall::StorageMarket(crate::Call::accept { signature, .. }) = &mut garbage {
			*signature = [7; 64];
		}

		for call in [honest, garbage] {
			assert_ok!(Utility::force_batch(signed(OPERATOR), vec![call.clone()]));
			assert!(Utility::batch_all(signed(OPERATOR), vec![call]).is_err());
		}

		assert_eq!(Ledgers::get(NODE).forest, Forest::default());
		assert!(matches!(Deals::<Test>::get(deal).unwrap().state, DealState::Proposed { .. }));
		assert_eq!(account(NODE), NodeAccount::default());
	});
}

#[test]
fn an_unassigned_deal_may_come_with_a_later_block() {
	ExtBuilder.build_and_execute(|| {
		let call = Agent::of(NODE).accept_call(&[(DealId(0), 0)]);

		assert_eq!(submit(call.clone()), Err(UnknownTransaction::CannotLookup.into()));

		propose(proposal());
		assert_eq!(submit(call), Ok(()));
	});
}
