//! One topic per file. Every test ends with a check of all invariants.

mod close;
mod congestion;
mod errors;
mod history;
mod interruptions;
mod invariants;
mod money;
mod open;
mod pages;
mod payees;
mod pool;
mod races;
mod redeem;
mod replays;
mod sizes;
