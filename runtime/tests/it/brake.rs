//! The brake: who pauses a call, what that means wherever the call comes from, and what nobody can pause. R4.

use crate::{
	actors::{content, Node},
	calls::{assert_decided, every_call, List},
	chain::{apply, attempt, genesis_state, run_to, scenario, send, signed, state_of},
	governance_bodies::{committee, council, executed, members, motion},
	governance_referenda::{enact, outcome},
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{Authorize, Contains, Get},
};
use pallet_tx_pause::{Error, PausedCalls, RuntimeCallNameOf};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::{transaction_validity::TransactionSource, DispatchError};
use substation_runtime::{
	brake::{NeverPaused, MAX_NAME_LENGTH},
	constants::STN,
	genesis_presets, governance, invariants, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, TxPause,
};

type Pause = pallet_tx_pause::Call<Runtime>;

/// Calls that can be paused.
const PAUSABLE: &List = &[
	("Balances", "transfer_allow_death force_transfer transfer_keep_alive transfer_all force_unreserve"),
	("Balances", "upgrade_accounts force_set_balance force_adjust_total_issuance burn"),
	// Waiting costs nothing: who has chilled is exposed to nothing from the next era on, and pay can be claimed for 84.
	(
		"Staking",
		"bond bond_extra unbond withdraw_unbonded validate nominate set_payee set_controller rebond reap_stash",
	),
	("Staking", "set_validator_count increase_validator_count scale_validator_count force_no_eras force_new_era"),
	("Staking", "set_invulnerables force_unstake force_new_era_always cancel_deferred_slash payout_stakers kick"),
	("Staking", "set_staking_configs chill_other force_apply_min_commission set_min_commission update_payee"),
	("Staking", "payout_stakers_by_page deprecate_controller_batch restore_ledger migrate_currency manual_slash"),
	("VoterList", "rebag put_in_front_of put_in_front_of_other"),
	(
		"Identity",
		"add_registrar remove_registrar set_identity set_subs clear_identity request_judgement cancel_request",
	),
	("Identity", "set_fee set_account_id set_fields provide_judgement kill_identity add_sub rename_sub remove_sub"),
	("Identity", "quit_sub add_username_authority remove_username_authority set_username_for accept_username"),
	("Identity", "remove_expired_approval set_primary_username unbind_username remove_username kill_username"),
	// The council voids what it does not want paid, whether it can pause the payment or not.
	("Treasury", "spend_local remove_approval spend payout check_status void_spend"),
	// Root's, and root is not stopped.
	("Settings", "set_registry set_market set_proofs set_bandwidth set_channels set_disputes set_rewards"),
	// Bonds wait; nothing is fined for not leaving.
	("Registry", "register set_offer add_bond release_bond leave unbond withdraw suspend lift_suspension add_class"),
	("StorageMarket", "propose withdraw_proposal settle"),
	("StorageProofs", "report_missed"),
	// Nobody is fined for a line.
	("BandwidthProofs", "take_seats set_claim prepay collect_earned remove_line"),
	// A payer waits for the rest; the payee redeems meanwhile.
	("PaymentChannels", "open top_up start_closing finish_closing close"),
	// For 84 eras.
	("Rewards", "claim"),
];

