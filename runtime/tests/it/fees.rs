//! Who pays for blocks, and where it goes.

use crate::chain::{apply, block, fees, scenario, send, signed, tipped};
use frame_support::{assert_ok, traits::TypedGet};
use pallet_transaction_payment::Multiplier;
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Bob, Two};
use sp_runtime::{traits::Convert, Permill};
use substation_primitives::{settings::STN, Balance};
use substation_runtime::{
	constants::{EXISTENTIAL_DEPOSIT, MILLI},
	governance::TreasuryPot,
	AccountId, Balances, Rewards, Runtime, RuntimeCall, RuntimeOrigin, System,
};

fn transfer() -> RuntimeCall {
	pallet_balances::Call::transfer_keep_alive { dest: Bob.to_account_id().into(), value: STN }.into()
}

fn balance(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

/// What who pays, who makes the blocks, the treasury, and everybody together have.
fn money() -> [Balance; 4] {
	let [payer, author] = [Alice, AliceStash].map(|who| balance(&who.to_account_id()));
	[payer, author, balance(&TreasuryPot::get()), pallet_balances::TotalIssuance::<Runtime>::get()]
}

fn burned_by_calls() -> Balance {
	Rewards::supply_page().burned_by_calls
}

fn set_fee_burn(share: Permill) {
	pallet_settings::Rewards::<Runtime>::mutate(|settings| settings.fee_burn = share);
}

#[test]
fn half_of_a_fee_is_destroyed_and_the_author_gets_the_rest() {
	scenario(|| {
		let ([payer, author, treasury, issuance], burned) = (money(), burned_by_calls());

		let fee = fees(&send(Alice, transfer()));

		let destroyed = fee.div_ceil(2);
		assert_eq!(money(), [payer - STN - fee, author + fee - destroyed, treasury, issuance - destroyed]);
		assert_eq!(burned_by_calls(), burned + destroyed);
		assert!((MILLI / 20..MILLI * 5).contains(&fee), "a transfer costs {fee}");
	});
}

#[test]
fn a_tip_is_the_authors_alone() {
	scenario(|| {
		let [payer, author, treasury, issuance] = money();

		let paid = fees(&apply(tipped(Alice, 3 * STN, transfer())));

		let fee = paid - 3 * STN;
		let destroyed = fee.div_ceil(2);
		assert!(fee < MILLI * 5, "a transfer costs {fee}");
		assert_eq!(money(), [payer - STN - paid, author + 3 * STN + fee - destroyed, treasury, issuance - destroyed]);
	});
}

#[test]
fn what_of_a_fee_is_destroyed_is_a_setting() {
	let shares: [(Permill, fn(Balance) -> Balance); 3] =
		[(Permill::zero(), |_| 0), (Permill::from_percent(20), |fee| fee.div_ceil(5)), (Permill::one(), |fee| fee)];
	scenario(|| {
		for (share, destroyed) in shares {
			set_fee_burn(share);
			let [payer, author, treasury, issuance] = money();

			let fee = fees(&send(Alice, transfer()));

			let destroyed = destroyed(fee);
			let expected = [payer - STN - fee, author + fee - destroyed, treasury, issuance - destroyed];
			assert_eq!(money(), expected, "{share:?}");
		}
	});
}

#[test]
fn an_author_who_pays_its_own_fees_still_loses_the_burned_part() {
	scenario(|| {
		let [_, author, ..] = money();

		let fee = fees(&send(AliceStash, transfer()));

		assert_eq!(money()[1], author - STN - fee.div_ceil(2));
	});
}

#[test]
fn dust_goes_to_the_treasury() {
	scenario(|| {
		let (two, alice) = (Two.to_account_id(), Alice.to_account_id());
		send(Alice, pallet_balances::Call::transfer_allow_death { dest: two.clone().into(), value: STN });
		let [payer, author, treasury, issuance] = money();
		let dust = EXISTENTIAL_DEPOSIT - 1;

		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(two.clone()), alice.into(), STN - dust));

		assert!(!System::account_exists(&two));
		assert_eq!(money(), [payer + STN - dust, author, treasury + dust, issuance]);
	});
}

#[test]
fn an_account_without_money_cannot_send() {
	scenario(|| {
		let result = block([signed(Two, frame_system::Call::remark { remark: vec![] })]).remove(0);

		assert_eq!(result, Err(sp_runtime::transaction_validity::InvalidTransaction::Payment.into()));
	});
}

#[test]
fn fees_stay_between_the_base_price_and_a_thousand_times_that() {
	type Update = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
	let price = |times| Multiplier::from_u32(times);
	scenario(|| {
		let full = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
		System::set_block_consumed_resources(full, 0);
		let (mut multiplier, mut blocks) = (price(1), 0);
		while multiplier < price(1_000) {
			let next = Update::convert(multiplier);
			assert!(next > multiplier);
			(multiplier, blocks) = (next, blocks + 1);
		}
		assert_eq!(multiplier, price(1_000));
		assert_eq!(Update::convert(multiplier), multiplier);
		let days = blocks / 14_400;
		assert!((20..22).contains(&days), "{days}");

		System::set_block_consumed_resources(frame_support::weights::Weight::zero(), 0);
		assert!(Update::convert(multiplier) < multiplier);
		assert_eq!(Update::convert(price(1)), price(1));
	});
}
