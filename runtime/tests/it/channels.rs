//! Payment channels: opened with a fee, redeemed without one, closed by either side.

use crate::{
	chain::{apply, block, check, free, free_weight, refused, run_to, scenario, send, signed, signed_as, GENESIS},
	migrations::migrate,
};
use frame_support::traits::{fungible::InspectHold, Get, TypedGet};
use pallet_payment_channels::{
	types::{OVER_DEPOSIT, STEP_TOO_SMALL},
	Call, Error, HoldReason,
};
use pallet_transaction_payment::{Multiplier, NextFeeMultiplier};
use sp_core::{ed25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource, UnknownTransaction},
	DispatchError,
};
use substation_primitives::{
	channel::ChannelPage,
	settings::{ChannelSettings, STN},
	Balance, ChannelId,
};
use substation_proofs::voucher::voucher_message;
use substation_runtime::{
	governance::TreasuryPot, AccountId, Balances, Block, Executive, Runtime, RuntimeCall, RuntimeHoldReason, System,
	UncheckedExtrinsic,
};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

/// What is put into a channel.
pub(crate) const DEPOSIT: Balance = 10 * STN;

/// A channel from Alice to Bob and the key of its vouchers.
pub(crate) struct Channel {
	pub id: ChannelId,
	key: ed25519::Pair,
}

impl Channel {
	pub(crate) fn open() -> Self {
		let id = pallet_payment_channels::NextChannelId::<Runtime>::get();
		let key = ed25519::Pair::from_seed(&[id.0 as u8 + 40; 32]);
		send(Alice, Call::open { payee: Bob.to_account_id(), key: key.public().0, deposit: DEPOSIT });
		Self { id, key }
	}

	/// The call that redeems a voucher of the channel's key.
	pub(crate) fn redemption(&self, cumulative: Balance) -> RuntimeCall {
		redeem(self.id, cumulative, self.key.sign(&voucher_message(&GENESIS.0, self.id.0, cumulative)))
	}

	fn voucher(&self, cumulative: Balance) -> UncheckedExtrinsic {
		free(self.redemption(cumulative))
	}

	fn page(&self) -> Option<ChannelPage<AccountId>> {
		<Runtime as SubstationApi<Block, AccountId>>::channel_page(self.id)
	}
}

fn redeem(channel: ChannelId, cumulative: Balance, signature: ed25519::Signature) -> RuntimeCall {
	Call::redeem { channel, cumulative, signature: signature.0 }.into()
}

fn settings() -> ChannelSettings {
	pallet_settings::ChannelsOf::<Runtime>::get()
}

fn held(reason: HoldReason) -> Balance {
	Balances::balance_on_hold(&RuntimeHoldReason::PaymentChannels(reason), &Alice.to_account_id())
}

fn balance_of(who: Sr25519Keyring) -> Balance {
	Balances::free_balance(who.to_account_id())
}

/// What the payee, the treasury and everybody together have.
fn money() -> (Balance, Balance, Balance) {
	let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
	(balance_of(Bob), Balances::free_balance(TreasuryPot::get()), issuance)
}

#[test]
fn a_channel_holds_its_deposit_and_says_what_a_payee_needs_to_know() {
	scenario(|| {
		let channel = Channel::open();

		let page = channel.page().expect("the channel is open");
		let (record, settings) = (page.channel, settings());
		assert_eq!((record.payer, record.payee), (Alice.to_account_id(), Bob.to_account_id()));
		assert_eq!((record.key, record.closing), (channel.key.public().0, None));
		assert_eq!((record.deposit, record.spent, record.record_deposit), (DEPOSIT, 0, settings.record_deposit));
		assert_eq!((page.id, page.genesis, page.now), (channel.id, GENESIS.0, System::block_number()));
		assert_eq!(
			(page.min_redeem, page.redeem_fee, page.burn),
			(settings.min_redeem, settings.redeem_fee, settings.burn)
		);
		assert_eq!(held(HoldReason::ChannelDeposit), DEPOSIT);
		assert_eq!(held(HoldReason::ChannelRecord), settings.record_deposit);
	});
}

