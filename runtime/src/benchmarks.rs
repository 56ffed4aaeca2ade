//! The pallets whose weights can be measured on this runtime.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::*;
use alloc::{string::String, vec::Vec};
use frame_benchmarking::{define_benchmarks, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{fungible::Mutate, Get, StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use pallet_rewards::{Current, Pool, Pools, Record};
use pallet_storage_market::{NodeAccount, NodeAccounts};
use pallet_storage_proofs::{HostHasher, NodeProofs, NodeRecord, Proven};
use substation_primitives::{
	rewards::Earner, AgentKey, Clock, DealId, Interruption, Interruptions, NodeId, Offer, Period, Region,
	ResourceClass, MAX_INTERRUPTIONS,
};
use substation_proofs::{forest::Forest, Hash};

define_benchmarks!(
	[pallet_settings, Settings]
	[pallet_timestamp, Timestamp]
	[pallet_babe, Babe]
	[pallet_balances, Balances]
	[pallet_staking, Staking]
	[pallet_grandpa, Grandpa]
	[pallet_bags_list, VoterList]
	[pallet_preimage, Preimage]
	[pallet_scheduler, Scheduler]
	[pallet_utility, Utility]
	[pallet_proxy, Proxy]
	[pallet_multisig, Multisig]
	[pallet_identity, Identity]
	[pallet_disputes, Disputes]
	[pallet_migrations, MultiBlockMigrations]
	[pallet_registry, Registry]
	[pallet_storage_market, StorageMarket]
	[pallet_storage_proofs, StorageProofs]
	[pallet_bandwidth_proofs, BandwidthProofs]
	[pallet_payment_channels, PaymentChannels]
	[pallet_rewards, Rewards]
);

/// Which benchmarks there are.
pub(crate) fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::<BenchmarkList>::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs one.
pub(crate) fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let mut whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	// Every transaction reads the hash of genesis: it pays for that with its extension `CheckGenesis`.
	whitelist.push(frame_system::BlockHash::<Runtime>::hashed_key_for(0).into());
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// Puts the pallets that a benchmarked one asks into the states that cost it most.
#[derive(Debug)]
pub struct Helper;

/// The kind of the keys that agree to registrations here.
const KEYS: sp_core::crypto::KeyTypeId = sp_core::crypto::KeyTypeId(*b"bnch");

/// A bond that no benchmark exhausts.
const BOND: Balance = 1 << 90;

/// Misses that end every node, whatever the settings.
const FATAL_MISSES: u32 = substation_primitives::settings::MAX_MISSES_TO_TERMINATION;

/// A forest that holds something; nobody proves it.
const FOREST: Forest = Forest { root: [1; 32], total: 1 << 30, depth: 20 };

/// Every second period of a word, from the first on.
const EVEN_PERIODS: u128 = u128::MAX / 3;

/// As many interruptions as are told apart, none of them in a window that a benchmark judges: each is looked at, and none
/// excuses.
fn interrupt() {
	let begin = BlockNumber::MAX / 2;
	let blocks = (0..MAX_INTERRUPTIONS).map(|nth| begin.saturating_add(nth.saturating_mul(2)));
	let interruptions = blocks.map(|block| Interruption { first: block, last: block });
	pallet_pace::Interrupted::<Runtime>::put(interruptions.collect::<Interruptions>());
}

fn register(operator: &AccountId, agent: AgentKey) -> NodeId {
	register_in(ResourceClass::Storage, operator, agent)
}

/// A node whose free calls `agent` signs. Benchmarks bring its public key only: a key made here agrees to the
/// registration, and is then replaced without being asked.
fn register_in(class: ResourceClass, operator: &AccountId, agent: AgentKey) -> NodeId {
	use pallet_registry::{Agents, Nodes};
	let id = pallet_registry::NextNodeId::<Runtime>::get();
	Balances::set_balance(operator, BOND.saturating_mul(4));
	// A seed in hex: a phrase would be stretched for a millisecond, and a draw needs hundreds of nodes.
	let made =
		sp_io::crypto::ed25519_generate(KEYS, Some(alloc::format!("0x{:064x}", id.0.saturating_add(1)).into_bytes()));
	let proof = sp_io::crypto::ed25519_sign(KEYS, &made, &Registry::bind_message(operator)).expect("it was made");
	let spec = pallet_registry::NodeSpec {
		agent: made.0,
		endpoint: agent,
		addresses: Default::default(),
		region: Region(*b"CH"),
	};
	let offer = Offer { capacity: u64::MAX, price: 1 };
	let origin = RuntimeOrigin::signed(operator.clone());
	let registered = Registry::register(origin, spec, class, offer, BOND, proof.0);
	assert!(registered.is_ok(), "{registered:?}");
	Agents::<Runtime>::remove(made.0);
	Agents::<Runtime>::insert(agent, id);
	Nodes::<Runtime>::mutate(id, |record| record.iter_mut().for_each(|record| record.agent = agent));
	fill_addresses(id);
	earn(id);
	interrupt();
	id
}

/// Makes a node's record as long as it can be.
fn fill_addresses(node: NodeId) {
	use constants::{MAX_NODE_ADDRESSES, MAX_NODE_ADDRESS_LENGTH};
	use pallet_registry::{Address, Addresses};
	let address = Address::<Runtime>::truncate_from(alloc::vec![b'h'; MAX_NODE_ADDRESS_LENGTH as usize]);
	let addresses = Addresses::<Runtime>::truncate_from(alloc::vec![address; MAX_NODE_ADDRESSES as usize]);
	pallet_registry::Nodes::<Runtime>::mutate_extant(node, |record| record.addresses = addresses);
}

/// Gives a node earnings of the running era, and its operator some of an era that is over: when the node is forgotten,
/// they are moved to the operator's.
fn earn_now(node: NodeId) {
	let running = pallet_rewards::Era::<Runtime>::mutate(|era| {
		era.index = era.index.max(1);
		era.pools = Pools { storage: SCARCE, bandwidth: SCARCE };
		era.index
	});
	for class in [ResourceClass::Storage, ResourceClass::Bandwidth] {
		let record = Record { era: running, units: constants::STN, pending: constants::STN, current: None };
		pallet_rewards::Records::<Runtime>::insert(Earner::Node { node, class }, record);
	}
	let operator = pallet_registry::Nodes::<Runtime>::get(node).expect("the node is registered").operator;
	let record = Record { era: 0, units: constants::STN, pending: constants::STN, current: None };
	pallet_rewards::Records::<Runtime>::insert(Earner::Payee(operator), record);
}

/// A pool that cannot pay its units in full.
const SCARCE: Pool = Pool { units: 3 * constants::STN, budget: constants::STN };

/// Gives a node earnings of an era that is over, in a pool that cannot pay them in full: whatever credits or settles it
/// has to fold them first.
fn earn(node: NodeId) {
	pallet_rewards::Closed::<Runtime>::mutate(|[first, ..]| *first = Pools { storage: SCARCE, bandwidth: SCARCE });
	pallet_rewards::Era::<Runtime>::mutate(|era| era.index = era.index.max(1));
	let current = Some(Current { since: 0, due: BlockNumber::MAX, yields: 0, bond: BOND });
	let record = Record { era: 0, units: constants::STN, pending: constants::STN, current };
	for class in [ResourceClass::Storage, ResourceClass::Bandwidth] {
		pallet_rewards::Records::<Runtime>::insert(Earner::Node { node, class }, record);
	}
}

/// Makes `period` the node's current one.
fn enter(node: NodeId, period: Period) {
	let clock: Clock = pallet_pace::ProofClock::<Runtime>::get();
	let start = period.previous().map_or(0, |closed| clock.closes::<HostHasher>(node, closed));
	System::set_block_number(start);
}

fn change_record(node: NodeId, change: impl FnOnce(&mut NodeRecord)) {
	let mut record = NodeProofs::<Runtime>::get(node).unwrap_or_else(|| NodeRecord::starting_at(Period(0)));
	change(&mut record);
	NodeProofs::<Runtime>::insert(node, record);
}

/// Makes this many misses final but not applied.
fn owe(node: NodeId, misses: u32) {
	enter(node, Period(misses));
	change_record(node, |record| {
		record.forest = FOREST;
		record.frozen = None;
		record.next_due = Period(0);
	});
	NodeAccounts::<Runtime>::mutate(node, |account| account.committed_rate = constants::MILLI);
}

impl pallet_registry::BenchmarkHelper for Helper {
	fn owe_fines(node: NodeId) {
		interrupt();
		earn(node);
		owe(node, 3);
	}

	fn owe_termination(node: NodeId) {
		interrupt();
		earn(node);
		owe(node, FATAL_MISSES);
	}

	fn leave_much_to_forget(node: NodeId) {
		earn_now(node);
		NodeAccounts::<Runtime>::mutate(node, |account| account.committed_rate = constants::MILLI);
		// One more than go with the node: that there is another one is read.
		for word in 0..=pallet_storage_proofs::FORGOTTEN_WORDS {
			Proven::<Runtime>::insert(node, word, EVEN_PERIODS);
		}
	}
}

impl pallet_storage_market::benchmarking::BenchmarkHelper<AccountId> for Helper {
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId {
		register(operator, agent)
	}

	fn set_forest(node: NodeId, forest: Forest) {
		change_record(node, |record| record.forest = forest);
	}

	fn start_period(node: NodeId, period: Period) {
		enter(node, period);
		let fined_from = pallet_settings::ProofsOf::<Runtime>::get().first_fine_from;
		change_record(node, |record| {
			record.frozen = None;
			record.next_due = period.previous().unwrap_or(period);
			record.strikes = fined_from;
		});
		NodeAccounts::<Runtime>::mutate(node, |account| {
			account.committed_rate = account.committed_rate.max(constants::MILLI);
		});
		for word in 0..=period.0 / u128::BITS {
			Proven::<Runtime>::insert(node, word, EVEN_PERIODS);
		}
	}

	fn terminate(node: NodeId, decided: Period) {
		let last_strike = pallet_settings::ProofsOf::<Runtime>::get().terminated_at.saturating_sub(1);
		change_record(node, |record| {
			record.frozen = None;
			record.next_due = decided;
			record.strikes = last_strike;
		});
	}
}

impl pallet_disputes::BenchmarkHelper<AccountId> for Helper {
	fn add_deal(customer: &AccountId, operator: &AccountId, agent: AgentKey) -> DealId {
		use frame_support::traits::fungible::MutateHold;
		use pallet_storage_market::HoldReason as OfMarket;
		use substation_primitives::{
			deal::{Deal, DealState, Terms},
			settings::{Settings as AllSettings, MAX_TERM},
		};
		Balances::set_balance(customer, BOND);
		let node = register(operator, agent);
		let market = AllSettings::default().market;
		let (id, rate, reserve) = (DealId(0), constants::STN, constants::STN.saturating_mul(7));
		// Begins in the middle of a word: a whole term takes as many of them as it can.
		let first = Period(65);
		let last = Period(MAX_TERM.saturating_add(64));
		let terms = Terms {
			slot: 0,
			shares: market.shares,
			first,
			last,
			next_unsettled: first,
			paid_periods: 7,
			compensation_periods: 7,
		};
		let (escrow, deposit) = (rate.saturating_mul(MAX_TERM.into()), constants::STN);
		for (reason, amount) in [(OfMarket::Escrow, escrow), (OfMarket::DealDeposit, deposit)] {
			let held = <Balances as MutateHold<AccountId>>::hold(&reason.into(), customer, amount);
			assert!(held.is_ok(), "{held:?}");
		}
		let deal = Deal {
			customer: customer.clone(),
			node,
			root: [1; 32],
			length: FOREST.total,
			rate,
			periods: MAX_TERM,
			deposit,
			state: DealState::Active(terms),
		};
		pallet_storage_market::Deals::<Runtime>::insert(id, deal);
		pallet_storage_market::DealsOfNode::<Runtime>::insert(node, id, ());
		pallet_storage_market::NextDealId::<Runtime>::put(DealId(1));
		let account = NodeAccount { deals: 1, bytes: FOREST.total, committed_rate: rate, reserve };
		NodeAccounts::<Runtime>::insert(node, account);
		// Half of the term has closed, with a miss that nobody has applied.
		change_record(node, |record| record.forest = FOREST);
		<Self as pallet_storage_market::benchmarking::BenchmarkHelper<AccountId>>::start_period(
			node,
			Period(MAX_TERM / 2),
		);
		id
	}

	fn end_deal(deal: DealId) {
		use pallet_storage_market::benchmarking::BenchmarkHelper as Market;
		use substation_primitives::deal::DealState;
		let deal = pallet_storage_market::Deals::<Runtime>::get(deal).expect("the deal was added");
		let DealState::Active(terms) = deal.state else { panic!("not accepted") };
		<Self as Market<AccountId>>::start_period(deal.node, terms.last.next());
		// The last period but one decides: nearly everything is settled, and something is left to refund.
		<Self as Market<AccountId>>::terminate(deal.node, terms.last.previous().expect("the term is long"));
	}
}

impl pallet_storage_proofs::BenchmarkHelper<AccountId> for Helper {
	fn prepare_node(node: NodeId) {
		pallet_registry::NextNodeId::<Runtime>::put(node);
		let mut agent = [3; 32];
		agent[..8].copy_from_slice(&node.0.to_le_bytes());
		register(&AccountId::new([2; 32]), agent);
		let (deals, bytes) = (1, FOREST.total);
		let account = NodeAccount { deals, bytes, committed_rate: constants::STN, reserve: constants::STN };
		NodeAccounts::<Runtime>::insert(node, account);
	}

	fn reporter() -> AccountId {
		let reporter = AccountId::new([4; 32]);
		Balances::set_balance(&reporter, constants::STN);
		reporter
	}

	fn read_by_authorization(node: NodeId) -> Vec<Vec<u8>> {
		alloc::vec![
			pallet_registry::Nodes::<Runtime>::hashed_key_for(node),
			NodeAccounts::<Runtime>::hashed_key_for(node),
		]
	}
}

impl pallet_bandwidth_proofs::BenchmarkHelper<AccountId> for Helper {
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId {
		register_in(ResourceClass::Bandwidth, operator, agent)
	}

	fn set_epoch(epoch: u64, vrf: Hash) {
		pallet_session::CurrentIndex::<Runtime>::put(u32::try_from(epoch).unwrap_or(u32::MAX));
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some(vrf));
	}
}

impl pallet_rewards::BenchmarkHelper<AccountId> for Helper {
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId {
		register(operator, agent)
	}

	fn fill_era() {
		let index = 7;
		pallet_staking::ActiveEra::<Runtime>::put(pallet_staking::ActiveEraInfo { index, start: None });
		let mut points = pallet_staking::EraRewardPoints::<AccountId>::default();
		for nth in 0..constants::MAX_VALIDATORS {
			let validator: AccountId = frame_benchmarking::account("validator", nth, 0);
			points.total = points.total.saturating_add(20);
			points.individual.insert(validator.clone(), 20);
			let commission = sp_runtime::Perbill::from_percent(3);
			let prefs = pallet_staking::ValidatorPrefs { commission, blocked: false };
			pallet_staking::ErasValidatorPrefs::<Runtime>::insert(index, &validator, prefs);
			let total = Balance::from(nth).saturating_add(1).saturating_mul(constants::STN);
			let exposure = sp_staking::PagedExposureMetadata { total, own: total, nominator_count: 0, page_count: 0 };
			pallet_staking::ErasStakersOverview::<Runtime>::insert(index, validator, exposure);
		}
		pallet_staking::ErasRewardPoints::<Runtime>::insert(index, points);
	}
}
