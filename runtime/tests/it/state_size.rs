//! What a node and a deal add to the state, keys included. A million of each must stay affordable.

use crate::{
	actors::{content, propose, Node},
	chain::{run_to, scenario},
};
use frame_support::traits::PalletInfoAccess;
use pallet_storage_market::{Deals, DealsOfNode};
use pallet_storage_proofs::Proven;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use substation_primitives::{DealId, NodeId};
use substation_runtime::{Registry, Runtime, StorageMarket, StorageProofs};

/// Bytes of keys and values under the depin pallets, without what exists once per chain.
fn state() -> usize {
	[Registry::name(), StorageMarket::name(), StorageProofs::name()].iter().map(|pallet| size_under(pallet)).sum()
}

fn size_under(pallet: &str) -> usize {
	let prefix = sp_io::hashing::twox_128(pallet.as_bytes());
	let mut size = 0;
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix)) {
		// Single values have keys of 32 bytes and exist once; seeds are a ring of fixed length.
		let seeds = sp_io::hashing::twox_128(b"Seeds");
		if next.len() > 32 && next[16..32] != seeds {
			size += next.len() + sp_io::storage::get(&next).map_or(0, |value| value.len());
		}
		key = next;
	}
	size
}

#[test]
fn a_node_takes_at_most_450_bytes_and_64_for_every_128_periods() {
	scenario(|| {
		// Given a node that has everything a record can have at once: a deal, a frozen forest, a proof.
		let mut first = Node::register(Bob);
		first.store(Bob, content(1, 2_000), 9);
		let before = state();

		let mut node = Node::register(Alice);
		let deal = node.store(Bob, content(2, 2_000), 9);
		run_to(node.window().closes);
		node.prove_next();

		let bits = entry(&Proven::<Runtime>::hashed_key_for(node.id, 0));
		let bytes = state() - before - deal_bytes(deal, node.id) - bits;
		println!("a node takes {bytes} bytes of state, and {bits} for every 128 periods");
		assert!(bytes <= 450 && bits <= 64, "{bytes}, {bits} bytes");
	});
}

#[test]
fn a_deal_takes_at_most_250_bytes() {
	scenario(|| {
		let mut node = Node::register(Alice);
		node.store(Bob, content(1, 2_000), 9);
		let before = state();

		let deal = propose(Bob, node.id, &content(2, 70_000), 1_024);
		let proposed = state() - before;
		let acceptance = node.acceptance(vec![(deal, content(2, 70_000))]);
		crate::chain::apply(acceptance);

		let bytes = deal_bytes(deal, node.id);
		println!("a proposal takes {proposed}, a deal {bytes} bytes of state");
		assert!(proposed <= 250 && bytes <= 250, "{proposed}, {bytes} bytes");
	});
}

/// Bytes of the entries that name a deal.
fn deal_bytes(deal: DealId, node: NodeId) -> usize {
	entry(&Deals::<Runtime>::hashed_key_for(deal)) + entry(&DealsOfNode::<Runtime>::hashed_key_for(node, deal))
}

fn entry(key: &[u8]) -> usize {
	key.len() + sp_io::storage::get(key).expect("the entry exists").len()
}
