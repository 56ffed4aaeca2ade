//! Writes the runtime's version, whose number a build may set, and names what the build rehearses.

#![allow(clippy::expect_used, clippy::panic, reason = "a build that cannot go on ends")]

use std::{env, fs, path::PathBuf};

/// Names the spec version of this build. Upgrade tests build a second blob with a higher one.
const SPEC_VERSION: &str = "SUBSTATION_SPEC_VERSION";

/// Makes of this build a rehearsal of an upgrade: `constant` has one other constant and what is in `src/rehearsal.rs`,
/// `migration` also migrates state.
const REHEARSAL: &str = "SUBSTATION_REHEARSAL";

fn main() {
	write_version();
	rehearse();
}

/// Tells the sources which upgrade they rehearse, if any.
fn rehearse() {
	println!("cargo:rerun-if-env-changed={REHEARSAL}");
	println!("cargo:rustc-check-cfg=cfg(feature, values(\"rehearsal\"))");
	println!("cargo:rustc-check-cfg=cfg(rehearsal_migration)");
	let Ok(what) = env::var(REHEARSAL) else { return };
	// As a feature, since the SDK's macros know nothing else that a version of an API could depend on. It is not among those of
	// Cargo.toml: the project that wasm-builder writes passes none on.
	println!("cargo:rustc-cfg=feature=\"rehearsal\"");
	match what.as_str() {
		"constant" => {}
		"migration" => println!("cargo:rustc-cfg=rehearsal_migration"),
		other => panic!("{REHEARSAL} must be constant or migration, is {other}"),
	}
}

/// Replaces the spec version in `src/version.rs`: the macro that reads it accepts nothing but a literal.
fn write_version() {
	println!("cargo:rerun-if-env-changed={SPEC_VERSION}");
	println!("cargo:rerun-if-changed=src/version.rs");
	println!("cargo:rerun-if-changed=build.rs");
	let mut text = fs::read_to_string("src/version.rs").expect("src/version.rs belongs to this crate");
	if let Ok(number) = env::var(SPEC_VERSION) {
		number.parse::<u32>().unwrap_or_else(|_| panic!("{SPEC_VERSION} must be a number, is {number}"));
		let (before, after) = text.split_once("spec_version: ").expect("src/version.rs names the spec version");
		let (_, after) = after.split_once(',').expect("src/version.rs ends each field with a comma");
		text = format!("{before}spec_version: {number},{after}");
	}
	let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
	fs::write(out.join("version.rs"), text).expect("OUT_DIR is writable");
}
