//! What holds for all inputs.

use std::{collections::BTreeSet, convert::Infallible};

use codec::{Decode, Encode};
use proptest::{collection::vec, prelude::*, sample::Index};
use substation_proofs::{
	content::{self, chunk_count},
	forest::{update, Change},
	prover::{open_bytes, open_groups, ForestTree, GroupSource, GROUP},
	storage::{self, max_proof_size},
	Challenge, Forest, Hash, Leaf, NativeHasher, StorageProof, UpdateProof,
};

use crate::common::{pattern, World, NODE};

fn world() -> impl Strategy<Value = World> {
	let lengths = prop_oneof![1u64..5000, Just(1023), Just(1024), Just(1025), Just(2048), 16_000u64..40_000];
	let deals = proptest::collection::btree_map(0u32..16, lengths, 1..8);
	(deals, 4u8..8, any::<[u8; 32]>(), any::<[u8; 32]>(), any::<u32>(), 1u8..20).prop_map(
		|(deals, depth, genesis, seed, period, openings)| {
			let mut world = World::new(depth, &deals.into_iter().collect::<Vec<_>>());
			world.challenge = Challenge { genesis, seed, node: NODE, period, openings };
			world
		},
	)
}

fn any_leaf() -> impl Strategy<Value = Leaf> {
	(any::<u64>(), any::<Hash>(), prop_oneof![any::<u64>(), 0u64..5000]).prop_map(|(deal, root, length)| Leaf {
		deal,
		root,
		length,
	})
}

prop_compose! {
	fn any_proof()(
		weights in vec(prop_oneof![any::<u64>(), 0u64..3000], 0..12),
		hashes in vec(any::<Hash>(), 0..8),
		leaves in vec(any_leaf(), 0..4),
		chunks in vec(vec(any::<u8>(), 0..1030), 0..4),
		values in vec(any::<Hash>(), 0..12),
	) -> StorageProof {
		StorageProof { weights, hashes, leaves, chunks, values }
	}
}

/// A blob with its values computed anew at each question: slow, and nothing like the code under test.
struct Naive(Vec<u8>);

impl Naive {
	fn value(&self, start: u64, count: u64) -> Hash {
		use blake3::hazmat::HasherExt;
		let end = self.0.len().min(((start + count) * 1024) as usize);
		let bytes = &self.0[(start * 1024) as usize..end];
		blake3::Hasher::new().set_input_offset(start * 1024).update(bytes).finalize_non_root()
	}
}

impl GroupSource for Naive {
	type Error = Infallible;

	fn group(&mut self, index: u64) -> Result<Vec<u8>, Infallible> {
		let start = (index * GROUP) as usize;
		Ok(self.0[start..self.0.len().min(start + GROUP as usize)].to_vec())
	}

