//! Lines to the network, and what is carried over them for somebody: committee tests and payment channels.

use crate::{
	configs::{depin::ParentVrf, rewards::Credits},
	fees, governance, Balances, Registry, Runtime, Session, System,
};
use frame_support::{parameter_types, traits::Get, PalletId};

parameter_types! {
	/// From which the account is derived that keeps what is prepaid for tests and what members have earned.
	pub const TestFeesPalletId: PalletId = PalletId(*b"sb/tstfe");
}

/// Epochs so far, counted as sessions: Babe's own number skips epochs in which no block was made, and its randomness does not.
#[derive(Debug)]
pub struct EpochIndex;

impl Get<u64> for EpochIndex {
	fn get() -> u64 {
		Session::current_index().into()
	}
}

/// The epoch of the parent block, whose author's VRF draws.
#[derive(Debug)]
pub struct DrawEpoch;

impl Get<u64> for DrawEpoch {
	fn get() -> u64 {
		let (_, start) = pallet_babe::EpochStart::<Runtime>::get();
		let is_first = start == System::block_number();
		EpochIndex::get().saturating_sub(is_first.into())
	}
}

impl pallet_bandwidth_proofs::Config for Runtime {
	type Currency = Balances;
	type Settings = pallet_settings::BandwidthOf<Runtime>;
	type Committees = pallet_pace::CommitteesOf<Runtime>;
	type Interruptions = pallet_pace::InterruptionsOf<Runtime>;
	type Clock = pallet_pace::ProofClock<Runtime>;
	type SlotMillis = pallet_pace::SlotMillis<Runtime>;
	type AuthorVrf = ParentVrf;
	type EpochIndex = EpochIndex;
	type DrawEpoch = DrawEpoch;
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
	type FeeMultiplier = fees::RedemptionMultiplier;
	type Grace = pallet_pace::ChannelGrace<Runtime>;
	type Interruptions = pallet_pace::InterruptionsOf<Runtime>;
	type Treasury = governance::TreasuryPot;
	type OnRedeemed = Credits;
	type WeightInfo = pallet_payment_channels::weights::SubstrateWeight<Runtime>;
}
