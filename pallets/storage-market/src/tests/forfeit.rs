//! The operator's forfeit.

use crate::{mock::*, money, Deals, Error, Event, NodeAccount, NodeAccounts};
use frame_support::{assert_noop, assert_ok};
use substation_primitives::{
	deal::Proposal,
	settings::{Settings, STN},
	traits::{Exposure, Obligations, StorageLedger},
	Balance, Bytes, Period, ResourceClass,
};

const PROVIDER: Balance = STN * 85 / 100;

#[test]
fn a_forfeit_settles_compensates_and_refunds_at_once_and_closes_after_the_window() {
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
			] if amount == 2 * STN && refunded == 26 * STN
		));
		assert_eq!(wealth(CUSTOMER), WEALTH);
		assert_eq!(wealth(OPERATOR), WEALTH + 2 * PROVIDER);
		// The current period may still be paid.
		assert_eq!((escrow(CUSTOMER), deposits(CUSTOMER)), (STN, STN / 10));
		assert_eq!((terms(deal).last, terms(deal).compensation_periods), (Period(7), 0));
		assert_eq!(account(NODE), NodeAccount { deals: 1, bytes: GIB, committed_rate: STN, reserve: 0 });
		assert_noop!(StorageMarket::close(signed(ANYONE), deal), Error::<Test>::NotOver);

		run_periods(NODE, &[false]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert!(matches!(
			events()[..],
			[Event::DealSettled { proven: 0, missed: 1, .. }, Event::DealClosed { refunded: 0, .. }]
		));
		assert_eq!(wealth(CUSTOMER), WEALTH);
		assert_eq!((escrow(CUSTOMER), deposits(CUSTOMER)), (0, 0));
		assert!(!Deals::<Test>::contains_key(deal) && !NodeAccounts::<Test>::contains_key(NODE));
	});
}

#[test]
fn forfeiting_everything_after_the_seed_is_known_still_costs_the_fine_of_the_open_period() {
	ExtBuilder.build_and_execute(|| {
		let mut agent = Agent::of(NODE);
		let deals = [2, 3].map(|gibs| propose(Proposal { length: Bytes(gibs * GIB), ..proposal() }));
		agent.accept(&[(deals[0], 0), (deals[1], 1)]);
		// Two misses: the node has strikes.
		run_periods(NODE, &[true, false, false]);
		let strikes = 2 * Settings::default().proofs.strikes_per_miss;
		let fine = |strikes| {
			let settings = Settings::default().proofs;
			let percent = if strikes < settings.repeated_fine_from { 0 } else { settings.repeated_fine_percent };
			StorageMarket::committed_rate(NODE) * Balance::from(percent) / 100
		};
		let honest = fine(strikes);
		assert_eq!(honest, 5 * STN * 35 / 10);

		for deal in deals {
			assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));
		}

		assert_eq!((fine(strikes), StorageMarket::reserve(NODE)), (honest, 0));
		assert_eq!(StorageMarket::required_bond(NODE, ResourceClass::Storage), 30 * 5 * STN);
		// The miss is applied by the very call that closes, before the rate is lowered.
		run_periods(NODE, &[false]);
		Ledgers::mutate(NODE, |ledger| ledger.fine = fine(strikes));
		let bond = wealth(BONDS + NODE.0);
		for deal in deals {
			assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		}
		assert_eq!(wealth(BONDS + NODE.0), bond - honest);
		assert_eq!(StorageMarket::committed_rate(NODE), 0);
	});
}

#[test]
fn the_escrow_of_a_forfeited_deal_adds_up_to_the_unit() {
	for proven in [true, false] {
		ExtBuilder.build_and_execute(|| {
			let odd = Proposal { length: Bytes(GIB / 3 + 1), price: STN + 7, periods: 30, ..proposal() };
			let deal = propose(odd);
			Agent::of(NODE).accept(&[(deal, 0)]);
			let rate = Deals::<Test>::get(deal).unwrap().rate;
			let escrowed = escrow(CUSTOMER);
			assert_eq!(escrowed, 30 * rate);
			run_periods(NODE, &[true, true, false, true]);
			events();

			assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));
			assert_eq!(escrow(CUSTOMER), money::escrow_left(rate, &terms(deal)));
			assert_eq!(escrow(CUSTOMER), rate);
			run_periods(NODE, &[proven]);
			assert_ok!(StorageMarket::close(signed(ANYONE), deal));

			let moved = events()
				.iter()
				.map(|event| match event {
					Event::DealSettled { provider, burned, treasury, refunded, .. } => {
						provider + burned + treasury + refunded
					}
					Event::DealForfeited { refunded, .. } | Event::DealClosed { refunded, .. } => *refunded,
					_ => 0,
				})
				.sum::<Balance>();
			assert_eq!((moved, escrow(CUSTOMER)), (escrowed, 0));
		});
	}
}

#[test]
fn a_deal_is_forfeited_and_compensated_once() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));
		let bond = wealth(BONDS + NODE.0);

		assert_noop!(StorageMarket::forfeit(signed(OPERATOR), deal), Error::<Test>::NothingLeftToEnd);
		assert_noop!(StorageMarket::end_early(signed(CUSTOMER), deal), Error::<Test>::NothingLeftToEnd);
		// Nor does a termination in the current period pay it again.
		run_periods(NODE, &[false]);
		decide_termination(NODE);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(BONDS + NODE.0), bond);
	});
}

#[test]
fn a_deal_that_is_not_due_yet_is_forfeited_for_nothing() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));
		assert_eq!(escrow(CUSTOMER), 0);
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!((wealth(CUSTOMER), wealth(OPERATOR)), (WEALTH, WEALTH));
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
fn a_period_that_was_proven_before_the_forfeit_is_paid() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true]);
		ProvenPeriods::insert(NODE, Period(4), ());

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));
		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(OPERATOR), WEALTH + PROVIDER);
		assert_eq!(wealth(CUSTOMER), WEALTH - STN);
	});
}

#[test]
fn a_forfeit_after_an_early_end_leaves_the_current_period_as_it_is() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));

		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deal));

		// One period was proven and compensated; the notice stays paid.
		assert_eq!(wealth(CUSTOMER), WEALTH - 7 * STN);
		assert_eq!(escrow(CUSTOMER), STN);
		run_periods(NODE, &[false]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!((wealth(CUSTOMER), escrow(CUSTOMER)), (WEALTH - 7 * STN, 0));
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
