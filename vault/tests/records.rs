//! Records of the index: every kind reads back, limits hold, and order is kept.

use codec::Encode;
use proptest::prelude::*;
use substation_vault::{
	frame::{sealed_length, Attempt},
	index::{
		AccessKey, Body, Bucket, Checksum, Delta, Extent, Hint, Object, ObjectName, PackRow, Part, Record, ShardRow,
		Upload, UploadId, UploadPart, MAX_RECORD,
	},
	pack::PackNumber,
	Result, Root, Salt, UNIT,
};

use crate::common::{content_key, first_header, name, number, random, root_key};

pub(crate) fn row(pack: u32) -> PackRow {
	let shard = |at: u8| ShardRow {
		root: Root([at; 32]),
		hint: (at > 0).then_some(Hint { node: 7, deal: 1_000 + u64::from(at) }),
	};
	PackRow {
		number: number(pack),
		k: 1,
		n: 3,
		units: 4,
		salt: Salt([pack as u8; 32]),
		shards: (0..3).map(shard).collect(),
	}
}

pub(crate) fn part(part: u16, length: u64) -> Part {
	let extents = vec![Extent { pack: PackNumber::FIRST, offset: 0, length: sealed_length(length).unwrap() }];
	Part { number: part, attempt: Attempt([part as u8; 16]), length, extents }
}

fn texts(names: &[&str]) -> Vec<(String, String)> {
	names.iter().map(|name| (String::from(*name), format!("value of {name}"))).collect()
}

pub(crate) fn object(bucket: &str, key: &str, version: u64) -> Object {
	let body = Body {
		size: 70_000,
		etag: "0123456789abcdef0123456789abcdef-2".into(),
		headers: texts(&["content-type"]),
		metadata: texts(&["x-amz-meta-colour"]),
		tags: texts(&["project"]),
		checksums: vec![Checksum { kind: 2, composite: false, value: vec![1; 8] }],
		content_key: content_key(9),
		parts: vec![part(1, 69_999), part(2, 1)],
	};
	Object { bucket: bucket.into(), key: key.into(), version, modified: 1_800_000_000_000, body: Some(body) }
}

fn upload(id: u8) -> Upload {
	Upload {
		id: UploadId([id; 16]),
		bucket: "photos".into(),
		key: "film.mp4".into(),
		started: 5,
		headers: texts(&["content-type"]),
		metadata: Vec::new(),
		tags: Vec::new(),
		content_key: content_key(3),
	}
}

/// One of every kind, in order.
pub(crate) fn records() -> Vec<Record> {
	let access =
		AccessKey { id: "first-key".into(), buckets: Some(vec!["photos".into()]), read_only: true, until: Some(9) };
	vec![
		Record::Pack(row(1)),
		Record::Bucket(Bucket { name: "photos".into(), created: 1 }),
		Record::BucketGone("plans".into()),
		Record::Object(Box::new(object("photos", "2026/a.jpg", 2))),
		Record::ObjectGone(ObjectName { bucket: "photos".into(), key: "2026/a.jpg".into(), version: 1 }),
		Record::Object(Box::new(Object { body: None, ..object("photos", "2026/b.jpg", 7) })),
		Record::AccessKey(access),
		Record::AccessKeyGone("second-key".into()),
		Record::Upload(Box::new(upload(1))),
		Record::UploadGone(UploadId([2; 16])),
		Record::UploadPart(Box::new(UploadPart {
			upload: UploadId([1; 16]),
			part: part(3, 5_242_880),
			etag: "d41d8cd98f00b204e9800998ecf8427e".into(),
			checksums: Vec::new(),
			modified: 6,
		})),
		Record::UploadPartGone { upload: UploadId([1; 16]), number: 4 },
	]
}

fn delta(records: Vec<Record>) -> Result<Vec<Record>> {
	let key = root_key(1).index_key();
	let mut out = Vec::new();
	let header = first_header(records.len() as u64);
	let written = Delta::write(&key, &mut random(1), &header, records, &mut out)?;
	assert_eq!(written.length as usize, out.len());
	let place =
		substation_vault::index::DeltaRef { pack: header.number, unit: 0, length: written.length, id: written.id };
	Delta::read(&key, &place, &out[..])?.records.collect()
}

#[test]
fn records_of_every_kind_read_back() {
	assert_eq!(delta(records()).unwrap(), records());
	assert_eq!(delta(Vec::new()).unwrap(), []);
	for record in records() {
		assert_eq!(Record::decode_checked(&record.encode(), PackNumber::FIRST).unwrap(), record);
	}
}

