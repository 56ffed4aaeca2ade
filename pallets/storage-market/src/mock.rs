//! A runtime around the pallet, with a registry and a ledger whose every answer a test can set.
//!
//! Their state lives in the chain's storage, so that a rolled-back call rolls it back too. The ledger's forests are
//! real ones.

use crate::{
	pallet as pallet_storage_market,
	types::{AcceptancesOf, ClearancesOf},
	Deals, Event, NodeAccount,
};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	derive_impl,
	dispatch::RawOrigin,
	pallet_prelude::*,
	parameter_types,
	traits::{
		fungible::{Inspect, InspectHold, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Authorize, ConstU128,
	},
};
use scale_info::TypeInfo;
use sp_core::{ed25519, Pair};
use sp_runtime::{
	traits::{Dispatchable, IdentityLookup},
	BuildStorage, StateVersion,
};
use substation_primitives::{
	deal::{Acceptance, Clearance, DealState, Proposal, Terms},
	settings::{MarketSettings, RegistrySettings, Settings, MAX_TERM, STN},
	traits::{Bonds, Nodes, OnSettled, StorageLedger, Treasury},
	AgentKey, Balance, Bytes, DealId, NodeId, NodeInfo, NodeStatus, Offer, Period, ResourceClass,
};
use substation_proofs::{
	authority,
	forest::{self, Change, Forest, Leaf, UpdateProof},
	prover::ForestTree,
	Hash, NativeHasher,
};

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const CUSTOMER: AccountId = 1;
pub(crate) const OPERATOR: AccountId = 2;
pub(crate) const TREASURY: AccountId = 3;
pub(crate) const ANYONE: AccountId = 4;
/// Node `n` keeps its bond in account `BONDS + n`.
pub(crate) const BONDS: AccountId = 1_000;

pub(crate) const NODE: NodeId = NodeId(7);
pub(crate) const OTHER_NODE: NodeId = NodeId(8);

pub(crate) const GIB: u64 = 1 << 30;
pub(crate) const WEALTH: Balance = 1_000_000 * STN;
pub(crate) const EXISTENTIAL_DEPOSIT: Balance = STN / 100;
pub(crate) const UPDATES: u32 = 64;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(16)]
	pub type Utility = pallet_utility::Pallet<Test>;
	#[runtime::pallet_index(31)]
	pub type StorageMarket = pallet_storage_market::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

impl pallet_utility::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = ();
}

parameter_types! {
	pub storage Market: MarketSettings = Settings::default().market;
	pub storage RegistryTunables: RegistrySettings = Settings::default().registry;
	/// How often the ledger was asked to judge a node. Not in storage: what is rolled back was work all the same.
	pub static Judgements: u32 = 0;
}

impl pallet_storage_market::Config for Test {
	type Currency = Balances;
	type Settings = Market;
	type RegistrySettings = RegistryTunables;
	type Registry = FakeRegistry;
	type Ledger = FakeLedger;
	type Treasury = FakeTreasury;
	type OnSettled = FakeUsage;
	type MaxUpdates = ConstU32<UPDATES>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = FakeLedger;
}

#[derive(Debug)]
pub struct FakeTreasury;

impl Treasury<AccountId> for FakeTreasury {
	fn account() -> AccountId {
		TREASURY
	}
}

/// What was told of payments: of which node, and how much was destroyed.
#[frame_support::storage_alias]
pub type Told = StorageValue<FakeUsage, Vec<(NodeId, Balance)>, ValueQuery>;

/// What was told of deals that ended early: how much was destroyed.
#[frame_support::storage_alias]
pub type ToldOfEnds = StorageValue<FakeUsage, Vec<Balance>, ValueQuery>;

#[derive(Debug)]
pub struct FakeUsage;

impl OnSettled for FakeUsage {
	fn on_settled(node: NodeId, burned: Balance) {
		Told::append((node, burned));
	}

	fn on_ended_early(burned: Balance) {
		ToldOfEnds::append(burned);
	}
}

/// What the fake registry knows of a node.
#[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub(crate) struct NodeRecord {
	pub operator: AccountId,
	pub agent: AgentKey,
	pub status: NodeStatus,
	pub suspended: bool,
	pub offer: Option<Offer>,
}

/// What the fake ledger knows of a node. Windows of all periods before `current` are closed.
#[derive(Clone, Copy, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub(crate) struct LedgerRecord {
	pub forest: Forest,
	pub current: Period,
	pub terminated_at: Option<Period>,
	/// A termination that the next catch-up applies.
	pub decided: Option<Period>,
	/// A fine that the next catch-up takes.
	pub fine: Balance,
}

