//! Payees and payers in awkward states: locked, reaped, the same person.

use crate::{mock::*, Event};
use frame_support::{
	assert_ok,
	traits::{LockableCurrency, WithdrawReasons},
};
use substation_primitives::{deal::Proposal, settings::STN, Balance, Bytes};

const PROVIDER: Balance = STN * 85 / 100;

/// A vote lock over everything that an account has, escrow included.
fn lock_everything(account: AccountId) {
	Balances::set_lock(*b"pyconvot", &account, Balance::MAX, WithdrawReasons::all());
}

#[test]
fn a_customer_locked_by_conviction_still_pays() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		lock_everything(CUSTOMER);
		run_periods(NODE, &[true, true, false, true]);

		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		assert_eq!(wealth(OPERATOR), WEALTH + 2 * PROVIDER);

		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deal));
		assert_eq!(wealth(OPERATOR), WEALTH + 9 * PROVIDER);

		run_periods(NODE, &[true]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!(wealth(CUSTOMER), WEALTH - 10 * STN);
	});
}

#[test]
fn locked_money_can_be_put_into_escrow() {
	ExtBuilder.build_and_execute(|| {
		lock_everything(CUSTOMER);

		let (_, deal) = accepted(2);
		run_periods(NODE, &[true; 3]);
		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(CUSTOMER), WEALTH - 2 * STN);
	});
}

#[test]
fn a_locked_provider_is_paid() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		lock_everything(OPERATOR);
		run_periods(NODE, &[true; 3]);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(OPERATOR), WEALTH + 2 * PROVIDER);
	});
}

#[test]
fn what_a_reaped_provider_cannot_receive_goes_to_the_treasury() {
	ExtBuilder.build_and_execute(|| {
		// Less than the existential deposit in all.
		let deal = propose(Proposal { length: Bytes(1), periods: 2, ..proposal() });
		Agent::of(NODE).accept(&[(deal, 0)]);
		let rate = STN / 1_000;
		reap(OPERATOR);
		run_periods(NODE, &[true; 3]);
		events();

		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(
			events(),
			[Event::DealSettled {
				deal,
				proven: 2,
				missed: 0,
				provider: 0,
				burned: 2 * rate / 10,
				treasury: 2 * rate * 9 / 10,
				refunded: 0,
			}]
		);
		assert_eq!(wealth(OPERATOR), 0);
		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 2 * rate * 9 / 10);
	});
}

#[test]
fn a_reaped_provider_that_earns_enough_exists_again() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		reap(OPERATOR);
		run_periods(NODE, &[true; 3]);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(OPERATOR), 2 * PROVIDER);
	});
}

#[test]
fn without_provider_and_treasury_the_payment_is_burned() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(Proposal { length: Bytes(1), periods: 1, ..proposal() });
		Agent::of(NODE).accept(&[(deal, 0)]);
		reap(OPERATOR);
		reap(TREASURY);
		let issued = Balances::total_issuance();
		run_periods(NODE, &[true; 2]);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(Balances::total_issuance(), issued - STN / 1_000);
		assert_eq!(wealth(CUSTOMER), WEALTH - STN / 1_000);
	});
}

#[test]
fn a_node_without_a_record_earns_for_the_treasury() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(2);
		Records::remove(NODE);
		run_periods(NODE, &[true; 3]);

		assert_ok!(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + 2 * (PROVIDER + STN / 20));
	});
}

#[test]
fn dealing_with_oneself_loses_money() {
	for length in [1, 1 << 20, GIB / 977, GIB] {
		ExtBuilder.build_and_execute(|| {
			Records::mutate_extant(NODE, |record| record.operator = CUSTOMER);
			let deal = propose(Proposal { length: Bytes(length), ..proposal() });
			Agent::of(NODE).accept(&[(deal, 0)]);
			run_periods(NODE, &[true; 11]);
			let escrowed = escrow(CUSTOMER);

			assert_ok!(StorageMarket::close(signed(CUSTOMER), deal));

			let lost = WEALTH - wealth(CUSTOMER);
			assert!(lost >= escrowed * 15 / 100 && lost > 0, "{length}: lost {lost} of {escrowed}");
			assert!(wealth(TREASURY) > EXISTENTIAL_DEPOSIT);
		});
	}
}

#[test]
fn every_unit_of_a_mixed_history_is_somewhere() {
	ExtBuilder.build_and_execute(|| {
		set_bond(NODE, 100_000 * STN);
		let issued = Balances::total_issuance();
		let mut agent = Agent::of(NODE);
		let odd = |length: u64| Proposal { length: Bytes(length), price: STN + 7, ..proposal() };
		let deals = [1, 1_025, GIB / 3, GIB * 7].map(|length| propose(odd(length)));
		agent.accept(&[(deals[0], 0), (deals[1], 1), (deals[2], 2), (deals[3], 3)]);
		run_periods(NODE, &[true, true, false]);
		assert_ok!(StorageMarket::settle(signed(ANYONE), deals[1]));
		assert_ok!(StorageMarket::end_early(signed(CUSTOMER), deals[2]));
		assert_ok!(StorageMarket::forfeit(signed(OPERATOR), deals[3]));
		run_periods(NODE, &[true, false]);
		decide_termination(NODE);
		for deal in &deals {
			assert_ok!(StorageMarket::close(signed(ANYONE), *deal));
		}

		let everybody = [CUSTOMER, OPERATOR, TREASURY, ANYONE, BONDS + NODE.0, BONDS + OTHER_NODE.0];
		assert_eq!(everybody.map(wealth).iter().sum::<Balance>(), Balances::total_issuance());
		assert!(Balances::total_issuance() < issued);
		assert_eq!((escrow(CUSTOMER), deposits(CUSTOMER)), (0, 0));
	});
}
