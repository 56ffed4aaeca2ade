//! How fast one thread turns plaintext into shards at 8 of 20, and how fast each stage is by itself.
//!
//! `cargo run --release --package substation-vault --example throughput`
//!
//! Everything is in memory: no disk, no network. Rates are MiB of plaintext per second, the best of some rounds, because other
//! programs only ever make a round slower.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a program for whoever measures: it may stop")]

use std::{
	hint::black_box,
	io::sink,
	time::{Duration, Instant},
};

use chacha20::{
	cipher::{KeyIvInit, StreamCipher},
	ChaCha20,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use reed_solomon_simd::{
	engine::DefaultEngine,
	rate::{LowRateEncoder, RateEncoder},
};
use substation_vault::{
	frame::{sealed_length, FRAME},
	index::{Delta, DeltaHeader},
	keys::Secret,
	pack::{PackNumber, PackWriter},
	shard, ContentKey, Plan, RootKey, Scheme, UNIT,
};

const SCHEME: Scheme = Scheme::EIGHT_OF_20;
/// Rows of plaintext in a round: 256 MiB.
const ROWS: usize = 512;
const ROUNDS: usize = 7;

/// The time of the best round.
fn time(mut round: impl FnMut()) -> Duration {
	round();
	let times = (0..ROUNDS).map(|_| {
		let start = Instant::now();
		round();
		start.elapsed()
	});
	times.min().unwrap_or_default()
}

fn print(name: &str, time: Duration, bytes: usize) -> Duration {
	let mebibytes = u32::try_from(bytes >> 20).expect("small");
	println!("{name:44} {:8.0} MiB/s", f64::from(mebibytes) / time.as_secs_f64());
	time
}

/// Seals parts of 8 MiB into a pack.
fn lay_out(plain: &[u8], keys: &RootKey, content: &ContentKey, pack: Vec<u8>) -> (Plan, Vec<u8>) {
	let mut random = ChaCha20Rng::seed_from_u64(1);
	let filling = ChaCha20Rng::seed_from_u64(2);
	let mut writer = PackWriter::new(SCHEME, 1 << 13, pack, filling).unwrap();
	for part in plain.chunks(8 << 20) {
		let length = sealed_length(u64::try_from(part.len()).expect("small")).unwrap();
		let sealed = writer.append_with(length, |out| {
			let (_, mut stream) = content.seal(&mut random, out)?;
			stream.write(part)?;
			stream.finish().map(drop)
		});
		sealed.unwrap();
	}
	let number = PackNumber::FIRST;
	let header = DeltaHeader { number, time: 0, checkpoint: None, chain: Vec::new(), packs: Vec::new(), records: 0 };
	let index = keys.index_key();
	writer.finish(number, |out, random| Delta::write(&index, random, &header, [], out).map(drop)).unwrap()
}

fn main() {
	let plain = vec![0x5a; ROWS * SCHEME.row()];
	let keys = RootKey::from(Secret::from([1; 32]));
	let content = ContentKey::from(Secret::from([2; 32]));
	let mut pack = Vec::with_capacity(2 * plain.len());
	let all = time(|| {
		pack.clear();
		let (plan, bytes) = lay_out(&plain, &keys, &content, core::mem::take(&mut pack));
		let mut shards: Vec<_> = SCHEME.shards().map(|_| sink()).collect();
		black_box(shard::encode(&plan, &keys, &bytes[..], &mut shards).unwrap());
		pack = bytes;
	});

	let mut unit = vec![0; UNIT];
	let each = |scale: usize, mut stage: Box<dyn FnMut() + '_>| time(|| (0..scale).for_each(|_| stage()));
	let units = plain.len() / UNIT;
	let seal = {
		let mut random = ChaCha20Rng::seed_from_u64(1);
		let frame = plain.get(..FRAME).expect("there is more");
		each(
			units,
			Box::new(move || {
				let (_, mut stream) = content.seal(&mut random, sink()).unwrap();
				stream.write(frame).unwrap();
				black_box(stream.finish().unwrap());
			}),
		)
	};
	let hash = each(
		ROWS,
		Box::new(|| {
			let row = plain.get(..SCHEME.row()).expect("there is more");
			black_box(blake3::hash(row));
		}),
	);
	let code = {
		let mut encoder =
			LowRateEncoder::new(SCHEME.data(), SCHEME.parity(), UNIT, DefaultEngine::new(), None).unwrap();
		let row = plain.get(..SCHEME.row()).expect("there is more");
		each(
			ROWS,
			Box::new(move || {
				row.chunks(UNIT).for_each(|unit| encoder.add_original_shard(unit).unwrap());
				black_box(encoder.encode().unwrap().recovery(0));
			}),
		)
	};
	let mask = {
		let mut cipher = ChaCha20::new(&[3; 32].into(), &[0; 12].into());
		let mut sealed = 0_u32;
		each(
			ROWS * SCHEME.parity(),
			Box::new(|| {
				// The keystream of one key is shorter than all of it.
				sealed += 1;
				if sealed.is_multiple_of(1_024) {
					cipher = ChaCha20::new(&[3; 32].into(), &[0; 12].into());
				}
				cipher.apply_keystream(&mut unit);
			}),
		)
	};
	// Shards are hashed in runs of one unit.
	let roots = each(
		ROWS * usize::from(SCHEME.n()),
		Box::new(|| {
			black_box(blake3::hash(plain.get(..UNIT).expect("there is more")));
		}),
	);

	let bytes = plain.len();
	let stages = [
		print("seal frames", seal, bytes),
		print("hash the pack while it is laid out", hash, bytes),
		print("hash the pack while it is coded", hash, bytes),
		print("Reed-Solomon, 8 of 20", code, bytes),
		print("mask the parity", mask, bytes),
		print("hash all shards", roots, bytes),
	];
	let sum = print("all stages, one after the other", stages.iter().sum(), bytes);
	print("plaintext to shards and roots, one thread", all, bytes);
	println!("share of what the stages allow {:32.2}", sum.as_secs_f64() / all.as_secs_f64());
}
