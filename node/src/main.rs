//! The Substation node: embeds the runtime's blob and hands it to [`substation_service`], which does everything else.
//!
//! This crate stays this thin on purpose: the client's generics are instantiated in the service crate, which knows no
//! pallet, so a change of the runtime costs the blob and a link.

use std::process::ExitCode;
use substation_service::Node;

fn main() -> ExitCode {
	let Some(wasm) = substation_runtime_blob::WASM_BINARY else {
		eprintln!("error: this node was built with SKIP_WASM_BUILD and has no runtime");
		return ExitCode::FAILURE;
	};
	match substation_service::run(Node { wasm, version: env!("SUBSTRATE_CLI_IMPL_VERSION") }) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}
