//! A chain with this pallet alone, a fake registry and market, and hardware that stores real bytes.

use crate as pallet_storage_proofs;
use crate::{HostHasher, NodeRecord};
use frame_support::pallet_prelude::{OptionQuery, ValueQuery};
use frame_support::{derive_impl, parameter_types, storage_alias, traits::Hooks, Twox64Concat};
use frame_system::offchain::{CreateAuthorizedTransaction, CreateTransaction, CreateTransactionBase};
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, Checkable},
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	BuildStorage, DispatchError, DispatchResult,
};
use std::collections::BTreeMap;
use substation_primitives::{
	settings::{ProofSettings, Settings},
	traits::{Bonds, Exposure, OnProven, Sanctions, StorageLedger, Treasury},
	Balance, BlockNumber, Clock, Interruptions, NodeId, Period, ResourceClass,
};
use substation_proofs::{
	challenge::Challenge,
	content::ContentOpening,
	forest::{Change, Leaf},
	prover::{self, ChunkSource, ForestTree},
	storage::StorageProof,
	Hash, Hasher,
};

pub(crate) type AccountId = u64;
pub(crate) type Header = generic::Header<u32, BlakeTwo256>;
pub(crate) type Extension = (frame_system::AuthorizeCall<Test>,);
pub(crate) type Extrinsic =
	generic::UncheckedExtrinsic<AccountId, RuntimeCall, sp_runtime::testing::UintAuthorityId, Extension>;
pub(crate) type Block = generic::Block<Header, Extrinsic>;
pub(crate) type Call = pallet_storage_proofs::Call<Test>;
pub(crate) type Error = pallet_storage_proofs::Error<Test>;
pub(crate) type Event = pallet_storage_proofs::Event<Test>;

/// Periods of 20 blocks with windows of 8.
pub(crate) const CLOCK: Clock = Clock { period: 20, window: 8, slot_step: 2 };
/// What the deals of a node pay in one period.
pub(crate) const RATE: Balance = 1_000;
/// What of its bond is its customers'.
pub(crate) const RESERVE: Balance = 7 * RATE;
/// The bond of a node.
pub(crate) const BOND: Balance = 100 * RATE;
/// Owns every node.
pub(crate) const OPERATOR: AccountId = 1;
/// Looks for misses.
pub(crate) const REPORTER: AccountId = 2;
/// Cannot receive anything.
pub(crate) const REAPED: AccountId = 3;
/// Receives fines.
pub(crate) const TREASURY: AccountId = 99;

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

	#[runtime::pallet_index(32)]
	pub type StorageProofs = pallet_storage_proofs::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

parameter_types! {
	/// The settings in force.
	pub static ProofsOf: ProofSettings = Settings::default().proofs;
	/// What the parent's author has drawn.
	pub static ParentVrf: Option<Hash> = None;
	/// Another one gives other randomness to every block.
	pub static Authors: u64 = 0;
	/// Blocks that took no transactions.
	pub static Interrupted: Interruptions = Interruptions::default();
	pub const ClockOf: Clock = CLOCK;
}

impl pallet_storage_proofs::Config for Test {
	type Settings = ProofsOf;
	type Clock = ClockOf;
	type Interruptions = Interrupted;
	type AuthorVrf = ParentVrf;
	type Registry = FakeRegistry;
	type Exposure = FakeMarket;
	type Treasury = FakeTreasury;
	type OnProven = FakeRewards;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = FakeRegistry;
}

