//! Proofs by nodes that do not have the bytes, or that want to make others work.

use substation_proofs::{
	content,
	prover::{challenged, open_bytes, prove, ForestTree, ProveError},
	storage::{self, Part},
	Challenge, Forest, Hash, Leaf, NativeHasher, ProofError, StorageProof,
};

use crate::common::{bytes_of, leaf, pattern, World, NODE};

#[test]
fn an_honest_proof_is_accepted() {
	for seed in 0..50 {
		let mut world = World::mixed().seeded(seed);

		let proof = world.prove();

		let proven = storage::Proven { node: NODE, period: 3, bytes: world.tree.forest().total };
		assert_eq!(world.verify(&proof), Ok(proven));
	}
}

#[test]
fn another_nodes_forest_is_refused() {
	let world = World::mixed();
	let mut other = world.clone();
	other.tree = ForestTree::from_leaves(8, 4, world.tree.iter().map(|(slot, leaf)| (slot, *leaf))).unwrap();
	other.challenge.node = 8;

	let proof = other.prove();

	assert!(other.verify(&proof).is_ok());
	assert!(world.verify(&proof).is_err());
}

/// Same deal, same bytes, same chunk: only the node's id, which is in the leaf's hash, differs.
#[test]
fn a_forest_belongs_to_one_node() {
	let mut world = World::new(0, &[(0, 1024)]);
	let proof = world.prove();
	assert!(world.verify(&proof).is_ok());

	world.challenge.node = 8;

	assert_eq!(world.verify(&proof), Err(ProofError::WrongForest));
}

#[test]
fn another_deals_chunk_is_refused() {
	// Two deals of one length, so that nothing but the bytes differs.
	let mut world = World::new(1, &[(0, 4096), (1, 4096)]).openings(1);
	let mut proof = world.prove();
	let (challenged_leaf, chunks) = challenged(&world.tree, &world.challenge).remove(0);
	let other = if challenged_leaf.deal == 100 { 101 } else { 100 };

	let opening = open_bytes(&bytes_of(other, 4096), &chunks).unwrap();
	proof.chunks = opening.chunks.clone();
	proof.values = opening.values.clone();
	assert_eq!(world.verify(&proof), Err(ProofError::WrongContent));

	proof.leaves = vec![leaf(other, 4096)];
	assert_eq!(world.verify(&proof), Err(ProofError::WrongForest));
}

#[test]
fn another_chunk_of_the_same_deal_is_refused() {
	let mut world = World::new(0, &[(0, 8192)]).openings(1);
	let (_, chunks) = challenged(&world.tree, &world.challenge).remove(0);
	let mut proof = world.prove();
	for other in (0..8).filter(|other| *other != chunks[0]) {
		let opening = open_bytes(&bytes_of(100, 8192), &[other]).unwrap();
		proof.chunks = opening.chunks.clone();
		proof.values = opening.values.clone();

		assert_eq!(world.verify(&proof), Err(ProofError::WrongContent));
	}
}

#[test]
fn a_proof_is_worth_nothing_for_another_challenge() {
	let mut world = World::new(2, &[(0, 100_000), (1, 100_000), (2, 100_000)]);
	let proof = world.prove();
	let refused = |challenge: Challenge| {
		let mut world = world.clone();
		world.challenge = challenge;
		assert!(world.verify(&proof).is_err(), "{challenge:?}");
	};

	refused(Challenge { period: 4, ..world.challenge });
	refused(Challenge { genesis: [9; 32], ..world.challenge });
	refused(Challenge { seed: [9; 32], ..world.challenge });
	refused(Challenge { node: 8, ..world.challenge });
	refused(Challenge { openings: 3, ..world.challenge });
	refused(Challenge { openings: 5, ..world.challenge });
}

#[test]
fn a_wrong_length_is_refused() {
	let mut world = World::new(0, &[(0, 3000)]);
	let mut proof = world.prove();

	proof.leaves[0].length = 3001;
	assert_eq!(world.verify(&proof), Err(ProofError::WrongLength { found: 3001, expected: 3000 }));

	proof.leaves[0].length = 0;
	assert_eq!(world.verify(&proof), Err(ProofError::LengthOutOfRange { length: 0 }));

	proof.leaves[0].length = content::MAX_LENGTH + 1;
	assert_eq!(world.verify(&proof), Err(ProofError::LengthOutOfRange { length: content::MAX_LENGTH + 1 }));
}