#[frame_support::storage_alias]
pub type Records = StorageMap<FakeRegistry, Identity, NodeId, NodeRecord>;
#[frame_support::storage_alias]
pub type Ledgers = StorageMap<FakeLedger, Identity, NodeId, LedgerRecord, ValueQuery>;
#[frame_support::storage_alias]
pub type ProvenPeriods = StorageDoubleMap<FakeLedger, Identity, NodeId, Identity, Period, ()>;

#[derive(Debug)]
pub struct FakeRegistry;

impl Nodes<AccountId> for FakeRegistry {
	fn node(node: NodeId) -> Option<NodeInfo<AccountId>> {
		let NodeRecord { operator, agent, status, suspended, .. } = Records::get(node)?;
		Some(NodeInfo { operator, agent, status, suspended })
	}

	fn offer(node: NodeId, _: ResourceClass) -> Option<Offer> {
		Records::get(node)?.offer
	}
}

impl Bonds<AccountId> for FakeRegistry {
	fn bond(node: NodeId, _: ResourceClass) -> Balance {
		Balances::balance(&(BONDS + node.0)).saturating_sub(EXISTENTIAL_DEPOSIT)
	}

	fn take(node: NodeId, class: ResourceClass, to: &AccountId, amount: Balance) -> Balance {
		let amount = amount.min(Self::bond(node, class));
		Balances::transfer(&(BONDS + node.0), to, amount, Preservation::Preserve).unwrap_or(0)
	}
}

#[derive(Debug)]
pub struct FakeLedger;

impl StorageLedger for FakeLedger {
	fn catch_up(node: NodeId) {
		Judgements::mutate(|times| *times += 1);
		let mut ledger = Ledgers::get(node);
		if ledger.fine > 0 {
			FakeRegistry::take(node, ResourceClass::Storage, &TREASURY, core::mem::take(&mut ledger.fine));
		}
		if let Some(decided) = ledger.decided.take() {
			ledger.terminated_at = Some(decided);
			ledger.forest = Forest::default();
			Records::mutate_extant(node, |record| record.status = NodeStatus::Terminated);
		}
		if Ledgers::get(node).encode() != ledger.encode() {
			Ledgers::insert(node, ledger);
		}
	}

	fn is_terminated(node: NodeId) -> bool {
		Judgements::mutate(|times| *times += 1);
		let ledger = Ledgers::get(node);
		ledger.terminated_at.or(ledger.decided).is_some()
	}

	fn terminated_at(node: NodeId) -> Option<Period> {
		Ledgers::get(node).terminated_at
	}

	fn closed(node: NodeId) -> Option<Period> {
		Ledgers::get(node).current.previous()
	}

	fn current(node: NodeId) -> Period {
		Ledgers::get(node).current
	}

	fn proven(node: NodeId, first: Period, last: Period) -> u32 {
		assert!(Some(last) <= Self::closed(node), "the market asked for a period that has not closed");
		assert!(last.0 - first.0 < MAX_TERM, "the market asked for more than a term");
		(first.0..=last.0).filter(|period| ProvenPeriods::contains_key(node, Period(*period))).count() as u32
	}

	fn forest(node: NodeId) -> Forest {
		Ledgers::get(node).forest
	}

	fn check_update(
		node: NodeId,
		depth: u8,
		changes: &[(u32, Change)],
		proof: &UpdateProof,
	) -> Result<(), DispatchError> {
		forest::update::<NativeHasher>(&Self::forest(node), node.0, depth, changes, proof)
			.map(|_| ())
			.map_err(|_| DispatchError::Other("wrong update"))
	}

	fn update(node: NodeId, depth: u8, changes: &[(u32, Change)], proof: &UpdateProof) -> Result<(), DispatchError> {
		let mut ledger = Ledgers::get(node);
		assert!(ledger.decided.is_none() && ledger.fine == 0, "the market updates a forest without catching up");
		ledger.forest = *forest::update::<NativeHasher>(&ledger.forest, node.0, depth, changes, proof)
			.map_err(|_| DispatchError::Other("wrong update"))?
			.get();
		Ledgers::insert(node, ledger);
		Ok(())
	}

