#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod answer;
pub mod blobs;
pub mod disk;
pub mod forests;
pub mod hashing;
pub mod incoming;
pub mod journal;
pub mod lock;
pub mod progress;
pub mod scrub;
pub mod storage;
pub mod tree;

/// A BLAKE3 root, an account id or an endpoint id.
pub type Hash = [u8; 32];
