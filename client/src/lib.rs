#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod account;
pub mod amounts;
pub mod calls;
pub mod client;
pub mod compatibility;
pub mod error;
pub mod extrinsic;
pub mod follow;
pub mod free;
pub mod history;
pub mod measurement;
mod shape;
pub mod signed;
#[cfg(test)]
mod testing;

pub use account::{AccountId, AccountKey};
pub use calls::Call;
pub use client::{BlockHash, Chain, Patience};
pub use error::ChainError;
pub use measurement::Measurement;
