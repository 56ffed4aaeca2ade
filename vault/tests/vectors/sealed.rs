//! Keys, frames and bookmarks.

use serde::Serialize;
use substation_vault::{
	bookmark::{record_hash, Bookmark, Place, ShardHint, Writer},
	frame::sealed_length,
	index::DeltaId,
	pack::PackNumber,
	plan::Shape,
	Root, Salt, Scheme, Seed,
};

use super::{ensure_committed, hash, pattern};
use crate::common::{content_key, open, random, root_key, stream};

#[derive(Serialize)]
struct Keys {
	words: &'static str,
	passphrase: &'static str,
	seed: String,
	account_seed: String,
	root_key: String,
	index_key: String,
	bookmark_key: String,
	salt: String,
	repair_key: String,
	access_key_id: &'static str,
	s3_secret: String,
}

const WORDS: [&str; 3] = [
	"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
	 abandon abandon abandon abandon abandon abandon abandon abandon abandon art",
	"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
	"legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner \
	 thank year wave sausage worth title",
];

#[test]
fn keys_match_the_vectors() {
	let cases = [(WORDS[0], ""), (WORDS[0], "Substrate"), (WORDS[1], ""), (WORDS[2], "naïve café")];
	let keys: Vec<_> =
		(1..).zip(cases).map(|(at, (words, passphrase))| keys(words, passphrase, Salt([at; 32]))).collect();

	ensure_committed("keys.json", &keys);
}

fn keys(words: &'static str, passphrase: &'static str, salt: Salt) -> Keys {
	let seed = Seed::from_words(words, passphrase).unwrap();
	let root = seed.root_key();
	Keys {
		words,
		passphrase,
		seed: hex::encode(seed.secret().expose()),
		account_seed: hex::encode(seed.account_seed().expose()),
		root_key: hex::encode(root.secret().expose()),
		index_key: hex::encode(root.index_key().secret().expose()),
		bookmark_key: hex::encode(root.bookmark_key().secret().expose()),
		salt: hex::encode(salt.0),
		repair_key: hex::encode(root.repair_key(&salt).secret().expose()),
		access_key_id: "substation-1",
		s3_secret: root.s3_secret("substation-1").unwrap().to_string(),
	}
}

#[derive(Serialize)]
struct Frames {
	content_key: String,
	attempt: String,
	/// Of the plaintext, which is `pattern(seed, length)`.
	seed: u32,
	length: u64,
	sealed_length: u64,
	/// The last 32 bytes, or fewer if there are fewer, and the BLAKE3 hash of the sealed stream.
	sealed_end: String,
	sealed_hash: String,
}

/// Streams of these sizes; the last three are parts of one object, of which the third was sent twice.
#[test]
fn frames_match_the_vectors() {
	let mut random = random(1);
	let sizes = [(1, 0), (1, 1), (1, 65_519), (1, 65_520), (1, 65_521), (2, 131_040), (2, 70_000), (2, 70_000)];
	let streams = (1..).zip(sizes).map(|(seed, (key, length))| {
		let (content, plain) = (content_key(key), pattern(seed, length));
		let stream = stream(&content, &mut random, &plain);
		assert_eq!(open(content.open(&stream.attempt).unwrap(), &stream.sealed).unwrap(), plain);
		Frames {
			content_key: hex::encode(content.secret().expose()),
			attempt: hex::encode(stream.attempt.0),
			seed,
			length: length as u64,
			sealed_length: sealed_length(length as u64).unwrap(),
			sealed_end: hex::encode(&stream.sealed[stream.sealed.len().saturating_sub(32)..]),
			sealed_hash: hash(&stream.sealed),
		}
	});

	ensure_committed("frames.json", &streams.collect::<Vec<_>>());
}

#[derive(Serialize)]
struct Record {
	bookmark_key: String,
	genesis: String,
	account: String,
	sequence: u64,
	random: String,
	writer: String,
	number: u32,
	k: u8,
	n: u8,
	units: u32,
	delta_unit: u32,
	delta_length: u32,
	delta_id: String,
	salt: String,
	/// The first bytes of each root, and the deal, if it is known.
	shards: Vec<(String, Option<u64>)>,
	record: String,
	/// BLAKE2b-256 of the record.
	hash: String,
	/// The record with one byte changed, and what that is refused for.
	refused: Vec<(usize, u8, String)>,
}

#[test]
fn bookmarks_match_the_vectors() {
	let records: Vec<_> = (1..).zip(Scheme::ALL).map(|(at, scheme)| bookmark(scheme, at)).collect();

	ensure_committed("bookmarks.json", &records);
}

fn bookmark(scheme: Scheme, seed: u8) -> Record {
	let key = root_key(seed).bookmark_key();
	let place = Place { genesis: [0xa0 + seed; 32], account: [0xb0 + seed; 32] };
	let units = 3 * u32::from(scheme.k());
	let hint = |shard: u8| ShardHint::new(&Root([shard; 32]), (shard != 1).then_some((1 << 33) + u64::from(shard)));
	let bookmark = Bookmark {
		sequence: u64::from(seed) << 40,
		writer: Writer([seed; 8]),
		number: PackNumber::new(70_000 + u32::from(seed)).unwrap(),
		shape: Shape::new(scheme, units, units - 1, 30_000).unwrap(),
		delta: DeltaId([0xd0; 16]),
		salt: Salt([0x50 + seed; 32]),
		shards: (0..scheme.n()).map(hint).collect(),
	};
	let record = bookmark.seal(&key, &place, &mut random(seed.into())).unwrap();
	assert_eq!(Bookmark::open(&record, &key, &place).unwrap(), bookmark);
	let refused = [(0, 1_u8), (0, 3), (1, 1), (9, 1), (41, 1), (57, 1)].map(|(at, bits)| {
		let mut changed = record.clone();
		changed[at] ^= bits;
		(at, changed[at], crate::common::name(Bookmark::open(&changed, &key, &place)))
	});
	Record {
		bookmark_key: hex::encode(key.secret().expose()),
		genesis: hex::encode(place.genesis),
		account: hex::encode(place.account),
		sequence: bookmark.sequence,
		random: hex::encode(&record[9..41]),
		writer: hex::encode(bookmark.writer.0),
		number: bookmark.number.get(),
		k: scheme.k(),
		n: scheme.n(),
		units,
		delta_unit: bookmark.shape.delta_unit(),
		delta_length: bookmark.shape.delta_length(),
		delta_id: hex::encode(bookmark.delta.0),
		salt: hex::encode(bookmark.salt.0),
		shards: bookmark.shards.iter().map(|shard| (hex::encode(shard.root), shard.deal)).collect(),
		hash: hex::encode(record_hash(&record)),
		record: hex::encode(record),
		refused: refused.into(),
	}
}
