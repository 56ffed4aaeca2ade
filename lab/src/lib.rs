//! Lines with delay and loss, and the adversaries that bandwidth tests are shown to withstand.

pub mod adversary;
pub mod link;
pub mod netns;
