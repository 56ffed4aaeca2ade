//! No two streams under one key.

use std::collections::HashSet;

use proptest::prelude::*;
use substation_vault::{frame::SEALED_FRAME, index::Delta, ContentKey, PackNumber};

use crate::common::{bytes, derive, first_header, nonce, random, root_key, seal, stream};

/// What a gateway does that seals something, or looks as if it did.
#[derive(Clone, Copy, Debug)]
enum Command {
	/// A new version of an object in one piece.
	Put,
	/// A part of the newest version, whether or not it was sent before: bytes may differ, the number may be the same.
	Part,
	/// A copy shares extents and key, and seals nothing.
	Copy,
	/// A merge seals the newest version again.
	Reseal,
	/// An index delta, also of a pack that was written before.
	Delta,
}

fn command() -> impl Strategy<Value = Command> {
	prop_oneof![
		2 => Just(Command::Put),
		4 => Just(Command::Part),
		1 => Just(Command::Copy),
		1 => Just(Command::Reseal),
		2 => Just(Command::Delta),
	]
}

/// Keys and nonces of all frames of a stream, after a look that the first frame is sealed under them.
fn pairs(key: [u8; 32], sealed: &[u8], first: Option<&[u8]>) -> Vec<([u8; 32], [u8; 12])> {
	let frames = sealed.len().div_ceil(SEALED_FRAME) as u64;
	if let Some(first) = first {
		let expected = seal(&key, nonce(0, frames == 1), &[1], first);
		assert_eq!(sealed[..expected.len()], expected);
	}
	(0..frames).map(|frame| (key, nonce(frame, frame + 1 == frames))).collect()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn no_nonce_is_used_twice_under_a_key(
		seed: u64,
		schedule in prop::collection::vec((command(), 0_usize..140_000), 1..30),
	) {
		let mut random = random(seed);
		let index = root_key(1).index_key();
		let mut key = ContentKey::generate(&mut random).unwrap();
		let mut used = HashSet::new();
		let mut count = 0;
		for (at, (command, size)) in (0..).zip(schedule) {
			let now = match command {
				Command::Copy => continue,
				Command::Delta => {
					let mut out = Vec::new();
					Delta::write(&index, &mut random, &first_header(0), [], &mut out).unwrap();
					let key = derive("delta", &[index.secret().expose(), &out[..32]]);
					pairs(key, &out[32..], None)
				},
				Command::Put | Command::Part | Command::Reseal => {
					if matches!(command, Command::Put) {
						key = ContentKey::generate(&mut random).unwrap();
					}
					let plain = bytes(at, size);
					let stream = stream(&key, &mut random, &plain);
					let key = derive("frames", &[key.secret().expose(), &stream.attempt.0]);
					pairs(key, &stream.sealed, Some(&plain[..size.min(65_520)]))
				},
			};
			count += now.len();
			used.extend(now);
		}

		prop_assert_eq!(used.len(), count);
	}
}

#[test]
fn two_deltas_of_one_pack_share_no_key() {
	let index = root_key(1).index_key();
	let mut random = random(1);
	let mut write = || {
		let mut out = Vec::new();
		let delta = Delta::write(&index, &mut random, &first_header(0), [], &mut out).unwrap();
		(delta.id, out)
	};
	let (one, other) = (write(), write());

	assert_ne!(one.0, other.0);
	assert_ne!(one.1[32..], other.1[32..]);
	assert_eq!(first_header(0).number, PackNumber::FIRST);
}
