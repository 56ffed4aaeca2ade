//! One file per topic.

mod answer;
mod decide;
mod execute;
mod invariants;
mod open;
mod random;