/// The preimage of an inner node of the content is two chaining values, 64 bytes. A node that keeps only these must not
/// be able to pass them off as a chunk.
#[test]
fn an_inner_node_of_the_content_is_not_a_chunk() {
	let bytes = pattern(4096);
	let root = Hash::from(blake3::hash(&bytes));
	let left = open_bytes(&bytes, &[2, 3]).unwrap().values[0];
	let right = open_bytes(&bytes, &[0, 1]).unwrap().values[0];
	let pair = [left, right].concat();

	// As if the blob were these 64 bytes.
	let opening = content::ContentOpening { chunks: vec![pair.clone()], values: vec![] };
	assert_eq!(content::verify(&root, 64, &[0], &opening), Err(ProofError::WrongContent));

	// As if the right half were one short chunk.
	let bottom = open_bytes(&bytes, &[2]).unwrap();
	let pair = [content_value(&bottom.chunks[0], 2), bottom.values[1]].concat();
	let opening = content::ContentOpening { chunks: vec![pair], values: vec![left] };
	assert_eq!(content::verify(&root, 1024 + 64, &[1], &opening), Err(ProofError::WrongContent));
	let expected = ProofError::WrongChunkLength { found: 64, expected: 1024 };
	assert_eq!(content::verify(&root, 2048, &[1], &opening), Err(expected));
}

fn content_value(chunk: &[u8], index: u64) -> Hash {
	use blake3::hazmat::HasherExt;
	blake3::Hasher::new().set_input_offset(index * 1024).update(chunk).finalize_non_root()
}

/// A forest one level higher, whose "leaf" would be an inner node.
#[test]
fn an_inner_node_of_the_forest_is_not_a_leaf() {
	let world = World::new(1, &[(0, 1024), (1, 1024)]);
	let mut flat = World::new(0, &[(0, 2048)]);
	let proof = flat.prove();

	let forest = Forest { depth: 0, ..world.tree.forest() };

	let result = storage::verify::<NativeHasher>(&forest, &world.challenge, &proof);
	assert_eq!(result, Err(ProofError::WrongForest));
}

#[test]
fn every_list_may_be_neither_truncated_nor_extended() {
	for seed in 0..20 {
		let mut world = World::mixed().seeded(seed).openings(8);
		let proof = world.prove();
		let refused = |change: &dyn Fn(&mut StorageProof)| {
			let mut changed = proof.clone();
			change(&mut changed);
			if changed != proof {
				assert!(world.verify(&changed).is_err());
			}
		};

		refused(&|proof| _ = proof.weights.pop());
		refused(&|proof| _ = proof.hashes.pop());
		refused(&|proof| _ = proof.leaves.pop());
		refused(&|proof| _ = proof.chunks.pop());
		refused(&|proof| _ = proof.values.pop());
		refused(&|proof| proof.weights.push(0));
		refused(&|proof| proof.weights.push(1));
		refused(&|proof| proof.hashes.push([0; 32]));
		refused(&|proof| proof.leaves.push(proof.leaves[0]));
		refused(&|proof| proof.chunks.push(proof.chunks[0].clone()));
		refused(&|proof| proof.values.push([0; 32]));
		refused(&|proof| proof.leaves.reverse());
		refused(&|proof| proof.chunks.reverse());
		refused(&|proof| proof.hashes.reverse());
	}
}

#[test]
fn unused_items_are_named() {
	let mut world = World::new(0, &[(0, 3000)]).openings(1);
	let proof = world.prove();
	let with = |change: fn(&mut StorageProof)| {
		let mut proof = proof.clone();
		change(&mut proof);
		world.verify(&proof).unwrap_err()
	};

	let too_many = |part, found, limit| ProofError::TooMany { part, found, limit };
	assert_eq!(with(|proof| proof.weights.push(1)), too_many(Part::Weights, 1, 0));
	assert_eq!(with(|proof| proof.hashes.push([1; 32])), too_many(Part::Hashes, 1, 0));
	assert_eq!(with(|proof| proof.leaves.push(leaf(1, 1))), too_many(Part::Leaves, 2, 1));
	assert_eq!(with(|proof| proof.chunks.push(vec![1])), too_many(Part::Chunks, 2, 1));
	assert_eq!(
		with(|proof| proof.values.extend([[1; 32]; 3])),
		too_many(Part::Values, 4.max(proof.values.len() as u32 + 3), 2)
	);
	assert_eq!(with(|proof| proof.values.clear()), ProofError::Missing(Part::Values));
	assert_eq!(with(|proof| proof.chunks.clear()), ProofError::Missing(Part::Chunks));
	assert_eq!(with(|proof| proof.leaves.clear()), ProofError::Missing(Part::Leaves));
}

#[test]
fn a_challenged_chunk_is_sent_once_and_only_once() {
	let mut world = World::new(0, &[(0, 100)]).openings(16);

	let mut proof = world.prove();
	assert_eq!(proof.chunks.len(), 1);
	assert!(world.verify(&proof).is_ok());

	proof.chunks.push(proof.chunks[0].clone());
	assert_eq!(world.verify(&proof), Err(ProofError::Unused(Part::Chunks)));
}

