//! The whole runtime, natively: real blocks, real signatures, real proofs, every invariant after every scenario.

mod actors;
mod chain;
mod encoding;
mod fees;
mod governance;
mod integrity;
mod lifecycle;
mod penalties;
mod presets;
mod prove_cost;
mod state_size;
