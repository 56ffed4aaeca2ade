//! Closing: at the end of the term, and after a termination.

use crate::{mock::*, Deals, DealsOfNode, Error, Event, NodeAccounts};
use frame_support::{assert_noop, assert_ok};
use substation_primitives::{deal::Proposal, settings::STN, traits::Obligations, Balance, DealId, Period};

fn compensations(events: &[Event<Test>]) -> Balance {
	let amounts = events.iter().map(|event| match event {
		Event::CustomerCompensated { amount, .. } => *amount,
		_ => 0,
	});
	amounts.sum()
}

#[test]
fn a_deal_is_closed_once_the_window_of_its_last_period_has() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);

		for _ in 0..3 {
			assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotOver);
			run_periods(NODE, &[true]);
		}
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert!(matches!(
			events()[..],
			[Event::DealSettled { proven: 2, missed: 0, .. }, Event::DealClosed { refunded: 0, .. }]
		));
		assert_eq!((escrow(CUSTOMER), deposits(CUSTOMER)), (0, 0));
		assert_eq!(wealth(CUSTOMER), WEALTH - 2 * STN);
		assert_eq!(Deals::<Test>::iter().count() + DealsOfNode::<Test>::iter().count(), 0);
		assert!(!NodeAccounts::<Test>::contains_key(NODE));
		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::DealGone);
	});
}

#[test]
fn a_deal_before_the_first_window_is_not_over() {
	ExtBuilder.build_and_execute(|| {
		Ledgers::mutate(NODE, |ledger| ledger.current = Period(0));
		let (_, deal) = accepted(1);
		assert_eq!(terms(deal).first, Period(1));

		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotOver);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));
		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotOver);
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
	});
}

#[test]
fn a_proposal_cannot_be_closed() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());

		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotAccepted);
		assert_noop!(StorageMarket::close(signed(ANYONE), DealId(9)), Error::<Test>::UnknownDeal);
	});
}

#[test]
fn a_terminated_deal_refunds_the_rest_and_compensates_what_was_paid() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[true, true, true, false]);
		decide_termination(NODE);
		run_periods(NODE, &[false]);
		let bond = 1_000 * STN;

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		// Paid 2 of the 3 closed periods; 7 of the 10 were never due.
		assert_eq!(wealth(CUSTOMER), WEALTH - 2 * STN + 2 * STN);
		assert_eq!(wealth(BONDS + NODE.0), bond + EXISTENTIAL_DEPOSIT - 2 * STN);
		let events = events();
		assert!(matches!(
			events[..],
			[
				Event::DealSettled { proven: 2, missed: 1, .. },
				Event::CustomerCompensated { .. },
				Event::DealClosed { refunded, .. },
			] if refunded == 7 * STN
		));
		assert_eq!(compensations(&events), 2 * STN);
	});
}

#[test]
fn the_compensation_is_bounded_by_the_deals_own_reserve() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(100);
		run_periods(NODE, &[true; 50]);
		decide_termination(NODE);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(compensations(&events()), 7 * STN);
	});
}

#[test]
fn every_customer_of_a_terminated_node_is_compensated_whoever_closes_first() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let deals = [0; 3].map(|_| propose(Proposal { periods: 100, ..proposal() }));
		agent.accept(&[(deals[0], 0), (deals[1], 1), (deals[2], 2)]);
		run_periods(NODE, &[true; 20]);
		decide_termination(NODE);
		// Fines have eaten everything but the reserve.
		set_bond(NODE, account(NODE).reserve);
		events();

		for deal in [2, 0, 1].map(|index: usize| deals[index]) {
			assert_ok!(StorageMarket::close(signed(ANYONE), deal));
			assert_eq!(compensations(&events()), 7 * STN);
		}

		assert_eq!(wealth(BONDS + NODE.0), EXISTENTIAL_DEPOSIT);
		assert!(StorageMarket::is_free(NODE));
	});
}

#[test]
fn a_termination_in_the_last_period_or_later_is_no_loss() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		run_periods(NODE, &[true, true, false]);
		decide_termination(NODE);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(compensations(&events()), 0);
		assert_eq!(wealth(CUSTOMER), WEALTH - STN);
	});
}

#[test]
fn a_termination_before_the_first_period_refunds_everything() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[false]);
		decide_termination(NODE);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(events(), [Event::DealClosed { deal, refunded: 10 * STN }]);
		assert_eq!(wealth(CUSTOMER), WEALTH);
	});
}

#[test]
fn a_termination_reported_hundreds_of_periods_late_pays_the_same() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(1_000);
		run_periods(NODE, &[true, true, false]);
		decide_termination(NODE);
		run_periods(NODE, &[true; 600]);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		// One proven period, and its compensation.
		assert_eq!(wealth(CUSTOMER), WEALTH);
		assert_eq!(wealth(OPERATOR), WEALTH + STN * 85 / 100);
	});
}

#[test]
fn a_bond_that_is_short_pays_what_it_has() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(100);
		run_periods(NODE, &[true; 50]);
		decide_termination(NODE);
		set_bond(NODE, STN);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(compensations(&events()), STN);
	});
}
