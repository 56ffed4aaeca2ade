use crate::{mock::*, Error, Event, Loss, Outcome, Verdict};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use sp_runtime::traits::BadOrigin;
use substation_primitives::{settings::STN, Balance};

/// A tenth of the bond of [`State`]'s disputes.
const TENTH: Balance = STAKE / 10;

/// What an execution changes for customer, operator and treasury.
fn executed() -> [i128; 3] {
	let parties = [CUSTOMER, OPERATOR, TREASURY];
	let before = parties.map(wealth);
	assert_ok!(Disputes::execute(signed(ANYONE), DEAL));
	let after = parties.map(wealth);
	assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((0, 0), (0, 0)));
	std::array::from_fn(|index| after[index] as i128 - before[index] as i128)
}

#[test]
fn the_table_of_outcomes_is_this() {
	let table = |refunds, customer_loses, operator_loses| Outcome { refunds, customer_loses, operator_loses };

	assert_eq!(Outcome::of(Verdict::Upheld), table(true, Loss::Nothing, true));
	assert_eq!(Outcome::CONCEDED, table(true, Loss::Nothing, false));
	assert_eq!(Outcome::of(Verdict::Rejected), table(false, Loss::All, false));
	assert_eq!(Outcome::of(Verdict::Dismissed), table(false, Loss::Tenth, false));
}

#[test]
fn upheld_refunds_the_deal_and_costs_the_operator_the_bond() {
	ExtBuilder.build_and_execute(|| {
		State::Final(Verdict::Upheld).create();

		let [customer, operator, treasury] = executed();

		assert_eq!([customer, operator, treasury], [27 * STN as i128, -(ANSWER as i128), ANSWER as i128]);
		assert_eq!(Deals::get(DEAL), None);
		let (verdict, refunded, compensated) = (Verdict::Upheld, 20 * STN, 7 * STN);
		let forfeited = ANSWER;
		assert_eq!(events(), [Event::DisputeExecuted { deal: DEAL, verdict, refunded, compensated, forfeited }]);
	});
}

#[test]
fn rejected_costs_the_customer_the_bond_and_the_deal_goes_on() {
	ExtBuilder.build_and_execute(|| {
		State::Final(Verdict::Rejected).create();

		assert_eq!(executed(), [-(STAKE as i128), 0, STAKE as i128]);
		assert_eq!(Deals::get(DEAL).map(|deal| (deal.held_back, deal.settled)), Some((false, 1)));
	});
}

// Finding G4: a dispute that nobody decides held payment back for nothing.
#[test]
fn a_dismissed_dispute_costs_its_customer_a_tenth() {
	ExtBuilder.build_and_execute(|| {
		State::Final(Verdict::Dismissed).create();

		assert_eq!(executed(), [-(TENTH as i128), TENTH as i128, 0]);
		assert_eq!(Deals::get(DEAL).map(|deal| (deal.held_back, deal.settled)), Some((false, 1)));
		let (verdict, refunded, compensated, forfeited) = (Verdict::Dismissed, 0, 0, 0);
		assert_eq!(events(), [Event::DisputeExecuted { deal: DEAL, verdict, refunded, compensated, forfeited }]);
	});
}

// Finding G4.
#[test]
fn silence_overturned_to_dismissed_costs_its_customer_a_tenth_too() {
	ExtBuilder.build_and_execute(|| {
		State::Silent.create();
		let before = [CUSTOMER, OPERATOR, TREASURY].map(wealth);

		assert_ok!(Disputes::overturn(RuntimeOrigin::root(), DEAL, Verdict::Dismissed));

		let [customer, operator, treasury] = before;
		assert_eq!([CUSTOMER, OPERATOR, TREASURY].map(wealth), [customer - TENTH, operator + TENTH, treasury]);
		assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((0, 0), (0, 0)));
	});
}

// Finding G4.
#[test]
fn a_tenth_that_nobody_can_receive_goes_back_to_the_customer() {
	ExtBuilder.build_and_execute(|| {
		State::Silent.create();
		// An account that was emptied by force, and less than what makes a new one.
		Operators::insert(NODE, ANYONE + 1_000);
		let bond = 9 * EXISTENTIAL_DEPOSIT;
		crate::Disputes::<Test>::mutate_extant(DEAL, |dispute| dispute.bond = bond);
		let before = wealth(CUSTOMER);

		assert_ok!(Disputes::overturn(RuntimeOrigin::root(), DEAL, Verdict::Dismissed));

		assert_eq!((wealth(CUSTOMER), wealth(ANYONE + 1_000)), (before, 0));
		assert_eq!(bonds(CUSTOMER), (STAKE - bond, 0));
	});
}

