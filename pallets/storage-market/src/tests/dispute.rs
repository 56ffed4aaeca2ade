//! What a dispute can do to a deal.

use crate::{mock::*, money, Deals, Error, Event, HeldBack};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use substation_primitives::{
	settings::STN,
	traits::{DealRefund, DealStake, DisputedDeals},
	Balance, DealId,
};

/// A deal of ten periods, four of them closed and proven, three of these settled.
fn running() -> (Agent, DealId) {
	let (agent, deal) = accepted(10);
	run_periods(NODE, &[true, true, true, true]);
	assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
	run_periods(NODE, &[true]);
	System::reset_events();
	(agent, deal)
}

#[test]
fn only_accepted_deals_have_a_stake_and_are_held_back() {
	ExtBuilder.build_and_execute(|| {
		let proposed = propose(proposal());
		assert_eq!(StorageMarket::stake(proposed), None);
		assert_noop!(StorageMarket::hold_back(proposed), Error::<Test>::NotAccepted);
		assert_eq!(StorageMarket::stake(DealId(9)), None);

		let (_, deal) = running();

		let stake = DealStake { customer: CUSTOMER, node: NODE, escrow: 7 * STN, reserve: 7 * STN };
		assert_eq!(StorageMarket::stake(deal), Some(stake));
		assert_ok!(StorageMarket::hold_back(deal));
		assert!(StorageMarket::is_held_back(deal));
		assert_noop!(StorageMarket::hold_back(deal), Error::<Test>::Disputed);
	});
}

#[test]
fn what_is_held_back_is_neither_settled_nor_ended() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = running();
		assert_ok!(StorageMarket::hold_back(deal));

		assert_noop!(StorageMarket::settle(signed(ANYONE), deal), Error::<Test>::Disputed);
		assert_noop!(StorageMarket::end_early(signed(CUSTOMER), deal), Error::<Test>::Disputed);
		assert_noop!(StorageMarket::forfeit(signed(OPERATOR), deal), Error::<Test>::Disputed);
		run_periods(NODE, &[true; 10]);
		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::Disputed);
		assert!(!StorageMarket::deal_page(deal).unwrap().closable);
	});
}

#[test]
fn what_is_let_go_is_settled_as_if_nothing_had_been() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = running();
		assert_ok!(StorageMarket::hold_back(deal));
		run_periods(NODE, &[true, false]);
		System::reset_events();

		StorageMarket::let_go(deal);

		let payment = money::settlement(STN, terms(deal).shares, 2, 1);
		let money::Payment { provider, burned, treasury, refunded } = payment;
		assert_eq!(
			events(),
			[
				Event::DealLetGo { deal },
				Event::DealSettled { deal, proven: 2, missed: 1, provider, burned, treasury, refunded },
			]
		);
		assert!(!HeldBack::<Test>::contains_key(deal));
		assert_eq!(account(NODE).reserve, 7 * STN);
	});
}

// Finding 4: a deal that was over could be disputed again and again, and nobody could close it.
#[test]
fn nothing_is_at_stake_in_a_deal_that_is_over() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		run_periods(NODE, &[true; 2]);
		assert!(StorageMarket::stake(deal).is_some(), "the last period runs");

		run_periods(NODE, &[true]);

		assert_eq!(StorageMarket::stake(deal), None);
	});
}

// Finding 4.
#[test]
fn nothing_is_at_stake_once_a_termination_is_decided() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = running();
		decide_termination(NODE);

		assert_eq!(StorageMarket::stake(deal), None);

		// Nor when it was applied.
		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		assert_eq!(StorageMarket::stake(deal), None);
	});
}

// Finding 4.
#[test]
fn what_is_let_go_after_its_term_is_closed_at_once() {
	ExtBuilder.build_and_execute(|| {
		let (mut agent, deal) = accepted(2);
		assert_ok!(StorageMarket::hold_back(deal));
		run_periods(NODE, &[true, true, false]);
		System::reset_events();

		StorageMarket::let_go(deal);

		assert!(matches!(
			events()[..],
			[
				Event::DealLetGo { .. },
				Event::DealSettled { proven: 1, missed: 1, .. },
				Event::DealClosed { refunded: 0, .. }
			]
		));
		assert!(!Deals::<Test>::contains_key(deal) && !HeldBack::<Test>::contains_key(deal));
		assert_eq!((deposits(CUSTOMER), escrow(CUSTOMER)), (0, 0));
		assert_eq!(wealth(CUSTOMER), WEALTH - STN);
		agent.clear(&[0]);
	});
}

