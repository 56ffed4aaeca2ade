//! Who may do what beyond ordinary accounts.

use crate::chain::{block, scenario, signed};
use frame_support::{assert_ok, traits::InstanceFilter};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::DispatchError;
use substation_primitives::{deal::Proposal, settings::Settings as AllSettings, Bytes, NodeId};
use substation_runtime::{configs::ProxyType, Registry, Runtime, RuntimeCall, RuntimeOrigin, Settings};

fn proposal() -> RuntimeCall {
	let proposal = Proposal { node: NodeId(0), root: [0; 32], length: Bytes(1), periods: 1, price: 1 };
	pallet_storage_market::Call::propose { proposal }.into()
}

#[test]
fn no_account_may_change_settings_or_suspend_nodes() {
	scenario(|| {
		let settings = AllSettings::default().market;
		let calls: [RuntimeCall; 2] = [
			pallet_settings::Call::set_market { settings }.into(),
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
fn a_proxy_that_moves_no_money_proposes_no_deals() {
	let transfer: RuntimeCall =
		pallet_balances::Call::<Runtime>::transfer_all { dest: Bob.to_account_id().into(), keep_alive: false }.into();

	for kind in [ProxyType::NonTransfer, ProxyType::Operator, ProxyType::Staking] {
		assert!(!kind.filter(&proposal()), "{kind:?}");
		assert!(!kind.filter(&transfer), "{kind:?}");
	}
	assert!(ProxyType::Customer.filter(&proposal()));
	assert!(ProxyType::Any.filter(&transfer));
}

#[test]
fn a_weaker_proxy_cannot_make_a_stronger_one() {
	use ProxyType::*;
	for kind in [NonTransfer, Staking, Operator, Customer] {
		assert!(Any.is_superset(&kind) && !kind.is_superset(&Any));
	}
	assert!(NonTransfer.is_superset(&Operator) && !NonTransfer.is_superset(&Customer));
	assert!(!Operator.is_superset(&Customer));
}
