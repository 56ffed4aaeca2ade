//! What is signed and hashed around bandwidth tests and vouchers, byte by byte.

use std::collections::BTreeSet;

use codec::Encode;
use serde::{Deserialize, Serialize};
use substation_proofs::{
	authority,
	bandwidth::{
		cap, commitment, digest, measure, measurement_message, pace, receipt_message, start_token, stream, total,
		Direction, Subject,
	},
	domain,
	voucher::{session_message, voucher_message},
	Hash, Hasher, NativeHasher,
};

use crate::vectors::{committed, hash};

const SUBJECT: Subject = Subject { genesis: [1; 32], test: (2, 3), node: 4, direction: Direction::Up };

/// What [`SUBJECT`] looks like in every message.
fn subject() -> Vec<u8> {
	let mut bytes = vec![1; 32];
	bytes.extend(2u32.to_le_bytes());
	bytes.push(3);
	bytes.extend(4u64.to_le_bytes());
	bytes.push(1);
	bytes
}

fn start(subject: &Subject, nonces: &[Option<Hash>]) -> Hash {
	start_token::<NativeHasher>(subject, nonces)
}

#[test]
fn start_token_hashes_the_subject_and_all_nonces() {
	let mut preimage = b"substation/bandwidth-start/v1".to_vec();
	preimage.extend(subject());
	preimage.extend([3 << 2, 1]);
	preimage.extend([5; 32]);
	preimage.push(0);
	preimage.push(1);
	preimage.extend([6; 32]);

	assert_eq!(start(&SUBJECT, &[Some([5; 32]), None, Some([6; 32])]), NativeHasher::blake2_256(&preimage));
}

#[test]
fn stream_is_keyed_blake3_of_the_start_token() {
	let mut message = b"substation/bandwidth-stream/v1".to_vec();
	message.extend([8; 32]);

	let mut bytes = [0; 32];
	stream(&[7; 32], &[8; 32]).fill(&mut bytes);

	assert_eq!(bytes, *blake3::keyed_hash(&[7; 32], &message).as_bytes());
}

#[test]
fn digest_hashes_the_start_token_and_all_marks() {
	let mut preimage = b"substation/bandwidth-marks/v1".to_vec();
	preimage.extend([8; 32]);
	preimage.extend([2 << 2, 0, 1]);
	preimage.extend([9; 32]);

	assert_eq!(digest::<NativeHasher>(&[8; 32], &[None, Some([9; 32])]), NativeHasher::blake2_256(&preimage));
}

#[test]
fn commitment_hashes_the_subject_the_counts_and_the_digest() {
	let mut preimage = b"substation/bandwidth-commitment/v1".to_vec();
	preimage.extend(subject());
	preimage.push(2 << 2);
	preimage.extend(10u32.to_le_bytes());
	preimage.extend(u32::MAX.to_le_bytes());
	preimage.extend([11; 32]);

	assert_eq!(commitment::<NativeHasher>(&SUBJECT, &[10, u32::MAX], &[11; 32]), NativeHasher::blake2_256(&preimage));
}

#[test]
fn signed_messages_are_the_plain_concatenation_of_their_parts() {
	let mut receipt = b"substation/bandwidth-receipt/v1".to_vec();
	receipt.extend(subject());
	receipt.extend([12; 32]);
	receipt.extend(10_000u32.to_le_bytes());
	assert_eq!(receipt_message(&SUBJECT, &[12; 32], 10_000), receipt);

	let mut measurement = b"substation/bandwidth-measurement/v1".to_vec();
	measurement.extend(subject());
	measurement.extend([12; 32]);
	measurement.extend([2 << 2, 0, 1]);
	measurement.extend(10_000u32.to_le_bytes());
	assert_eq!(measurement_message(&SUBJECT, &[12; 32], &[None, Some(10_000)]), measurement);

	let mut voucher = b"substation/voucher/v1".to_vec();
	voucher.extend([1; 32]);
	voucher.extend(5u64.to_le_bytes());
	voucher.extend(6u128.to_le_bytes());
	assert_eq!(voucher_message(&[1; 32], 5, 6), voucher);

	let mut session = b"substation/session/v1".to_vec();
	session.extend([1; 32]);
	session.extend(5u64.to_le_bytes());
	session.extend([6; 32]);
	assert_eq!(session_message(&[1; 32], 5, &[6; 32]), session);
}

