//! A chain in memory whose blocks several validators author in turn, and whose transactions wait in a queue until a
//! block has room.
//!
//! The runtime's own tests have one like it, and what fits is taken from there (`chain`: the first block's hash and how
//! agents make free calls). What does not: there, Alice authors every block and a handful of well-known accounts act,
//! while a coalition has a validator of its own and a thousand accounts.

use crate::{
	cast::Cast,
	chain::{free, GENESIS},
	keys::Key,
};
use codec::Encode;
use frame_support::{
	storage::{with_transaction_unchecked, TransactionOutcome},
	traits::{Get, TryState, TryStateSelect},
};
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, Slot,
};
use sp_core::{
	crypto::{ByteArray, VrfSecret},
	sr25519, Pair, H256,
};
use sp_io::TestExternalities;
use sp_runtime::{
	generic::{Digest, DigestItem, Era},
	traits::Header as _,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult, MultiSignature,
};
use std::collections::{BTreeMap, VecDeque};
use substation_primitives::BlockNumber;
use substation_runtime::{
	invariants, transactions, AllPalletsWithSystem, Babe, Executive, Header, Runtime, RuntimeCall, RuntimeEvent,
	SignedPayload, System, UncheckedExtrinsic,
};

/// The slot before the first block's.
const FIRST_SLOT: u64 = 1_000_000;

/// A transaction that waits.
#[allow(clippy::large_enum_variant, reason = "a few of them")]
enum Order {
	/// Signed when its block is made: the nonce is that of then.
	Signed(Key, Box<RuntimeCall>),
	Free(Box<UncheckedExtrinsic>),
}

impl Order {
	fn transaction(&self) -> UncheckedExtrinsic {
		match self {
			Self::Signed(key, call) => signed(key, RuntimeCall::clone(call)),
			Self::Free(transaction) => UncheckedExtrinsic::clone(transaction),
		}
	}

	fn name(&self) -> String {
		let call = match self {
			Self::Signed(_, call) => call.as_ref(),
			Self::Free(transaction) => &transaction.function,
		};
		let metadata = frame_support::traits::GetCallMetadata::get_call_metadata(call);
		format!("{}.{}", metadata.pallet_name, metadata.function_name)
	}
}

/// A chain and its queue of transactions.
pub(crate) struct World {
	state: TestExternalities,
	authors: BTreeMap<Vec<u8>, sr25519::Pair>,
	parent: H256,
	number: BlockNumber,
	queue: VecDeque<Order>,
	failures: Vec<String>,
}

impl World {
	/// The chain of this cast, without a block.
	pub(crate) fn new(cast: &Cast) -> Self {
		Self {
			state: cast.genesis_state(),
			authors: cast.authors().map(|pair| (pair.public().to_raw_vec(), pair)).collect(),
			parent: GENESIS,
			number: 0,
			queue: VecDeque::new(),
			failures: Vec::new(),
		}
	}

	/// The height of the chain.
	pub(crate) fn number(&self) -> BlockNumber {
		self.number
	}

	/// Puts a signed call into the queue.
	pub(crate) fn sign(&mut self, key: &Key, call: impl Into<RuntimeCall>) {
		self.queue.push_back(Order::Signed(key.clone(), Box::new(call.into())));
	}

	/// Puts an agent's free call into the queue.
	pub(crate) fn submit(&mut self, call: impl Into<RuntimeCall>) {
		let call = call.into();
		let transaction = self.read(|| free(call));
		self.queue.push_back(Order::Free(Box::new(transaction)));
	}

	/// Whether every transaction is in a block.
	pub(crate) fn is_idle(&self) -> bool {
		self.queue.is_empty()
	}

	/// Transactions that were refused, and calls that failed.
	pub(crate) fn failures(&self) -> &[String] {
		&self.failures
	}

	/// Looks at the state.
	pub(crate) fn read<R>(&mut self, look: impl FnOnce() -> R) -> R {
		self.state.execute_with(look)
	}

	/// Makes a block of what waits, as far as there is room, in order.
	pub(crate) fn block(&mut self) {
		self.block_with(|| ());
	}

	/// Makes a block in which something happens before its transactions, as if a call had done it.
	pub(crate) fn block_with<R>(&mut self, body: impl FnOnce() -> R) -> R {
		let Self { state, authors, parent, number, queue, failures } = self;
		*number += 1;
		let (result, hash) = state.execute_with(|| {
			begin(*number, *parent, authors);
			let result = body();
			while let Some(order) = queue.front() {
				match include(order.transaction()) {
					Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => break,
					Ok(Ok(())) => {}
					Ok(Err(error)) => failures.push(format!("block {number}: {}: {error:?}", order.name())),
					Err(error) => failures.push(format!("block {number}: {}: {error:?}", order.name())),
				}
				queue.pop_front();
			}
			(result, Executive::finalize_block().hash())
		});
		*parent = hash;
		// What no block can roll back any more need not be looked at in the next one.
		state.commit_all().expect("no transaction is open between blocks");
		result
	}

	/// Makes blocks until this one is made.
	#[cfg(test)]
	pub(crate) fn run_to(&mut self, number: BlockNumber) {
		while self.number < number {
			self.block();
		}
	}

	/// Makes blocks until nothing waits.
	pub(crate) fn drain(&mut self) {
		// A block of the beginning of an era has no room; two in a row do not happen.
		for _ in 0..10_000 {
			if self.is_idle() {
				return;
			}
			self.block();
		}
		self.failures.push("transactions wait for ever".into());
	}

