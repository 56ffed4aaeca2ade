//! Tests of the crate's public interface: the prover against the verifier, both against other implementations, and
//! against whoever wants to be paid for bytes that they do not have.
//!
//! One binary, one module per topic.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

mod attacks;
mod bandwidth;
mod common;
mod content;
mod forest;
mod line;
mod messages;
mod properties;
mod sizes;
mod vectors;
