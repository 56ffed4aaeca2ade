//! One topic per file. Every test ends with a check of all invariants.

mod clearing;
mod freeze;
mod interruptions;
mod ledger;
mod lifetimes;
mod misses;
mod offchain;
mod pages;
mod penalties;
mod prove;
mod reports;
mod seeds;
mod sizes;
mod spam;
mod vectors;
