//! One file per topic.

mod address;
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
