//! Updates of a forest: what the chain accepts, what it refuses, and how long a large one takes.

use std::time::{Duration, Instant};

use substation_proofs::{
	content::MAX_LENGTH,
	forest::{update, Change},
	prover::ForestTree,
	Forest, ForestError, Leaf, NativeHasher, UpdateProof,
};

use crate::common::NODE;

fn leaf(deal: u64) -> Leaf {
	Leaf { deal, root: [7; 32], length: 1000 + deal }
}

fn insert(slot: u32, deal: u64) -> (u32, Change) {
	(slot, Change::Insert(leaf(deal)))
}

fn remove(slot: u32, deal: u64) -> (u32, Change) {
	(slot, Change::Remove(leaf(deal)))
}

/// What a chain makes of it, and that the tree agrees.
fn apply(tree: &mut ForestTree, depth: u8, changes: &[(u32, Change)]) -> Result<Forest, ForestError> {
	let before = tree.forest();
	let proof = tree.update_proof(depth, changes).unwrap();
	let after = update::<NativeHasher>(&before, NODE, depth, changes, &proof)?.into_inner();
	tree.apply(depth, changes).unwrap();
	assert_eq!(after, tree.forest());
	Ok(after)
}

fn refuse(forest: &Forest, depth: u8, changes: &[(u32, Change)], proof: &UpdateProof) -> ForestError {
	update::<NativeHasher>(forest, NODE, depth, changes, proof).unwrap_err()
}

#[test]
fn the_first_deal_of_a_new_node_is_its_root() {
	let mut tree = ForestTree::new(NODE);

	let forest = apply(&mut tree, 0, &[insert(0, 1)]).unwrap();

	assert_eq!(forest, Forest { root: leaf(1).hash::<NativeHasher>(NODE), total: 1001, depth: 0 });
}

#[test]
fn many_slots_change_in_one_go() {
	let mut tree = ForestTree::new(NODE);
	apply(&mut tree, 3, &[insert(0, 1), insert(1, 2), insert(5, 3)]).unwrap();
	apply(&mut tree, 3, &[remove(0, 1), insert(2, 4), remove(5, 3), insert(7, 5)]).unwrap();

	let forest = apply(&mut tree, 3, &[remove(1, 2), remove(2, 4), remove(7, 5)]).unwrap();

	assert_eq!(forest, Forest { root: [0; 32], total: 0, depth: 3 });
}

#[test]
fn growing_and_inserting_happen_in_one_go() {
	let mut tree = ForestTree::new(NODE);
	apply(&mut tree, 0, &[insert(0, 1)]).unwrap();
	apply(&mut tree, 1, &[insert(1, 2)]).unwrap();
	apply(&mut tree, 32, &[insert(2, 3), insert(u32::MAX, 4)]).unwrap();

	assert_eq!(tree.len(), 4);
	assert_eq!(tree.get(0), Some(&leaf(1)));
}

#[test]
fn an_emptied_slot_can_be_used_again() {
	let mut tree = ForestTree::new(NODE);
	apply(&mut tree, 1, &[insert(0, 1), insert(1, 2)]).unwrap();
	apply(&mut tree, 1, &[remove(0, 1)]).unwrap();

	assert_eq!(tree.free_slot(), Some(0));
	apply(&mut tree, 1, &[insert(0, 3)]).unwrap();
}

#[test]
fn siblings_within_an_update_are_not_sent() {
	let tree = ForestTree::from_leaves(NODE, 2, (0..4).map(|slot| (slot, leaf(slot.into())))).unwrap();

	let both = tree.update_proof(2, &[remove(0, 0), remove(1, 1)]).unwrap();
	let all = tree.update_proof(2, &[remove(0, 0), remove(1, 1), remove(2, 2), remove(3, 3)]).unwrap();

	assert_eq!((both.weights.len(), both.hashes.len()), (1, 1));
	assert_eq!(all, UpdateProof::default());
}

