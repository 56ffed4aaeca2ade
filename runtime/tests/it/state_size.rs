//! What a node, a deal, a line, a channel and an earner add to the state, keys included. A million of each must stay
//! affordable.

use crate::{
	actors::{content, propose, Node},
	chain::{run_to, scenario, send},
	lines::{self, run_to_epoch, take_seats},
};
use frame_support::{hypothetically, traits::PalletInfoAccess};
use pallet_registry::Nodes;
use pallet_storage_market::{Deals, DealsOfNode, NodeAccount, NodeAccounts};
use pallet_storage_proofs::{NodeProofs, Proven};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use substation_primitives::{
	rewards::{Earner, YIELD_ONE},
	settings::STN,
	DealId, NodeId, ResourceClass,
};
use substation_runtime::{BandwidthProofs, PaymentChannels, Registry, Runtime, StorageMarket, StorageProofs};

type Bandwidth = pallet_bandwidth_proofs::Call<Runtime>;

/// Most bytes that one node may take: its record with one address, its account, its proofs with a frozen forest, and
/// the outcomes of 128 periods.
const NODE: usize = 450;

/// Most bytes that one proposal or deal may take.
const DEAL: usize = 250;

/// Most bytes that a line with one seat may take, beyond the node's record.
const LINE: usize = 350;

/// Most bytes that one payment channel may take.
const CHANNEL: usize = 200;

/// Most bytes that what one earner has earned may take.
const EARNER: usize = 120;

/// Bytes of keys and values under the depin pallets, without what exists once per chain.
fn state() -> usize {
	let pallets = [
		Registry::name(),
		StorageMarket::name(),
		StorageProofs::name(),
		BandwidthProofs::name(),
		PaymentChannels::name(),
	];
	pallets.iter().map(|pallet| size_under(pallet)).sum()
}

fn size_under(pallet: &str) -> usize {
	let prefix = sp_io::hashing::twox_128(pallet.as_bytes());
	let mut size = 0;
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix)) {
		// Single values have keys of 32 bytes and exist once; seeds and tests are rings of fixed length.
		let rings = [b"Seeds", b"Tests"].map(|name| sp_io::hashing::twox_128(name));
		if next.len() > 32 && rings.iter().all(|ring| next[16..32] != *ring) {
			size += next.len() + sp_io::storage::get(&next).map_or(0, |value| value.len());
		}
		key = next;
	}
	size
}

#[test]
fn a_node_takes_at_most_450_bytes() {
	scenario(|| {
		let mut other = Node::register(Bob);
		other.store(Bob, content(1, 2_000), 9);
		let before = state();

		let (node, deals) = node_with_everything();

		let bytes = node_bytes(node.id);
		let of_deals: usize = deals.iter().map(|deal| deal_bytes(*deal, node.id)).sum();
		assert_eq!(state() - before, bytes + of_deals, "an entry of the node is not counted");
		assert!(bytes <= NODE, "{bytes} bytes");
	});
}

#[test]
fn a_node_of_128_tebibytes_takes_no_more() {
	scenario(|| {
		let (node, _) = node_with_everything();

		// Compact numbers grow with their values, so these are what a large node has.
		let total = 1 << 47;
		let bytes = hypothetically!({
			Nodes::<Runtime>::mutate(node.id, |record| {
				let offered = &mut record.as_mut().expect("registered").offers[0];
				(offered.offer.capacity, offered.bond) = (total, 2_000_000 * STN);
			});
			NodeAccounts::<Runtime>::insert(
				node.id,
				NodeAccount { deals: 100_000, bytes: total, committed_rate: 1_000_000 * STN, reserve: 2_000_000 * STN },
			);
			NodeProofs::<Runtime>::mutate(node.id, |record| {
				let record = record.as_mut().expect("it has deals");
				record.forest.total = total;
				record.frozen.as_mut().expect("it has a frozen forest").1.total = total;
			});
			node_bytes(node.id)
		});

		assert!(bytes <= NODE, "{bytes} bytes");
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
		assert!(proposed <= DEAL && bytes <= DEAL, "{proposed}, {bytes} bytes");
	});
}

