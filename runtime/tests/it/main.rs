//! The whole runtime, natively: real blocks, real signatures, real proofs, every invariant after every scenario.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

#[path = "../../../pallets/bandwidth-proofs/src/tests/accesses.rs"]
mod accesses;
mod actors;
mod bandwidth;
mod benchmarks;
mod blob;
mod brake;
mod calls;
mod chain;
mod channels;
mod economy;
mod election;
mod encoding;
mod era_end;
mod fees;
mod governance;
mod governance_bodies;
mod governance_disputes;
mod governance_referenda;
mod governance_settings;
mod identity;
mod integrity;
mod lifecycle;
mod lines;
mod measurement_cost;
mod metadata;
mod migrations;
mod penalties;
mod pots;
mod presets;
mod prove_cost;
mod proxies;
mod shapes;
mod staking;
mod state_size;
mod upgrade;
mod weights;
