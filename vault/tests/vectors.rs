//! Test vectors for every implementation: `vectors/*.json`.
//!
//! `SUBSTATION_WRITE_VECTORS=1` writes them again. A change of a file is a change of the format.

mod index;
mod rows;
mod sealed;

use std::{fs, path::PathBuf};

use serde::Serialize;

fn path(name: &str) -> PathBuf {
	// Where cargo runs the tests: they may have been compiled in another checkout with the same target directory.
	PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("vectors").join(name)
}

/// What is committed, after writing it if asked to, must be what the code makes now.
fn ensure_committed<T: Serialize>(name: &str, now: &T) {
	let text = serde_json::to_string_pretty(now).unwrap() + "\n";
	if std::env::var_os("SUBSTATION_WRITE_VECTORS").is_some() {
		fs::write(path(name), &text).unwrap();
	}
	assert!(fs::read_to_string(path(name)).unwrap() == text, "{name} is not what the code makes now");
}

/// Long inputs of vectors: byte `i` is the highest byte of `(i + seed) 2,654,435,761 mod 2^32`.
fn pattern(seed: u32, length: usize) -> Vec<u8> {
	let byte = |at: u32| seed.wrapping_add(at).wrapping_mul(2_654_435_761).to_be_bytes()[0];
	(0..u32::try_from(length).unwrap()).map(byte).collect()
}

fn hash(bytes: &[u8]) -> String {
	blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn vectors_are_small() {
	let files = fs::read_dir(path("")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
	let total: u64 = files.sum();
	assert!((1..200_000).contains(&total), "{total}");
}
