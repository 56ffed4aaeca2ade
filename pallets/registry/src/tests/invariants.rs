//! The checker itself: each invariant is seen when it is broken.

use crate::{mock::*, Agents, NextNodeId, Node, Nodes};
use substation_primitives::{NodeId, NodeStatus, Region};

fn broken(expected: &str, harm: impl FnOnce(NodeId)) {
	ExtBuilder.build().execute_with(|| {
		let node = State::Active.create();
		Registry::do_try_state().expect("nothing is broken yet");

		harm(node);

		let error: &str = Registry::do_try_state().expect_err("something is broken").into();
		assert!(error.starts_with(expected), "{error}");
	});
}

fn change(node: NodeId, change: impl FnOnce(&mut Node<Test>)) {
	Nodes::<Test>::mutate(node, |record| change(record.as_mut().expect("registered")));
}

#[test]
fn money_that_is_not_held_is_seen() {
	broken("I1", |node| change(node, |record| record.deposit += 1));
	broken("I1", |node| change(node, |record| record.offers[0].bond -= 1));
	broken("I1", |node| change(node, |record| record.offers[0].class = OTHER_CLASS));
}

#[test]
fn id_that_was_never_assigned_is_seen() {
	broken("I2", |_| NextNodeId::<Test>::put(NodeId(0)));
}

#[test]
fn empty_offer_is_seen() {
	broken("I3", |node| change(node, |record| record.offers[0].offer.price = 0));
	broken("I3", |node| {
		change(node, |record| {
			let twice = crate::ClassOffer { bond: 0, ..record.offers[0] };
			record.offers.try_push(twice).expect("room for more");
		})
	});
}

#[test]
fn unbonding_node_that_owes_is_seen() {
	broken("I4", |node| {
		change(node, |record| record.status = NodeStatus::Unbonding { until: 9 });
		Obliged::set(true);
	});
}

#[test]
fn malformed_contact_is_seen() {
	broken("I5", |node| change(node, |record| record.agent = [0; 32]));
	broken("I5", |node| change(node, |record| record.addresses = addresses(&["nowhere"])));
	broken("I5", |node| change(node, |record| record.region = Region(*b"??")));
}

#[test]
fn index_that_does_not_fit_the_nodes_is_seen() {
	broken("I6", |node| change(node, |record| record.agent = key(7)));
	broken("I6", |node| Agents::<Test>::insert(key(node.0), NodeId(7)));
	broken("I6", |node| Agents::<Test>::insert(key(7), node));
	broken("I6", |node| Agents::<Test>::remove(key(node.0)));
}
