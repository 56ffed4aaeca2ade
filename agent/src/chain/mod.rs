//! The chain as the agent and its commands see it: a client that knows which chain it expects, typed reads of the
//! runtime's pages, signed calls of people, free calls of the hardware.

pub mod account;
pub mod calls;
pub mod client;
pub mod compatibility;
pub mod error;
pub mod extrinsic;
pub mod follow;
pub mod free;
pub mod history;
mod shape;
pub mod signed;
#[cfg(test)]
pub(crate) mod testing;

pub use account::{AccountId, AccountKey};
pub use calls::Call;
pub use client::{BlockHash, Chain, Patience};
pub use error::ChainError;