/// Calls that nobody can pause.
const NEVER: &List = &[
	("System", "remark set_heap_pages set_code set_code_without_checks set_storage kill_storage kill_prefix"),
	("System", "remark_with_event authorize_upgrade authorize_upgrade_without_checks apply_authorized_upgrade"),
	("Timestamp", "set"),
	("Babe", "report_equivocation report_equivocation_unsigned plan_config_change"),
	("Grandpa", "report_equivocation report_equivocation_unsigned note_stalled"),
	("Session", "set_keys purge_keys"),
	("Preimage", "note_preimage unnote_preimage request_preimage unrequest_preimage ensure_updated"),
	("Scheduler", "schedule cancel schedule_named cancel_named schedule_after schedule_named_after"),
	("Scheduler", "set_retry set_retry_named cancel_retry cancel_retry_named"),
	("Utility", "batch as_derivative batch_all dispatch_as force_batch with_weight if_else dispatch_as_fallible"),
	("Proxy", "proxy add_proxy remove_proxy remove_proxies create_pure kill_pure announce remove_announcement"),
	("Proxy", "reject_announcement proxy_announced poke_deposit"),
	("Multisig", "as_multi_threshold_1 as_multi approve_as_multi cancel_as_multi poke_deposit"),
	("Democracy", "propose second vote emergency_cancel external_propose external_propose_majority"),
	("Democracy", "external_propose_default fast_track veto_external cancel_referendum delegate undelegate"),
	("Democracy", "clear_public_proposals unlock remove_vote remove_other_vote blacklist cancel_proposal set_metadata"),
	("Council", "set_members execute propose vote disapprove_proposal close kill release_proposal_cost"),
	("TechnicalCommittee", "set_members execute propose vote disapprove_proposal close kill release_proposal_cost"),
	("Elections", "vote remove_voter submit_candidacy renounce_candidacy remove_member clean_defunct_voters"),
	("TxPause", "pause unpause"),
	("MultiBlockMigrations", "force_set_cursor force_set_active_cursor force_onboard_mbms clear_historic"),
	("Staking", "chill"),
	("Disputes", "open answer answer_by_agent decide overturn execute concede"),
	("Registry", "set_contact set_agent"),
	("StorageMarket", "accept clear forfeit close end_early"),
	("StorageProofs", "prove"),
	("BandwidthProofs", "submit_measurement give_up_seats withdraw_prepaid"),
	("PaymentChannels", "redeem"),
];

fn name(pallet: &str, call: &str) -> RuntimeCallNameOf<Runtime> {
	let bounded = |text: &str| text.as_bytes().to_vec().try_into().expect("the name is short");
	(bounded(pallet), bounded(call))
}

fn pause(pallet: &str, call: &str) {
	assert_ok!(TxPause::pause(council(3, 4), name(pallet, call)));
}

fn pause_everything() {
	for (pallet, calls) in PAUSABLE {
		calls.split_whitespace().for_each(|call| pause(pallet, call));
	}
}

fn burn() -> RuntimeCall {
	pallet_balances::Call::burn { value: STN, keep_alive: true }.into()
}

fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

#[test]
fn every_call_is_decided_about() {
	assert_decided(NEVER, PAUSABLE, |listed| NeverPaused::contains(&name(&listed.pallet, &listed.name)));
}

#[test]
fn three_quarters_of_the_council_pause_a_call_and_lift_the_pause() {
	scenario(|| {
		let burn = name("Balances", "burn");
		for origin in [RuntimeOrigin::signed(Alice.to_account_id()), council(5, 7), committee(3, 3)] {
			assert_noop!(TxPause::pause(origin, burn.clone()), DispatchError::BadOrigin);
		}
		assert_noop!(TxPause::unpause(council(6, 7), burn.clone()), Error::<Runtime>::IsUnpaused);

		assert_ok!(TxPause::pause(council(6, 7), burn.clone()));
		assert_noop!(TxPause::pause(council(6, 7), burn.clone()), Error::<Runtime>::IsPaused);
		assert_noop!(TxPause::unpause(council(5, 7), burn.clone()), DispatchError::BadOrigin);
		assert_ok!(TxPause::unpause(RuntimeOrigin::root(), burn.clone()));
		assert_ok!(TxPause::pause(RuntimeOrigin::root(), burn.clone()));
		assert_ok!(TxPause::unpause(council(3, 4), burn));
	});
}