impl<C> CreateTransactionBase<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<C> CreateTransaction<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extension = Extension;

	fn create_transaction(call: RuntimeCall, extension: Extension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<C> CreateAuthorizedTransaction<C> for Test
where
	RuntimeCall: From<C>,
{
	fn create_extension() -> Extension {
		(frame_system::AuthorizeCall::new(),)
	}
}

// In storage, so that a refused call leaves no trace here either.
#[storage_alias]
pub type Held = StorageMap<Fake, Twox64Concat, NodeId, Balance, ValueQuery>;
#[storage_alias]
pub type Purses = StorageMap<Fake, Twox64Concat, AccountId, Balance, ValueQuery>;
#[storage_alias]
pub type Rates = StorageMap<Fake, Twox64Concat, NodeId, (Balance, Balance), ValueQuery>;
#[storage_alias]
pub type Ended = StorageMap<Fake, Twox64Concat, NodeId, (), OptionQuery>;
#[storage_alias]
pub type Credits = StorageMap<Fake, Twox64Concat, NodeId, Vec<(Period, u64)>, ValueQuery>;

#[derive(Debug)]
pub struct FakeRegistry;

impl Bonds<AccountId> for FakeRegistry {
	fn bond(node: NodeId, _: ResourceClass) -> Balance {
		Held::get(node)
	}

	fn take(node: NodeId, _: ResourceClass, to: &AccountId, amount: Balance) -> Balance {
		if *to == REAPED {
			return 0;
		}
		let taken = amount.min(Held::get(node));
		Held::mutate(node, |held| *held -= taken);
		Purses::mutate(to, |purse| *purse += taken);
		taken
	}
}

impl Sanctions for FakeRegistry {
	fn terminate(node: NodeId) {
		Ended::insert(node, ());
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for FakeRegistry {
	fn prepare_node(node: NodeId) {
		employ(node);
	}

	fn reporter() -> AccountId {
		REPORTER
	}

	fn read_by_authorization(node: NodeId) -> Vec<Vec<u8>> {
		vec![Held::hashed_key_for(node), Rates::hashed_key_for(node)]
	}
}

#[derive(Debug)]
pub struct FakeMarket;

impl Exposure for FakeMarket {
	fn committed_rate(node: NodeId) -> Balance {
		Rates::get(node).0
	}

	fn reserve(node: NodeId) -> Balance {
		Rates::get(node).1
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

impl OnProven for FakeRewards {
	fn on_proven(node: NodeId, _: ResourceClass, period: Period, bytes: u64) {
		Credits::append(node, (period, bytes));
	}
}

/// Gives a node a bond, and deals to lose.
pub(crate) fn employ(node: NodeId) {
	Held::insert(node, BOND);
	Rates::insert(node, (RATE, RESERVE));
}

#[derive(Default)]
pub(crate) struct ExtBuilder;

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		ProofsOf::set(Settings::default().proofs);
		ParentVrf::set(None);
		Authors::set(0);
		Interrupted::set(Interruptions::default());
		let storage = RuntimeGenesisConfig::default().build_storage().expect("an empty genesis builds");
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| advance_to(1));
		ext
	}

	/// Runs a test, and checks every invariant after it.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			StorageProofs::do_try_state().expect("invariants hold after every test");
		});
	}
}

/// What the author of `block` has drawn.
pub(crate) fn vrf_of(block: BlockNumber) -> Hash {
	HostHasher::blake2_256(&codec::Encode::encode(&(Authors::get(), block)))
}

/// Runs blocks until `block` has begun.
pub(crate) fn advance_to(block: BlockNumber) {
	while System::block_number() < block {
		let now = System::block_number() + 1;
		ParentVrf::set(Some(vrf_of(now - 1)));
		System::set_block_number(now);
		StorageProofs::on_initialize(now);
	}
}

/// Runs until `block` has begun, without room for a transaction in any block from the next one on.
pub(crate) fn migrate_to(block: BlockNumber) {
	while System::block_number() < block {
		advance_to(System::block_number() + 1);
		Interrupted::mutate(|interruptions| interruptions.note(System::block_number()));
	}
}

pub(crate) fn opens(node: NodeId, period: Period) -> BlockNumber {
	CLOCK.opens::<HostHasher>(node, period)
}

pub(crate) fn closes(node: NodeId, period: Period) -> BlockNumber {
	CLOCK.closes::<HostHasher>(node, period)
}

pub(crate) fn current(node: NodeId) -> Period {
	StorageProofs::current(node)
}

/// Runs to the first block in which the current period of `node` can be proven.
pub(crate) fn open_window(node: NodeId) -> Period {
	let period = current(node);
	advance_to(opens(node, period) + 1);
	period
}

/// Runs to the first block after the window of the current period of `node`.
pub(crate) fn close_window(node: NodeId) -> Period {
	let period = current(node);
	advance_to(closes(node, period));
	period
}

/// Runs until `periods` more windows of `node` are closed.
pub(crate) fn close_windows(node: NodeId, periods: u32) {
	for _ in 0..periods {
		close_window(node);
	}
}

pub(crate) fn record(node: NodeId) -> NodeRecord {
	pallet_storage_proofs::NodeProofs::<Test>::get(node).expect("the node has had a deal")
}

pub(crate) fn prove_call(node: NodeId, period: Period, proof: StorageProof) -> RuntimeCall {
	RuntimeCall::StorageProofs(Call::prove { node, period, proof: Box::new(proof) })
}

/// What a transaction pool asks.
pub(crate) fn validate(call: RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	use codec::Encode;
	use frame_support::dispatch::GetDispatchInfo;
	let extrinsic = Extrinsic::new_transaction(call, (frame_system::AuthorizeCall::new(),));
	let (info, length) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size());
	let checked = Checkable::check(extrinsic, &frame_system::ChainContext::<Test>::default())?;
	sp_runtime::traits::Applyable::validate::<Test>(&checked, TransactionSource::External, &info, length)
}

