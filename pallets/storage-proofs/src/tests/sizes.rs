//! What a proof costs: the numbers in the README are asserted here.

use crate::{mock::*, synthetic::Shape, HostHasher};
use codec::Encode;
use substation_proofs::{challenge::Challenge, storage};

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
	assert_eq!(proven.get().bytes, shape.length << shape.depth);
	proof.encoded_size()
}

#[test]
fn a_proof_grows_with_the_logarithm_of_what_is_stored() {
	ExtBuilder.build_and_execute(|| {
		let gibibyte = size(Shape { depth: 0, length: GIBIBYTE }, 4);
		let tebibyte = size(Shape::TEBIBYTE, 4);
		let hundred = size(Shape { depth: 17, length: GIBIBYTE }, 4);

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
		let deepest = size(Shape { depth: 32, length: 1 << 31 }, 16);

		println!("deepest, 16 openings: {deepest} octets");
		assert!(deepest < storage::max_proof_size(16, 32) as usize);
	});
}

#[test]
fn made_up_proofs_of_every_shape_are_right() {
	ExtBuilder.build_and_execute(|| {
		for length in [1, 1_023, 1_024, 1_025, 3_000, 1 << 20] {
			for depth in [0, 1, 5] {
				size(Shape { depth, length }, 4);
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
