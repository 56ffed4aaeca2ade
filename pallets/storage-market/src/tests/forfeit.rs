//! The operator's forfeit.

use crate::{mock::*, Deals, Error, Event, NodeAccounts};
use frame_support::{assert_noop, assert_ok};
use substation_primitives::{settings::STN, traits::StorageLedger, Balance, Period};

const PROVIDER: Balance = STN * 85 / 100;

#[test]
fn a_forfeit_settles_compensates_refunds_and_closes() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true, false, true]);

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));

		assert!(matches!(
			events()[..],
			[
				Event::DealSettled { proven: 2, missed: 1, .. },
				Event::CustomerCompensated { amount, .. },
				Event::DealForfeited { refunded, .. },
			] if amount == 2 * STN && refunded == 27 * STN
		));
		assert_eq!(wealth(CUSTOMER), WEALTH);
		assert_eq!(wealth(OPERATOR), WEALTH + 2 * PROVIDER);
		assert_eq!((escrow(CUSTOMER), deposits(CUSTOMER)), (0, 0));
		assert!(!Deals::<Test>::contains_key(deal) && !NodeAccounts::<Test>::contains_key(NODE));
	});
}

#[test]
fn a_forfeit_after_the_seed_is_known_leaves_the_challenge_as_it_is() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		let challenged = FakeLedger::forest(NODE);

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));

		assert_eq!(FakeLedger::forest(NODE), challenged);
	});
}

#[test]
fn a_period_that_was_proven_but_has_not_closed_is_given_up() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true]);
		ProvenPeriods::insert(NODE, Period(4), ());

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));

		assert_eq!(wealth(OPERATOR), WEALTH);
		assert_eq!(wealth(CUSTOMER), WEALTH);
	});
}

#[test]
fn a_forfeit_after_an_early_end_gives_up_the_current_period() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));

		// One period was proven and compensated; the notice stays paid.
		assert_eq!(wealth(CUSTOMER), WEALTH - 7 * STN);
	});
}

#[test]
fn a_forfeit_costs_an_operator_at_least_what_it_would_have_paid_a_stranger() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(100);
		run_periods(NODE, &[true; 31]);
		let bond = wealth(BONDS + NODE.0);

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));

		assert_eq!(wealth(BONDS + NODE.0), bond - 7 * STN);
	});
}

#[test]
fn only_the_operator_of_a_running_deal_forfeits() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		let proposed = propose(proposal());
		for other in [CUSTOMER, ANYONE] {
			assert_noop!(StorageMarket::forfeit(signed(other), deal), Error::<Test>::NotOperator);
		}
		assert_noop!(StorageMarket::forfeit(signed(OPERATOR), proposed), Error::<Test>::NotAccepted);

		run_periods(NODE, &[true, true, true]);
		assert_noop!(StorageMarket::forfeit(signed(OPERATOR), deal), Error::<Test>::NothingLeftToEnd);
	});
}

#[test]
fn a_terminated_node_has_nothing_to_forfeit() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, false]);
		decide_termination(NODE);

		assert_noop!(StorageMarket::forfeit(signed(OPERATOR), deal), Error::<Test>::NodeTerminated);
	});
}

#[test]
fn a_node_that_is_gone_cannot_forfeit() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		let record = Records::take(NODE).unwrap();

		assert_noop!(StorageMarket::forfeit(signed(OPERATOR), deal), Error::<Test>::NoSuchNode);

		Records::insert(NODE, record);
	});
}