#[test]
fn chunks_of_impossible_lengths_are_refused_before_hashing() {
	let mut world = World::new(0, &[(0, 5000)]);
	let proof = world.prove();
	for length in [0usize, 1025, 4096] {
		let mut changed = proof.clone();
		changed.chunks[0] = vec![0; length];

		let expected = ProofError::WrongChunkLength { found: length as u64, expected: 1024 };
		assert_eq!(storage::check_sizes(&world.tree.forest(), 4, &changed), Err(expected));
	}
}

#[test]
fn moving_weight_between_halves_is_refused() {
	for seed in 0..50 {
		let mut world = World::new(2, &[(0, 1 << 20), (1, 1 << 20), (2, 1024), (3, 1 << 20)]).seeded(seed);
		let proof = world.prove();
		for index in 0..proof.weights.len() {
			for weight in [0, 1, u64::MAX, 1 << 63, proof.weights[index] - 1, proof.weights[index] + 1] {
				let mut changed = proof.clone();
				changed.weights[index] = weight;

				assert!(world.verify(&changed).is_err());
			}
		}
	}
}

#[test]
fn a_half_heavier_than_the_whole_is_refused() {
	let mut world = World::new(1, &[(0, 1000), (1, 1000)]);
	let mut proof = world.prove();
	proof.weights[0] = 2001;

	assert_eq!(world.verify(&proof), Err(ProofError::WrongWeight { half: 2001, whole: 2000 }));
}

/// A node that had inflated the weight of what it has would be challenged there more often.
#[test]
fn a_total_other_than_the_states_is_refused() {
	let mut world = World::new(0, &[(0, 3000)]);
	let proof = world.prove();
	for total in [2999, 3001, u64::MAX] {
		let forest = Forest { total, ..world.tree.forest() };

		let result = storage::verify::<NativeHasher>(&forest, &world.challenge, &proof);

		assert_eq!(result, Err(ProofError::WrongLength { found: 3000, expected: total }));
	}
}

/// The deal is in slot 0 and slot 1 is empty. The node says that all weight lies in slot 1, with a leaf of its own.
#[test]
fn an_empty_slot_is_not_a_deal() {
	let mut world = World::new(1, &[(0, 1024)]);
	let honest = world.prove();
	assert_eq!((honest.weights.as_slice(), honest.hashes.len()), (&[1024][..], 0));

	let mut proof = honest.clone();
	proof.weights = vec![0];
	assert_eq!(world.verify(&proof), Err(ProofError::WrongForest));

	proof.leaves = vec![Leaf { deal: 0, root: [0; 32], length: 0 }];
	assert_eq!(world.verify(&proof), Err(ProofError::LengthOutOfRange { length: 0 }));

	proof.leaves = vec![leaf(999, 1024)];
	proof.chunks = vec![bytes_of(999, 1024)];
	assert_eq!(world.verify(&proof), Err(ProofError::WrongForest));
}

#[test]
fn an_empty_forest_or_no_openings_prove_nothing() {
	let mut world = World::new(0, &[(0, 1024)]);
	let proof = world.prove();

	let empty = storage::verify::<NativeHasher>(&Forest::default(), &world.challenge, &proof);
	assert_eq!(empty, Err(ProofError::EmptyForest));

	let deep = Forest { depth: 33, ..world.tree.forest() };
	let too_deep = storage::verify::<NativeHasher>(&deep, &world.challenge, &proof);
	assert_eq!(too_deep, Err(ProofError::DepthOutOfRange { depth: 33 }));

	world.challenge.openings = 0;
	assert_eq!(world.verify(&proof), Err(ProofError::NoOpenings));
	assert_eq!(prove(&world.tree, &world.challenge, &mut world.store), Err(ProveError::NoOpenings));
}

#[test]
fn garbage_is_refused_by_its_size() {
	let forest = Forest { root: [1; 32], total: 1 << 40, depth: 10 };
	let garbage = StorageProof {
		weights: vec![1; 100_000],
		hashes: vec![[1; 32]; 100_000],
		leaves: vec![leaf(1, 1024)],
		chunks: vec![vec![1; 1024]],
		values: vec![],
	};

	let expected = ProofError::TooMany { part: Part::Weights, found: 100_000, limit: 10 };
	assert_eq!(storage::check_sizes(&forest, 4, &garbage), Err(expected));
}

#[test]
fn a_prover_says_which_deal_is_damaged() {
	let mut world = World::new(0, &[(0, 3000)]);
	for byte in world.store.0.get_mut(&100).unwrap() {
		*byte ^= 1;
	}

	let result = prove(&world.tree, &world.challenge, &mut world.store);

	assert_eq!(result, Err(ProveError::Damaged { deal: 100, error: ProofError::WrongContent }));
}

#[test]
fn a_prover_answers_for_its_own_node_only() {
	let mut world = World::mixed();
	world.challenge.node = 9;

	let result = prove(&world.tree, &world.challenge, &mut world.store);

	assert_eq!(result, Err(ProveError::WrongNode { challenged: 9, ours: NODE }));
}
