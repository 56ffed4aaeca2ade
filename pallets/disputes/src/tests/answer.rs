use crate::{mock::*, Error, Event, Standing, Verdict};
use frame_support::{
	assert_noop, assert_ok,
	pallet_prelude::{InvalidTransaction, UnknownTransaction},
};
use sp_core::Pair;
use sp_runtime::{
	traits::{BadOrigin, Dispatchable},
	transaction_validity::TransactionValidityError,
};
use substation_primitives::{settings::STN, DisputeId, NodeId};

const BOND: u128 = 10 * STN;

#[test]
fn the_operator_answers_and_bonds() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();

		assert_ok!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]));

		assert_eq!(bonds(OPERATOR), (0, BOND));
		assert_eq!(standing(), Some(Standing::AwaitsDecision));
		let decide_by = 1 + DECISION_PERIOD;
		assert_eq!(events(), [Event::DisputeAnswered { deal: DEAL, evidence: [2; 32], bond: BOND, decide_by }]);
	});
}

#[test]
fn the_agent_answers_for_the_operator_without_money_of_its_own() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		let call = agent_answer(DEAL, [2; 32]);

		let validity = authorize(&call).unwrap();
		assert!(validity.propagate);
		assert_eq!((validity.provides.len(), validity.longevity), (1, ANSWER_PERIOD.into()));
		submit(call.clone()).unwrap();

		assert_eq!(bonds(OPERATOR), (0, BOND));
		assert_eq!(standing(), Some(Standing::AwaitsDecision));
		// Its ticket is used up.
		assert_eq!(authorize(&call), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn nobody_else_answers() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();

		for other in [CUSTOMER, ANYONE] {
			assert_noop!(Disputes::answer(signed(other), DEAL, [2; 32]), Error::<Test>::NotOperator);
		}
		assert_noop!(Disputes::answer(RuntimeOrigin::root(), DEAL, [2; 32]), BadOrigin);
		let call = agent_answer(DEAL, [2; 32]);
		for origin in [signed(OPERATOR), RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_eq!(call.clone().dispatch(origin).map_err(|error| error.error), Err(BadOrigin.into()));
		}
	});
}

#[test]
fn an_agents_answer_is_good_for_one_dispute_and_one_evidence() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		let wrong: TransactionValidityError = UnknownTransaction::Custom(1).into();
		let crate::Call::answer_by_agent { signature, .. } = unwrap_call(agent_answer(DEAL, [2; 32])) else {
			panic!("an answer")
		};

		let other: RuntimeCall = crate::Call::answer_by_agent { deal: DEAL, evidence: [3; 32], signature }.into();
		assert_eq!(authorize(&other), Err(wrong));

		// The same deal, disputed again.
		submit(agent_answer(DEAL, [2; 32])).unwrap();
		forward(DECISION_PERIOD);
		assert_ok!(Disputes::execute(signed(ANYONE), DEAL));
		State::Open.create();
		let replayed: RuntimeCall = crate::Call::answer_by_agent { deal: DEAL, evidence: [2; 32], signature }.into();
		assert_eq!(authorize(&replayed), Err(wrong));

		// Another node's agent.
		let message = substation_proofs::authority::answer_message(&Disputes::genesis(), NODE.0, 1, &[2; 32]);
		let signature = agent_pair(NodeId(99)).sign(&message).0;
		let foreign: RuntimeCall = crate::Call::answer_by_agent { deal: DEAL, evidence: [2; 32], signature }.into();
		assert_eq!(authorize(&foreign), Err(wrong));
	});
}

fn unwrap_call(call: RuntimeCall) -> crate::Call<Test> {
	let RuntimeCall::Disputes(call) = call else { panic!("a call of this pallet") };
	call
}

#[test]
fn answers_come_in_time_or_not_at_all() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		forward(ANSWER_PERIOD - 1);
		assert_eq!(authorize(&agent_answer(DEAL, [2; 32])).unwrap().longevity, 1);

		forward(1);

		assert_eq!(standing(), Some(Standing::Appealable(Verdict::Upheld)));
		assert_noop!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]), Error::<Test>::NotAnswerable);
		assert_eq!(authorize(&agent_answer(DEAL, [2; 32])), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn a_dispute_is_answered_once() {
	ExtBuilder.build_and_execute(|| {
		State::Answered.create();

		assert_noop!(Disputes::answer(signed(OPERATOR), DEAL, [3; 32]), Error::<Test>::NotAnswerable);
	});
}

#[test]
fn what_is_not_disputed_is_not_answered() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]), Error::<Test>::NoDispute);
		let call: RuntimeCall =
			crate::Call::answer_by_agent { deal: DEAL, evidence: [2; 32], signature: [0; 64] }.into();
		assert_eq!(authorize(&call), Err(UnknownTransaction::CannotLookup.into()));

		State::Open.create();
		Operators::remove(NODE);
		assert_noop!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]), Error::<Test>::NoSuchNode);
	});
}

#[test]
fn an_operator_who_cannot_pay_cannot_answer() {
	ExtBuilder.build_and_execute(|| {
		assert_ok!(Disputes::open(signed(CUSTOMER), POOR_DEAL, [1; 32], STAKE));

		assert_noop!(Disputes::answer(signed(POOR), POOR_DEAL, [2; 32]), Error::<Test>::OperatorCannotPay);
		assert_eq!(authorize(&agent_answer(POOR_DEAL, [2; 32])), Err(UnknownTransaction::Custom(2).into()));
	});
}

#[test]
fn ids_name_disputes_not_deals() {
	ExtBuilder.build_and_execute(|| {
		assert_ok!(Disputes::open(signed(CUSTOMER), OTHER_DEAL, [1; 32], STAKE));
		State::Open.create();
		assert_eq!(crate::Disputes::<Test>::get(DEAL).unwrap().id, DisputeId(1));
	});
}
