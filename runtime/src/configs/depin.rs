//! Physical infrastructure: settings, nodes, deals and proofs, and how these pallets meet.

use crate::{
	configs::rewards::Credits,
	constants::{MAX_FOREST_UPDATES, MAX_NODE_ADDRESSES, MAX_NODE_ADDRESS_LENGTH},
	governance, AccountId, Babe, Balances, BandwidthProofs, Registry, Rewards, Runtime, RuntimeHoldReason,
	StorageMarket, StorageProofs,
};
use frame_support::traits::{ConstU32, Get};
use substation_primitives::{
	traits::{Nodes, Obligations},
	Balance, NodeId, ResourceClass,
};
use substation_proofs::Hash;

impl pallet_pace::Config for Runtime {}

impl pallet_settings::Config for Runtime {
	type UpdateOrigin = governance::SettingsOrigin;
	type Clock = pallet_pace::ProofClock<Runtime>;
	type WeightInfo = pallet_settings::weights::SubstrateWeight<Runtime>;
}

/// What a node owes in all classes: it goes when it owes nothing in any of them.
#[derive(Debug)]
pub struct NodeObligations;

impl Obligations for NodeObligations {
	fn catch_up(node: NodeId) {
		StorageMarket::catch_up(node);
		BandwidthProofs::catch_up(node);
	}

	fn required_bond(node: NodeId, class: ResourceClass) -> Balance {
		// Each answers for its own class and 0 for the other.
		let storage = <StorageMarket as Obligations>::required_bond(node, class);
		storage.saturating_add(<BandwidthProofs as Obligations>::required_bond(node, class))
	}

	fn is_free(node: NodeId) -> bool {
		<StorageMarket as Obligations>::is_free(node) && <BandwidthProofs as Obligations>::is_free(node)
	}

	fn forget(node: NodeId) {
		<StorageMarket as Obligations>::forget(node);
		<BandwidthProofs as Obligations>::forget(node);
		// Always: the registry forgets the node after this.
		if let Some(info) = <Registry as Nodes<AccountId>>::node(node) {
			Rewards::settle_and_forget(node, &info.operator);
		}
	}

	fn bond_lowered(node: NodeId, class: ResourceClass, left: Balance) {
		Rewards::bond_lowered(node, class, left);
	}
}

impl pallet_registry::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Settings = pallet_settings::RegistryOf<Runtime>;
	type Obligations = NodeObligations;
	type SuspendOrigin = governance::SuspendOrigin;
	type MaxAddresses = ConstU32<MAX_NODE_ADDRESSES>;
	type MaxAddressLen = ConstU32<MAX_NODE_ADDRESS_LENGTH>;
	type WeightInfo = pallet_registry::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_storage_market::Config for Runtime {
	type Currency = Balances;
	type Settings = pallet_settings::MarketOf<Runtime>;
	type RegistrySettings = pallet_settings::RegistryOf<Runtime>;
	type Registry = Registry;
	type Ledger = StorageProofs;
	type Treasury = governance::TreasuryPot;
	type OnSettled = Credits;
	type MaxUpdates = ConstU32<MAX_FOREST_UPDATES>;
	type WeightInfo = pallet_storage_market::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_disputes::Config for Runtime {
	type Currency = Balances;
	type Settings = pallet_settings::DisputesOf<Runtime>;
	type Deals = StorageMarket;
	type Registry = Registry;
	type Treasury = governance::TreasuryPot;
	type DecideOrigin = governance::DisputeOrigin;
	type OverturnOrigin = governance::DisputeOverturnOrigin;
	type AnswerPeriod = governance::AnswerPeriod;
	type DecisionPeriod = governance::DecisionPeriod;
	type OverturnPeriod = governance::OverturnPeriod;
	type Interruptions = pallet_pace::InterruptionsOf<Runtime>;
	type WeightInfo = pallet_disputes::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

/// The VRF output of the author of the parent block.
///
/// Babe writes it when a block ends, so hooks and calls of a block read its parent's.
#[derive(Debug)]
pub struct ParentVrf;

impl Get<Option<Hash>> for ParentVrf {
	fn get() -> Option<Hash> {
		Babe::author_vrf_randomness()
	}
}

impl pallet_storage_proofs::Config for Runtime {
	type Settings = pallet_settings::ProofsOf<Runtime>;
	type Clock = pallet_pace::ProofClock<Runtime>;
	type Interruptions = pallet_pace::InterruptionsOf<Runtime>;
	type AuthorVrf = ParentVrf;
	type Registry = Registry;
	type Exposure = StorageMarket;
	type Treasury = governance::TreasuryPot;
	type OnProven = Credits;
	type WeightInfo = pallet_storage_proofs::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}
