//! Who pays for blocks, and where it goes.

use crate::chain::{block, scenario, send, signed};
use frame_support::traits::TypedGet;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use substation_primitives::settings::STN;
use substation_runtime::{constants::MILLI, governance::TreasuryPot, Balances, Runtime};

#[test]
fn fees_go_to_the_treasury() {
	scenario(|| {
		let (pot, alice) = (TreasuryPot::get(), Alice.to_account_id());
		let before = (Balances::free_balance(&pot), Balances::free_balance(&alice));
		let issuance = pallet_balances::TotalIssuance::<Runtime>::get();

		send(Alice, pallet_balances::Call::transfer_keep_alive { dest: Bob.to_account_id().into(), value: STN });

		let fee = Balances::free_balance(&pot) - before.0;
		assert_eq!(Balances::free_balance(&alice), before.1 - STN - fee);
		assert_eq!(pallet_balances::TotalIssuance::<Runtime>::get(), issuance);
		assert!((MILLI / 20..MILLI * 5).contains(&fee), "a transfer costs {fee}");
	});
}

#[test]
fn an_account_without_money_cannot_send() {
	scenario(|| {
		let nobody = sp_keyring::Sr25519Keyring::Two;

		let result = block([signed(nobody, frame_system::Call::remark { remark: vec![] })]).remove(0);

		assert_eq!(result, Err(sp_runtime::transaction_validity::InvalidTransaction::Payment.into()));
	});
}
