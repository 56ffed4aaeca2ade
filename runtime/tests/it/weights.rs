//! How the weights that the runtime uses were measured: what fewer runs have found, or nobody has measured, is noticed.

use std::{
	fs,
	path::{Path, PathBuf},
};

/// How thorough each pallet is measured, as `scripts/weights` does it.
const THOROUGH: &str = "Steps 50, repeats 20,";

/// Staking sets up a thousand nominators for each run of its elections.
const STAKING: &str = "Steps 50, repeats 5,";

/// Every file that `scripts/weights` writes for a pallet.
fn files() -> Vec<PathBuf> {
	let runtime = Path::new(env!("CARGO_MANIFEST_DIR"));
	let names = |folder: &Path| -> Vec<PathBuf> {
		fs::read_dir(folder).expect("the folder is there").map(|entry| entry.unwrap().path()).collect()
	};
	let own = names(&runtime.join("../pallets")).into_iter().map(|pallet| pallet.join("src/weights.rs"));
	let upstream = names(&runtime.join("src/weights")).into_iter().filter(|file| !file.ends_with("mod.rs"));
	own.filter(|file| file.exists()).chain(upstream).collect()
}

#[test]
fn all_weights_are_measured_thoroughly() {
	let files = files();

	assert_eq!(files.len(), 21, "{files:?}");
	for file in files {
		let text = fs::read_to_string(&file).unwrap();
		let expected = if file.ends_with("pallet_staking.rs") { STAKING } else { THOROUGH };
		assert!(text.contains(expected), "{} is not measured with: {expected}", file.display());
		assert!(!text.contains("An estimate"), "{} has an estimate: run scripts/weights", file.display());
	}
}
