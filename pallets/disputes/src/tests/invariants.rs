//! Each invariant notices what it is there for.

use crate::{mock::*, Disputes as Records, NextDisputeId};
use frame_support::{assert_err, assert_ok};
use substation_primitives::DisputeId;

fn broken(change: impl FnOnce(), complaint: &'static str) {
	ExtBuilder.build().execute_with(|| {
		State::Answered.create();
		assert_ok!(Disputes::do_try_state());

		change();

		assert_err!(Disputes::do_try_state(), complaint);
	});
}

#[test]
fn i1_sees_a_bond_that_is_not_held() {
	broken(
		|| Records::<Test>::mutate_extant(DEAL, |dispute| dispute.bond += 1),
		"I1: a customer's bonds are not those of its disputes",
	);
	broken(
		|| Records::<Test>::mutate_extant(DEAL, |dispute| dispute.answer.as_mut().unwrap().bond += 1),
		"I1: an operator's bonds are not those of its answers",
	);
}

#[test]
fn i2_sees_a_deal_that_is_not_held_back() {
	broken(|| Deals::mutate_extant(DEAL, |deal| deal.held_back = false), "I2: a disputed deal is not held back");
}

#[test]
fn i3_sees_ids_and_answers_that_do_not_fit() {
	broken(|| NextDisputeId::<Test>::put(DisputeId(0)), "I3: the id of a dispute is not its own");
	broken(
		|| Records::<Test>::mutate_extant(DEAL, |dispute| dispute.stage = crate::Stage::Open { answer_by: 9 }),
		"I3: a dispute's answer does not fit its stage",
	);
}
