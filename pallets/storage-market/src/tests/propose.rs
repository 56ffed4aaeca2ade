//! Proposing and withdrawing.

use crate::{mock::*, Deals, DealsOfNode, Error, Event, NextDealId, WeightInfo};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::Get,
};
use frame_system::limits::BlockWeights;
use sp_runtime::{DispatchError, TokenError};
use substation_primitives::{
	deal::{Deal, DealState, Proposal},
	settings::{Settings, MAX_TERM, STN},
	Balance, Bytes, DealId, NodeId, NodeStatus,
};
use substation_proofs::content::MAX_LENGTH;

#[test]
fn proposing_holds_the_whole_term_and_a_deposit() {
	ExtBuilder.build_and_execute(|| {
		let settings = Settings::default().market;

		assert_ok!(StorageMarket::propose(signed(CUSTOMER), proposal()));

		assert_eq!(escrow(CUSTOMER), 10 * STN);
		assert_eq!(deposits(CUSTOMER), settings.deal_deposit);
		assert_eq!(wealth(CUSTOMER), WEALTH);
		assert_eq!(
			Deals::<Test>::get(DealId(0)),
			Some(Deal {
				customer: CUSTOMER,
				node: NODE,
				root: [9; 32],
				length: GIB,
				rate: STN,
				periods: 10,
				deposit: settings.deal_deposit,
				state: DealState::Proposed { expires: 1 + settings.acceptance_time },
			})
		);
		assert!(DealsOfNode::<Test>::contains_key(NODE, DealId(0)));
		assert_eq!(account(NODE), Default::default());
		assert_eq!(
			events(),
			[Event::DealProposed {
				deal: DealId(0),
				node: NODE,
				customer: CUSTOMER,
				root: [9; 32],
				length: Bytes(GIB),
				rate: STN,
				periods: 10,
			}]
		);
	});
}

#[test]
fn ids_go_up_and_end() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!([propose(proposal()), propose(proposal())], [DealId(0), DealId(1)]);

		NextDealId::<Test>::put(DealId(u64::MAX));

		assert_noop!(StorageMarket::propose(signed(CUSTOMER), proposal()), Error::<Test>::OutOfIds);
	});
}

#[test]
fn what_a_deal_may_be_has_bounds() {
	ExtBuilder.build_and_execute(|| {
		Records::mutate_extant(NODE, |record| record.offer.as_mut().unwrap().capacity = u64::MAX);
		let cases = [
			(Proposal { length: Bytes(0), ..proposal() }, Error::<Test>::LengthOutOfRange),
			(Proposal { length: Bytes(MAX_LENGTH + 1), ..proposal() }, Error::LengthOutOfRange),
			(Proposal { periods: 0, ..proposal() }, Error::TermOutOfRange),
			(Proposal { periods: MAX_TERM + 1, ..proposal() }, Error::TermOutOfRange),
			(Proposal { price: STN - 1, ..proposal() }, Error::PriceBelowOffer),
			(Proposal { price: Balance::MAX, ..proposal() }, Error::PriceOutOfRange),
			(Proposal { node: NodeId(99), ..proposal() }, Error::NoSuchNode),
		];

		for (proposal, error) in cases {
			assert_noop!(StorageMarket::propose(signed(CUSTOMER), proposal), error);
		}

		for length in [1, 1_023, 1_024, 1_025, MAX_LENGTH] {
			propose(Proposal { length: Bytes(length), periods: 1, ..proposal() });
		}
		propose(Proposal { periods: MAX_TERM, ..proposal() });
	});
}

#[test]
fn a_node_that_takes_no_work_is_not_asked() {
	ExtBuilder.build_and_execute(|| {
		let attempt = || StorageMarket::propose(signed(CUSTOMER), proposal());

		decide_termination(NODE);
		assert_noop!(attempt(), Error::<Test>::NodeTakesNoWork);
		Ledgers::mutate(NODE, |ledger| ledger.decided = None);

		for status in [NodeStatus::Leaving, NodeStatus::Unbonding { until: 9 }, NodeStatus::Terminated] {
			Records::mutate_extant(NODE, |record| record.status = status);
			assert_noop!(attempt(), Error::<Test>::NodeTakesNoWork);
		}
		Records::mutate_extant(NODE, |record| record.status = NodeStatus::Active);

		Records::mutate_extant(NODE, |record| record.suspended = true);
		assert_noop!(attempt(), Error::<Test>::NodeTakesNoWork);
		Records::mutate_extant(NODE, |record| record.suspended = false);

		Records::mutate_extant(NODE, |record| record.offer.as_mut().unwrap().capacity = GIB - 1);
		assert_noop!(attempt(), Error::<Test>::CapacityExceeded);

		Records::mutate_extant(NODE, |record| record.offer = None);
		assert_noop!(attempt(), Error::<Test>::NoOffer);
	});
}

