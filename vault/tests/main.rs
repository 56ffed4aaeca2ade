//! Tests of the crate's public interface: what is written reads back, and nothing else does.
//!
//! One binary, one module per topic.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

mod bookmarks;
mod chain;
mod common;
mod footers;
mod frames;
mod keys;
mod objects;
mod one_disk;
mod packs;
mod records;
mod restore;
mod rows;
mod shards;
mod streams;
mod vectors;
