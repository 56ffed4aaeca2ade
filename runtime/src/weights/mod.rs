//! Weights of pallets of the SDK, measured on this runtime by `scripts/weights`, which writes all files of this folder but
//! this one.
//!
//! Others are the SDK's own: of pallets without benchmarks here. What the benchmarks of Babe and Grandpa measure is a part of
//! [`crate::election::EquivocationWeights`].

pub mod pallet_babe;
pub mod pallet_bags_list;
pub mod pallet_balances;
pub mod pallet_grandpa;
pub mod pallet_identity;
pub mod pallet_migrations;
pub mod pallet_multisig;
pub mod pallet_preimage;
pub mod pallet_proxy;
pub mod pallet_scheduler;
pub mod pallet_staking;
pub mod pallet_timestamp;
pub mod pallet_utility;
