//! One file per topic.

mod answer;
mod concede;
mod decide;
mod execute;
mod interruptions;
mod invariants;
mod open;
mod random;
