//! Where tokens come from and go to: emission, credits, claims. Real proofs, real payments, real eras.

use crate::{
	actors::{content, Node},
	chain::{apply, attempt, check, fees, run_to, scenario, send, signed, state_of},
	channels::Channel,
	lines::{line, Lines},
};
use frame_support::{
	assert_ok,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Get, TypedGet,
	},
	weights::Weight,
};
use pallet_rewards::{availability, emission, Error, Event, WeightInfo};
use sp_keyring::Sr25519Keyring::{self, Alice, AliceStash, Bob, Charlie};
use sp_runtime::{DispatchResult, Perbill, Permill};
use substation_primitives::{
	rewards::{Earner, RewardPage, RewardSettings, StakeEarnings, SupplyPage, MAX_BUDGETED, MAX_USAGE},
	settings::STN,
	traits::Bonds,
	Balance, BlockNumber, DealId, NodeId, NodeStatus, Rates, ResourceClass,
};
use substation_runtime::{
	governance::TreasuryPot, invariants, AccountId, Balances, Block, Registry, Rewards, Runtime, RuntimeCall,
	RuntimeEvent, System,
};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

type Market = pallet_storage_market::Call<Runtime>;
type Staking = pallet_staking::Call<Runtime>;

const STORAGE: ResourceClass = ResourceClass::Storage;

/// Runs a scenario and looks at the whole supply afterwards, besides all invariants.
fn economy(test: impl FnOnce()) {
	scenario(|| {
		test();

		let page = supply();
		assert!(page.minted <= page.budgeted && page.budgeted <= MAX_BUDGETED, "{page:?}");
		assert_eq!(page.burned, page.genesis + page.minted - page.issuance);
		assert!(page.burned >= page.burned_by_calls, "{page:?}");
		assert!(page.availability_per_block * u128::from(era_blocks()) <= page.nominating, "{page:?}");
	});
}

fn supply() -> SupplyPage {
	<Runtime as SubstationApi<Block, AccountId>>::supply_page()
}

fn settings() -> RewardSettings {
	pallet_settings::RewardsOf::<Runtime>::get()
}

fn change_settings(change: impl FnOnce(&mut RewardSettings)) {
	pallet_settings::Rewards::<Runtime>::mutate(change);
}

fn era_blocks() -> BlockNumber {
	<Runtime as pallet_rewards::Config>::EraBlocks::get()
}

/// Runs to the first block of the next era.
pub(crate) fn next_era() {
	let era = supply().era;
	while supply().era == era {
		run_to(System::block_number() + 1);
	}
}

fn rewards_of(node: NodeId) -> Vec<RewardPage<AccountId>> {
	<Runtime as SubstationApi<Block, AccountId>>::rewards_of_node(node)
}

fn page_of(node: NodeId, class: ResourceClass) -> Option<RewardPage<AccountId>> {
	rewards_of(node).into_iter().find(|page| page.earner == Earner::Node { node, class })
}

fn storage_page(node: &Node) -> RewardPage<AccountId> {
	page_of(node.id, STORAGE).expect("the node has proven something")
}

fn payee_page(who: Sr25519Keyring) -> Option<RewardPage<AccountId>> {
	<Runtime as SubstationApi<Block, AccountId>>::rewards_of_payee(who.to_account_id())
}

fn claim(nodes: &[NodeId]) -> RuntimeCall {
	pallet_rewards::Call::claim { nodes: nodes.to_vec().try_into().unwrap() }.into()
}

fn try_claim(who: Sr25519Keyring, nodes: &[NodeId]) -> DispatchResult {
	attempt(signed(who, claim(nodes)))
}

fn nothing() -> DispatchResult {
	Err(Error::<Runtime>::NothingToClaim.into())
}

/// What an account owns, on hold or not.
fn wealth(who: Sr25519Keyring) -> Balance {
	Balances::total_balance(&who.to_account_id())
}

fn treasury() -> Balance {
	Balances::total_balance(&TreasuryPot::get())
}

/// What is credited when so much is burned.
fn usage(burned: Balance) -> Balance {
	settings().usage.mul_floor(burned)
}