/// What a block does with a general transaction.
pub(crate) fn apply(call: RuntimeCall) -> Result<DispatchResult, TransactionValidityError> {
	apply_extrinsic(Extrinsic::new_transaction(call, (frame_system::AuthorizeCall::new(),)))
}

pub(crate) fn apply_extrinsic(extrinsic: Extrinsic) -> Result<DispatchResult, TransactionValidityError> {
	use codec::Encode;
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

/// A machine with an agent: real bytes, a real forest, real proofs.
#[derive(Clone)]
pub(crate) struct Hardware {
	pub node: NodeId,
	pub tree: ForestTree,
	blobs: BTreeMap<u64, Vec<u8>>,
}

impl Hardware {
	/// A machine that stores nothing yet, with a bond.
	pub(crate) fn new(node: u64) -> Self {
		employ(NodeId(node));
		Self { node: NodeId(node), tree: ForestTree::new(node), blobs: BTreeMap::new() }
	}

	/// A machine that stores 5,000 bytes from the period before the current one on: its next window is due.
	pub(crate) fn due(node: u64) -> Self {
		let mut hardware = Self::new(node);
		hardware.store(1, 5_000);
		close_window(hardware.node);
		events();
		hardware
	}

	fn blob(deal: u64, length: usize) -> Vec<u8> {
		(0..length).map(|at| (at as u64).wrapping_mul(31).wrapping_add(deal) as u8).collect()
	}

	fn update(&mut self, slot: u32, change: Change) -> DispatchResult {
		let depth = self.tree.depth_for(slot);
		let changes = [(slot, change)];
		let proof = self.tree.update_proof(depth, &changes).expect("the change fits the tree");
		StorageProofs::catch_up(self.node);
		StorageProofs::check_update(self.node, depth, &changes, &proof)?;
		StorageProofs::update(self.node, depth, &changes, &proof)?;
		self.tree.apply(depth, &changes).expect("the chain has accepted it");
		Ok(())
	}

	pub(crate) fn try_store(&mut self, deal: u64, length: usize) -> DispatchResult {
		let blob = Self::blob(deal, length);
		let root = root_of(&blob);
		let slot = self.tree.free_slot().expect("there are 2^32 slots");
		self.update(slot, Change::Insert(Leaf { deal, root, length: length as u64 }))?;
		self.blobs.insert(deal, blob);
		Ok(())
	}

	/// Stores a blob and has it accepted on chain.
	pub(crate) fn store(&mut self, deal: u64, length: usize) {
		self.try_store(deal, length).expect("the deal is accepted");
	}

	/// Empties the slot of a deal on chain. Keeps the bytes: the current challenge may still ask for them.
	pub(crate) fn clear(&mut self, deal: u64) {
		let slot = self.tree.slot_of(deal).expect("the deal is in the tree");
		let leaf = *self.tree.get(slot).expect("the slot holds the deal");
		self.update(slot, Change::Remove(leaf)).expect("the slot is cleared");
	}

	/// Loses the bytes of a deal.
	pub(crate) fn lose(&mut self, deal: u64) {
		self.blobs.remove(&deal);
	}

	/// The challenge of the current period, with the seed that is known now.
	pub(crate) fn challenge(&self) -> Challenge {
		let page = StorageProofs::window(self.node);
		let seed = page.seed.expect("the window is open");
		Challenge {
			genesis: page.genesis,
			seed: seed.seed,
			node: self.node.0,
			period: page.period.0,
			openings: seed.openings,
		}
	}

	pub(crate) fn answer(&self) -> StorageProof {
		prover::prove(&self.tree, &self.challenge(), &mut self.clone()).expect("all bytes are there")
	}

	/// Proves the current period, whose window is open.
	pub(crate) fn prove(&self) -> Result<DispatchResult, TransactionValidityError> {
		apply(prove_call(self.node, current(self.node), self.answer()))
	}

	/// Waits for the window, proves, waits for its end.
	pub(crate) fn prove_period(&self) -> Period {
		let period = open_window(self.node);
		assert_eq!(self.prove(), Ok(Ok(())));
		close_window(self.node);
		period
	}
}

/// The BLAKE3 hash of a blob, by way of an opening of its first chunk.
fn root_of(blob: &[u8]) -> Hash {
	let opening = prover::open_bytes(blob, &[0]).expect("a blob has a first chunk");
	substation_proofs::content::root(blob.len() as u64, &[0], &opening).expect("the opening is right")
}

impl ChunkSource for Hardware {
	type Error = DispatchError;

	fn open(&mut self, leaf: &Leaf, chunks: &[u64]) -> Result<ContentOpening, DispatchError> {
		let blob = self.blobs.get(&leaf.deal).ok_or("the bytes are lost")?;
		prover::open_bytes(blob, chunks).map_err(|_| "the chunks are out of range".into())
	}
}
