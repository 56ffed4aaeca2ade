//! Gives the binary its version: the crate's number and the commit it was built from.

use std::env;

/// The commit, where sources are built that have no history: `scripts/lib.sh` sets it.
const COMMIT: &str = "SUBSTRATE_CLI_GIT_COMMIT_HASH";

fn main() {
	println!("cargo:rerun-if-env-changed={COMMIT}");
	substrate_build_script_utils::generate_cargo_keys();
	if env::var_os(COMMIT).is_none() {
		substrate_build_script_utils::rerun_if_git_head_changed();
	}
}
