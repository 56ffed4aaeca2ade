//! Who pays for blocks, and where it goes.

use crate::chain::{apply, block, fees, scenario, send, signed, tipped};
use codec::Encode;
use frame_support::{assert_ok, dispatch::DispatchClass, traits::TypedGet, weights::Weight};
use pallet_transaction_payment::{InclusionFee, Multiplier, NextFeeMultiplier};
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Bob, Two};
use sp_runtime::{traits::Convert, Permill};
use substation_primitives::{settings::STN, Balance};
use substation_runtime::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	constants::{EXISTENTIAL_DEPOSIT, FEE_PER_BYTE, MILLI},
	governance::TreasuryPot,
	AccountId, Balances, Rewards, Runtime, RuntimeCall, RuntimeOrigin, System, TransactionPayment,
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

type Update = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;

fn remark(length: usize) -> RuntimeCall {
	frame_system::Call::remark { remark: vec![7; length] }.into()
}

/// The multiplier after so many blocks that use this much each.
fn multiplier_after(blocks: u32, weight: Weight, length: u32) -> Multiplier {
	System::set_block_consumed_resources(weight, length as usize);
	(0..blocks).fold(Multiplier::from_u32(1), |multiplier, _| Update::convert(multiplier))
}

fn full() -> (Weight, u32) {
	let weight = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total.unwrap();
	(weight, *RuntimeBlockLength::get().max.get(DispatchClass::Normal))
}

// F1: 57 GB of blocks a day for 958 STN, every day, because the price of bytes did not move.
#[test]
fn blocks_full_of_bytes_raise_the_fee() {
	scenario(|| {
		let (weight, length) = full();
		let [by_weight, by_bytes] = [(weight, 0), (Weight::zero(), length)].map(|(w, l)| multiplier_after(100, w, l));
		let apart = by_weight.max(by_bytes) - by_weight.min(by_bytes);
		assert!(by_weight > Multiplier::from_u32(1), "{by_weight}");
		assert!(apart < Multiplier::from_rational(1, 1_000_000), "{by_weight} by weight, {by_bytes} by bytes");

		// And in real blocks: almost full of bytes, and hardly of weight.
		NextFeeMultiplier::<Runtime>::put(Multiplier::from_u32(1));
		let first = fees(&send(Alice, remark(3_900_000)));
		for _ in 0..9 {
			send(Alice, remark(3_900_000));
		}
		let expected = multiplier_after(10, weight, 0) - Multiplier::from_u32(1);
		let risen = TransactionPayment::next_fee_multiplier() - Multiplier::from_u32(1);
		assert!(risen <= expected && risen > expected * Multiplier::from_rational(9, 10), "{risen} of {expected}");
		assert!(fees(&send(Alice, remark(3_900_000))) > first);
	});
}

#[test]
fn the_fuller_resource_alone_moves_the_fee() {
	scenario(|| {
		let (weight, length) = full();
		let after = |weight, length| multiplier_after(1, weight, length);

		assert_eq!(after(weight, length / 2), after(weight, 0));
		assert_eq!(after(weight / 2, length), after(Weight::zero(), length));
		// Bounds hold for both, and blocks that are less full than a quarter of each lower the price.
		System::set_block_consumed_resources(Weight::zero(), length as usize);
		assert_eq!(Update::convert(Multiplier::from_u32(1_000)), Multiplier::from_u32(1_000));
		System::set_block_consumed_resources(weight / 5, (length / 5) as usize);
		assert!(Update::convert(Multiplier::from_u32(10)) < Multiplier::from_u32(10));
		assert_eq!(Update::convert(Multiplier::from_u32(1)), Multiplier::from_u32(1));
	});
}

// F1
#[test]
fn the_fee_of_bytes_follows_the_multiplier() {
	scenario(|| {
		let length = 1_000_000;
		let parts = || -> InclusionFee<Balance> {
			let call = remark(length as usize);
			TransactionPayment::query_call_fee_details(call, length).inclusion_fee.expect("a remark pays")
		};
		let calm = parts();
		assert_eq!(calm.len_fee, Balance::from(length) * FEE_PER_BYTE);

		NextFeeMultiplier::<Runtime>::put(Multiplier::from_u32(10));

		let dear = parts();
		assert_eq!((dear.base_fee, dear.len_fee), (calm.base_fee, 10 * calm.len_fee));
		assert_eq!(dear.adjusted_weight_fee, 10 * calm.adjusted_weight_fee);
		assert_eq!(TransactionPayment::length_to_fee(length), dear.len_fee);

		// What wallets are told is charged, and the multiplier counts once.
		let transaction = signed(Alice, remark(length as usize));
		let encoded = u32::try_from(transaction.encoded_size()).unwrap();
		let told = TransactionPayment::query_info(transaction.clone(), encoded).partial_fee;
		let charged = fees(&apply(transaction));
		assert!((charged..charged + charged / 20).contains(&told), "{told} told, {charged} charged");
	});
}
