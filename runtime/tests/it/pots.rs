//! What every pot holds and owes: told page by page to anybody, and noticed by the invariants when it differs.

use crate::{
	actors::{content, propose},
	chain::{scenario, send, state_of},
	channels::Channel,
	economy::{next_era, proven_node},
	governance_disputes::answered,
	lines::Lines,
};
use frame_support::storage::{with_transaction_unchecked, TransactionOutcome};
use sp_keyring::Sr25519Keyring::{Bob, Charlie};
use sp_runtime::TryRuntimeError;
use substation_primitives::{
	deal::DealState,
	pots::{Pot, PotSums, PotsPage},
};
use substation_runtime::{invariants, AccountId, Block, Runtime, RuntimeHoldReason, StorageMarket};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

/// Something in every pot.
fn fill_every_pot() {
	let lines = Lines::of_four();
	lines.pass(&lines.next_test());
	let (node, deal) = proven_node(Bob, 90);
	node.prove_next();
	send(Charlie, pallet_storage_market::Call::settle { deal });
	next_era();
	Channel::open();
	propose(Charlie, node.id, &content(2, 3_000), 9);
	answered();
}

/// All pages of at most so many records.
fn pages(limit: u32) -> Vec<PotsPage> {
	let mut pages: Vec<PotsPage> = Vec::new();
	while pages.last().is_none_or(|page| page.next.is_some()) {
		let after = pages.last().and_then(|page| page.next.clone());
		pages.push(<Runtime as SubstationApi<Block, AccountId>>::pots_page(after, limit));
	}
	pages
}

fn sums(pages: &[PotsPage]) -> PotSums {
	let mut sums = PotSums::default();
	pages.iter().for_each(|page| sums.join(&page.sums));
	sums
}

fn records(pages: &[PotsPage]) -> u32 {
	pages.iter().map(|page| page.records).sum()
}

#[test]
fn every_pot_holds_what_records_say_that_it_owes() {
	scenario(|| {
		fill_every_pot();

		for sum in sums(&pages(1_000)).0 {
			assert!(sum.owed > 0 && sum.is_covered(), "{sum:?}");
		}
	});
}

#[test]
fn pages_of_every_length_add_up_to_the_same() {
	scenario(|| {
		fill_every_pot();
		let whole = pages(u32::MAX);

		for limit in [0, 1, 2, 7] {
			let pages = pages(limit);
			assert!(pages.iter().all(|page| page.records <= limit.max(1)), "{limit}");
			assert_eq!((sums(&pages), records(&pages)), (sums(&whole), records(&whole)), "{limit}");
		}
		assert!(records(&whole) > 20);
	});
}

/// Whether a hold is for a stake, or a purpose of this project's pallets.
fn is_ours(reason: RuntimeHoldReason) -> bool {
	use RuntimeHoldReason::{Disputes, PaymentChannels, Registry, Staking, StorageMarket};
	matches!(reason, Disputes(_) | PaymentChannels(_) | Registry(_) | Staking(_) | StorageMarket(_))
}

/// What the invariants say after a change that is taken back.
fn noticed(change: impl FnOnce()) -> Result<(), TryRuntimeError> {
	with_transaction_unchecked(|| {
		change();
		TransactionOutcome::Rollback(invariants::check())
	})
}

#[test]
fn a_planck_too_few_or_too_many_is_noticed_in_every_pot() {
	const ISSUANCE: &str = "X7: the issuance is not the sum of all accounts";
	const FEES: &str = "X8: the account of test fees does not cover what lines name";
	const POOLS: &str = "X8: the pools of eras that are over do not cover what was earned";
	const RESERVED: &str = "X9: less is reserved than is on hold";
	const HOLDS: &str = "X9: what is on hold is not what records name";

	state_of(fill_every_pot).execute_with(|| {
		assert_eq!(noticed(|| ()), Ok(()));
		assert_eq!(
			noticed(|| pallet_balances::TotalIssuance::<Runtime>::mutate(|sum| *sum += 1)),
			Err(ISSUANCE.into())
		);
		let mut seen = 0;
		for (account, holds) in pallet_balances::Holds::<Runtime>::iter() {
			for (index, hold) in holds.iter().enumerate().filter(|(_, hold)| is_ours(hold.id)) {
				let change = |by: i8| {
					noticed(|| {
						pallet_balances::Holds::<Runtime>::mutate(&account, |holds| {
							let hold = holds.iter_mut().nth(index).unwrap();
							hold.amount = hold.amount.checked_add_signed(by.into()).unwrap();
						});
					})
				};
				assert_eq!((change(1), change(-1)), (Err(HOLDS.into()), Err(HOLDS.into())), "{hold:?}");
				seen += 1;
			}
		}
		assert!(seen >= 10, "{seen} holds");
		let (account, _) = pallet_balances::Holds::<Runtime>::iter().next().unwrap();
		let unreserved = noticed(|| {
			frame_system::Account::<Runtime>::mutate(&account, |account| {
				account.data.reserved -= 1;
				account.data.free += 1;
			});
		});
		assert_eq!(unreserved, Err(RESERVED.into()));

		let [fees, rewards] = [Pot::TestFees, Pot::Rewards].map(|pot| {
			let sum = sums(&pages(1_000)).0.into_iter().find(|sum| sum.pot == pot).unwrap();
			sum.held - sum.owed
		});
		let (node, _) = pallet_bandwidth_proofs::Lines::<Runtime>::iter().next().unwrap();
		let prepay = |more| {
			noticed(|| {
				pallet_bandwidth_proofs::Lines::<Runtime>::mutate(node, |line| line.as_mut().unwrap().prepaid += more);
			})
		};
		assert_eq!((prepay(fees), prepay(fees + 1)), (Ok(()), Err(FEES.into())));
		let earner = pallet_rewards::Records::<Runtime>::iter_keys().next().unwrap();
		let earn = |more| {
			noticed(|| {
				pallet_rewards::Records::<Runtime>::mutate(&earner, |record| record.as_mut().unwrap().pending += more);
			})
		};
		assert_eq!((earn(rewards), earn(rewards + 1)), (Ok(()), Err(POOLS.into())));
	});
}

#[test]
fn money_on_hold_for_a_deal_that_is_gone_is_noticed() {
	state_of(fill_every_pot).execute_with(|| {
		let id = pallet_storage_market::Deals::<Runtime>::iter()
			.find(|(_, deal)| matches!(deal.state, DealState::Proposed { .. }))
			.map(|(id, _)| id)
			.expect("Charlie's proposal");
		let deal = StorageMarket::deal(id).unwrap();
		assert_eq!(
			noticed(|| {
				pallet_storage_market::Deals::<Runtime>::remove(id);
				pallet_storage_market::DealsOfNode::<Runtime>::remove(deal.node, id);
			}),
			Err("X9: what is on hold is not what records name".into())
		);
	});
}
