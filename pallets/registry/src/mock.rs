//! A runtime with balances, the registry, and obligations that a test sets by hand.

use crate::{self as pallet_registry, Address, Addresses, AgentSignature, NodeSpec};
use frame_support::{
	assert_ok, derive_impl, parameter_types,
	traits::{ConstU128, ConstU32},
};
use frame_system::EnsureRoot;
use sp_core::{ed25519, Pair};
use sp_runtime::{BuildStorage, DispatchResult};
use substation_primitives::{
	settings::{RegistrySettings, STN},
	traits::{Bonds, Obligations, Sanctions},
	Balance, BlockNumber, NodeId, Offer, Region, ResourceClass,
};

pub(crate) const OPERATOR: u64 = 1;
pub(crate) const OTHER: u64 = 2;
pub(crate) const TREASURY: u64 = 9;
/// An account that does not exist.
pub(crate) const NOBODY: u64 = 100;
pub(crate) const FUNDS: Balance = 10_000 * STN;
pub(crate) const EXISTENTIAL_DEPOSIT: Balance = STN / 100;
pub(crate) const MIN_BOND: Balance = 100 * STN;
pub(crate) const DEPOSIT: Balance = STN;
pub(crate) const UNBONDING: BlockNumber = 50;
pub(crate) const CLASS: ResourceClass = ResourceClass::Storage;
pub(crate) const OTHER_CLASS: ResourceClass = ResourceClass::Bandwidth;
pub(crate) const OFFER: Offer = Offer { capacity: 1 << 40, price: 1_000_000 };

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeTask,
		RuntimeHoldReason,
		RuntimeFreezeReason,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(30)]
	pub type Registry = pallet_registry;
}

type Block = frame_system::mocking::MockBlockU32<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

parameter_types! {
	/// The settings in force.
	pub static CurrentSettings: RegistrySettings =
		RegistrySettings { min_bond: MIN_BOND, node_deposit: DEPOSIT, unbonding: UNBONDING };
	/// What every node's work requires as its bond in [`CLASS`]; in [`OTHER_CLASS`] it requires nothing.
	pub static Required: Balance = 0;
	/// Whether nodes still owe something.
	pub static Obliged: bool = false;
	/// What the next catching up writes: a fine, and whether the node is ended.
	pub static Decided: Option<(Balance, bool)> = None;
	/// Who was caught up, in order.
	pub static CaughtUp: Vec<NodeId> = Vec::new();
	/// Who was forgotten, in order.
	pub static Forgotten: Vec<NodeId> = Vec::new();
}

/// Obligations that a test sets by hand.
#[derive(Debug)]
pub struct FakeObligations;

impl Obligations for FakeObligations {
	fn catch_up(node: NodeId) {
		CaughtUp::mutate(|nodes| nodes.push(node));
		if let Some((fine, ends)) = Decided::get() {
			Decided::set(None);
			Registry::take(node, CLASS, &TREASURY, fine);
			if ends {
				Registry::terminate(node);
			}
		}
	}

	fn required_bond(_: NodeId, class: ResourceClass) -> Balance {
		if class == CLASS {
			Required::get()
		} else {
			0
		}
	}

	fn is_free(_: NodeId) -> bool {
		!Obliged::get()
	}

	fn forget(node: NodeId) {
		Forgotten::mutate(|nodes| nodes.push(node));
	}
}

impl crate::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Settings = CurrentSettings;
	type Obligations = FakeObligations;
	type SuspendOrigin = EnsureRoot<u64>;
	type MaxAddresses = ConstU32<8>;
	type MaxAddressLen = ConstU32<64>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

/// Builds a chain and checks the invariants after what ran on it.
#[derive(Default)]
pub(crate) struct ExtBuilder;

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		CurrentSettings::set(RegistrySettings { min_bond: MIN_BOND, node_deposit: DEPOSIT, unbonding: UNBONDING });
		Required::set(0);
		Obliged::set(false);
		Decided::set(None);
		CaughtUp::set(Vec::new());
		Forgotten::set(Vec::new());

		let storage = RuntimeGenesisConfig {
			system: Default::default(),
			balances: pallet_balances::GenesisConfig {
				balances: vec![(OPERATOR, FUNDS), (OTHER, FUNDS), (TREASURY, EXISTENTIAL_DEPOSIT)],
				..Default::default()
			},
		}
		.build_storage()
		.expect("the mock's genesis builds");
		let mut ext = sp_io::TestExternalities::new(storage);
		// Events of the genesis block are not recorded.
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Registry::do_try_state().expect("the invariants hold");
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut ext = ExtBuilder.build();
	// Benchmarks endow their callers with more than a test needs.
	ext.execute_with(|| CurrentSettings::mutate(|settings| settings.min_bond = STN));
	ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
	ext
}

/// Where a node can stand; each is reached by its shortest way, and leaves no events behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
	Active,
	Leaving,
	Unbonding,
	Terminated,
}

impl State {
	/// A new node of [`OPERATOR`] in this state, with twice the least bond.
	pub(crate) fn create(self) -> NodeId {
		let node = crate::NextNodeId::<Test>::get();
		assert_ok!(register(OPERATOR, 2 * MIN_BOND));
		match self {
			Self::Active => (),
			Self::Leaving => {
				assert_ok!(Registry::leave(signed(OPERATOR), node));
			}
			Self::Unbonding => {
				assert_ok!(Registry::leave(signed(OPERATOR), node));
				assert_ok!(Registry::unbond(signed(OTHER), node));
			}
			Self::Terminated => Registry::terminate(node),
		}
		CaughtUp::set(Vec::new());
		System::reset_events();
		node
	}
}

pub(crate) fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn addresses(all: &[&str]) -> Addresses<Test> {
	let all: Vec<_> =
		all.iter().map(|text| Address::<Test>::try_from(text.as_bytes().to_vec()).expect("a short address")).collect();
	Addresses::<Test>::try_from(all).expect("few addresses")
}

/// The agent with this number.
pub(crate) fn agent(number: u64) -> ed25519::Pair {
	let mut seed = [1; 32];
	seed[..8].copy_from_slice(&number.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

/// The key of the agent with this number.
pub(crate) fn key(number: u64) -> [u8; 32] {
	agent(number).public().0
}

/// The word of an agent that it serves this operator.
pub(crate) fn bind(agent: &ed25519::Pair, operator: u64) -> AgentSignature {
	agent.sign(&Registry::bind_message(&operator)).0
}

/// The number that the next node will have, and its agent has here.
pub(crate) fn next() -> u64 {
	crate::NextNodeId::<Test>::get().0
}

/// Registers a node in [`CLASS`] with an agent of its own.
pub(crate) fn register(operator: u64, bond: Balance) -> DispatchResult {
	Registry::register(signed(operator), spec(), CLASS, OFFER, bond, bind(&agent(next()), operator))
}

/// What is said of the next node.
pub(crate) fn spec() -> NodeSpec<Test> {
	NodeSpec {
		agent: key(next()),
		endpoint: [2; 32],
		addresses: addresses(&["203.0.113.7:4433", "[2001:db8::7]:4433"]),
		region: Region(*b"CH"),
	}
}

pub(crate) fn held(who: u64, reason: crate::HoldReason) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&reason.into(), &who)
}

pub(crate) fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}
