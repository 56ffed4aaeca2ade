//! Nodes that offer more than one class.

use crate::{mock::*, ClassOffer, Error, Event, HoldReason, MAX_CLASSES};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};
use substation_primitives::{
	settings::RegistrySettings,
	traits::{Bonds, Nodes},
	Balance, NodeId, Offer,
};

const LINE: Offer = Offer { capacity: 50_000, price: 3 };

fn add(node: NodeId, bond: Balance) -> sp_runtime::DispatchResult {
	Registry::add_class(signed(OPERATOR), node, OTHER_CLASS, LINE, bond)
}

/// A node of the operator that offers both classes, each with twice the least bond.
fn both() -> NodeId {
	let node = State::Active.create();
	assert_ok!(add(node, 2 * MIN_BOND));
	CaughtUp::set(Vec::new());
	System::reset_events();
	node
}

#[test]
fn added_class_has_its_own_offer_and_its_own_bond() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let before = Registry::record(node).expect("registered");

		assert_ok!(add(node, MIN_BOND));

		let mut after = before;
		after.offers.try_push(ClassOffer { class: OTHER_CLASS, offer: LINE, bond: MIN_BOND }).expect("room");
		assert_eq!(Registry::record(node), Some(after));
		assert_eq!(Registry::offer(node, CLASS), Some(OFFER));
		assert_eq!(Registry::offer(node, OTHER_CLASS), Some(LINE));
		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND);
		assert_eq!(Registry::bond(node, OTHER_CLASS), MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::NodeDeposit), DEPOSIT);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 2 * MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::BandwidthBond), MIN_BOND);
		assert_eq!(CaughtUp::get(), [node]);
		assert_eq!(events(), [Event::ClassAdded { node, class: OTHER_CLASS, offer: LINE, bond: MIN_BOND }]);
	});
}

#[test]
fn class_is_added_once() {
	ExtBuilder.build_and_execute(|| {
		let node = both();

		assert_noop!(add(node, MIN_BOND), Error::<Test>::AlreadyOffered);
		assert_noop!(
			Registry::add_class(signed(OPERATOR), node, CLASS, OFFER, MIN_BOND),
			Error::<Test>::AlreadyOffered
		);
	});
}

#[test]
fn record_without_room_takes_no_class() {
	ExtBuilder.build().execute_with(|| {
		let node = State::Active.create();
		crate::Nodes::<Test>::mutate(node, |record| {
			let offers = &mut record.as_mut().expect("registered").offers;
			let first = offers[0];
			while offers.try_push(first).is_ok() {}
			assert_eq!(offers.len() as u32, MAX_CLASSES);
		});

		assert_noop!(add(node, MIN_BOND), DispatchError::Exhausted);
	});
}

#[test]
fn empty_offers_and_small_bonds_are_refused_by_name() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let offered = |capacity, price| {
			Registry::add_class(signed(OPERATOR), node, OTHER_CLASS, Offer { capacity, price }, MIN_BOND)
		};

		assert_noop!(offered(0, 1), Error::<Test>::ZeroCapacity);
		assert_noop!(offered(1, 0), Error::<Test>::ZeroPrice);
		assert_noop!(add(node, MIN_BOND - 1), Error::<Test>::BondTooLow);
		assert_noop!(add(node, 0), Error::<Test>::BondTooLow);
	});
}

#[test]
fn bond_that_cannot_be_held_adds_no_class() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		let most = Balances::free_balance(OPERATOR) - EXISTENTIAL_DEPOSIT;

		assert_noop!(add(node, most + 1), TokenError::FundsUnavailable);
		assert_noop!(add(node, Balance::MAX), TokenError::FundsUnavailable);
		assert_ok!(add(node, most));
	});
}

#[test]
fn only_active_nodes_add_a_class() {
	ExtBuilder.build_and_execute(|| {
		for state in [State::Leaving, State::Unbonding, State::Terminated] {
			let node = state.create();
			assert_noop!(add(node, MIN_BOND), Error::<Test>::NotActive);
		}

		let node = State::Active.create();
		Decided::set(Some((0, true)));
		assert_noop!(add(node, MIN_BOND), Error::<Test>::NotActive);
	});
}

