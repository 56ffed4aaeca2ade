//! A runtime around the pallet, with real balances and real signatures.
//!
//! What the fakes know lives in the chain's storage, so that a refused call leaves no trace there either.

use crate as pallet_payment_channels;
use crate::{ChannelOf, Channels, NextChannelId, VoucherSignature};
use codec::Encode;
use frame_support::{
	assert_ok, derive_impl,
	dispatch::GetDispatchInfo,
	pallet_prelude::ValueQuery,
	parameter_types, storage_alias,
	traits::{
		fungible::{Inspect, InspectHold, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		ConstU128, LockableCurrency, WithdrawReasons,
	},
};
use sp_core::{ed25519, Pair};
use sp_runtime::{
	generic,
	testing::UintAuthorityId,
	traits::{Applyable, BlakeTwo256, Checkable},
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	BuildStorage, DispatchResult, FixedU128,
};
use substation_primitives::{
	settings::{ChannelSettings, Settings, STN},
	traits::{OnRedeemed, Treasury},
	Balance, BlockNumber, ChannelId, Interruptions,
};
use substation_proofs::{voucher::voucher_message, Hash};

pub(crate) type AccountId = u64;
pub(crate) type Header = generic::Header<u32, BlakeTwo256>;
pub(crate) type Extension = (frame_system::AuthorizeCall<Test>,);
pub(crate) type Extrinsic = generic::UncheckedExtrinsic<AccountId, RuntimeCall, UintAuthorityId, Extension>;
pub(crate) type Block = generic::Block<Header, Extrinsic>;
pub(crate) type Call = pallet_payment_channels::Call<Test>;
pub(crate) type Error = pallet_payment_channels::Error<Test>;
pub(crate) type Event = pallet_payment_channels::Event<Test>;
pub(crate) type Applied = Result<DispatchResult, TransactionValidityError>;

pub(crate) const PAYER: AccountId = 1;
pub(crate) const PAYEE: AccountId = 2;
pub(crate) const OTHER: AccountId = 3;
/// Has no account at the start.
pub(crate) const NOBODY: AccountId = 4;
pub(crate) const TREASURY: AccountId = 99;

pub(crate) const WEALTH: Balance = 1_000_000 * STN;
pub(crate) const EXISTENTIAL_DEPOSIT: Balance = STN / 100;
/// Blocks that a payee has to redeem.
pub(crate) const GRACE: BlockNumber = 100;
/// What the tests put into a channel.
pub(crate) const DEPOSIT: Balance = 100 * STN;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(16)]
	pub type Utility = pallet_utility::Pallet<Test>;
	#[runtime::pallet_index(34)]
	pub type PaymentChannels = pallet_payment_channels::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

impl pallet_utility::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = ();
}

parameter_types! {
	pub storage ChannelsOf: ChannelSettings = Settings::default().channels;
	pub storage GraceOf: BlockNumber = GRACE;
	pub storage FeeMultiplierOf: FixedU128 = FixedU128::from_u32(1);
	/// Blocks that took no transactions.
	pub storage Interrupted: Interruptions = Interruptions::default();
}

impl pallet_payment_channels::Config for Test {
	type Currency = Balances;
	type Settings = ChannelsOf;
	type FeeMultiplier = FeeMultiplierOf;
	type Grace = GraceOf;
	type Interruptions = Interrupted;
	type Treasury = FakeTreasury;
	type OnRedeemed = FakeUsage;
	type WeightInfo = ();
}

#[derive(Debug)]
pub struct FakeTreasury;

impl Treasury<AccountId> for FakeTreasury {
	fn account() -> AccountId {
		TREASURY
	}
}

#[storage_alias]
pub type Credits = StorageValue<Fake, Vec<(AccountId, Balance, Balance)>, ValueQuery>;

#[derive(Debug)]
pub struct FakeUsage;

impl OnRedeemed<AccountId> for FakeUsage {
	fn on_redeemed(payee: &AccountId, paid: Balance, burned: Balance) {
		Credits::append((*payee, paid, burned));
	}
}

