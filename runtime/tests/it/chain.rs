//! A chain in memory: blocks go through the executive, as a node would make them.

use codec::Encode;
use frame_support::{
	dispatch::GetDispatchInfo,
	storage::{with_transaction_unchecked, TransactionOutcome},
	traits::{Authorize, Get, TryState, TryStateSelect},
	weights::Weight,
};
use serde_json::Value;
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, AuthorityId, Slot,
};
use sp_core::{crypto::VrfSecret, Pair, H256};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::{Digest, DigestItem, Era},
	traits::Header as _,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult, DispatchResult, ExtrinsicInclusionMode, MultiSignature,
};
use std::{cell::Cell, collections::BTreeMap};
use substation_runtime::{
	genesis_presets, invariants, transactions, AllPalletsWithSystem, Babe, Balance, BlockNumber, Executive, Header,
	Nonce, Runtime, RuntimeCall, RuntimeEvent, RuntimeGenesisConfig, SignedPayload, System, UncheckedExtrinsic,
};

/// The first slot of every test's chain; some number that is not zero.
const FIRST_SLOT: u64 = 1_000_000;

/// What the chain's first block hashes to.
pub(crate) const GENESIS: H256 = H256::repeat_byte(7);

thread_local! {
	/// Hash of the last block.
	static PARENT: Cell<H256> = const { Cell::new(GENESIS) };
	/// Whether the last block took transactions.
	static OPEN: Cell<bool> = const { Cell::new(true) };
}

/// The complete genesis of a preset: the default with the preset merged in, as chain specs do it.
pub(crate) fn genesis(preset: &str) -> Value {
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	let patch = genesis_presets::get_preset(&preset.into()).expect("the preset exists");
	merge(&mut config, serde_json::from_slice(&patch).unwrap());
	config
}

fn merge(target: &mut Value, patch: Value) {
	match (target, patch) {
		(Value::Object(target), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(target.entry(key).or_insert(Value::Null), value);
			}
		}
		(target, patch) => *target = patch,
	}
}

/// State as genesis leaves it.
pub(crate) fn genesis_state(preset: &str) -> TestExternalities {
	let mut state = TestExternalities::new_empty();
	let json = serde_json::to_vec(&genesis(preset)).unwrap();
	state.execute_with(|| {
		frame_support::genesis_builder_helper::build_state::<RuntimeGenesisConfig>(json).expect("the preset builds");
	});
	state.commit_all().unwrap();
	state
}

/// Runs `scenario` on a fresh development chain that has one block, and checks every invariant afterwards.
pub(crate) fn scenario(scenario: impl FnOnce()) {
	PARENT.set(GENESIS);
	genesis_state("development").execute_with(|| {
		block([]);
		scenario();
		check();
	});
}

/// The state that `build` makes of a fresh development chain with one block, whatever invariants say of it.
pub(crate) fn state_of(build: impl FnOnce()) -> TestExternalities {
	PARENT.set(GENESIS);
	let mut state = genesis_state("development");
	state.execute_with(|| {
		block([]);
		build();
	});
	state.commit_all().unwrap();
	state
}

/// Every invariant of every pallet, and those across pallets.
#[track_caller]
pub(crate) fn check() {
	let now = System::block_number();
	<AllPalletsWithSystem as TryState<BlockNumber>>::try_state(now, TryStateSelect::All).expect("pallets are sound");
	invariants::check().expect("pallets fit together");
}

/// Makes one block of these transactions and says how each went.
///
/// A block that begins a session takes no transactions: if it is the next one, they come in the block after it. While a
/// migration runs no block takes any, and a test that tries is wrong.
pub(crate) fn block(transactions: impl IntoIterator<Item = UncheckedExtrinsic>) -> Vec<ApplyExtrinsicResult> {
	let transactions: Vec<_> = transactions.into_iter().collect();
	if !transactions.is_empty() {
		pass_session_start();
	}
	block_of(|| {
		assert!(transactions.is_empty() || took_transactions(), "a migration runs");
		transactions.into_iter().map(include).collect()
	})
}

/// Whether the last block took transactions, as the executive told its author.
pub(crate) fn took_transactions() -> bool {
	OPEN.get()
}

/// Applies a transaction as a block's author does, who rolls back what the block cannot include.
fn include(transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
	with_transaction_unchecked(|| match Executive::apply_extrinsic(transaction) {
		Ok(outcome) => TransactionOutcome::Commit(Ok(outcome)),
		Err(error) => TransactionOutcome::Rollback(Err(error)),
	})
}

/// Makes an empty block if the next one begins a session.
fn pass_session_start() {
	let epoch = Babe::current_epoch();
	if Babe::current_slot() + 1 >= epoch.start_slot + epoch.duration {
		block_of(|| ());
	}
}

/// Makes a block in which this transaction must be refused without a trace, and says why it was.
#[track_caller]
pub(crate) fn refused(transaction: UncheckedExtrinsic) -> TransactionValidityError {
	pass_session_start();
	block_of(|| {
		let before = entries();
		let refusal = Executive::apply_extrinsic(transaction).expect_err("the transaction is not valid");
		assert!(entries() == before, "a refused transaction has changed the state");
		refusal
	})
}

/// All of the state, without what the executive notes before it looks at a transaction.
fn entries() -> BTreeMap<Vec<u8>, Vec<u8>> {
	let noted = ["ExtrinsicData", "InherentsApplied"].map(|name| ["System", name].map(twox_128).concat());
	let mut entries = BTreeMap::new();
	let mut key = Vec::new();
	while let Some(next) = sp_io::storage::next_key(&key) {
		if !noted.iter().any(|prefix| next.starts_with(prefix)) {
			entries.insert(next.clone(), sp_io::storage::get(&next).unwrap_or_default().to_vec());
		}
		key = next;
	}
	entries
}

