//! Frames of one stream.

use std::io::Cursor;

use proptest::prelude::*;
use substation_vault::{
	frame::{plain_length, sealed_length, Attempt, FRAME, MAX_STREAM, SEALED_FRAME},
	Error,
};

use crate::common::{bytes, content_key, derive, name, nonce, open, random, seal, stream};

const SIZES: [usize; 7] = [0, 1, 65_519, 65_520, 65_521, 131_040, 131_041];

#[test]
fn streams_of_all_sizes_read_back() {
	let key = content_key(1);
	for size in SIZES {
		let plain = bytes(size as u64, size);
		let sealed = stream(&key, &mut random(1), &plain);

		assert_eq!(sealed.sealed.len() as u64, sealed_length(size as u64).unwrap());
		assert_eq!(plain_length(sealed.sealed.len() as u64).unwrap(), size as u64);
		assert_eq!(open(key.open(&sealed.attempt).unwrap(), &sealed.sealed).unwrap(), plain);
	}
}

#[test]
fn frames_are_sealed_as_specified() {
	let key = content_key(1);
	for size in SIZES {
		let plain = bytes(2, size);
		let Stream { attempt, sealed } = stream(&key, &mut random(5), &plain);

		let stream_key = derive("frames", &[&[1; 32], &attempt.0]);
		let chunks: Vec<&[u8]> = if plain.is_empty() { vec![&[]] } else { plain.chunks(FRAME).collect() };
		let count = chunks.len() as u64;
		let frames = (0..).zip(chunks).map(|(at, chunk)| seal(&stream_key, nonce(at, at + 1 == count), &[1], chunk));
		assert_eq!(sealed, frames.collect::<Vec<_>>().concat());
	}
}

use crate::common::Stream;

#[test]
fn how_bytes_are_written_does_not_matter() {
	let key = content_key(1);
	let plain = bytes(3, 200_000);
	let whole = stream(&key, &mut random(1), &plain);

	for step in [1_000, FRAME - 1, FRAME, FRAME + 1] {
		let mut sealed = Vec::new();
		let (_, mut writer) = key.seal(&mut random(1), &mut sealed).unwrap();
		plain.chunks(step).for_each(|chunk| writer.write(chunk).unwrap());
		writer.finish().unwrap();
		assert_eq!(sealed, whole.sealed, "{step}");
	}
	let mut sealed = Vec::new();
	let (_, mut writer) = key.seal(&mut random(1), &mut sealed).unwrap();
	writer.write_all_of(&plain[..]).unwrap();
	writer.finish().unwrap();
	assert_eq!(sealed, whole.sealed);
}

#[test]
fn unfinished_stream_does_not_open() {
	let key = content_key(1);
	let mut sealed = Vec::new();
	let (attempt, mut writer) = key.seal(&mut random(1), &mut sealed).unwrap();
	writer.write(&[0; 2 * FRAME]).unwrap();
	drop(writer);

	assert_eq!(sealed.len(), SEALED_FRAME);
	assert_eq!(name(open(key.open(&attempt).unwrap(), &sealed)), "NotAuthentic");
}

#[test]
fn every_flipped_byte_is_refused() {
	let key = content_key(1);
	let Stream { attempt, sealed } = stream(&key, &mut random(1), b"planted");
	for at in 0..sealed.len() {
		let mut damaged = sealed.clone();
		damaged[at] ^= 1 << (at % 8);
		assert_eq!(name(open(key.open(&attempt).unwrap(), &damaged)), "NotAuthentic", "{at}");
	}
}

#[test]
fn truncated_streams_are_refused() {
	let key = content_key(1);
	let Stream { attempt, sealed } = stream(&key, &mut random(1), &bytes(1, FRAME + 100));
	for length in [0, 15, 16, 17, 100, SEALED_FRAME - 1, SEALED_FRAME, SEALED_FRAME + 17, sealed.len() - 1] {
		let opened = name(open(key.open(&attempt).unwrap(), &sealed[..length]));
		assert!(["NotAuthentic", "Length"].contains(&&opened[..]), "{length}: {opened}");
	}
	let mut reader = key.open(&attempt).unwrap().read(&sealed[..100], sealed.len() as u64).unwrap();
	assert_eq!(name(reader.copy_to(Vec::new())), "Truncated");
}

