//! Claims: who is paid what, when, and what stays.

use crate::{mock::*, types::Record, Records};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;
use substation_primitives::{rewards::KEPT_ERAS, settings::STN, NodeId};

#[test]
fn a_claim_pays_the_operator_whoever_calls() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		use_service(bandwidth(NODE), 20 * STN);
		use_service(storage(SIBLING), 30 * STN);
		run_era();
		events();
		let (operator, caller, issued) = (wealth(OPERATOR), wealth(CUSTOMER), Balances::total_issuance());

		assert_ok!(claim(CUSTOMER, &[NODE, SIBLING]));

		let paid = |earner, amount| Event::Claimed { earner, to: OPERATOR, amount };
		assert_eq!(
			events(),
			[paid(storage(NODE), 8 * STN), paid(bandwidth(NODE), 16 * STN), paid(storage(SIBLING), 24 * STN)]
		);
		assert_eq!(wealth(OPERATOR), operator + 48 * STN);
		assert_eq!(wealth(CUSTOMER), caller);
		assert_eq!(Balances::total_issuance(), issued + 48 * STN);
		assert_eq!(totals().claimed, 48 * STN);
	});
}

#[test]
fn a_caller_is_paid_as_a_payee_and_nobody_else_is() {
	ExtBuilder.build_and_execute(|| {
		use_service(payee(PAYEE), 10 * STN);
		use_service(payee(AUTHOR), 10 * STN);
		run_era();
		let before = (wealth(PAYEE), wealth(AUTHOR));

		assert_ok!(claim(PAYEE, &[]));

		assert_eq!((wealth(PAYEE), wealth(AUTHOR)), (before.0 + 8 * STN, before.1));
	});
}

#[test]
fn the_running_era_stays() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		assert_noop!(claim(CUSTOMER, &[NODE]), Error::NothingToClaim);

		run_era();
		use_service(storage(NODE), 100);
		assert_ok!(claim(CUSTOMER, &[NODE]));

		assert_eq!(record(storage(NODE)), Record { era: 1, units: 80, pending: 0, current: None });
		assert_noop!(claim(CUSTOMER, &[NODE]), Error::NothingToClaim);
	});
}

#[test]
fn nothing_is_paid_twice() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		run_era();
		let before = wealth(OPERATOR);

		assert_ok!(claim(CUSTOMER, &[NODE, NODE, NODE]));
		assert_noop!(claim(CUSTOMER, &[NODE]), Error::NothingToClaim);
		run_era();
		assert_noop!(claim(OPERATOR, &[NODE]), Error::NothingToClaim);

		assert_eq!(wealth(OPERATOR), before + 8 * STN);
	});
}

#[test]
fn a_record_that_says_nothing_goes() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		run_era();
		prove(SIBLING, BOND);
		use_service(storage(SIBLING), 10 * STN);
		run_era();

		assert_ok!(claim(CUSTOMER, &[NODE, SIBLING]));

		assert!(!Records::<Test>::contains_key(storage(NODE)));
		// Its proof still counts.
		assert!(record(storage(SIBLING)).current.is_some());
	});
}

#[test]
fn earlier_eras_add_up_until_somebody_claims() {
	ExtBuilder.build_and_execute(|| {
		for era in 1..=5u128 {
			use_service(storage(NODE), era * 10 * STN);
			run_era();
			run_era();
		}
		let before = wealth(OPERATOR);

		assert_ok!(claim(CUSTOMER, &[NODE]));

		assert_eq!(wealth(OPERATOR), before + 8 * 15 * STN);
	});
}

#[test]
fn credits_wait_84_eras_and_no_longer() {
	for (eras, paid) in [(KEPT_ERAS, 8 * STN), (KEPT_ERAS + 1, 0)] {
		ExtBuilder.build_and_execute(|| {
			use_service(storage(NODE), 10 * STN);
			let before = wealth(OPERATOR);
			for _ in 0..eras {
				run_era();
			}

			assert_eq!(claim(CUSTOMER, &[NODE]).is_ok(), paid > 0);

			assert_eq!(wealth(OPERATOR) - before, paid);
		});
	}
}

#[test]
fn what_is_folded_waits_for_ever() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		run_era();
		use_service(storage(NODE), 10 * STN);
		for _ in 0..2 * KEPT_ERAS {
			run_era();
		}
		let before = wealth(OPERATOR);

		// The first was folded by the second, which nobody has touched in time.
		assert_ok!(claim(CUSTOMER, &[NODE]));

		assert_eq!(wealth(OPERATOR), before + 8 * STN);
	});
}

#[test]
fn nodes_that_do_not_exist_are_passed_over() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		run_era();

		assert_noop!(claim(CUSTOMER, &[NodeId(77)]), Error::NothingToClaim);
		assert_ok!(claim(CUSTOMER, &[NodeId(77), NODE]));
	});
}

#[test]
fn what_an_account_cannot_receive_stays() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(POOR_NODE), EXISTENTIAL_DEPOSIT);
		run_era();
		let pending = EXISTENTIAL_DEPOSIT * 8 / 10;

		assert_noop!(claim(CUSTOMER, &[POOR_NODE]), Error::CannotReceive);
		// Another one is paid all the same.
		use_service(storage(NODE), 10 * STN);
		run_era();
		assert_ok!(claim(CUSTOMER, &[POOR_NODE, NODE]));
		assert_eq!(record(storage(POOR_NODE)), Record { era: 2, units: 0, pending, current: None });

		// Enough to create the account.
		use_service(storage(POOR_NODE), EXISTENTIAL_DEPOSIT);
		run_era();
		assert_ok!(claim(CUSTOMER, &[POOR_NODE]));
		assert_eq!(wealth(NOBODY), 2 * pending);
	});
}

#[test]
fn only_signed_callers_claim() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		run_era();

		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(Rewards::claim(origin, vec![NODE].try_into().unwrap()), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn a_claim_names_a_bounded_number_of_nodes() {
	ExtBuilder.build_and_execute(|| {
		use crate::WeightInfo;
		use frame_support::dispatch::GetDispatchInfo;

		let call = |nodes: usize| crate::Call::<Test>::claim { nodes: vec![NODE; nodes].try_into().unwrap() };

		assert_eq!(call(0).get_dispatch_info().call_weight, <() as WeightInfo>::claim(0));
		assert_eq!(call(8).get_dispatch_info().call_weight, <() as WeightInfo>::claim(8));
		assert!(<() as WeightInfo>::claim(8).all_gt(<() as WeightInfo>::claim(7)));
		let nine: Result<frame_support::BoundedVec<_, <Test as crate::Config>::MaxClaims>, _> =
			vec![NODE; 9].try_into();
		assert!(nine.is_err());
	});
}
