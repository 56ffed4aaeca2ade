//! The whole runtime, natively: real blocks, real signatures, real proofs, every invariant after every scenario.

mod actors;
mod bandwidth;
mod blob;
mod chain;
mod channels;
mod encoding;
mod fees;
mod governance;
mod integrity;
mod lifecycle;
mod lines;
mod measurement_cost;
mod penalties;
mod presets;
mod prove_cost;
mod state_size;
