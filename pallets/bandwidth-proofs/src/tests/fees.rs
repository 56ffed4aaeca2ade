//! Money in and out.

use crate::{fees::due, mock::*};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::{DispatchError, TokenError};
use substation_primitives::{Balance, Direction, NodeId};
use substation_proofs::bandwidth;

const NODE: NodeId = NodeId(1);

fn owner() -> RuntimeOrigin {
	signed(operator(NODE))
}

#[test]
fn paying_in_moves_money_to_the_account_that_keeps_fees() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		assert_ok!(BandwidthProofs::prepay(owner(), NODE, 7));

		assert_eq!(line(NODE).prepaid, 100 * FEE + 7);
		assert_eq!(pot(), 100 * FEE + 7);
		assert_eq!(wealth(operator(NODE)), WEALTH - 100 * FEE - 7);
		assert_eq!(events(), vec![Event::Prepaid { node: NODE, amount: 7 }]);
	});
}

#[test]
fn paying_in_is_refused_by_name() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		assert_noop!(BandwidthProofs::prepay(owner(), NodeId(9), 7), Error::NoLine);
		assert_noop!(BandwidthProofs::prepay(signed(ANYONE), NODE, 7), Error::NotOperator);
		assert_noop!(BandwidthProofs::prepay(RuntimeOrigin::root(), NODE, 7), DispatchError::BadOrigin);
		assert_noop!(BandwidthProofs::prepay(owner(), NODE, 0), Error::NothingToPay);
		assert_noop!(BandwidthProofs::prepay(owner(), NODE, Balance::MAX), Error::Overflow);
		assert_noop!(
			BandwidthProofs::prepay(owner(), NODE, 2 * WEALTH),
			DispatchError::Token(TokenError::FundsUnavailable)
		);
		// The operator's account is never emptied.
		let all = wealth(operator(NODE));
		assert_noop!(BandwidthProofs::prepay(owner(), NODE, all), DispatchError::Token(TokenError::NotExpendable));
		assert_ok!(BandwidthProofs::prepay(owner(), NODE, all - EXISTENTIAL_DEPOSIT));
	});
}

#[test]
fn everything_but_what_a_running_test_may_cost_can_be_withdrawn() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let node = view.test.node;
		let owner = signed(operator(node));
		let withdraw = |amount| BandwidthProofs::withdraw_prepaid(owner.clone(), node, amount);
		assert_noop!(withdraw(95 * FEE + 1), Error::PrepaidTooLow);
		// Fees that changed since do not matter.
		Bandwidth::mutate(|settings| settings.member_fee = 1);
		assert_noop!(withdraw(95 * FEE + 1), Error::PrepaidTooLow);
		events();
		assert_ok!(withdraw(95 * FEE));
		assert_eq!(events(), vec![Event::PrepaidWithdrawn { node, amount: 95 * FEE }]);
		assert_noop!(withdraw(1), Error::PrepaidTooLow);

		assert_eq!(Measurement::honest(&view, 9_000).without(1).submit(), Ok(Ok(())));

		assert_noop!(withdraw(FEE + 1), Error::PrepaidTooLow);
		assert_ok!(withdraw(FEE));
		assert_eq!((line(node).prepaid, wealth(operator(node))), (0, WEALTH - 4 * FEE));
	});
}

#[test]
fn a_test_past_its_deadline_binds_nothing() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let node = view.test.node;
		let withdraw = || BandwidthProofs::withdraw_prepaid(signed(operator(node)), node, 100 * FEE);
		advance_to(view.deadline);
		assert_noop!(withdraw(), Error::PrepaidTooLow);

		advance(1);

		assert_ok!(withdraw());
	});
}