#[test]
fn frames_of_other_places_are_refused() {
	let key = content_key(1);
	let plain = bytes(1, 3 * FRAME);
	let one = stream(&key, &mut random(1), &plain);
	let other = stream(&key, &mut random(2), &plain);
	let frames = |stream: &Stream| stream.sealed.chunks(SEALED_FRAME).map(<[u8]>::to_vec).collect::<Vec<_>>();
	let opened = |frames: Vec<Vec<u8>>| name(open(key.open(&one.attempt).unwrap(), &frames.concat()));
	let (mine, others) = (frames(&one), frames(&other));

	let mut swapped = mine.clone();
	swapped.swap(0, 1);
	assert_eq!(opened(swapped), "NotAuthentic");

	let mut foreign = mine.clone();
	foreign[1].clone_from(&others[1]);
	assert_eq!(opened(foreign), "NotAuthentic");

	assert_eq!(opened(mine[..2].to_vec()), "NotAuthentic", "the last frame is missing");
	assert_eq!(opened([&mine[..], &mine[2..]].concat()), "NotAuthentic", "the last frame twice");
	assert_eq!(opened(mine), "no error");
}

#[test]
fn other_content_key_or_attempt_does_not_open() {
	let Stream { attempt, sealed } = stream(&content_key(1), &mut random(1), b"planted");

	assert_eq!(name(open(content_key(2).open(&attempt).unwrap(), &sealed)), "NotAuthentic");
	assert_eq!(name(open(content_key(1).open(&Attempt([0; 16])).unwrap(), &sealed)), "NotAuthentic");
}

#[test]
fn lengths_that_no_stream_has_are_refused() {
	for sealed in [0, 1, 15, 65_537, 65_552, 131_073, u64::MAX, 1 << 47] {
		assert!(matches!(plain_length(sealed), Err(Error::Length { .. })), "{sealed}");
	}
	assert_eq!(plain_length(65_553).unwrap(), 65_521);
	assert!(matches!(sealed_length(MAX_STREAM + 1), Err(Error::Length { .. })));
	assert!(matches!(sealed_length(u64::MAX), Err(Error::Length { .. })));
	assert_eq!(plain_length(sealed_length(MAX_STREAM).unwrap()).unwrap(), MAX_STREAM);
}

#[test]
fn ranges_outside_of_the_stream_are_refused() {
	let key = content_key(1);
	let Stream { attempt, sealed } = stream(&key, &mut random(1), &bytes(1, 100));
	let opener = key.open(&attempt).unwrap();
	let read = |range| name(opener.range(Cursor::new(&sealed), sealed.len() as u64, range, Vec::new()));

	assert_eq!(read(0..101), "Length");
	assert_eq!(read(101..101), "Length");
	#[allow(clippy::reversed_empty_ranges, reason = "this is what must be refused")]
	let reversed = 3..2;
	assert_eq!(read(reversed), "Length");
	assert_eq!(read(100..100), "no error");
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn any_length_is_good_exactly_if_some_stream_has_it(plain in 0..MAX_STREAM, sealed: u64) {
		let length = sealed_length(plain).unwrap();
		prop_assert_eq!(plain_length(length).unwrap(), plain);
		if let Ok(plain) = plain_length(sealed) {
			prop_assert_eq!(sealed_length(plain).unwrap(), sealed);
		}
	}

	#[test]
	fn any_range_reads_back(size in 0_usize..300_000, from: u64, to: u64) {
		let key = content_key(1);
		let plain = bytes(9, size);
		let Stream { attempt, sealed } = stream(&key, &mut random(1), &plain);
		let (a, b) = (from % (size as u64 + 1), to % (size as u64 + 1));
		let range = a.min(b)..a.max(b);

		let mut out = Vec::new();
		let opener = key.open(&attempt).unwrap();
		opener.range(Cursor::new(&sealed), sealed.len() as u64, range.clone(), &mut out).unwrap();

		prop_assert_eq!(&out[..], &plain[range.start as usize..range.end as usize]);
	}
}
