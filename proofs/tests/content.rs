//! Roots and openings of content against `b3sum` and `bao-tree`.

use std::{
	convert::Infallible,
	io::Write,
	process::{Command, Stdio},
};

use bao_tree::{
	io::{
		outboard::PreOrderMemOutboard,
		sync::{encode_ranges_validated, Outboard},
	},
	BlockSize, ChunkNum, ChunkRanges,
};
use substation_proofs::{
	content::{self, chunk_count, chunk_len},
	prover::{open_bytes, open_groups, opening_from, pair_offset, GroupSource, OpenError, GROUP},
	ContentOpening, Hash, ProofError,
};

use crate::{common::pattern, vectors::content_vectors};

/// A blob as an agent keeps it: bytes and a pre-order outboard above groups of 16 KiB.
struct Outboarded {
	bytes: Vec<u8>,
	outboard: Vec<u8>,
	groups_read: usize,
}

impl Outboarded {
	fn new(bytes: Vec<u8>) -> Self {
		let outboard = PreOrderMemOutboard::create(&bytes, BlockSize::from_chunk_log(4));
		assert_eq!(outboard.root, blake3::hash(&bytes));
		Self { bytes, outboard: outboard.data, groups_read: 0 }
	}
}

impl GroupSource for Outboarded {
	type Error = Infallible;

	fn group(&mut self, index: u64) -> Result<Vec<u8>, Infallible> {
		self.groups_read += 1;
		let start = (index * GROUP) as usize;
		Ok(self.bytes[start..self.bytes.len().min(start + GROUP as usize)].to_vec())
	}

	fn parent(&mut self, start_chunk: u64, chunk_count: u64) -> Result<(Hash, Hash), Infallible> {
		let offset = pair_offset(self.bytes.len() as u64, start_chunk, chunk_count).unwrap() as usize;
		let pair = &self.outboard[offset..offset + 64];
		Ok((pair[..32].try_into().unwrap(), pair[32..].try_into().unwrap()))
	}
}

fn some_chunks(length: u64) -> Vec<Vec<u64>> {
	let count = chunk_count(length);
	let mut sets = vec![vec![0], vec![count - 1], vec![count / 2], vec![0, count / 3, count / 2, count - 1]];
	if count <= 64 {
		sets.extend((0..count).map(|chunk| vec![chunk]));
		sets.push((0..count).collect());
	}
	for set in &mut sets {
		set.dedup();
	}
	sets
}

#[test]
fn openings_lead_to_the_root_that_b3sum_prints() {
	for (length, root) in content_vectors() {
		let bytes = pattern(length);
		for chunks in some_chunks(length) {
			let opening = open_bytes(&bytes, &chunks).unwrap();

			assert_eq!(content::root(length, &chunks, &opening), Ok(root), "{length} {chunks:?}");
		}
	}
}

#[test]
fn the_committed_roots_are_those_of_an_installed_b3sum() {
	for (length, root) in content_vectors() {
		let spawned = Command::new("b3sum").arg("--no-names").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
		let Ok(mut b3sum) = spawned else { return };
		b3sum.stdin.take().unwrap().write_all(&pattern(length)).unwrap();

		let output = b3sum.wait_with_output().unwrap();

		assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), hex::encode(root), "{length}");
	}
}

#[test]
fn openings_from_an_outboard_are_those_from_the_bytes() {
	for (length, _) in content_vectors() {
		let mut blob = Outboarded::new(pattern(length));
		for chunks in some_chunks(length) {
			let expected = open_bytes(&blob.bytes, &chunks).unwrap();
			blob.groups_read = 0;

			let opening = open_groups(length, &chunks, &mut blob).unwrap();

			assert_eq!(opening, expected, "{length} {chunks:?}");
			assert!(blob.groups_read <= chunks.len());
		}
	}
}

#[test]
fn pairs_lie_where_bao_tree_puts_them() {
	for (length, _) in content_vectors() {
		let bytes = pattern(length);
		let outboard = PreOrderMemOutboard::create(&bytes, BlockSize::from_chunk_log(4));
		let mut pairs = 0;
		for node in outboard.tree.pre_order_nodes_iter() {
			let Some((left, right)) = outboard.load(node).unwrap() else { continue };
			let range = node.chunk_range();
			let count = range.end.0.min(chunk_count(length)) - range.start.0;

			let offset = pair_offset(length, range.start.0, count).unwrap() as usize;

			assert_eq!(outboard.data[offset..offset + 32], *left.as_bytes());
			assert_eq!(outboard.data[offset + 32..offset + 64], *right.as_bytes());
			pairs += 1;
		}
		assert_eq!(pairs * 64, outboard.data.len());
		assert_eq!(pair_offset(length, 1, 16), None);
		assert_eq!(pair_offset(length, 0, 16), None);
	}
}

