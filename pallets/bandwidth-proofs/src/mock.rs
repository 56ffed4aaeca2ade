//! A chain with this pallet and real balances, a registry whose every answer a test can set, and agents with real keys.

use crate as pallet_bandwidth_proofs;
use crate::{HostHasher, Line, TestView, FREEZE};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	assert_ok, derive_impl, parameter_types,
	traits::{fungible::Inspect, ConstU128, Get, Hooks},
	Identity, PalletId,
};
use scale_info::TypeInfo;
use sp_core::{ed25519, Pair};
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, Checkable, IdentityLookup},
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	BuildStorage, DispatchResult,
};
use substation_primitives::{
	bandwidth::Receipt,
	settings::{BandwidthSettings, Settings, STN},
	traits::{Bonds, Nodes, OnMeasured, Treasury},
	AgentKey, Balance, BlockNumber, Clock, Committees, Interruptions, NodeId, NodeInfo, NodeStatus, Offer, Rates,
	ResourceClass, TestId,
};
use substation_proofs::{bandwidth, Hash, Hasher};

mod agent;

pub(crate) use agent::*;

pub(crate) type AccountId = u64;
pub(crate) type Header = generic::Header<u32, BlakeTwo256>;
pub(crate) type Extension = (frame_system::AuthorizeCall<Test>,);
pub(crate) type Extrinsic =
	generic::UncheckedExtrinsic<AccountId, RuntimeCall, sp_runtime::testing::UintAuthorityId, Extension>;
pub(crate) type Block = generic::Block<Header, Extrinsic>;
pub(crate) type Call = pallet_bandwidth_proofs::Call<Test>;
pub(crate) type Error = pallet_bandwidth_proofs::Error<Test>;
pub(crate) type Event = pallet_bandwidth_proofs::Event<Test>;

pub(crate) const EXISTENTIAL_DEPOSIT: Balance = STN / 100;
pub(crate) const WEALTH: Balance = 1_000_000 * STN;
pub(crate) const SEAT_BOND: Balance = 100 * STN;
/// What a receipt over an even share costs.
pub(crate) const FEE: Balance = STN / 5_000;
/// What nodes of the tests claim.
pub(crate) const CLAIM: Rates = Rates { down: 20_000, up: 10_000 };
/// Blocks of an epoch.
pub(crate) const EPOCH_BLOCKS: BlockNumber = 50;
pub(crate) const DEADLINE: BlockNumber = 20;
/// Owns no node.
pub(crate) const ANYONE: AccountId = 90_000;
pub(crate) const TREASURY: AccountId = 99_000;

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
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(33)]
	pub type BandwidthProofs = pallet_bandwidth_proofs::Pallet<Test>;
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

/// Tests that need committees of another size set it before they build.
pub(crate) fn default_settings() -> BandwidthSettings {
	let Settings { bandwidth, .. } = Settings::default();
	// With the mock's period, one seat is enough for a test in every block.
	BandwidthSettings { min_total_bond: SEAT_BOND, tests_per_draw: 1, seat_tests: 2_400, rating_age: 400, ..bandwidth }
}

parameter_types! {
	/// The settings in force.
	pub static Bandwidth: BandwidthSettings = default_settings();
	pub static ClockOf: Clock = Clock { period: 20, window: 8, slot_step: 2 };
	pub static CommitteesOf: Committees = Committees { members: 5, min_nodes: 6, deadline: DEADLINE };
	/// Blocks that took no transactions.
	pub static Interrupted: Interruptions = Interruptions::default();
	/// What the parent's author has drawn.
	pub static ParentVrf: Option<Hash> = None;
	/// Another one gives other randomness to every block.
	pub static Authors: u64 = 0;
	pub static Epoch: u64 = 0;
	pub static Measured: Vec<(NodeId, Rates, Balance)> = Vec::new();
	pub const Pot: PalletId = PalletId(*b"stn/band");
	pub const SlotMillis: u64 = 6_000;
}

/// Of the block whose author has drawn.
#[derive(Debug)]
pub struct EpochOfParent;

impl Get<u64> for EpochOfParent {
	fn get() -> u64 {
		u64::from(System::block_number().saturating_sub(1) / EPOCH_BLOCKS)
	}
}

impl pallet_bandwidth_proofs::Config for Test {
	type Currency = Balances;
	type Settings = Bandwidth;
	type Committees = CommitteesOf;
	type Interruptions = Interrupted;
	type Clock = ClockOf;
	type SlotMillis = SlotMillis;
	type AuthorVrf = ParentVrf;
	type EpochIndex = Epoch;
	type DrawEpoch = EpochOfParent;
	type Registry = FakeRegistry;
	type Treasury = FakeTreasury;
	type OnMeasured = FakeRewards;
	type PalletId = Pot;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = FakeRegistry;
}

/// What the fake registry knows of a node.
#[derive(Clone, Copy, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub(crate) struct NodeRecord {
	pub operator: AccountId,
	pub agent: AgentKey,
	pub status: NodeStatus,
	pub suspended: bool,
	pub bond: Balance,
}

