//! What a proxy may do that moves no money: every call is decided about, so that a new one has to be. R8.

use crate::{
	calls::{assert_decided, every_call, List},
	chain::{apply, scenario, send, signed},
};
use frame_support::traits::InstanceFilter;
use sp_keyring::Sr25519Keyring::{self, Bob, Dave, Eve};
use sp_runtime::DispatchError;
use substation_primitives::{bandwidth::Rates, NodeId};
use substation_runtime::{configs::ProxyType, constants::STN, AccountId, Runtime, RuntimeCall, RuntimeEvent};

use pallet_staking::RewardDestination;
use ProxyType::*;

/// Calls that take no money of the account to others.
const HARMLESS: &List = &[
	// `bond` with its rewards to the account or its stake.
	("Staking", "bond bond_extra rebond unbond withdraw_unbonded validate nominate chill kick"),
	// Anybody may make these, for anybody.
	(
		"Staking",
		"payout_stakers payout_stakers_by_page reap_stash chill_other force_apply_min_commission migrate_currency",
	),
	// To the account itself, since controllers are gone.
	("Staking", "set_controller"),
	// Whoever has the keys can sign twice and report it, for no reward.
	("Session", "set_keys purge_keys"),
	("VoterList", "rebag put_in_front_of put_in_front_of_other"),
	// What they carry is filtered, too.
	("Utility", "batch batch_all force_batch as_derivative if_else"),
	// Refuses what another account has announced to do.
	("Proxy", "reject_announcement"),
	("Identity", "set_identity clear_identity cancel_request rename_sub remove_sub quit_sub"),
	("Identity", "accept_username remove_expired_approval set_primary_username"),
	// Of registrars and of authorities that hand out usernames: what they earn stays theirs.
	("Identity", "set_fee set_fields provide_judgement set_username_for unbind_username remove_username"),
	// Votes lock money, and motions move that of others.
	("Democracy", "vote delegate undelegate unlock remove_vote remove_other_vote"),
	("Council", "vote close"),
	("TechnicalCommittee", "vote close"),
	("Elections", "vote remove_voter"),
	("Registry", "set_contact release_bond leave unbond withdraw"),
	// A deal that ends early pays its node for some periods, as was agreed; anybody may make the others.
	("StorageMarket", "withdraw_proposal settle end_early close"),
	("StorageProofs", "report_missed"),
	// `take_seats` with nothing prepaid.
	("BandwidthProofs", "take_seats set_claim give_up_seats withdraw_prepaid collect_earned remove_line"),
	// The payee has a grace to redeem; the payer gets what is left after it.
	("PaymentChannels", "start_closing finish_closing"),
	("Rewards", "claim"),
];

