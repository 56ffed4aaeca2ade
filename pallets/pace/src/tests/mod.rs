//! One file per topic.

mod genesis;
mod interruptions;
mod readers;
mod weights;