// R4: from the discovery of a fault to its repair it took a day at least, and two by now.
#[test]
fn a_motion_stops_one_call_within_blocks_and_nothing_else() {
	scenario(|| {
		let full_name = name("Balances", "burn");
		assert_ok!(attempt(signed(Dave, burn())));

		let events = motion(Pause::pause { full_name: full_name.clone() }, &[Alice, Bob, Charlie], 3);

		assert_ok!(executed(&events));
		assert!(events.contains(&pallet_tx_pause::Event::CallPaused { full_name: full_name.clone() }.into()));
		assert_eq!(attempt(signed(Dave, burn())), Err(filtered()));
		send(Dave, pallet_balances::Call::transfer_keep_alive { dest: Eve.to_account_id().into(), value: STN });

		assert_ok!(executed(&motion(Pause::unpause { ident: full_name }, &[Alice, Bob, Charlie], 3)));
		assert_ok!(attempt(signed(Dave, burn())));
	});
}

#[test]
fn a_paused_call_is_refused_inside_of_whatever_carries_it() {
	scenario(|| {
		let (calls, call) = (vec![burn()], Box::new(burn()));
		let (real, delegate) = (Dave.to_account_id(), Eve.to_account_id());
		send(
			Dave,
			pallet_proxy::Call::add_proxy { delegate: delegate.into(), proxy_type: Default::default(), delay: 0 },
		);
		pause("Balances", "burn");

		let all = pallet_utility::Call::batch_all { calls: calls.clone() };
		assert_eq!(attempt(signed(Dave, all)), Err(filtered()));
		let derived = pallet_utility::Call::as_derivative { index: 0, call: call.clone() };
		assert_eq!(attempt(signed(Dave, derived)), Err(filtered()));
		let other_signatories = vec![Alice.to_account_id()];
		let multi = pallet_multisig::Call::as_multi_threshold_1 { other_signatories, call: call.clone() };
		assert_eq!(attempt(signed(Dave, multi)), Err(filtered()));

		let events = send(Dave, pallet_utility::Call::batch { calls: calls.clone() });
		assert!(events.contains(&pallet_utility::Event::BatchInterrupted { index: 0, error: filtered() }.into()));
		let events = send(Dave, pallet_utility::Call::force_batch { calls });
		assert!(events.contains(&pallet_utility::Event::ItemFailed { error: filtered() }.into()));
		let events = send(Eve, pallet_proxy::Call::proxy { real: real.into(), force_proxy_type: None, call });
		assert!(events.contains(&pallet_proxy::Event::ProxyExecuted { result: Err(filtered()) }.into()));
		assert_eq!(executed(&motion(burn(), &[Alice, Bob, Charlie], 3)), Err(filtered()));
	});
}

#[test]
fn a_referendum_is_not_stopped_by_a_pause() {
	scenario(|| {
		pause("Treasury", "spend");
		let beneficiary = Box::new(Dave.to_account_id());
		let spend: RuntimeCall =
			pallet_treasury::Call::spend { asset_kind: Box::new(()), amount: STN, beneficiary, valid_from: None }
				.into();

		assert_eq!(executed(&motion(spend.clone(), &[Alice, Bob, Charlie], 3)), Err(filtered()));
		assert_ok!(outcome(&enact(spend)));
		assert_ok!(outcome(&enact(Pause::unpause { ident: name("Treasury", "spend") }.into())));
		assert!(!TxPause::is_paused(&name("Treasury", "spend")));
	});
}

#[test]
fn with_all_paused_that_can_be_token_holders_elect_another_council_and_reach_root() {
	scenario(|| {
		pause_everything();

		send(Dave, pallet_elections_phragmen::Call::submit_candidacy { candidate_count: 0 });
		let votes = vec![Dave.to_account_id()];
		send(Eve, pallet_elections_phragmen::Call::vote { votes, value: 100_000 * STN });
		assert_ok!(outcome(&enact(Pause::unpause { ident: name("Balances", "transfer_all") }.into())));
		run_to(governance::TermDuration::get());

		assert!(members().contains(&Dave.to_account_id()));
		send(Eve, pallet_balances::Call::transfer_all { dest: Bob.to_account_id().into(), keep_alive: true });
	});
}