fn twox_128(name: &str) -> [u8; 16] {
	sp_io::hashing::twox_128(name.as_bytes())
}

/// The header with which the next block begins, and the time of its slot.
pub(crate) fn next_header() -> (Header, u64) {
	let number = if System::block_number() == 0 && PARENT.get() == GENESIS { 1 } else { System::block_number() + 1 };
	let slot = FIRST_SLOT + u64::from(number);
	let digest = Digest { logs: vec![DigestItem::babe_pre_digest(pre_digest(number, slot.into()))] };
	let header = Header::new(number, H256::zero(), H256::zero(), PARENT.get(), digest);
	(header, slot * pallet_pace::SlotMillis::<Runtime>::get())
}

/// The inherent that tells the time.
pub(crate) fn time(now: u64) -> UncheckedExtrinsic {
	UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now }.into())
}

/// Makes one block in which `body` happens.
fn block_of<R>(body: impl FnOnce() -> R) -> R {
	let (header, now) = next_header();
	OPEN.set(Executive::initialize_block(&header) == ExtrinsicInclusionMode::AllExtrinsics);
	Executive::apply_extrinsic(time(now)).unwrap().unwrap();
	let result = body();
	PARENT.set(Executive::finalize_block().hash());
	result
}

/// What Alice, the only author, puts into a secondary slot. Where she is no validator it counts as the first one's.
fn pre_digest(number: BlockNumber, slot: Slot) -> PreDigest {
	let (randomness, epoch, authorities) = if number == 1 {
		(Default::default(), 0, Babe::authorities().into_inner())
	} else {
		let (current, next) = (Babe::current_epoch(), Babe::next_epoch());
		let epoch = if slot >= next.start_slot { next } else { current };
		(epoch.randomness, epoch.epoch_index, epoch.authorities)
	};
	let alice = AuthorityId::from(Sr25519Keyring::Alice.public());
	let authority_index = (0..).zip(&authorities).find(|(_, (key, _))| *key == alice).map_or(0, |(index, _)| index);
	let vrf_signature = Sr25519Keyring::Alice.pair().vrf_sign(&make_vrf_sign_data(&randomness, slot, epoch));
	PreDigest::SecondaryVRF(SecondaryVRFPreDigest { authority_index, slot, vrf_signature })
}

/// Makes empty blocks up to this one.
pub(crate) fn run_to(number: BlockNumber) {
	while System::block_number() < number {
		block([]);
	}
}

/// A transaction signed by an account.
pub(crate) fn signed(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	signed_as(who, System::account_nonce(who.to_account_id()), call)
}

/// A transaction signed by an account, with a nonce that is not its next one.
pub(crate) fn signed_as(who: Sr25519Keyring, nonce: Nonce, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	signed_and_tipped(who, nonce, 0, call)
}

/// A transaction signed by an account, with a tip for whoever includes it.
pub(crate) fn tipped(who: Sr25519Keyring, tip: Balance, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	signed_and_tipped(who, System::account_nonce(who.to_account_id()), tip, call)
}

fn signed_and_tipped(
	who: Sr25519Keyring,
	nonce: Nonce,
	tip: Balance,
	call: impl Into<RuntimeCall>,
) -> UncheckedExtrinsic {
	let account = who.to_account_id();
	let extension = transactions::extension(Era::Immortal, nonce, tip);
	let payload = SignedPayload::new(call.into(), extension.clone()).expect("the implicit part is known");
	let signature = payload.using_encoded(|bytes| who.pair().sign(bytes));
	let (call, ..) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(call, account.into(), MultiSignature::Sr25519(signature), extension)
}

/// A free call, as an agent makes it.
pub(crate) fn free(call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	let born = u64::from(System::block_number());
	UncheckedExtrinsic::new_transaction(call.into(), transactions::extension(Era::mortal(16, born), 0, 0))
}

/// What a free call weighs: its authorisation and its dispatch.
pub(crate) fn free_weight(call: &RuntimeCall) -> Weight {
	call.weight_of_authorize().saturating_add(call.get_dispatch_info().call_weight)
}

/// Makes a block of one valid transaction and says how its call went. An election fills its block: what is left over
/// waits for the next one, as it does in a pool.
#[track_caller]
pub(crate) fn attempt(transaction: UncheckedExtrinsic) -> DispatchResult {
	let mut result = block([transaction.clone()]).remove(0);
	if result == Err(InvalidTransaction::ExhaustsResources.into()) {
		result = block([transaction]).remove(0);
	}
	result.expect("the transaction is valid")
}

/// Makes a block of one transaction, which must succeed, and gives its pallets' events.
#[track_caller]
pub(crate) fn apply(transaction: UncheckedExtrinsic) -> Vec<RuntimeEvent> {
	attempt(transaction).expect("the call succeeds");
	System::events().into_iter().map(|record| record.event).collect()
}

/// What these events say that transactions have cost their senders, tips included.
pub(crate) fn fees(events: &[RuntimeEvent]) -> Balance {
	let paid = events.iter().filter_map(|event| match event {
		RuntimeEvent::TransactionPayment(pallet_transaction_payment::Event::TransactionFeePaid {
			actual_fee, ..
		}) => Some(*actual_fee),
		_ => None,
	});
	paid.sum()
}

/// Makes a block of one signed call, which must succeed.
#[track_caller]
pub(crate) fn send(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> Vec<RuntimeEvent> {
	apply(signed(who, call))
}
