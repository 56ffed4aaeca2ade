//! The operator gives in.
//!
//! Finding 3: a deal whose bytes were lost stayed due, and fined by the rates of the whole node, as long as its dispute
//! took.

use crate::{mock::*, Error, Event, Verdict};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;
use substation_primitives::settings::STN;

/// Every state in which there is no last word yet.
const CONCEDABLE: [State; 6] = [
	State::Open,
	State::Silent,
	State::Answered,
	State::Decided(Verdict::Upheld),
	State::Decided(Verdict::Rejected),
	State::Decided(Verdict::Dismissed),
];

#[test]
fn an_operator_concedes_before_the_last_word_and_both_bonds_come_back() {
	for state in CONCEDABLE {
		ExtBuilder.build_and_execute(|| {
			let others = [OTHER_DEAL, POOR_DEAL].map(Deals::get);
			let before = [CUSTOMER, OPERATOR, TREASURY].map(wealth);
			state.create();

			assert_ok!(Disputes::concede(signed(OPERATOR), DEAL));

			// The escrow and the compensation are the customer's, and the deal is at its end.
			let [customer, operator, treasury] = before;
			let after = [customer + 27 * STN, operator, treasury];
			assert_eq!([CUSTOMER, OPERATOR, TREASURY].map(wealth), after, "{state:?}");
			assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((0, 0), (0, 0)));
			assert_eq!((standing(), Deals::get(DEAL)), (None, None));
			assert_eq!([OTHER_DEAL, POOR_DEAL].map(Deals::get), others);
			let (refunded, compensated) = (20 * STN, 7 * STN);
			assert_eq!(events(), [Event::DisputeConceded { deal: DEAL, refunded, compensated }]);
		});
	}
}

#[test]
fn a_concession_frees_bonds_that_votes_lock() {
	ExtBuilder.build_and_execute(|| {
		State::Answered.create();
		lock(CUSTOMER);
		lock(OPERATOR);

		assert_ok!(Disputes::concede(signed(OPERATOR), DEAL));

		assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((0, 0), (0, 0)));
	});
}

#[test]
fn only_the_operator_concedes() {
	ExtBuilder.build_and_execute(|| {
		State::Answered.create();

		for other in [CUSTOMER, ANYONE, COUNCIL] {
			assert_noop!(Disputes::concede(signed(other), DEAL), Error::<Test>::NotOperator);
		}
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(Disputes::concede(origin, DEAL), BadOrigin);
		}
	});
}

#[test]
fn there_is_nothing_to_concede_without_a_dispute_or_a_node() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(Disputes::concede(signed(OPERATOR), DEAL), Error::<Test>::NoDispute);

		State::Open.create();
		Operators::remove(NODE);

		assert_noop!(Disputes::concede(signed(OPERATOR), DEAL), Error::<Test>::NoSuchNode);
	});
}

#[test]
fn a_last_word_is_not_conceded_away() {
	let last_words = [Verdict::Upheld, Verdict::Rejected, Verdict::Dismissed].map(State::Final);
	for state in last_words.into_iter().chain([State::Undecided]) {
		ExtBuilder.build_and_execute(|| {
			state.create();

			assert_noop!(Disputes::concede(signed(OPERATOR), DEAL), Error::<Test>::AlreadyFinal);
		});
	}
	// Silence is final later than it is upheld: at the last block in which it can be conceded, and at the next.
	for (waited, conceded) in [(OVERTURN_PERIOD - 1, true), (OVERTURN_PERIOD, false)] {
		ExtBuilder.build_and_execute(|| {
			State::Silent.create();
			forward(waited);

			assert_eq!(Disputes::concede(signed(OPERATOR), DEAL).is_ok(), conceded);
		});
	}
}

#[test]
fn what_is_conceded_can_be_neither_decided_nor_overturned_nor_executed() {
	ExtBuilder.build_and_execute(|| {
		State::Decided(Verdict::Rejected).create();
		assert_ok!(Disputes::concede(signed(OPERATOR), DEAL));

		assert_noop!(Disputes::decide(signed(COUNCIL), DEAL, Verdict::Rejected), Error::<Test>::NoDispute);
		assert_noop!(Disputes::overturn(RuntimeOrigin::root(), DEAL, Verdict::Dismissed), Error::<Test>::NoDispute);
		forward(OVERTURN_PERIOD);
		assert_noop!(Disputes::execute(signed(ANYONE), DEAL), Error::<Test>::NoDispute);
		assert_noop!(Disputes::concede(signed(OPERATOR), DEAL), Error::<Test>::NoDispute);
	});
}
