//! The command line that people, service managers and zombienet use.

use sc_cli::{CliConfiguration, OffchainWorkerEnabled, SubstrateCli};
use substation_service::cli::{Cli, Subcommand};

const BOOTNODE: &str = "/ip4/127.0.0.1/tcp/41197/ws/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";

fn parse(arguments: &str) -> Result<Cli, String> {
	let words = ["substation-node"].into_iter().chain(arguments.split_whitespace());
	Cli::try_from_iter(words).map_err(|error| error.to_string())
}

fn run_flags(arguments: &str) -> Cli {
	let cli = parse(arguments).unwrap();
	assert!(cli.subcommand.is_none());
	cli
}

#[test]
fn everything_zombienet_passes_to_a_validator_is_understood() {
	let key = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90";
	let cli = run_flags(&format!(
		"--chain /tmp/net/alice/cfg/local.json --name alice --rpc-cors all --rpc-methods unsafe -linfo,sync=debug \
		 --no-mdns --node-key {key} --no-telemetry --prometheus-external --validator --prometheus-port 40431 \
		 --rpc-port 37801 --listen-addr /ip4/127.0.0.1/tcp/41197/ws --base-path /tmp/net/alice/data \
		 --bootnodes {BOOTNODE}"
	));

	let run = &cli.run.base;
	assert!(run.role(false).unwrap().is_authority());
	assert_eq!(run.chain_id(false).unwrap(), "/tmp/net/alice/cfg/local.json");
	assert_eq!(run.node_name().unwrap(), "alice");
	assert_eq!(run.log_filters().unwrap(), "info,sync=debug");
	assert_eq!(run.rpc_addr(9944).unwrap().unwrap()[0].listen_addr.port(), 37801);
	assert_eq!(run.rpc_cors(false).unwrap(), None);
	assert_eq!(run.network_params.bootnodes[0].to_string(), BOOTNODE);
	assert_eq!(run.network_params.node_key_params.node_key.as_deref(), Some(key));
	assert_eq!(run.base_path().unwrap().unwrap().path(), std::path::Path::new("/tmp/net/alice/data"));
	assert!(run.prometheus_params.prometheus_external && run.telemetry_params.no_telemetry);
}

#[test]
fn everything_zombienet_passes_to_a_full_node_is_understood() {
	let cli = run_flags(
		"--chain local --name full --rpc-cors all --rpc-methods unsafe --no-mdns --no-telemetry --prometheus-external \
		 --prometheus-port 40432 --rpc-port 37802 --listen-addr /ip4/127.0.0.1/tcp/41198/ws --base-path /tmp/full",
	);

	assert!(!cli.run.base.role(false).unwrap().is_authority());
}

#[test]
fn zombienet_finds_the_command_that_prints_a_chain_spec() {
	for arguments in ["export-chain-spec --chain local", "export-chain-spec --chain net/local-plain.json --raw"] {
		assert!(matches!(parse(arguments).unwrap().subcommand, Some(Subcommand::ExportChainSpec(_))), "{arguments}");
	}
	let arguments = "build-spec --chain local --disable-default-bootnode";
	assert!(matches!(parse(arguments).unwrap().subcommand, Some(Subcommand::BuildSpec(_))));
}

#[test]
fn every_subcommand_is_there() {
	let owner = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
	for arguments in [
		"key generate",
		"key generate-node-key --chain local",
		"key inspect //Alice",
		"key insert --chain local --key-type babe --scheme sr25519 --suri //Alice",
		&format!("validator-keys --chain local --base-path /tmp/x --owner {owner} --json"),
		"check-block 1 --chain local",
		"export-blocks --chain local blocks.bin --binary",
		"export-state --chain local 1",
		"import-blocks --chain local blocks.bin --binary",
		"purge-chain --chain local -y",
		"revert --chain local 5",
		"chain-info --chain local",
	] {
		assert!(parse(arguments).unwrap().subcommand.is_some(), "{arguments}");
	}
}

#[test]
fn validator_keys_need_an_owner_with_an_address() {
	assert!(parse("validator-keys --chain local").unwrap_err().contains("--owner"));
	assert!(parse("validator-keys --chain local --owner alice").unwrap_err().contains("invalid ss58 address"));
}

#[test]
fn dev_and_tmp_make_blocks_without_further_flags() {
	let cli = run_flags("--dev --tmp");

	assert!(cli.run.base.is_dev().unwrap() && cli.run.base.role(true).unwrap().is_authority());
	assert_eq!(cli.run.base.chain_id(true).unwrap(), "dev");
	assert_eq!(cli.run.base.dev_key_seed(true).unwrap().as_deref(), Some("//Alice"));
}

#[test]
fn the_database_is_parity_db_and_the_network_litep2p() {
	let cli = run_flags("--chain local");

	// `None` is sc-cli's word for its default, which is ParityDB when it is built without RocksDB.
	assert!(cli.run.base.database().unwrap().is_none());
	assert!(parse("--chain local --database rocksdb").is_err());
	assert_eq!(cli.run.base.network_params.network_backend, sc_cli::NetworkBackendType::Litep2p);
}

#[test]
fn an_agent_switches_off_chain_workers_on_for_every_node() {
	let mut cli = run_flags("--chain local --agent-url http://127.0.0.1:4040");

	cli.run.enable_worker_for_agent().unwrap();

	assert!(matches!(cli.run.base.offchain_worker_params.enabled, OffchainWorkerEnabled::Always));
	assert!(cli.run.base.offchain_worker(&sc_service::Role::Full).unwrap().enabled);
}

#[test]
fn without_an_agent_off_chain_workers_stay_as_they_were() {
	let mut cli = run_flags("--chain local --offchain-worker never");

	cli.run.enable_worker_for_agent().unwrap();

	assert!(matches!(cli.run.base.offchain_worker_params.enabled, OffchainWorkerEnabled::Never));
}

#[test]
fn an_agent_and_no_off_chain_workers_contradict_each_other() {
	let mut cli = run_flags("--chain local --agent-url http://127.0.0.1:4040 --offchain-worker never");

	let error = cli.run.enable_worker_for_agent().unwrap_err();

	assert!(error.to_string().contains("leave out --offchain-worker never"), "{error}");
}

#[test]
fn an_agent_elsewhere_is_refused_with_the_reason() {
	let error = parse("--agent-url http://10.0.0.1:4040").unwrap_err();

	assert!(error.contains("must be on this machine's loopback"), "{error}");
}
