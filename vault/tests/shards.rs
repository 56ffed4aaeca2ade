//! Packs to shards and back.

use std::io::{sink, BufReader, Cursor};

use proptest::prelude::*;
use substation_vault::{
	footer::FOOTER,
	shard::{self, Known},
	RepairKey, Scheme, ShardNumber, UNIT,
};

use crate::common::{bytes, encode, name, pack, pack_of_rows, root_key, Packed};

fn sources(packed: &Packed, shards: impl IntoIterator<Item = u8>) -> Vec<(ShardNumber, Cursor<Vec<u8>>)> {
	let source = |shard: u8| (ShardNumber(shard), Cursor::new(packed.shards[usize::from(shard)].clone()));
	shards.into_iter().map(source).collect()
}

fn repair_key(packed: &Packed) -> RepairKey {
	packed.keys.repair_key(&packed.keys.salt(&packed.plan))
}

fn known<'a>(packed: &'a Packed, repair: &'a RepairKey) -> Known<'a> {
	Known { plan: &packed.plan, salt: packed.keys.salt(&packed.plan), repair }
}

fn decode(packed: &Packed, mut sources: Vec<(ShardNumber, Cursor<Vec<u8>>)>) -> substation_vault::Result<Vec<u8>> {
	let mut out = Vec::new();
	shard::decode(known(packed, &repair_key(packed)), &mut sources, &mut out)?;
	Ok(out)
}

#[test]
fn same_pack_has_the_same_shards() {
	for scheme in Scheme::ALL {
		let packed = pack_of_rows(scheme, 1, 2);

		assert_eq!(encode(&packed.plan, &packed.keys, &packed.bytes), (packed.shards, packed.roots));
	}
}

#[test]
fn another_pack_or_vault_has_another_salt() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 2);
	let other = pack_of_rows(Scheme::TWO_OF_6, 2, 2);
	let salt = packed.keys.salt(&packed.plan);

	assert_ne!(salt, other.keys.salt(&other.plan));
	assert_ne!(salt, root_key(8).salt(&packed.plan));
	let mut plan = packed.plan;
	plan.number = plan.number.next().unwrap();
	assert_ne!(salt, packed.keys.salt(&plan));
	plan = packed.plan;
	plan.hash[31] ^= 1;
	assert_ne!(salt, packed.keys.salt(&plan));
}

#[test]
fn data_shards_are_the_units_of_the_pack() {
	let packed = pack_of_rows(Scheme::FOUR_OF_12, 1, 3);
	for (at, unit) in packed.bytes.chunks(UNIT).enumerate() {
		let (row, shard) = (at / 4, at % 4);
		assert_eq!(&packed.shards[shard][row * UNIT..][..UNIT], unit);
	}
}

#[test]
fn changed_pack_is_noticed_while_it_is_coded() {
	let packed = pack_of_rows(Scheme::ONE_OF_3, 1, 3);
	let mut changed = packed.bytes.clone();
	changed[2 * UNIT + 5] ^= 1;
	let small = BufReader::with_capacity(1_000, &packed.bytes[..]);
	let mut shards = vec![Vec::new(); 3];
	shard::encode(&packed.plan, &packed.keys, small, &mut shards).unwrap();
	assert_eq!(shards, packed.shards, "whatever the reader's buffer");

	let coded = |bytes: &[u8]| name(shard::encode(&packed.plan, &packed.keys, bytes, &mut [sink(), sink(), sink()]));

	assert_eq!(coded(&packed.bytes), "no error");
	assert_eq!(coded(&changed), "PackMismatch");
	assert_eq!(coded(&changed[..UNIT]), "Truncated");
	assert_eq!(name(shard::encode(&packed.plan, &packed.keys, &packed.bytes[..], &mut [sink()])), "Length");
}

#[test]
fn damaged_shards_are_noticed() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 3);
	for (source, at) in [(0, 0), (1, UNIT), (0, 3 * UNIT - 1)] {
		let mut damaged = sources(&packed, [2, 5]);
		damaged[source].1.get_mut()[at] ^= 1;
		assert_eq!(name(decode(&packed, damaged)), "PackMismatch");
	}

	let mut swapped = sources(&packed, [2, 5]);
	swapped[0].1.get_mut().rotate_left(UNIT);
	assert_eq!(name(decode(&packed, swapped)), "PackMismatch", "units in another order");

	let mut exchanged = sources(&packed, [2, 5]);
	exchanged[0].0 = ShardNumber(5);
	exchanged[1].0 = ShardNumber(2);
	assert_eq!(name(decode(&packed, exchanged)), "PackMismatch", "one shard for another");

	let mut short = sources(&packed, [2, 5]);
	short[1].1.get_mut().truncate(2 * UNIT);
	assert_eq!(name(decode(&packed, short)), "Truncated");
}

