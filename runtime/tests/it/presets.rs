//! The networks that the runtime knows by name.

use crate::chain::{check, genesis, genesis_state};
use frame_support::traits::{Currency, Get, TypedGet};
use serde_json::{json, Value};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use substation_primitives::{settings::STN, Balance};
use substation_runtime::{
	constants::{EXISTENTIAL_DEPOSIT, MAX_CANDIDATES, MAX_NOMINATORS},
	genesis_presets,
	governance::TreasuryPot,
	AccountId, Babe, Balances, BandwidthProofs, Block, Grandpa, Runtime, Session, Staking,
};

/// Validators of each network with keys.
const NETWORKS: [(&str, usize); 2] = [("development", 1), ("local_testnet", 4)];

#[test]
fn every_preset_builds_and_is_sound() {
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(check);
	}
}

#[test]
fn an_unknown_preset_is_none() {
	assert_eq!(genesis_presets::get_preset(&"nowhere".into()), None);
}

#[test]
fn validators_start_with_keys_and_stake() {
	for (preset, count) in NETWORKS {
		genesis_state(preset).execute_with(|| {
			assert_eq!(Session::validators().len(), count);
			assert_eq!(Babe::authorities().len(), count);
			assert_eq!(Grandpa::grandpa_authorities().len(), count);
			assert_eq!(Staking::validator_count(), count as u32);
			assert!(Session::validators().contains(&Sr25519Keyring::AliceStash.to_account_id()));
		});
	}
}

#[test]
fn well_known_accounts_are_endowed_where_keys_are_well_known() {
	for (preset, _) in NETWORKS {
		genesis_state(preset).execute_with(|| {
			for account in Sr25519Keyring::well_known() {
				assert_eq!(Balances::total_balance(&account.to_account_id()), 1_000_000 * STN);
			}
			assert_eq!(Balances::free_balance(TreasuryPot::get()), EXISTENTIAL_DEPOSIT);
		});
	}
}

/// What a node says that makes the genesis of a chain from this configuration.
fn built(config: &Value) -> Result<(), String> {
	use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
	let config = serde_json::to_vec(config).unwrap();
	TestExternalities::new_empty().execute_with(|| <Runtime as GenesisBuilder<Block>>::build_state(config))
}

/// The template of a public network, with the validators and the money of a local one.
fn completed_template() -> Value {
	let (mut config, local) = (genesis("live-template"), genesis("local_testnet"));
	for pointer in ["/session/keys", "/staking/stakers", "/balances/balances"] {
		*config.pointer_mut(pointer).unwrap() = local.pointer(pointer).unwrap().clone();
	}
	config
}

/// Takes the last one of a list away.
fn shorten(config: &mut Value, pointer: &str) {
	config.pointer_mut(pointer).and_then(Value::as_array_mut).and_then(Vec::pop).expect("the list is not empty");
}

// R2e
#[test]
fn networks_with_keys_can_be_built_and_the_template_cannot() {
	for (preset, _) in NETWORKS {
		assert_eq!(built(&genesis(preset)), Ok(()), "{preset}");
	}
	assert_eq!(built(&completed_template()), Ok(()));

	let error = built(&genesis("live-template")).unwrap_err();

	assert!(error.contains("starts with 0 validators that have session keys"), "{error}");
}

// R2e
#[test]
fn a_network_without_keys_cannot_be_built_at_any_pace() {
	let mut config = genesis("development");
	shorten(&mut config, "/session/keys");

	assert!(built(&config).unwrap_err().contains("it needs 1"));
}

// R2e, S0
#[test]
fn a_public_network_with_fewer_than_four_validators_cannot_be_built() {
	type Change = fn(&mut Value);
	let three: Change = |config| {
		shorten(config, "/session/keys");
		shorten(config, "/staking/stakers");
	};
	let one_without_keys: Change = |config| shorten(config, "/session/keys");
	let without_stakes: Change = |config| config["staking"]["stakers"] = json!([]);
	let minimum: Change = |config| config["staking"]["minimumValidatorCount"] = json!(3);
	let seats: Change = |config| config["staking"]["validatorCount"] = json!(3);
	for (change, reason) in [
		(three, "starts with 3 validators"),
		(one_without_keys, "starts with 3 validators"),
		(without_stakes, "0 validators are elected"),
		(minimum, "minimumValidatorCount 3"),
		(seats, "validatorCount is 3"),
	] {
		let mut config = completed_template();
		change(&mut config);

		let error = built(&config).unwrap_err();

		assert!(error.contains(reason), "{reason}: {error}");
	}
}

// S2
#[test]
fn a_network_with_more_seats_than_a_block_can_elect_cannot_be_built() {
	let mut config = completed_template();
	config["staking"]["validatorCount"] = json!(100);
	assert!(built(&config).unwrap_err().contains("validatorCount is 100"));

	config["staking"]["maxValidatorCount"] = json!(200);
	config["staking"]["maxNominatorCount"] = json!(500);
	assert_eq!(built(&config), Ok(()));
}

// R2e
#[test]
fn live_never_elects_fewer_than_four() {
	genesis_state("live-template").execute_with(|| {
		assert_eq!((Staking::validator_count(), Staking::minimum_validator_count()), (20, 4));
		assert_eq!(pallet_staking::MinValidatorBond::<Runtime>::get(), 10_000 * STN);
		assert_eq!(pallet_staking::MinNominatorBond::<Runtime>::get(), 100 * STN);
	});
}

