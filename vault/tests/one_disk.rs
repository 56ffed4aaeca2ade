//! Holders of `k` shards cannot answer for another one that they have thrown away, unless they have the repair key.

use std::io::Cursor;

use substation_vault::{
	keys::Secret,
	shard::{self, Known},
	RepairKey, Scheme, ShardNumber, UNIT,
};

use crate::common::{pack_of_rows, Packed};

/// What somebody with a repair key makes of the first `k` shards from `first` on, as all others.
fn rebuilt(packed: &Packed, first: u8, repair: &RepairKey) -> Option<Vec<Vec<u8>>> {
	let scheme = packed.scheme();
	let source = |shard: u8| (ShardNumber(shard), Cursor::new(packed.shards[usize::from(shard)].clone()));
	let mut sources: Vec<_> = (first..first + scheme.k()).map(source).collect();
	let others = scheme.shards().filter(|shard| !(first..first + scheme.k()).contains(&shard.0));
	let mut wanted: Vec<_> = others.map(|shard| (shard, Vec::new())).collect();
	let known = Known { plan: &packed.plan, salt: packed.keys.salt(&packed.plan), repair };
	let good = shard::rebuild(known, &mut sources, &mut wanted).is_ok();
	good.then(|| wanted.into_iter().map(|(_, shard)| shard).collect())
}

#[test]
fn repair_key_rebuilds_the_others_bit_by_bit() {
	for scheme in Scheme::ALL {
		let packed = pack_of_rows(scheme, 1, 2);
		let repair = packed.keys.repair_key(&packed.keys.salt(&packed.plan));
		for first in [0, scheme.k(), scheme.n() - scheme.k()] {
			let kept = usize::from(first)..usize::from(first + scheme.k());
			let others = packed.shards.iter().enumerate().filter(|(at, _)| !kept.contains(at));

			let expected: Vec<_> = others.map(|(_, shard)| shard.clone()).collect();
			assert_eq!(rebuilt(&packed, first, &repair), Some(expected));
		}
	}
}

#[test]
fn without_the_repair_key_no_unit_of_another_shard_is_right() {
	for scheme in Scheme::ALL {
		let packed = pack_of_rows(scheme, 1, 2);
		let wrong = RepairKey::from(Secret::from([0; 32]));
		let repairs_of_another_pack = packed.keys.repair_key(&substation_vault::Salt([1; 32]));

		for key in [&wrong, &repairs_of_another_pack] {
			// From data shards the data is right and the parity is not; from parity shards nothing is.
			if let Some(shards) = rebuilt(&packed, 0, key) {
				for (made, real) in shards.iter().zip(&packed.shards[scheme.data()..]) {
					assert!(made.chunks(UNIT).zip(real.chunks(UNIT)).all(|(made, real)| made != real));
				}
			}
			assert_eq!(rebuilt(&packed, scheme.k(), key), None);
		}
	}
}

#[test]
fn plain_code_finds_no_stored_parity() {
	for scheme in Scheme::ALL {
		let packed = pack_of_rows(scheme, 1, 1);
		let data = packed.shards[..scheme.data()].iter().map(|shard| &shard[..UNIT]);
		let plain = reed_solomon_simd::encode(scheme.data(), scheme.parity(), data).unwrap();

		let stored = packed.shards[scheme.data()..].iter().map(|shard| &shard[..UNIT]);
		for (plain, stored) in plain.iter().zip(stored) {
			let equal = plain.iter().zip(stored).filter(|(plain, stored)| plain == stored).count();
			// One byte in 256 is equal by chance.
			assert!(equal < UNIT / 128, "{equal}");
		}
	}
}

#[test]
fn differences_of_two_packs_show_nothing() {
	// Two packs that differ in one unit: under one mask the difference of parity would be the code of that difference.
	let packed = pack_of_rows(Scheme::ONE_OF_3, 1, 2);
	let mut bytes = packed.bytes.clone();
	bytes[0] ^= 1;
	let mut plan = packed.plan;
	plan.hash = *blake3::hash(&bytes).as_bytes();
	let (shards, _) = crate::common::encode(&plan, &packed.keys, &bytes);

	let (one, other) = (&packed.shards[1][..UNIT], &shards[1][..UNIT]);
	let equal = one.iter().zip(other).filter(|(one, other)| one == other).count();
	assert!(equal < UNIT / 128, "{equal}");
}
