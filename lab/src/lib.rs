//! Lines with delay and loss, and the adversaries that bandwidth tests are shown to withstand.

#![allow(clippy::indexing_slicing, reason = "a lab ends at its first broken assumption")]

pub mod adversary;
pub mod link;
pub mod netns;
