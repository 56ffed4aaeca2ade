//! One file per topic.

mod genesis;
mod readers;
mod weights;