/// Calls that are not.
const REFUSED: &List = &[
	// Authors, root, or bodies make these, and nobody's proxy.
	("System", "set_heap_pages set_code set_code_without_checks set_storage kill_storage kill_prefix"),
	("System", "authorize_upgrade authorize_upgrade_without_checks"),
	("Settings", "set_registry set_market set_proofs set_bandwidth set_channels set_disputes set_rewards"),
	("Timestamp", "set"),
	("Babe", "plan_config_change"),
	("Grandpa", "note_stalled"),
	("Balances", "force_transfer force_unreserve force_set_balance force_adjust_total_issuance"),
	("Staking", "set_validator_count increase_validator_count scale_validator_count force_no_eras force_new_era"),
	("Staking", "set_invulnerables force_unstake force_new_era_always cancel_deferred_slash set_staking_configs"),
	("Staking", "set_min_commission deprecate_controller_batch restore_ledger manual_slash"),
	("Scheduler", "schedule cancel schedule_named cancel_named schedule_after schedule_named_after"),
	("Scheduler", "set_retry set_retry_named cancel_retry cancel_retry_named"),
	("Preimage", "request_preimage unrequest_preimage"),
	("Utility", "dispatch_as dispatch_as_fallible with_weight"),
	(
		"Identity",
		"add_registrar remove_registrar kill_identity add_username_authority remove_username_authority kill_username",
	),
	("Democracy", "emergency_cancel external_propose external_propose_majority external_propose_default fast_track"),
	("Democracy", "veto_external cancel_referendum clear_public_proposals blacklist cancel_proposal set_metadata"),
	("Council", "set_members disapprove_proposal kill"),
	("TechnicalCommittee", "set_members disapprove_proposal kill"),
	("Elections", "remove_member clean_defunct_voters"),
	("Treasury", "spend_local remove_approval spend void_spend"),
	("TxPause", "pause unpause"),
	("MultiBlockMigrations", "force_set_cursor force_set_active_cursor force_onboard_mbms clear_historic"),
	("Disputes", "decide overturn"),
	("Registry", "suspend lift_suspension"),
	// Free, and authorised by a signature or a proof.
	("Disputes", "answer_by_agent"),
	("StorageMarket", "accept clear"),
	("StorageProofs", "prove"),
	("BandwidthProofs", "submit_measurement"),
	("PaymentChannels", "redeem"),
	// Anybody may make these for anybody, with an account of one's own.
	("System", "remark remark_with_event apply_authorized_upgrade"),
	("Babe", "report_equivocation report_equivocation_unsigned"),
	("Grandpa", "report_equivocation report_equivocation_unsigned"),
	("Balances", "upgrade_accounts"),
	("Preimage", "ensure_updated"),
	("Council", "release_proposal_cost"),
	("TechnicalCommittee", "release_proposal_cost"),
	("Treasury", "payout check_status"),
	("Disputes", "execute"),
	// Money to others, or to nobody.
	("Balances", "transfer_allow_death transfer_keep_alive transfer_all burn"),
	("StorageMarket", "propose"),
	("PaymentChannels", "open top_up"),
	// Gives up what the payee has not redeemed, to a payer who may be the proxy.
	("PaymentChannels", "close"),
	// At the lowest price, to a customer who may be the proxy.
	("Registry", "set_offer"),
	// Flows to the members of committees.
	("BandwidthProofs", "prepay"),
	// Compensate a customer, who may be the proxy; or stand for a node whose agent, the proxy's, lets it fail.
	("StorageMarket", "forfeit"),
	("Registry", "register set_agent add_bond add_class"),
	("Disputes", "concede"),
	// Rewards to another account.
	("Staking", "set_payee update_payee"),
	// A fee to the registrar; a registrar's fees to another account.
	("Identity", "request_judgement set_account_id"),
	// A sub-account that quits keeps the deposit that was taken for it.
	("Identity", "add_sub set_subs"),
	// Bonds and deposits that can be lost.
	("Disputes", "open answer"),
	("Democracy", "propose second"),
	("Elections", "submit_candidacy renounce_candidacy"),
	("Preimage", "note_preimage unnote_preimage"),
	// Act for other accounts, without this filter; or for this one, without this proxy.
	("Multisig", "as_multi_threshold_1 as_multi approve_as_multi cancel_as_multi poke_deposit"),
	("Proxy", "proxy proxy_announced announce remove_announcement poke_deposit"),
	("Proxy", "add_proxy remove_proxy remove_proxies create_pure kill_pure"),
	// A member's own: may be carried out at once, and without this filter.
	("Council", "propose execute"),
	("TechnicalCommittee", "propose execute"),
];

// R8: it was a list of what is refused, so that every new call was allowed.
#[test]
fn every_call_is_decided_about() {
	assert_decided(HARMLESS, REFUSED, |listed| NonTransfer.filter(&listed.call));
}

#[test]
fn a_proxy_can_do_all_that_those_can_which_it_could_appoint() {
	let all = [Any, NonTransfer, Staking, Operator, Customer, Governance];
	for call in every_call().into_iter().map(|listed| listed.call) {
		for (larger, smaller) in all.iter().flat_map(|larger| all.iter().map(move |smaller| (larger, smaller))) {
			if larger.is_superset(smaller) {
				assert!(!smaller.filter(&call) || larger.filter(&call), "{larger:?}, {smaller:?}: {call:?}");
			}
		}
	}
}