/// A node of Alice's that has proven the first period of a deal of so many.
pub(crate) fn proven_node(customer: Sr25519Keyring, periods: u32) -> (Node, DealId) {
	let mut node = Node::register(Alice);
	let deal = node.store(customer, content(1, 5_000), periods);
	node.first_window();
	node.prove_next();
	(node, deal)
}

/// What payments of deals have burned and brought the treasury, by these events.
fn settled(events: &[RuntimeEvent]) -> (Balance, Balance) {
	let parts = events.iter().filter_map(|event| match event {
		RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealSettled { burned, treasury, .. }) => {
			Some((*burned, *treasury))
		}
		_ => None,
	});
	parts.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
}

/// What these events say that staking has paid, and to whose stash.
pub(crate) fn payments(events: &[RuntimeEvent]) -> impl Iterator<Item = (&AccountId, Balance)> {
	events.iter().filter_map(|event| match event {
		RuntimeEvent::Staking(pallet_staking::Event::Rewarded { stash, amount, .. }) => Some((stash, *amount)),
		_ => None,
	})
}

/// What these events say that staking has paid in all.
fn rewarded(events: &[RuntimeEvent]) -> Balance {
	payments(events).map(|(_, amount)| amount).sum()
}

#[test]
fn an_era_mints_for_staking_what_was_budgeted_and_no_more() {
	economy(|| {
		let (start, pot) = (supply(), treasury());
		let budgeted = pallet_rewards::Era::<Runtime>::get();
		assert_eq!((start.budgeted, start.minted), (settings().first, 0));

		next_era();

		// The treasury's part is minted at once, the validators' when somebody asks for it.
		let page = supply();
		assert_eq!((page.minted, treasury()), (budgeted.treasury, pot + budgeted.treasury));
		assert_eq!(page.issuance, start.issuance + budgeted.treasury);
		assert_eq!(page.budgeted, start.budgeted + emission::emission(1, start.budgeted, &settings()));

		let payout = || Staking::payout_stakers { validator_stash: AliceStash.to_account_id(), era: 0 };
		let paid = rewarded(&send(Charlie, payout()));

		let told = emission::staking_payout(budgeted.validators);
		assert!(paid <= budgeted.validators && paid.abs_diff(told) <= 1_000, "{paid} of {told}");
		assert_eq!(supply().minted, budgeted.treasury + paid);
		let again = attempt(signed(Charlie, payout()));
		assert_eq!(again, Err(pallet_staking::Error::<Runtime>::AlreadyClaimed.into()));
		assert_eq!(supply().minted, budgeted.treasury + paid);
	});
}

#[test]
fn an_era_has_as_many_blocks_as_bonds_are_paid_for() {
	economy(|| {
		next_era();
		let first = System::block_number();

		next_era();

		assert_eq!(System::block_number() - first, era_blocks());
	});
}

#[test]
fn the_treasury_is_filled_up_to_its_ceiling_and_the_rest_is_never_minted() {
	economy(|| {
		change_settings(|settings| settings.treasury_ceiling = treasury() + 5 * STN);
		let before = treasury();

		next_era();
		assert_eq!((treasury(), supply().minted), (before + 5 * STN, 5 * STN));
		next_era();
		assert_eq!((treasury(), supply().minted), (before + 5 * STN, 5 * STN));
	});
}