#[test]
fn large_delta_of_many_frames_reads_back() {
	let records: Vec<_> =
		(0..2_000).map(|at| Record::Object(Box::new(object("photos", &format!("{at:05}"), 1)))).collect();
	assert!(records.encode().len() > 5 * UNIT);

	assert_eq!(delta(records.clone()).unwrap(), records);
}

#[test]
fn records_that_do_not_ascend_are_refused() {
	let mut swapped = records();
	swapped.swap(3, 4);
	assert_eq!(name(delta(swapped)), "Order", "the older version first");

	let mut twice = records();
	twice.insert(1, twice[0].clone());
	assert_eq!(name(delta(twice)), "Order");

	let both = vec![Record::Pack(row(1)), Record::PackGone(number(1))];
	assert_eq!(name(delta(both)), "Order", "a record and its end");

	let mut moved = records();
	moved.rotate_left(1);
	assert_eq!(name(delta(moved)), "Order");
}

#[test]
fn count_that_is_not_the_headers_is_refused() {
	let key = root_key(1).index_key();
	for count in [0, 11, 13, u64::MAX] {
		let written = Delta::write(&key, &mut random(1), &first_header(count), records(), Vec::new());
		assert_eq!(name(written), "Encoding", "{count}");
	}
}

fn check(change: impl Fn(&mut Object)) -> String {
	let mut changed = object("photos", "a", 1);
	change(&mut changed);
	let written = name(delta(vec![Record::Object(Box::new(changed.clone()))]));
	let read = name(Record::decode_checked(&Record::Object(Box::new(changed)).encode(), PackNumber::FIRST));
	assert_eq!(written, read, "what is not read is not written");
	read
}

#[test]
fn object_within_its_limits_is_taken() {
	let body = |change: fn(&mut Body)| check(move |object| change(object.body.as_mut().unwrap()));

	assert_eq!(check(|object| object.key = "k".repeat(1_024)), "no error");
	assert_eq!(check(|object| object.bucket = "a.b-c".repeat(12)), "no error");
	assert_eq!(body(|body| body.etag = "e".repeat(64)), "no error");
	assert_eq!(body(|body| body.metadata = vec![("a".into(), "b".repeat(2_047))]), "no error");
	assert_eq!(body(|body| body.tags = vec![("ä".repeat(128), "ä".repeat(256)); 10]), "no error");
	assert_eq!(
		body(|body| {
			body.size = 0;
			body.parts = vec![part(10_000, 0)];
		}),
		"no error"
	);
}

#[test]
fn object_beyond_a_limit_is_refused() {
	let body = |change: fn(&mut Body)| check(move |object| change(object.body.as_mut().unwrap()));
	let first = |change: fn(&mut Part)| check(move |object| change(&mut object.body.as_mut().unwrap().parts[0]));

	assert_eq!(check(|object| object.key.clear()), "Record");
	assert_eq!(check(|object| object.key = "k".repeat(1_025)), "Record");
	for bucket in ["", "ab", "Photos", "a b", "a/b", &"x".repeat(64), "café"] {
		assert_eq!(check(|object| object.bucket = bucket.into()), "Record", "{bucket}");
	}
	assert_eq!(body(|body| body.etag = "e".repeat(65)), "Record");
	assert_eq!(body(|body| body.headers = vec![("a".into(), "b".repeat(2_048))]), "Record");
	assert_eq!(body(|body| body.metadata = vec![("a".into(), "b".repeat(2_048))]), "Record");
	assert_eq!(body(|body| body.tags = vec![(String::new(), String::new()); 11]), "Record");
	assert_eq!(body(|body| body.tags = vec![("a".repeat(129), String::new())]), "Record");
	assert_eq!(body(|body| body.tags = vec![(String::new(), "a".repeat(257))]), "Record");
	assert_eq!(body(|body| body.checksums[0].kind = 5), "Record");
	assert_eq!(body(|body| body.checksums[0].value = vec![0; 9]), "Record");
	assert_eq!(body(|body| body.checksums = vec![body.checksums[0].clone(); 6]), "Record");
	assert_eq!(body(|body| body.size += 1), "Record");
	assert_eq!(body(|body| body.size = u64::MAX), "Record");
	assert_eq!(body(|body| body.parts.clear()), "Record");
	assert_eq!(body(|body| body.parts.swap(0, 1)), "Record");
	assert_eq!(body(|body| body.parts[1].number = 1), "Record");
	assert_eq!(first(|part| part.number = 0), "Record");
	assert_eq!(body(|body| body.parts[1].number = 10_001), "Record");
	assert_eq!(first(|part| part.length = (5 << 30) + 1), "Record");
	assert_eq!(first(|part| part.length = u64::MAX), "Record");
	assert_eq!(first(|part| part.extents.clear()), "Record");
	assert_eq!(first(|part| part.extents[0].length += 1), "Record");
	assert_eq!(first(|part| part.extents[0].length = 0), "Record");
	assert_eq!(first(|part| part.extents[0].offset = 1 << 34), "Record");
	assert_eq!(first(|part| part.extents[0].offset = u64::MAX), "Record");
	assert_eq!(first(|part| part.extents[0].pack = number(2)), "Record", "a pack after this one");
}