#[test]
fn a_voucher_is_redeemed_by_a_free_call_and_its_parts_add_up() {
	scenario(|| {
		let channel = Channel::open();
		let (payee, treasury, issuance) = money();
		let payer = balance_of(Alice);

		apply(channel.voucher(3 * STN));

		let settings = settings();
		let burned = settings.burn.mul_floor(3 * STN);
		let paid = 3 * STN - burned - settings.redeem_fee;
		// Nobody pays for the transaction itself.
		assert_eq!(money(), (payee + paid, treasury + settings.redeem_fee, issuance - burned));
		assert_eq!((balance_of(Alice), held(HoldReason::ChannelDeposit)), (payer, DEPOSIT - 3 * STN));
		assert_eq!(channel.page().unwrap().channel.spent, 3 * STN);
	});
}

#[test]
fn a_later_voucher_pays_only_what_it_adds_and_an_earlier_one_nothing() {
	scenario(|| {
		let channel = Channel::open();
		apply(channel.voucher(3 * STN));

		for stale in [3 * STN, 2 * STN] {
			assert_eq!(refused(channel.voucher(stale)), InvalidTransaction::Stale.into(), "{stale}");
		}
		apply(channel.voucher(5 * STN));

		assert_eq!(held(HoldReason::ChannelDeposit), DEPOSIT - 5 * STN);
	});
}

#[test]
fn two_redemptions_of_one_voucher_in_one_block_pay_once() {
	scenario(|| {
		let channel = Channel::open();

		let results = block([channel.voucher(4 * STN), channel.voucher(4 * STN)]);

		assert_eq!(results, [Ok(Ok(())), Err(InvalidTransaction::Stale.into())]);
		assert_eq!(held(HoldReason::ChannelDeposit), DEPOSIT - 4 * STN);
	});
}

#[test]
fn what_the_payer_has_not_signed_for_this_channel_moves_nothing() {
	scenario(|| {
		let (channel, other) = (Channel::open(), Channel::open());
		let amount = STN;
		let message = |cumulative| voucher_message(&GENESIS.0, channel.id.0, cumulative);
		let of_other = other.key.sign(&voucher_message(&GENESIS.0, other.id.0, amount));
		let elsewhere = channel.key.sign(&voucher_message(&[1; 32], channel.id.0, amount));
		let forged = [
			("a voucher of another channel", redeem(channel.id, amount, of_other)),
			("a voucher for another chain", redeem(channel.id, amount, elsewhere)),
			("another key", redeem(channel.id, amount, other.key.sign(&message(amount)))),
			("another amount", redeem(channel.id, amount, channel.key.sign(&message(2 * amount)))),
		];

		for (what, call) in forged {
			assert_eq!(refused(free(call)), InvalidTransaction::BadProof.into(), "{what}");
		}
	});
}

#[test]
fn vouchers_beyond_the_deposit_and_below_the_least_step_are_refused_without_a_trace() {
	scenario(|| {
		let channel = Channel::open();
		let nowhere = Channel { id: ChannelId(99), key: channel.key };

		assert_eq!(refused(channel.voucher(DEPOSIT + 1)), UnknownTransaction::Custom(OVER_DEPOSIT).into());
		let small = settings().min_redeem - 1;
		assert_eq!(refused(channel.voucher(small)), UnknownTransaction::Custom(STEP_TOO_SMALL).into());
		assert_eq!(refused(nowhere.voucher(STN)), UnknownTransaction::CannotLookup.into());

		// The last step may be small: it is all that is left.
		apply(channel.voucher(DEPOSIT - settings().min_redeem / 2));
		apply(channel.voucher(DEPOSIT));
		assert_eq!(held(HoldReason::ChannelDeposit), 0);
	});
}

