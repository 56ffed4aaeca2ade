//! Which addresses are an agent's, and how the off-chain worker learns of them.

use codec::Decode;
use sp_core::offchain::{
	storage::{InMemOffchainStorage, OffchainDb},
	DbExternalities, OffchainStorage, StorageKind,
};
use substation_service::agent_url::{store, AgentUrl, AgentUrlError, AGENT_URL_KEY};

fn parsed(text: &str) -> Result<String, AgentUrlError> {
	text.parse::<AgentUrl>().map(|url| url.to_string())
}

#[test]
fn loopback_addresses_are_accepted_in_one_spelling() {
	for (given, kept) in [
		("http://127.0.0.1:4040", "http://127.0.0.1:4040"),
		("http://127.0.0.1:4040/", "http://127.0.0.1:4040"),
		("http://127.8.9.1:1", "http://127.8.9.1:1"),
		("http://localhost:65535", "http://127.0.0.1:65535"),
		("http://[::1]:4040", "http://[::1]:4040"),
	] {
		assert_eq!(parsed(given), Ok(kept.to_string()), "{given}");
	}
}

#[test]
fn other_machines_are_refused() {
	for given in [
		"http://192.168.1.7:4040",
		"http://0.0.0.0:4040",
		"http://[::]:4040",
		"http://[::ffff:10.0.0.1]:4040",
		"http://agent.example:4040",
		"http://localhost.example:4040",
		"http://127.0.0.1.example:4040",
		"http://127.1:4040",
	] {
		assert_eq!(parsed(given), Err(AgentUrlError::NotLoopback), "{given}");
	}
}

#[test]
fn only_http_is_spoken() {
	for given in ["https://127.0.0.1:4040", "127.0.0.1:4040", "ws://127.0.0.1:4040", "HTTP//127.0.0.1:4040", ""] {
		assert_eq!(parsed(given), Err(AgentUrlError::NotHttp), "{given}");
	}
}

#[test]
fn a_port_must_be_named() {
	for given in [
		"http://127.0.0.1",
		"http://127.0.0.1:",
		"http://127.0.0.1:0",
		"http://127.0.0.1:65536",
		"http://127.0.0.1:+80",
		"http://[::1]",
		"http://localhost",
	] {
		assert_eq!(parsed(given), Err(AgentUrlError::NoPort), "{given}");
	}
}

#[test]
fn paths_queries_and_users_are_refused() {
	for given in [
		"http://",
		"http:///",
		"http://127.0.0.1:4040/v1",
		"http://127.0.0.1:4040//",
		"http://127.0.0.1:4040?x",
		"http://127.0.0.1:4040#x",
		"http://me@127.0.0.1:4040",
		"http://127.0.0.1:4040 ",
	] {
		assert_eq!(parsed(given), Err(AgentUrlError::NotOnlyAnAddress), "{given}");
	}
}

/// What `StorageValueRef::persistent(AGENT_URL_KEY).get()` answers in an off-chain worker of a node with this storage.
fn as_a_worker_reads_it(storage: &InMemOffchainStorage) -> Option<String> {
	OffchainDb::new(storage.clone())
		.local_storage_get(StorageKind::PERSISTENT, AGENT_URL_KEY)
		.map(|value| String::decode(&mut value.as_slice()).unwrap())
}

#[test]
fn the_worker_finds_the_address() {
	let mut storage = InMemOffchainStorage::default();

	store(&mut storage, Some(&"http://localhost:4040/".parse().unwrap()));

	assert_eq!(as_a_worker_reads_it(&storage), Some("http://127.0.0.1:4040".to_string()));
}

#[test]
fn a_node_started_without_an_agent_forgets_the_earlier_one() {
	let mut storage = InMemOffchainStorage::default();
	storage.set(b"storage", b"something else", b"stays");
	store(&mut storage, Some(&"http://127.0.0.1:4040".parse().unwrap()));

	store(&mut storage, None);

	assert_eq!(as_a_worker_reads_it(&storage), None);
	assert_eq!(storage.get(b"storage", b"something else"), Some(b"stays".to_vec()));
}