/// `bao-tree` encodes the path to one chunk as pairs from the root down. What an opening has is in each pair the value
/// that is not on the path: those on the left from the root down, then those on the right from the chunk up.
#[test]
fn siblings_are_those_in_the_encoding_of_bao_tree() {
	for (length, _) in content_vectors().into_iter().filter(|(length, _)| *length <= 65_537) {
		let bytes = pattern(length);
		let outboard = PreOrderMemOutboard::create(&bytes, BlockSize::ZERO);
		for chunk in 0..chunk_count(length) {
			let ranges = ChunkRanges::from(ChunkNum(chunk)..ChunkNum(chunk + 1));
			let mut encoded = Vec::new();
			encode_ranges_validated(&bytes[..], &outboard, &ranges, &mut encoded).unwrap();

			let (mut start, mut count, mut left, mut right) = (0, chunk_count(length), Vec::new(), Vec::new());
			let mut rest = &encoded[..];
			while count > 1 {
				let (pair, next) = rest.split_at(64);
				rest = next;
				let in_left = count.next_power_of_two() / 2;
				if chunk < start + in_left {
					right.push(Hash::try_from(&pair[32..]).unwrap());
					count = in_left;
				} else {
					left.push(Hash::try_from(&pair[..32]).unwrap());
					start += in_left;
					count -= in_left;
				}
			}
			left.extend(right.into_iter().rev());

			assert_eq!(open_bytes(&bytes, &[chunk]), Ok(ContentOpening { chunks: vec![rest.to_vec()], values: left }));
		}
	}
}

#[test]
fn an_opening_sends_what_is_shared_once() {
	let bytes = pattern(8 * 1024);

	let one = open_bytes(&bytes, &[2]).unwrap();
	let neighbours = open_bytes(&bytes, &[2, 3]).unwrap();
	let all = open_bytes(&bytes, &[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();

	assert_eq!(one.values.len(), 3);
	assert_eq!(neighbours.values.len(), 2);
	assert_eq!(all.values.len(), 0);
}

#[test]
fn lengths_and_chunks_out_of_range_are_refused() {
	let bytes = pattern(2048);
	let opening = open_bytes(&bytes, &[1]).unwrap();
	let root = |length, chunks: &[u64]| content::root(length, chunks, &opening);

	assert_eq!(root(0, &[0]), Err(ProofError::LengthOutOfRange { length: 0 }));
	assert_eq!(root((1 << 46) + 1, &[1]), Err(ProofError::LengthOutOfRange { length: (1 << 46) + 1 }));
	assert_eq!(root(2048, &[]), Err(ProofError::ChunkOutOfRange));
	assert_eq!(root(2048, &[2]), Err(ProofError::ChunkOutOfRange));
	assert_eq!(root(2048, &[1, 1]), Err(ProofError::ChunkOutOfRange));
	assert_eq!(root(2048, &[1, 0]), Err(ProofError::ChunkOutOfRange));
	assert_eq!(open_bytes(&[], &[0]), Err(OpenError::OutOfRange));
	assert_eq!(open_bytes(&bytes, &[2]), Err(OpenError::OutOfRange));
	assert_eq!(open_bytes(&bytes, &[1, 0]), Err(OpenError::OutOfRange));
}

/// The length shows in the last chunk and in the shape of the path to it. Other chunks say nothing about it, which is why
/// an agent hashes all bytes before it accepts a deal.
#[test]
fn a_wrong_length_is_refused_around_every_boundary() {
	for length in [1u64, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 4096, 4097, 16_384, 16_385] {
		let bytes = pattern(length);
		let root = Hash::from(blake3::hash(&bytes));
		let last = chunk_count(length) - 1;
		let opening = open_bytes(&bytes, &[last]).unwrap();
		assert_eq!(content::verify(&root, length, &[last], &opening), Ok(()));
		for wrong in [0, length - 1, length + 1, length + 1024, length * 2, last * 1024, 1 << 46] {
			for claimed in [last, chunk_count(wrong).saturating_sub(1)] {
				assert!(content::verify(&root, wrong, &[claimed], &opening).is_err(), "{length} {wrong}");
			}
		}
	}
}

/// With the right lengths everywhere, a tree of another shape must still not give the same root.
#[test]
fn no_shorter_last_chunk_leads_to_the_same_root() {
	let bytes = pattern(3000);
	let root = Hash::from(blake3::hash(&bytes));
	let mut opening = open_bytes(&bytes, &[2]).unwrap();
	opening.chunks[0].pop();

	assert_eq!(chunk_len(2999, 2), 951);
	assert_eq!(content::verify(&root, 2999, &[2], &opening), Err(ProofError::WrongContent));
	let expected = ProofError::WrongChunkLength { found: 951, expected: 952 };
	assert_eq!(content::verify(&root, 3000, &[2], &opening), Err(expected));
}

#[test]
fn the_longest_blob_can_be_opened() {
	let last = chunk_count(content::MAX_LENGTH) - 1;
	let value = |start: u64, count: u64| Ok::<_, Infallible>([(start + count) as u8; 32]);
	let chunk = |_| Ok(vec![9; 1024]);

	let opening = opening_from(content::MAX_LENGTH, &[0, last], value, chunk).unwrap();

	assert_eq!(opening.values.len(), 70);
	assert!(content::root(content::MAX_LENGTH, &[0, last], &opening).is_ok());
}

#[test]
fn a_group_of_the_wrong_length_is_noticed() {
	let mut blob = Outboarded::new(pattern(40_000));
	blob.bytes.truncate(39_999);
	let mut short = Truncated(blob);

	let expected = OpenError::WrongLength { found: 40_000 - 2 * GROUP - 1, expected: 40_000 - 2 * GROUP };
	assert_eq!(open_groups(40_000, &[39], &mut short), Err(expected));
}

struct Truncated(Outboarded);

impl GroupSource for Truncated {
	type Error = Infallible;

	fn group(&mut self, index: u64) -> Result<Vec<u8>, Infallible> {
		self.0.group(index)
	}

	fn parent(&mut self, _: u64, _: u64) -> Result<(Hash, Hash), Infallible> {
		Ok(([0; 32], [0; 32]))
	}
}
