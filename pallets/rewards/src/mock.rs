//! A runtime around the pallet, with real balances and real fees. Nodes and staking are fakes that do what a test says.
//!
//! What the fakes know lives in the chain's storage, so that a refused call leaves no trace there either.

use crate as pallet_rewards;
use crate::{pool, CountRemainder, CountRewards, Era, EraState, Record, Records, SplitFees, Supply, Totals};
use frame_support::{
	assert_ok, derive_impl,
	pallet_prelude::OptionQuery,
	parameter_types, storage_alias,
	traits::{
		fungible::{Balanced, Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		ConstU128, ConstU32, OnUnbalanced, TypedGet,
	},
	weights::{constants::ParityDbWeight, IdentityFee},
	BoundedVec, Identity,
};
use pallet_transaction_payment::FungibleAdapter;
use sp_runtime::{traits::Dispatchable, BuildStorage, DispatchResult, Perbill};
use sp_staking::EraPayout;
use substation_primitives::{
	rewards::{Earner, NominatorEarnings, RewardSettings, StakeEarnings},
	settings::STN,
	traits::{Nodes, Treasury},
	Balance, BlockNumber, NodeId, NodeInfo, NodeStatus, Offer, ResourceClass,
};

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlockU32<Test>;
pub(crate) type Error = pallet_rewards::Error<Test>;
pub(crate) type Event = pallet_rewards::Event<Test>;
/// What transactions pay with.
pub(crate) type Charge = FungibleAdapter<Balances, SplitFees<Test, AuthorOf>>;

pub(crate) const OPERATOR: AccountId = 1;
pub(crate) const PAYEE: AccountId = 2;
/// Pays for everything and claims for others.
pub(crate) const CUSTOMER: AccountId = 3;
/// Has no account at the start.
pub(crate) const NOBODY: AccountId = 4;
pub(crate) const AUTHOR: AccountId = 5;
pub(crate) const VALIDATOR: AccountId = 6;
pub(crate) const TREASURY: AccountId = 99;

pub(crate) const NODE: NodeId = NodeId(7);
/// Another one of the same operator.
pub(crate) const SIBLING: NodeId = NodeId(8);
/// One of an operator without an account.
pub(crate) const POOR_NODE: NodeId = NodeId(9);

pub(crate) const WEALTH: Balance = 1_000_000_000 * STN;
pub(crate) const EXISTENTIAL_DEPOSIT: Balance = STN / 100;
/// Blocks of an era at full pace.
pub(crate) const ERA: BlockNumber = 100;
/// Blocks from a proof to the latest next one.
pub(crate) const LONGEST: BlockNumber = 40;
/// What everybody stakes together.
pub(crate) const STAKED: Balance = 10_000_000 * STN;
pub(crate) const BOND: Balance = 1_000 * STN;

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
	#[runtime::pallet_index(7)]
	pub type TransactionPayment = pallet_transaction_payment::Pallet<Test>;
	#[runtime::pallet_index(40)]
	pub type Rewards = pallet_rewards::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type DbWeight = ParityDbWeight;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

#[derive_impl(pallet_transaction_payment::config_preludes::TestDefaultConfig)]
impl pallet_transaction_payment::Config for Test {
	type OnChargeTransaction = Charge;
	type WeightToFee = IdentityFee<Balance>;
	type LengthToFee = IdentityFee<Balance>;
}

parameter_types! {
	pub storage RewardsOf: RewardSettings = RewardSettings::default();
	pub storage EraBlocksOf: BlockNumber = ERA;
	/// What validators keep of their rewards before stakes are paid.
	pub storage Commission: Perbill = Perbill::from_percent(10);
	pub storage Staked: Balance = STAKED;
	pub storage AuthorOf: Option<AccountId> = Some(AUTHOR);
}

impl pallet_rewards::Config for Test {
	type Currency = Balances;
	type Settings = RewardsOf;
	type EraBlocks = EraBlocksOf;
	type Operators = FakeRegistry;
	type Nominating = FakeStaking;
	type Treasury = FakeTreasury;
	type MaxClaims = ConstU32<8>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = FakeRegistry;
}

#[derive(Debug)]
pub struct FakeTreasury;

impl Treasury<AccountId> for FakeTreasury {
	fn account() -> AccountId {
		TREASURY
	}
}

impl TypedGet for FakeTreasury {
	type Type = AccountId;

	fn get() -> AccountId {
		TREASURY
	}
}

pub(crate) type ToTreasury = frame_support::traits::tokens::imbalance::ResolveTo<FakeTreasury, Balances>;

/// Whose each node is.
#[storage_alias]
pub type Operators = StorageMap<FakeRegistry, Identity, NodeId, AccountId, OptionQuery>;

#[derive(Debug)]
pub struct FakeRegistry;

impl Nodes<AccountId> for FakeRegistry {
	fn node(node: NodeId) -> Option<NodeInfo<AccountId>> {
		let operator = Operators::get(node)?;
		Some(NodeInfo { operator, agent: [1; 32], status: NodeStatus::Active, suspended: false })
	}

	fn offer(_: NodeId, _: ResourceClass) -> Option<Offer> {
		None
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for FakeRegistry {
	fn add_node(operator: &AccountId, _: substation_primitives::AgentKey) -> NodeId {
		let id = NodeId(100 + Operators::iter_keys().count() as u64);
		Operators::insert(id, operator);
		id
	}

	fn fill_era() {}
}

/// Ends eras and pays as `pallet-staking` does.
#[derive(Debug)]
pub struct FakeStaking;

impl NominatorEarnings for FakeStaking {
	fn of_validators(validators_budget: Balance) -> Vec<StakeEarnings> {
		let earned = validators_budget - Commission::get().mul_ceil(validators_budget);
		vec![StakeEarnings { earned, staked: Staked::get() }]
	}
}

impl FakeStaking {
	/// Ends an era in which so much was staked. Says what validators will be paid and what the rest was.
	pub fn end_era(staked: Balance) -> (Balance, Balance) {
		Staked::set(&staked);
		let (validators, rest) =
			<Rewards as EraPayout<Balance>>::era_payout(staked, Balances::total_issuance(), 600_000);
		CountRemainder::<Test, ToTreasury>::on_unbalanced(Balances::issue(rest));
		(validators, rest)
	}

	/// What `payout_stakers` does at any time later.
	pub fn pay_out(to: AccountId, amount: Balance) {
		let paid = Balances::deposit(&to, amount, Precision::BestEffort).expect("the account exists");
		CountRewards::<Test>::on_unbalanced(paid);
	}
}

#[derive(Default)]
pub(crate) struct ExtBuilder;

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage =
			frame_system::GenesisConfig::<Test>::default().build_storage().expect("an empty genesis builds");
		let rich = [OPERATOR, PAYEE, CUSTOMER, AUTHOR, VALIDATOR].map(|account| (account, WEALTH));
		let balances = rich.into_iter().chain([(TREASURY, EXISTENTIAL_DEPOSIT)]).collect();
		pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.expect("balances are in order");
		// After balances, as in every runtime: it counts what is there.
		pallet_rewards::GenesisConfig::<Test>::default()
			.assimilate_storage(&mut storage)
			.expect("nothing can go wrong");
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			Operators::insert(NODE, OPERATOR);
			Operators::insert(SIBLING, OPERATOR);
			Operators::insert(POOR_NODE, NOBODY);
		});
		ext
	}

	/// Runs a test, and checks every invariant after it.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Rewards::do_try_state().expect("invariants hold after every test");
		});
	}
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account)
}