	fn parent(&mut self, start: u64, count: u64) -> Result<(Hash, Hash), Infallible> {
		let in_left = count.next_power_of_two() / 2;
		Ok((self.value(start, in_left), self.value(start + in_left, count - in_left)))
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

	#[test]
	fn what_is_proven_is_accepted(mut world in world()) {
		let proof = world.prove();

		prop_assert!(world.verify(&proof).is_ok());
		let depth = world.tree.depth();
		prop_assert!(proof.encoded_size() <= max_proof_size(world.challenge.openings, depth) as usize);
		prop_assert_eq!(StorageProof::decode(&mut &proof.encode()[..]), Ok(proof));
	}

	#[test]
	fn a_flipped_bit_anywhere_is_refused(mut world in world(), at in any::<Index>(), bit in 0u8..8) {
		let mut encoded = world.prove().encode();
		let at = at.index(encoded.len());
		encoded[at] ^= 1 << bit;

		let mut rest = &encoded[..];
		if let Ok(changed) = StorageProof::decode(&mut rest) {
			prop_assert!(!rest.is_empty() || world.verify(&changed).is_err());
		}
	}

	#[test]
	fn a_proof_is_refused_by_any_other_forest(mut world in world(), other in world()) {
		let proof = world.prove();
		prop_assume!(world.tree != other.tree);

		let verified = storage::verify::<NativeHasher>(&other.tree.forest(), &world.challenge, &proof);

		prop_assert!(verified.is_err());
	}

	#[test]
	fn garbage_never_panics(
		proof in any_proof(),
		root in any::<Hash>(),
		total in prop_oneof![any::<u64>(), 0u64..5000],
		depth in 0u8..40,
		openings in any::<u8>(),
	) {
		let forest = Forest { root, total, depth };
		let challenge = Challenge { genesis: root, seed: root, node: NODE, period: 1, openings };

		prop_assert!(storage::verify::<NativeHasher>(&forest, &challenge, &proof).is_err());
	}

	/// With everything right but the root, so that the walks go all the way down.
	#[test]
	fn near_garbage_never_panics(mut world in world(), lengths in vec(0u64..1 << 47, 20)) {
		let mut proof = world.prove();
		for (leaf, length) in proof.leaves.iter_mut().zip(lengths) {
			leaf.length = length;
		}
		let total = proof.leaves[0].length;
		let forest = Forest { total, depth: 0, ..world.tree.forest() };

		prop_assert!(storage::verify::<NativeHasher>(&forest, &world.challenge, &proof).is_err());
	}

	#[test]
	fn every_set_of_chunks_can_be_opened(length in 1u64..70_000, picks in vec(any::<Index>(), 1..6)) {
		let count = chunk_count(length);
		let chunks: BTreeSet<u64> = picks.iter().map(|pick| pick.index(count as usize) as u64).collect();
		let chunks: Vec<u64> = chunks.into_iter().collect();
		let bytes = pattern(length);

		let opening = open_bytes(&bytes, &chunks).unwrap();

		let root = blake3::hash(&bytes).into();
		prop_assert_eq!(content::verify(&root, length, &chunks, &opening), Ok(()));
		prop_assert_eq!(open_groups(length, &chunks, &mut Naive(bytes)).unwrap(), opening);
	}

	#[test]
	fn an_opening_of_other_chunks_is_refused(length in 2049u64..70_000, one in any::<Index>(), other in any::<Index>()) {
		let count = chunk_count(length) as usize;
		let (one, other) = (one.index(count) as u64, other.index(count) as u64);
		prop_assume!(one != other);
		// Bytes without a period, so that no two chunks are alike.
		let bytes: Vec<u8> = (0..length).map(|index| blake3::hash(&(index / 32).to_le_bytes()).as_bytes()[(index % 32) as usize]).collect();
		let opening = open_bytes(&bytes, &[one]).unwrap();

		prop_assert!(content::verify(&blake3::hash(&bytes).into(), length, &[other], &opening).is_err());
	}

	/// Random batches, some of which grow the forest: the verifier follows the tree, and the tree is always what one would
	/// build from its leaves.
	#[test]
	fn updates_lead_from_root_to_root(batches in vec((vec((any::<Index>(), 1u64..1 << 40), 1..10), 0u8..2), 1..8)) {
		let mut tree = ForestTree::new(NODE);
		let mut next_deal = 0;
		for (picks, growth) in batches {
			let depth = tree.depth() + growth;
			let slots: BTreeSet<u32> = picks.iter().map(|(pick, _)| pick.index(1 << depth) as u32).collect();
			let changes: Vec<(u32, Change)> = slots.into_iter().zip(&picks).map(|(slot, (_, length))| {
				next_deal += 1;
				let leaf = Leaf { deal: next_deal, root: [3; 32], length: *length };
				(slot, tree.get(slot).map_or(Change::Insert(leaf), |old| Change::Remove(*old)))
			}).collect();
			let proof = tree.update_proof(depth, &changes).unwrap();

			let after = update::<NativeHasher>(&tree.forest(), NODE, depth, &changes, &proof);

			tree.apply(depth, &changes).unwrap();
			prop_assert_eq!(after.map(|verified| verified.into_inner()), Ok(tree.forest()));
		}
		let rebuilt = ForestTree::from_leaves(NODE, tree.depth(), tree.iter().map(|(slot, leaf)| (slot, *leaf)));
		prop_assert_eq!(rebuilt, Ok(tree));
	}

	#[test]
	fn a_changed_update_proof_is_refused(world in world(), at in any::<Index>(), bit in 0u8..8) {
		let (slot, leaf) = world.tree.iter().next().map(|(slot, leaf)| (slot, *leaf)).unwrap();
		let changes = [(slot, Change::Remove(leaf))];
		let depth = world.tree.depth();
		let mut encoded = world.tree.update_proof(depth, &changes).unwrap().encode();
		let at = at.index(encoded.len());
		encoded[at] ^= 1 << bit;

		let mut rest = &encoded[..];
		if let Ok(proof) = UpdateProof::decode(&mut rest) {
			let result = update::<NativeHasher>(&world.tree.forest(), NODE, depth, &changes, &proof);
			prop_assert!(!rest.is_empty() || result.is_err());
		}
	}

	#[test]
	fn garbage_updates_never_panic(
		weights in vec(any::<u64>(), 0..40),
		hashes in vec(any::<Hash>(), 0..40),
		slots in vec(any::<u32>(), 0..4),
		leaf in any_leaf(),
		total in any::<u64>(),
		current in 0u8..40,
		depth in 0u8..40,
	) {
		let changes: Vec<_> = slots.into_iter().map(|slot| (slot, Change::Remove(leaf))).collect();
		let forest = Forest { root: [1; 32], total, depth: current };

		let result = update::<NativeHasher>(&forest, NODE, depth, &changes, &UpdateProof { weights, hashes });

		prop_assert!(result.is_err());
	}
}

/// Every single bit of one proof.
#[test]
fn no_bit_of_a_proof_is_free() {
	let mut world = World::new(2, &[(0, 1500), (1, 3), (3, 2100)]);
	let proof = world.prove();
	let encoded = proof.encode();
	for at in 0..encoded.len() {
		for bit in 0..8 {
			let mut changed = encoded.clone();
			changed[at] ^= 1 << bit;
			let mut rest = &changed[..];
			let Ok(changed) = StorageProof::decode(&mut rest) else { continue };
			assert!(!rest.is_empty() || world.verify(&changed).is_err(), "byte {at}, bit {bit}");
		}
	}
}
