//! Every benchmark that weights come from runs on this runtime, at both ends of the ranges of its components, and its own
//! assertions hold. One that no longer works is seen here, not when weights are measured next. Times are not looked at.

use crate::chain::{genesis, genesis_state};
use frame_benchmarking::{
	runtime_decl_for_benchmark::BenchmarkV2, BenchmarkConfig, BenchmarkList, BenchmarkMetadata, BenchmarkParameter,
};
use pallet_storage_market::benchmarking::BenchmarkHelper as _;
use sc_client_db::BenchmarkingState;
use sp_core::storage::Storage;
use sp_externalities::{set_and_run_with_externalities, Extensions};
use sp_io::TestExternalities;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{traits::BlakeTwo256, BuildStorage};
use sp_state_machine::{Ext, OverlayedChanges};
use substation_primitives::{traits::StorageLedger, Period};
use substation_proofs::forest::Forest;
use substation_runtime::{genesis_presets::BENCHMARKS_RUNTIME_PRESET, Runtime, RuntimeGenesisConfig, StorageProofs};

fn list() -> Vec<BenchmarkList> {
	Runtime::benchmark_metadata(true).0
}

fn text(name: &[u8]) -> String {
	String::from_utf8(name.to_vec()).expect("names of benchmarks are text")
}

/// What weights are measured on.
fn genesis_storage() -> Storage {
	let genesis = genesis(BENCHMARKS_RUNTIME_PRESET);
	serde_json::from_value::<RuntimeGenesisConfig>(genesis).unwrap().build_storage().unwrap()
}

/// Benchmarks that cannot run here: with the state checks of the native build, upstream panics where a migration fails.
const ONLY_IN_THE_BLOB: [(&str, &str); 1] = [("pallet_migrations", "exec_migration_fail")];

/// The values of all components at the lower and at the upper end of their ranges.
fn ends(benchmark: &BenchmarkMetadata) -> Vec<Vec<(BenchmarkParameter, u32)>> {
	let low = benchmark.components.iter().map(|&(component, low, _)| (component, low)).collect();
	let high = benchmark.components.iter().map(|&(component, _, high)| (component, high)).collect();
	let mut ends = vec![low, high];
	ends.dedup();
	ends
}

/// Runs one benchmark on the state of genesis.
fn run(config: BenchmarkConfig) -> Result<(), String> {
	let state = BenchmarkingState::<BlakeTwo256>::new(genesis_storage(), None, false, false)?;
	let mut overlay = OverlayedChanges::default();
	let mut extensions = Extensions::default();
	extensions.register(KeystoreExt::new(MemoryKeystore::new()));
	let mut externalities = Ext::new(&mut overlay, &state, Some(&mut extensions));
	let batches = set_and_run_with_externalities(&mut externalities, || Runtime::dispatch_benchmark(config))?;
	match batches.as_slice() {
		[batch] if !batch.results.is_empty() => Ok(()),
		_ => Err("nothing was run".into()),
	}
}

fn run_all(pallet: &str) {
	let list = list();
	let entry = list.iter().find(|entry| entry.pallet == pallet.as_bytes()).expect("the pallet has benchmarks");
	let mut failures = Vec::new();
	let runs = |name: &[u8]| !ONLY_IN_THE_BLOB.contains(&(pallet, text(name).as_str()));
	for benchmark in entry.benchmarks.iter().filter(|benchmark| runs(&benchmark.name)) {
		for components in ends(benchmark) {
			let config = BenchmarkConfig {
				pallet: entry.pallet.clone(),
				instance: entry.instance.clone(),
				benchmark: benchmark.name.clone(),
				selected_components: components.clone(),
				verify: true,
				internal_repeats: 1,
			};
			if let Err(error) = run(config) {
				failures.push(format!("{} at {components:?}: {error}", text(&benchmark.name)));
			}
		}
	}
	assert!(!entry.benchmarks.is_empty());
	assert!(failures.is_empty(), "{failures:#?}");
}

