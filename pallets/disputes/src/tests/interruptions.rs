//! Periods into which a migration fell: nobody loses by silence while nobody could speak.

use crate::{mock::*, Error, Stage, Standing, Verdict};
use frame_support::{assert_noop, assert_ok};

// R3: silence loses, and a migration silences everybody.
#[test]
fn an_operator_can_answer_after_a_migration_over_the_deadline() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		forward(ANSWER_PERIOD - 2);

		migrate(50);
		forward(1);

		assert_eq!(standing(), Some(Standing::AwaitsAnswer));
		assert_eq!(authorize(&agent_answer(DEAL, [2; 32])).unwrap().longevity, 1);
		assert_ok!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]));
	});
}

#[test]
fn silence_loses_when_as_many_blocks_have_passed_as_a_migration_has_taken() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		forward(ANSWER_PERIOD - 2);
		migrate(50);

		forward(2);

		assert_eq!(standing(), Some(Standing::Appealable(Verdict::Upheld)));
		assert_noop!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]), Error::<Test>::NotAnswerable);
	});
}

#[test]
fn a_migration_before_the_dispute_or_after_the_deadline_gives_no_time() {
	ExtBuilder.build_and_execute(|| {
		migrate(7);
		forward(1);
		State::Open.create();
		forward(ANSWER_PERIOD);

		migrate(7);

		assert_eq!(standing(), Some(Standing::Appealable(Verdict::Upheld)));
	});
}

#[test]
fn token_holders_keep_their_time_after_silence_was_moved() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		migrate(5);
		forward(ANSWER_PERIOD);
		assert_eq!(standing(), Some(Standing::Appealable(Verdict::Upheld)));

		migrate(9);
		forward(OVERTURN_PERIOD - 1);
		assert_eq!(standing(), Some(Standing::Appealable(Verdict::Upheld)));

		forward(1);
		assert_eq!(standing(), Some(Standing::Final(Verdict::Upheld)));
	});
}

#[test]
fn the_council_keeps_its_time_to_decide() {
	ExtBuilder.build_and_execute(|| {
		State::Answered.create();
		migrate(DECISION_PERIOD + 3);
		forward(DECISION_PERIOD - 1);
		assert_eq!(standing(), Some(Standing::AwaitsDecision));

		forward(1);

		assert_eq!(standing(), Some(Standing::Final(Verdict::Dismissed)));
	});
}

#[test]
fn a_decision_is_final_later_by_a_migration() {
	ExtBuilder.build_and_execute(|| {
		State::Decided(Verdict::Rejected).create();
		migrate(4);
		forward(OVERTURN_PERIOD - 1);
		assert_noop!(Disputes::execute(signed(ANYONE), DEAL), Error::<Test>::NotFinal);

		forward(1);

		assert_ok!(Disputes::execute(signed(ANYONE), DEAL));
	});
}

#[test]
fn the_record_keeps_what_was_set_and_the_stage_tells_what_holds() {
	ExtBuilder.build_and_execute(|| {
		State::Open.create();
		let record = || crate::Disputes::<Test>::get(DEAL).unwrap();
		let Stage::Open { answer_by } = record().stage else { panic!("open") };

		migrate(6);

		assert_eq!(record().stage, Stage::Open { answer_by });
		let stage = record().stage_at(System::block_number(), &Disputes::timetable());
		assert_eq!(stage, Stage::Open { answer_by: answer_by + 6 });
	});
}
