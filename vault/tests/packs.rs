//! What lies where in a pack.

use std::io::Cursor;

use proptest::prelude::*;
use substation_vault::{
	frame::sealed_length,
	index::Delta,
	pack::{PackNumber, PackWriter, ALIGNED_SEGMENT},
	plan::{locate, Shape},
	Plan, Result, Scheme, MAX_UNITS, UNIT,
};

use crate::common::{bytes, first_header, name, pack, random, root_key};

const EDGE: u64 = UNIT as u64;

fn finish<W: std::io::Write>(writer: PackWriter<W, rand_chacha::ChaCha20Rng>) -> Result<(Plan, W)> {
	writer.finish(PackNumber::FIRST, |out, random| {
		Delta::write(&root_key(1).index_key(), random, &first_header(0), [], out).map(drop)
	})
}

#[test]
fn small_segments_stay_within_a_unit() {
	let mut writer = PackWriter::new(Scheme::TWO_OF_6, 100, Vec::new(), random(1)).unwrap();
	let mut append = |length: usize| writer.append(&bytes(1, length)[..], length as u64).unwrap();

	assert_eq!(append(40_000), 0);
	assert_eq!(append(25_536), 40_000, "ends at the edge");
	assert_eq!(append(1), EDGE);
	assert_eq!(append(65_536), 2 * EDGE, "does not fit behind one byte");
	assert_eq!(append(65_535), 3 * EDGE);
	assert_eq!(append(2), 4 * EDGE, "would cross");
	assert_eq!(append(65_537), 4 * EDGE + 2, "is larger than a unit");
}

#[test]
fn large_segments_begin_at_a_unit() {
	let mut writer = PackWriter::new(Scheme::TWO_OF_6, 100, Vec::new(), random(1)).unwrap();
	let mut append = |length: u64| writer.append(&bytes(1, length as usize)[..], length).unwrap();

	assert_eq!(append(100), 0);
	assert_eq!(append(ALIGNED_SEGMENT - 1), 100);
	assert_eq!(append(ALIGNED_SEGMENT), 17 * EDGE);
	assert_eq!(append(ALIGNED_SEGMENT), 33 * EDGE);
}

#[test]
fn delta_begins_at_a_unit_and_the_pack_ends_with_a_row() {
	for scheme in Scheme::ALL {
		let packed = pack(scheme, 1, &[bytes(1, 100_000)], Vec::new());
		let shape = packed.plan.shape;

		assert_eq!(shape.delta_unit(), 2);
		assert_eq!(shape.units(), 3_u32.next_multiple_of(scheme.k().into()));
		assert_eq!(packed.bytes.len() as u64, shape.pack_length());
		assert_eq!(packed.plan.hash, *blake3::hash(&packed.bytes).as_bytes());
		let delta = &packed.bytes[shape.delta_offset() as usize..][..shape.delta_length() as usize];
		let read = Delta::read(&packed.keys.index_key(), &packed.delta_ref(), delta).unwrap();
		assert_eq!(read.header, first_header(0));
	}
}

#[test]
fn exactly_full_pack_needs_no_filling() {
	let mut length = 0;
	let mut probe = Vec::new();
	let delta = Delta::write(&root_key(1).index_key(), &mut random(1), &first_header(0), [], &mut probe).unwrap();
	let writer = || PackWriter::new(Scheme::TWO_OF_6, 5, Vec::new(), random(1)).unwrap();

	// Of five units only two rows of two can be used.
	let mut full = writer();
	let most = 3 * EDGE;
	assert!(full.has_room(most, delta.length.into()));
	assert!(!full.has_room(most + 1, delta.length.into()));
	full.append(&bytes(1, most as usize)[..], most).unwrap();
	let (plan, bytes_of_pack) = finish(full).unwrap();
	assert_eq!((plan.shape.units(), plan.shape.delta_unit()), (4, 3));
	assert_eq!(bytes_of_pack[..most as usize], bytes(1, most as usize));
	length += bytes_of_pack.len() as u64;
	assert_eq!(length, 4 * EDGE);

	let mut over = writer();
	over.append(&bytes(1, most as usize + 1)[..], most + 1).unwrap();
	assert_eq!(name(over.append(&[0][..], EDGE)), "PackFull");
	assert_eq!(name(finish(over)), "PackFull", "no room for the delta");
}

#[test]
fn refused_segment_leaves_the_pack_as_it_was() {
	let mut writer = PackWriter::new(Scheme::ONE_OF_3, 2, Vec::new(), random(1)).unwrap();
	writer.append(&[1; 10][..], 10).unwrap();

	assert_eq!(name(writer.append(&[0; 0][..], 0)), "Length");
	assert_eq!(name(writer.append(&[0][..], 2 * EDGE)), "PackFull");
	assert_eq!(name(writer.append(&[0][..], u64::MAX)), "PackFull");
	assert_eq!(writer.length(), 10);

	assert_eq!(name(writer.append(&[2; 5][..], 6)), "Truncated");
	assert_eq!(writer.append(&[3; 5][..], 5).unwrap(), 15, "behind what had come");
	assert_eq!(name(writer.append_with(3, |out| Ok(out.write_all(&[4; 4])?))), "Length");
	assert_eq!(writer.append_with(2, |out| Ok(out.write_all(&[5; 2])?)).unwrap(), 24);
}

