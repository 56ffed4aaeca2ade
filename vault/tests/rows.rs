//! One row: any `k` units restore it, and the code is the one that is specified.

use proptest::prelude::*;
use substation_vault::{keys::Secret, parity::RowCoder, RepairKey, Scheme, ShardNumber, MAX_UNITS, UNIT};

use crate::common::{bytes, name};

fn coder(scheme: Scheme) -> RowCoder {
	RowCoder::new(scheme, &RepairKey::from(Secret::from([5; 32]))).unwrap()
}

/// The parity of a row, one unit after the other.
pub(crate) fn parity(coder: &mut RowCoder, row: u32, data: &[u8]) -> substation_vault::Result<Vec<u8>> {
	let mut parity = Vec::new();
	coder.encode(row, data, |_, unit| {
		parity.extend_from_slice(unit);
		Ok(())
	})?;
	Ok(parity)
}

/// All units of a row, as shards store them.
fn row(scheme: Scheme, row: u32, seed: u64) -> Vec<(ShardNumber, Vec<u8>)> {
	let mut units = bytes(seed, scheme.row());
	let parity = parity(&mut coder(scheme), row, &units).unwrap();
	units.extend(parity);
	scheme.shards().zip(units.chunks(UNIT).map(<[u8]>::to_vec)).collect()
}

fn decode(scheme: Scheme, at: u32, units: &[(ShardNumber, Vec<u8>)]) -> substation_vault::Result<Vec<u8>> {
	let units: Vec<_> = units.iter().map(|(shard, unit)| (*shard, &unit[..])).collect();
	let mut data = vec![0; scheme.row()];
	coder(scheme).decode(at, &units, &mut data)?;
	Ok(data)
}

fn data(units: &[(ShardNumber, Vec<u8>)], scheme: Scheme) -> Vec<u8> {
	units[..scheme.data()].iter().flat_map(|(_, unit)| unit.clone()).collect()
}

#[test]
fn parity_alone_restores_the_data() {
	for scheme in Scheme::ALL {
		let units = row(scheme, 3, 1);
		assert_eq!(decode(scheme, 3, &units[scheme.data()..][..scheme.data()]).unwrap(), data(&units, scheme));
		assert_eq!(decode(scheme, 3, &units[units.len() - scheme.data()..]).unwrap(), data(&units, scheme));
	}
}

#[test]
fn mask_depends_on_row_shard_and_key() {
	let scheme = Scheme::ONE_OF_3;
	let units = row(scheme, 0, 1);

	// With one data unit, each parity unit is that unit under its mask.
	assert_ne!(units[1].1, units[0].1);
	assert_ne!(units[1].1, units[2].1);
	assert_ne!(units[1].1, row(scheme, 1, 1)[1].1);
	let mut other = RowCoder::new(scheme, &RepairKey::from(Secret::from([6; 32]))).unwrap();
	assert_ne!(parity(&mut other, 0, &units[0].1).unwrap()[..UNIT], units[1].1);
}

#[test]
fn units_of_another_row_do_not_decode() {
	let scheme = Scheme::FOUR_OF_12;
	let units = row(scheme, 1, 1);

	assert_ne!(decode(scheme, 2, &units[4..]).unwrap(), data(&units, scheme));
}

#[test]
fn unmasked_parity_does_not_decode() {
	for scheme in Scheme::ALL {
		let mut units = row(scheme, 0, 1);
		let expected = data(&units, scheme);
		let originals: Vec<_> = units[..scheme.data()].iter().map(|(_, unit)| unit.clone()).collect();
		let plain = reed_solomon_simd::encode(scheme.data(), scheme.parity(), originals).unwrap();
		for ((_, unit), plain) in units[scheme.data()..].iter_mut().zip(plain) {
			assert_ne!(*unit, plain);
			*unit = plain;
		}

		assert_ne!(decode(scheme, 0, &units[scheme.data()..]).unwrap(), expected);
	}
}

#[test]
fn too_few_or_wrong_units_are_refused() {
	let scheme = Scheme::TWO_OF_6;
	let units = row(scheme, 0, 1);

	assert_eq!(name(decode(scheme, 0, &[])), "TooFewUnits");
	assert_eq!(name(decode(scheme, 0, &units[..1])), "TooFewUnits");
	assert_eq!(name(decode(scheme, 0, &[units[3].clone(), units[3].clone()])), "TooFewUnits", "the same twice");
	assert_eq!(name(decode(scheme, 0, &[units[0].clone(), (ShardNumber(6), units[1].1.clone())])), "UnknownShard");
	assert_eq!(name(decode(scheme, 0, &[units[0].clone(), (ShardNumber(1), vec![0; UNIT - 1])])), "Length");
	assert_eq!(name(decode(scheme, MAX_UNITS, &units[2..])), "Limit");
	assert_eq!(name(parity(&mut coder(scheme), 0, &[0; UNIT])), "Length");
	assert_eq!(name(parity(&mut coder(scheme), 0, &[0; 3 * UNIT])), "Length");
	assert_eq!(name(parity(&mut coder(scheme), MAX_UNITS, &[0; 2 * UNIT])), "Limit");
}

#[test]
fn coder_is_usable_after_an_error() {
	let scheme = Scheme::TWO_OF_6;
	let units = row(scheme, 0, 1);
	let mut coder = coder(scheme);
	let mut out = vec![0; scheme.row()];

	assert_eq!(
		name(coder.decode(MAX_UNITS, &[(units[2].0, &units[2].1), (units[3].0, &units[3].1)], &mut out)),
		"Limit"
	);
	coder.decode(0, &[(units[4].0, &units[4].1), (units[3].0, &units[3].1)], &mut out).unwrap();

	assert_eq!(out, data(&units, scheme));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]

	#[test]
	fn any_units_restore_the_data(seed: u64, at in 0..MAX_UNITS, order in Just((0..40_u8).collect::<Vec<_>>()).prop_shuffle()) {
		for scheme in Scheme::ALL {
			let units = row(scheme, at, seed);
			let chosen = order.iter().filter(|shard| **shard < scheme.n()).take(scheme.data());
			let chosen: Vec<_> = chosen.map(|shard| units[usize::from(*shard)].clone()).collect();

			prop_assert_eq!(decode(scheme, at, &chosen).unwrap(), data(&units, scheme));
		}
	}
}
