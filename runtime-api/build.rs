//! Names what the build rehearses.

/// See `runtime/build.rs`.
const REHEARSAL: &str = "SUBSTATION_REHEARSAL";

fn main() {
	println!("cargo:rerun-if-changed=build.rs");
	println!("cargo:rerun-if-env-changed={REHEARSAL}");
	println!("cargo:rustc-check-cfg=cfg(feature, values(\"rehearsal\"))");
	// As a feature, since the SDK's macros know nothing else that a version of an API could depend on.
	if std::env::var_os(REHEARSAL).is_some() {
		println!("cargo:rustc-cfg=feature=\"rehearsal\"");
	}
}
