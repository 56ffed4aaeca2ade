use crate::{mock::*, Error, Event, HoldReason, Nodes};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;
use substation_primitives::{settings::RegistrySettings, traits::Bonds, NodeId, NodeStatus};

fn status(node: NodeId) -> Option<NodeStatus> {
	Registry::record(node).map(|node| node.status)
}

#[test]
fn active_node_leaves_after_catching_up() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_ok!(Registry::leave(signed(OPERATOR), node));

		assert_eq!(status(node), Some(NodeStatus::Leaving));
		assert_eq!(CaughtUp::get(), [node]);
		assert_eq!(events(), [Event::NodeLeaving { node }]);
	});
}

#[test]
fn suspended_node_may_leave() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		assert_ok!(Registry::suspend(RuntimeOrigin::root(), node));

		assert_ok!(Registry::leave(signed(OPERATOR), node));
	});
}

#[test]
fn only_active_nodes_leave() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Leaving, State::Unbonding, State::Terminated] {
			let node = state.create();
			assert_noop!(Registry::leave(signed(OPERATOR), node), Error::<Test>::NotActive);
		}
	});
}

#[test]
fn leaving_does_not_dodge_a_termination_that_is_decided() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		Decided::set(Some((10, true)));

		assert_noop!(Registry::leave(signed(OPERATOR), node), Error::<Test>::NotActive);
	});
}

#[test]
fn anyone_starts_the_unbonding_of_a_node_that_owes_nothing() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Leaving, State::Terminated] {
			let node = state.create();
			System::set_block_number(7);

			assert_ok!(Registry::unbond(signed(OTHER), node));

			let until = 7 + UNBONDING;
			assert_eq!(status(node), Some(NodeStatus::Unbonding { until }));
			assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND);
			assert_eq!(CaughtUp::get(), [node]);
			assert_eq!(events(), [Event::NodeUnbonding { node, until }]);
			System::reset_events();
		}
	});
}

#[test]
fn node_that_owes_something_does_not_unbond() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Leaving, State::Terminated] {
			let node = state.create();
			Obliged::set(true);

			assert_noop!(Registry::unbond(signed(OPERATOR), node), Error::<Test>::StillObliged);

			Obliged::set(false);
		}
	});
}

#[test]
fn node_that_neither_leaves_nor_was_ended_does_not_unbond() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Active, State::Unbonding] {
			let node = state.create();
			assert_noop!(Registry::unbond(signed(OPERATOR), node), Error::<Test>::NotLeaving);
		}
		assert_noop!(Registry::unbond(signed(OPERATOR), NodeId(77)), Error::<Test>::UnknownNode);
		assert_noop!(Registry::unbond(RuntimeOrigin::none(), NodeId(0)), BadOrigin);
		assert_noop!(Registry::unbond(RuntimeOrigin::root(), NodeId(0)), BadOrigin);
	});
}

#[test]
fn fines_and_termination_that_are_due_come_before_the_unbonding() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Leaving.create();
		Decided::set(Some((10, true)));

		assert_ok!(Registry::unbond(signed(OTHER), node));

		assert_eq!(status(node), Some(NodeStatus::Unbonding { until: 1 + UNBONDING }));
		assert_eq!(
			events(),
			[
				Event::BondTaken { node, class: CLASS, to: TREASURY, amount: 10 },
				Event::NodeTerminated { node },
				Event::NodeUnbonding { node, until: 1 + UNBONDING },
			]
		);
	});
}

#[test]
fn withdrawn_node_is_gone_and_everything_is_released() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Unbonding.create();
		System::set_block_number(1 + UNBONDING);

		assert_ok!(Registry::withdraw(signed(OPERATOR), node));

		assert!(!Nodes::<Test>::contains_key(node));
		assert_eq!(Forgotten::get(), [node]);
		assert_eq!(held(OPERATOR, HoldReason::NodeDeposit), 0);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 0);
		assert_eq!(Balances::free_balance(OPERATOR), FUNDS);
		assert_eq!(events(), [Event::NodeWithdrawn { node, released: DEPOSIT + 2 * MIN_BOND }]);
		assert_noop!(Registry::withdraw(signed(OPERATOR), node), Error::<Test>::UnknownNode);
	});
}

#[test]
fn deposit_that_was_paid_is_returned_whatever_the_settings_say_now() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Unbonding.create();
		CurrentSettings::mutate(|settings: &mut RegistrySettings| {
			settings.node_deposit = 5 * DEPOSIT;
			settings.unbonding = 1_000;
		});
		System::set_block_number(1 + UNBONDING);

		assert_ok!(Registry::withdraw(signed(OPERATOR), node));

		assert_eq!(Balances::free_balance(OPERATOR), FUNDS);
	});
}

#[test]
fn withdrawing_waits_for_the_first_block_after_unbonding() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Unbonding.create();

		System::set_block_number(UNBONDING);
		assert_noop!(Registry::withdraw(signed(OPERATOR), node), Error::<Test>::StillUnbonding);

		System::set_block_number(1 + UNBONDING);
		assert_ok!(Registry::withdraw(signed(OPERATOR), node));
	});
}

#[test]
fn only_unbonding_nodes_that_owe_nothing_are_withdrawn() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Active, State::Leaving, State::Terminated] {
			let node = state.create();
			assert_noop!(Registry::withdraw(signed(OPERATOR), node), Error::<Test>::NotUnbonding);
		}
		let node = State::Unbonding.create();
		System::set_block_number(1 + UNBONDING);
		Obliged::set(true);

		assert_noop!(Registry::withdraw(signed(OPERATOR), node), Error::<Test>::StillObliged);

		Obliged::set(false);
	});
}

#[test]
fn node_whose_whole_bond_was_taken_can_be_withdrawn() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Terminated.create();
		assert_eq!(Registry::take(node, CLASS, &OTHER, 2 * MIN_BOND), 2 * MIN_BOND);
		assert_ok!(Registry::unbond(signed(OTHER), node));
		System::set_block_number(1 + UNBONDING);

		assert_ok!(Registry::withdraw(signed(OPERATOR), node));

		assert_eq!(Balances::free_balance(OPERATOR), FUNDS - 2 * MIN_BOND);
	});
}

#[test]
fn unbonding_near_the_last_block_number_saturates() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Leaving.create();
		System::set_block_number(u32::MAX - 1);

		assert_ok!(Registry::unbond(signed(OTHER), node));

		assert_eq!(status(node), Some(NodeStatus::Unbonding { until: u32::MAX }));
	});
}
