//! A runtime that has nothing but the pace.

use crate as pallet_pace;
use crate::PaceLengths;
use frame_support::{
	derive_impl,
	migrations::MultiStepMigrator,
	parameter_types,
	weights::{constants::ParityDbWeight, Weight},
};
use sp_runtime::BuildStorage;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(RuntimeCall, RuntimeEvent, RuntimeError, RuntimeOrigin, RuntimeTask, RuntimeViewFunction)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Pace = pallet_pace;
}

type Block = frame_system::mocking::MockBlockU32<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type DbWeight = ParityDbWeight;
	type MultiBlockMigrator = Migrator;
}

parameter_types! {
	/// Whether a migration runs.
	pub static Migrating: bool = false;
}

/// A migration that tests begin and end.
#[derive(Debug)]
pub struct Migrator;

impl MultiStepMigrator for Migrator {
	fn ongoing() -> bool {
		Migrating::get()
	}

	fn step() -> Weight {
		Weight::zero()
	}
}

impl crate::Config for Test {}

/// Builds a chain and checks the invariants after what ran on it.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	lengths: PaceLengths,
}

impl ExtBuilder {
	pub(crate) fn lengths(mut self, lengths: PaceLengths) -> Self {
		self.lengths = lengths;
		self
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		Migrating::set(false);
		let storage = RuntimeGenesisConfig {
			system: Default::default(),
			pace: crate::GenesisConfig { lengths: self.lengths, ..Default::default() },
		}
		.build_storage()
		.expect("the mock's genesis builds");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			test();
			Pace::do_try_state().expect("the invariants hold");
		});
	}
}
