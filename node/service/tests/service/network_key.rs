//! The node's identity is made once and kept.

use sc_cli::SubstrateCli;
use sc_network::config::{NodeKeyConfig, Secret};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use substation_service::{
	cli::Cli,
	network_key::{create, prepare, NewNetworkKey},
};

fn prepared(arguments: &[&str]) -> (Cli, sc_cli::Result<Option<NewNetworkKey>>) {
	let mut cli = Cli::try_from_iter([&["substation-node"], arguments].concat()).unwrap();
	let made = prepare(&mut cli.run.base, "substation-node", |_| Ok("mine".into()));
	(cli, made)
}

fn key_file(base_path: &Path) -> std::path::PathBuf {
	base_path.join("chains/mine/network/secret_ed25519")
}

#[test]
fn a_key_is_made_once_and_only_its_owner_can_read_it() {
	let folder = tempfile::tempdir().unwrap();

	let first = create(folder.path()).unwrap().expect("there was none");
	let secret = fs::read(&first.path).unwrap();
	let second = create(folder.path()).unwrap();

	assert_eq!(second, None);
	assert_eq!(fs::read(&first.path).unwrap(), secret);
	assert_eq!(secret.len(), 32);
	assert_eq!(fs::metadata(&first.path).unwrap().permissions().mode() & 0o777, 0o600);
	assert!(first.peer_id.starts_with("12D3Koo"), "{}", first.peer_id);
	assert_eq!(fs::read_dir(folder.path().join("network")).unwrap().count(), 1, "no draft is left");
	let read = NodeKeyConfig::Ed25519(Secret::File(first.path)).into_keypair().unwrap();
	assert_eq!(read.public().to_peer_id().to_string(), first.peer_id);
}

#[test]
fn a_validator_gets_its_key_on_the_first_start_and_keeps_it() {
	let folder = tempfile::tempdir().unwrap();
	let base_path = folder.path().to_str().unwrap();
	let arguments = ["--chain", "local", "--validator", "--base-path", base_path];

	let (_, first) = prepared(&arguments);
	let (_, second) = prepared(&arguments);

	assert_eq!(first.unwrap().unwrap().path, key_file(folder.path()));
	assert_eq!(second.unwrap(), None);
}

#[test]
fn a_key_named_on_the_command_line_is_not_second_guessed() {
	let folder = tempfile::tempdir().unwrap();
	let base_path = folder.path().to_str().unwrap();
	for named in [
		["--node-key", "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"],
		["--node-key-file", "/nowhere/key"],
	] {
		let (_, made) =
			prepared(&[&["--chain", "local", "--validator", "--base-path", base_path], &named[..]].concat());

		assert_eq!(made.unwrap(), None);
		assert!(!key_file(folder.path()).exists());
	}
}

#[test]
fn full_and_development_nodes_are_left_to_their_own_rules() {
	let folder = tempfile::tempdir().unwrap();
	let base_path = folder.path().to_str().unwrap();
	for arguments in [&["--chain", "local"][..], &["--dev"][..]] {
		let (cli, made) = prepared(&[arguments, &["--base-path", base_path]].concat());

		assert_eq!(made.unwrap(), None);
		assert!(!key_file(folder.path()).exists());
		assert!(!cli.run.base.network_params.node_key_params.unsafe_force_node_key_generation);
	}
}

#[test]
fn a_temporary_validator_makes_a_temporary_key() {
	let (cli, made) = prepared(&["--chain", "local", "--alice", "--tmp"]);

	assert_eq!(made.unwrap(), None);
	assert!(cli.run.base.network_params.node_key_params.unsafe_force_node_key_generation);
}