#[test]
fn a_line_takes_at_most_350_bytes_and_nothing_of_it_stays() {
	scenario(|| {
		let node = Node::register(Alice).id;
		let record = || entry(&Nodes::<Runtime>::hashed_key_for(node));
		let (before, without) = (state(), record());

		take_seats(Alice, node, 1);

		let class = record() - without;
		let line = state() - before - class;
		println!("a line takes {line} bytes of state, and its class {class} in the node's record");
		assert!(line <= LINE, "{line} bytes");

		send(Alice, Bandwidth::give_up_seats { node });
		run_to_epoch(lines::line(node).seats[0].until.expect("given up"));
		send(Bob, Bandwidth::remove_line { node });
		assert_eq!(state() - before, class);

		send(Alice, Bandwidth::take_seats { node, claim: lines::CLAIM, seats: 1, prepaid: 0 });
		assert_eq!(state() - before, class + line);
	});
}

#[test]
fn a_channel_takes_at_most_200_bytes_and_nothing_of_it_stays() {
	scenario(|| {
		let before = state();
		let id = pallet_payment_channels::NextChannelId::<Runtime>::get();

		let (payee, key, deposit) = (Bob.to_account_id(), [1; 32], 1_000_000 * STN / 2);
		send(Alice, pallet_payment_channels::Call::open { payee, key, deposit });
		send(Alice, pallet_payment_channels::Call::start_closing { channel: id });

		let channel = state() - before;
		println!("a channel takes {channel} bytes of state");
		assert!(channel <= CHANNEL, "{channel} bytes");
		send(Bob, pallet_payment_channels::Call::close { channel: id });
		assert_eq!(state(), before);
	});
}

#[test]
fn an_earner_takes_at_most_120_bytes() {
	use pallet_rewards::{Current, Record, Records};
	scenario(|| {
		let money = 1_000_000 * STN;
		let current = Some(Current { since: u32::MAX, due: u32::MAX, yields: 10 * YIELD_ONE, bond: money });
		let proven = Record { era: 36_500, units: money, pending: money, current };
		let node = Earner::Node { node: NodeId(u64::MAX), class: ResourceClass::Storage };
		let sizes = [(node, proven), (Earner::Payee(Alice.to_account_id()), Record { current: None, ..proven })].map(
			|(earner, record)| {
				hypothetically!({
					Records::<Runtime>::insert(&earner, record);
					entry(&Records::<Runtime>::hashed_key_for(&earner))
				})
			},
		);

		println!("a node earns in {}, a payee in {} bytes of state", sizes[0], sizes[1]);
		assert!(sizes.iter().all(|size| *size <= EARNER), "{sizes:?} bytes");
	});
}

/// A node that has all that a node can have at once, and its deals.
fn node_with_everything() -> (Node, [DealId; 2]) {
	let mut node = Node::register(Alice);
	let first = node.store(Bob, content(2, 2_000), 9);
	run_to(node.window().closes);
	node.prove_next();
	// A forest is frozen when it changes. Not at once: the block that begins a session takes no transactions.
	run_to(node.window().closes);
	let second = node.store(Bob, content(3, 2_000), 9);
	let record = NodeProofs::<Runtime>::get(node.id).expect("it has deals");
	assert!(record.frozen.is_some_and(|(_, forest)| forest.total > 0), "no forest is frozen");
	(node, [first, second])
}

/// Bytes of the entries that name a node and no deal.
fn node_bytes(node: NodeId) -> usize {
	let record = entry(&Nodes::<Runtime>::hashed_key_for(node));
	let account = entry(&NodeAccounts::<Runtime>::hashed_key_for(node));
	let proofs = entry(&NodeProofs::<Runtime>::hashed_key_for(node));
	let outcomes = entry(&Proven::<Runtime>::hashed_key_for(node, 0));
	let sum = record + account + proofs + outcomes;
	println!(
		"a node takes {sum} bytes of state: record {record}, account {account}, proofs {proofs}, outcomes {outcomes}"
	);
	sum
}

/// Bytes of the entries that name a deal.
fn deal_bytes(deal: DealId, node: NodeId) -> usize {
	entry(&Deals::<Runtime>::hashed_key_for(deal)) + entry(&DealsOfNode::<Runtime>::hashed_key_for(node, deal))
}

fn entry(key: &[u8]) -> usize {
	key.len() + sp_io::storage::get(key).expect("the entry exists").len()
}
