//! A runtime around the pallet, with deals and nodes whose state a test can set.
//!
//! It lives in the chain's storage, so that a rolled-back call rolls it back too. A deal's escrow and a node's bond
//! lie in accounts of their own.

use crate::{self as pallet_disputes, AgentSignature, Disputes as DisputeRecords, Event, HoldReason, Standing};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	derive_impl,
	dispatch::RawOrigin,
	ensure,
	pallet_prelude::*,
	parameter_types,
	traits::{
		fungible::{InspectHold, Mutate},
		tokens::Preservation,
		Authorize, ConstU128, ConstU32, LockableCurrency, WithdrawReasons,
	},
};
use frame_system::{EnsureRoot, EnsureSignedBy};
use scale_info::TypeInfo;
use sp_core::{ed25519, Pair};
use sp_runtime::{
	traits::{Dispatchable, IdentityLookup},
	BuildStorage, StateVersion,
};
use substation_primitives::{
	settings::{DisputeSettings, Settings, STN},
	traits::{DealRefund, DealStake, DisputedDeals, Nodes, Treasury},
	Balance, DealId, Interruptions, NodeId, NodeInfo, NodeStatus, Offer, ResourceClass,
};
use substation_proofs::{authority, Hash};

pub(crate) type AccountId = u64;

pub(crate) const CUSTOMER: AccountId = 1;
pub(crate) const OPERATOR: AccountId = 2;
pub(crate) const ANYONE: AccountId = 3;
pub(crate) const POOR: AccountId = 4;
/// Decides disputes, in place of a council.
pub(crate) const COUNCIL: AccountId = 5;
pub(crate) const TREASURY: AccountId = 9;
/// Where the fake market keeps the escrow of all deals.
pub(crate) const ESCROW: AccountId = 100;
/// Where the fake registry keeps the bonds of all nodes.
pub(crate) const BONDS: AccountId = 101;

pub(crate) const EXISTENTIAL_DEPOSIT: Balance = STN / 100;
pub(crate) const WEALTH: Balance = 1_000 * STN;

pub(crate) const NODE: NodeId = NodeId(7);
/// A node whose operator owns next to nothing.
pub(crate) const POOR_NODE: NodeId = NodeId(8);
pub(crate) const DEAL: DealId = DealId(0);
pub(crate) const OTHER_DEAL: DealId = DealId(1);
/// Of the node whose operator is poor.
pub(crate) const POOR_DEAL: DealId = DealId(2);

pub(crate) const ANSWER_PERIOD: u32 = 20;
pub(crate) const DECISION_PERIOD: u32 = 30;
pub(crate) const OVERTURN_PERIOD: u32 = 40;

type Block = frame_system::mocking::MockBlockU32<Test>;

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
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(25)]
	pub type Disputes = pallet_disputes;
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

parameter_types! {
	pub storage Tunables: DisputeSettings = Settings::default().disputes;
	/// Blocks that took no transactions.
	pub storage Interrupted: Interruptions = Interruptions::default();
}

frame_support::ord_parameter_types! {
	pub const CouncilAccount: AccountId = COUNCIL;
}

impl pallet_disputes::Config for Test {
	type Currency = Balances;
	type Settings = Tunables;
	type Deals = FakeMarket;
	type Registry = FakeRegistry;
	type Treasury = FakeTreasury;
	type DecideOrigin = EnsureSignedBy<CouncilAccount, AccountId>;
	type OverturnOrigin = EnsureRoot<AccountId>;
	type AnswerPeriod = ConstU32<ANSWER_PERIOD>;
	type DecisionPeriod = ConstU32<DECISION_PERIOD>;
	type OverturnPeriod = ConstU32<OVERTURN_PERIOD>;
	type Interruptions = Interrupted;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = FakeMarket;
}

#[derive(Debug)]
pub struct FakeTreasury;

impl Treasury<AccountId> for FakeTreasury {
	fn account() -> AccountId {
		TREASURY
	}
}

