//! The networks that the runtime knows by name.

use crate::chain::{check, genesis, genesis_state};
use frame_support::traits::{Currency, Get, TypedGet};
use sp_keyring::Sr25519Keyring;
use substation_primitives::{settings::STN, Balance};
use substation_runtime::{
	apis, constants::EXISTENTIAL_DEPOSIT, genesis_presets, governance::TreasuryPot, AccountId, Babe, Balances,
	BandwidthProofs, Block, Grandpa, Runtime, Session, Staking,
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

#[test]
fn the_live_preset_is_a_template_without_keys_and_money() {
	genesis_state("live").execute_with(|| {
		assert_eq!((Session::validators().len(), Babe::authorities().len()), (0, 0));
		// The treasury and the pot of test fees are kept alive.
		assert_eq!(pallet_balances::TotalIssuance::<Runtime>::get(), 2 * EXISTENTIAL_DEPOSIT);
		assert_eq!(pallet_pace::SlotMillis::<Runtime>::get(), 6_000);
	});
}

#[test]
fn babe_is_configured_by_the_networks_pace() {
	use apis::runtime_decl_for_substation_api::SubstationApi;
	use sp_consensus_babe::{runtime_decl_for_babe_api::BabeApi, AllowedSlots};
	for (preset, slot, epoch, period) in [("development", 2_000, 30, 20), ("live", 6_000, 2_400, 14_400)] {
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
	use apis::runtime_decl_for_substation_api::SubstationApi;
	for (preset, members, min_nodes) in [("development", 3, 4), ("local_testnet", 3, 4), ("live", 17, 51)] {
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
			assert_eq!((settings.test_seconds, settings.draw_interval), (5, 4));
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
	use apis::runtime_decl_for_substation_api::SubstationApi;
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
