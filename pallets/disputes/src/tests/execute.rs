use crate::{mock::*, Error, Event, Outcome, Verdict};
use frame_support::{assert_noop, assert_ok, traits::LockableCurrency};
use sp_runtime::traits::BadOrigin;
use substation_primitives::settings::STN;

const ANSWER: u128 = 10 * STN;

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

	assert_eq!(Outcome::of(Verdict::Upheld), table(true, false, true));
	assert_eq!(Outcome::of(Verdict::Rejected), table(false, true, false));
	assert_eq!(Outcome::of(Verdict::Dismissed), table(false, false, false));
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

#[test]
fn dismissed_gives_everything_back() {
	ExtBuilder.build_and_execute(|| {
		State::Final(Verdict::Dismissed).create();

		assert_eq!(executed(), [0, 0, 0]);
		assert_eq!(Deals::get(DEAL).map(|deal| (deal.held_back, deal.settled)), Some((false, 1)));
	});
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
fn no_decision_gives_everything_back_at_once() {
	ExtBuilder.build_and_execute(|| {
		State::Undecided.create();

		assert_eq!(executed(), [0, 0, 0]);
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
	for (verdict, loser, lost) in [(Verdict::Rejected, CUSTOMER, STAKE), (Verdict::Upheld, OPERATOR, ANSWER)] {
		ExtBuilder.build_and_execute(|| {
			State::Final(verdict).create();
			Balances::set_lock(*b"democrac", &loser, WEALTH, frame_support::traits::WithdrawReasons::all());
			let before = wealth(TREASURY);

			assert_ok!(Disputes::execute(signed(ANYONE), DEAL));

			assert_eq!(wealth(TREASURY) - before, lost, "{verdict:?}");
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