/// What the fake market knows of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub(crate) struct DealRecord {
	pub customer: AccountId,
	pub node: NodeId,
	pub escrow: Balance,
	pub reserve: Balance,
	pub held_back: bool,
	/// Whether its term has ended.
	pub over: bool,
	/// How often it was settled because a dispute had ended.
	pub settled: u32,
}

#[frame_support::storage_alias]
pub type Deals = StorageMap<FakeMarket, Identity, DealId, DealRecord>;
#[frame_support::storage_alias]
pub type Operators = StorageMap<FakeRegistry, Identity, NodeId, AccountId>;

#[derive(Debug)]
pub struct FakeMarket;

impl DisputedDeals<AccountId> for FakeMarket {
	fn stake(deal: DealId) -> Option<DealStake<AccountId>> {
		let DealRecord { customer, node, escrow, reserve, over, .. } = Deals::get(deal)?;
		(!over).then_some(DealStake { customer, node, escrow, reserve })
	}

	fn hold_back(deal: DealId) -> DispatchResult {
		ensure!(!Self::is_held_back(deal), "held back already");
		Deals::mutate_extant(deal, |record| record.held_back = true);
		Ok(())
	}

	fn is_held_back(deal: DealId) -> bool {
		Deals::get(deal).is_some_and(|record| record.held_back)
	}

	/// Here the escrow of a deal that is over is its customer's.
	fn let_go(deal: DealId) {
		let record = Deals::get(deal).expect("the deal is there");
		if record.over {
			Deals::remove(deal);
			give(ESCROW, record.customer, record.escrow);
		} else {
			Deals::insert(deal, DealRecord { held_back: false, settled: record.settled + 1, ..record });
		}
	}

	fn refund(deal: DealId) -> DealRefund {
		let DealRecord { customer, escrow, reserve, .. } = Deals::take(deal).expect("the deal is there");
		give(ESCROW, customer, escrow);
		give(BONDS, customer, reserve);
		DealRefund { refunded: escrow, compensated: reserve }
	}
}

fn give(from: AccountId, to: AccountId, amount: Balance) {
	Balances::transfer(&from, &to, amount, Preservation::Preserve).expect("the money is there");
}

/// Lets a deal's term end.
pub(crate) fn end_term(deal: DealId) {
	Deals::mutate_extant(deal, |record| record.over = true);
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for FakeMarket {
	fn add_deal(customer: &AccountId, operator: &AccountId, agent: substation_primitives::AgentKey) -> DealId {
		AgentOverride::put(agent);
		Operators::insert(NODE, operator);
		Balances::set_balance(customer, WEALTH);
		Balances::set_balance(operator, WEALTH);
		let record = Deals::get(DEAL).expect("genesis makes it");
		Deals::insert(DEAL, DealRecord { customer: *customer, ..record });
		DEAL
	}

	fn end_deal(deal: DealId) {
		end_term(deal);
	}
}

/// A key that benchmarks have generated, in place of the agent's.
#[frame_support::storage_alias]
pub type AgentOverride = StorageValue<FakeRegistry, [u8; 32]>;

#[derive(Debug)]
pub struct FakeRegistry;

impl Nodes<AccountId> for FakeRegistry {
	fn node(node: NodeId) -> Option<NodeInfo<AccountId>> {
		let agent = AgentOverride::get().unwrap_or(agent_pair(node).public().0);
		Some(NodeInfo { operator: Operators::get(node)?, agent, status: NodeStatus::Active, suspended: false })
	}

	fn offer(_: NodeId, _: ResourceClass) -> Option<Offer> {
		None
	}
}

/// Builds a chain with three deals and checks the invariants after what ran on it.
#[derive(Default)]
pub(crate) struct ExtBuilder;

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		let rich = [CUSTOMER, OPERATOR, ANYONE, COUNCIL, ESCROW, BONDS].map(|account| (account, WEALTH));
		let poor = [TREASURY, POOR].map(|account| (account, EXISTENTIAL_DEPOSIT));
		let balances = rich.into_iter().chain(poor).collect();
		pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			Operators::insert(NODE, OPERATOR);
			Operators::insert(POOR_NODE, POOR);
			for (deal, node) in [(DEAL, NODE), (OTHER_DEAL, NODE), (POOR_DEAL, POOR_NODE)] {
				let (escrow, reserve) = (20 * STN, 7 * STN);
				let (held_back, over) = (false, false);
				let record = DealRecord { customer: CUSTOMER, node, escrow, reserve, held_back, over, settled: 0 };
				Deals::insert(deal, record);
			}
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
		self.build().execute_with(|| {
			test();
			Disputes::do_try_state().expect("the invariants hold");
		});
	}
}

