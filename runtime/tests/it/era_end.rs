//! What the end of an era reads from the state and writes: the same, however many nodes and deals there are. (Walks that
//! look at keys only leave no trace here.)

use crate::{
	accesses::{counted, Accesses},
	chain::{run_to, state_of},
	economy::proven_node,
};
use pallet_registry::Nodes;
use pallet_storage_market::Deals;
use sp_keyring::Sr25519Keyring::Bob;
use substation_primitives::{deal::Deal, DealId, NodeId};
use substation_runtime::{Rewards, Runtime, System};

/// Counts in the block that ends an era, on a chain with so many nodes more, and a deal of each.
fn end_of_an_era_with(more: u64) -> Accesses {
	state_of(|| {
		let (node, deal) = proven_node(Bob, 90);
		let record = Nodes::<Runtime>::get(node.id).unwrap();
		let deal = Deals::<Runtime>::get(deal).unwrap();
		for number in 1_000..1_000 + more {
			let (id, node) = (DealId(number), NodeId(number));
			Nodes::<Runtime>::insert(node, record.clone());
			Deals::<Runtime>::insert(id, Deal { node, ..deal.clone() });
		}
	})
	.execute_with(|| {
		let era = Rewards::supply_page().era;
		loop {
			let (_, accesses) = counted(|| run_to(System::block_number() + 1));
			if Rewards::supply_page().era > era {
				return accesses;
			}
		}
	})
}

#[test]
fn end_of_an_era_costs_the_same_with_a_million_nodes_and_deals_as_with_a_thousand() {
	let accesses = end_of_an_era_with(1_000);

	println!("{accesses:?}");
	assert!(accesses.reads > 0 && accesses.writes > 0);
	assert_eq!(end_of_an_era_with(1_000_000), accesses);
}
