//! One file per topic.

mod address;
mod agent;
mod bond;
mod class;
mod invariants;
mod leave;
mod lookup;
mod random;
mod register;
mod sanction;
mod speech;
mod take;
