//! The chains known by name, and those in files.

use sc_chain_spec::ChainType;
use substation_service::chain_spec::{load, refuse_template, NamedChain};

#[test]
fn three_chains_are_known_by_name() {
	for (id, name, kind) in [
		("dev", "Substation Development", ChainType::Development),
		("local", "Substation Local Testnet", ChainType::Local),
		("live-template", "Substation Live Template", ChainType::Live),
	] {
		let spec = load(id, b"blob").unwrap();

		assert_eq!((spec.id(), spec.name(), spec.chain_type()), (id, name, kind));
		assert_eq!(spec.protocol_id(), Some("substation"));
		assert_eq!(
			serde_json::Value::from(spec.properties()),
			serde_json::json!({ "tokenSymbol": "STN", "tokenDecimals": 12, "ss58Format": 42 })
		);
	}
}

#[test]
fn presets_are_those_of_the_runtime() {
	assert_eq!(NamedChain::ALL.map(|chain| chain.preset()), ["development", "local_testnet", "live-template"]);
}

#[test]
fn no_chain_phones_home() {
	for chain in NamedChain::ALL {
		let spec = chain.spec(b"blob");

		assert!(spec.telemetry_endpoints().is_none(), "{}", chain.id());
		assert!(spec.boot_nodes().is_empty(), "{}", chain.id());
	}
}

// R2e
#[test]
fn no_name_means_no_chain() {
	let error = load("", b"blob").err().unwrap();

	assert_eq!(error, "no chain is named: pass --chain with dev, local or the file of a chain spec, or pass --dev");
}

// R2e
#[test]
fn only_the_template_is_not_to_be_run() {
	for id in ["dev", "local", "mine.json", "live"] {
		assert_eq!(refuse_template(id), Ok(()), "{id}");
	}
	let error = refuse_template("live-template").unwrap_err();

	assert!(error.starts_with("`live-template` is a template of a public network"), "{error}");
	assert!(error.contains("export-chain-spec --chain live-template"), "{error}");
}

#[test]
fn light_clients_can_be_given_a_checkpoint() {
	// `sync_state_genSyncSpec` refuses to start on a chain spec without this extension.
	let spec = NamedChain::Local.spec(b"blob");

	let extension = sc_chain_spec::get_extension::<sc_sync_state_rpc::LightSyncStateExtension>(spec.extensions() as &_);

	assert_eq!(extension, Some(&None));
}

#[test]
fn a_file_is_loaded_by_its_path() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("mine.json");
	let json = serde_json::json!({
		"name": "Mine",
		"id": "mine",
		"chainType": "Local",
		"bootNodes": [],
		"telemetryEndpoints": null,
		"protocolId": "mine",
		"properties": null,
		"codeSubstitutes": {},
		"genesis": { "raw": { "top": { "0x3a636f6465": "0x00" }, "childrenDefault": {} } }
	});
	std::fs::write(&file, json.to_string()).unwrap();

	let spec = load(file.to_str().unwrap(), b"").unwrap();

	assert_eq!((spec.id(), spec.name()), ("mine", "Mine"));
	assert_eq!(spec.as_storage_builder().build_storage().unwrap().top[b":code".as_slice()], vec![0]);
}

#[test]
fn an_unknown_name_is_explained() {
	let error = load("polkadot", b"blob").err().unwrap();

	assert_eq!(error, "`polkadot` is neither dev, local or live-template nor the file of a chain spec");
}