#[test]
fn only_who_may_do_everything_acts_for_other_accounts_or_appoints_proxies() {
	let calls = every_call().into_iter().filter(|listed| matches!(listed.pallet.as_str(), "Multisig" | "Proxy"));
	for call in calls.map(|listed| listed.call) {
		for kind in [Staking, Operator, Customer, Governance] {
			assert!(!kind.filter(&call), "{kind:?}: {call:?}");
		}
	}
}

fn bond(payee: RewardDestination<AccountId>) -> RuntimeCall {
	pallet_staking::Call::bond { value: 1_000 * STN, payee }.into()
}

#[test]
fn who_stakes_for_an_account_cannot_take_its_rewards() {
	let set_payee = |payee| RuntimeCall::from(pallet_staking::Call::set_payee { payee });
	let own = [RewardDestination::Staked, RewardDestination::Stash];
	let others = [RewardDestination::Account(Eve.to_account_id()), RewardDestination::None];
	for kind in [NonTransfer, Staking] {
		for payee in own.clone() {
			assert!(kind.filter(&bond(payee)), "{kind:?}");
		}
		for payee in others.clone() {
			assert!(!kind.filter(&bond(payee.clone())) && !kind.filter(&set_payee(payee)), "{kind:?}");
		}
	}
}

#[test]
fn seats_are_taken_without_prepaying_their_tests() {
	let take = |prepaid| -> RuntimeCall {
		let (node, claim, seats) = (NodeId(0), Rates::default(), 1);
		pallet_bandwidth_proofs::Call::take_seats { node, claim, seats, prepaid }.into()
	};

	assert!(NonTransfer.filter(&take(0)) && !NonTransfer.filter(&take(1)));
	assert!(Operator.filter(&take(1)));
}

/// Lets Eve act for Dave and gives all results: of the proxy, and of what a batch has carried.
fn acts(call: RuntimeCall) -> Vec<Result<(), DispatchError>> {
	let real = Dave.to_account_id().into();
	let events = apply(signed(Eve, pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(call) }));
	let results = events.into_iter().filter_map(|event| match event {
		RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
		RuntimeEvent::Utility(pallet_utility::Event::BatchInterrupted { error, .. }) => Some(Err(error)),
		_ => None,
	});
	results.collect()
}

fn appoint(delegate: Sr25519Keyring, proxy_type: ProxyType) {
	send(Dave, pallet_proxy::Call::add_proxy { delegate: delegate.to_account_id().into(), proxy_type, delay: 0 });
}

// R8: the filter travels with the origin into what a call carries.
#[test]
fn a_proxy_that_moves_no_money_moves_none_inside_of_other_calls_either() {
	scenario(|| {
		appoint(Eve, NonTransfer);
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		let transfer: RuntimeCall =
			pallet_balances::Call::transfer_keep_alive { dest: Bob.to_account_id().into(), value: STN }.into();
		let add_sub: RuntimeCall =
			pallet_identity::Call::add_sub { sub: Eve.to_account_id().into(), data: Default::default() }.into();

		for call in [transfer.clone(), add_sub, bond(RewardDestination::Account(Eve.to_account_id()))] {
			assert_eq!(acts(call), [Err(filtered)]);
		}
		assert_eq!(acts(pallet_utility::Call::batch_all { calls: vec![transfer.clone()] }.into()), [Err(filtered)]);
		let derived = pallet_utility::Call::as_derivative { index: 0, call: Box::new(transfer.clone()) };
		assert_eq!(acts(derived.into()), [Err(filtered)]);
		assert_eq!(acts(pallet_utility::Call::batch { calls: vec![transfer] }.into()), [Err(filtered), Ok(())]);
		assert_eq!(acts(bond(RewardDestination::Staked)), [Ok(())]);
	});
}
