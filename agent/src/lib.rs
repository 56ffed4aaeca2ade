//! Substation's agent: the program beside the hardware, and what customers use.
//!
//! [`data`] keeps, moves and proves bytes and knows nothing of any chain; [`chain`] talks to a node; [`payments`] takes
//! and gives money for bytes; [`keys`] are the secrets of those who pay; [`commands`] joins them for whoever runs the
//! program. [`plain`] keeps what strangers write from being more than data.

#![forbid(unsafe_code)]
// All that is printed goes through `plain`.
#![warn(clippy::print_stderr, clippy::print_stdout)]

// Before all others, which print with its macro.
#[macro_use]
pub mod plain;

pub mod bandwidth;
pub mod chain;
pub mod cli;
pub mod commands;
pub mod config;
pub mod data;
pub mod keys;
pub mod payments;
pub mod provider;
