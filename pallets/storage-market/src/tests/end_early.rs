//! The customer's early end.

use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use substation_primitives::{
	deal::Proposal,
	settings::{MarketSettings, STN},
	Balance, Period,
};

const PROVIDER: Balance = STN * 85 / 100;
const BURNED: Balance = STN / 10;
const TREASURED: Balance = STN / 20;

#[test]
fn ending_early_pays_seven_more_periods_and_refunds_the_others() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true, true]);

		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		// Period 6 is the last; 27 of the 30 would have come after it.
		assert_eq!(terms(deal).last, Period(6));
		assert_eq!(
			events(),
			[Event::DealEndedEarly {
				deal,
				provider: 7 * PROVIDER,
				burned: 7 * BURNED,
				treasury: 7 * TREASURED,
				refunded: 20 * STN,
			}]
		);
		assert_eq!(escrow(CUSTOMER), 3 * STN);

		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!(wealth(CUSTOMER), WEALTH - 10 * STN);
		assert_eq!(wealth(OPERATOR), WEALTH + 10 * PROVIDER);
	});
}

#[test]
fn the_current_period_is_still_due() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));
		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotOver);

		run_periods(NODE, &[false]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(CUSTOMER), WEALTH - 7 * STN);
	});
}

#[test]
fn fewer_remaining_periods_are_all_paid() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(3);
		run_periods(NODE, &[true, true]);

		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		assert!(matches!(
			events()[..],
			[Event::DealEndedEarly { provider, refunded: 0, .. }] if provider == PROVIDER
		));
	});
}

#[test]
fn a_customer_who_ends_at_once_still_pays_the_notice() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);

		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		// It never began, and its record can go when the period of its acceptance is over.
		assert_eq!((terms(deal).first, terms(deal).last), (Period(4), Period(3)));
		assert_eq!(escrow(CUSTOMER), 0);
		assert_eq!(wealth(OPERATOR), WEALTH + 7 * PROVIDER);
		run_periods(NODE, &[true]);
		events();
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!(events(), [Event::DealClosed { deal, refunded: 0 }]);
	});
}

#[test]
fn a_griefing_customer_pays_more_than_a_faithful_one() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		// Two periods of service, nine of pay.
		assert_eq!(wealth(CUSTOMER), WEALTH - 9 * STN);
	});
}

#[test]
fn a_deal_is_ended_once() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		let again = || StorageMarket::end_early(signed(CUSTOMER), deal);
		assert_noop!(again(), Error::<Test>::NothingLeftToEnd);
		run_periods(NODE, &[true, true]);
		assert_noop!(again(), Error::<Test>::NothingLeftToEnd);
	});
}

#[test]
fn the_last_period_cannot_be_ended() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(1);
		run_periods(NODE, &[true]);

		assert_noop!(StorageMarket::end_early(signed(CUSTOMER), deal), Error::<Test>::NothingLeftToEnd);
	});
}

#[test]
fn only_the_customer_of_an_accepted_deal_ends_it() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		let proposed = propose(proposal());

		for other in [OPERATOR, ANYONE] {
			assert_noop!(StorageMarket::end_early(signed(other), deal), Error::<Test>::NotCustomer);
		}
		assert_noop!(StorageMarket::end_early(signed(CUSTOMER), proposed), Error::<Test>::NotAccepted);
	});
}

#[test]
fn a_terminated_nodes_customer_owes_no_notice() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, false]);
		decide_termination(NODE);

		assert_noop!(StorageMarket::end_early(signed(CUSTOMER), deal), Error::<Test>::NodeTerminated);
	});
}

#[test]
fn a_termination_after_the_early_end_refunds_what_is_left() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));
		run_periods(NODE, &[false]);
		decide_termination(NODE);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(CUSTOMER), WEALTH - 8 * STN);
	});
}

#[test]
fn the_notice_is_a_setting() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		Market::set(&MarketSettings { early_end_periods: 0, ..Market::get() });

		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		assert_eq!(wealth(CUSTOMER), WEALTH);
	});
}

#[test]
fn proposals_that_nobody_accepts_cost_their_sender_a_held_deposit_and_time() {
	ExtBuilder.build_and_execute(|| {
		let deals = [0; 10].map(|_| propose(Proposal { periods: 1, ..proposal() }));

		assert_eq!(deposits(CUSTOMER), 10 * Market::get().deal_deposit);
		assert_eq!(account(NODE), Default::default());
		for deal in deals {
			assert_noop!(StorageMarket::withdraw_proposal(signed(CUSTOMER), deal), Error::<Test>::ProposalNotExpired);
		}
	});
}
