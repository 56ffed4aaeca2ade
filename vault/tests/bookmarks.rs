//! Bookmarks: small enough for the chain, bound to their place, told apart by hash and sequence.

use proptest::prelude::*;
use substation_vault::{
	bookmark::{record_hash, Bookmark, Place, ShardHint, Writer, MAX_RECORD},
	index::DeltaId,
	pack::PackNumber,
	plan::Shape,
	Root, Salt, Scheme,
};

use crate::common::{derive, name, pack_of_rows, random, root_key, seal};

const PLACE: Place = Place { genesis: [0xaa; 32], account: [0xbb; 32] };

fn bookmark(scheme: Scheme) -> Bookmark {
	let packed = pack_of_rows(scheme, 1, 1);
	let shards = packed.roots.iter().zip(1_000..).map(|(root, deal)| ShardHint::new(root, Some(deal))).collect();
	Bookmark {
		sequence: 41,
		writer: Writer([9; 8]),
		number: PackNumber::new(12).unwrap(),
		shape: packed.plan.shape,
		delta: packed.delta.id,
		salt: packed.keys.salt(&packed.plan),
		shards,
	}
}

fn sealed(bookmark: &Bookmark) -> Vec<u8> {
	bookmark.seal(&root_key(1).bookmark_key(), &PLACE, &mut random(3)).unwrap()
}

fn open(record: &[u8]) -> substation_vault::Result<Bookmark> {
	Bookmark::open(record, &root_key(1).bookmark_key(), &PLACE)
}

#[test]
fn bookmarks_of_all_schemes_fit_and_read_back() {
	for scheme in Scheme::ALL {
		let bookmark = bookmark(scheme);
		let record = sealed(&bookmark);

		assert_eq!(record.len(), 147 + 9 * usize::from(scheme.n()));
		assert!(record.len() <= MAX_RECORD);
		assert_eq!(open(&record).unwrap(), bookmark);
	}
}

#[test]
fn bookmarks_are_sealed_as_specified() {
	let bookmark = bookmark(Scheme::ONE_OF_3);
	let record = sealed(&bookmark);
	let shape = bookmark.shape;

	let mut content = [&[9; 8][..], &12_u32.to_le_bytes(), &[1, 3], &shape.units().to_le_bytes()].concat();
	content.extend(shape.delta_unit().to_le_bytes());
	content.extend(shape.delta_length().to_le_bytes());
	content.extend(bookmark.delta.0);
	content.extend(bookmark.salt.0);
	for (deal, shard) in (1_000_u64..).zip(&bookmark.shards) {
		content.extend(shard.root);
		content.extend(&deal.to_le_bytes()[..5]);
	}
	let random = &record[9..41];
	let key = derive("bookmark-record", &[root_key(1).bookmark_key().secret().expose(), random]);
	let associated = [&PLACE.genesis[..], &PLACE.account, &41_u64.to_le_bytes()].concat();
	let expected = [
		&[1][..],
		&41_u64.to_le_bytes(),
		random,
		&derive("check", &[&key])[..16],
		&seal(&key, [0; 12], &associated, &content),
	];
	assert_eq!(record, expected.concat());
}

#[test]
fn every_record_has_a_key_of_its_own() {
	let (bookmark, key) = (bookmark(Scheme::ONE_OF_3), root_key(1).bookmark_key());
	let mut random = random(1);
	let one = bookmark.seal(&key, &PLACE, &mut random).unwrap();
	let other = bookmark.seal(&key, &PLACE, &mut random).unwrap();

	assert_ne!(one[9..41], other[9..41]);
	assert_ne!(one[41..57], other[41..57]);
	assert_ne!(one[57..], other[57..]);
}

#[test]
fn record_of_another_place_does_not_open() {
	let record = sealed(&bookmark(Scheme::TWO_OF_6));
	let at = |genesis, account| name(Bookmark::open(&record, &root_key(1).bookmark_key(), &Place { genesis, account }));

	assert_eq!(at([0xaa; 32], [0xbb; 32]), "no error");
	assert_eq!(at([0xab; 32], [0xbb; 32]), "NotAuthentic");
	assert_eq!(at([0xaa; 32], [0xba; 32]), "NotAuthentic");
	assert_eq!(at([0xbb; 32], [0xaa; 32]), "NotAuthentic");
}

#[test]
fn wrong_words_are_an_error_by_name() {
	let record = sealed(&bookmark(Scheme::TWO_OF_6));

	assert_eq!(name(Bookmark::open(&record, &root_key(2).bookmark_key(), &PLACE)), "WrongKey");
}

#[test]
fn every_flipped_byte_is_refused() {
	let record = sealed(&bookmark(Scheme::ONE_OF_3));
	for at in 0..record.len() {
		let mut damaged = record.clone();
		damaged[at] ^= 0x40;
		let expected = match at {
			0 => "VersionTooNew",
			1..=8 => "NotAuthentic",
			9..=56 => "WrongKey",
			_ => "NotAuthentic",
		};
		assert_eq!(name(open(&damaged)), expected, "{at}");
	}
}

