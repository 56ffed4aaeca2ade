//! Substation's agent: the program beside the hardware, and what customers use.
//!
//! [`data`] keeps, moves and proves bytes and knows nothing of any chain; [`chain`] talks to a node; [`payments`] takes
//! and gives money for bytes; [`keys`] are the secrets of those who pay; [`commands`] joins them for whoever runs the
//! program.

#![forbid(unsafe_code)]

pub mod bandwidth;
pub mod chain;
pub mod cli;
pub mod commands;
pub mod config;
pub mod data;
pub mod keys;
pub mod payments;
pub mod provider;