// In storage, so that a refused call leaves no trace here either.
#[frame_support::storage_alias]
pub type Records = StorageMap<FakeRegistry, Identity, NodeId, NodeRecord>;

#[derive(Debug)]
pub struct FakeRegistry;

impl Nodes<AccountId> for FakeRegistry {
	fn node(node: NodeId) -> Option<NodeInfo<AccountId>> {
		let NodeRecord { operator, agent, status, suspended, .. } = Records::get(node)?;
		Some(NodeInfo { operator, agent, status, suspended })
	}

	fn offer(_: NodeId, _: ResourceClass) -> Option<Offer> {
		None
	}
}

impl Bonds<AccountId> for FakeRegistry {
	fn bond(node: NodeId, class: ResourceClass) -> Balance {
		assert_eq!(class, ResourceClass::Bandwidth);
		Records::get(node).map_or(0, |record| record.bond)
	}

	fn take(_: NodeId, _: ResourceClass, _: &AccountId, _: Balance) -> Balance {
		panic!("nobody is fined for a line")
	}
}

impl crate::BenchmarkHelper<AccountId> for FakeRegistry {
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId {
		let node = (0..).map(NodeId).find(|node| !Records::contains_key(node)).unwrap();
		let bond = Balance::MAX / 4;
		Records::insert(
			node,
			NodeRecord { operator: *operator, agent, status: NodeStatus::Active, suspended: false, bond },
		);
		node
	}

	fn set_epoch(epoch: u64, vrf: Hash) {
		Epoch::set(epoch);
		ParentVrf::set(Some(vrf));
	}
}

#[derive(Debug)]
pub struct FakeTreasury;

impl Treasury<AccountId> for FakeTreasury {
	fn account() -> AccountId {
		TREASURY
	}
}

#[derive(Debug)]
pub struct FakeRewards;

impl OnMeasured for FakeRewards {
	fn on_measured(node: NodeId, rating: Rates, bond: Balance) {
		Measured::mutate(|measured| measured.push((node, rating, bond)));
	}
}

#[derive(Default)]
pub(crate) struct ExtBuilder {
	nodes: u64,
	members: Option<u8>,
}

impl ExtBuilder {
	/// So many nodes of as many operators, from [`NodeId`] 1 on, each with one seat that counts and fees for a hundred
	/// receipts.
	pub(crate) fn nodes(self, nodes: u64) -> Self {
		Self { nodes, ..self }
	}

	/// Committees of so many members, which all nodes but the tested one suffice for.
	pub(crate) fn members(self, members: u8) -> Self {
		Self { members: Some(members), ..self }
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Bandwidth::set(default_settings());
		ClockOf::set(Clock { period: 20, window: 8, slot_step: 2 });
		let members = self.members.unwrap_or(5);
		CommitteesOf::set(Committees { members, min_nodes: u32::from(members) + 1, deadline: DEADLINE });
		Interrupted::set(Interruptions::default());
		ParentVrf::set(None);
		Authors::set(0);
		Epoch::set(0);
		Measured::set(Vec::new());
		let mut storage = RuntimeGenesisConfig::default().build_storage().expect("an empty genesis builds");
		let balances = vec![(ANYONE, WEALTH), (TREASURY, EXISTENTIAL_DEPOSIT)];
		pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.expect("balances build");
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			if self.nodes == 0 {
				return;
			}
			for node in 1..=self.nodes {
				register(NodeId(node), 1);
				assert_ok!(take(NodeId(node), 1, 100 * FEE));
			}
			pause();
			thaw();
			resume();
			events();
		});
		ext
	}

	/// For what benchmarks set up: keys are made in a keystore.
	pub(crate) fn build_with_keystore(self) -> sp_io::TestExternalities {
		let mut ext = self.build();
		ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
		ext
	}

	/// Runs a test, and checks every invariant after it.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			BandwidthProofs::do_try_state().expect("invariants hold after every test");
		});
	}
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account)
}

/// The operator of a node: one for each, unless a test says otherwise.
pub(crate) fn operator(node: NodeId) -> AccountId {
	Records::get(node).map_or(1_000 + node.0, |record| record.operator)
}

pub(crate) fn agent_pair(node: NodeId) -> ed25519::Pair {
	ed25519::Pair::from_seed(&HostHasher::blake2_256(&node.encode()))
}

/// Registers a node with a bond for so many seats.
pub(crate) fn register(node: NodeId, seats: u8) {
	register_for(node, 1_000 + node.0, seats);
}

pub(crate) fn register_for(node: NodeId, operator: AccountId, seats: u8) {
	use frame_support::traits::fungible::Mutate;
	let agent = agent_pair(node).public().0;
	let bond = SEAT_BOND * Balance::from(seats);
	Records::insert(node, NodeRecord { operator, agent, status: NodeStatus::Active, suspended: false, bond });
	Balances::set_balance(&operator, WEALTH);
}

pub(crate) fn change_record(node: NodeId, change: impl FnOnce(&mut NodeRecord)) {
	Records::mutate_extant(node, change);
}