#[test]
fn suspended_node_may_add_a_class() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();
		assert_ok!(Registry::suspend(RuntimeOrigin::root(), node));

		assert_ok!(add(node, MIN_BOND));

		assert!(!Registry::node(node).expect("registered").takes_work());
	});
}

#[test]
fn offers_and_bonds_of_classes_change_apart() {
	ExtBuilder.build_and_execute(|| {
		let node = both();
		let faster = Offer { capacity: 100_000, price: 2 };

		assert_ok!(Registry::set_offer(signed(OPERATOR), node, OTHER_CLASS, faster));
		assert_ok!(Registry::add_bond(signed(OPERATOR), node, OTHER_CLASS, 5));
		assert_ok!(Registry::release_bond(signed(OPERATOR), node, CLASS, 7));

		assert_eq!(Registry::offer(node, CLASS), Some(OFFER));
		assert_eq!(Registry::offer(node, OTHER_CLASS), Some(faster));
		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND - 7);
		assert_eq!(Registry::bond(node, OTHER_CLASS), 2 * MIN_BOND + 5);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 2 * MIN_BOND - 7);
		assert_eq!(held(OPERATOR, HoldReason::BandwidthBond), 2 * MIN_BOND + 5);
		assert_eq!(
			events(),
			[
				Event::OfferChanged { node, class: OTHER_CLASS, offer: faster },
				Event::BondAdded { node, class: OTHER_CLASS, amount: 5 },
				Event::BondReleased { node, class: CLASS, amount: 7 },
			]
		);
	});
}

#[test]
fn each_class_keeps_its_own_need() {
	ExtBuilder.build_and_execute(|| {
		let node = both();
		Required::set(2 * MIN_BOND);
		let release = |class, amount| Registry::release_bond(signed(OPERATOR), node, class, amount);

		assert_noop!(release(CLASS, 1), Error::<Test>::BondNeeded);
		assert_noop!(release(OTHER_CLASS, MIN_BOND + 1), Error::<Test>::BondNeeded);
		assert_ok!(release(OTHER_CLASS, MIN_BOND));

		CurrentSettings::mutate(|settings: &mut RegistrySettings| settings.min_bond = 1);
		assert_ok!(release(OTHER_CLASS, MIN_BOND - 1));
		assert_noop!(release(OTHER_CLASS, 1), Error::<Test>::BondNeeded);
	});
}

#[test]
fn one_class_never_pays_for_another() {
	ExtBuilder.build_and_execute(|| {
		let node = both();

		assert_eq!(Registry::take(node, OTHER_CLASS, &OTHER, Balance::MAX), 2 * MIN_BOND);
		assert_eq!(Registry::take(node, OTHER_CLASS, &OTHER, 1), 0);

		assert_eq!(Registry::bond(node, CLASS), 2 * MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 2 * MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::BandwidthBond), 0);
		assert_eq!(events(), [Event::BondTaken { node, class: OTHER_CLASS, to: OTHER, amount: 2 * MIN_BOND }]);
	});
}

#[test]
fn withdrawing_releases_the_bonds_of_all_classes() {
	ExtBuilder.build_and_execute(|| {
		let node = both();
		assert_ok!(Registry::leave(signed(OPERATOR), node));
		assert_ok!(Registry::unbond(signed(OTHER), node));
		System::set_block_number(1 + UNBONDING);
		System::reset_events();

		assert_ok!(Registry::withdraw(signed(OPERATOR), node));

		assert_eq!(Balances::free_balance(OPERATOR), FUNDS);
		assert_eq!(held(OPERATOR, HoldReason::BandwidthBond), 0);
		assert_eq!(events(), [Event::NodeWithdrawn { node, released: DEPOSIT + 4 * MIN_BOND }]);
	});
}