#[test]
fn a_proven_period_and_its_settlement_are_credited_and_paid_in_a_later_era() {
	economy(|| {
		next_era();
		let (node, deal) = proven_node(Bob, 6);

		// The first proof starts the clock.
		let first = storage_page(&node);
		let current = first.current.expect("it was proven just now");
		assert_eq!((first.credited, first.pending), (0, 0));
		assert_eq!((current.since, current.bond), (System::block_number(), node.page().required_bond));
		let window = node.window();
		assert_eq!(current.due, window.closes + window.period_length - 1);

		node.prove_next();
		let second = storage_page(&node);
		let blocks = second.current.expect("it was proven again").since - current.since;
		let available = availability::credit(current.bond, supply().availability_per_block * u128::from(blocks));
		assert_eq!((second.credited, second.pending), (available, 0));
		assert!(available > 0);

		run_to(node.window().closes);
		let (burned, _) = settled(&send(Charlie, Market::settle { deal }));
		let amount = available + usage(burned);
		assert_eq!((storage_page(&node).credited, supply().storage.units), (amount, amount));
		assert!(usage(burned) > 0 && usage(burned) < burned);

		assert_eq!(try_claim(Alice, &[node.id]), nothing());
		next_era();
		assert_eq!((storage_page(&node).credited, storage_page(&node).pending), (0, amount));

		// Whoever asks, the operator is paid.
		let (before, alice) = (supply(), wealth(Alice));
		let events = send(Charlie, claim(&[node.id]));
		let earner = Earner::Node { node: node.id, class: STORAGE };
		assert!(events.contains(&Event::Claimed { earner, to: Alice.to_account_id(), amount }.into()));
		assert_eq!(wealth(Alice), alice + amount);
		assert_eq!(supply().minted, before.minted + amount);
		assert_eq!(supply().issuance, before.issuance + amount - fees(&events).div_ceil(2));
		assert_eq!(try_claim(Charlie, &[node.id]), nothing());
	});
}

#[test]
fn time_that_no_proof_ends_earns_nothing() {
	economy(|| {
		next_era();
		let (node, _) = proven_node(Bob, 9);
		run_to(node.window().closes);

		node.miss(1);
		node.prove_next();
		let late = storage_page(&node);
		assert_eq!(late.credited, 0);

		node.prove_next();
		let page = storage_page(&node);
		let (from, to) = (late.current.expect("proven").since, page.current.expect("proven").since);
		assert_eq!(to - from, node.window().period_length);
		let bond = node.page().required_bond;
		assert_eq!(page.credited, availability::credit(bond, supply().availability_per_block * u128::from(to - from)));
	});
}

#[test]
fn a_bond_that_fines_have_lowered_earns_for_what_is_left() {
	economy(|| {
		next_era();
		let mut node = Node::register(Alice);
		node.store(Bob, content(1, 5_000), 9);
		let required = node.page().required_bond;
		let left = required / 2;
		let taken = node.page().bond - left;
		assert_eq!(<Registry as Bonds<AccountId>>::take(node.id, STORAGE, &TreasuryPot::get(), taken), taken);

		node.first_window();
		node.prove_next();

		assert_eq!(storage_page(&node).current.map(|current| current.bond), Some(left));
		assert_eq!(node.page().required_bond, required);
	});
}

#[test]
fn a_deals_customer_provider_and_author_in_one_still_loses() {
	economy(|| {
		change_settings(|settings| settings.usage = Permill::from_parts(MAX_USAGE));
		let before = wealth(Alice) + wealth(AliceStash);

		let (node, deal) = proven_node(Alice, 3);
		node.prove_next();
		node.prove_next();
		run_to(node.window().closes);
		let (burned, treasured) = settled(&send(Alice, Market::close { deal }));
		// The first era has no yield: all that is credited is usage.
		assert_eq!((supply().era, storage_page(&node).credited), (0, usage(burned)));
		next_era();
		assert_ok!(try_claim(Alice, &[node.id]));

		let lost = before - wealth(Alice) - wealth(AliceStash);
		assert!(burned >= 10, "{burned}");
		assert!(lost >= burned / 10 + treasured, "{lost} lost of {burned} burned and {treasured} for the treasury");
		assert_eq!(storage_page(&node).pending, 0);
	});
}

#[test]
fn a_channels_payer_payee_and_author_in_one_still_lose() {
	economy(|| {
		change_settings(|settings| settings.usage = Permill::from_parts(MAX_USAGE));
		let everything = || [Alice, Bob, AliceStash].map(wealth).iter().sum::<Balance>();
		let before = everything();

		let channel = Channel::open();
		apply(crate::chain::free(channel.redemption(8 * STN)));
		send(Bob, pallet_payment_channels::Call::close { channel: channel.id });
		next_era();
		assert_ok!(try_claim(Bob, &[]));

		let settings = pallet_settings::ChannelsOf::<Runtime>::get();
		let burned = settings.burn.mul_floor(8 * STN);
		let lost = before - everything();
		assert!(lost >= burned / 10 + settings.redeem_fee, "{lost} lost of {burned} burned");
	});
}

