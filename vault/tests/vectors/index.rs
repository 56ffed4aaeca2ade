//! Records, deltas and checkpoints.

use std::collections::BTreeMap;

use codec::Encode;
use serde::Serialize;
use substation_vault::{
	index::{
		Checkpoint, CheckpointHeader, CheckpointRef, Delta, DeltaHeader, DeltaId, DeltaRef, Extent, PackRow, Record,
		Texts,
	},
	Result,
};

use super::ensure_committed;
use crate::{
	common::{number, random, root_key},
	records::{records, row},
};

/// What a header or record says, by the names of its fields. Lists have one line for each item.
type Fields = BTreeMap<String, String>;

fn put(fields: &mut Fields, name: &str, value: impl ToString) {
	fields.insert(name.into(), value.to_string());
}

fn put_extents(fields: &mut Fields, name: &str, extents: &[Extent]) {
	for (at, extent) in extents.iter().enumerate() {
		let text = format!("pack {}, offset {}, length {}", extent.pack.get(), extent.offset, extent.length);
		put(fields, &format!("{name}.{at}"), text);
	}
}

fn put_texts(fields: &mut Fields, name: &str, texts: &Texts) {
	for (at, (text, value)) in texts.iter().enumerate() {
		put(fields, &format!("{name}.{at}"), format!("{text}: {value}"));
	}
}

fn put_row(fields: &mut Fields, name: &str, row: &PackRow) {
	put(fields, &format!("{name}number"), row.number.get());
	put(fields, &format!("{name}k"), row.k);
	put(fields, &format!("{name}n"), row.n);
	put(fields, &format!("{name}units"), row.units);
	put(fields, &format!("{name}salt"), hex::encode(row.salt.0));
	for (at, shard) in row.shards.iter().enumerate() {
		let hint = shard.hint.map_or("none".into(), |hint| format!("node {}, deal {}", hint.node, hint.deal));
		put(fields, &format!("{name}shards.{at}"), format!("root {}, hint {hint}", hex::encode(shard.root.0)));
	}
}

fn put_part(fields: &mut Fields, name: &str, part: &substation_vault::index::Part) {
	put(fields, &format!("{name}.number"), part.number);
	put(fields, &format!("{name}.attempt"), hex::encode(part.attempt.0));
	put(fields, &format!("{name}.length"), part.length);
	put_extents(fields, &format!("{name}.extents"), &part.extents);
}

fn record_fields(record: &Record) -> (&'static str, Fields) {
	let mut fields = Fields::new();
	let f = &mut fields;
	let kind = match record {
		Record::Pack(row) => {
			put_row(f, "", row);
			"Pack"
		}
		Record::PackGone(number) => {
			put(f, "number", number.get());
			"PackGone"
		}
		Record::Bucket(bucket) => {
			put(f, "name", &bucket.name);
			put(f, "created", bucket.created);
			"Bucket"
		}
		Record::BucketGone(name) => {
			put(f, "name", name);
			"BucketGone"
		}
		Record::Object(object) => {
			put_object(f, object);
			"Object"
		}
		Record::ObjectGone(name) => {
			put(f, "bucket", &name.bucket);
			put(f, "key", &name.key);
			put(f, "version", name.version);
			"ObjectGone"
		}
		Record::AccessKey(key) => {
			put(f, "id", &key.id);
			put(f, "buckets", key.buckets.as_ref().map_or("all".into(), |buckets| buckets.join(" ")));
			put(f, "read_only", key.read_only);
			put(f, "until", key.until.map_or("none".into(), |until| until.to_string()));
			"AccessKey"
		}
		Record::AccessKeyGone(id) => {
			put(f, "id", id);
			"AccessKeyGone"
		}
		Record::Upload(upload) => {
			put(f, "id", hex::encode(upload.id.0));
			put(f, "bucket", &upload.bucket);
			put(f, "key", &upload.key);
			put(f, "started", upload.started);
			put_texts(f, "headers", &upload.headers);
			put(f, "content_key", hex::encode(upload.content_key.secret().expose()));
			"Upload"
		}
		Record::UploadGone(id) => {
			put(f, "id", hex::encode(id.0));
			"UploadGone"
		}
		Record::UploadPart(part) => {
			put(f, "upload", hex::encode(part.upload.0));
			put_part(f, "part", &part.part);
			put(f, "etag", &part.etag);
			put(f, "modified", part.modified);
			"UploadPart"
		}
		Record::UploadPartGone { upload, number } => {
			put(f, "upload", hex::encode(upload.0));
			put(f, "number", number);
			"UploadPartGone"
		}
	};
	(kind, fields)
}

fn put_object(f: &mut Fields, object: &substation_vault::index::Object) {
	put(f, "bucket", &object.bucket);
	put(f, "key", &object.key);
	put(f, "version", object.version);
	put(f, "modified", object.modified);
	let Some(body) = &object.body else { return put(f, "body", "none") };
	put(f, "body.size", body.size);
	put(f, "body.etag", &body.etag);
	put_texts(f, "body.headers", &body.headers);
	put_texts(f, "body.metadata", &body.metadata);
	put_texts(f, "body.tags", &body.tags);
	for (at, checksum) in body.checksums.iter().enumerate() {
		let value = hex::encode(&checksum.value);
		put(
			f,
			&format!("body.checksums.{at}"),
			format!("kind {}, composite {}, {value}", checksum.kind, checksum.composite),
		);
	}
	put(f, "body.content_key", hex::encode(body.content_key.secret().expose()));
	for (at, part) in body.parts.iter().enumerate() {
		put_part(f, &format!("body.parts.{at}"), part);
	}
}

