//! Which machine serves which node: agents say for whom, and find themselves by their key.

use crate::{
	actors::{bind, Node, BOND, PRICE},
	chain::{block, scenario, send, signed},
};
use pallet_registry::{Call, Error, NodeSpec};
use sp_core::{ed25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::DispatchResult;
use substation_primitives::{settings::STN, AgentKey, NodeId, Offer, Region, ResourceClass};
use substation_runtime::{AccountId, Block, Runtime};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

/// The node that the API finds for a key.
fn found(agent: AgentKey) -> Option<NodeId> {
	<Runtime as SubstationApi<Block, AccountId>>::node_of_agent(agent)
}

/// What comes of an operator's registration of this agent, with this proof.
fn registered(operator: Sr25519Keyring, agent: AgentKey, proof: [u8; 64]) -> DispatchResult {
	let spec = NodeSpec::<Runtime> { agent, endpoint: [9; 32], addresses: Default::default(), region: Region(*b"CH") };
	let (class, offer) = (ResourceClass::Storage, Offer { capacity: 1 << 40, price: PRICE });
	block([signed(operator, Call::register { spec, class, offer, bond: BOND, proof })])
		.remove(0)
		.expect("it is applied")
}

fn agent(seed: u8) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[seed; 32])
}

// 2
#[test]
fn a_copy_of_somebodys_node_is_refused_before_and_after_it_is_registered() {
	scenario(|| {
		let machine = agent(77);
		let (key, proof) = (machine.public().0, bind(&machine, Alice));

		assert_eq!(registered(Bob, key, proof), Err(Error::<Runtime>::AgentNotProven.into()));
		assert_eq!(registered(Alice, key, proof), Ok(()));
		let node = found(key).expect("it is registered");
		assert_eq!(registered(Bob, key, proof), Err(Error::<Runtime>::AgentTaken.into()));

		assert_eq!(found(key), Some(node));
	});
}

#[test]
fn a_machine_finds_its_node_by_its_key() {
	scenario(|| {
		let node = Node::register(Alice);
		let (id, old, new) = (node.id, node.page().agent, agent(78));
		assert_eq!((found(old), found(new.public().0)), (Some(id), None));

		send(Alice, Call::set_agent { node: id, agent: new.public().0, proof: bind(&new, Alice) });

		assert_eq!((found(old), found(new.public().0)), (None, Some(id)));
	});
}

#[test]
fn a_page_names_the_bond_of_each_class() {
	scenario(|| {
		let node = Node::register(Alice);
		let (class, bond) = (ResourceClass::Bandwidth, 200 * STN);

		send(Alice, Call::add_class { node: node.id, class, offer: Offer { capacity: 1, price: 1 }, bond });

		let page = node.page();
		assert_eq!(page.bonds, [(ResourceClass::Storage, BOND), (class, bond)]);
		assert_eq!((page.bond_of(class), page.bond), (Some(bond), BOND));
	});
}
