//! Rows, masks, footers and roots.

use serde::Serialize;
use substation_vault::{
	footer::Footer, keys::Secret, pack::PackNumber, parity::RowCoder, plan::Shape, Plan, RepairKey, Scheme,
	ShardNumber, UNIT,
};

use super::{ensure_committed, hash, pattern};
use crate::{
	common::{encode, root_key},
	rows::parity,
};

#[derive(Serialize)]
struct Row {
	k: u8,
	n: u8,
	repair_key: String,
	row: u32,
	/// Of the data, which is `pattern(seed, 65,536 k)`.
	seed: u32,
	parity: Vec<Parity>,
}

#[derive(Serialize)]
struct Parity {
	shard: u8,
	/// The first 16 bytes and the BLAKE3 hash of the unit before it is masked.
	plain_start: String,
	plain_hash: String,
	/// The same as it is stored.
	stored_start: String,
	stored_hash: String,
}

#[test]
fn rows_match_the_vectors() {
	let rows: Vec<_> = (1..)
		.zip(Scheme::ALL)
		.map(|(at, scheme)| row(scheme, at, [0, 1, 77, 16_383, 262_143][at as usize - 1]))
		.collect();

	ensure_committed("rows.json", &rows);
}

fn row(scheme: Scheme, seed: u32, row: u32) -> Row {
	let key = [seed as u8; 32];
	let data = pattern(seed, scheme.row());
	let plain = reed_solomon_simd::encode(scheme.data(), scheme.parity(), data.chunks(UNIT)).unwrap();
	let mut coder = RowCoder::new(scheme, &RepairKey::from(Secret::from(key))).unwrap();
	let stored = parity(&mut coder, row, &data).unwrap();
	let parity = plain.iter().zip(stored.chunks(UNIT)).zip(scheme.k()..).map(|((plain, stored), shard)| Parity {
		shard,
		plain_start: hex::encode(&plain[..16]),
		plain_hash: hash(plain),
		stored_start: hex::encode(&stored[..16]),
		stored_hash: hash(stored),
	});
	Row { k: scheme.k(), n: scheme.n(), repair_key: hex::encode(key), row, seed, parity: parity.collect() }
}

#[derive(Serialize)]
struct Mask {
	repair_key: String,
	shard: u8,
	row: u32,
	/// The first 32 bytes and the BLAKE3 hash of the 65,536 bytes of keystream.
	start: String,
	hash: String,
}

#[test]
fn masks_match_the_vectors() {
	let masks: Vec<_> = [(1, 0), (1, 1), (2, 0), (2, 262_143)].map(|(shard, row)| mask([8; 32], shard, row)).into();

	ensure_committed("masks.json", &masks);
}

/// One of three codes a unit of zeros to zeros: what is stored is the mask.
fn mask(key: [u8; 32], shard: u8, row: u32) -> Mask {
	let mut coder = RowCoder::new(Scheme::ONE_OF_3, &RepairKey::from(Secret::from(key))).unwrap();
	let parity = parity(&mut coder, row, &[0; UNIT]).unwrap();
	let unit = &parity[(usize::from(shard) - 1) * UNIT..][..UNIT];
	Mask { repair_key: hex::encode(key), shard, row, start: hex::encode(&unit[..32]), hash: hash(unit) }
}

#[derive(Serialize)]
struct Pack {
	root_key: String,
	k: u8,
	n: u8,
	number: u32,
	units: u32,
	delta_unit: u32,
	delta_length: u32,
	/// Of the pack's bytes, which are `pattern(seed, 65,536 units)`.
	seed: u32,
	pack_hash: String,
	salt: String,
	repair_key: String,
	/// The footer of shard `n - 1`.
	footer: String,
	/// BLAKE3 of all shards, in order.
	roots: Vec<String>,
}

#[test]
fn shards_match_the_vectors() {
	let packs: Vec<_> = (1..).zip(Scheme::ALL).map(|(at, scheme)| pack(scheme, at)).collect();

	ensure_committed("shards.json", &packs);
}

fn pack(scheme: Scheme, seed: u32) -> Pack {
	let keys = root_key(seed as u8);
	let units = 2 * u32::from(scheme.k());
	let shape = Shape::new(scheme, units, units - 1, 1_000 + seed).unwrap();
	let bytes = pattern(seed, units as usize * UNIT);
	let plan = Plan { number: PackNumber::new(seed * 1_000).unwrap(), shape, hash: *blake3::hash(&bytes).as_bytes() };
	let (_, roots) = encode(&plan, &keys, &bytes);
	let salt = keys.salt(&plan);
	let repair = keys.repair_key(&salt);
	let footer = Footer { shard: ShardNumber(scheme.n() - 1), salt, plan }.seal(&repair).unwrap();
	assert_eq!(Footer::open_as_owner(&footer, &keys).unwrap().plan, plan);
	Pack {
		root_key: hex::encode(keys.secret().expose()),
		k: scheme.k(),
		n: scheme.n(),
		number: plan.number.get(),
		units,
		delta_unit: shape.delta_unit(),
		delta_length: shape.delta_length(),
		seed,
		pack_hash: hex::encode(plan.hash),
		salt: hex::encode(salt.0),
		repair_key: hex::encode(repair.secret().expose()),
		footer: hex::encode(footer),
		roots: roots.iter().map(|root| hex::encode(root.0)).collect(),
	}
}