// Finding 4.
#[test]
fn what_is_let_go_after_a_termination_is_closed_and_compensated() {
	ExtBuilder.build_and_execute(|| {
		const COMPENSATION: Balance = 4 * STN;
		const REFUND: Balance = 5 * STN;
		let (_, deal) = running();
		assert_ok!(StorageMarket::hold_back(deal));
		run_periods(NODE, &[false]);
		decide_termination(NODE);
		System::reset_events();

		StorageMarket::let_go(deal);

		// Four of ten periods were paid, one was missed, five were never due. What was paid comes back from the bond.
		assert!(matches!(
			events()[..],
			[
				Event::DealLetGo { .. },
				Event::DealSettled { proven: 1, missed: 1, .. },
				Event::CustomerCompensated { amount: COMPENSATION, .. },
				Event::DealClosed { refunded: REFUND, .. }
			]
		));
		assert!(!Deals::<Test>::contains_key(deal));
		assert_eq!(wealth(CUSTOMER), WEALTH);
	});
}

#[test]
fn a_refund_gives_all_escrow_and_the_compensation_of_a_lost_deal_and_ends_the_deal() {
	ExtBuilder.build_and_execute(|| {
		let (mut agent, deal) = running();
		assert_ok!(StorageMarket::hold_back(deal));
		let (customer, operator) = (wealth(CUSTOMER), wealth(OPERATOR));

		let given = <StorageMarket as DisputedDeals<_>>::refund(deal);

		// Three periods were paid so far.
		assert_eq!(given, DealRefund { refunded: 7 * STN, compensated: 3 * STN });
		assert_eq!(wealth(CUSTOMER), customer + 3 * STN);
		assert_eq!((escrow(CUSTOMER), wealth(OPERATOR)), (0, operator));
		assert_eq!((account(NODE).reserve, account(NODE).committed_rate), (0, STN));
		// The current period stays due, and closes the deal.
		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotOver);
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!((deposits(CUSTOMER), escrow(CUSTOMER), wealth(OPERATOR)), (0, 0, operator));
		agent.clear(&[0]);
	});
}

#[test]
fn a_refund_after_a_termination_compensates_once() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = running();
		assert_ok!(StorageMarket::hold_back(deal));
		decide_termination(NODE);
		run_periods(NODE, &[false]);
		let customer = wealth(CUSTOMER);

		let given = <StorageMarket as DisputedDeals<_>>::refund(deal);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(given.compensated, 3 * STN);
		assert_eq!(wealth(CUSTOMER), customer + 3 * STN);
	});
}

proptest! {
	/// Wherever a deal stands, a refund moves its escrow to its customer, at most its reserve from the bond, and
	/// nothing of any other deal.
	#[test]
	fn a_refund_moves_this_deals_money_and_nothing_else(
		periods in 1u32..20,
		before in prop::collection::vec(any::<bool>(), 0..25),
		settled: bool,
		during in prop::collection::vec(any::<bool>(), 0..25),
		terminated: bool,
	) {
		ExtBuilder.build_and_execute(|| {
			let (mut agent, deal) = accepted(periods);
			let other = propose(proposal());
			agent.accept(&[(other, 1)]);
			run_periods(NODE, &before);
			if settled {
				assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
			}
			let (at_stake, reserve) = (money::escrow_left(STN, &terms(deal)), 7 * STN);
			let untouched = Deals::<Test>::get(other);
			assert_ok!(StorageMarket::hold_back(deal));
			run_periods(NODE, &during);
			if terminated && !during.is_empty() {
				decide_termination(NODE);
			}
			let [customer, operator, treasury] = [CUSTOMER, OPERATOR, TREASURY].map(wealth);
			let escrowed = escrow(CUSTOMER);

			let DealRefund { refunded, compensated } = <StorageMarket as DisputedDeals<_>>::refund(deal);

			assert_eq!(refunded, at_stake);
			assert!(compensated <= reserve);
			assert_eq!(escrow(CUSTOMER), escrowed - at_stake);
			assert_eq!([CUSTOMER, OPERATOR, TREASURY].map(wealth), [customer + compensated, operator, treasury]);
			assert_eq!(Deals::<Test>::get(other), untouched);
			StorageMarket::do_try_state().unwrap();
			// It comes to its close without moving anything more.
			run_periods(NODE, &[true]);
			assert_ok!(StorageMarket::close(signed(ANYONE), deal));
			let after: [Balance; 3] = [CUSTOMER, OPERATOR, TREASURY].map(wealth);
			assert_eq!(after, [customer + compensated, operator, treasury]);
		});
	}
}
