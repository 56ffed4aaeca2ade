//! What an agent signs with its ed25519 key.
//!
//! A message about a forest names the chain, the node and the forest that it changes, so that it is good for one chain,
//! one node and one moment: once the forest has changed the old root never matches again.

use alloc::vec::Vec;

use codec::Encode;

use crate::{domain, Hash};

/// The message by which an agent lets nodes of `operator` name its key: an account of 32 bytes.
///
/// It names no node, because a node has no id before it is registered: whoever may name the key may name it for one node
/// after the other, and nobody else ever may.
pub fn bind_message(genesis: &Hash, operator: &impl Encode) -> Vec<u8> {
	(domain::BIND, genesis, operator).encode()
}

/// The message by which the agent of `node` accepts deals into its forest.
///
/// `root` is the forest's root before the change, `depth` its depth after it, `acceptances` exactly the
/// list in the call.
pub fn accept_message(genesis: &Hash, node: u64, root: &Hash, depth: u8, acceptances: &impl Encode) -> Vec<u8> {
	(domain::ACCEPT, genesis, node, root, depth, acceptances).encode()
}

/// The message by which the agent of `node` empties slots of its forest.
///
/// `root` is the forest's root before the change, `depth` its depth, `clearances` exactly the list in the call.
pub fn clear_message(genesis: &Hash, node: u64, root: &Hash, depth: u8, clearances: &impl Encode) -> Vec<u8> {
	(domain::CLEAR, genesis, node, root, depth, clearances).encode()
}

/// The message by which the agent of `node` answers a dispute. Ids of disputes are never reused, so it is good once.
pub fn answer_message(genesis: &Hash, node: u64, dispute: u64, evidence: &Hash) -> Vec<u8> {
	(domain::ANSWER, genesis, node, dispute, evidence).encode()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_message_is_the_plain_concatenation_of_its_parts() {
		let message = accept_message(&[1; 32], 7, &[2; 32], 3, &alloc::vec![(9u64, 4u32)]);

		let mut expected = b"substation/accept/v1".to_vec();
		expected.extend([1; 32]);
		expected.extend(7u64.to_le_bytes());
		expected.extend([2; 32]);
		expected.push(3);
		expected.push(1 << 2);
		expected.extend(9u64.to_le_bytes());
		expected.extend(4u32.to_le_bytes());
		assert_eq!(message, expected);
	}

	#[test]
	fn a_binding_names_chain_and_operator() {
		let mut expected = b"substation/bind/v1".to_vec();
		expected.extend([1; 32]);
		expected.extend([2; 32]);
		assert_eq!(bind_message(&[1; 32], &[2u8; 32]), expected);
	}

	#[test]
	fn an_answer_names_chain_node_dispute_and_evidence() {
		let mut expected = b"substation/answer/v1".to_vec();
		expected.extend([1; 32]);
		expected.extend(7u64.to_le_bytes());
		expected.extend(9u64.to_le_bytes());
		expected.extend([2; 32]);
		assert_eq!(answer_message(&[1; 32], 7, 9, &[2; 32]), expected);
	}

	#[test]
	fn accepting_and_clearing_never_share_a_message() {
		let updates = alloc::vec![(9u64, 4u32)];

		let accept = accept_message(&[1; 32], 7, &[2; 32], 3, &updates);
		let clear = clear_message(&[1; 32], 7, &[2; 32], 3, &updates);

		assert_ne!(accept, clear);
		assert!(clear.starts_with(b"substation/clear/v1"));
	}
}