#[test]
fn a_payer_that_wants_its_money_back_waits_for_the_payee() {
	scenario(|| {
		let channel = Channel::open();
		let grace = pallet_pace::ChannelGrace::<Runtime>::get();
		send(Alice, Call::start_closing { channel: channel.id });
		let until = channel.page().unwrap().channel.closing.expect("it is closing");
		assert_eq!(until, System::block_number() + grace);

		// The payee comes in the last block of the grace; whoever finishes too early gets nothing.
		run_to(until - 2);
		let results = block([
			signed(Charlie, Call::finish_closing { channel: channel.id }),
			channel.voucher(6 * STN),
			signed(Alice, Call::top_up { channel: channel.id, amount: STN }),
		]);
		assert_eq!(System::block_number(), until - 1);
		let error = |error: Error<Runtime>| Ok(Err(error.into()));
		assert_eq!(results, [error(Error::GraceNotOver), Ok(Ok(())), error(Error::AlreadyClosing)]);

		let payer = balance_of(Alice);
		let rest = DEPOSIT - 6 * STN + held(HoldReason::ChannelRecord);
		send(Charlie, Call::finish_closing { channel: channel.id });
		assert_eq!(balance_of(Alice), payer + rest);
		assert_eq!((held(HoldReason::ChannelDeposit), held(HoldReason::ChannelRecord)), (0, 0));
		assert_eq!(channel.page(), None);
		check();

		assert_eq!(refused(channel.voucher(8 * STN)), InvalidTransaction::Stale.into());
	});
}

// R3: the grace ran out while no redemption could be included.
#[test]
fn a_payee_redeems_after_a_migration_over_the_grace() {
	scenario(|| {
		let channel = Channel::open();
		send(Alice, Call::start_closing { channel: channel.id });
		let until = channel.page().unwrap().channel.closing.expect("it is closing");
		let grace = pallet_pace::ChannelGrace::<Runtime>::get();

		migrate(grace + 5);

		assert_eq!(channel.page().unwrap().channel.closing, Some(until + grace + 5));
		let early = block([signed(Charlie, Call::finish_closing { channel: channel.id }), channel.voucher(6 * STN)]);
		assert_eq!(early, [Ok(Err(Error::<Runtime>::GraceNotOver.into())), Ok(Ok(()))]);
		run_to(until + grace + 5);
		send(Charlie, Call::finish_closing { channel: channel.id });
		assert_eq!(channel.page(), None);
	});
}

#[test]
fn a_redemption_and_the_end_of_the_grace_in_one_block_go_in_their_order() {
	scenario(|| {
		let (first, second) = (Channel::open(), Channel::open());
		for channel in [&first, &second] {
			send(Alice, Call::start_closing { channel: channel.id });
		}
		run_to(second.page().unwrap().channel.closing.unwrap());
		let finish = |channel: &Channel, nonce| signed_as(Charlie, nonce, Call::finish_closing { channel: channel.id });

		let nonce = System::account_nonce(Charlie.to_account_id());
		let results =
			block([first.voucher(2 * STN), finish(&first, nonce), finish(&second, nonce + 1), second.voucher(2 * STN)]);

		assert_eq!(results, [Ok(Ok(())), Ok(Ok(())), Ok(Ok(())), Err(InvalidTransaction::Stale.into())]);
		assert_eq!((first.page(), second.page()), (None, None));
		assert_eq!(held(HoldReason::ChannelDeposit), 0);
	});
}

#[test]
fn the_payee_may_end_a_channel_at_once_and_the_payer_may_not() {
	scenario(|| {
		let channel = Channel::open();
		apply(channel.voucher(STN));
		let early = block([signed(Alice, Call::close { channel: channel.id })]).remove(0).unwrap();
		assert_eq!(early, Err(Error::<Runtime>::NotPayee.into()));

		send(Bob, Call::close { channel: channel.id });

		assert_eq!(channel.page(), None);
		assert_eq!((held(HoldReason::ChannelDeposit), held(HoldReason::ChannelRecord)), (0, 0));
	});
}

