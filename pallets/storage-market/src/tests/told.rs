//! Whoever credits usage is told what payments have destroyed: all of it, and each of it once.

use crate::mock::*;
use frame_support::assert_ok;
use sp_runtime::{DispatchResult, Permill};
use substation_primitives::{
	deal::Proposal,
	settings::{MarketSettings, Shares, STN},
	traits::DisputedDeals,
	Balance, Bytes, NodeId,
};

const BURNED: Balance = STN / 10;

fn succeed(result: DispatchResult) {
	assert_ok!(result);
}

/// What is missing of the issuance since, and whatever was told since.
fn destroyed(work: impl FnOnce()) -> (Balance, Vec<(NodeId, Balance)>) {
	let before = Balances::total_issuance();
	told();
	work();
	(before - Balances::total_issuance(), told())
}

#[test]
fn settling_tells_what_was_burned_once() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[false, true, false, true]);

		let settle = || succeed(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(destroyed(settle), (2 * BURNED, vec![(NODE, 2 * BURNED)]));
		assert_eq!(destroyed(settle), (0, vec![]));
	});
}

#[test]
fn closing_tells_only_what_was_not_settled_before() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(3);
		run_periods(NODE, &[false, true, true]);
		assert_ok!(StorageMarket::settle(signed(ANYONE), deal));
		run_periods(NODE, &[true]);

		let close = || succeed(StorageMarket::close(signed(ANYONE), deal));

		assert_eq!(destroyed(close), (BURNED, vec![(NODE, BURNED)]));
	});
}

#[test]
fn ending_early_tells_the_notice_as_no_settlement_and_the_rest_when_it_is_settled() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(30);
		run_periods(NODE, &[true, true, true]);

		let end = || succeed(StorageMarket::end_early(signed(CUSTOMER), deal));
		assert_eq!(destroyed(end), (7 * BURNED, vec![]));
		assert_eq!(ToldOfEnds::take(), [7 * BURNED]);

		run_periods(NODE, &[true]);
		let close = || succeed(StorageMarket::close(signed(ANYONE), deal));
		assert_eq!(destroyed(close), (3 * BURNED, vec![(NODE, 3 * BURNED)]));
	});
}

#[test]
fn forfeiting_tells_the_periods_that_it_settles() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[false, true, true]);

		let forfeit = || succeed(StorageMarket::forfeit(signed(OPERATOR), deal));

		assert_eq!(destroyed(forfeit), (2 * BURNED, vec![(NODE, 2 * BURNED)]));
	});
}

#[test]
fn each_payment_is_told_with_its_own_node() {
	ExtBuilder.build_and_execute(|| {
		let deals = [NODE, OTHER_NODE].map(|node| {
			let deal = propose(Proposal { node, ..proposal() });
			Agent::of(node).accept(&[(deal, 0)]);
			deal
		});
		run_periods(NODE, &[false, true]);
		run_periods(OTHER_NODE, &[false, true, true]);

		let settle = || deals.into_iter().for_each(|deal| succeed(StorageMarket::settle(signed(ANYONE), deal)));

		assert_eq!(destroyed(settle), (3 * BURNED, vec![(NODE, BURNED), (OTHER_NODE, 2 * BURNED)]));
	});
}

#[test]
fn nothing_is_told_when_nothing_was_burned() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);

		// Nothing is closed, then nothing was proven.
		let settle = || succeed(StorageMarket::settle(signed(ANYONE), deal));
		assert_eq!(destroyed(settle), (0, vec![]));
		run_periods(NODE, &[false, false, false]);
		assert_eq!(destroyed(settle), (0, vec![]));
		assert_eq!(events().len(), 1, "two missed periods were refunded");
	});
}

#[test]
fn nothing_is_told_of_deals_that_burn_nothing() {
	ExtBuilder.build_and_execute(|| {
		let shares = Shares { burn: Permill::zero(), ..Market::get().shares };
		Market::set(&MarketSettings { shares, ..Market::get() });
		let (_, deal) = accepted(10);
		run_periods(NODE, &[false, true, true]);

		let settle = || succeed(StorageMarket::settle(signed(ANYONE), deal));

		assert_eq!(destroyed(settle), (0, vec![]));
		assert_eq!(wealth(OPERATOR), WEALTH + 2 * (STN - STN / 20));
	});
}

#[test]
fn a_dispute_that_refunds_everything_tells_nothing() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[false, true, true]);
		assert_ok!(StorageMarket::hold_back(deal));

		let refund = || _ = <StorageMarket as DisputedDeals<_>>::refund(deal);

		assert_eq!(destroyed(refund), (0, vec![]));
	});
}

#[test]
fn a_dispute_that_lets_a_deal_go_tells_what_it_settles() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		run_periods(NODE, &[false, true, true]);
		assert_ok!(StorageMarket::hold_back(deal));

		let let_go = || StorageMarket::let_go(deal);

		assert_eq!(destroyed(let_go), (2 * BURNED, vec![(NODE, 2 * BURNED)]));
	});
}

#[test]
fn what_nobody_could_receive_and_was_therefore_burned_is_told_too() {
	ExtBuilder.build_and_execute(|| {
		// One period pays less in all than the existential deposit.
		let deal = propose(Proposal { length: Bytes(1), periods: 2, ..proposal() });
		Agent::of(NODE).accept(&[(deal, 0)]);
		reap(OPERATOR);
		reap(TREASURY);
		run_periods(NODE, &[true; 2]);

		let settle = || succeed(StorageMarket::settle(signed(ANYONE), deal));

		let rate = STN / 1_000;
		assert_eq!(destroyed(settle), (rate, vec![(NODE, rate)]));
	});
}