	fn forget(node: NodeId) {
		Ledgers::remove(node);
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for FakeLedger {
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId {
		add_node(NODE, *operator, agent);
		set_bond(NODE, Balance::MAX / 4);
		NODE
	}

	fn set_forest(node: NodeId, forest: Forest) {
		Ledgers::mutate(node, |ledger| ledger.forest = forest);
	}

	fn start_period(node: NodeId, period: Period) {
		Ledgers::mutate(node, |ledger| {
			ledger.current = period;
			ledger.fine = STN;
		});
		(0..period.0).step_by(2).for_each(|proven| ProvenPeriods::insert(node, Period(proven), ()));
	}

	fn terminate(node: NodeId, decided: Period) {
		Ledgers::mutate(node, |ledger| ledger.decided = Some(decided));
	}
}

/// Builds the state before a test, runs the test and checks every invariant after it.
#[derive(Default)]
pub(crate) struct ExtBuilder;

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		let rich = [CUSTOMER, OPERATOR, ANYONE].map(|account| (account, WEALTH));
		let balances = rich.into_iter().chain([(TREASURY, EXISTENTIAL_DEPOSIT)]).collect();
		pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			add_node(NODE, OPERATOR, agent_pair(NODE).public().0);
			add_node(OTHER_NODE, OPERATOR, agent_pair(OTHER_NODE).public().0);
			System::reset_events();
		});
		ext
	}

	/// For the benchmarks' own tests: keys are made in a keystore.
	#[cfg(feature = "runtime-benchmarks")]
	pub(crate) fn build_with_keystore(self) -> sp_io::TestExternalities {
		let mut ext = self.build();
		ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
		ext
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		let mut ext = self.build();
		ext.execute_with(test);
		ext.execute_with(|| StorageMarket::do_try_state().unwrap());
	}
}

/// A node of period 3 with a thousand STN of bond that asks one STN for a GiB and period and has room for 100 GiB.
fn add_node(node: NodeId, operator: AccountId, agent: AgentKey) {
	let offer = Some(Offer { capacity: 100 * GIB, price: STN });
	Records::insert(node, NodeRecord { operator, agent, status: NodeStatus::Active, suspended: false, offer });
	Ledgers::insert(node, LedgerRecord { current: Period(3), ..Default::default() });
	set_bond(node, 1_000 * STN);
}

pub(crate) fn set_bond(node: NodeId, bond: Balance) {
	Balances::set_balance(&(BONDS + node.0), bond + EXISTENTIAL_DEPOSIT);
}

pub(crate) fn agent_pair(node: NodeId) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[node.0 as u8; 32])
}

/// A GiB for ten periods at the node's price.
pub(crate) fn proposal() -> Proposal {
	Proposal { node: NODE, root: [9; 32], length: Bytes(GIB), periods: 10, price: STN }
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account)
}

pub(crate) fn propose(proposal: Proposal) -> DealId {
	let id = crate::NextDealId::<Test>::get();
	frame_support::assert_ok!(StorageMarket::propose(signed(CUSTOMER), proposal));
	id
}

/// A node's agent: its key and its own copy of the forest.
pub(crate) struct Agent {
	pub node: NodeId,
	pub pair: ed25519::Pair,
	pub tree: ForestTree,
}

impl Agent {
	pub(crate) fn of(node: NodeId) -> Self {
		Self { node, pair: agent_pair(node), tree: ForestTree::new(node.0) }
	}

	/// The call that accepts these deals into these slots, made for the agent's forest.
	pub(crate) fn accept_call(&self, updates: &[(DealId, u32)]) -> RuntimeCall {
		let depth = updates.iter().map(|(_, slot)| self.tree.depth_for(*slot)).max().unwrap();
		let changes = updates.iter().map(|(id, slot)| (*slot, Change::Insert(leaf(*id)))).collect::<Vec<_>>();
		let proof = self.tree.update_proof(depth, &changes).unwrap_or_default();
		self.sign_accept(updates, depth, proof)
	}

	pub(crate) fn sign_accept(&self, updates: &[(DealId, u32)], depth: u8, proof: UpdateProof) -> RuntimeCall {
		let acceptances: AcceptancesOf<Test> = updates
			.iter()
			.map(|(deal, slot)| Acceptance { deal: *deal, slot: *slot })
			.collect::<Vec<_>>()
			.try_into()
			.unwrap();
		let root = self.tree.forest().root;
		let message = authority::accept_message(&genesis(), self.node.0, &root, depth, &acceptances);
		let signature = self.pair.sign(&message).0;
		pallet_storage_market::Call::accept { node: self.node, acceptances, depth, proof, signature }.into()
	}

	/// The call that clears these slots, made for the agent's forest.
	pub(crate) fn clear_call(&self, slots: &[u32]) -> RuntimeCall {
		let leaves = slots.iter().map(|slot| (*slot, *self.tree.get(*slot).unwrap())).collect::<Vec<_>>();
		self.clear_leaves_call(&leaves)
	}

	pub(crate) fn clear_leaves_call(&self, leaves: &[(u32, Leaf)]) -> RuntimeCall {
		let depth = self.tree.depth();
		let changes = leaves.iter().map(|(slot, leaf)| (*slot, Change::Remove(*leaf))).collect::<Vec<_>>();
		let proof = self.tree.update_proof(depth, &changes).unwrap_or_default();
		let clearances: ClearancesOf<Test> = leaves
			.iter()
			.map(|(slot, leaf)| Clearance { slot: *slot, leaf: *leaf })
			.collect::<Vec<_>>()
			.try_into()
			.unwrap();
		let root = self.tree.forest().root;
		let message = authority::clear_message(&genesis(), self.node.0, &root, depth, &clearances);
		let signature = self.pair.sign(&message).0;
		pallet_storage_market::Call::clear { node: self.node, clearances, depth, proof, signature }.into()
	}

