//! One topic per file. Every test that touches the chain ends with a check of all invariants.

#[path = "../../../bandwidth-proofs/src/tests/accesses.rs"]
mod accesses;
mod availability;
mod claims;
mod emission;
mod eras;
mod fees;
mod genesis;
mod history;
mod invariants;
mod leaving;
mod ledger;
mod pages;
mod pools;
mod proofs;
mod settings;
mod sizes;
mod supply;
mod usage;