/// Whatever follows it, no message or preimage under one tag is one under another.
#[test]
fn no_tag_begins_another() {
	let tags: [&[u8]; 16] = [
		&domain::SLOT,
		&domain::CHALLENGE,
		&domain::SEED,
		&domain::BIND,
		&domain::ACCEPT,
		&domain::CLEAR,
		&domain::ANSWER,
		&domain::BANDWIDTH_DRAW,
		&domain::BANDWIDTH_START,
		&domain::BANDWIDTH_STREAM,
		&domain::BANDWIDTH_MARKS,
		&domain::BANDWIDTH_COMMITMENT,
		&domain::BANDWIDTH_RECEIPT,
		&domain::BANDWIDTH_MEASUREMENT,
		&domain::VOUCHER,
		&domain::SESSION,
	];
	for (index, tag) in tags.iter().enumerate() {
		assert!(tag.starts_with(b"substation/") && tag.ends_with(b"/v1"));
		for other in tags.iter().skip(index + 1) {
			assert!(!tag.starts_with(other) && !other.starts_with(tag));
		}
	}
}

/// One agent key signs all of these.
#[test]
fn nothing_that_an_agent_signs_can_be_taken_for_something_else() {
	let updates = vec![(9u64, 4u32)];
	let messages = [
		authority::bind_message(&[1; 32], &[2u8; 32]),
		authority::accept_message(&[1; 32], 7, &[2; 32], 3, &updates),
		authority::clear_message(&[1; 32], 7, &[2; 32], 3, &updates),
		receipt_message(&SUBJECT, &[12; 32], 10_000),
		measurement_message(&SUBJECT, &[12; 32], &[]),
		voucher_message(&[1; 32], 5, 6),
		session_message(&[1; 32], 5, &[6; 32]),
	];

	for (index, message) in messages.iter().enumerate() {
		for other in &messages[index + 1..] {
			let shared = message.iter().zip(other).take_while(|(left, right)| left == right).count();
			assert!(shared < 25, "they part within their tags");
		}
	}
}

