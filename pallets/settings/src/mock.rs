//! A runtime that has nothing but settings.

use crate as pallet_settings;
use frame_support::{derive_impl, parameter_types, weights::constants::ParityDbWeight};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;
use substation_primitives::{settings::Settings as AllSettings, Clock};

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(RuntimeCall, RuntimeEvent, RuntimeError, RuntimeOrigin, RuntimeTask, RuntimeViewFunction)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(2)]
	pub type Settings = pallet_settings;
}

type Block = frame_system::mocking::MockBlockU32<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type DbWeight = ParityDbWeight;
}

parameter_types! {
	/// That of the public network.
	pub const ProofClock: Clock = Clock { period: 14_400, window: 600, slot_step: 10 };
}

impl crate::Config for Test {
	type UpdateOrigin = EnsureRoot<u64>;
	type Clock = ProofClock;
	type WeightInfo = ();
}

/// Builds a chain and checks the invariants after what ran on it.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	settings: AllSettings,
}

impl ExtBuilder {
	pub(crate) fn settings(mut self, settings: AllSettings) -> Self {
		self.settings = settings;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let storage = RuntimeGenesisConfig {
			system: Default::default(),
			settings: crate::GenesisConfig { settings: self.settings, ..Default::default() },
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
			Settings::do_try_state().expect("the invariants hold");
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}
