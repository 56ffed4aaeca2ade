//! Bonds that go to others.

use crate::{mock::*, Event, HoldReason};
use frame_support::{
	assert_ok,
	traits::{LockableCurrency, WithdrawReasons},
};
use substation_primitives::{traits::Bonds, Balance, NodeId};

#[test]
fn taken_bond_is_moved_and_counted() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_eq!(Registry::take(node, CLASS, &OTHER, 30), 30);

		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND - 30);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 2 * MIN_BOND - 30);
		assert_eq!(Balances::free_balance(OTHER), FUNDS + 30);
		assert_eq!(events(), [Event::BondTaken { node, class: CLASS, to: OTHER, amount: 30 }]);
	});
}

#[test]
fn one_node_never_pays_for_another_of_its_operator() {
	ExtBuilder.build_and_execute(|| {
		let first = State::Active.create();
		let second = State::Active.create();

		assert_eq!(Registry::take(first, CLASS, &OTHER, Balance::MAX), 2 * MIN_BOND);
		assert_eq!(Registry::take(first, CLASS, &OTHER, 1), 0);

		assert_eq!(Registry::bond(first, CLASS), 0);
		assert_eq!(Registry::bond(second, CLASS), 2 * MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 2 * MIN_BOND);
	});
}

#[test]
fn vote_lock_does_not_shield_a_bond() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		Balances::set_lock(*b"democrac", &OPERATOR, FUNDS, WithdrawReasons::all());

		assert_eq!(Registry::take(node, CLASS, &OTHER, MIN_BOND), MIN_BOND);
	});
}

#[test]
fn vote_lock_does_not_keep_a_bond_from_being_withdrawn() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Unbonding.create();
		Balances::set_lock(*b"democrac", &OPERATOR, FUNDS, WithdrawReasons::all());
		System::set_block_number(1 + UNBONDING);

		assert_ok!(Registry::withdraw(signed(OPERATOR), node));

		assert_eq!(Balances::free_balance(OPERATOR), FUNDS);
	});
}

#[test]
fn nothing_moves_to_an_account_that_cannot_receive() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_eq!(Registry::take(node, CLASS, &NOBODY, EXISTENTIAL_DEPOSIT - 1), 0);

		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 2 * MIN_BOND);
		assert_eq!(events(), []);
	});
}

#[test]
fn account_that_does_not_exist_receives_what_keeps_it_alive() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_eq!(Registry::take(node, CLASS, &NOBODY, EXISTENTIAL_DEPOSIT), EXISTENTIAL_DEPOSIT);

		assert_eq!(Balances::free_balance(NOBODY), EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn operator_can_be_the_recipient() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let free = Balances::free_balance(OPERATOR);

		assert_eq!(Registry::take(node, CLASS, &OPERATOR, 30), 30);

		assert_eq!(Balances::free_balance(OPERATOR), free + 30);
		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND - 30);
	});
}

#[test]
fn taking_nothing_or_from_nobody_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let before = sp_io::storage::root(sp_runtime::StateVersion::V1);

		assert_eq!(Registry::take(node, CLASS, &OTHER, 0), 0);
		assert_eq!(Registry::take(NodeId(77), CLASS, &OTHER, 30), 0);
		assert_eq!(Registry::bond(NodeId(77), CLASS), 0);

		assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
	});
}

#[test]
fn bonds_of_ended_nodes_can_still_be_taken() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Leaving, State::Unbonding, State::Terminated] {
			let node = state.create();
			assert_eq!(Registry::take(node, CLASS, &OTHER, 30), 30, "{state:?}");
		}
	});
}