#[test]
fn empty_siblings_have_no_hash() {
	let tree = ForestTree::new(NODE);

	let proof = tree.update_proof(32, &[insert(9, 1)]).unwrap();

	assert_eq!(proof, UpdateProof { weights: vec![0; 32], hashes: vec![] });
}

#[test]
fn a_taken_slot_is_not_empty() {
	let tree = ForestTree::from_leaves(NODE, 1, [(0, leaf(1))]).unwrap();
	let proof = UpdateProof { weights: vec![0], hashes: vec![] };

	let error = refuse(&tree.forest(), 1, &[insert(0, 2)], &proof);

	assert_eq!(error, ForestError::WrongTotal { found: 0, expected: 1001 });
}

/// The weight is claimed to lie elsewhere, so that the totals agree.
#[test]
fn a_taken_slot_is_not_empty_even_if_its_weight_is_moved() {
	let tree = ForestTree::from_leaves(NODE, 1, [(0, leaf(1))]).unwrap();
	let proof = UpdateProof { weights: vec![1001], hashes: vec![leaf(1).hash::<NativeHasher>(NODE)] };

	assert_eq!(refuse(&tree.forest(), 1, &[insert(0, 2)], &proof), ForestError::WrongRoot);
}

#[test]
fn only_the_deal_in_the_slot_can_be_removed() {
	let tree = ForestTree::from_leaves(NODE, 1, [(0, leaf(1)), (1, leaf(2))]).unwrap();
	let proof = tree.update_proof(1, &[remove(0, 1)]).unwrap();
	let with = |leaf| refuse(&tree.forest(), 1, &[(0, Change::Remove(leaf))], &proof);

	assert_eq!(with(Leaf { deal: 3, ..leaf(1) }), ForestError::WrongRoot);
	assert_eq!(with(Leaf { root: [8; 32], ..leaf(1) }), ForestError::WrongRoot);
	assert_eq!(with(Leaf { length: 1002, ..leaf(1) }), ForestError::WrongTotal { found: 2004, expected: 2003 });
	assert_eq!(refuse(&tree.forest(), 1, &[remove(1, 1)], &proof), ForestError::WrongRoot);
}

#[test]
fn an_update_against_another_root_is_refused() {
	let mut tree = ForestTree::from_leaves(NODE, 1, [(0, leaf(1))]).unwrap();
	let changes = [insert(1, 2)];
	let proof = tree.update_proof(1, &changes).unwrap();

	let mut other = tree.forest();
	other.root[0] ^= 1;
	assert_eq!(refuse(&other, 1, &changes, &proof), ForestError::WrongRoot);

	tree.apply(1, &changes).unwrap();
	let expected = ForestError::WrongTotal { found: 1001, expected: 2003 };
	assert_eq!(refuse(&tree.forest(), 1, &changes, &proof), expected);
}

#[test]
fn another_nodes_update_is_refused() {
	let tree = ForestTree::from_leaves(NODE, 0, [(0, leaf(1))]).unwrap();
	let changes = [remove(0, 1)];
	let proof = tree.update_proof(0, &changes).unwrap();

	let result = update::<NativeHasher>(&tree.forest(), NODE + 1, 0, &changes, &proof);

	assert_eq!(result, Err(ForestError::WrongRoot));
}

