//! A deal from its proposal to its end, and a node from its registration to its withdrawal.

use crate::{
	actors::{content, deal_page, propose, Node, BOND},
	chain::{apply, block, check, run_to, scenario, send, signed},
};
use frame_support::traits::{fungible::InspectHold, Get, TypedGet};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use substation_primitives::{
	deal::DealState, settings::STN, traits::StorageLedger, Balance, NodeStatus, Period, ResourceClass,
};
use substation_runtime::{
	governance::TreasuryPot, Balances, Runtime, RuntimeEvent, RuntimeHoldReason, StorageProofs, System,
};

type Market = pallet_storage_market::Call<Runtime>;
type Registry = pallet_registry::Call<Runtime>;

fn free_balance(who: sp_keyring::Sr25519Keyring) -> Balance {
	Balances::free_balance(who.to_account_id())
}

fn escrow(who: sp_keyring::Sr25519Keyring) -> Balance {
	let reason = RuntimeHoldReason::StorageMarket(pallet_storage_market::HoldReason::Escrow);
	Balances::balance_on_hold(&reason, &who.to_account_id())
}

#[test]
fn a_deal_is_proposed_stored_proven_paid_and_closed() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deal = node.store(Bob, content(1, 5_000), 3);
		let rate = deal_page(deal).unwrap().deal.rate;
		assert_eq!(escrow(Bob), 3 * rate);
		let before = free_balance(Alice);

		for _ in 0..3 {
			// The first window of the deal is that of the period after its acceptance.
			node.open_next();
			if node.window().frozen.total == 0 {
				run_to(node.window().closes);
			}
			node.prove_next();
		}
		run_to(node.window().closes);
		let page = deal_page(deal).unwrap();
		assert_eq!((page.unsettled, page.closable), ((3, 3), true));
		let events = send(Charlie, Market::close { deal });

		let shares = pallet_settings::MarketOf::<Runtime>::get().shares;
		let paid = rate - shares.burn.mul_floor(rate) - shares.treasury.mul_floor(rate);
		let settled = events.iter().find_map(|event| match event {
			RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealSettled {
				proven,
				missed,
				provider,
				burned,
				treasury,
				refunded,
				..
			}) => Some((*proven, *missed, *provider, *burned + *treasury + *refunded)),
			_ => None,
		});
		let (proven, missed, provider, rest) = settled.expect("closing settles");
		assert_eq!((proven, missed, provider + rest), (3, 0, 3 * rate));
		assert!(provider >= 3 * paid && provider <= 3 * rate);
		assert_eq!(free_balance(Alice), before + provider);
		assert_eq!((deal_page(deal), escrow(Bob)), (None, 0));
		assert_eq!(node.page().bytes, 0);
	});
}

#[test]
fn the_slot_of_a_closed_deal_is_cleared_and_the_node_leaves_with_its_bond() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deal = node.store(Bob, content(1, 3_000), 1);
		run_to(node.window().closes);
		node.prove_next();
		run_to(node.window().closes);
		send(Bob, Market::close { deal });

		assert_eq!(StorageProofs::forest(node.id).total, 3_000);
		let clearance = node.clearance(deal);
		apply(clearance);
		assert_eq!(StorageProofs::forest(node.id).total, 0);

		send(Alice, Registry::leave { node: node.id });
		send(Charlie, Registry::unbond { node: node.id });
		let NodeStatus::Unbonding { until } = node.page().status else { panic!("the node owes nothing") };
		assert_eq!(until, System::block_number() + 28 * 20);
		run_to(until);
		let before = free_balance(Alice);
		let events = send(Alice, Registry::withdraw { node: node.id });

		assert!(events.contains(&pallet_registry::Event::NodeWithdrawn { node: node.id, released: BOND + STN }.into()));
		assert!(free_balance(Alice) > before + BOND);
		assert!(pallet_registry::Nodes::<Runtime>::get(node.id).is_none());
	});
}

#[test]
fn a_node_that_leaves_still_proves_what_it_has_promised() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deal = node.store(Bob, content(2, 2_000), 2);
		send(Alice, Registry::leave { node: node.id });
		let refused = block([signed(Alice, Registry::unbond { node: node.id })]).remove(0).unwrap();
		assert_eq!(refused, Err(pallet_registry::Error::<Runtime>::StillObliged.into()));

		run_to(node.window().closes);
		node.prove_next();
		node.prove_next();
		run_to(node.window().closes);
		send(Bob, Market::close { deal });

		let page = node.page();
		assert_eq!((page.status, page.strikes, page.bond), (NodeStatus::Leaving, 0, BOND));
	});
}

