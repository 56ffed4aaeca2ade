use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;
use substation_primitives::{
	traits::{Bonds, Nodes, Sanctions},
	NodeId, NodeStatus,
};

#[test]
fn suspended_node_takes_no_work_until_the_suspension_is_lifted() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let takes_work = || Registry::node(node).is_some_and(|info| info.takes_work());
		assert!(takes_work());

		assert_ok!(Registry::suspend(RuntimeOrigin::root(), node));
		assert!(!takes_work());
		assert_eq!(Registry::record(node).map(|node| node.status), Some(NodeStatus::Active));

		assert_ok!(Registry::lift_suspension(RuntimeOrigin::root(), node));
		assert!(takes_work());
		assert_eq!(events(), [Event::NodeSuspended { node }, Event::SuspensionLifted { node }]);
	});
}

#[test]
fn suspending_twice_or_lifting_nothing_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_noop!(Registry::lift_suspension(RuntimeOrigin::root(), node), Error::<Test>::NotSuspended);
		assert_ok!(Registry::suspend(RuntimeOrigin::root(), node));
		assert_noop!(Registry::suspend(RuntimeOrigin::root(), node), Error::<Test>::AlreadySuspended);
		assert_noop!(Registry::suspend(RuntimeOrigin::root(), NodeId(77)), Error::<Test>::UnknownNode);
		assert_noop!(Registry::lift_suspension(RuntimeOrigin::root(), NodeId(77)), Error::<Test>::UnknownNode);
	});
}

#[test]
fn only_the_suspend_origin_suspends_and_lifts() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		for origin in [signed(OPERATOR), signed(OTHER), RuntimeOrigin::none()] {
			assert_noop!(Registry::suspend(origin.clone(), node), BadOrigin);
			assert_noop!(Registry::lift_suspension(origin, node), BadOrigin);
		}
	});
}

#[test]
fn terminated_node_takes_no_work_and_keeps_its_bond() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Active, State::Leaving] {
			let node = state.create();

			Registry::terminate(node);

			let info = Registry::node(node).expect("registered");
			assert_eq!(info.status, NodeStatus::Terminated);
			assert!(!info.takes_work());
			assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND);
			assert_eq!(events(), [Event::NodeTerminated { node }]);
		}
	});
}

#[test]
fn terminating_what_has_ended_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Unbonding, State::Terminated] {
			let node = state.create();
			let before = Registry::record(node);

			Registry::terminate(node);

			assert_eq!(Registry::record(node), before);
			assert_eq!(events(), []);
		}
		Registry::terminate(NodeId(77));
		assert_eq!(Registry::record(NodeId(77)), None);
	});
}
