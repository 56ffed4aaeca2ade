//! Lines with delay and loss, the adversaries that bandwidth tests are shown to withstand, and a flood of strangers.

#![allow(clippy::indexing_slicing, reason = "a lab ends at its first broken assumption")]

pub mod adversary;
pub mod flood;
pub mod link;
pub mod netns;