// Finding 4.
#[test]
fn a_deal_that_ended_under_dispute_is_gone_when_it_is_let_go() {
	for verdict in [Verdict::Rejected, Verdict::Dismissed] {
		ExtBuilder.build_and_execute(|| {
			State::Final(verdict).create();
			end_term(DEAL);

			executed();

			assert_eq!(Deals::get(DEAL), None, "{verdict:?}");
			let again = Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE);
			assert_noop!(again, Error::<Test>::NoAcceptedDeal);
		});
	}
}

#[test]
fn silence_loses_after_the_overturn_period() {
	ExtBuilder.build_and_execute(|| {
		State::Silent.create();
		assert_noop!(Disputes::execute(signed(ANYONE), DEAL), Error::<Test>::NotFinal);
		forward(OVERTURN_PERIOD);

		assert_eq!(executed(), [27 * STN as i128, 0, 0]);
		assert_eq!(Deals::get(DEAL), None);
	});
}

#[test]
fn no_decision_is_a_dismissal_at_once() {
	ExtBuilder.build_and_execute(|| {
		State::Undecided.create();

		assert_eq!(executed(), [-(TENTH as i128), TENTH as i128, 0]);
		assert_eq!(Deals::get(DEAL).map(|deal| (deal.held_back, deal.settled)), Some((false, 1)));
	});
}

#[test]
fn only_what_is_final_is_executed() {
	for state in [State::Open, State::Silent, State::Answered, State::Decided(Verdict::Upheld)] {
		ExtBuilder.build_and_execute(|| {
			state.create();
			assert_noop!(Disputes::execute(signed(ANYONE), DEAL), Error::<Test>::NotFinal);
		});
	}
	ExtBuilder.build_and_execute(|| {
		assert_noop!(Disputes::execute(signed(ANYONE), DEAL), Error::<Test>::NoDispute);
		State::Final(Verdict::Upheld).create();
		assert_noop!(Disputes::execute(RuntimeOrigin::none(), DEAL), BadOrigin);
	});
}

#[test]
fn a_vote_lock_shields_no_bond() {
	for (verdict, loser, winner, lost) in [
		(Verdict::Rejected, CUSTOMER, TREASURY, STAKE),
		(Verdict::Dismissed, CUSTOMER, OPERATOR, TENTH),
		(Verdict::Upheld, OPERATOR, TREASURY, ANSWER),
	] {
		ExtBuilder.build_and_execute(|| {
			State::Final(verdict).create();
			lock(loser);
			let before = wealth(winner);

			assert_ok!(Disputes::execute(signed(ANYONE), DEAL));

			assert_eq!(wealth(winner) - before, lost, "{verdict:?}");
		});
	}
}

#[test]
fn no_other_deal_pays_for_a_dispute() {
	ExtBuilder.build_and_execute(|| {
		let other = Deals::get(OTHER_DEAL);
		State::Final(Verdict::Upheld).create();

		executed();

		assert_eq!(Deals::get(OTHER_DEAL), other);
	});
}

proptest! {
	/// Whatever the bond, the customer loses what the operator gets, to the unit, and nothing is made or lost.
	#[test]
	fn a_tenth_is_split_without_a_rest(bond in STAKE..WEALTH / 2) {
		ExtBuilder.build_and_execute(|| {
			let issuance = pallet_balances::TotalIssuance::<Test>::get();
			let [customer, operator, treasury] = [CUSTOMER, OPERATOR, TREASURY].map(wealth);
			assert_ok!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], bond));
			assert_ok!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]));
			forward(DECISION_PERIOD);

			assert_ok!(Disputes::execute(signed(ANYONE), DEAL));

			let tenth = bond / 10;
			assert_eq!([CUSTOMER, OPERATOR, TREASURY].map(wealth), [customer - tenth, operator + tenth, treasury]);
			assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((0, 0), (0, 0)));
			assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance);
		});
	}

	#[test]
	fn nobody_loses_more_than_the_bond(bond: Balance) {
		assert_eq!((Loss::Nothing.of(bond), Loss::All.of(bond)), (0, bond));
		let tenth = Loss::Tenth.of(bond);
		assert!(tenth <= bond && bond - tenth >= bond / 10 * 9);
		assert!(bond < 10 || tenth > 0);
	}
}
