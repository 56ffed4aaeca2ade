//! Objects over several packs: any range of any object reads back, also with shards missing.

use std::io::{Cursor, Read, Seek};

use proptest::prelude::*;
use substation_vault::{
	frame::{sealed_length, Attempt, SEALED_FRAME},
	index::{Delta, DeltaHeader, DeltaRef, Extent, PackRow, ShardRow},
	pack::{PackNumber, PackWriter},
	plan::locate,
	shard::{self, Known},
	ContentKey, Plan, RootKey, Scheme, ShardNumber, UNIT,
};

use crate::common::{bytes, encode, random, root_key, stream};

const SCHEME: Scheme = Scheme::TWO_OF_6;

/// Packs of four rows, one after the other, as a gateway fills them.
struct Vault {
	keys: RootKey,
	random: rand_chacha::ChaCha20Rng,
	open: Option<PackWriter<Vec<u8>, rand_chacha::ChaCha20Rng>>,
	/// Finished packs: plan and shards.
	packs: Vec<(Plan, Vec<Vec<u8>>)>,
	rows: Vec<PackRow>,
	chain: Vec<DeltaRef>,
}

struct Stored {
	key: ContentKey,
	attempt: Attempt,
	plain: Vec<u8>,
	extents: Vec<Extent>,
}

impl Vault {
	fn new(seed: u64) -> Self {
		let random = random(seed);
		Self { keys: root_key(7), random, open: None, packs: Vec::new(), rows: Vec::new(), chain: Vec::new() }
	}

	fn number(&self) -> PackNumber {
		PackNumber::new(self.packs.len() as u32 + 1).unwrap()
	}

	/// The room that is kept for the delta.
	const DELTA: u64 = UNIT as u64;

	fn put(&mut self, plain: Vec<u8>) -> Stored {
		let key = ContentKey::generate(&mut self.random).unwrap();
		let sealed = stream(&key, &mut self.random, &plain);
		let mut extents = Vec::new();
		let mut left = &sealed.sealed[..];
		while !left.is_empty() {
			let seed = self.packs.len() as u64;
			let new = || PackWriter::new(SCHEME, 8, Vec::new(), random(seed)).unwrap();
			let pack = self.open.get_or_insert_with(new);
			// As many whole frames as fit, or all.
			let frames =
				(0..=left.len().div_ceil(SEALED_FRAME)).rev().map(|frames| (frames * SEALED_FRAME).min(left.len()));
			let fits = frames.into_iter().find(|length| pack.has_room(*length as u64, Self::DELTA)).unwrap_or(0);
			if fits == 0 {
				self.finish();
				continue;
			}
			let offset = pack.append(&left[..fits], fits as u64).unwrap();
			extents.push(Extent { pack: self.number(), offset, length: fits as u64 });
			left = &left[fits..];
		}
		Stored { key, attempt: sealed.attempt, plain, extents }
	}

	fn finish(&mut self) {
		let (number, Some(writer)) = (self.number(), self.open.take()) else { return };
		let header = DeltaHeader {
			number,
			time: 1,
			checkpoint: None,
			chain: self.chain.clone(),
			packs: self.rows.clone(),
			records: 0,
		};
		let mut delta = None;
		let index = self.keys.index_key();
		let (plan, bytes) = writer
			.finish(number, |out, random| {
				delta = Some(Delta::write(&index, random, &header, [], out)?);
				Ok(())
			})
			.unwrap();
		let delta = delta.unwrap();
		let (shards, roots) = encode(&plan, &self.keys, &bytes);
		let shape = plan.shape;
		self.chain.push(DeltaRef { pack: number, unit: shape.delta_unit(), length: delta.length, id: delta.id });
		self.rows.push(PackRow {
			number,
			k: SCHEME.k(),
			n: SCHEME.n(),
			units: shape.units(),
			salt: self.keys.salt(&plan),
			shards: roots.into_iter().map(|root| ShardRow { root, hint: None }).collect(),
		});
		self.packs.push((plan, shards));
	}

