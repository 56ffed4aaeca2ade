//! What a proof costs: the numbers in the README are asserted here.

use crate::{mock::*, synthetic::Shape, HostHasher};
use codec::Encode;
use substation_proofs::{
	challenge::Challenge,
	content::{MAX_LENGTH, MAX_LEVELS},
	forest::MAX_DEPTH,
	storage,
};

const GIBIBYTE: u64 = 1 << 30;

fn challenge(openings: u8) -> Challenge {
	Challenge { genesis: [1; 32], seed: [2; 32], node: 3, period: 4, openings }
}

/// The octets of a proof, once it has passed the verifier.
fn size(shape: Shape, openings: u8) -> usize {
	let challenge = challenge(openings);
	let (forest, proof) = shape.prove(&challenge);
	assert_eq!(storage::check_sizes(&forest, openings, &proof), Ok(()));
	let start = std::time::Instant::now();
	let proven = storage::verify::<HostHasher>(&forest, &challenge, &proof).expect("made-up proofs are right");
	println!("{shape:?}, {openings} openings: verified in {:?}", start.elapsed());
	assert_eq!(proven.get().bytes, shape.total());
	proof.encoded_size()
}

#[test]
fn a_proof_grows_with_the_logarithm_of_what_is_stored() {
	ExtBuilder.build_and_execute(|| {
		let gibibyte = size(Shape::even(0, GIBIBYTE), 4);
		let tebibyte = size(Shape::TEBIBYTE, 4);
		let hundred = size(Shape::even(17, GIBIBYTE), 4);

		for (name, size, limit) in
			[("1 GiB", gibibyte, 7_000), ("1 TiB", tebibyte, 9_000), ("128 TiB", hundred, 10_000)]
		{
			println!("{name}: {size} octets with 4 openings");
			assert!(size < limit, "{name}: {size} octets");
		}
	});
}

#[test]
fn the_largest_proof_stays_below_its_bound() {
	ExtBuilder.build_and_execute(|| {
		let deepest = size(Shape::DEEPEST, 16);

		println!("deepest, 16 openings: {deepest} octets");
		assert!(deepest < storage::max_proof_size(16, 32) as usize);
	});
}

// Row 9: what an opening weighs is measured on this forest.
#[test]
fn no_opening_is_deeper_than_those_of_the_deepest_shape() {
	let (forest, proof) = Shape::DEEPEST.prove(&challenge(16));

	assert_eq!(forest.depth, MAX_DEPTH);
	// Another of the longest blobs at this distance would not fit 64 bits.
	assert_eq!(forest.total.checked_mul(2), None);
	assert_eq!(proof.leaves.len(), 16, "every opening has a path of its own");
	assert!(proof.leaves.iter().all(|leaf| leaf.length == MAX_LENGTH));
	assert_eq!(proof.values.len(), 16 * MAX_LEVELS as usize);
	// Paths share the few levels that it takes to tell 16 of them apart.
	let unshared = 16 * usize::from(MAX_DEPTH) - 16 * 5;
	assert!(proof.weights.len() >= unshared, "{} of {unshared}", proof.weights.len());
	assert_eq!(proof.hashes.len(), proof.weights.len() - 15, "where no two paths part there is something beside");
}

#[test]
fn large_deals_lie_among_small_ones() {
	ExtBuilder.build_and_execute(|| {
		for (depth, apart) in [(0, 0), (1, 1), (5, 2), (5, 5)] {
			for length in [1_025, GIBIBYTE, MAX_LENGTH] {
				size(Shape { depth, length, apart }, 4);
			}
		}
	});
}

#[test]
fn made_up_proofs_of_every_shape_are_right() {
	ExtBuilder.build_and_execute(|| {
		for length in [1, 1_023, 1_024, 1_025, 3_000, 1 << 20] {
			for depth in [0, 1, 5] {
				size(Shape::even(depth, length), 4);
			}
		}
	});
}

#[test]
fn the_record_of_a_node_is_small() {
	use codec::MaxEncodedLen;
	// Two prefixes and the id, the record; the same and one word of outcomes.
	let record = 32 + 8 + crate::NodeRecord::max_encoded_len();
	let word = 32 + 8 + 4 + 16;

	println!("a record: {} octets", crate::NodeRecord::max_encoded_len());
	assert!(record + word <= 450, "{record} and {word} octets");
}