#[test]
fn a_proposal_that_nobody_accepts_goes_back_to_its_customer() {
	scenario(|| {
		let node = Node::register(Alice);
		let before = free_balance(Bob);
		let deal = propose(Bob, node.id, &content(3, 100), 5);
		let DealState::Proposed { expires } = deal_page(deal).unwrap().deal.state else { panic!("not accepted") };

		run_to(expires);
		send(Charlie, Market::withdraw_proposal { deal });

		assert_eq!((deal_page(deal), escrow(Bob)), (None, 0));
		// Only the fee is gone.
		assert!(before - free_balance(Bob) < STN);
	});
}

#[test]
fn a_proposal_outlives_a_node_that_leaves_and_goes_back_to_its_customer() {
	scenario(|| {
		let node = Node::register(Alice);
		let deal = propose(Bob, node.id, &content(3, 100), 5);
		let DealState::Proposed { expires } = deal_page(deal).unwrap().deal.state else { panic!("not accepted") };
		assert!(escrow(Bob) > 0);
		send(Alice, Registry::leave { node: node.id });
		send(Charlie, Registry::unbond { node: node.id });
		let NodeStatus::Unbonding { until } = node.page().status else { panic!("the node owes nothing") };
		run_to(until);
		send(Alice, Registry::withdraw { node: node.id });
		assert!(pallet_registry::Nodes::<Runtime>::get(node.id).is_none());
		check();

		run_to(expires);
		assert!(deal_page(deal).is_some());
		send(Charlie, Market::withdraw_proposal { deal });

		assert_eq!((deal_page(deal), escrow(Bob)), (None, 0));
	});
}

#[test]
fn a_customer_who_ends_early_pays_for_seven_more_periods_at_most() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deal = node.store(Bob, content(4, 1_025), 20);
		let rate = deal_page(deal).unwrap().deal.rate;
		run_to(node.window().closes);
		node.prove_next();

		let events = send(Bob, Market::end_early { deal });

		let ended = events.iter().find_map(|event| match event {
			RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealEndedEarly {
				provider,
				burned,
				treasury,
				refunded,
				..
			}) => Some((provider + burned + treasury, *refunded)),
			_ => None,
		});
		// One of the twenty periods is still running and will be settled on its own.
		assert_eq!(ended, Some((7 * rate, 12 * rate)));
		assert_eq!(escrow(Bob), rate);
	});
}

#[test]
fn many_deals_are_accepted_in_one_free_call() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deals: Vec<_> = (0..9)
			.map(|seed| {
				let bytes = content(seed, 1_000 * usize::from(seed) + 1);
				(propose(Bob, node.id, &bytes, 2), bytes)
			})
			.collect();

		let acceptance = node.acceptance(deals);
		apply(acceptance);

		assert_eq!(node.page().deals, 9);
		run_to(node.window().closes);
		node.prove_next();
		assert!(node.window().proven);
	});
}

#[test]
fn free_calls_cost_nothing_and_need_no_account() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deal = propose(Bob, node.id, b"free", 2);
		let pot = Balances::free_balance(TreasuryPot::get());

		let acceptance = node.acceptance(vec![(deal, b"free".to_vec())]);
		apply(acceptance);
		run_to(node.window().closes);
		node.prove_next();

		assert_eq!(Balances::free_balance(TreasuryPot::get()), pot);
	});
}

#[test]
fn an_offer_beyond_the_present_deals_does_not_touch_the_bond() {
	scenario(|| {
		let mut node = Node::register(Alice);
		node.store(Bob, content(5, 4_096), 4);
		let required = node.page().required_bond;
		let least = pallet_settings::RegistryOf::<Runtime>::get().min_bond.max(required);

		let class = ResourceClass::Storage;
		send(Alice, Registry::release_bond { node: node.id, class, amount: BOND - least });
		let more = signed(Alice, Registry::release_bond { node: node.id, class, amount: 1 });

		assert_eq!(block([more]).remove(0).unwrap(), Err(pallet_registry::Error::<Runtime>::BondNeeded.into()));
		assert_eq!(node.page().bond, least);
	});
}

#[test]
fn a_deal_is_due_from_the_period_after_its_acceptance() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let current = node.window().period;
		let deal = node.store(Bob, content(6, 10), 2);

		let DealState::Active(terms) = deal_page(deal).unwrap().deal.state else { panic!("accepted") };

		assert_eq!((terms.first, terms.last), (current.next(), Period(current.0 + 2)));
		assert_eq!(node.window().frozen.total, 0);
	});
}
