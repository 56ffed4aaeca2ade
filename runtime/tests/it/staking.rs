//! Staking: who is elected, and payouts of more nominators than one page holds.

use crate::{
	chain::{attempt, run_to, scenario, send, signed},
	economy::{next_era, payments},
};
use frame_support::{assert_ok, traits::Get};
use pallet_staking::{Call, Config, Error, RewardDestination};
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Bob, Charlie};
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;
use substation_primitives::settings::STN;
use substation_runtime::{AccountId, Balance, Rewards, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System};

/// Accounts that nobody has a key of and that nominate Alice's validator.
fn nominators(count: u32) -> Vec<AccountId> {
	let dispatch = |call: RuntimeCall, who: AccountId| {
		assert_ok!(call.dispatch(RuntimeOrigin::signed(who)));
	};
	let account = |index: u32| {
		let mut bytes = [9; 32];
		bytes[..4].copy_from_slice(&index.to_le_bytes());
		AccountId::from(bytes)
	};
	let accounts: Vec<_> = (0..count).map(account).collect();
	for (index, who) in (0..).zip(&accounts) {
		let value = (10 + index) * STN;
		let gift = pallet_balances::Call::transfer_keep_alive { dest: who.clone().into(), value: value + STN };
		dispatch(gift.into(), Alice.to_account_id());
		dispatch(Call::bond { value, payee: RewardDestination::Stash }.into(), who.clone());
		dispatch(Call::nominate { targets: vec![AliceStash.to_account_id().into()] }.into(), who.clone());
	}
	accounts
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
		let nominators = nominators(page_size + 6);
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
		let elected = || {
			let era = pallet_staking::CurrentEra::<Runtime>::get().unwrap();
			(era, pallet_staking::ErasStakersOverview::<Runtime>::iter_key_prefix(era).collect::<Vec<_>>())
		};
		let (era, before) = elected();
		assert_eq!((before, pallet_staking::ValidatorCount::<Runtime>::get()), (vec![AliceStash.to_account_id()], 1));
		let own = pallet_staking::Ledger::<Runtime>::get(AliceStash.to_account_id()).unwrap().total;

		send(Bob, Call::bond { value: own / 2, payee: RewardDestination::Stash });
		send(Bob, Call::validate { prefs: pallet_staking::ValidatorPrefs::default() });
		send(Charlie, Call::bond { value: own, payee: RewardDestination::Stash });
		send(Charlie, Call::nominate { targets: vec![Bob.to_account_id().into()] });
		while elected().0 == era {
			run_to(System::block_number() + 1);
		}

		assert_eq!(elected(), (era + 1, vec![Bob.to_account_id()]));
	});
}