#[test]
fn packs_larger_than_the_format_are_refused() {
	let new = |units| name(PackWriter::new(Scheme::EIGHT_OF_20, units, Vec::new(), random(1)));

	assert_eq!(new(MAX_UNITS + 1), "Limit");
	assert_eq!(new(7), "PackFull");
	assert_eq!(new(0), "PackFull");
	assert_eq!(new(8), "no error");
}

#[test]
fn pack_without_a_delta_is_none() {
	let writer = PackWriter::new(Scheme::ONE_OF_3, 10, Vec::new(), random(1)).unwrap();

	assert_eq!(name(writer.finish(PackNumber::FIRST, |_, _| Ok(()))), "PlanImpossible");
	assert_eq!(name(PackNumber::new(0)), "PlanImpossible");
}

#[test]
fn resumed_pack_has_the_same_hash() {
	let segments = [bytes(1, 70_000), bytes(2, 5_000), bytes(3, 90_000)];
	let mut staging = Cursor::new(Vec::new());
	let mut writer = PackWriter::new(Scheme::TWO_OF_6, 10, &mut staging, random(1)).unwrap();
	writer.append(&segments[0][..], 70_000).unwrap();
	writer.append(&segments[1][..], 5_000).unwrap();
	let length = writer.length();
	drop(writer);
	// What a crash has left behind the committed length.
	staging.get_mut().extend_from_slice(&[9; 1_000]);

	let mut writer = PackWriter::resume(Scheme::TWO_OF_6, 10, staging, length, random(2)).unwrap();
	assert_eq!(writer.append(&segments[2][..], 90_000).unwrap(), 75_000);
	let (plan, staging) = finish(writer).unwrap();

	let bytes = &staging.get_ref()[..plan.shape.pack_length() as usize];
	assert_eq!(plan.hash, *blake3::hash(bytes).as_bytes());
	assert_eq!(bytes[70_000..75_000], segments[1]);

	let short = Cursor::new(vec![0; 10]);
	assert_eq!(name(PackWriter::resume(Scheme::TWO_OF_6, 10, short, 11, random(2))), "Truncated");
}

#[test]
fn impossible_shapes_are_refused() {
	let eight =
		|units, delta_unit, delta_length| name(Shape::new(Scheme::EIGHT_OF_20, units, delta_unit, delta_length));

	assert_eq!(eight(16, 8, 100), "no error");
	for (units, delta_unit, delta_length) in [
		(0, 0, 100),
		(7, 6, 100),
		(MAX_UNITS + 8, MAX_UNITS, 100),
		(u32::MAX, 8, 100),
		(16, 16, 100),
		(16, 7, 100),
		(24, 8, 100),
		(16, u32::MAX, 100),
		(16, 8, 0),
		(16, 8, 47),
		(16, 8, u32::MAX),
		(16, 8, 65_536 + 32 + 1),
	] {
		assert_eq!(eight(units, delta_unit, delta_length), "PlanImpossible", "{units} {delta_unit} {delta_length}");
	}
}

#[test]
fn schemes_of_other_numbers_are_refused() {
	for (k, n) in [(0, 0), (0, 3), (1, 1), (1, 2), (3, 1), (8, 8), (8, 21), (20, 8), (255, 255), (29, 80)] {
		assert_eq!(name(Scheme::new(k, n)), "UnknownScheme", "{k} {n}");
	}
	for scheme in Scheme::ALL {
		assert_eq!(Scheme::new(scheme.k(), scheme.n()).unwrap(), scheme);
		assert!(scheme.k().is_power_of_two() && scheme.data() <= scheme.parity(), "low rate");
	}
}

#[test]
fn small_object_is_in_one_shard() {
	let length = sealed_length(10_000).unwrap();
	let segments: Vec<_> = (0..100).map(|at| bytes(at, length as usize)).collect();

	let packed = pack(Scheme::EIGHT_OF_20, 1, &segments, Vec::new());

	for (extent, segment) in packed.extents.iter().zip(&segments) {
		assert_eq!(locate(packed.scheme(), extent.offset, extent.length).unwrap().count(), 1);
		assert_eq!(&packed.read(extent.offset, extent.length), segment);
	}
}

#[test]
fn ranges_beyond_any_pack_are_refused() {
	let most = u64::from(MAX_UNITS) * EDGE;
	assert_eq!(locate(Scheme::ONE_OF_3, most, 0).unwrap().count(), 0);
	assert!(locate(Scheme::ONE_OF_3, most, 1).is_err());
	assert!(locate(Scheme::ONE_OF_3, u64::MAX, u64::MAX).is_err());
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn segments_lie_where_the_rules_say(lengths in prop::collection::vec(1_usize..200_000, 1..20)) {
		let segments: Vec<_> = (0..).zip(&lengths).map(|(seed, length)| bytes(seed, *length)).collect();

		let packed = pack(Scheme::FOUR_OF_12, 1, &segments, Vec::new());

		let mut end = 0;
		for (extent, segment) in packed.extents.iter().zip(&segments) {
			prop_assert!(extent.offset >= end && extent.offset - end < EDGE);
			end = extent.offset + extent.length;
			if extent.length <= EDGE {
				prop_assert_eq!(extent.offset / EDGE, (end - 1) / EDGE);
			}
			prop_assert_eq!(&packed.bytes[extent.offset as usize..end as usize], &segment[..]);
			prop_assert_eq!(&packed.read(extent.offset, extent.length), segment);
		}
	}
}