#[test]
fn each_field_changes_what_is_signed() {
	let changed: [Subject; 6] = [
		SUBJECT,
		Subject { genesis: [2; 32], ..SUBJECT },
		Subject { test: (3, 3), ..SUBJECT },
		Subject { test: (2, 4), ..SUBJECT },
		Subject { node: 5, ..SUBJECT },
		Subject { direction: Direction::Down, ..SUBJECT },
	];
	let nonces = [Some([5; 32]), None];
	let mut seen = BTreeSet::new();
	let mut new = |bytes: Vec<u8>| assert!(seen.insert(bytes));
	for subject in &changed {
		new(start(subject, &nonces).to_vec());
		new(commitment::<NativeHasher>(subject, &[1, 2], &[3; 32]).to_vec());
		new(receipt_message(subject, &[4; 32], 5));
		new(measurement_message(subject, &[4; 32], &[Some(5), None]));
	}
	for nonces in
		[vec![], vec![None], vec![None, Some([5; 32])], vec![Some([5; 32])], vec![Some([5; 32]), Some([0; 32])]]
	{
		new(start(&SUBJECT, &nonces).to_vec());
	}
	for (start, marks) in [
		([1; 32], vec![Some([2; 32])]),
		([2; 32], vec![Some([2; 32])]),
		([1; 32], vec![Some([1; 32])]),
		([1; 32], vec![None]),
		([1; 32], vec![None, Some([2; 32])]),
		([1; 32], vec![Some([2; 32]), None]),
	] {
		new(digest::<NativeHasher>(&start, &marks).to_vec());
	}
	for (counts, digest) in [(vec![2, 1], [3; 32]), (vec![1, 2, 0], [3; 32]), (vec![1, 2], [4; 32]), (vec![], [3; 32])]
	{
		new(commitment::<NativeHasher>(&SUBJECT, &counts, &digest).to_vec());
	}
	new(receipt_message(&SUBJECT, &[5; 32], 5));
	new(receipt_message(&SUBJECT, &[4; 32], 6));
	new(measurement_message(&SUBJECT, &[5; 32], &[Some(5), None]));
	for times in [vec![], vec![None, None], vec![None, Some(5)], vec![Some(5)], vec![Some(6), None]] {
		new(measurement_message(&SUBJECT, &[4; 32], &times));
	}
	for (genesis, operator) in [([1; 32], [1u8; 32]), ([2; 32], [1; 32]), ([1; 32], [2; 32])] {
		new(authority::bind_message(&genesis, &operator));
	}
	for (genesis, channel, cumulative) in [([1; 32], 1, 1), ([2; 32], 1, 1), ([1; 32], 2, 1), ([1; 32], 1, 2)] {
		new(voucher_message(&genesis, channel, cumulative));
	}
	for (genesis, channel, exporter) in
		[([1; 32], 1, [1; 32]), ([2; 32], 1, [1; 32]), ([1; 32], 2, [1; 32]), ([1; 32], 1, [2; 32])]
	{
		new(session_message(&genesis, channel, &exporter));
	}
}

fn hex_of(hashes: &[Option<Hash>]) -> Vec<Option<String>> {
	hashes.iter().map(|value| value.map(hex::encode)).collect()
}

fn hashes(texts: &[Option<String>]) -> Vec<Option<Hash>> {
	texts.iter().map(|text| text.as_deref().map(hash)).collect()
}

#[derive(Serialize, Deserialize)]
struct BandwidthVector {
	genesis: String,
	block: u32,
	index: u8,
	node: u64,
	/// `down` or `up`.
	direction: String,
	/// Of each member, null for those that take no part.
	nonces: Vec<Option<String>>,
	start: String,
	/// A member's secret (down) or nonce (up).
	key: String,
	/// The first 64 bytes of the stream under `key`.
	stream: String,
	/// 16 bytes of it from 1,000,000 on.
	stream_from_1000000: String,
	/// The hash of its first 1,000,000 bytes: the mark of a member that has moved so many (down).
	mark_of_1000000: String,
	marks: Vec<Option<String>>,
	digest: String,
	counts: Vec<u32>,
	commitment: String,
	elapsed: u32,
	receipt: String,
	/// Of each member with a mark, as if only those had signed.
	times: Vec<Option<u32>>,
	measurement: String,
}

impl BandwidthVector {
	/// Everything that follows, from what is given.
	fn new(subject: Subject, nonces: &[Option<Hash>], key: Hash, marks: &[Option<Hash>], counts: &[u32]) -> Self {
		let start = start(&subject, nonces);
		let digest = digest::<NativeHasher>(&start, marks);
		let commitment = commitment::<NativeHasher>(&subject, counts, &digest);
		let mut bytes = vec![0; 1_000_016];
		stream(&key, &start).fill(&mut bytes);
		let elapsed = 10_000 + u32::from(subject.test.1);
		let times: Vec<_> = marks.iter().map(|mark| mark.map(|_| elapsed)).collect();
		Self {
			genesis: hex::encode(subject.genesis),
			block: subject.test.0,
			index: subject.test.1,
			node: subject.node,
			direction: match subject.direction {
				Direction::Down => "down".into(),
				Direction::Up => "up".into(),
			},
			nonces: hex_of(nonces),
			start: hex::encode(start),
			key: hex::encode(key),
			stream: hex::encode(&bytes[..64]),
			stream_from_1000000: hex::encode(&bytes[1_000_000..]),
			mark_of_1000000: blake3::hash(&bytes[..1_000_000]).to_string(),
			marks: hex_of(marks),
			digest: hex::encode(digest),
			counts: counts.to_vec(),
			commitment: hex::encode(commitment),
			elapsed,
			receipt: hex::encode(receipt_message(&subject, &commitment, elapsed)),
			measurement: hex::encode(measurement_message(&subject, &commitment, &times)),
			times,
		}
	}

