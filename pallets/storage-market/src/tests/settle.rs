//! Settling: only what is closed, only once, whatever the order.

use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use substation_primitives::{deal::Proposal, settings::STN, traits::StorageLedger, Balance, Bytes, DealId, Period};

/// What one proven period of one STN brings.
const PROVIDER: Balance = STN * 85 / 100;
const BURNED: Balance = STN / 10;
const TREASURED: Balance = STN / 20;

fn settled(deal: DealId, proven: u32, missed: u32) -> Event<Test> {
	let [paid, unpaid] = [proven, missed].map(Balance::from);
	Event::DealSettled {
		deal,
		proven,
		missed,
		provider: paid * PROVIDER,
		burned: paid * BURNED,
		treasury: paid * TREASURED,
		refunded: unpaid * STN,
	}
}

#[test]
fn proven_periods_are_paid_and_others_refunded() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		let issued = Balances::total_issuance();
		run_periods(NODE, &[false, true, false, true, true]);

		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(events(), [settled(deal, 3, 1)]);
		assert_eq!(wealth(OPERATOR), WEALTH + 3 * PROVIDER);
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 3 * TREASURED);
		assert_eq!(wealth(CUSTOMER), WEALTH - 3 * STN);
		assert_eq!(escrow(CUSTOMER), 6 * STN);
		assert_eq!(Balances::total_issuance(), issued - 3 * BURNED);
		assert_eq!((terms(deal).next_unsettled, terms(deal).paid_periods), (Period(8), 3));
	});
}

#[test]
fn nothing_is_settled_before_the_window_closes() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[true]);
		ProvenPeriods::insert(NODE, Period(4), ());
		assert_eq!(FakeLedger::current(NODE), Period(4));

		assert_storage_noop!({
			assert_ok!(StorageMarket::settle(signed(OPERATOR), deal));
		});
	});
}

#[test]
fn the_period_of_the_acceptance_is_never_paid() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(1);
		run_periods(NODE, &[true, false, true, true]);

		assert_ok!(StorageMarket::settle(signed(OPERATOR), deal));

		assert_eq!(events(), [settled(deal, 0, 1)]);
	});
}

#[test]
fn settling_twice_pays_once() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[true, true, true]);
		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));

		assert_storage_noop!({
			assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		});
	});
}

#[test]
fn settling_after_the_end_pays_nothing_more() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		run_periods(NODE, &[true; 6]);
		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		assert_eq!(events(), [settled(deal, 2, 0)]);
		assert_eq!(escrow(CUSTOMER), 0);

		run_periods(NODE, &[true; 6]);
		assert_storage_noop!({
			assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		});

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_noop!(StorageMarket::settle(signed(ANYONE), deal), Error::<Test>::DealGone);
	});
}

#[test]
fn a_proposal_cannot_be_settled() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());

		assert_noop!(StorageMarket::settle(signed(ANYONE), deal), Error::<Test>::NotAccepted);
		assert_noop!(StorageMarket::settle(signed(ANYONE), DealId(9)), Error::<Test>::UnknownDeal);
	});
}

/// Who owns what after ten periods, if the deals are settled at these moments in this order.
fn outcome(length: u64, settlements: &[&[usize]]) -> Vec<Balance> {
	let mut outcome = vec![];
	ExtBuilder.build_and_execute(|| {
		set_bond(NODE, 10_000 * STN);
		let mut agent = Agent::of(NODE);
		let deals = [7, 8, 10].map(|periods| propose(Proposal { periods, length: Bytes(length), ..proposal() }));
		agent.accept(&[(deals[0], 0), (deals[1], 1), (deals[2], 2)]);
		run_periods(NODE, &[false]);
		for (period, order) in settlements.iter().enumerate() {
			run_periods(NODE, &[period % 3 != 1]);
			for deal in *order {
				assert_ok!(StorageMarket::settle(signed(ANYONE), deals[*deal]));
			}
		}
		for deal in deals {
			assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		}
		outcome = [CUSTOMER, OPERATOR, TREASURY].map(wealth).to_vec();
		outcome.push(Balances::total_issuance());
	});
	outcome
}

#[test]
fn parts_and_order_do_not_matter_down_to_the_unit() {
	// The second length has a rate that no share divides.
	for length in [GIB, GIB / 977 + 1] {
		let late = outcome(length, &[&[][..]; 11]);
		let daily = outcome(length, &[&[0, 1, 2][..]; 11]);
		let backwards = outcome(length, &[&[], &[2], &[], &[], &[2, 1, 0], &[], &[1], &[1], &[], &[0, 0, 2], &[]]);

		assert_eq!(late, daily);
		assert_eq!(late, backwards);
	}
}

#[test]
fn the_longest_term_is_settled_at_once() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(1_024);
		run_periods(NODE, &[true; 1_030]);

		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(events(), [settled(deal, 1_024, 0)]);
		assert_eq!(terms(deal).paid_periods, 1_024);
	});
}

#[test]
fn a_deal_accepted_in_the_last_moment_of_a_period_is_due_like_any_other() {
	ExtBuilder.build_and_execute(|| {
		// Proven already, window still open: the deal comes too late for this challenge.
		ProvenPeriods::insert(NODE, Period(3), ());

		let (_, deal) = accepted(1);
		run_periods(NODE, &[true, true]);
		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(events(), [settled(deal, 1, 0)]);
		assert_eq!(terms(deal).next_unsettled, Period(5));
	});
}

#[test]
fn the_smallest_deal_pays_the_least_rate_in_full() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(Proposal { length: Bytes(1), periods: 3, ..proposal() });
		Agent::of(NODE).accept(&[(deal, 0)]);
		let rate = STN / 1_000;
		assert_eq!(escrow(CUSTOMER), 3 * rate);
		run_periods(NODE, &[true; 4]);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(CUSTOMER), WEALTH - 3 * rate);
		assert_eq!(wealth(OPERATOR), WEALTH + 3 * (rate - rate / 10 - rate / 20));
	});
}

#[test]
fn a_termination_cuts_the_settlement_off_after_its_deciding_period() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[true, true, false]);
		decide_termination(NODE);
		run_periods(NODE, &[true, true]);

		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(events(), [settled(deal, 1, 1)]);
		assert_eq!(escrow(CUSTOMER), 8 * STN);
		assert_storage_noop!({
			assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		});
	});
}
