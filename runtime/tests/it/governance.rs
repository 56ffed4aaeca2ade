//! Who may do what beyond ordinary accounts.

use crate::chain::{block, scenario, signed};
use frame_support::{assert_ok, traits::InstanceFilter};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::DispatchError;
use substation_primitives::{deal::Proposal, settings::Settings as AllSettings, Bytes, ChannelId, DealId, NodeId};
use substation_runtime::{configs::ProxyType, Registry, Runtime, RuntimeCall, RuntimeOrigin, Settings};

fn proposal() -> RuntimeCall {
	let proposal = Proposal { node: NodeId(0), root: [0; 32], length: Bytes(1), periods: 1, price: 1 };
	pallet_storage_market::Call::propose { proposal }.into()
}

#[test]
fn no_account_may_change_settings_or_suspend_nodes() {
	scenario(|| {
		let AllSettings { registry, market, proofs, bandwidth, channels, disputes, rewards } = AllSettings::default();
		let calls: [RuntimeCall; 8] = [
			pallet_settings::Call::set_registry { settings: registry }.into(),
			pallet_settings::Call::set_market { settings: market }.into(),
			pallet_settings::Call::set_proofs { settings: proofs }.into(),
			pallet_settings::Call::set_bandwidth { settings: bandwidth }.into(),
			pallet_settings::Call::set_channels { settings: channels }.into(),
			pallet_settings::Call::set_disputes { settings: disputes }.into(),
			pallet_settings::Call::set_rewards { settings: rewards }.into(),
			pallet_registry::Call::suspend { node: NodeId(0) }.into(),
		];
		for call in calls {
			assert_eq!(block([signed(Alice, call)]).remove(0).unwrap(), Err(DispatchError::BadOrigin));
		}
	});
}

#[test]
fn root_may() {
	scenario(|| {
		crate::actors::Node::register(Alice);
		let settings = AllSettings::default().registry;

		assert_ok!(Settings::set_registry(RuntimeOrigin::root(), settings));
		assert_ok!(Registry::suspend(RuntimeOrigin::root(), NodeId(0)));
	});
}

#[test]
fn a_proxy_that_moves_no_money_proposes_no_deals_and_opens_no_channels() {
	let transfer: RuntimeCall =
		pallet_balances::Call::<Runtime>::transfer_all { dest: Bob.to_account_id().into(), keep_alive: false }.into();

	let open: RuntimeCall =
		pallet_payment_channels::Call::open { payee: Bob.to_account_id(), key: [1; 32], deposit: 1 }.into();
	let top_up: RuntimeCall = pallet_payment_channels::Call::top_up { channel: ChannelId(0), amount: 1 }.into();

	for kind in [ProxyType::NonTransfer, ProxyType::Operator, ProxyType::Staking, ProxyType::Governance] {
		for call in [&proposal(), &open, &top_up, &transfer] {
			assert!(!kind.filter(call), "{kind:?}: {call:?}");
		}
	}
	for call in [&proposal(), &open, &top_up] {
		assert!(ProxyType::Customer.filter(call), "{call:?}");
	}
	assert!(ProxyType::Any.filter(&transfer));
}

#[test]
fn an_operators_proxy_runs_lines_ends_channels_and_claims() {
	let collect: RuntimeCall = pallet_bandwidth_proofs::Call::collect_earned { node: NodeId(0) }.into();
	let close: RuntimeCall = pallet_payment_channels::Call::close { channel: ChannelId(0) }.into();
	let claim: RuntimeCall = pallet_rewards::Call::claim { nodes: Default::default() }.into();

	for call in [&collect, &close, &claim] {
		assert!(ProxyType::Operator.filter(call) && !ProxyType::Staking.filter(call), "{call:?}");
	}
	assert!(ProxyType::NonTransfer.filter(&collect) && ProxyType::NonTransfer.filter(&claim));
	// It gives up what has not been redeemed, to a payer who may be the proxy.
	assert!(!ProxyType::NonTransfer.filter(&close));
}

#[test]
fn each_side_of_a_dispute_has_its_own_proxy() {
	let (deal, evidence) = (DealId(0), [1; 32]);
	let open: RuntimeCall = pallet_disputes::Call::open { deal, evidence, bond: 1 }.into();
	let answer: RuntimeCall = pallet_disputes::Call::answer { deal, evidence }.into();
	let concede: RuntimeCall = pallet_disputes::Call::concede { deal }.into();

	assert!(ProxyType::Customer.filter(&open) && !ProxyType::Operator.filter(&open));
	assert!(ProxyType::Operator.filter(&answer) && ProxyType::Operator.filter(&concede));
	for kind in [ProxyType::Staking, ProxyType::Governance] {
		assert!([&open, &answer, &concede].iter().all(|call| !kind.filter(call)), "{kind:?}");
	}
}

#[test]
fn a_proxy_for_governance_votes_stands_and_moves_motions() {
	use pallet_democracy::{AccountVote, Conviction, Vote};
	let vote = AccountVote::Standard { vote: Vote { aye: true, conviction: Conviction::None }, balance: 1 };
	let calls: [RuntimeCall; 5] = [
		pallet_democracy::Call::vote { ref_index: 0, vote }.into(),
		pallet_elections_phragmen::Call::submit_candidacy { candidate_count: 0 }.into(),
		RuntimeCall::Council(pallet_collective::Call::vote { proposal: Default::default(), index: 0, approve: true }),
		RuntimeCall::TechnicalCommittee(pallet_collective::Call::vote {
			proposal: Default::default(),
			index: 0,
			approve: true,
		}),
		pallet_treasury::Call::payout { index: 0 }.into(),
	];

	for call in calls {
		assert!(ProxyType::Governance.filter(&call), "{call:?}");
		for kind in [ProxyType::Staking, ProxyType::Operator, ProxyType::Customer] {
			assert!(!kind.filter(&call), "{kind:?}: {call:?}");
		}
	}
}

#[test]
fn a_weaker_proxy_cannot_make_a_stronger_one() {
	use ProxyType::*;
	for kind in [NonTransfer, Staking, Operator, Customer, Governance] {
		assert!(Any.is_superset(&kind) && !kind.is_superset(&Any));
	}
	assert!(NonTransfer.is_superset(&Staking) && !Staking.is_superset(&NonTransfer));
	for kind in [Staking, Operator, Governance] {
		assert!(!kind.is_superset(&Customer) && !Customer.is_superset(&kind));
	}
	for kind in [Operator, Customer, Governance] {
		assert!(!NonTransfer.is_superset(&kind) && !kind.is_superset(&NonTransfer));
	}
}