pub(crate) fn storage(node: NodeId) -> Earner<AccountId> {
	Earner::Node { node, class: ResourceClass::Storage }
}

pub(crate) fn bandwidth(node: NodeId) -> Earner<AccountId> {
	Earner::Node { node, class: ResourceClass::Bandwidth }
}

pub(crate) fn payee(account: AccountId) -> Earner<AccountId> {
	Earner::Payee(account)
}

/// A customer's payment to this earner, of which so much is destroyed. Says what is credited for it.
pub(crate) fn use_service(earner: Earner<AccountId>, burned: Balance) -> Balance {
	assert_ok!(Balances::burn_from(&CUSTOMER, burned, Preservation::Preserve, Precision::Exact, Fortitude::Force));
	Rewards::credit_usage(earner, burned);
	pool::usage(RewardsOf::get().usage, burned)
}

/// A storage proof of a node, for a bond.
pub(crate) fn prove(node: NodeId, bond: Balance) {
	Rewards::credit_availability(node, ResourceClass::Storage, bond, LONGEST);
}

/// Lets blocks pass.
pub(crate) fn wait(blocks: BlockNumber) {
	System::set_block_number(System::block_number() + blocks);
}

/// Lets a whole era pass and ends it.
pub(crate) fn run_era() -> (Balance, Balance) {
	wait(ERA);
	FakeStaking::end_era(STAKED)
}

/// Claims as a transaction does: what fails leaves no trace.
pub(crate) fn claim(caller: AccountId, nodes: &[NodeId]) -> DispatchResult {
	let nodes = BoundedVec::try_from(nodes.to_vec()).expect("within the bound");
	let call = RuntimeCall::Rewards(pallet_rewards::Call::claim { nodes });
	call.dispatch(signed(caller)).map(|_| ()).map_err(|error| error.error)
}

pub(crate) fn era() -> EraState {
	Era::<Test>::get()
}

pub(crate) fn totals() -> Totals {
	Supply::<Test>::get()
}

pub(crate) fn record(earner: Earner<AccountId>) -> Record {
	Records::<Test>::get(earner).expect("the earner has a record")
}

/// What an account owns.
pub(crate) fn wealth(account: AccountId) -> Balance {
	Balances::total_balance(&account)
}

/// Takes everything that an account has, and the account with it.
pub(crate) fn reap(account: AccountId) {
	assert_ok!(Balances::burn_from(
		&account,
		Balances::free_balance(account),
		Preservation::Expendable,
		Precision::Exact,
		Fortitude::Force,
	));
	assert!(!System::account_exists(&account));
}

pub(crate) fn change_settings(change: impl FnOnce(&mut RewardSettings)) {
	let mut settings = RewardsOf::get();
	change(&mut settings);
	assert_eq!(settings.check(), Ok(()));
	RewardsOf::set(&settings);
}

/// This pallet's events since the last time.
pub(crate) fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet::<Event>();
	System::reset_events();
	events
}
