//! How many bytes a proof takes on the wire.

use std::convert::Infallible;

use codec::Encode;
use substation_proofs::{
	content,
	prover::{challenged, opening_from, prove, ChunkSource, ForestTree},
	storage::{self, max_proof_size},
	Challenge, ContentOpening, Hash, Leaf, NativeHasher,
};

use crate::common::NODE;

const DEAL: u64 = 1 << 30;

/// Any chunk and any values: the deals' roots are made to fit afterwards.
struct Synthetic;

impl ChunkSource for Synthetic {
	type Error = Infallible;

	fn open(&mut self, leaf: &Leaf, chunks: &[u64]) -> Result<ContentOpening, Infallible> {
		let value = |start: u64, count: u64| {
			let preimage = (leaf.deal, start, count).encode();
			Ok::<Hash, Infallible>(blake3::hash(&preimage).into())
		};
		let chunk = |index: u64| Ok(vec![(index % 251) as u8; 1024]);
		Ok(opening_from(leaf.length, chunks, value, chunk).unwrap())
	}
}

/// The size of a proof over `deals` deals of 1 GiB. Nobody has the data: which chunks are challenged depends on the
/// lengths only, so the roots of the challenged deals are computed from made-up openings, and the proof is accepted.
fn proof_size(deals: u32, openings: u8, tree: &mut ForestTree, seed: u8) -> usize {
	let challenge = Challenge { genesis: [1; 32], seed: [seed; 32], node: NODE, period: 0, openings };
	for (leaf, chunks) in challenged(tree, &challenge) {
		let opening = Synthetic.open(&leaf, &chunks).unwrap();
		let root = content::root(leaf.length, &chunks, &opening).unwrap();
		let slot = tree.slot_of(leaf.deal).unwrap();
		tree.remove(slot).unwrap();
		tree.insert(slot, Leaf { root, ..leaf }).unwrap();
	}
	assert_eq!(tree.len(), deals as usize);

	let proof = prove(tree, &challenge, &mut Synthetic).unwrap();

	assert!(storage::verify::<NativeHasher>(&tree.forest(), &challenge, &proof).is_ok());
	assert!(proof.encoded_size() <= max_proof_size(openings, tree.depth()) as usize);
	proof.encoded_size()
}

/// Smallest and largest of 100 proofs.
fn sizes(deals: u32, openings: u8) -> (usize, usize) {
	let depth = deals.next_power_of_two().trailing_zeros() as u8;
	let leaf = |slot: u32| Leaf { deal: slot.into(), root: [0; 32], length: DEAL };
	let mut tree = ForestTree::from_leaves(NODE, depth, (0..deals).map(|slot| (slot, leaf(slot)))).unwrap();
	let sizes: Vec<usize> = (0..100).map(|seed| proof_size(deals, openings, &mut tree, seed)).collect();
	let (least, most) = (*sizes.iter().min().unwrap(), *sizes.iter().max().unwrap());
	println!("{deals:>7} deals of 1 GiB, {openings:>2} openings: {least} to {most} bytes");
	(least, most)
}

#[test]
fn a_tebibyte_is_proven_in_less_than_ten_kilobytes() {
	let (_, gibibyte) = sizes(1, 4);
	let (_, tebibyte) = sizes(1024, 4);
	let (_, hundred_tebibytes) = sizes(102_400, 4);

	assert!(gibibyte <= 7_500, "{gibibyte}");
	assert!(tebibyte <= 10_000, "{tebibyte}");
	assert!(hundred_tebibytes <= 10_500, "{hundred_tebibytes}");
}

#[test]
fn sixteen_openings_of_a_tebibyte_take_less_than_forty_kilobytes() {
	let (_, most) = sizes(1024, 16);

	assert!(most <= 40_000, "{most}");
}

#[test]
fn the_greatest_proof_of_all_fits_its_bound() {
	assert_eq!(max_proof_size(4, 10), 20 + 4 * (400 + 48 + 1026 + 1152));
	assert_eq!(max_proof_size(255, 32), 20 + 255 * (1280 + 48 + 1026 + 1152));
}
