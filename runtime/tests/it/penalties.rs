//! What misses cost, and what a termination leaves to whom.

use crate::{
	actors::{content, deal_page, prove_call, Node, BOND},
	chain::{apply, block, check, fees, free, run_to, scenario, send, signed, GENESIS},
};
use frame_support::traits::{Get, TypedGet};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::transaction_validity::{
	InvalidTransaction, TransactionSource, TransactionValidityError, UnknownTransaction,
};
use substation_primitives::{settings::percent_of, traits::StorageLedger, NodeStatus, Period};
use substation_runtime::{
	governance::TreasuryPot, Balances, Executive, Runtime, RuntimeEvent, StorageProofs, UncheckedExtrinsic,
};

type Market = pallet_storage_market::Call<Runtime>;
type Registry = pallet_registry::Call<Runtime>;
type Proofs = pallet_storage_proofs::Call<Runtime>;

/// A node with one deal of so many periods, at the start of the deal's first period.
fn node_with_deal(periods: u32) -> (Node, substation_primitives::DealId) {
	let mut node = Node::register(Alice);
	let deal = node.store(Bob, content(1, 10_000), periods);
	run_to(node.window().closes);
	(node, deal)
}

#[test]
fn a_missed_period_is_not_paid_and_goes_back_to_the_customer() {
	scenario(|| {
		let (node, deal) = node_with_deal(2);
		let rate = deal_page(deal).unwrap().deal.rate;
		node.miss(1);
		node.prove_next();
		run_to(node.window().closes);

		let events = send(Charlie, Market::close { deal });

		let settled = events.iter().find_map(|event| match event {
			RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealSettled {
				proven, missed, refunded, ..
			}) => Some((*proven, *missed, *refunded)),
			_ => None,
		});
		assert_eq!(settled, Some((1, 1, rate)));
	});
}

#[test]
fn the_first_miss_is_free_and_the_next_ones_are_fined() {
	scenario(|| {
		let (node, deal) = node_with_deal(20);
		let rate = deal_page(deal).unwrap().deal.rate;
		let settings = pallet_settings::ProofsOf::<Runtime>::get();

		node.miss(1);
		send(Charlie, Proofs::report_missed { node: node.id });
		assert_eq!((node.page().strikes, node.page().bond), (4, BOND));

		let pot = Balances::free_balance(TreasuryPot::get());
		let reporter = Balances::free_balance(Charlie.to_account_id());
		node.miss(1);
		let fee = fees(&send(Charlie, Proofs::report_missed { node: node.id }));
		let fine = percent_of(rate, settings.first_fine_percent);
		assert_eq!((node.page().strikes, node.page().bond), (8, BOND - fine));
		// The fee of the report is not theirs; between them they got nothing but the fine.
		let got = Balances::free_balance(TreasuryPot::get()) + Balances::free_balance(Charlie.to_account_id());
		assert_eq!(got, pot + reporter + fine - fee);

		node.miss(1);
		send(Charlie, Proofs::report_missed { node: node.id });
		let repeated = percent_of(rate, settings.repeated_fine_percent);
		assert_eq!((node.page().strikes, node.page().bond), (12, BOND - fine - repeated));
	});
}

#[test]
fn seven_misses_in_a_row_end_the_node_and_compensate_its_customer() {
	scenario(|| {
		let (node, deal) = node_with_deal(50);
		let rate = deal_page(deal).unwrap().deal.rate;
		for _ in 0..2 {
			node.prove_next();
		}
		run_to(node.window().closes);
		let deciding = Period(node.window().period.0 + 7);

		// Strikes go down to zero with proofs, so eight misses are the most it takes.
		node.miss(8);
		send(Charlie, Proofs::report_missed { node: node.id });

		let page = node.page();
		assert_eq!(page.status, NodeStatus::Terminated);
		assert!(page.terminated_at.is_some_and(|end| end <= deciding));
		assert_eq!(page.forest.total, 0);
		let before = Balances::free_balance(Bob.to_account_id());
		let events = send(Charlie, Market::close { deal });
		// It paid two periods, so two is what it gets.
		assert!(events.contains(&pallet_storage_market::Event::CustomerCompensated { deal, amount: 2 * rate }.into()));
		assert!(Balances::free_balance(Bob.to_account_id()) > before + 2 * rate);

		let bond = node.page().bond;
		send(Charlie, Registry::unbond { node: node.id });
		let NodeStatus::Unbonding { until } = node.page().status else { panic!("nothing is owed") };
		run_to(until);
		let before = Balances::free_balance(Alice.to_account_id());
		send(Alice, Registry::withdraw { node: node.id });
		assert!(Balances::free_balance(Alice.to_account_id()) > before + bond);
	});
}

