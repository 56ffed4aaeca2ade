//! The Substation runtime: every pallet assembled, one blob for every network.
//!
//! What differs between networks is in their genesis: `pallet-pace` holds the lengths of time, `pallet-settings` the
//! tunables, and [`genesis_presets`] names the combinations. Who may do what beyond ordinary accounts is one table,
//! [`governance`].

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "256"]
#![allow(missing_docs, reason = "the runtime macro writes its items into this module")]

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
#[warn(missing_docs)]
pub mod brake;
#[warn(missing_docs)]
pub mod budget;
#[warn(missing_docs)]
pub mod configs;
#[warn(missing_docs)]
pub mod constants;
#[warn(missing_docs)]
pub mod database_weight;
#[warn(missing_docs)]
pub mod election;
#[warn(missing_docs)]
pub mod fees;
#[warn(missing_docs)]
pub mod genesis_presets;
#[warn(missing_docs)]
pub mod governance;
#[cfg(feature = "try-runtime")]
#[warn(missing_docs)]
pub mod invariants;
#[warn(missing_docs)]
pub mod migrations;
mod pages;
mod pots;
// Macros look it up in every build. Nothing of it is in one that is no rehearsal.
#[warn(missing_docs)]
pub mod rehearsal;
#[warn(missing_docs)]
pub mod transactions;
#[warn(missing_docs)]
pub mod weights;

#[cfg(feature = "std")]
pub use apis::RuntimeApi;
pub use substation_primitives::{Balance, BlockNumber};
pub use transactions::TxExtension;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

include!(concat!(env!("OUT_DIR"), "/version.rs"));

/// A signature of an account.
pub type Signature = MultiSignature;
/// An account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An account as transactions name it.
pub type Address = MultiAddress<AccountId, ()>;
/// Number of transactions that an account has sent.
pub type Nonce = u32;
/// A hash.
pub type Hash = sp_core::H256;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A transaction or inherent as it travels.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a user signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Runs blocks.
pub type Executive =
	frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

sp_runtime::impl_opaque_keys! {
	/// The keys of a validator.
	pub struct SessionKeys {
		/// Votes for finality.
		pub grandpa: Grandpa,
		/// Authors blocks.
		pub babe: Babe,
	}
}

/// The pallets by index. Indices are part of every encoding and never reused; hooks run in their order, so that seeds
/// of windows see the randomness that Babe left.
#[frame_support::runtime]
mod runtime {
	/// The runtime.
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
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Pace = pallet_pace;
	#[runtime::pallet_index(2)]
	pub type Settings = pallet_settings;
	#[runtime::pallet_index(3)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(4)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(5)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(7)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(8)]
	pub type Staking = pallet_staking;
	#[runtime::pallet_index(9)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(10)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(11)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(12)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(13)]
	pub type VoterList = pallet_bags_list;
	#[runtime::pallet_index(14)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(15)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(16)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(17)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(18)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(19)]
	pub type Identity = pallet_identity;

	#[runtime::pallet_index(20)]
	pub type Democracy = pallet_democracy;
	#[runtime::pallet_index(21)]
	pub type Council = pallet_collective<Instance1>;
	#[runtime::pallet_index(22)]
	pub type TechnicalCommittee = pallet_collective<Instance2>;
	#[runtime::pallet_index(23)]
	pub type Elections = pallet_elections_phragmen;
	#[runtime::pallet_index(24)]
	pub type Treasury = pallet_treasury;
	#[runtime::pallet_index(25)]
	pub type Disputes = pallet_disputes;
	#[runtime::pallet_index(26)]
	pub type TxPause = pallet_tx_pause;
	#[runtime::pallet_index(27)]
	pub type MultiBlockMigrations = pallet_migrations;

	#[runtime::pallet_index(30)]
	pub type Registry = pallet_registry;
	#[runtime::pallet_index(31)]
	pub type StorageMarket = pallet_storage_market;
	#[runtime::pallet_index(32)]
	pub type StorageProofs = pallet_storage_proofs;
	#[runtime::pallet_index(33)]
	pub type BandwidthProofs = pallet_bandwidth_proofs;
	#[runtime::pallet_index(34)]
	pub type PaymentChannels = pallet_payment_channels;

	#[runtime::pallet_index(40)]
	pub type Rewards = pallet_rewards;

	#[cfg(feature = "rehearsal")]
	#[runtime::pallet_index(255)]
	pub type Novelty = rehearsal;
}

#[cfg(feature = "rehearsal")]
impl rehearsal::Config for Runtime {}
