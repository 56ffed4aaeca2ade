use crate::{mock::*, Error, Event, Standing, Verdict};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;
use substation_primitives::settings::STN;

#[test]
fn the_council_decides_and_nothing_moves_yet() {
	ExtBuilder.build_and_execute(|| {
		State::Answered.create();

		assert_ok!(Disputes::decide(signed(COUNCIL), DEAL, Verdict::Rejected));

		assert_eq!(standing(), Some(Standing::Appealable(Verdict::Rejected)));
		assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((STAKE, 0), (0, 10 * STN)));
		let final_at = 1 + OVERTURN_PERIOD;
		assert_eq!(events(), [Event::DisputeDecided { deal: DEAL, verdict: Verdict::Rejected, final_at }]);
	});
}

#[test]
fn nobody_else_decides_or_overturns() {
	ExtBuilder.build_and_execute(|| {
		State::Answered.create();

		for origin in [signed(CUSTOMER), signed(OPERATOR), RuntimeOrigin::root()] {
			assert_noop!(Disputes::decide(origin, DEAL, Verdict::Upheld), BadOrigin);
		}
		for origin in [signed(CUSTOMER), signed(OPERATOR), signed(COUNCIL)] {
			assert_noop!(Disputes::overturn(origin, DEAL, Verdict::Upheld), BadOrigin);
		}
	});
}

#[test]
fn only_what_waits_for_a_decision_is_decided() {
	for state in
		[State::Open, State::Silent, State::Undecided, State::Decided(Verdict::Upheld), State::Final(Verdict::Upheld)]
	{
		ExtBuilder.build_and_execute(|| {
			state.create();
			assert_noop!(Disputes::decide(signed(COUNCIL), DEAL, Verdict::Rejected), Error::<Test>::NotDecidable);
		});
	}
	ExtBuilder.build_and_execute(|| {
		assert_noop!(Disputes::decide(signed(COUNCIL), DEAL, Verdict::Rejected), Error::<Test>::NoDispute);
	});
}

#[test]
fn token_holders_overturn_a_verdict_at_once() {
	ExtBuilder.build_and_execute(|| {
		State::Decided(Verdict::Rejected).create();
		let before = wealth(CUSTOMER);

		assert_ok!(Disputes::overturn(RuntimeOrigin::root(), DEAL, Verdict::Upheld));

		assert_eq!(standing(), None);
		assert_eq!(wealth(CUSTOMER), before + STAKE);
		let (from, to) = (Verdict::Rejected, Verdict::Upheld);
		let (refunded, compensated, forfeited) = (20 * STN, 7 * STN, 10 * STN);
		assert_eq!(
			events(),
			[
				Event::DisputeOverturned { deal: DEAL, from, to },
				Event::DisputeExecuted { deal: DEAL, verdict: to, refunded, compensated, forfeited },
			]
		);
	});
}

#[test]
fn silence_too_can_be_overturned() {
	ExtBuilder.build_and_execute(|| {
		State::Silent.create();
		forward(OVERTURN_PERIOD - 1);

		assert_ok!(Disputes::overturn(RuntimeOrigin::root(), DEAL, Verdict::Dismissed));

		assert_eq!(bonds(CUSTOMER), (0, 0));
		assert_eq!(Deals::get(DEAL).map(|deal| (deal.held_back, deal.settled)), Some((false, 1)));
	});
}

#[test]
fn only_a_verdict_that_is_not_final_is_overturned_and_only_to_another() {
	for state in [State::Open, State::Answered, State::Undecided, State::Final(Verdict::Upheld)] {
		ExtBuilder.build_and_execute(|| {
			state.create();
			let overturned = Disputes::overturn(RuntimeOrigin::root(), DEAL, Verdict::Rejected);
			assert_noop!(overturned, Error::<Test>::NotAppealable);
		});
	}
	ExtBuilder.build_and_execute(|| {
		let overturn = |verdict| Disputes::overturn(RuntimeOrigin::root(), DEAL, verdict);
		assert_noop!(overturn(Verdict::Rejected), Error::<Test>::NoDispute);
		State::Decided(Verdict::Rejected).create();
		assert_noop!(overturn(Verdict::Rejected), Error::<Test>::SameVerdict);
	});
}
