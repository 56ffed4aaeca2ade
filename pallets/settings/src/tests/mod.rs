//! One file per topic.

mod bounds;
mod change;
mod genesis;
mod weights;
