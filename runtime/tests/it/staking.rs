//! Staking: who is elected, and payouts of more nominators than one page holds.

use crate::{
	chain::{attempt, run_to, scenario, send, signed},
	economy::{next_era, payments},
};
use codec::Encode;
use frame_support::{assert_ok, traits::Get};
use pallet_staking::{Call, Config, Error, RewardDestination, ValidatorPrefs};
use sp_core::{ed25519, proof_of_possession::statement_of_ownership, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, AliceStash, Bob, Charlie};
use sp_runtime::traits::Dispatchable;
use sp_staking::EraIndex;
use std::{collections::BTreeMap, iter::repeat_n};
use substation_primitives::settings::STN;
use substation_runtime::{
	constants::{ABSENCE_ERAS, MAX_CANDIDATES, MAX_NOMINATORS},
	AccountId, Babe, Balance, BlockNumber, Rewards, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, Session,
	SessionKeys, Staking, System,
};

/// Blocks of a session of the development chain.
const SESSION: BlockNumber = 30;

/// Blocks of an era.
const ERA: BlockNumber = 4 * SESSION;

fn dispatch(call: RuntimeCall, who: &AccountId) {
	assert_ok!(call.dispatch(RuntimeOrigin::signed(who.clone())));
}

/// Accounts that nobody has a key of, with these bonds. Those of other groups are others.
fn bonded(group: u8, bonds: impl IntoIterator<Item = Balance>) -> Vec<AccountId> {
	let stash = |(index, value): (u32, Balance)| {
		let mut bytes = [group; 32];
		bytes[..4].copy_from_slice(&index.to_le_bytes());
		let who = AccountId::from(bytes);
		let gift = pallet_balances::Call::transfer_keep_alive { dest: who.clone().into(), value: value + STN };
		dispatch(gift.into(), &Alice.to_account_id());
		dispatch(Call::bond { value, payee: RewardDestination::Stash }.into(), &who);
		who
	};
	(0..).zip(bonds).map(stash).collect()
}

fn nominate(nominators: &[AccountId], validator: Sr25519Keyring) {
	for who in nominators {
		dispatch(Call::nominate { targets: vec![validator.to_account_id().into()] }.into(), who);
	}
}

/// Makes so many candidates without keys, each with the minimum bond.
fn crowd(count: u32) {
	let bond = pallet_staking::MinValidatorBond::<Runtime>::get();
	for who in bonded(7, repeat_n(bond, count as usize)) {
		dispatch(validate(), &who);
	}
}

fn validate() -> RuntimeCall {
	Call::validate { prefs: ValidatorPrefs::default() }.into()
}

fn bond(value: Balance) -> RuntimeCall {
	Call::bond { value, payee: RewardDestination::Stash }.into()
}

/// Makes a candidate of an account.
fn stand(who: Sr25519Keyring, value: Balance) {
	send(who, bond(value));
	send(who, validate());
}

/// Registers session keys of an account, both from its own seed.
fn set_keys(who: Sr25519Keyring) {
	let (grandpa, babe) = (ed25519::Pair::from_string(&who.to_seed(), None).unwrap(), who.pair());
	let statement = statement_of_ownership(&who.to_account_id().encode());
	let keys = SessionKeys { grandpa: grandpa.public().into(), babe: babe.public().into() };
	let proof = (grandpa.sign(&statement), babe.sign(&statement)).encode();
	send(who, pallet_session::Call::<Runtime>::set_keys { keys, proof });
}

/// What Alice's validator has bonded itself.
fn own_stake() -> Balance {
	pallet_staking::Ledger::<Runtime>::get(AliceStash.to_account_id()).unwrap().total
}

/// The era that was elected last, and whom.
fn elected() -> (EraIndex, Vec<AccountId>) {
	let era = pallet_staking::CurrentEra::<Runtime>::get().unwrap();
	let mut winners: Vec<_> = pallet_staking::ErasStakersOverview::<Runtime>::iter_key_prefix(era).collect();
	winners.sort();
	(era, winners)
}

