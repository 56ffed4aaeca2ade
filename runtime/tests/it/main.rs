//! The whole runtime, natively: real blocks, real signatures, real proofs, every invariant after every scenario.

mod actors;
mod bandwidth;
mod blob;
mod chain;
mod channels;
mod economy;
mod encoding;
mod fees;
mod governance;
mod governance_bodies;
mod governance_disputes;
mod governance_referenda;
mod governance_settings;
mod integrity;
mod lifecycle;
mod lines;
mod measurement_cost;
mod metadata;
mod penalties;
mod presets;
mod prove_cost;
mod state_size;
mod upgrade;
