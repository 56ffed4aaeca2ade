//! The node's identity on the peer-to-peer network, made once.
//!
//! A full node makes its key when it first needs it, but a validator without one refuses to start, because a validator
//! that changes its identity is hard to find. The danger is changing it, not making it: so a validator's key is made on
//! its first start and kept beside its database, and the log says where.

use sc_cli::{CliConfiguration, NodeKeyParams, Result, RunCmd};
use sc_network::config::ed25519::{Keypair, SecretKey};
use sc_service::BasePath;
use std::{
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
};

/// Where a chain's folder keeps what the network needs.
const FOLDER: &str = "network";

/// The file that holds the secret, 32 octets.
const FILE: &str = "secret_ed25519";

/// A key that was made just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNetworkKey {
	/// The file that holds the secret, readable by its owner only.
	pub path: PathBuf,
	/// What peers know the node as.
	pub peer_id: String,
}

/// Makes the key that starting this node needs, unless it is there or the command line names another.
///
/// `chain_id` is only asked if a key may have to be made. Must run before the node's configuration is made.
pub fn prepare(
	run: &mut RunCmd,
	executable_name: &str,
	chain_id: impl FnOnce(&RunCmd) -> Result<String>,
) -> Result<Option<NewNetworkKey>> {
	let is_dev = run.is_dev()?;
	if is_dev || !run.role(is_dev)?.is_authority() || names_a_key(&run.network_params.node_key_params) {
		return Ok(None);
	}
	if run.tmp {
		// The folder does not exist yet and will not outlive the process, and neither need the key.
		run.network_params.node_key_params.unsafe_force_node_key_generation = true;
		return Ok(None);
	}
	let base_path = run.shared_params.base_path()?.unwrap_or_else(|| BasePath::from_project("", "", executable_name));
	Ok(create(&base_path.config_dir(&chain_id(run)?))?)
}

fn names_a_key(params: &NodeKeyParams) -> bool {
	params.node_key.is_some() || params.node_key_file.is_some()
}

/// Makes the key of a chain's folder, unless there is one. After a power cut there is a whole key or none: with a part of
/// one no node starts.
pub fn create(chain_folder: &Path) -> io::Result<Option<NewNetworkKey>> {
	let folder = chain_folder.join(FOLDER);
	let path = folder.join(FILE);
	if path.exists() {
		return Ok(None);
	}
	fs::create_dir_all(&folder)?;
	let secret = SecretKey::generate();
	// With mode 0600.
	let mut draft = tempfile::Builder::new().prefix(".draft-").tempfile_in(&folder)?;
	draft.write_all(secret.as_ref())?;
	draft.as_file().sync_all()?;
	match draft.persist_noclobber(&path) {
		Ok(_) => File::open(&folder)?.sync_all()?,
		// Another process has made one meanwhile.
		Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
		Err(error) => return Err(error.error),
	}
	Ok(Some(NewNetworkKey { path, peer_id: Keypair::from(secret).public().to_peer_id().to_string() }))
}
