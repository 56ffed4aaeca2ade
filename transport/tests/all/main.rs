//! Transfers from the outside: real files, real sockets on loopback.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

mod strangers;
mod transfers;

use std::path::Path;
use substation_store::{
	hashing::{self, Commitment},
	progress::Progress,
};

/// Bytes that do not repeat in a pattern of groups.
fn bytes(length: usize, salt: u64) -> Vec<u8> {
	let mut reader = blake3::Hasher::new().update(&salt.to_le_bytes()).finalize_xof();
	let mut all = vec![0; length];
	reader.fill(&mut all);
	all
}

/// Writes a file and its outboard beside it.
fn committed(file: &Path, content: &[u8]) -> Commitment {
	std::fs::write(file, content).unwrap();
	hashing::commit(file, &file.with_extension("obao4"), 2, &Progress::silent()).unwrap()
}