	/// The sealed bytes of an object, from data shards, or decoded from two parity shards.
	fn sealed(&self, stored: &Stored, degraded: bool) -> Vec<u8> {
		let piece = |extent: &Extent| {
			let (plan, shards) = &self.packs[extent.pack.get() as usize - 1];
			if !degraded {
				return locate(SCHEME, extent.offset, extent.length)
					.unwrap()
					.flat_map(|piece| {
						shards[usize::from(piece.shard.0)][piece.offset as usize..][..piece.length as usize].to_vec()
					})
					.collect::<Vec<_>>();
			}
			let repair = self.keys.repair_key(&self.keys.salt(plan));
			let known = Known { plan, salt: self.keys.salt(plan), repair: &repair };
			let mut sources = [(ShardNumber(5), &shards[5][..]), (ShardNumber(3), &shards[3][..])];
			let mut bytes = Vec::new();
			shard::decode(known, &mut sources, &mut bytes).unwrap();
			bytes[extent.offset as usize..][..extent.length as usize].to_vec()
		};
		stored.extents.iter().flat_map(piece).collect()
	}
}

fn range(stored: &Stored, sealed: impl Read + Seek, range: std::ops::Range<u64>) -> Vec<u8> {
	let length = sealed_length(stored.plain.len() as u64).unwrap();
	let mut out = Vec::new();
	stored.key.open(&stored.attempt).unwrap().range(sealed, length, range, &mut out).unwrap();
	out
}

#[test]
fn object_larger_than_a_pack_spans_several() {
	let mut vault = Vault::new(1);
	let stored = vault.put(bytes(1, 1_500_000));
	vault.finish();

	let packs: Vec<_> = stored.extents.iter().map(|extent| extent.pack.get()).collect();
	assert_eq!(packs, [1, 2, 3, 4]);
	assert!(stored.extents.iter().rev().skip(1).all(|extent| (extent.length as usize).is_multiple_of(SEALED_FRAME)));
	for degraded in [false, true] {
		let sealed = vault.sealed(&stored, degraded);
		assert_eq!(range(&stored, Cursor::new(sealed), 0..1_500_000), stored.plain);
	}
}

#[test]
fn every_delta_finds_all_before_it() {
	let mut vault = Vault::new(1);
	(0..5).for_each(|seed| drop(vault.put(bytes(seed, 400_000))));
	vault.finish();

	let newest = vault.chain.last().unwrap();
	let (plan, shards) = vault.packs.last().unwrap();
	let pieces = locate(SCHEME, plan.shape.delta_offset(), newest.length.into()).unwrap();
	let bytes: Vec<_> = pieces
		.flat_map(|piece| shards[usize::from(piece.shard.0)][piece.offset as usize..][..piece.length as usize].to_vec())
		.collect();
	let read = Delta::read(&vault.keys.index_key(), newest, &bytes[..]).unwrap();

	assert_eq!(read.header.chain, vault.chain[..vault.chain.len() - 1]);
	assert_eq!(read.header.packs, vault.rows[..vault.rows.len() - 1]);
	for (row, (_, shards)) in read.header.packs.iter().zip(&vault.packs) {
		for (row, shard) in row.shards.iter().zip(shards) {
			assert_eq!(row.root.0, *blake3::hash(shard).as_bytes());
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]

	#[test]
	fn any_range_of_any_object_reads_back(
		seed: u64,
		sizes in prop::collection::vec(
			prop_oneof![0_usize..20_000, 60_000_usize..70_000, 100_000_usize..900_000],
			1..8,
		),
		ranges in prop::collection::vec((any::<u64>(), any::<u64>()), 4),
	) {
		let mut vault = Vault::new(seed);
		let stored: Vec<_> = (0..).zip(&sizes).map(|(at, size)| vault.put(bytes(seed ^ at, *size))).collect();
		vault.finish();

		for stored in &stored {
			let sealed = vault.sealed(stored, false);
			prop_assert_eq!(&vault.sealed(stored, true), &sealed);
			for (a, b) in &ranges {
				let length = stored.plain.len() as u64;
				let (a, b) = (a % (length + 1), b % (length + 1));
				let (from, to) = (a.min(b), a.max(b));
				let read = range(stored, Cursor::new(&sealed), from..to);
				prop_assert_eq!(&read[..], &stored.plain[from as usize..to as usize]);
			}
		}
	}
}
