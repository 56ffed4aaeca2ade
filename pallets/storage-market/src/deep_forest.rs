//! The costliest forest for an update: of the greatest depth, with slots as far apart as they can be and a stranger's
//! subtree beside every step of every path.
//!
//! Benchmarks run without the prover, which needs `std`; the proofs made here are as real as its own.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use alloc::vec::Vec;
use codec::Encode;
use sp_io::hashing::blake2_256;
use substation_primitives::NodeId;
use substation_proofs::{
	domain,
	forest::{Forest, Leaf, UpdateProof, MAX_DEPTH},
	Hash, Hasher, EMPTY,
};

/// A slot of a deep forest, and the deal in it.
pub(crate) type Slot = (u32, Option<Leaf>);

/// BLAKE2b of the host, which is what the runtime verifies with.
struct HostHasher;

impl Hasher for HostHasher {
	fn blake2_256(data: &[u8]) -> Hash {
		blake2_256(data)
	}
}

/// So many slots, ascending, spread evenly over 2^32.
pub(crate) fn spread(slots: u32) -> Vec<u32> {
	let step = (1u64 << u32::BITS).checked_div(slots.into()).unwrap_or(0);
	// Below 2^32: the index is below the number of slots.
	(0..u64::from(slots)).filter_map(|index| u32::try_from(index.saturating_mul(step)).ok()).collect()
}

/// A deep forest with these slots, ascending, and the proof for an update of all of them.
pub(crate) fn deep_forest(node: NodeId, slots: &[Slot]) -> (Forest, UpdateProof) {
	let mut proof = UpdateProof::default();
	let (total, root) = subtree(node, MAX_DEPTH, slots, &mut proof);
	(Forest { root, total, depth: MAX_DEPTH }, proof)
}

/// Weight and hash of a subtree. Adds the strangers beside the paths to the proof, in preorder.
fn subtree(node: NodeId, level: u8, slots: &[Slot], proof: &mut UpdateProof) -> (u64, Hash) {
	let Some((_, leaf)) = slots.first() else {
		let stranger = blake2_256(&proof.weights.len().to_le_bytes());
		proof.weights.push(1);
		proof.hashes.push(stranger);
		return (1, stranger);
	};
	let Some(below) = level.checked_sub(1) else {
		return leaf.map_or((0, EMPTY), |leaf| (leaf.length, leaf.hash::<HostHasher>(node.0)));
	};
	let middle = slots.partition_point(|(slot, _)| slot.checked_shr(below.into()).unwrap_or(0) & 1 == 0);
	let (in_left, in_right) = slots.split_at_checked(middle).unwrap_or((slots, &[]));
	let left = subtree(node, below, in_left, proof);
	let right = subtree(node, below, in_right, proof);
	let weight = left.0.saturating_add(right.0);
	if weight == 0 {
		return (0, EMPTY);
	}
	(weight, blake2_256(&(domain::INNER, left, right).encode()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_proofs::{
		forest::{update, Change},
		NativeHasher,
	};

	#[test]
	fn its_proofs_are_real_and_as_long_as_they_can_be() {
		let leaf = |deal| Leaf { deal, root: [1; 32], length: 1_024 };
		for count in [1, 2, 5, 64] {
			let slots = spread(count);
			let empty = slots.iter().map(|slot| (*slot, None)).collect::<Vec<_>>();
			let full = slots.iter().zip(0..).map(|(slot, deal)| (*slot, Some(leaf(deal)))).collect::<Vec<_>>();
			let insert = full.iter().map(|(slot, leaf)| (*slot, Change::Insert(leaf.unwrap()))).collect::<Vec<_>>();
			let remove = full.iter().map(|(slot, leaf)| (*slot, Change::Remove(leaf.unwrap()))).collect::<Vec<_>>();
			let (before, proof) = deep_forest(NodeId(7), &empty);
			let (after, same_proof) = deep_forest(NodeId(7), &full);

			assert_eq!(proof, same_proof);
			assert_eq!(*update::<NativeHasher>(&before, 7, 32, &insert, &proof).unwrap().get(), after);
			assert_eq!(*update::<NativeHasher>(&after, 7, 32, &remove, &proof).unwrap().get(), before);
			assert_eq!(proof.hashes.len(), proof.weights.len());
		}
		let (_, longest) = deep_forest(NodeId(7), &spread(64).into_iter().map(|slot| (slot, None)).collect::<Vec<_>>());
		assert_eq!(longest.weights.len(), 64 * 26);
	}
}
