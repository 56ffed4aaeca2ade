use std::path::PathBuf;
use substation_store::{
	blobs::BlobError,
	journal::{DealRecord, DealState},
	lock::LockError,
	storage::{Storage, StorageError},
};

#[test]
fn a_second_process_is_refused_and_told_who_is_there() {
	let folder = tempfile::tempdir().unwrap();
	let first = Storage::open(folder.path()).unwrap();

	let error = Storage::open(folder.path()).unwrap_err();

	let StorageError::Lock(LockError::Held { holder, .. }) = error else { panic!("{error}") };
	assert_eq!(holder, std::process::id().to_string());
	drop(first);
	Storage::open(folder.path()).unwrap();
}

#[test]
fn contents_that_no_deal_needs_are_deleted_and_others_kept() {
	let folder = tempfile::tempdir().unwrap();
	let source = folder.path().join("source");
	let wanted = crate::committed(&source, &crate::bytes(100_000, 1));
	let store = |root: &[u8; 32], extension: &str| {
		folder.path().join("blobs").join(format!("{}.{extension}", hex::encode(root)))
	};
	drop(Storage::open(folder.path()).unwrap());
	for root in [wanted.root, [3; 32]] {
		std::fs::copy(&source, store(&root, "data")).unwrap();
		std::fs::copy(source.with_extension("obao4"), store(&root, "obao4")).unwrap();
	}
	std::fs::write(store(&[4; 32], "data.9.part"), b"begun").unwrap();
	let storage = Storage::open(folder.path()).unwrap();

	let found = storage.blobs.found().unwrap();
	let is_removed = |(root, files): &(&[u8; 32], &Vec<PathBuf>)| {
		storage.blobs.remove_unless(root, files, |root| *root == wanted.root).unwrap()
	};

	assert_eq!(found.iter().filter(is_removed).count(), 2);
	assert!(storage.blobs.contains(&wanted.root, wanted.length));
	assert!(store(&wanted.root, "obao4").exists());
	assert!(!store(&[3; 32], "data").exists() && !store(&[4; 32], "data.9.part").exists());
}

// 15
#[test]
fn what_has_arrived_stays_as_long_as_a_deal_names_its_length() {
	let folder = tempfile::tempdir().unwrap();
	let source = folder.path().join("source");
	let content = crate::committed(&source, &crate::bytes(100_000, 1));
	let storage = Storage::open(folder.path()).unwrap();
	let file = |kind: &str| folder.path().join("blobs").join(format!("{}.{kind}", hex::encode(content.root)));
	let deal = |deal, length| DealRecord {
		deal,
		customer: [1; 32],
		root: content.root,
		length,
		seen: 1,
		state: DealState::Fetching,
	};
	let [right, wrong] = [content.length, content.length + 1];
	storage.journal.put_all(&[deal(1, right), deal(2, wrong)]).unwrap();
	for length in [right, wrong] {
		let incoming = storage.blobs.begin(&content.root, length).unwrap();
		assert!(matches!(storage.blobs.begin(&content.root, length), Err(BlobError::Busy(_))));
		drop(incoming);
	}
	assert_eq!(storage.sweep(0, 1).unwrap(), 0);
	let [of_right, of_wrong] = [right, wrong].map(|length| file(&format!("data.{length}.part")));
	storage.blobs.abandon(&content.root, right);
	assert!(of_right.exists() && of_wrong.exists());

	// The one with the wrong length is given up, and then the bytes are here.
	storage.blobs.abandon(&content.root, wrong);
	storage.journal.set_state(2, DealState::Refused).unwrap();
	assert_eq!(storage.sweep(0, 1).unwrap(), 0);
	assert!(of_right.exists() && !of_wrong.exists());
	for (kind, from) in [("data", source.clone()), ("obao4", source.with_extension("obao4"))] {
		std::fs::copy(from, file(kind)).unwrap();
	}
	drop(storage);
	let storage = Storage::open(folder.path()).unwrap();
	storage.sweep(9, 1).unwrap();

	assert!(!of_right.exists() && storage.blobs.contains(&content.root, content.length));
}
