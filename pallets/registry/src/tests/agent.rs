//! Whom an agent serves: a copy of somebody's node is not registered.

use crate::{mock::*, AgentSignature, Agents, Error, NodeSpec};
use frame_support::{assert_noop, assert_ok};
use sp_core::Pair;
use sp_runtime::DispatchResult;
use substation_primitives::{AgentKey, NodeId};
use substation_proofs::authority::bind_message;

/// Registers a node of `operator` that names this key.
fn register_key(operator: u64, agent: AgentKey, proof: AgentSignature) -> DispatchResult {
	Registry::register(signed(operator), NodeSpec { agent, ..spec() }, CLASS, OFFER, MIN_BOND, proof)
}

fn genesis() -> [u8; 32] {
	System::block_hash(0).0
}

#[test]
fn what_an_agent_signs_names_chain_and_operator() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!(Registry::bind_message(&OPERATOR), bind_message(&genesis(), &OPERATOR));
		assert_ne!(Registry::bind_message(&OPERATOR), Registry::bind_message(&OTHER));
	});
}

// 2
#[test]
fn a_key_without_proof_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let (machine, stranger) = (agent(7), agent(8));
		let by_stranger = stranger.sign(&Registry::bind_message(&OPERATOR)).0;
		let other_chain = machine.sign(&bind_message(&[1; 32], &OPERATOR)).0;

		for proof in [[0; 64], [1; 64], by_stranger, other_chain] {
			assert_noop!(register_key(OPERATOR, key(7), proof), Error::<Test>::AgentNotProven);
		}
		assert_ok!(register_key(OPERATOR, key(7), bind(&machine, OPERATOR)));
	});
}

// 2: keys, endpoints and proofs are public as soon as they are in the pool.
#[test]
fn a_proof_for_another_operator_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let proof = bind(&agent(7), OPERATOR);

		assert_noop!(register_key(OTHER, key(7), proof), Error::<Test>::AgentNotProven);
		assert_ok!(register_key(OPERATOR, key(7), proof));
		assert_noop!(register_key(OTHER, key(7), proof), Error::<Test>::AgentTaken);
	});
}

// 2
#[test]
fn a_key_serves_one_node() {
	ExtBuilder.build_and_execute(|| {
		let node = NodeId(0);
		assert_ok!(register_key(OPERATOR, key(7), bind(&agent(7), OPERATOR)));

		assert_noop!(register_key(OPERATOR, key(7), bind(&agent(7), OPERATOR)), Error::<Test>::AgentTaken);
		assert_noop!(register_key(OTHER, key(7), bind(&agent(7), OTHER)), Error::<Test>::AgentTaken);
		let second = State::Active.create();
		let set = |node, number: u64| {
			Registry::set_agent(signed(OPERATOR), node, key(number), bind(&agent(number), OPERATOR))
		};
		assert_noop!(set(second, 7), Error::<Test>::AgentTaken);
		// Its own key again is no change.
		assert_ok!(set(node, 7));

		assert_ok!(set(node, 9));
		assert_ok!(set(second, 7));
		assert_eq!([7, 9].map(|number| Agents::<Test>::get(key(number))), [Some(second), Some(node)]);
	});
}

#[test]
fn a_new_key_has_to_agree_too() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let set = |proof| Registry::set_agent(signed(OPERATOR), node, key(7), proof);

		assert_noop!(set([1; 64]), Error::<Test>::AgentNotProven);
		assert_noop!(set(bind(&agent(7), OTHER)), Error::<Test>::AgentNotProven);
		assert_ok!(set(bind(&agent(7), OPERATOR)));
	});
}

#[test]
fn a_key_is_free_again_once_its_node_is_withdrawn() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Unbonding.create();
		let again = |number: u64| register_key(OPERATOR, key(number), bind(&agent(number), OPERATOR));
		assert_noop!(again(node.0), Error::<Test>::AgentTaken);
		System::set_block_number(1 + UNBONDING);

		assert_ok!(Registry::withdraw(signed(OPERATOR), node));

		assert_eq!(Agents::<Test>::iter().count(), 0);
		assert_ok!(again(node.0));
	});
}

#[test]
fn a_refused_registration_takes_no_key() {
	ExtBuilder.build_and_execute(|| {
		let proof = bind(&agent(7), OPERATOR);
		let spec = NodeSpec { agent: key(7), ..spec() };

		assert!(Registry::register(signed(OPERATOR), spec, CLASS, OFFER, FUNDS, proof).is_err());

		assert_eq!(Agents::<Test>::get(key(7)), None);
	});
}