#[test]
fn withdrawing_is_refused_by_name() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		assert_noop!(BandwidthProofs::withdraw_prepaid(owner(), NodeId(9), 7), Error::NoLine);
		assert_noop!(BandwidthProofs::withdraw_prepaid(signed(ANYONE), NODE, 7), Error::NotOperator);
		assert_noop!(BandwidthProofs::withdraw_prepaid(owner(), NODE, 0), Error::NothingToPay);
		assert_noop!(BandwidthProofs::withdraw_prepaid(owner(), NODE, 100 * FEE + 1), Error::PrepaidTooLow);
		assert_ok!(BandwidthProofs::withdraw_prepaid(owner(), NODE, 100 * FEE));
		assert_eq!(pot(), 0);
	});
}

#[test]
fn earnings_are_collected_by_the_operator() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		assert_eq!(Measurement::honest(&view, 9_000).submit(), Ok(Ok(())));
		let (member, _) = view.test.committee[0];
		let owner = operator(member);
		events();
		assert_noop!(BandwidthProofs::collect_earned(signed(ANYONE), member), Error::NotOperator);
		assert_noop!(BandwidthProofs::collect_earned(signed(ANYONE), NodeId(9)), Error::NoLine);

		assert_ok!(BandwidthProofs::collect_earned(signed(owner), member));

		assert_eq!(wealth(owner), WEALTH - 100 * FEE + FEE);
		assert_eq!(line(member).earned, 0);
		assert_eq!(events(), vec![Event::EarningsCollected { node: member, amount: FEE }]);
		assert_noop!(BandwidthProofs::collect_earned(signed(owner), member), Error::NothingToPay);
	});
}

#[test]
fn the_last_unit_leaves_and_the_account_stays() {
	ExtBuilder::default().nodes(1).build_and_execute(|| {
		assert_ok!(BandwidthProofs::withdraw_prepaid(owner(), NODE, 100 * FEE));

		assert_eq!(wealth(BandwidthProofs::pot()), EXISTENTIAL_DEPOSIT);
		// Less than an account needs to exist can be paid in again.
		assert_ok!(BandwidthProofs::prepay(owner(), NODE, 1));
	});
}

// E1: a fee is for carrying, not for signing.
#[test]
fn a_member_earns_what_it_carried() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let total = view.test.total;
		let mut measurement = Measurement::honest(&view, 9_000);
		let share = measurement.counts[0];
		// More than the even share, half of it, a quarter, and one byte.
		let most = bandwidth::cap(total, 5) as u32;
		measurement.counts = vec![share, most, share / 2, share / 4, 1];

		assert_eq!(measurement.submit(), Ok(Ok(())));

		let due = |count: u32| FEE * Balance::from(count) * 5 / Balance::from(total);
		let expected = [FEE, FEE, due(share / 2), due(share / 4), due(1)];
		let earned = [0, 1, 2, 3, 4].map(|index: usize| line(view.test.committee[index].0).earned);
		assert_eq!(earned, expected);
		assert!(earned[2].abs_diff(FEE / 2) < FEE / 1_000 && earned[4] < FEE / 100_000);
		// What was not earned stays with who prepaid it.
		assert_eq!(line(view.test.node).prepaid, 100 * FEE - expected.iter().sum::<Balance>());
		assert_eq!(pot(), 600 * FEE);
	});
}

#[test]
fn what_is_due_is_never_above_the_fee_and_never_overflows() {
	let test = |fee, total| crate::Test {
		node: NODE,
		direction: Direction::Up,
		claim: 1,
		total,
		fee,
		committee: BoundedVec::truncate_from(vec![(NODE, [0; 32]); 5]),
	};

	for (fee, total, count, expected) in [
		(100, 1_000, 0, 0),
		(100, 1_000, 199, 99),
		(100, 1_000, 200, 100),
		(100, 1_000, u32::MAX, 100),
		(7, u64::MAX, u32::MAX, 0),
		(Balance::MAX, 10, 2, Balance::MAX),
		(Balance::MAX, 10, 1, Balance::MAX / 10),
		(5, 0, 0, 5),
	] {
		assert_eq!(due(&test(fee, total), count), expected, "{count} of {total}");
	}
}