#[test]
fn shard_of_another_pack_of_the_same_shape_is_noticed() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 2);
	let other = pack_of_rows(Scheme::TWO_OF_6, 2, 2);
	assert_eq!(packed.plan.shape, other.plan.shape);
	let mut mixed = sources(&packed, [0, 1]);
	mixed[1] = sources(&other, [1]).remove(0);

	assert_eq!(name(decode(&packed, mixed)), "PackMismatch");
}

#[test]
fn too_few_shards_are_refused() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let mut foreign = sources(&packed, [0, 1]);
	foreign[1].0 = ShardNumber(6);

	assert_eq!(name(decode(&packed, sources(&packed, [3]))), "TooFewUnits");
	assert_eq!(name(decode(&packed, sources(&packed, [3, 3]))), "TooFewUnits");
	assert_eq!(name(decode(&packed, foreign)), "UnknownShard");
	let repair = repair_key(&packed);
	let wanted = &mut [(ShardNumber(6), sink())];
	let rebuilt = shard::rebuild(known(&packed, &repair), &mut sources(&packed, [0, 1]), wanted);
	assert_eq!(name(rebuilt), "UnknownShard");
}

#[test]
fn all_k_data_shards_are_enough_and_further_ones_are_not_read() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 2);
	let mut sources = sources(&packed, [1, 0]);
	sources.push((ShardNumber(4), Cursor::new(Vec::new())));

	assert_eq!(decode(&packed, sources).unwrap(), packed.bytes);
	assert_eq!(decode(&packed, self::sources(&packed, [3, 3, 5])).unwrap(), packed.bytes, "one of them twice");
}

#[test]
fn shards_do_not_compress_and_show_no_plaintext() {
	let planted = b"planted plaintext that must not be in any shard";
	let key = crate::common::content_key(1);
	let mut random = crate::common::random(1);
	// Repeated text, zeros, and a gap of filling between two large objects.
	let plain = [planted.repeat(30_000), vec![0; 100_000], vec![0xff; 1_048_576]];
	let segments: Vec<_> = plain.iter().map(|plain| crate::common::stream(&key, &mut random, plain).sealed).collect();
	for scheme in Scheme::ALL {
		let packed = pack(scheme, 1, &segments, Vec::new());
		let fillings = packed.bytes.len() - segments.iter().map(Vec::len).sum::<usize>();
		assert!(fillings > 1_000, "something was filled");
		for shard in &packed.shards {
			assert!(zstd::bulk::compress(shard, 9).unwrap().len() > shard.len() - 64);
			assert!(!shard.windows(8).any(|window| planted.starts_with(window) || window == [0; 8]));
		}
		assert!(zstd::bulk::compress(&packed.shards.concat(), 9).unwrap().len() > packed.shards.concat().len());
	}
}

#[test]
fn footer_is_at_the_end_of_each_shard() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 2);
	for (at, shard) in (0..).zip(&packed.shards) {
		let footer =
			substation_vault::footer::Footer::open_as_owner(&shard[shard.len() - FOOTER..], &packed.keys).unwrap();
		footer.ensure_is(&packed.plan, ShardNumber(at)).unwrap();
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(8))]

	#[test]
	fn any_k_shards_rebuild_all_others(
		seed: u64,
		rows in 1_usize..3,
		order in Just((0..40_u8).collect::<Vec<_>>()).prop_shuffle(),
	) {
		for scheme in Scheme::ALL {
			let packed = pack_of_rows(scheme, seed, rows);
			let order: Vec<_> = order.iter().copied().filter(|shard| *shard < scheme.n()).collect();
			let (have, lost) = order.split_at(scheme.data());
			let mut wanted: Vec<_> = lost.iter().map(|shard| (ShardNumber(*shard), Vec::new())).collect();
			let repair = repair_key(&packed);

			let mut have = sources(&packed, have.iter().copied());
			let roots = shard::rebuild(known(&packed, &repair), &mut have, &mut wanted).unwrap();

			for ((shard, bytes), root) in wanted.iter().zip(roots) {
				prop_assert_eq!(bytes, &packed.shards[usize::from(shard.0)]);
				prop_assert_eq!(root, packed.roots[usize::from(shard.0)]);
			}
			have.iter_mut().for_each(|(_, source)| source.set_position(0));
			prop_assert_eq!(decode(&packed, have).unwrap(), packed.bytes);
		}
	}
}

#[test]
fn pack_of_one_unit_is_coded() {
	let packed = pack(Scheme::ONE_OF_3, 1, &[], Vec::new());

	assert_eq!(packed.plan.shape.units(), 1);
	assert_eq!(decode(&packed, sources(&packed, [2])).unwrap(), packed.bytes);
	assert_eq!(bytes(1, 0), [0; 0]);
}
