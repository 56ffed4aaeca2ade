//! One file per topic.

mod answer;
mod concede;
mod decide;
mod execute;
mod invariants;
mod open;
mod random;
