//! Tests of the node's outside: its command line, the chains it knows, its keys. Nodes that run are tested in `e2e`.

mod agent_url;
mod chain_spec;
mod cli;
mod committees;
mod equivocations;
mod network_key;
mod validator_keys;