#[test]
fn malformed_updates_are_named() {
	let empty = Forest { depth: 1, ..Forest::default() };
	let none = UpdateProof::default();
	let with = |depth, changes: &[(u32, Change)]| refuse(&empty, depth, changes, &none);
	let of_length = |length| Change::Insert(Leaf { length, ..leaf(1) });

	assert_eq!(with(0, &[insert(0, 1)]), ForestError::DepthOutOfRange { depth: 0, current: 1 });
	assert_eq!(with(33, &[insert(0, 1)]), ForestError::DepthOutOfRange { depth: 33, current: 1 });
	assert_eq!(with(1, &[]), ForestError::NoChanges);
	assert_eq!(with(1, &[insert(1, 1), insert(0, 2)]), ForestError::SlotsNotAscending);
	assert_eq!(with(1, &[insert(1, 1), insert(1, 2)]), ForestError::SlotsNotAscending);
	assert_eq!(with(1, &[insert(2, 1)]), ForestError::SlotOutOfRange { slot: 2 });
	assert_eq!(with(31, &[insert(1 << 31, 1)]), ForestError::SlotOutOfRange { slot: 1 << 31 });
	assert_eq!(with(1, &[(0, of_length(0))]), ForestError::LengthOutOfRange { length: 0 });
	assert_eq!(with(1, &[(0, of_length(MAX_LENGTH + 1))]), ForestError::LengthOutOfRange { length: MAX_LENGTH + 1 });
	assert_eq!(with(1, &[insert(0, 1)]), ForestError::ProofTooShort);
}

#[test]
fn unused_siblings_are_refused() {
	let tree = ForestTree::from_leaves(NODE, 2, [(0, leaf(1)), (3, leaf(2))]).unwrap();
	let changes = [insert(1, 3)];
	let proof = tree.update_proof(2, &changes).unwrap();
	let with = |change: fn(&mut UpdateProof)| {
		let mut proof = proof.clone();
		change(&mut proof);
		refuse(&tree.forest(), 2, &changes, &proof)
	};

	assert_eq!(with(|proof| proof.weights.push(0)), ForestError::ProofTooLong);
	assert_eq!(with(|proof| proof.hashes.push([0; 32])), ForestError::ProofTooLong);
	assert_eq!(with(|proof| _ = proof.weights.pop()), ForestError::ProofTooLong);
	assert_eq!(with(|proof| _ = proof.hashes.pop()), ForestError::ProofTooShort);
	// A sibling's hash for a weight of nothing.
	assert_eq!(with(|proof| proof.weights[0] = 0), ForestError::ProofTooLong);
}

#[test]
fn weights_that_do_not_add_up_in_64_bits_are_refused() {
	let empty = Forest { depth: 1, ..Forest::default() };
	let proof = UpdateProof { weights: vec![u64::MAX], hashes: vec![[1; 32]] };

	assert_eq!(refuse(&empty, 1, &[insert(0, 1)], &proof), ForestError::TotalOverflow);

	// The old sum fits, the new one does not.
	let full = Forest { root: [1; 32], total: u64::MAX, depth: 0 };
	assert_eq!(refuse(&full, 1, &[insert(1, 1)], &proof), ForestError::TotalOverflow);
}

/// An empty subtree has one hash only: a node cannot hide a second encoding of nothing.
#[test]
fn a_weight_of_nothing_cannot_carry_a_hash() {
	let tree = ForestTree::from_leaves(NODE, 1, [(0, leaf(1))]).unwrap();
	let proof = UpdateProof { weights: vec![0], hashes: vec![[5; 32]] };

	assert_eq!(refuse(&tree.forest(), 1, &[remove(0, 1)], &proof), ForestError::ProofTooLong);
}

#[test]
fn a_hundred_thousand_deals_are_practical() {
	let start = Instant::now();
	let mut tree = ForestTree::from_leaves(NODE, 17, (0..100_000).map(|slot| (slot, leaf(slot.into())))).unwrap();
	let built = start.elapsed();

	let start = Instant::now();
	for round in 0..100u32 {
		let changes: Vec<_> = (0..64).map(|index| remove(round * 64 + index, (round * 64 + index).into())).collect();
		apply(&mut tree, 17, &changes).unwrap();
	}
	let updated = start.elapsed();
	assert_eq!(tree.free_slots(3), [0, 1, 2]);

	println!("100,000 leaves built in {built:?}; 100 updates of 64 slots proven, verified and applied in {updated:?}");
	if !cfg!(debug_assertions) {
		assert!(built < Duration::from_secs(1), "{built:?}");
	}
}