/// Runs to the next election and says whom it has elected. Fails if an era's time passes without one.
#[track_caller]
fn next_election() -> Vec<AccountId> {
	let (era, end) = (elected().0, System::block_number() + ERA);
	while elected().0 == era {
		assert!(System::block_number() < end, "no election in an era's time");
		run_to(System::block_number() + 1);
	}
	elected().1
}

fn accounts<const N: usize>(who: [Sr25519Keyring; N]) -> Vec<AccountId> {
	let mut accounts: Vec<_> = who.iter().map(|who| who.to_account_id()).collect();
	accounts.sort();
	accounts
}

/// Runs so many eras long. Fails if fewer have begun.
#[track_caller]
fn pass_eras(count: u32) {
	let active = || pallet_staking::ActiveEra::<Runtime>::get().unwrap().index;
	let before = active();
	run_to(System::block_number() + count * ERA);
	assert_eq!(active(), before + count);
}

/// Adds to `sums` what these events say that was paid to whom. Says how much it is in all.
fn add_up(events: &[RuntimeEvent], sums: &mut BTreeMap<AccountId, Vec<Balance>>) -> Balance {
	payments(events).fold(0, |sum, (stash, amount)| {
		sums.entry(stash.clone()).or_default().push(amount);
		sum + amount
	})
}

#[test]
fn validator_with_more_nominators_than_a_page_is_paid_page_by_page_and_each_page_once() {
	scenario(|| {
		let stash = AliceStash.to_account_id();
		let page_size: u32 = <Runtime as Config>::MaxExposurePageSize::get();
		let nominators = bonded(9, (10..page_size + 16).map(|value| Balance::from(value) * STN));
		nominate(&nominators, AliceStash);
		next_era();
		next_era();
		let era = pallet_staking::ActiveEra::<Runtime>::get().unwrap().index;
		let overview = pallet_staking::ErasStakersOverview::<Runtime>::get(era, &stash).unwrap();
		assert_eq!((overview.page_count, overview.nominator_count), (2, nominators.len() as u32));
		next_era();
		let budget = pallet_staking::ErasValidatorReward::<Runtime>::get(era).unwrap();
		let page = |page| Call::payout_stakers_by_page { validator_stash: stash.clone(), era, page };
		let minted = Rewards::supply_page().minted;

		// Anybody may, in any order.
		let mut sums = BTreeMap::new();
		let second = add_up(&send(Charlie, page(1)), &mut sums);
		assert_eq!(sums.keys().filter(|who| nominators.contains(who)).count(), 6);
		let first = add_up(&send(Charlie, page(0)), &mut sums);

		for again in [0, 1] {
			assert_eq!(attempt(signed(Charlie, page(again))), Err(Error::<Runtime>::AlreadyClaimed.into()), "{again}");
		}
		assert_eq!(attempt(signed(Charlie, page(2))), Err(Error::<Runtime>::InvalidPage.into()));
		assert!(nominators.iter().all(|who| sums[who].len() == 1 && sums[who][0] > 0));
		assert!(sums.contains_key(&stash));
		// Shares are whole billionths of the budget: what they are rounded down by stays unpaid.
		let most = (budget / 1_000_000_000 + 1) * Balance::from(overview.nominator_count + 2);
		assert!((budget - most..=budget).contains(&(first + second)), "{first} + {second} of {budget}");
		assert_eq!(Rewards::supply_page().minted, minted + first + second);
	});
}

#[test]
fn candidate_with_more_behind_it_is_elected_and_the_one_with_less_is_not() {
	scenario(|| {
		assert_eq!((elected().1, Staking::validator_count()), (accounts([AliceStash]), 1));
		let own = own_stake();

		set_keys(Bob);
		stand(Bob, own / 2);
		send(Charlie, bond(own));
		nominate(&accounts([Charlie]), Bob);

		assert_eq!(next_election(), accounts([Bob]));
		assert_eq!(Babe::next_epoch().authorities.len(), 1);
	});
}

// S0: without a key nobody can make a block, and with nobody else elected the chain would stop for good.
#[test]
fn candidate_without_keys_is_not_elected() {
	scenario(|| {
		stand(Bob, 2 * own_stake());

		assert_eq!(next_election(), accounts([AliceStash]));
		run_to(System::block_number() + 2 * SESSION);
		assert_eq!(Session::validators(), accounts([AliceStash]));
		assert!(!Babe::next_epoch().authorities.is_empty());
	});
}