#[test]
fn a_redeemed_voucher_credits_its_payee() {
	economy(|| {
		let channel = Channel::open();
		let before = supply();

		apply(crate::chain::free(channel.redemption(3 * STN)));

		let burned = pallet_settings::ChannelsOf::<Runtime>::get().burn.mul_floor(3 * STN);
		let page = payee_page(Bob).expect("Bob was paid");
		assert_eq!((page.credited, page.pending, page.current), (usage(burned), 0, None));
		assert_eq!(supply().bandwidth.units, usage(burned));
		assert_eq!(supply().burned_by_calls, before.burned_by_calls + burned);
		assert_eq!(payee_page(Alice), None);

		next_era();
		assert_eq!(try_claim(Alice, &[]), nothing());
		let bob = wealth(Bob);
		let events = send(Bob, claim(&[]));
		assert_eq!(wealth(Bob), bob + usage(burned) - fees(&events));
		assert_eq!(payee_page(Bob), None);
	});
}

/// The sum of all yields when a line was measured last.
fn yields(node: NodeId) -> u128 {
	let earner = Earner::Node { node, class: ResourceClass::Bandwidth };
	pallet_rewards::Records::<Runtime>::get(earner).and_then(|record| record.current).map_or(0, |proof| proof.yields)
}

#[test]
fn a_rated_line_earns_from_one_measurement_to_the_next() {
	economy(|| {
		next_era();
		let lines = Lines::of_four();
		// A test in every other block, so that all of them are in one era.
		pallet_settings::Bandwidth::<Runtime>::mutate(|settings| settings.seat_tests = 250);
		let seat_bond = pallet_settings::BandwidthOf::<Runtime>::get().seat_bond;
		let rating_age = pallet_settings::BandwidthOf::<Runtime>::get().rating_age;

		// A node is rated with its third reading of a direction: after five tests of each of four nodes, another one finds
		// a line that was rated before.
		let earned = (0..21).find_map(|_| {
			let test = lines.next_test();
			let before = page_of(test.node, ResourceClass::Bandwidth);
			let yields_before = yields(test.node);
			lines.pass(&test);
			let after = page_of(test.node, ResourceClass::Bandwidth);
			if line(test.node).rating == Rates::default() {
				assert_eq!(after, None, "a line without a rating earns");
				return None;
			}
			let after = after.expect("a rated line has a record");
			let current = after.current.expect("it was measured just now");
			assert_eq!((current.since, current.bond), (System::block_number(), seat_bond));
			assert_eq!(current.due, current.since + rating_age);
			let Some(before) = before else {
				assert_eq!((after.credited, after.pending), (0, 0));
				return None;
			};
			before.current.expect("it was rated before");
			Some((yields(test.node) - yields_before, after.credited))
		});

		let (yields, credited) = earned.expect("twenty-one tests");
		assert_eq!(credited, availability::credit(seat_bond, yields));
		assert!(credited > 0);
		assert!(supply().bandwidth.units >= credited);
	});
}

#[test]
fn a_node_that_is_withdrawn_is_settled() {
	economy(|| {
		next_era();
		let (mut node, deal) = proven_node(Bob, 2);
		node.prove_next();
		run_to(node.window().closes);
		send(Bob, Market::close { deal });
		let clearance = node.clearance(deal);
		apply(clearance);
		send(Alice, pallet_registry::Call::leave { node: node.id });
		send(Charlie, pallet_registry::Call::unbond { node: node.id });
		let NodeStatus::Unbonding { until } = node.page().status else { panic!("the node owes nothing") };
		run_to(until);
		let pending = storage_page(&node).pending;
		assert!(pending > 0);
		// Nothing more can come to such a node. If it did, it would not be lost.
		let late = STN;
		let (charlie, force) = (Charlie.to_account_id(), Fortitude::Force);
		assert_ok!(Balances::burn_from(&charlie, late, Preservation::Preserve, Precision::Exact, force));
		let earner = Earner::Node { node: node.id, class: STORAGE };
		Rewards::credit_usage(earner.clone(), late);

		let before = wealth(Alice);
		let events = send(Alice, pallet_registry::Call::withdraw { node: node.id });

		assert!(events.contains(&Event::Claimed { earner, to: Alice.to_account_id(), amount: pending }.into()));
		assert_eq!(wealth(Alice), before + pending - fees(&events));
		assert_eq!(rewards_of(node.id), []);
		assert_eq!(payee_page(Alice).map(|page| (page.credited, page.pending)), Some((usage(late), 0)));
		check();

		next_era();
		let before = wealth(Alice);
		let events = send(Alice, claim(&[node.id]));
		assert_eq!(wealth(Alice), before + usage(late) - fees(&events));
		assert_eq!(payee_page(Alice), None);
	});
}