#[test]
fn a_termination_is_dated_to_the_deciding_period_however_late_it_is_noticed() {
	scenario(|| {
		let (node, _) = node_with_deal(60);
		let first = node.window().period;

		node.miss(25);

		assert!(StorageProofs::is_terminated(node.id));
		assert_eq!(node.page().terminated_at, Some(Period(first.0 + 6)));
		send(Charlie, Proofs::report_missed { node: node.id });
		assert_eq!(StorageProofs::terminated_at(node.id), Some(Period(first.0 + 6)));
	});
}

#[test]
fn a_forfeited_deal_ends_the_loss_and_pays_the_customer() {
	scenario(|| {
		let (node, deal) = node_with_deal(30);
		let rate = deal_page(deal).unwrap().deal.rate;
		node.prove_next();
		run_to(node.window().closes);

		let events = send(Alice, Market::forfeit { deal });

		assert!(events.contains(&pallet_storage_market::Event::CustomerCompensated { deal, amount: rate }.into()));
		assert!(events.contains(&pallet_storage_market::Event::DealForfeited { deal, refunded: 28 * rate }.into()));
		let page = node.page();
		assert_eq!((page.bond, page.reserve, page.committed_rate), (BOND - rate, 0, rate));
		check();

		let early = block([signed(Charlie, Market::close { deal })]).remove(0).unwrap();
		assert_eq!(early, Err(pallet_storage_market::Error::<Runtime>::NotOver.into()));
		node.prove_next();
		run_to(node.window().closes);
		send(Charlie, Market::close { deal });
		assert_eq!((deal_page(deal), node.page().committed_rate), (None, 0));
		// The bytes stay challenged until the slot is cleared.
		assert_eq!(StorageProofs::forest(node.id).total, 10_000);
	});
}

#[test]
fn forfeiting_everything_after_the_seed_is_known_costs_the_same_fine() {
	scenario(|| {
		let mut node = Node::register(Alice);
		let deals = [1, 2].map(|seed| node.store(Bob, content(seed, 10_000), 30));
		let rates = deals.map(|deal| deal_page(deal).unwrap().deal.rate).iter().sum();
		run_to(node.window().closes);
		// Two misses, of which the second is fined.
		node.miss(2);
		send(Charlie, Proofs::report_missed { node: node.id });
		let (bond, strikes) = (node.page().bond, node.page().strikes);
		assert_eq!(strikes, 8);

		node.open_next();
		assert!(node.window().seed.is_some());
		for deal in deals {
			send(Alice, Market::forfeit { deal });
		}
		run_to(node.window().closes);
		for deal in deals {
			send(Charlie, Market::close { deal });
		}

		let fine = percent_of(rates, pallet_settings::ProofsOf::<Runtime>::get().repeated_fine_percent);
		// Nothing was paid before, so nothing is compensated: the fine is all there is.
		assert_eq!((node.page().bond, node.page().strikes), (bond - fine, 12));
		assert_eq!((node.page().deals, node.page().committed_rate), (0, 0));
	});
}

#[test]
fn a_proof_is_good_for_one_period_of_one_node_once() {
	scenario(|| {
		let (node, _) = node_with_deal(10);
		node.open_next();
		let proof = node.proof();
		let period = node.window().period;

		apply(node.proving(proof.clone()));
		let again = block([free(prove_call(node.id, period, proof.clone()))]).remove(0);
		assert_eq!(again, Err(InvalidTransaction::Stale.into()));

		run_to(node.window().closes);
		let early = block([free(prove_call(node.id, period.next(), proof.clone()))]).remove(0);
		assert!(matches!(early, Err(TransactionValidityError::Unknown(_))), "{early:?}");
		node.open_next();
		let replayed = block([free(prove_call(node.id, period.next(), proof))]).remove(0);
		assert_eq!(replayed, Err(InvalidTransaction::BadProof.into()));
	});
}

#[test]
fn a_signed_account_cannot_use_the_free_calls() {
	scenario(|| {
		let (node, _) = node_with_deal(10);
		node.open_next();
		let call = prove_call(node.id, node.window().period, node.proof());

		let result = block([signed(Bob, call)]).remove(0);

		assert_eq!(result.unwrap(), Err(sp_runtime::DispatchError::BadOrigin));
		assert!(!node.window().proven);
	});
}

#[test]
fn a_bare_transaction_cannot_use_the_free_calls() {
	scenario(|| {
		let (node, _) = node_with_deal(10);
		node.open_next();
		let bare = UncheckedExtrinsic::new_bare(prove_call(node.id, node.window().period, node.proof()));

		// No pool takes it, and an author who puts it into a block gets nothing for it.
		let pool = Executive::validate_transaction(TransactionSource::External, bare.clone(), GENESIS);
		assert_eq!(pool, Err(UnknownTransaction::NoUnsignedValidator.into()));
		assert_eq!(block([bare]).remove(0).unwrap(), Err(sp_runtime::DispatchError::BadOrigin));
		assert!(!node.window().proven);
	});
}