// S1, S2
#[test]
fn no_network_accepts_stakers_whom_no_election_looks_at() {
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(|| {
			assert_eq!(pallet_staking::MaxValidatorsCount::<Runtime>::get(), Some(MAX_CANDIDATES), "{preset}");
			assert_eq!(pallet_staking::MaxNominatorsCount::<Runtime>::get(), Some(MAX_NOMINATORS), "{preset}");
		});
	}
}

#[test]
fn the_live_template_has_no_keys_and_no_money() {
	genesis_state("live-template").execute_with(|| {
		assert_eq!((Session::validators().len(), Babe::authorities().len()), (0, 0));
		// The treasury and the pot of test fees are kept alive.
		assert_eq!(pallet_balances::TotalIssuance::<Runtime>::get(), 2 * EXISTENTIAL_DEPOSIT);
		assert_eq!(pallet_pace::SlotMillis::<Runtime>::get(), 6_000);
	});
}

#[test]
fn babe_is_configured_by_the_networks_pace() {
	use sp_consensus_babe::{runtime_decl_for_babe_api::BabeApi, AllowedSlots};
	use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;
	for (preset, slot, epoch, period) in [("development", 2_000, 30, 20), ("live-template", 6_000, 2_400, 14_400)] {
		genesis_state(preset).execute_with(|| {
			let babe = <Runtime as BabeApi<Block>>::configuration();
			assert_eq!((babe.slot_duration, babe.epoch_length), (slot, epoch));
			assert_eq!(babe.allowed_slots, AllowedSlots::PrimaryAndSecondaryVRFSlots);
			assert_eq!(<Runtime as SubstationApi<Block, AccountId>>::clock().period, period);
		});
	}
}

#[test]
fn committees_are_as_large_as_the_network_is_serious() {
	use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;
	for (preset, members, min_nodes) in [("development", 3, 4), ("local_testnet", 3, 4), ("live-template", 17, 51)] {
		genesis_state(preset).execute_with(|| {
			let committees = <Runtime as SubstationApi<Block, AccountId>>::committees();
			let settings = <Runtime as SubstationApi<Block, AccountId>>::settings().bandwidth;
			assert_eq!((committees.members, committees.min_nodes), (members, min_nodes), "{preset}");
			assert!(settings.tests_per_draw > 0, "{preset}: testing is paused");
			assert!(settings.seat_bond * Balance::from(min_nodes) <= settings.min_total_bond, "{preset}");
		});
	}
}

#[test]
fn the_fast_networks_test_four_nodes_with_one_seat_each() {
	for (preset, _) in NETWORKS {
		genesis_state(preset).execute_with(|| {
			let settings = pallet_settings::Bandwidth::<Runtime>::get();
			assert_eq!(settings.min_total_bond, 4 * settings.seat_bond);
			assert_eq!((settings.test_seconds, settings.seat_tests), (5, 100));
			assert_eq!(settings.rating_age, 28 * pallet_pace::ProofClock::<Runtime>::get().period);
		});
	}
}

#[test]
fn the_pot_of_test_fees_exists_on_every_network() {
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(|| {
			assert_eq!(Balances::free_balance(BandwidthProofs::pot()), EXISTENTIAL_DEPOSIT);
		});
	}
}

#[test]
fn every_network_counts_from_what_its_genesis_has_issued() {
	use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(|| {
			let page = <Runtime as SubstationApi<Block, AccountId>>::supply_page();
			let first = pallet_settings::Rewards::<Runtime>::get().first;
			assert_eq!(page.genesis, pallet_balances::TotalIssuance::<Runtime>::get(), "{preset}");
			assert_eq!((page.issuance, page.budgeted, page.era), (page.genesis, first, 0), "{preset}");
			assert_eq!((page.minted, page.burned, page.burned_by_calls, page.nominating), (0, 0, 0, 0), "{preset}");
		});
	}
}

#[test]
fn what_tools_edit_is_there_as_arrays() {
	for preset in genesis_presets::preset_names() {
		let config = genesis(&preset);
		for pointer in
			["/session/keys", "/staking/stakers", "/staking/invulnerables", "/grandpa/authorities", "/babe/authorities"]
		{
			assert!(config.pointer(pointer).is_some_and(|value| value.is_array()), "{preset}: {pointer}");
		}
		let patch = genesis_presets::get_preset(&preset).unwrap();
		let patch: serde_json::Value = serde_json::from_slice(&patch).unwrap();
		for pointer in ["/session/keys", "/staking/stakers", "/grandpa/authorities", "/babe/authorities"] {
			assert!(patch.pointer(pointer).is_some_and(|value| value.is_array()), "{preset}: {pointer} in the patch");
		}
	}
}

#[test]
fn a_validator_is_a_stash_with_keys_and_a_bond() {
	let config = genesis("development");
	let stash = config.pointer("/staking/stakers/0/0").unwrap();

	assert_eq!(config.pointer("/staking/stakers/0/3").unwrap(), "Validator");
	assert_eq!(config.pointer("/session/keys/0/0").unwrap(), stash);
	assert!(config.pointer("/session/keys/0/2/grandpa").is_some());
	assert!(config.pointer("/session/keys/0/2/babe").is_some());
}