// S0: it may register keys later.
#[test]
fn candidate_is_elected_once_it_has_keys() {
	scenario(|| {
		stand(Bob, 2 * own_stake());
		assert_eq!(next_election(), accounts([AliceStash]));

		set_keys(Bob);

		assert_eq!(next_election(), accounts([Bob]));
	});
}

// S1
#[test]
fn eras_go_on_with_as_many_candidates_as_fit_and_the_next_one_is_refused() {
	scenario(|| {
		crowd(MAX_CANDIDATES - 1);
		send(Bob, bond(own_stake()));

		assert_eq!(attempt(signed(Bob, validate())), Err(Error::<Runtime>::TooManyValidators.into()));

		pass_eras(2);
	});
}

// S1
#[test]
fn eras_go_on_with_more_candidates_than_fit_even_if_the_maximum_was_removed() {
	scenario(|| {
		pallet_staking::MaxValidatorsCount::<Runtime>::kill();
		crowd(MAX_CANDIDATES);
		assert_eq!(pallet_staking::Validators::<Runtime>::count(), MAX_CANDIDATES + 1);

		pass_eras(2);

		assert_eq!(elected().1, accounts([AliceStash]));
	});
}

// S2: with all places taken every voter counts, also 2,000 of 20 STN beside those of 30 STN. The next one is refused.
#[test]
fn every_nominator_counts() {
	const OF_BOB: u32 = 2_000;
	const OF_ALICE: u32 = MAX_NOMINATORS - OF_BOB;
	scenario(|| {
		set_keys(Bob);
		stand(Bob, own_stake());
		crowd(MAX_CANDIDATES - 2);
		assert_ok!(Staking::set_validator_count(RuntimeOrigin::root(), 2));
		nominate(&bonded(8, repeat_n(20 * STN, OF_BOB as usize)), Bob);
		nominate(&bonded(9, repeat_n(30 * STN, OF_ALICE as usize)), AliceStash);
		send(Charlie, bond(1_000 * STN));
		let one_more = Call::nominate { targets: vec![Bob.to_account_id().into()] };
		assert_eq!(attempt(signed(Charlie, one_more)), Err(Error::<Runtime>::TooManyNominators.into()));

		assert_eq!(next_election(), accounts([Bob, AliceStash]));

		let backing = |who: Sr25519Keyring| {
			let era = elected().0;
			let exposure = pallet_staking::ErasStakersOverview::<Runtime>::get(era, who.to_account_id()).unwrap();
			(exposure.nominator_count, exposure.total - exposure.own)
		};
		assert_eq!(backing(Bob), (OF_BOB, Balance::from(OF_BOB) * 20 * STN));
		assert_eq!(backing(AliceStash), (OF_ALICE, Balance::from(OF_ALICE) * 30 * STN));
	});
}

// S3: Alice makes all blocks of these tests, so that a second validator makes none.
#[test]
fn validator_without_blocks_is_not_elected_again_for_seven_eras() {
	scenario(|| {
		set_keys(Bob);
		stand(Bob, own_stake());
		assert_ok!(Staking::set_validator_count(RuntimeOrigin::root(), 2));
		assert_eq!(next_election(), accounts([Bob, AliceStash]));

		for _ in 0..ABSENCE_ERAS {
			assert_eq!(next_election(), accounts([AliceStash]));
		}

		assert_eq!(next_election(), accounts([Bob, AliceStash]));
	});
}

// S3: a machine that is off is better than too few validators.
#[test]
fn validator_without_blocks_is_elected_again_if_too_few_are_left() {
	scenario(|| {
		set_keys(Bob);
		stand(Bob, own_stake());
		assert_ok!(Staking::set_validator_count(RuntimeOrigin::root(), 2));
		assert_eq!(next_election(), accounts([Bob, AliceStash]));
		assert_eq!(next_election(), accounts([AliceStash]));

		pallet_staking::MinimumValidatorCount::<Runtime>::put(2);

		assert_eq!(next_election(), accounts([Bob, AliceStash]));
	});
}
