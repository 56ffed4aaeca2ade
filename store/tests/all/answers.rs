use std::{fs::File, os::unix::fs::FileExt};
use substation_proofs::{
	forest::{Change, Leaf},
	prover::ForestTree,
	Challenge,
};
use substation_store::{
	answer::{answer, AnswerError, Prover},
	blobs::BlobStore,
	forests::Forests,
	hashing,
	journal::Journal,
	progress::Progress,
};

fn challenge(period: u32, openings: u8) -> Challenge {
	Challenge { genesis: [1; 32], seed: [u8::try_from(period).unwrap(); 32], node: 7, period, openings }
}

#[test]
fn deals_of_every_awkward_length_are_proven() {
	let folder = tempfile::tempdir().unwrap();
	let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
	let lengths = [1, 1_023, 1_024, 1_025, 16_383, 16_384, 16_385, 32_768, 49_153, 1 << 20, (1 << 20) + 1, 5_000_001];
	let mut leaves = Vec::new();
	for (slot, length) in (0u32..).zip(lengths) {
		let file = folder.path().join(format!("file{slot}"));
		let content = crate::committed(&file, &crate::bytes(length, length as u64));
		blobs.serve_file(&file, &file.with_extension("obao4"), content);
		leaves.push((slot, Leaf { deal: u64::from(slot) + 100, root: content.root, length: content.length }));
	}
	let all = ForestTree::from_leaves(7, 4, leaves.clone()).unwrap();

	for period in 0..20 {
		// The answer is verified before it is returned.
		assert!(!answer(&blobs, &all, &challenge(period, 16)).unwrap().chunks.is_empty());
	}
	for (slot, leaf) in leaves {
		let alone = ForestTree::from_leaves(7, 4, [(slot, leaf)]).unwrap();
		answer(&blobs, &alone, &challenge(1, 16)).unwrap();
	}
}

#[test]
fn a_damaged_chunk_is_an_error_that_names_the_deal() {
	let folder = tempfile::tempdir().unwrap();
	let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
	let file = folder.path().join("file");
	let content = crate::committed(&file, &crate::bytes(10_000, 1));
	blobs.serve_file(&file, &file.with_extension("obao4"), content);
	let leaf = Leaf { deal: 55, root: content.root, length: content.length };
	let tree = ForestTree::from_leaves(7, 0, [(0, leaf)]).unwrap();
	File::options().write(true).open(&file).unwrap().write_all_at(&[0xff, 0xff, 0xff], 4_000).unwrap();

	let error = answer(&blobs, &tree, &challenge(1, 4)).unwrap_err();

	assert_eq!(error.deal(), Some(55));
}

#[test]
fn a_sparse_gibibyte_goes_the_same_way_as_any_file() {
	let folder = tempfile::tempdir().unwrap();
	let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
	let (file, outboard) = (folder.path().join("file"), folder.path().join("tree"));
	let sparse = File::create(&file).unwrap();
	sparse.set_len(1 << 30).unwrap();
	sparse.write_all_at(b"something", 700 << 20).unwrap();
	let content = hashing::commit(&file, &outboard, 2, &Progress::silent()).unwrap();
	blobs.serve_file(&file, &outboard, content);
	let leaf = Leaf { deal: 1, root: content.root, length: content.length };
	let tree = ForestTree::from_leaves(7, 0, [(0, leaf)]).unwrap();

	let proof = answer(&blobs, &tree, &challenge(3, 16)).unwrap();

	assert!(proof.chunks.iter().all(|chunk| chunk.len() == 1_024));
}

#[test]
fn the_forest_before_a_change_is_still_answered_and_others_are_not() {
	let folder = tempfile::tempdir().unwrap();
	let blobs = BlobStore::open(&folder.path().join("blobs")).unwrap();
	let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
	let forests = Forests::open(&journal, 7).unwrap();
	let prover = Prover::new(blobs.clone(), forests.clone());
	let mut leaves = Vec::new();
	for deal in 0..3u64 {
		let file = folder.path().join(format!("file{deal}"));
		let content = crate::committed(&file, &crate::bytes(70_000, deal));
		blobs.serve_file(&file, &file.with_extension("obao4"), content);
		leaves.push(Leaf { deal, root: content.root, length: content.length });
	}
	let frozen = forests.apply(1, 1, &[(0, Change::Insert(leaves[0])), (1, Change::Insert(leaves[1]))]).unwrap();
	let now = forests.apply(2, 2, &[(0, Change::Remove(leaves[0])), (2, Change::Insert(leaves[2]))]).unwrap();

	prover.answer(&challenge(1, 4), &frozen).unwrap();
	prover.answer(&challenge(2, 4), &now).unwrap();

	let mut other = now;
	other.total += 1;
	assert!(matches!(prover.answer(&challenge(2, 4), &other), Err(AnswerError::UnknownForest(_))));
	other.root = [9; 32];
	assert!(matches!(prover.answer(&challenge(2, 4), &other), Err(AnswerError::UnknownForest(_))));
}
