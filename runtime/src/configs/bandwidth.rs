//! Lines to the network, and what is carried over them for somebody: committee tests and payment channels.

use crate::{
	configs::{depin::ParentVrf, rewards::Credits},
	governance, Babe, Balances, Registry, Runtime,
};
use frame_support::{parameter_types, traits::Get, PalletId};

parameter_types! {
	/// From which the account is derived that keeps what is prepaid for tests and what members have earned.
	pub const TestFeesPalletId: PalletId = PalletId(*b"sb/tstfe");
}

/// The number of Babe's present epoch. It only grows.
#[derive(Debug)]
pub struct EpochIndex;

impl Get<u64> for EpochIndex {
	fn get() -> u64 {
		Babe::epoch_index()
	}
}

impl pallet_bandwidth_proofs::Config for Runtime {
	type Currency = Balances;
	type Settings = pallet_settings::BandwidthOf<Runtime>;
	type Committees = pallet_pace::CommitteesOf<Runtime>;
	type Clock = pallet_pace::ProofClock<Runtime>;
	type SlotMillis = pallet_pace::SlotMillis<Runtime>;
	type AuthorVrf = ParentVrf;
	type EpochIndex = EpochIndex;
	type Registry = Registry;
	type Treasury = governance::TreasuryPot;
	type OnMeasured = Credits;
	type PalletId = TestFeesPalletId;
	type WeightInfo = pallet_bandwidth_proofs::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_payment_channels::Config for Runtime {
	type Currency = Balances;
	type Settings = pallet_settings::ChannelsOf<Runtime>;
	type Grace = pallet_pace::ChannelGrace<Runtime>;
	type Treasury = governance::TreasuryPot;
	type OnRedeemed = Credits;
	type WeightInfo = pallet_payment_channels::weights::SubstrateWeight<Runtime>;
}