macro_rules! benchmarks_of {
	($($pallet:ident)*) => {
		$(
			#[test]
			fn $pallet() {
				run_all(stringify!($pallet));
			}
		)*

		#[test]
		fn no_pallet_with_benchmarks_is_left_out() {
			let mut listed: Vec<_> = list().iter().map(|entry| text(&entry.pallet)).collect();
			let mut run = vec![$(stringify!($pallet)),*];
			listed.sort();
			run.sort();
			assert_eq!(listed, run);
		}
	};
}

// A test each, so that they run side by side and a failure names its pallet.
benchmarks_of!(
	pallet_settings
	pallet_timestamp
	pallet_babe
	pallet_balances
	pallet_staking
	pallet_grandpa
	pallet_bags_list
	pallet_preimage
	pallet_scheduler
	pallet_utility
	pallet_proxy
	pallet_multisig
	pallet_identity
	pallet_disputes
	pallet_migrations
	pallet_registry
	pallet_storage_market
	pallet_storage_proofs
	pallet_bandwidth_proofs
	pallet_payment_channels
	pallet_rewards
);

/// Agents' keys are made in a keystore.
fn state_with_keystore() -> TestExternalities {
	let mut state = genesis_state("development");
	state.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	state
}

/// What puts the market's nodes into the states that its benchmarks need.
type MarketHelper = <Runtime as pallet_storage_market::Config>::BenchmarkHelper;

// Row 9: market calls catch a node up first, and the benchmarks had no miss to apply.
#[test]
fn benchmarks_of_the_market_begin_with_a_miss_that_is_fined() {
	state_with_keystore().execute_with(|| {
		let operator = sp_keyring::Sr25519Keyring::Bob.to_account_id();
		let node = MarketHelper::add_node(&operator, [3; 32]);
		MarketHelper::set_forest(node, Forest { root: [1; 32], total: 1, depth: 0 });
		MarketHelper::start_period(node, Period(1));

		StorageProofs::catch_up(node);

		let record = pallet_storage_proofs::NodeProofs::<Runtime>::get(node).expect("the node has a forest");
		assert!(record.fined > 0);
		assert_eq!((record.next_due, record.terminated_at), (Period(1), None));
	});
}

// Row 9: as many words of outcomes as go with a node, and one more that is looked at.
#[test]
fn the_benchmark_of_withdrawing_leaves_a_long_life_to_forget() {
	use pallet_registry::BenchmarkHelper as _;
	use pallet_storage_proofs::{Proven, FORGOTTEN_WORDS};
	type Helper = <Runtime as pallet_registry::Config>::BenchmarkHelper;
	state_with_keystore().execute_with(|| {
		let operator = sp_keyring::Sr25519Keyring::Bob.to_account_id();
		let node = MarketHelper::add_node(&operator, [3; 32]);

		Helper::owe_termination(node);
		Helper::leave_much_to_forget(node);

		assert_eq!(Proven::<Runtime>::iter_prefix(node).count(), FORGOTTEN_WORDS as usize + 1);
	});
}

#[test]
fn the_script_measures_every_pallet_that_has_benchmarks() {
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/weights");
	let script = std::fs::read_to_string(path).expect("the script is there");
	let names = |variable: &str| -> Vec<String> {
		let list = script.lines().find_map(|line| line.strip_prefix(variable)?.strip_prefix("=(")?.strip_suffix(')'));
		let names = list.expect("the script lists pallets").split(' ');
		names.map(|name| format!("pallet_{}", name.replace('-', "_"))).collect()
	};

	let mut measured = [names("OWN"), names("UPSTREAM")].concat();
	let mut listed: Vec<_> = list().iter().map(|entry| text(&entry.pallet)).collect();
	measured.sort();
	listed.sort();
	assert_eq!(measured, listed);
}

#[test]
fn a_benchmark_that_does_not_exist_fails() {
	let config = BenchmarkConfig {
		pallet: b"pallet_rewards".to_vec(),
		instance: b"Rewards".to_vec(),
		benchmark: b"nothing".to_vec(),
		selected_components: vec![],
		verify: true,
		internal_repeats: 1,
	};

	assert!(run(config).is_err());
}