#[derive(Serialize)]
struct RecordText {
	kind: &'static str,
	fields: Fields,
	scale: String,
}

fn text(record: &Record) -> RecordText {
	let (kind, fields) = record_fields(record);
	RecordText { kind, fields, scale: hex::encode(record.encode()) }
}

#[derive(Serialize)]
struct Stream {
	index_key: String,
	head: String,
	header: Fields,
	header_scale: String,
	records: Vec<RecordText>,
	/// The whole delta with its head, or the frames of the checkpoint.
	sealed: String,
}

fn delta_header(as_of: Option<u32>, pack: u32, records: u64) -> DeltaHeader {
	let checkpoint = as_of.map(|as_of| CheckpointRef {
		as_of: number(as_of),
		head: [0xcc; 32],
		length: 70_000,
		extents: vec![
			Extent { pack: number(as_of + 1), offset: 131_072, length: 65_536 },
			Extent { pack: number(as_of + 2), offset: 0, length: 4_496 },
		],
	});
	let place = |pack: u32| DeltaRef { pack: number(pack), unit: 3, length: 100 + pack, id: DeltaId([pack as u8; 16]) };
	let chain: Vec<_> = (as_of.unwrap_or(0) + 1..pack).map(place).collect();
	let packs = chain.iter().map(|delta| row(delta.pack.get())).collect();
	DeltaHeader { number: number(pack), time: 1_800_000_000, checkpoint, chain, packs, records }
}

fn header_fields(header: &DeltaHeader) -> Fields {
	let mut fields = Fields::new();
	let f = &mut fields;
	put(f, "number", header.number.get());
	put(f, "time", header.time);
	put(f, "records", header.records);
	if let Some(checkpoint) = &header.checkpoint {
		put(f, "checkpoint.as_of", checkpoint.as_of.get());
		put(f, "checkpoint.head", hex::encode(checkpoint.head));
		put(f, "checkpoint.length", checkpoint.length);
		put_extents(f, "checkpoint.extents", &checkpoint.extents);
	}
	for (at, delta) in header.chain.iter().enumerate() {
		let (pack, unit, length, id) = (delta.pack.get(), delta.unit, delta.length, hex::encode(delta.id.0));
		put(f, &format!("chain.{at}"), format!("pack {pack}, unit {unit}, length {length}, id {id}"));
	}
	for (at, row) in header.packs.iter().enumerate() {
		put_row(f, &format!("packs.{at}."), row);
	}
	fields
}

#[test]
fn deltas_match_the_vectors() {
	let cases = [(None, 1, Vec::new()), (None, 1, records()), (Some(6), 9, vec![Record::PackGone(number(2))])];
	let deltas = (1..).zip(cases).map(|(seed, (as_of, pack, records))| {
		let key = root_key(seed).index_key();
		let header = delta_header(as_of, pack, records.len() as u64);
		let mut sealed = Vec::new();
		let delta = Delta::write(&key, &mut random(seed.into()), &header, records.clone(), &mut sealed).unwrap();
		let place = DeltaRef { pack: header.number, unit: 0, length: delta.length, id: delta.id };
		let read = Delta::read(&key, &place, &sealed[..]).unwrap();
		assert_eq!(read.header, header);
		assert_eq!(read.records.collect::<Result<Vec<_>>>().unwrap(), records);
		Stream {
			index_key: hex::encode(key.secret().expose()),
			head: hex::encode(&sealed[..32]),
			header: header_fields(&header),
			header_scale: hex::encode(header.encode()),
			records: records.iter().map(text).collect(),
			sealed: hex::encode(&sealed),
		}
	});

	ensure_committed("deltas.json", &deltas.collect::<Vec<_>>());
}

#[test]
fn checkpoints_match_the_vectors() {
	let all = records().into_iter().filter(|record| !record.is_end()).collect();
	let checkpoints = (1..).zip([Vec::new(), all]).map(|(seed, records): (u8, Vec<Record>)| {
		let key = root_key(seed).index_key();
		let header = CheckpointHeader { as_of: number(5), time: 1_800_000_000, records: records.len() as u64 };
		let mut sealed = Vec::new();
		let written = Checkpoint::write(&key, &mut random(seed.into()), &header, records.clone(), &mut sealed).unwrap();
		let place =
			CheckpointRef { as_of: header.as_of, head: written.head, length: written.length, extents: Vec::new() };
		let (read, lines) = Checkpoint::read(&key, &place, &sealed[..]).unwrap();
		assert_eq!(read, header);
		assert_eq!(lines.collect::<Result<Vec<_>>>().unwrap(), records);
		let mut fields = Fields::new();
		put(&mut fields, "as_of", header.as_of.get());
		put(&mut fields, "time", header.time);
		put(&mut fields, "records", header.records);
		Stream {
			index_key: hex::encode(key.secret().expose()),
			head: hex::encode(written.head),
			header: fields,
			header_scale: hex::encode(header.encode()),
			records: records.iter().map(text).collect(),
			sealed: hex::encode(&sealed),
		}
	});

	ensure_committed("checkpoints.json", &checkpoints.collect::<Vec<_>>());
}