	/// The events of the last block.
	pub(crate) fn events(&mut self) -> Vec<RuntimeEvent> {
		self.read(|| System::read_events_no_consensus().map(|record| record.event).collect())
	}

	/// Every invariant of every pallet and those across pallets that do not hold.
	pub(crate) fn violations(&mut self) -> Vec<String> {
		let number = self.number;
		self.read(|| {
			let pallets = <AllPalletsWithSystem as TryState<BlockNumber>>::try_state(number, TryStateSelect::All);
			let across = invariants::check();
			[pallets, across].into_iter().filter_map(Result::err).map(|error| format!("{error:?}")).collect()
		})
	}
}

fn begin(number: BlockNumber, parent: H256, authors: &BTreeMap<Vec<u8>, sr25519::Pair>) {
	let slot = FIRST_SLOT + u64::from(number);
	let digest = Digest { logs: vec![DigestItem::babe_pre_digest(pre_digest(number, slot.into(), authors))] };
	Executive::initialize_block(&Header::new(number, H256::zero(), H256::zero(), parent, digest));
	let now = slot * pallet_pace::SlotMillis::<Runtime>::get();
	let time = UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now }.into());
	Executive::apply_extrinsic(time).expect("time goes on").expect("nobody else sets the time");
}

/// What the author of a secondary slot puts into it. Validators take turns.
fn pre_digest(number: BlockNumber, slot: Slot, authors: &BTreeMap<Vec<u8>, sr25519::Pair>) -> PreDigest {
	let (randomness, epoch, authorities) = if number == 1 {
		(Default::default(), 0, Babe::authorities().into_inner())
	} else {
		let (current, next) = (Babe::current_epoch(), Babe::next_epoch());
		let epoch = if slot >= next.start_slot { next } else { current };
		(epoch.randomness, epoch.epoch_index, epoch.authorities)
	};
	let turn = usize::try_from(number).unwrap_or(0) % authorities.len();
	let author = authors.get(authorities[turn].0.as_slice()).expect("the cast has every validator's key");
	let vrf_signature = author.vrf_sign(&make_vrf_sign_data(&randomness, slot, epoch));
	let authority_index = u32::try_from(turn).unwrap_or(0);
	PreDigest::SecondaryVRF(SecondaryVRFPreDigest { authority_index, slot, vrf_signature })
}

/// Applies a transaction as a block's author does, who rolls back what the block cannot include.
fn include(transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
	with_transaction_unchecked(|| match Executive::apply_extrinsic(transaction) {
		Ok(outcome) => TransactionOutcome::Commit(Ok(outcome)),
		Err(error) => TransactionOutcome::Rollback(Err(error)),
	})
}

fn signed(key: &Key, call: RuntimeCall) -> UncheckedExtrinsic {
	let nonce = System::account_nonce(&key.account);
	let extension = transactions::extension(Era::Immortal, nonce, 0);
	let payload = SignedPayload::new(call, extension.clone()).expect("the implicit part is known");
	let signature = payload.using_encoded(|bytes| key.pair.sign(bytes));
	let (call, ..) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(call, key.account.clone().into(), MultiSignature::Sr25519(signature), extension)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cast::Scenario;
	use pallet_balances::AccountData;
	use substation_primitives::Balance;

	type Accounts = Vec<(substation_runtime::AccountId, frame_system::AccountInfo<u32, AccountData<Balance>>)>;

	/// All money, and the chance that draws follow. Hashes of blocks differ: their authors' signatures are salted.
	fn money_and_chance(world: &mut World) -> (Accounts, Option<[u8; 32]>) {
		world.read(|| {
			let accounts = frame_system::Account::<Runtime>::iter().collect();
			(accounts, pallet_babe::AuthorVrfRandomness::<Runtime>::get())
		})
	}

	#[test]
	fn twins_start_equal_and_stay_equal_while_nobody_acts() {
		let cast = Cast::new(&Scenario::default());
		let (mut left, mut right) = (World::new(&cast), World::new(&cast));
		assert_eq!(money_and_chance(&mut left), money_and_chance(&mut right));

		left.run_to(5);
		right.run_to(5);

		let (accounts, chance) = money_and_chance(&mut left);
		assert!(chance.is_some());
		assert_eq!((accounts, chance), money_and_chance(&mut right));
	}

	#[test]
	fn validators_author_in_turn_and_eras_end() {
		let scenario = Scenario { commission: Some(Default::default()), ..Scenario::default() };
		let cast = Cast::new(&scenario);
		let mut world = World::new(&cast);

		world.run_to(scenario.era_blocks() + 1);

		let points = world.read(|| pallet_staking::ErasRewardPoints::<Runtime>::get(0));
		assert_eq!(points.individual.len(), 4, "{points:?}");
		let (most, least) = (points.individual.values().max(), points.individual.values().min());
		let blocks = |points: Option<&u32>| points.map(|points| points / 20);
		// The author of the block that ends an era gets points in that era.
		assert_eq!((blocks(most), blocks(least)), (Some(16), Some(15)), "61 blocks among four");
		assert_eq!(world.read(|| pallet_rewards::Era::<Runtime>::get().index), 1);
		assert_eq!(world.violations(), Vec::<String>::new());
	}

	#[test]
	fn what_fails_is_told() {
		let cast = Cast::new(&Scenario::default());
		let mut world = World::new(&cast);
		world.run_to(1);

		world.sign(&cast.clerk, pallet_staking::Call::<Runtime>::chill {});
		world.drain();

		assert_eq!(world.failures().len(), 1);
		assert!(world.failures()[0].contains("Staking.chill"), "{:?}", world.failures());
	}
}
