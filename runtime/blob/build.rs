//! Builds the blob. Its features are named here: none of the native build's reaches it.

#![allow(clippy::expect_used, reason = "a build that cannot go on ends")]

use std::{env, path::Path};
use substrate_wasm_builder::WasmBuilder;

/// If this is set, the blob can be benchmarked. `scripts/weights` sets it.
const BENCHMARKS: &str = "SUBSTATION_BENCHMARKS";

/// What the build script of the runtime reads.
const OF_THE_RUNTIME: [&str; 2] = ["SUBSTATION_SPEC_VERSION", "SUBSTATION_REHEARSAL"];

fn main() {
	for variable in OF_THE_RUNTIME.into_iter().chain([BENCHMARKS]) {
		println!("cargo:rerun-if-env-changed={variable}");
	}
	let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
	let runtime = folder.parent().expect("it is in the runtime's folder");
	let mut blob = WasmBuilder::new()
		.with_project(runtime.join("Cargo.toml"))
		.expect("the runtime has a manifest")
		.import_memory()
		.export_heap_base();
	if env::var(BENCHMARKS).is_ok() {
		blob = blob.enable_feature("runtime-benchmarks");
	}
	#[cfg(feature = "metadata-hash")]
	{
		blob = blob.enable_metadata_hash("STN", 12);
	}
	blob.build();
}
