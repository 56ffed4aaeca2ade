//! What the market asks and does.

use crate::{mock::*, Proven};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use proptest::prelude::*;
use substation_primitives::{traits::StorageLedger, NodeId, Period};
use substation_proofs::forest::{Change, Forest, Leaf, UpdateProof};

const NODE: NodeId = NodeId(1);
const LEAF: Leaf = Leaf { deal: 1, root: [1; 32], length: 10 };

/// Marks periods as proven, without proofs. For counting only.
fn mark(periods: &[u32]) {
	for period in periods {
		Proven::<Test>::mutate(NODE, period / 128, |word| *word |= 1 << (period % 128));
	}
}

#[test]
fn proven_periods_are_counted_inclusively() {
	ExtBuilder.build_and_execute(|| {
		advance_to(closes(NODE, Period(300)));
		mark(&[0, 1, 127, 128, 255, 256, 300]);

		assert_eq!(StorageProofs::proven(NODE, Period(0), Period(300)), 7);
		assert_eq!(StorageProofs::proven(NODE, Period(1), Period(299)), 5);
		assert_eq!(StorageProofs::proven(NODE, Period(127), Period(128)), 2);
		assert_eq!(StorageProofs::proven(NODE, Period(128), Period(128)), 1);
		assert_eq!(StorageProofs::proven(NODE, Period(129), Period(254)), 0);
		assert_eq!(StorageProofs::proven(NODE, Period(5), Period(4)), 0);
		assert_eq!(StorageProofs::proven(NodeId(2), Period(0), Period(300)), 0);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn counting_by_words_is_counting_by_periods(
		proven in prop::collection::btree_set(0u32..2_000, 0..200),
		first in 0u32..1_500,
		span in 0u32..1_024,
	) {
		ExtBuilder.build().execute_with(|| {
			mark(&proven.iter().copied().collect::<Vec<_>>());
			let last = first + span;

			let counted = StorageProofs::proven(NODE, Period(first), Period(last));

			prop_assert_eq!(counted as usize, proven.range(first..=last).count());
			Ok(())
		})?;
	}
}

#[test]
fn closed_and_current_are_neighbours() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!((StorageProofs::closed(NODE), StorageProofs::current(NODE)), (None, Period(0)));

		let period = close_window(NODE);

		assert_eq!(StorageProofs::closed(NODE), Some(period));
		assert_eq!(StorageProofs::current(NODE), period.next());
	});
}

#[test]
fn checking_an_update_writes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let changes = [(0, Change::Insert(LEAF))];

		assert_storage_noop!(assert_ok!(StorageProofs::check_update(NODE, 0, &changes, &UpdateProof::default())));
	});
}

#[test]
fn every_wrong_update_is_named_and_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::new(1);
		hardware.store(1, 100);
		hardware.store(2, 100);
		let insert = |slot, length| (slot, Change::Insert(Leaf { length, ..LEAF }));
		let sibling = UpdateProof { weights: vec![1], hashes: vec![[1; 32]] };
		let none = UpdateProof::default();
		let cases: Vec<(u8, Vec<(u32, Change)>, UpdateProof, fn() -> Error)> = vec![
			(0, vec![insert(0, 10)], none.clone(), || Error::DepthOutOfRange),
			(33, vec![insert(0, 10)], none.clone(), || Error::DepthOutOfRange),
			(1, vec![], none.clone(), || Error::NoChanges),
			(1, vec![insert(1, 10), insert(0, 10)], none.clone(), || Error::SlotsNotAscending),
			(1, vec![insert(2, 10)], none.clone(), || Error::SlotOutOfRange),
			(1, vec![insert(0, 0)], none.clone(), || Error::LengthOutOfRange),
			(1, vec![insert(0, 10)], none.clone(), || Error::ForestProofTooShort),
			(1, vec![insert(0, 10), insert(1, 10)], sibling.clone(), || Error::ForestProofTooLong),
			(1, vec![insert(0, 10)], sibling.clone(), || Error::ForestMismatch),
		];

		for (depth, changes, proof, error) in cases {
			assert_noop!(StorageProofs::check_update(NODE, depth, &changes, &proof), error());
			assert_noop!(StorageProofs::update(NODE, depth, &changes, &proof), error());
		}
	});
}

#[test]
fn an_update_in_the_name_of_another_node_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::new(1);
		hardware.store(1, 100);
		let leaf = *hardware.tree.get(0).unwrap();
		let remove = [(0, Change::Remove(leaf))];

		assert_noop!(StorageProofs::update(NodeId(2), 0, &remove, &UpdateProof::default()), Error::ForestMismatch);
	});
}

#[test]
fn two_updates_against_one_root_give_one() {
	ExtBuilder.build_and_execute(|| {
		let changes = [(0, Change::Insert(LEAF))];
		assert_ok!(StorageProofs::update(NODE, 0, &changes, &UpdateProof::default()));

		assert_noop!(StorageProofs::update(NODE, 0, &changes, &UpdateProof::default()), Error::ForestMismatch);
	});
}

#[test]
fn an_update_catches_up_even_if_the_caller_forgot() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 2);
		let changes = [(1, Change::Insert(Leaf { deal: 2, ..LEAF }))];
		let proof = hardware.tree.update_proof(1, &changes).unwrap();

		assert_ok!(StorageProofs::update(hardware.node, 1, &changes, &proof));

		assert_eq!(record(hardware.node).strikes, 8);
	});
}

#[test]
fn a_node_that_owes_nothing_can_be_forgotten() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		hardware.clear(1);
		close_window(hardware.node);
		StorageProofs::catch_up(hardware.node);

		StorageProofs::forget(hardware.node);

		assert_eq!(crate::NodeProofs::<Test>::get(hardware.node), None);
		assert_eq!(StorageProofs::forest(hardware.node), Forest::default());
		assert_eq!(StorageProofs::terminated_at(hardware.node), None);
		assert!(!StorageProofs::is_terminated(hardware.node));
		close_windows(hardware.node, 20);
		assert_storage_noop!(StorageProofs::catch_up(hardware.node));
	});
}

#[test]
fn outcomes_are_forgotten_with_their_node_up_to_a_bound() {
	let mut state = ExtBuilder.build();
	state.execute_with(|| {
		mark(&(0..20).map(|word| word * 128).collect::<Vec<_>>());
		Proven::<Test>::insert(NodeId(2), 0, 1);
	});
	// The bound counts what is in the database, not what the block has written.
	state.commit_all().unwrap();

	state.execute_with(|| {
		StorageProofs::forget(NODE);

		assert_eq!(Proven::<Test>::iter_key_prefix(NODE).count(), 4);
		assert_eq!(Proven::<Test>::get(NodeId(2), 0), 1);
	});
}

#[test]
fn the_end_is_foreseen_before_it_is_written() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 7);

		assert_storage_noop!(assert!(StorageProofs::is_terminated(hardware.node)));
		assert_eq!(StorageProofs::terminated_at(hardware.node), None);

		StorageProofs::catch_up(hardware.node);
		assert_eq!(StorageProofs::terminated_at(hardware.node), Some(StorageProofs::closed(hardware.node).unwrap()));
	});
}