/// Takes seats for a registered node that claims [`CLAIM`].
pub(crate) fn take(node: NodeId, seats: u8, prepaid: Balance) -> DispatchResult {
	let claim = crate::Lines::<Test>::get(node).map_or(CLAIM, |line| line.claim);
	BandwidthProofs::take_seats(signed(operator(node)), node, claim, seats, prepaid)
}

pub(crate) fn line(node: NodeId) -> Line<AccountId> {
	crate::Lines::<Test>::get(node).expect("the node has a line")
}

pub(crate) fn change_line(node: NodeId, change: impl FnOnce(&mut Line<AccountId>)) {
	crate::Lines::<Test>::mutate_extant(node, change);
}

/// No draws until [`resume`].
pub(crate) fn pause() {
	Bandwidth::mutate(|settings| settings.tests_per_draw = 0);
}

pub(crate) fn resume() {
	Bandwidth::mutate(|settings| settings.tests_per_draw = 1);
}

/// What the author of `block` has drawn.
pub(crate) fn vrf_of(block: BlockNumber) -> Hash {
	HostHasher::blake2_256(&(Authors::get(), block).encode())
}

/// Runs blocks until `block` has begun.
pub(crate) fn advance_to(block: BlockNumber) {
	while System::block_number() < block {
		let now = System::block_number() + 1;
		ParentVrf::set(Some(vrf_of(now - 1)));
		Epoch::set(u64::from(now / EPOCH_BLOCKS));
		System::set_block_number(now);
		BandwidthProofs::on_initialize(now);
	}
}

pub(crate) fn advance(blocks: BlockNumber) {
	advance_to(System::block_number() + blocks);
}

/// Runs to the first block of the next epoch.
pub(crate) fn next_epoch() {
	advance_to((System::block_number() / EPOCH_BLOCKS + 1) * EPOCH_BLOCKS);
}

/// Runs to the first epoch whose draws know what is decided now.
pub(crate) fn thaw() {
	for _ in 0..FREEZE {
		next_epoch();
	}
}

/// Gives up all seats of a node and runs until the line can be removed.
pub(crate) fn retire(node: NodeId) {
	assert_ok!(BandwidthProofs::give_up_seats(signed(operator(node)), node));
	thaw();
}

/// The tests that so many more blocks draw, each ended at once.
pub(crate) fn drawn(blocks: BlockNumber) -> Vec<TestView> {
	(0..blocks)
		.filter_map(|_| {
			advance(1);
			System::reset_events();
			let view = BandwidthProofs::test(TestId { block: System::block_number(), index: 0 })?;
			change_line(view.test.node, |line| line.pending = None);
			Some(view)
		})
		.collect()
}

/// Runs until a block draws a test, and pauses.
pub(crate) fn draw() -> TestView {
	resume();
	loop {
		advance(1);
		let id = TestId { block: System::block_number(), index: 0 };
		if let Some(view) = BandwidthProofs::test(id) {
			pause();
			return view;
		}
		assert!(id.block < 100_000, "no test is drawn");
	}
}

/// Runs until a test of this node is drawn, ends all others without a measurement, and pauses.
pub(crate) fn draw_of(node: NodeId) -> TestView {
	loop {
		let view = draw();
		if view.test.node == node {
			return view;
		}
	}
}

pub(crate) fn general(call: RuntimeCall) -> Extrinsic {
	Extrinsic::new_transaction(call, (frame_system::AuthorizeCall::new(),))
}

/// What a transaction pool asks.
pub(crate) fn validate(call: RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	use frame_support::dispatch::GetDispatchInfo;
	let extrinsic = general(call);
	let (info, length) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size());
	let checked = Checkable::check(extrinsic, &frame_system::ChainContext::<Test>::default())?;
	sp_runtime::traits::Applyable::validate::<Test>(&checked, TransactionSource::External, &info, length)
}

/// What a block does with a general transaction.
pub(crate) fn apply(call: RuntimeCall) -> Result<DispatchResult, TransactionValidityError> {
	apply_extrinsic(general(call))
}

pub(crate) fn apply_extrinsic(extrinsic: Extrinsic) -> Result<DispatchResult, TransactionValidityError> {
	use frame_support::dispatch::GetDispatchInfo;
	let (info, length) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size());
	let checked = Checkable::check(extrinsic, &frame_system::ChainContext::<Test>::default())?;
	let outcome = sp_runtime::traits::Applyable::apply::<Test>(checked, &info, length)?;
	Ok(outcome.map(|_| ()).map_err(|error| error.error))
}

/// This pallet's events so far; forgets them.
pub(crate) fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet::<Event>();
	System::reset_events();
	events
}

pub(crate) fn wealth(account: AccountId) -> Balance {
	Balances::total_balance(&account)
}

/// What the account that keeps fees holds beyond what keeps it alive.
pub(crate) fn pot() -> Balance {
	wealth(BandwidthProofs::pot()) - EXISTENTIAL_DEPOSIT
}
