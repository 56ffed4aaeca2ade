use crate::{mock::*, Error, Event, NextDisputeId, Standing};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, TokenError};
use substation_primitives::{settings::STN, DealId, DisputeId};

#[test]
fn a_customer_puts_a_bond_behind_a_dispute_and_the_deal_is_held_back() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!(Disputes::least_bond(DEAL), Some(STAKE));

		assert_ok!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE));

		assert!(Deals::get(DEAL).unwrap().held_back);
		assert_eq!(bonds(CUSTOMER), (STAKE, 0));
		assert_eq!(standing(), Some(Standing::AwaitsAnswer));
		assert_eq!(Disputes::least_bond(DEAL), None);
		let (dispute, answer_by) = (DisputeId(0), 1 + ANSWER_PERIOD);
		assert_eq!(
			events(),
			[Event::DisputeOpened { deal: DEAL, dispute, node: NODE, evidence: [1; 32], bond: STAKE, answer_by }]
		);
	});
}

#[test]
fn the_bond_is_at_least_what_is_at_stake_and_at_least_the_setting() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE - 1), Error::<Test>::BondTooLow);
		let mut settings = Tunables::get();
		settings.bond_percent = 150;
		Tunables::set(&settings);
		assert_eq!(Disputes::least_bond(DEAL), Some(STAKE * 3 / 2));
		settings.min_bond = 100 * STN;
		Tunables::set(&settings);
		assert_noop!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], 99 * STN), Error::<Test>::BondTooLow);
		assert_ok!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], 100 * STN));
	});
}

#[test]
fn only_the_customer_of_an_accepted_deal_disputes_it() {
	ExtBuilder.build_and_execute(|| {
		for other in [OPERATOR, ANYONE] {
			assert_noop!(Disputes::open(signed(other), DEAL, [1; 32], STAKE), Error::<Test>::NotCustomer);
		}
		assert_noop!(Disputes::open(RuntimeOrigin::root(), DEAL, [1; 32], STAKE), BadOrigin);
		assert_noop!(Disputes::open(signed(CUSTOMER), DealId(9), [1; 32], STAKE), Error::<Test>::NoAcceptedDeal);
		assert_eq!(Disputes::least_bond(DealId(9)), None);
	});
}

#[test]
fn a_deal_is_disputed_once_at_a_time_and_other_deals_besides() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();

		assert_noop!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE), Error::<Test>::AlreadyDisputed);
		assert_ok!(Disputes::open(signed(CUSTOMER), OTHER_DEAL, [1; 32], STAKE));
		assert_eq!(bonds(CUSTOMER), (2 * STAKE, 0));
	});
}

#[test]
fn a_deal_with_nothing_at_stake_is_not_disputed() {
	ExtBuilder.build_and_execute(|| {
		Deals::mutate_extant(DEAL, |deal| (deal.escrow, deal.reserve) = (0, 0));

		assert_noop!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE), Error::<Test>::NothingAtStake);
	});
}

// Finding 4: the reserve of a deal that was over could be disputed for ever.
#[test]
fn nothing_is_at_stake_in_a_deal_that_is_over() {
	ExtBuilder.build_and_execute(|| {
		end_term(DEAL);

		assert_eq!(Disputes::least_bond(DEAL), None);
		assert_noop!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE), Error::<Test>::NoAcceptedDeal);
	});
}

#[test]
fn a_customer_without_the_money_opens_nothing() {
	ExtBuilder.build_and_execute(|| {
		Deals::mutate_extant(DEAL, |deal| deal.customer = POOR);

		assert_noop!(Disputes::open(signed(POOR), DEAL, [1; 32], STAKE), TokenError::FundsUnavailable);
	});
}

#[test]
fn ids_are_not_reused_and_can_run_out() {
	ExtBuilder.build_and_execute(|| {
		State::Final(crate::Verdict::Dismissed).create();
		assert_ok!(Disputes::execute(signed(ANYONE), DEAL));
		State::Open.create();
		assert_eq!(crate::Disputes::<Test>::get(DEAL).unwrap().id, DisputeId(1));

		NextDisputeId::<Test>::put(DisputeId(u64::MAX));
		assert_noop!(Disputes::open(signed(CUSTOMER), OTHER_DEAL, [1; 32], STAKE), Error::<Test>::OutOfIds);
	});
}