	fn subject(&self) -> Subject {
		let direction = match self.direction.as_str() {
			"down" => Direction::Down,
			"up" => Direction::Up,
			other => panic!("{other} is no direction"),
		};
		Subject { genesis: hash(&self.genesis), test: (self.block, self.index), node: self.node, direction }
	}
}

#[test]
fn tests_of_lines_match_the_vectors() {
	let subject =
		|direction, block, index, node| Subject { genesis: [0xaa; 32], test: (block, index), node, direction };
	let some = |byte| Some([byte; 32]);
	let vectors = vec![
		BandwidthVector::new(
			subject(Direction::Down, 42, 0, 7),
			&[some(1), some(2), some(3)],
			[0x11; 32],
			&[some(4), some(5), some(6)],
			&[1_000_000, 3_500_000, 3_500_000],
		),
		BandwidthVector::new(
			subject(Direction::Up, u32::MAX, 7, u64::MAX),
			&[some(1), None, some(3), some(4), None],
			[1; 32],
			&[some(0xf1), None, None, some(0xf4), None],
			&[u32::MAX, 0, 12_345, 1, 0],
		),
	];

	for vector in committed("bandwidth.json", vectors) {
		let subject = vector.subject();
		let (start, digest, commitment) = (hash(&vector.start), hash(&vector.digest), hash(&vector.commitment));
		assert_eq!(start_token::<NativeHasher>(&subject, &hashes(&vector.nonces)), start);
		assert_eq!(substation_proofs::bandwidth::digest::<NativeHasher>(&start, &hashes(&vector.marks)), digest);
		let made = substation_proofs::bandwidth::commitment::<NativeHasher>(&subject, &vector.counts, &digest);
		assert_eq!(made, commitment);
		assert_eq!(hex::encode(receipt_message(&subject, &commitment, vector.elapsed)), vector.receipt);
		assert_eq!(hex::encode(measurement_message(&subject, &commitment, &vector.times)), vector.measurement);

		let mut bytes = vec![0; 1_000_016];
		stream(&hash(&vector.key), &start).fill(&mut bytes);
		assert_eq!(hex::encode(&bytes[..64]), vector.stream);
		assert_eq!(hex::encode(&bytes[1_000_000..]), vector.stream_from_1000000);
		assert_eq!(blake3::hash(&bytes[..1_000_000]).to_string(), vector.mark_of_1000000);
	}
}

#[derive(Serialize, Deserialize)]
struct MeasureVector {
	name: String,
	/// kbit/s.
	claim: u32,
	seconds: u8,
	total: u64,
	cap: u64,
	/// kbit/s.
	pace: u32,
	/// Count and milliseconds of each member, null without a receipt.
	parts: Vec<(u32, Option<u32>)>,
	/// kbit/s.
	rate: u32,
	receipts: u8,
	delivered: u16,
}

fn measure_vector(name: &str, claim: u32, seconds: u8, parts: Vec<(u32, Option<u32>)>) -> MeasureVector {
	let (whole, members) = (total(claim, seconds), parts.len() as u8);
	let measured = measure(whole, &parts);
	MeasureVector {
		name: name.into(),
		claim,
		seconds,
		total: whole,
		cap: cap(whole, members),
		pace: pace(claim, members),
		parts,
		rate: measured.rate,
		receipts: measured.receipts,
		delivered: measured.delivered,
	}
}