#[test]
fn what_validators_keep_does_not_raise_what_bonds_earn() {
	economy(|| {
		let ended = || pallet_staking::ActiveEra::<Runtime>::get().expect("an era is active").index - 1;
		let paid = |era| pallet_staking::ErasValidatorReward::<Runtime>::get(era).expect("the era has ended");
		let staked = |era| pallet_staking::ErasTotalStake::<Runtime>::get(era);
		next_era();
		assert_eq!(
			supply().nominating,
			availability::stake_yield(StakeEarnings { earned: paid(ended()), staked: staked(ended()) })
		);
		assert!(supply().nominating > 0);

		let commission = Perbill::from_percent(40);
		let prefs = pallet_staking::ValidatorPrefs { commission, blocked: false };
		send(AliceStash, Staking::validate { prefs });
		// It counts from the next election on.
		(0..3).for_each(|_| next_era());

		let left = paid(ended()) - commission.mul_ceil(paid(ended()));
		assert_eq!(
			supply().nominating,
			availability::stake_yield(StakeEarnings { earned: left, staked: staked(ended()) })
		);
	});
}

#[test]
fn after_ten_eras_of_everything_the_supply_adds_up() {
	economy(|| {
		let lines = Lines::of_four();
		let (node, deal) = proven_node(Bob, 90);
		let channel = Channel::open();
		for round in 1..=10u32 {
			let era = supply().era;
			while supply().era == era {
				node.prove_next();
			}
			lines.pass(&lines.next_test());
			send(Charlie, Market::settle { deal });
			apply(crate::chain::free(channel.redemption(Balance::from(round) * STN / 2)));
			let validator_stash = AliceStash.to_account_id();
			send(Charlie, Staking::payout_stakers { validator_stash, era });
			let nodes: Vec<_> = lines.nodes().chain([node.id]).collect();
			if round % 3 == 0 {
				assert_ok!(try_claim(Bob, &nodes));
			}
			check();
		}

		let page = supply();
		assert!(page.era >= 10);
		let budgets = (0..=page.era).fold(0, |sum, era| sum + emission::emission(era, sum, &settings()));
		assert_eq!(page.budgeted, budgets);
		// Nobody has burned anything but payments and fees.
		assert!(page.burned > 0);
		assert_eq!(page.burned_by_calls, page.burned);
		assert!(storage_page(&node).pending > 0);
	});
}

#[test]
fn credits_and_claims_are_cheap() {
	type Weights = <Runtime as pallet_rewards::Config>::WeightInfo;
	let microseconds = |weight: Weight| weight.ref_time() / 1_000_000;

	for credit in [Weights::credit_usage(), Weights::credit_availability()] {
		assert!(microseconds(credit) < 60, "{credit:?}");
	}
	assert!(microseconds(Weights::claim(1)) < 300, "{:?}", Weights::claim(1));
}

#[test]
fn a_node_that_is_gone_and_earns_is_noticed() {
	state_of(|| {
		let earner = Earner::Node { node: NodeId(99), class: STORAGE };
		let record = pallet_rewards::Record { units: 1, ..Default::default() };
		pallet_rewards::Records::<Runtime>::insert(earner, record);
	})
	.execute_with(|| {
		let error = invariants::check().expect_err("no such node");
		assert_eq!(error, "X13: a node that is gone earns".into());
	});
}
