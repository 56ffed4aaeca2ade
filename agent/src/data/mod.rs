//! The data plane: stores contents with their BLAKE3 trees, moves them between endpoints, and answers challenges.
//!
//! Knows nothing of any chain. What it is told and what it holds is in one folder: `blobs/` has the contents and
//! their trees, `journal.redb` the deals and the forest, `endpoint.key` the endpoint's secret, `lock` keeps a second
//! process out.

pub mod answer;
pub mod bench;
pub mod blobs;
pub mod disk;
pub mod door;
pub mod forests;
pub mod gate;
pub mod hashing;
pub mod http;
pub mod incoming;
pub mod journal;
pub mod lock;
pub mod messages;
pub mod metrics;
pub mod offer;
pub(crate) mod places;
pub mod progress;
pub mod quic;
pub mod refused;
pub mod scrub;
pub mod secret;
pub mod serve;
pub(crate) mod source;
pub mod storage;
pub mod transfer;
pub mod tree;

/// A BLAKE3 root, an account id or an endpoint id.
pub type Hash = [u8; 32];