#[test]
fn measurements_match_the_vectors() {
	let (whole, most) = (total(100_000, 10), cap(total(100_000, 10), 17));
	let even = |members: u32, share: u64| vec![(share as u32, Some(10_000)); members as usize];
	let without = |mut parts: Vec<(u32, Option<u32>)>, missing: usize| {
		for part in &mut parts[..missing] {
			part.1 = None;
		}
		parts
	};
	let vectors = vec![
		measure_vector("an even test", 100_000, 10, even(17, whole.div_ceil(17))),
		measure_vector("three missing, the others carry it all", 100_000, 10, without(even(17, whole.div_ceil(14)), 3)),
		measure_vector("four missing", 100_000, 10, without(even(17, most), 4)),
		measure_vector("one receipt refused", 100_000, 10, without(even(17, whole.div_ceil(17)), 1)),
		measure_vector("no majority", 100_000, 10, without(even(17, most), 9)),
		measure_vector("counts above the cap", 100_000, 10, even(5, u32::MAX.into())),
		measure_vector("as few bytes as there are", 1_000, 5, even(3, 2_666_667)),
		measure_vector(
			"all times differ",
			50_000,
			5,
			vec![
				(6_000_000, Some(9_000)),
				(6_000_000, Some(5_100)),
				(6_000_000, Some(5_000)),
				(5_912_962, None),
				(5_912_962, Some(1)),
			],
		),
	];

	for vector in committed("measure.json", vectors) {
		let members = vector.parts.len() as u8;
		assert_eq!(total(vector.claim, vector.seconds), vector.total, "{}", vector.name);
		assert_eq!(cap(vector.total, members), vector.cap, "{}", vector.name);
		assert_eq!(pace(vector.claim, members), vector.pace, "{}", vector.name);
		let measured = measure(vector.total, &vector.parts);
		let expected = (vector.rate, vector.receipts, vector.delivered);
		assert_eq!((measured.rate, measured.receipts, measured.delivered), expected, "{}", vector.name);
	}
}

#[derive(Serialize, Deserialize)]
struct VoucherVector {
	genesis: String,
	channel: u64,
	/// In decimal: it may not fit the numbers of JSON.
	cumulative: String,
	message: String,
}

#[test]
fn vouchers_match_the_vectors() {
	let vectors = [(0, 0), (7, 1_000_000_000_000), (u64::MAX, u128::MAX)].map(|(channel, cumulative)| VoucherVector {
		genesis: hex::encode([0xaa; 32]),
		channel,
		cumulative: cumulative.to_string(),
		message: hex::encode(voucher_message(&[0xaa; 32], channel, cumulative)),
	});

	for vector in committed("voucher.json", vectors.into()) {
		let cumulative = vector.cumulative.parse().unwrap();
		let message = voucher_message(&hash(&vector.genesis), vector.channel, cumulative);
		assert_eq!(hex::encode(message), vector.message);
	}
}

#[derive(Serialize, Deserialize)]
struct SessionVector {
	genesis: String,
	channel: u64,
	exporter: String,
	message: String,
}

#[test]
fn sessions_match_the_vectors() {
	let vectors = [(0, 0), (7, 0xbb), (u64::MAX, 0xff)].map(|(channel, exporter)| SessionVector {
		genesis: hex::encode([0xaa; 32]),
		channel,
		exporter: hex::encode([exporter; 32]),
		message: hex::encode(session_message(&[0xaa; 32], channel, &[exporter; 32])),
	});

	for vector in committed("session.json", vectors.into()) {
		let message = session_message(&hash(&vector.genesis), vector.channel, &hash(&vector.exporter));
		assert_eq!(hex::encode(message), vector.message);
	}
}

/// On chain and in receipts: these bytes never change.
#[test]
fn directions_encode_as_documented() {
	assert_eq!((Direction::Down.encode(), Direction::Up.encode()), (vec![0], vec![1]));
	assert_eq!(SUBJECT.encode(), subject());
	assert_eq!(SUBJECT.encoded_size(), 46);
}