#[test]
fn a_customer_who_cannot_pay_leaves_no_trace() {
	ExtBuilder.build_and_execute(|| {
		let dear = Proposal { price: WEALTH, ..proposal() };
		assert_noop!(StorageMarket::propose(signed(CUSTOMER), dear), TokenError::FundsUnavailable);

		let all_but_the_deposit = Proposal { price: WEALTH - STN / 20, periods: 1, ..proposal() };
		assert_noop!(StorageMarket::propose(signed(CUSTOMER), all_but_the_deposit), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_proposal_prepays_one_acceptance_and_one_clearance() {
	let call: RuntimeCall = crate::Call::propose { proposal: proposal() }.into();

	let limits: BlockWeights = <<Test as frame_system::Config>::BlockWeights>::get();
	let prepaid = <() as WeightInfo>::accept(1)
		.saturating_add(<() as WeightInfo>::authorize_accept(1))
		.saturating_add(<() as WeightInfo>::clear(1))
		.saturating_add(<() as WeightInfo>::authorize_clear(1))
		// What every transaction costs before its call, twice.
		.saturating_add(limits.get(DispatchClass::Normal).base_extrinsic.saturating_mul(2));
	assert_eq!(call.get_dispatch_info().call_weight, <() as WeightInfo>::propose().saturating_add(prepaid));
}

#[test]
fn a_proposal_cannot_be_withdrawn_before_its_time_is_over() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		let expires = 1 + Settings::default().market.acceptance_time;

		System::set_block_number(u64::from(expires) - 1);

		assert_noop!(StorageMarket::withdraw_proposal(signed(CUSTOMER), deal), Error::<Test>::ProposalNotExpired);
	});
}

#[test]
fn anyone_may_withdraw_an_expired_proposal_for_its_customer() {
	ExtBuilder.build_and_execute(|| {
		let deal = propose(proposal());
		events();
		System::set_block_number(u64::from(1 + Settings::default().market.acceptance_time));

		assert_ok!(StorageMarket::withdraw_proposal(signed(ANYONE), deal));

		assert_eq!((escrow(CUSTOMER), deposits(CUSTOMER), Balances::free_balance(CUSTOMER)), (0, 0, WEALTH));
		assert_eq!(Deals::<Test>::iter().count() + DealsOfNode::<Test>::iter().count(), 0);
		assert_eq!(events(), [Event::ProposalWithdrawn { deal, refunded: 10 * STN }]);
		assert_noop!(StorageMarket::withdraw_proposal(signed(ANYONE), deal), Error::<Test>::DealGone);
	});
}

#[test]
fn a_deal_is_not_a_proposal() {
	ExtBuilder.build_and_execute(|| {
		let (_, deal) = accepted(10);
		System::set_block_number(1_000_000);

		assert_noop!(StorageMarket::withdraw_proposal(signed(CUSTOMER), deal), Error::<Test>::AlreadyAccepted);
		assert_noop!(StorageMarket::withdraw_proposal(signed(CUSTOMER), DealId(9)), Error::<Test>::UnknownDeal);
	});
}

#[test]
fn unsigned_customers_are_refused() {
	ExtBuilder.build_and_execute(|| {
		let none = RuntimeOrigin::none;
		assert_noop!(StorageMarket::propose(none(), proposal()), DispatchError::BadOrigin);
		assert_noop!(StorageMarket::withdraw_proposal(none(), DealId(0)), DispatchError::BadOrigin);
		assert_noop!(StorageMarket::settle(none(), DealId(0)), DispatchError::BadOrigin);
		assert_noop!(StorageMarket::end_early(none(), DealId(0)), DispatchError::BadOrigin);
		assert_noop!(StorageMarket::forfeit(none(), DealId(0)), DispatchError::BadOrigin);
		assert_noop!(StorageMarket::close(none(), DealId(0)), DispatchError::BadOrigin);
	});
}
