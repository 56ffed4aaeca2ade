//! The Substation node as a library.
//!
//! It takes the runtime as bytes and knows no pallet: everything the client asks a runtime goes through the runtime
//! APIs that [`fake_runtime_api`] names, answered by the blob in the chain's state. So this crate, whose generics take
//! minutes to compile, does not recompile when the runtime changes.
//!
//! | file | what it is about |
//! |---|---|
//! | [`cli`] | the command line, and what the node calls itself |
//! | [`command`] | what each subcommand does |
//! | [`service`] | the running node: client, pool, network, BABE, GRANDPA, off-chain workers |
//! | [`rpc`] | the RPC methods beyond those every node has |
//! | [`chain_spec`] | the chains it knows by name |
//! | [`network_key`] | the identity on the peer-to-peer network, made once |
//! | [`validator_keys`] | session keys with the proof that `session.setKeys` demands |
//! | [`agent_url`] | where the agent beside this node answers |
//! | [`committees`] | what the chain's committees bound, said at the start |
//! | [`equivocations`] | reports of validators that author twice in a slot |

#![forbid(unsafe_code)]
#![allow(clippy::result_large_err, reason = "the errors of the SDK's command line are large")]

pub mod agent_url;
pub mod chain_spec;
pub mod cli;
pub mod command;
pub mod committees;
pub mod equivocations;
pub mod fake_runtime_api;
pub mod network_key;
pub mod rpc;
pub mod service;
pub mod validator_keys;

pub use command::run;

/// A block as the node sees it: a header it understands and extrinsics it does not.
pub type Block = sp_runtime::generic::Block<Header, sp_runtime::OpaqueExtrinsic>;

/// A block's header.
pub type Header = sp_runtime::generic::Header<BlockNumber, sp_runtime::traits::BlakeTwo256>;

/// A block's hash.
pub type Hash = sp_core::H256;

/// An account.
pub type AccountId = sp_runtime::AccountId32;

/// How many transactions an account has sent.
pub type Nonce = u32;

pub use substation_primitives::{Balance, BlockNumber};

/// What the binary brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Node {
	/// The runtime's blob that the chains known by name start with.
	pub wasm: &'static [u8],
	/// What `--version`, the RPC and peers are told.
	pub version: &'static str,
}