#[derive(Default)]
pub(crate) struct ExtBuilder;

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage =
			frame_system::GenesisConfig::<Test>::default().build_storage().expect("an empty genesis builds");
		let rich = [PAYER, PAYEE, OTHER].map(|account| (account, WEALTH));
		let balances = rich.into_iter().chain([(TREASURY, EXISTENTIAL_DEPOSIT)]).collect();
		pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.expect("balances are in order");
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// For the benchmarks' own tests: keys are made in a keystore.
	#[cfg(feature = "runtime-benchmarks")]
	pub(crate) fn build_with_keystore(self) -> sp_io::TestExternalities {
		let mut ext = self.build();
		ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
		ext
	}

	/// Runs a test, and checks every invariant after it.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			PaymentChannels::do_try_state().expect("invariants hold after every test");
		});
	}
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account)
}

pub(crate) fn genesis() -> Hash {
	System::block_hash(0).0
}

/// The key that signs the vouchers of the tests' channels.
pub(crate) fn pair() -> ed25519::Pair {
	ed25519::Pair::from_seed(&[7; 32])
}

/// Opens a channel from [`PAYER`] to [`PAYEE`].
pub(crate) fn open(deposit: Balance) -> ChannelId {
	open_between(PAYER, PAYEE, deposit)
}

pub(crate) fn open_between(payer: AccountId, payee: AccountId, deposit: Balance) -> ChannelId {
	let id = NextChannelId::<Test>::get();
	assert_ok!(PaymentChannels::open(signed(payer), payee, pair().public().0, deposit));
	id
}

/// The signature of a voucher on this chain.
pub(crate) fn voucher(id: ChannelId, cumulative: Balance) -> VoucherSignature {
	pair().sign(&voucher_message(&genesis(), id.0, cumulative)).0
}

pub(crate) fn redeem_call(channel: ChannelId, cumulative: Balance) -> RuntimeCall {
	signed_call(channel, cumulative, voucher(channel, cumulative))
}

pub(crate) fn signed_call(channel: ChannelId, cumulative: Balance, signature: VoucherSignature) -> RuntimeCall {
	RuntimeCall::PaymentChannels(Call::redeem { channel, cumulative, signature })
}

/// Redeems a rightly signed voucher, as a block does.
pub(crate) fn redeem(channel: ChannelId, cumulative: Balance) -> Applied {
	apply(redeem_call(channel, cumulative))
}

pub(crate) fn general(call: RuntimeCall) -> Extrinsic {
	Extrinsic::new_transaction(call, (frame_system::AuthorizeCall::new(),))
}

/// What a transaction pool asks.
pub(crate) fn validate(call: RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	let extrinsic = general(call);
	let (info, length) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size());
	let checked = Checkable::check(extrinsic, &frame_system::ChainContext::<Test>::default())?;
	checked.validate::<Test>(TransactionSource::External, &info, length)
}

/// What a block does with a general transaction.
pub(crate) fn apply(call: RuntimeCall) -> Applied {
	apply_extrinsic(general(call))
}

pub(crate) fn apply_extrinsic(extrinsic: Extrinsic) -> Applied {
	let (info, length) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size());
	let checked = Checkable::check(extrinsic, &frame_system::ChainContext::<Test>::default())?;
	let outcome = checked.apply::<Test>(&info, length)?;
	Ok(outcome.map(|_| ()).map_err(|error| error.error))
}

pub(crate) fn channel(id: ChannelId) -> ChannelOf<Test> {
	Channels::<Test>::get(id).expect("the channel has a record")
}

/// What an account owns, on hold or not.
pub(crate) fn wealth(account: AccountId) -> Balance {
	Balances::total_balance(&account)
}

pub(crate) fn deposits(account: AccountId) -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::ChannelDeposit.into(), &account)
}

pub(crate) fn records(account: AccountId) -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::ChannelRecord.into(), &account)
}

/// A vote lock over everything that an account has, holds included.
pub(crate) fn lock_everything(account: AccountId) {
	Balances::set_lock(*b"pyconvot", &account, Balance::MAX, WithdrawReasons::all());
}

/// Takes everything that an account has, and the account with it.
pub(crate) fn reap(account: AccountId) {
	assert_ok!(Balances::burn_from(
		&account,
		Balances::free_balance(account),
		Preservation::Expendable,
		Precision::Exact,
		Fortitude::Force,
	));
	assert!(!System::account_exists(&account));
}

pub(crate) fn change_settings(change: impl FnOnce(&mut ChannelSettings)) {
	let mut settings = ChannelsOf::get();
	change(&mut settings);
	ChannelsOf::set(&settings);
}

/// This pallet's events since the last time.
pub(crate) fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet::<Event>();
	System::reset_events();
	events
}
