//! Tests of the node's outside: its command line, the chains it knows, its keys. Nodes that run are tested in `e2e`.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	clippy::result_large_err,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

mod agent_url;
mod chain_spec;
mod cli;
mod committees;
mod equivocations;
mod network_key;
mod validator_keys;
