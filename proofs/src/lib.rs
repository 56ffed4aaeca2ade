#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod authority;
pub mod bandwidth;
pub mod challenge;
pub mod content;
pub mod domain;
pub mod forest;
#[cfg(feature = "prover")]
pub mod prover;
pub mod storage;
mod verified;
pub mod voucher;

pub use challenge::Challenge;
pub use content::ContentOpening;
pub use forest::{Change, Forest, ForestError, Leaf, UpdateProof};
pub use storage::{ProofError, Proven, StorageProof};
pub use verified::Verified;

/// A hash or a chaining value: 32 bytes.
pub type Hash = [u8; 32];

/// The hash of nothing: an empty slot and every empty subtree.
pub const EMPTY: Hash = [0; 32];

/// The hash function of everything but the stored bytes themselves.
///
/// A runtime passes one that calls its host function; everybody else uses [`NativeHasher`]. Both must compute
/// BLAKE2b with an output of 256 bits.
pub trait Hasher {
	/// BLAKE2b-256 of `data`.
	fn blake2_256(data: &[u8]) -> Hash;
}

/// BLAKE2b-256 compiled into the program that calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NativeHasher;

impl Hasher for NativeHasher {
	fn blake2_256(data: &[u8]) -> Hash {
		sp_crypto_hashing::blake2_256(data)
	}
}