	/// Accepts these deals on chain and in the agent's forest.
	pub(crate) fn accept(&mut self, updates: &[(DealId, u32)]) {
		let changes = updates.iter().map(|(id, slot)| (*slot, Change::Insert(leaf(*id)))).collect::<Vec<_>>();
		let depth = updates.iter().map(|(_, slot)| self.tree.depth_for(*slot)).max().unwrap();
		submit(self.accept_call(updates)).unwrap();
		self.tree.apply(depth, &changes).unwrap();
		assert_eq!(FakeLedger::forest(self.node), self.tree.forest());
	}

	/// Clears these slots on chain and in the agent's forest.
	pub(crate) fn clear(&mut self, slots: &[u32]) {
		submit(self.clear_call(slots)).unwrap();
		for slot in slots {
			self.tree.remove(*slot).unwrap();
		}
		assert_eq!(FakeLedger::forest(self.node), self.tree.forest());
	}
}

/// The leaf that the chain expects for a deal, or one for a deal without a record.
pub(crate) fn leaf(id: DealId) -> Leaf {
	Deals::<Test>::get(id).map_or(Leaf { deal: id.0, root: [9; 32], length: GIB }, |deal| deal.leaf(id))
}

pub(crate) fn genesis() -> Hash {
	System::block_hash(0).0
}

/// What the transaction pool says of a free call. Asserts that asking changes nothing.
pub(crate) fn authorize(call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	let before = sp_io::storage::root(StateVersion::V1);
	let answer = call.authorize(TransactionSource::External).expect("the call is a free one");
	assert_eq!(before, sp_io::storage::root(StateVersion::V1), "authorising has changed the state");
	answer.map(|(validity, _)| validity)
}

/// A free call's way through a block. Asserts that what was authorised does not fail.
pub(crate) fn submit(call: RuntimeCall) -> Result<(), TransactionValidityError> {
	authorize(&call)?;
	call.dispatch(RawOrigin::Authorized.into()).expect("an authorised call does not fail in the same state");
	Ok(())
}

/// A deal for so many periods, accepted in period 3: first due in 4.
pub(crate) fn accepted(periods: u32) -> (Agent, DealId) {
	let mut agent = Agent::of(NODE);
	let deal = propose(Proposal { periods, ..proposal() });
	agent.accept(&[(deal, 0)]);
	System::reset_events();
	(agent, deal)
}

/// Lets period after period of the node go by, each proven or not.
pub(crate) fn run_periods(node: NodeId, proven: &[bool]) {
	for outcome in proven {
		let current = FakeLedger::current(node);
		if *outcome {
			ProvenPeriods::insert(node, current, ());
		}
		Ledgers::mutate(node, |ledger| ledger.current = current.next());
	}
}

/// Decides the node's termination in the period that closed last; the next catch-up applies it.
pub(crate) fn decide_termination(node: NodeId) {
	Ledgers::mutate(node, |ledger| ledger.decided = ledger.current.previous());
}

pub(crate) fn terms(deal: DealId) -> Terms {
	match Deals::<Test>::get(deal).unwrap().state {
		DealState::Active(terms) => terms,
		DealState::Proposed { .. } => panic!("{deal} is not accepted"),
	}
}

pub(crate) fn account(node: NodeId) -> NodeAccount {
	StorageMarket::node_account(node)
}

/// What an account owns, on hold or not.
pub(crate) fn wealth(account: AccountId) -> Balance {
	Balances::total_balance(&account)
}

/// Takes everything that an account has, and the account with it.
pub(crate) fn reap(account: AccountId) {
	frame_support::assert_ok!(Balances::burn_from(
		&account,
		Balances::free_balance(account),
		Preservation::Expendable,
		Precision::Exact,
		Fortitude::Force,
	));
	assert_eq!(wealth(account), 0);
	assert!(!System::account_exists(&account));
}

pub(crate) fn escrow(account: AccountId) -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::Escrow.into(), &account)
}

pub(crate) fn deposits(account: AccountId) -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::DealDeposit.into(), &account)
}

/// What was told of payments since the last time.
pub(crate) fn told() -> Vec<(NodeId, Balance)> {
	Told::take()
}

/// This pallet's events since the last time.
pub(crate) fn events() -> Vec<Event<Test>> {
	let events = System::read_events_for_pallet::<Event<Test>>();
	System::reset_events();
	events
}
