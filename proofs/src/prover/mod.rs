//! The other side of the verifier: a node's forest with all its leaves, and the answers to challenges.
//!
//! Everything here is checked against the verifier by the tests, never the other way round.

mod opening;
mod prove;
mod tree;

pub use crate::content::ContentOpening;
pub use opening::{open_bytes, open_groups, opening_from, pair_offset, GroupSource, OpenError, GROUP, GROUP_CHUNKS};
pub use prove::{challenged, prove, ChunkSource, ProveError};
pub use tree::{ForestTree, TreeError};