#[test]
fn a_topped_up_channel_pays_more() {
	scenario(|| {
		let channel = Channel::open();
		assert_eq!(refused(channel.voucher(DEPOSIT + STN)), UnknownTransaction::Custom(OVER_DEPOSIT).into());

		send(Alice, Call::top_up { channel: channel.id, amount: STN });
		apply(channel.voucher(DEPOSIT + STN));

		assert_eq!(channel.page().unwrap().channel.left(), 0);
	});
}

#[test]
fn a_signed_account_cannot_redeem_and_neither_can_a_bare_transaction_or_a_batch() {
	scenario(|| {
		let channel = Channel::open();
		let bare = UncheckedExtrinsic::new_bare(channel.redemption(STN));

		let direct = block([signed(Bob, channel.redemption(STN))]).remove(0).unwrap();
		let batch = pallet_utility::Call::batch_all { calls: vec![channel.redemption(STN)] };
		let batch = block([signed(Bob, batch)]).remove(0).unwrap();
		let pool = Executive::validate_transaction(TransactionSource::External, bare.clone(), GENESIS);
		let forced = block([bare]).remove(0).unwrap();

		for result in [direct, batch, forced] {
			assert_eq!(result, Err(DispatchError::BadOrigin));
		}
		assert_eq!(pool, Err(UnknownTransaction::NoUnsignedValidator.into()));
		assert_eq!(held(HoldReason::ChannelDeposit), DEPOSIT);
	});
}

#[test]
fn a_redemption_is_small_and_cheap_however_much_it_pays_for() {
	scenario(|| {
		let channel = Channel::open();

		let transaction = channel.voucher(DEPOSIT);

		let weight = free_weight(&transaction.function);
		let octets = codec::Encode::encoded_size(&transaction);
		println!("redeeming takes {octets} octets and {} us", weight.ref_time() / 1_000_000);
		assert!(octets <= 128, "{octets} octets");
		assert!(weight.ref_time() <= 1_000_000_000, "{weight:?}");
	});
}

// F2: payees paid the same in full blocks, and everybody else more because of them.
#[test]
fn a_redemption_in_full_blocks_costs_more() {
	scenario(|| {
		let (channel, small) = (Channel::open(), Channel::open());
		let settings = settings();
		let set_multiplier = |times| NextFeeMultiplier::<Runtime>::put(Multiplier::from_u32(times));
		let (payee, treasury, issuance) = money();

		set_multiplier(100);
		assert_eq!(channel.page().unwrap().redeem_fee, 100 * settings.redeem_fee);
		apply(channel.voucher(3 * STN));

		// The voucher moves what it says; the payee gets what the fee leaves.
		let (burned, fee) = (settings.burn.mul_floor(3 * STN), 100 * settings.redeem_fee);
		assert_eq!(held(HoldReason::ChannelDeposit), 2 * DEPOSIT - 3 * STN);
		assert_eq!(money(), (payee + 3 * STN - burned - fee, treasury + fee, issuance - burned));

		// A step of less than four fees waits for emptier blocks.
		set_multiplier(100);
		assert!(channel.page().unwrap().min_redeem == 400 * settings.redeem_fee);
		assert_eq!(
			refused(small.voucher(399 * settings.redeem_fee)),
			UnknownTransaction::Custom(STEP_TOO_SMALL).into()
		);
		let least = settings.min_redeem;
		assert_eq!(refused(small.voucher(least)), UnknownTransaction::Custom(STEP_TOO_SMALL).into());
		set_multiplier(1);
		apply(small.voucher(least));
		assert_eq!(small.page().unwrap().channel.spent, least);
	});
}