/// What [`DEAL`] has at stake, and its least bond at that.
pub(crate) const STAKE: Balance = 27 * STN;
/// The bond of an answer.
pub(crate) const ANSWER: Balance = 10 * STN;

/// States that tests start from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
	Open,
	Silent,
	Answered,
	Undecided,
	Decided(crate::Verdict),
	Final(crate::Verdict),
}

impl State {
	/// Brings a dispute about [`DEAL`] into this state, at its first block.
	pub(crate) fn create(self) {
		frame_support::assert_ok!(Disputes::open(signed(CUSTOMER), DEAL, [1; 32], STAKE));
		match self {
			Self::Open => {}
			Self::Silent => forward(ANSWER_PERIOD),
			Self::Answered => answer(),
			Self::Undecided => {
				answer();
				forward(DECISION_PERIOD);
			}
			Self::Decided(verdict) => {
				answer();
				decide(verdict);
			}
			Self::Final(verdict) => {
				answer();
				decide(verdict);
				forward(OVERTURN_PERIOD);
			}
		}
		System::reset_events();
	}
}

fn answer() {
	frame_support::assert_ok!(Disputes::answer(signed(OPERATOR), DEAL, [2; 32]));
}

fn decide(verdict: crate::Verdict) {
	frame_support::assert_ok!(Disputes::decide(signed(COUNCIL), DEAL, verdict));
}

pub(crate) fn forward(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
}

/// Lets blocks pass that take no transactions.
pub(crate) fn migrate(blocks: u32) {
	let mut interruptions = Interrupted::get();
	for _ in 0..blocks {
		forward(1);
		interruptions.note(System::block_number());
	}
	Interrupted::set(&interruptions);
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account)
}

pub(crate) fn standing() -> Option<Standing> {
	Disputes::standing(DEAL)
}

pub(crate) fn agent_pair(node: NodeId) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[node.0 as u8; 32])
}

/// The agent's free answer to the dispute about a deal.
pub(crate) fn agent_answer(deal: DealId, evidence: Hash) -> RuntimeCall {
	let dispute = DisputeRecords::<Test>::get(deal).expect("the deal is disputed");
	let message = authority::answer_message(&Disputes::genesis(), dispute.node.0, dispute.id.0, &evidence);
	let signature: AgentSignature = agent_pair(dispute.node).sign(&message).0;
	pallet_disputes::Call::answer_by_agent { deal, evidence, signature }.into()
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

/// A customer's or an operator's bonds on hold.
pub(crate) fn bonds(account: AccountId) -> (Balance, Balance) {
	let held = |reason: HoldReason| Balances::balance_on_hold(&reason.into(), &account);
	(held(HoldReason::DisputeBond), held(HoldReason::AnswerBond))
}

/// Lets votes lock all that an account has.
pub(crate) fn lock(account: AccountId) {
	Balances::set_lock(*b"democrac", &account, WEALTH, WithdrawReasons::all());
}

/// What an account owns, on hold or not.
pub(crate) fn wealth(account: AccountId) -> Balance {
	<Balances as frame_support::traits::fungible::Inspect<AccountId>>::total_balance(&account)
}

/// This pallet's events since the last time.
pub(crate) fn events() -> Vec<Event<Test>> {
	let events = System::read_events_for_pallet::<Event<Test>>();
	System::reset_events();
	events
}
