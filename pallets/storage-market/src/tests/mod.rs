//! One file per topic. Every case ends with a check of all invariants.

mod accept;
mod clear;
mod close;
mod dispute;
mod end_early;
mod forfeit;
mod invariants;
mod money;
mod obligations;
mod payees;
mod pool;
mod propose;
mod settle;
mod told;
