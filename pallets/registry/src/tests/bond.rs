use crate::{mock::*, Error, Event, HoldReason};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;
use substation_primitives::{settings::RegistrySettings, traits::Bonds, Balance};

#[test]
fn bond_grows_by_what_is_added() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Active, State::Leaving] {
			let node = state.create();
			let held_before = held(OPERATOR, HoldReason::StorageBond);

			assert_ok!(Registry::add_bond(signed(OPERATOR), node, CLASS, 5));

			assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND + 5);
			assert_eq!(held(OPERATOR, HoldReason::StorageBond), held_before + 5);
			assert_eq!(CaughtUp::get(), [node]);
			assert_eq!(events(), [Event::BondAdded { node, class: CLASS, amount: 5 }]);
		}
	});
}

#[test]
fn bond_that_cannot_be_held_is_not_added() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let free = Balances::free_balance(OPERATOR);

		let add = |amount| Registry::add_bond(signed(OPERATOR), node, CLASS, amount);
		assert_noop!(add(0), Error::<Test>::ZeroAmount);
		assert_noop!(add(free - EXISTENTIAL_DEPOSIT + 1), TokenError::FundsUnavailable);
		assert_noop!(add(Balance::MAX), sp_runtime::ArithmeticError::Overflow);
		assert_ok!(add(free - EXISTENTIAL_DEPOSIT));
	});
}

#[test]
fn ended_nodes_neither_add_nor_release() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Unbonding, State::Terminated] {
			let node = state.create();
			assert_noop!(Registry::add_bond(signed(OPERATOR), node, CLASS, 1), Error::<Test>::Ended);
			assert_noop!(Registry::release_bond(signed(OPERATOR), node, CLASS, 1), Error::<Test>::Ended);
		}
	});
}

#[test]
fn money_that_comes_after_the_deciding_miss_does_not_save_a_node() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		Decided::set(Some((MIN_BOND, true)));

		assert_noop!(Registry::add_bond(signed(OPERATOR), node, CLASS, MIN_BOND), Error::<Test>::Ended);
	});
}

#[test]
fn what_exceeds_the_least_bond_is_released() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Active, State::Leaving] {
			let node = state.create();
			let release = |amount| Registry::release_bond(signed(OPERATOR), node, CLASS, amount);
			let free = Balances::free_balance(OPERATOR);

			assert_noop!(release(MIN_BOND + 1), Error::<Test>::BondNeeded);
			assert_noop!(release(Balance::MAX), Error::<Test>::BondNeeded);
			assert_noop!(release(0), Error::<Test>::ZeroAmount);
			CaughtUp::set(Vec::new());
			assert_ok!(release(MIN_BOND));

			assert_eq!(Registry::bond(node, CLASS), MIN_BOND);
			assert_eq!(Balances::free_balance(OPERATOR), free + MIN_BOND);
			assert_eq!(CaughtUp::get(), [node]);
			assert_eq!(events(), [Event::BondReleased { node, class: CLASS, amount: MIN_BOND }]);
		}
	});
}

#[test]
fn what_the_work_requires_stays() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		Required::set(MIN_BOND + 10);

		assert_noop!(Registry::release_bond(signed(OPERATOR), node, CLASS, MIN_BOND - 9), Error::<Test>::BondNeeded);
		assert_ok!(Registry::release_bond(signed(OPERATOR), node, CLASS, MIN_BOND - 10));
	});
}

#[test]
fn fines_that_are_due_come_before_a_release() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		Decided::set(Some((10, false)));
		assert_noop!(Registry::release_bond(signed(OPERATOR), node, CLASS, MIN_BOND), Error::<Test>::BondNeeded);

		Decided::set(Some((10, false)));
		assert_ok!(Registry::release_bond(signed(OPERATOR), node, CLASS, MIN_BOND - 10));

		assert_eq!(Registry::bond(node, CLASS), MIN_BOND);
		assert_eq!(Balances::free_balance(TREASURY), EXISTENTIAL_DEPOSIT + 10);
	});
}

#[test]
fn raised_least_bond_takes_nothing_but_stops_releases() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		CurrentSettings::mutate(|settings: &mut RegistrySettings| settings.min_bond = 3 * MIN_BOND);

		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND);
		assert_noop!(Registry::release_bond(signed(OPERATOR), node, CLASS, 1), Error::<Test>::BondNeeded);
		assert_ok!(Registry::add_bond(signed(OPERATOR), node, CLASS, 1));
	});
}