#[test]
fn parts_are_cut_between_frames_only() {
	let cut = |at: u64| {
		check(move |object| {
			let body = object.body.as_mut().unwrap();
			let whole = body.parts[0].extents[0];
			let rest = Extent { offset: 500_000, length: whole.length - at, ..whole };
			body.parts[0].extents = vec![Extent { length: at, ..whole }, rest];
		})
	};

	assert_eq!(cut(65_536), "no error");
	assert_eq!(cut(65_535), "Record");
	assert_eq!(cut(16), "Record");
}

#[test]
fn other_records_beyond_a_limit_are_refused() {
	let one = |record: Record| name(Record::decode_checked(&record.encode(), PackNumber::FIRST));
	let access = |change: fn(&mut AccessKey)| {
		let mut key = AccessKey { id: "id".into(), buckets: None, read_only: false, until: None };
		change(&mut key);
		one(Record::AccessKey(key))
	};
	let pack = |change: fn(&mut PackRow)| {
		let mut row = row(1);
		change(&mut row);
		one(Record::Pack(row))
	};

	assert_eq!(access(|_| ()), "no error");
	assert_eq!(access(|key| key.id.clear()), "Record");
	assert_eq!(access(|key| key.id = "i".repeat(129)), "Record");
	assert_eq!(access(|key| key.buckets = Some(vec!["abc".into(); 101])), "Record");
	assert_eq!(access(|key| key.buckets = Some(vec!["A".into()])), "Record");
	assert_eq!(pack(|_| ()), "no error");
	assert_eq!(pack(|row| row.k = 0), "UnknownScheme");
	assert_eq!(pack(|row| row.n = 2), "UnknownScheme");
	assert_eq!(pack(|row| row.units = 0), "Record");
	assert_eq!(pack(|row| row.units = u32::MAX), "Record");
	assert_eq!(pack(|row| _ = row.shards.pop()), "Record");
	assert_eq!(pack(|row| row.number = number(2)), "Record");
	assert_eq!(one(Record::PackGone(number(2))), "Record");
	assert_eq!(one(Record::BucketGone("x".into())), "Record");
	assert_eq!(one(Record::UploadPartGone { upload: UploadId([0; 16]), number: 0 }), "Record");
}

#[test]
fn lying_lengths_cost_nothing() {
	let first = PackNumber::FIRST;
	// A key of 2^30 - 1 bytes, of which there are none; shards without end; an unknown record; pack 0.
	assert_eq!(name(Record::decode_checked(&[3, 0xfe, 0xff, 0xff, 0xff], first)), "Encoding");
	let mut endless = Record::Pack(row(1)).encode();
	endless.truncate(43);
	endless.extend([0xfe, 0xff, 0xff, 0xff]);
	assert_eq!(name(Record::decode_checked(&endless, first)), "Encoding");
	assert_eq!(name(Record::decode_checked(&[12], first)), "Encoding");
	assert_eq!(name(Record::decode_checked(&[], first)), "Encoding");
	assert_eq!(name(Record::decode_checked(&[1, 0, 0, 0, 0], first)), "Record");
	assert_eq!(name(Record::decode_checked(&vec![0; MAX_RECORD as usize + 1], first)), "Limit");
	let mut longer = Record::PackGone(first).encode();
	longer.push(0);
	assert_eq!(name(Record::decode_checked(&longer, first)), "Encoding");
}

#[test]
fn keys_of_objects_are_not_shown() {
	let shown = format!("{:?}", object("photos", "a", 1));

	assert!(shown.contains("secret") && !shown.contains("9, 9, 9"), "{shown}");
}

proptest! {
	#[test]
	fn strange_bytes_never_panic(kind in 0_u8..13, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
		let bytes = [&[kind][..], &bytes].concat();
		if let Ok(record) = Record::decode_checked(&bytes, number(u32::MAX)) {
			prop_assert_eq!(record.encode(), bytes);
		}
	}

	#[test]
	fn changed_records_are_refused_or_other_records(at in 0_usize..12, place: prop::sample::Index, bit in 0..8_u8) {
		let record = records().remove(at);
		let mut bytes = record.encode();
		bytes[place.index(record.encoded_size())] ^= 1 << bit;
		if let Ok(other) = Record::decode_checked(&bytes, PackNumber::FIRST) {
			prop_assert_ne!(other, record);
		}
	}
}
