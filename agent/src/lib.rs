//! Substation's agent: the program beside the hardware, and what customers use.
//!
//! [`provider`] is what runs, [`bandwidth`] tests links, [`payments`] takes and gives money for bytes, [`status`] is all that
//! people and scripts read about a node; [`keys`] are the secrets of those who pay; [`commands`] joins them for whoever
//! runs the program. What talks to the chain is `substation-client`, what keeps bytes `substation-store`, what moves them
//! `substation-transport`.

#![forbid(unsafe_code)]
// All that is printed goes through `plain`.
#![warn(clippy::print_stderr, clippy::print_stdout)]

// Before all others, which print with its macro.
#[macro_use]
pub mod plain;

pub mod bandwidth;
pub mod bench;
pub mod cli;
pub mod commands;
pub mod config;
pub mod keys;
pub mod payments;
pub mod provider;
pub mod status;
