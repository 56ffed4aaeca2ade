use substation_agent::data::{
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
	std::fs::write(store(&[4; 32], "data.part"), b"begun").unwrap();
	let storage = Storage::open(folder.path()).unwrap();

	let found = storage.blobs.found().unwrap();
	let is_removed = |root: &&[u8; 32]| storage.blobs.remove_unless(root, |root| *root == wanted.root).unwrap();

	assert_eq!(found.iter().filter(is_removed).count(), 2);
	assert!(storage.blobs.contains(&wanted.root, wanted.length));
	assert!(store(&wanted.root, "obao4").exists());
	assert!(!store(&[3; 32], "data").exists() && !store(&[4; 32], "data.part").exists());
}
