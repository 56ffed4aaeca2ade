//! Proofs that waste other people's time.

use crate::mock::*;
use frame_support::assert_storage_noop;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use substation_proofs::storage::StorageProof;

const BAD_PROOF: Result<sp_runtime::DispatchResult, TransactionValidityError> =
	Err(TransactionValidityError::Invalid(InvalidTransaction::BadProof));

/// Every way to spoil a right proof that keeps its lists' lengths, and every way to make one longer or shorter.
fn spoiled(proof: &StorageProof) -> Vec<StorageProof> {
	let mut all = vec![StorageProof::default()];
	let mut spoil = |change: &dyn Fn(&mut StorageProof)| {
		let mut other = proof.clone();
		change(&mut other);
		if other != *proof {
			all.push(other);
		}
	};
	spoil(&|proof| proof.chunks.push(vec![0; 1_024]));
	spoil(&|proof| proof.values.push([0; 32]));
	spoil(&|proof| proof.hashes.push([0; 32]));
	spoil(&|proof| proof.weights.push(0));
	spoil(&|proof| proof.leaves.push(proof.leaves[0]));
	spoil(&|proof| proof.chunks.truncate(proof.chunks.len().saturating_sub(1)));
	spoil(&|proof| proof.values.truncate(proof.values.len().saturating_sub(1)));
	spoil(&|proof| proof.hashes.truncate(proof.hashes.len().saturating_sub(1)));
	spoil(&|proof| proof.weights.truncate(proof.weights.len().saturating_sub(1)));
	spoil(&|proof| proof.leaves.truncate(proof.leaves.len().saturating_sub(1)));
	spoil(&|proof| proof.chunks.reverse());
	spoil(&|proof| proof.chunks[0][0] ^= 1);
	spoil(&|proof| proof.chunks[0].push(0));
	spoil(&|proof| proof.chunks[0].clear());
	spoil(&|proof| proof.chunks = vec![vec![0; 100_000]; 16]);
	spoil(&|proof| proof.values.iter_mut().for_each(|value| value[0] ^= 1));
	spoil(&|proof| proof.hashes.iter_mut().for_each(|hash| hash[0] ^= 1));
	spoil(&|proof| proof.weights.iter_mut().for_each(|weight| *weight ^= 1));
	spoil(&|proof| proof.weights.iter_mut().for_each(|weight| *weight = u64::MAX));
	spoil(&|proof| proof.leaves[0].deal ^= 1);
	spoil(&|proof| proof.leaves[0].root[0] ^= 1);
	spoil(&|proof| proof.leaves[0].length = 0);
	spoil(&|proof| proof.leaves[0].length = u64::MAX);
	all
}

#[test]
fn wrong_proofs_change_nothing_and_cost_the_node_nothing() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::new(1);
		hardware.store(1, 5_000);
		hardware.store(2, 3_000);
		hardware.store(3, 100);
		close_window(hardware.node);
		let period = open_window(hardware.node);
		let right = hardware.answer();

		for wrong in spoiled(&right) {
			let call = prove_call(hardware.node, period, wrong.clone());
			assert_storage_noop!(assert_eq!(apply(call), BAD_PROOF, "{wrong:?}"));
		}

		assert_eq!(apply(prove_call(hardware.node, period, right)), Ok(Ok(())));
		assert_eq!(record(hardware.node).strikes, 0);
		assert_eq!(Held::get(hardware.node), BOND);
	});
}

#[test]
fn each_tiny_node_gets_one_free_proof_per_period_and_no_more() {
	ExtBuilder.build_and_execute(|| {
		let nodes: Vec<_> = (1..=20)
			.map(|node| {
				let mut hardware = Hardware::new(node);
				hardware.store(1, 1);
				hardware
			})
			.collect();
		// Every node has left the period of its first deal behind, and runs through whole periods from here on.
		advance_to(3 * CLOCK.period);
		let begin = System::block_number();
		events();

		let mut accepted = 0;
		while System::block_number() < begin + 4 * CLOCK.period {
			advance_to(System::block_number() + 1);
			for hardware in nodes.iter().filter(|hardware| StorageProofs::window(hardware.node).seed.is_some()) {
				accepted += u32::from(hardware.prove() == Ok(Ok(())));
				assert!(hardware.prove().is_err(), "a second proof of one period");
			}
		}

		assert!(accepted <= 20 * 5, "{accepted} proofs of 20 nodes in 4 periods");
		assert!(accepted >= 20 * 3);
	});
}

#[test]
fn two_proofs_of_one_period_wait_under_one_tag() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let first = validate(prove_call(hardware.node, period, hardware.answer())).unwrap();

		advance_to(System::block_number() + 1);
		let second = validate(prove_call(hardware.node, period, hardware.answer())).unwrap();

		assert_eq!(first.provides, second.provides);
		assert_eq!(first.priority, second.priority);
	});
}
