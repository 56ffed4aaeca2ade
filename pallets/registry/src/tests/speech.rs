//! What an operator says of its node after it was registered.

use crate::{mock::*, Agents, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;
use substation_primitives::{NodeId, Offer, Region};

const ALL: [State; 4] = [State::Active, State::Leaving, State::Unbonding, State::Terminated];

#[test]
fn contact_can_change_as_long_as_there_is_a_record() {
	ExtBuilder.build_and_execute(|| {
		for state in ALL {
			let node = state.create();
			let before = Registry::record(node).expect("registered");

			assert_ok!(Registry::set_contact(signed(OPERATOR), node, [7; 32], addresses(&["b:2"]), Region(*b"NO")));

			let after =
				crate::Node { endpoint: [7; 32], addresses: addresses(&["b:2"]), region: Region(*b"NO"), ..before };
			assert_eq!(Registry::record(node), Some(after));
			assert_eq!(events(), [Event::ContactChanged { node }]);
		}
	});
}

#[test]
fn malformed_contacts_are_refused_by_name() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let set = |endpoint, all: &[&str], region: &[u8; 2]| {
			Registry::set_contact(signed(OPERATOR), node, endpoint, addresses(all), Region(*region))
		};

		assert_noop!(set([0; 32], &["a:1"], b"NO"), Error::<Test>::KeyMissing);
		assert_noop!(set([7; 32], &["a"], b"NO"), Error::<Test>::MalformedAddress);
		assert_noop!(set([7; 32], &["a:1"], b"N1"), Error::<Test>::MalformedRegion);
	});
}

#[test]
fn agent_key_can_be_replaced_in_every_state() {
	ExtBuilder.build_and_execute(|| {
		for state in ALL {
			let node = state.create();

			let (number, before) = (100 + node.0, key(node.0));
			let agent = key(number);

			assert_ok!(Registry::set_agent(signed(OPERATOR), node, agent, bind(&crate::mock::agent(number), OPERATOR)));

			assert_eq!(Registry::record(node).map(|node| node.agent), Some(agent));
			assert_eq!((Agents::<Test>::get(agent), Agents::<Test>::get(before)), (Some(node), None));
			assert_eq!(events(), [Event::AgentChanged { node, agent }]);
		}
	});
}

#[test]
fn zero_agent_key_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		let proof = bind(&agent(0), OPERATOR);
		assert_noop!(Registry::set_agent(signed(OPERATOR), node, [0; 32], proof), Error::<Test>::KeyMissing);
	});
}

#[test]
fn offer_of_an_active_node_changes_after_catching_up() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let offer = Offer { capacity: 1, price: 5 };

		assert_ok!(Registry::set_offer(signed(OPERATOR), node, CLASS, offer));

		let record = Registry::record(node).expect("registered");
		assert_eq!(record.in_class(CLASS).map(|offered| (offered.offer, offered.bond)), Some((offer, 2 * MIN_BOND)));
		assert_eq!(CaughtUp::get(), [node]);
		assert_eq!(events(), [Event::OfferChanged { node, class: CLASS, offer }]);
	});
}

#[test]
fn only_active_nodes_change_their_offer() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Leaving, State::Unbonding, State::Terminated] {
			let node = state.create();
			assert_noop!(Registry::set_offer(signed(OPERATOR), node, CLASS, OFFER), Error::<Test>::NotActive);
		}
	});
}

#[test]
fn termination_that_is_decided_but_not_written_counts_for_an_offer() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		Decided::set(Some((0, true)));

		assert_noop!(Registry::set_offer(signed(OPERATOR), node, CLASS, OFFER), Error::<Test>::NotActive);
	});
}

#[test]
fn empty_offers_are_refused_by_name() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let set = |capacity, price| Registry::set_offer(signed(OPERATOR), node, CLASS, Offer { capacity, price });

		assert_noop!(set(0, 1), Error::<Test>::ZeroCapacity);
		assert_noop!(set(1, 0), Error::<Test>::ZeroPrice);
	});
}

#[test]
fn class_that_is_not_offered_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_noop!(Registry::set_offer(signed(OPERATOR), node, OTHER_CLASS, OFFER), Error::<Test>::NotOffered);
		assert_noop!(Registry::add_bond(signed(OPERATOR), node, OTHER_CLASS, 1), Error::<Test>::NotOffered);
		assert_noop!(Registry::release_bond(signed(OPERATOR), node, OTHER_CLASS, 1), Error::<Test>::NotOffered);
	});
}

#[test]
fn nobody_but_the_operator_speaks_for_a_node() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let calls = |origin: RuntimeOrigin, node: NodeId| {
			[
				Registry::set_contact(origin.clone(), node, [7; 32], addresses(&["b:2"]), Region(*b"NO")),
				Registry::set_agent(origin.clone(), node, key(8), bind(&agent(8), OPERATOR)),
				Registry::set_offer(origin.clone(), node, CLASS, OFFER),
				Registry::add_bond(origin.clone(), node, CLASS, 1),
				Registry::release_bond(origin.clone(), node, CLASS, 1),
				Registry::leave(origin.clone(), node),
				Registry::withdraw(origin.clone(), node),
				Registry::add_class(origin, node, OTHER_CLASS, OFFER, MIN_BOND),
			]
		};
		let before = sp_io::storage::root(sp_runtime::StateVersion::V1);

		assert_eq!(calls(signed(OTHER), node), [Err(Error::<Test>::NotOperator.into()); 8]);
		assert_eq!(calls(signed(OPERATOR), NodeId(77)), [Err(Error::<Test>::UnknownNode.into()); 8]);
		assert_eq!(calls(RuntimeOrigin::none(), node), [Err(BadOrigin.into()); 8]);
		assert_eq!(calls(RuntimeOrigin::root(), node), [Err(BadOrigin.into()); 8]);

		assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
		assert_eq!(CaughtUp::get(), []);
	});
}