#[test]
fn truncated_and_long_records_are_refused() {
	let record = sealed(&bookmark(Scheme::TWO_OF_6));
	for length in 0..record.len() {
		let opened = name(open(&record[..length]));
		// Nine bytes less are a record of one shard less.
		assert!(["Length", "NotAuthentic"].contains(&&opened[..]), "{length}: {opened}");
	}
	assert_eq!(name(open(&[&record[..], &[0; 9]].concat())), "NotAuthentic");
	// A record of 41 shards, and one that takes time to hash and to open.
	assert_eq!(name(open(&[1; 147 + 9 * 41])), "Length");
	assert_eq!(name(open(&vec![1; 147 + (9 << 20)])), "Length");
}

#[test]
fn other_versions_are_refused_by_name() {
	let mut record = sealed(&bookmark(Scheme::ONE_OF_3));

	record[0] = 2;
	assert_eq!(name(open(&record)), "VersionTooNew");
	assert_eq!(name(open(&[7; 3])), "VersionTooNew");
	record[0] = 0;
	assert_eq!(name(open(&record)), "VersionUnknown");
}

#[test]
fn older_record_is_refused() {
	let bookmark = bookmark(Scheme::ONE_OF_3);

	assert_eq!(name(bookmark.ensure_not_before(42)), "BookmarkOlder");
	assert_eq!(name(bookmark.ensure_not_before(41)), "no error");
	assert_eq!(name(bookmark.ensure_not_before(0)), "no error");
}

#[test]
fn what_no_record_says_is_not_sealed() {
	let seal = |bookmark: Bookmark| name(bookmark.seal(&root_key(1).bookmark_key(), &PLACE, &mut random(3)));
	let good = bookmark(Scheme::TWO_OF_6);

	assert_eq!(seal(Bookmark { sequence: 0, ..good.clone() }), "Order");
	assert_eq!(seal(Bookmark { shards: good.shards[1..].to_vec(), ..good }), "Length");
}

#[test]
fn record_in_force_is_known_by_its_hash() {
	let record = sealed(&bookmark(Scheme::ONE_OF_3));

	// BLAKE2b-256 of the empty text.
	assert_eq!(hex::encode(record_hash(&[])), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	assert_eq!(record_hash(&record), sp_crypto_hashing::blake2_256(&record));
}

#[test]
fn bookmark_names_the_newest_delta() {
	let bookmark = bookmark(Scheme::TWO_OF_6);
	let place = bookmark.delta_ref();

	assert_eq!(place.pack, bookmark.number);
	assert_eq!(place.id, bookmark.delta);
	assert_eq!((place.unit, place.length), (bookmark.shape.delta_unit(), bookmark.shape.delta_length()));
}

#[test]
fn deals_that_do_not_fit_are_left_out() {
	let root = Root([5; 32]);

	assert_eq!(ShardHint::new(&root, Some((1 << 40) - 2)).deal, Some((1 << 40) - 2));
	assert_eq!(ShardHint::new(&root, Some((1 << 40) - 1)).deal, None);
	assert_eq!(ShardHint::new(&root, Some(u64::MAX)).deal, None);
	assert_eq!(ShardHint::new(&root, None).deal, None);
	let unknown = Bookmark { shards: vec![ShardHint::new(&root, None); 3], ..bookmark(Scheme::ONE_OF_3) };
	assert_eq!(open(&sealed(&unknown)).unwrap(), unknown);
}

proptest! {
	#[test]
	fn any_bookmark_reads_back(
		sequence in 1..u64::MAX,
		writer: [u8; 8],
		pack in 1..u32::MAX,
		scheme in prop::sample::select(Scheme::ALL.to_vec()),
		rows in 1_u32..1_000,
		delta: [u8; 16],
		salt: [u8; 32],
		deals in prop::collection::vec(prop::option::of(0..(1_u64 << 40) - 1), 40),
	) {
		let units = rows * u32::from(scheme.k());
		let shards = deals.iter().take(scheme.n().into()).map(|deal| ShardHint::new(&Root(salt), *deal)).collect();
		let bookmark = Bookmark {
			sequence,
			writer: Writer(writer),
			number: PackNumber::new(pack).unwrap(),
			shape: Shape::new(scheme, units, units - 1, 100).unwrap(),
			delta: DeltaId(delta),
			salt: Salt(salt),
			shards,
		};
		let record = sealed(&bookmark);
		prop_assert!(record.len() <= MAX_RECORD);
		prop_assert_eq!(open(&record).unwrap(), bookmark);
	}

	#[test]
	fn strange_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
		prop_assert!(open(&bytes).is_err());
	}
}