#[test]
fn with_all_paused_that_can_be_a_node_proves_ends_its_deals_and_answers() {
	scenario(|| {
		let mut node = Node::register(Dave);
		let forfeited = node.store(Eve, content(1, 3_000), 3);
		let disputed = node.store(Eve, content(2, 3_000), 20);
		node.first_window();
		node.prove_next();
		let bond = substation_runtime::Disputes::least_bond(disputed).unwrap();
		pause_everything();

		send(Eve, pallet_disputes::Call::open { deal: disputed, evidence: [1; 32], bond });
		apply(node.answer(disputed, [2; 32]));
		send(Dave, pallet_disputes::Call::concede { deal: disputed });
		send(Dave, pallet_storage_market::Call::forfeit { deal: forfeited });
		node.prove_next();
		run_to(node.window().closes);
		send(Bob, pallet_storage_market::Call::close { deal: forfeited });
		let clearance = node.clearance(forfeited);
		apply(clearance);

		assert_eq!(node.page().strikes, 0);
	});
}

#[test]
fn a_free_call_is_never_paused() {
	let calls = every_call();
	scenario(|| {
		let mut free = Vec::new();
		for listed in calls {
			if listed.call.authorize(TransactionSource::External).is_some() {
				let full_name = name(&listed.pallet, &listed.name);
				assert_noop!(TxPause::pause(council(1, 1), full_name), Error::<Runtime>::Unpausable);
				free.push(format!("{}.{}", listed.pallet, listed.name));
			}
		}

		assert_eq!(
			free,
			[
				"Disputes.answer_by_agent",
				"StorageMarket.accept",
				"StorageMarket.clear",
				"StorageProofs.prove",
				"BandwidthProofs.submit_measurement",
				"PaymentChannels.redeem",
			]
		);
	});
}

#[test]
fn a_pause_that_is_misspelt_is_refused() {
	scenario(|| {
		let binary = (vec![0xff, 0xfe].try_into().unwrap(), b"burn".to_vec().try_into().unwrap());
		let misspelt = [("balances", "burn"), ("Balances", "transferAll"), ("Balances", ""), ("Nothing", "burn")];

		for full_name in misspelt.map(|(pallet, call)| name(pallet, call)).into_iter().chain([binary]) {
			assert_noop!(TxPause::pause(council(1, 1), full_name), Error::<Runtime>::Unpausable);
		}
	});
}

// A longer name would be paused for ever.
#[test]
fn every_name_fits() {
	let longest = every_call().iter().map(|listed| listed.pallet.len().max(listed.name.len())).max().unwrap();

	assert!(longest <= MAX_NAME_LENGTH as usize, "{longest}");
}

#[test]
fn no_network_starts_with_a_pause() {
	for preset in genesis_presets::preset_names() {
		genesis_state(&preset).execute_with(|| assert_eq!(PausedCalls::<Runtime>::iter().count(), 0));
	}
}

#[test]
fn a_pause_that_nobody_could_lift_is_noticed_and_stops_nothing() {
	for (pallet, call) in [("StorageProofs", "prove"), ("Balances", "gone")] {
		state_of(|| PausedCalls::<Runtime>::insert(name(pallet, call), ())).execute_with(|| {
			let error = invariants::check().expect_err("it cannot be paused");
			assert_eq!(error, "X15: a call is paused that cannot be".into());
			assert!(!TxPause::is_paused(&name(pallet, call)));
		});
	}
}

#[test]
fn a_paused_call_costs_its_fee() {
	scenario(|| {
		pause("Balances", "burn");
		assert_eq!(attempt(signed(Dave, burn())), Err(filtered()));

		let events: Vec<RuntimeEvent> =
			substation_runtime::System::events().into_iter().map(|record| record.event).collect();
		assert!(crate::chain::fees(&events) > 0);
	});
}
