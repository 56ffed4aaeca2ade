//! The council, the technical committee and the treasury.

use crate::{
	chain::{attempt, genesis_state, run_to, scenario, send, signed, state_of},
	governance_referenda::{bound, change, enact, outcome},
};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, Get, TypedGet},
};
use sp_keyring::Sr25519Keyring::{self, *};
use sp_runtime::{
	traits::{Dispatchable, Hash as _},
	DispatchError, DispatchResult, Perbill,
};
use substation_primitives::Balance;
use substation_runtime::{
	budget,
	constants::STN,
	governance::{self, TreasuryPot},
	invariants, AccountId, Balances, Council, Democracy, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System,
	TechnicalCommittee, Treasury,
};

/// Brings a motion of the council through, as its members would; gives the events of the block that closes it.
pub(crate) fn motion(call: impl Into<RuntimeCall>, ayes: &[Sr25519Keyring], threshold: u32) -> Vec<RuntimeEvent> {
	let call: RuntimeCall = call.into();
	let index = pallet_collective::ProposalCount::<Runtime, governance::CouncilCollective>::get();
	let proposal_hash = sp_runtime::traits::BlakeTwo256::hash_of(&call);
	let length_bound = call.encode().len() as u32;
	let proposal = Box::new(call);
	send(ayes[0], RuntimeCall::Council(pallet_collective::Call::propose { threshold, proposal, length_bound }));
	for who in ayes {
		let approve = true;
		send(*who, RuntimeCall::Council(pallet_collective::Call::vote { proposal: proposal_hash, index, approve }));
	}
	let proposal_weight_bound = frame_support::weights::Weight::from_parts(100_000_000_000, 1_000_000);
	send(
		ayes[0],
		RuntimeCall::Council(pallet_collective::Call::close {
			proposal_hash,
			index,
			proposal_weight_bound,
			length_bound,
		}),
	)
}

/// What became of a motion that was closed in this block.
pub(crate) fn executed(events: &[RuntimeEvent]) -> Result<(), DispatchError> {
	let result = events.iter().find_map(|event| match event {
		RuntimeEvent::Council(pallet_collective::Event::Executed { result, .. }) => Some(*result),
		_ => None,
	});
	result.expect("the motion was executed")
}

pub(crate) fn members() -> Vec<AccountId> {
	pallet_collective::Members::<Runtime, governance::CouncilCollective>::get()
}

pub(crate) fn council(ayes: u32, of: u32) -> RuntimeOrigin {
	pallet_collective::RawOrigin::<AccountId, governance::CouncilCollective>::Members(ayes, of).into()
}

pub(crate) fn committee(ayes: u32, of: u32) -> RuntimeOrigin {
	pallet_collective::RawOrigin::<AccountId, governance::TechnicalCollective>::Members(ayes, of).into()
}

fn free(who: &AccountId) -> Balance {
	<Balances as frame_support::traits::Currency<AccountId>>::free_balance(who)
}

#[test]
fn networks_with_well_known_keys_start_with_a_council_that_elections_know() {
	for preset in ["development", "local_testnet"] {
		genesis_state(preset).execute_with(|| {
			let mut expected = [Alice, Bob, Charlie].map(|who| who.to_account_id());
			expected.sort();
			assert_eq!(members(), expected);
			assert_eq!(pallet_elections_phragmen::Members::<Runtime>::get().len(), 3);
			assert_eq!(
				pallet_collective::Members::<Runtime, governance::TechnicalCollective>::get(),
				expected.to_vec()
			);
		});
	}
	genesis_state("live-template").execute_with(|| {
		assert_eq!((members().len(), pallet_elections_phragmen::Members::<Runtime>::get().len()), (0, 0))
	});
}

#[test]
fn token_holders_replace_the_council_at_the_end_of_its_term() {
	let candidates = [Dave, Eve, Ferdie, AliceStash, BobStash, CharlieStash, DaveStash];
	scenario(|| {
		for (count, who) in candidates.into_iter().enumerate() {
			send(who, pallet_elections_phragmen::Call::submit_candidacy { candidate_count: count as u32 });
		}
		let votes = candidates.map(|who| who.to_account_id()).to_vec();
		send(Ferdie, pallet_elections_phragmen::Call::vote { votes: votes.clone(), value: 100_000 * STN });
		let term = governance::TermDuration::get();
		run_to(term - 1);
		assert_eq!(members().len(), 3);

		run_to(term);

		let mut expected = votes;
		expected.sort();
		assert_eq!(members(), expected);
		// Who was there before waits for a seat.
		assert_eq!(pallet_elections_phragmen::RunnersUp::<Runtime>::get().len(), 3);
		run_to(2 * term);
		assert_eq!(members(), expected, "votes last until they are taken back");
	});
}

#[test]
fn a_candidate_whom_nobody_wants_loses_the_deposit_to_the_treasury() {
	scenario(|| {
		send(Dave, pallet_elections_phragmen::Call::submit_candidacy { candidate_count: 0 });
		let before = free(&TreasuryPot::get());

		run_to(governance::TermDuration::get());

		assert_eq!(members().len(), 3);
		assert!(free(&TreasuryPot::get()) >= before + governance::CandidacyBond::get());
	});
}

/// Makes so many voters for one candidate, without their deposits.
fn crowd(voters: u32, candidate: Sr25519Keyring) {
	for index in 0..voters {
		let mut voter = [7; 32];
		voter[..4].copy_from_slice(&index.to_le_bytes());
		let voting =
			pallet_elections_phragmen::Voter { votes: vec![candidate.to_account_id()], stake: 2 * STN, deposit: 0 };
		pallet_elections_phragmen::Voting::<Runtime>::insert(AccountId::from(voter), voting);
	}
}

#[test]
fn an_election_counts_as_many_voters_as_the_table_says_and_does_not_happen_with_more() {
	for (more, elected) in [(0, true), (1, false)] {
		scenario(|| {
			send(Dave, pallet_elections_phragmen::Call::submit_candidacy { candidate_count: 0 });
			let before = pallet_elections_phragmen::Voting::<Runtime>::iter().count() as u32;
			crowd(governance::MAX_COUNCIL_VOTERS - before + more, Dave);

			run_to(governance::TermDuration::get());

			assert_eq!(members().contains(&Dave.to_account_id()), elected);
			assert!(members().contains(&Alice.to_account_id()));
		});
	}
}

#[test]
fn three_quarters_of_the_council_cancel_a_deferred_slash_and_do_nothing_else_of_staking() {
	type Call = pallet_staking::Call<Runtime>;
	const ERA: u32 = 7;
	let slash = |who: Sr25519Keyring| pallet_staking::UnappliedSlash::default_from(who.to_account_id());
	let filtered = frame_system::Error::<Runtime>::CallFiltered.into();
	let dispatch =
		|call: Call, origin| RuntimeCall::from(call).dispatch(origin).map(|_| ()).map_err(|error| error.error);
	let cancel = || Call::cancel_deferred_slash { era: ERA, slash_indices: vec![0] };
	let stash = AliceStash.to_account_id();
	scenario(|| {
		pallet_staking::UnappliedSlashes::<Runtime>::insert(ERA, vec![slash(AliceStash), slash(BobStash)]);

		assert_eq!(dispatch(cancel(), council(2, 3)), Err(DispatchError::BadOrigin));
		assert_eq!(dispatch(cancel(), council(3, 4)), Ok(()));

		let left = pallet_staking::UnappliedSlashes::<Runtime>::get(ERA);
		assert_eq!(left.into_iter().map(|slash| slash.validator).collect::<Vec<_>>(), [BobStash.to_account_id()]);
		for call in [
			Call::manual_slash { validator_stash: stash.clone(), era: 0, slash_fraction: Perbill::one() },
			Call::set_min_commission { new: Perbill::one() },
			Call::deprecate_controller_batch { controllers: Default::default() },
			Call::restore_ledger { stash, maybe_controller: None, maybe_total: None, maybe_unlocking: None },
		] {
			assert_eq!(dispatch(call.clone(), council(7, 7)), Err(filtered), "{call:?}");
		}
		assert_eq!(dispatch(Call::set_min_commission { new: Perbill::one() }, RuntimeOrigin::root()), Ok(()));
	});
}

#[test]
fn the_council_appoints_the_technical_committee_and_nobody_but_elections_the_council() {
	scenario(|| {
		let new_members = vec![Dave.to_account_id()];
		let appoint = RuntimeCall::TechnicalCommittee(pallet_collective::Call::set_members {
			new_members: new_members.clone(),
			prime: None,
			old_count: 3,
		});
		assert_ok!(executed(&motion(appoint, &[Alice, Bob], 2)));
		assert_eq!(pallet_collective::Members::<Runtime, governance::TechnicalCollective>::get(), new_members);

		for origin in [RuntimeOrigin::root(), council(3, 3), RuntimeOrigin::signed(Alice.to_account_id())] {
			assert_noop!(Council::set_members(origin, new_members.clone(), None, 3), DispatchError::BadOrigin);
		}
		assert_noop!(TechnicalCommittee::set_members(council(1, 2), vec![], None, 1), DispatchError::BadOrigin);
	});
}

// G1: half of the council appointed one person, who alone could shorten votes and drop proposals.
#[test]
fn it_takes_two_thirds_of_the_council_to_appoint_a_committee_and_three_members_to_shorten_a_vote() {
	use frame_support::traits::EnsureOrigin;
	use governance::{FastTrackOrigin, MIN_COMMITTEE_MEMBERS};
	scenario(|| {
		let appoint = |origin| TechnicalCommittee::set_members(origin, vec![Dave.to_account_id()], None, 3);
		assert_noop!(appoint(council(4, 7)), DispatchError::BadOrigin);
		assert_ok!(appoint(council(5, 7)));

		for members in 1..MIN_COMMITTEE_MEMBERS {
			assert!(FastTrackOrigin::try_origin(committee(members, members)).is_err(), "{members}");
		}
		assert!(FastTrackOrigin::try_origin(committee(1, 3)).is_err());
		assert!(FastTrackOrigin::try_origin(committee(2, 3)).is_ok());
		assert!(FastTrackOrigin::try_origin(council(7, 7)).is_err());
	});
}

/// Proposes something publicly, whatever the deposit.
fn propose(who: Sr25519Keyring, deposit: Balance) -> DispatchResult {
	Democracy::propose(RuntimeOrigin::signed(who.to_account_id()), bound(change(77)), deposit)
}

fn waiting() -> Vec<u32> {
	pallet_democracy::PublicProps::<Runtime>::get().into_iter().map(|(index, ..)| index).collect()
}

// G1: a technical committee that agreed could drop whatever token holders proposed, as often as they did.
#[test]
fn nobody_but_root_drops_a_public_proposal() {
	scenario(|| {
		assert_ok!(propose(Eve, 100 * STN));
		for origin in [committee(1, 1), committee(3, 3), council(7, 7), RuntimeOrigin::signed(Alice.to_account_id())] {
			assert_noop!(Democracy::cancel_proposal(origin, 0), DispatchError::BadOrigin);
		}
		assert_eq!(waiting(), [0]);

		assert_ok!(Democracy::cancel_proposal(RuntimeOrigin::root(), 0));

		assert!(waiting().is_empty());
	});
}

// G1: a hundred proposals of 100 STN each left nobody else a place.
#[test]
fn each_ten_waiting_proposals_double_the_deposit() {
	scenario(|| {
		for before in 0..40 {
			let least = (100 * STN) << (before / 10);
			assert_noop!(propose(Eve, least - 1), pallet_democracy::Error::<Runtime>::ValueLow);
			assert_ok!(propose(Eve, least));
		}
		assert_eq!(Balances::reserved_balance(Eve.to_account_id()), 15_000 * STN);
		assert_ok!(propose(Ferdie, 1_600 * STN));

		run_to(governance::LaunchPeriod::get());

		// The most backed goes first, so whoever fills the queue does not get his own to a vote.
		assert_eq!(waiting(), (0..40).collect::<Vec<u32>>());
	});
}

// G1: they cost 10,000 STN.
#[test]
fn hundred_proposals_of_one_account_cost_a_million() {
	scenario(|| {
		let least = governance::MinimumDeposit::get;
		for _ in 0..99 {
			assert_ok!(propose(Ferdie, least()));
		}
		assert_eq!(Balances::reserved_balance(Ferdie.to_account_id()), 971_800 * STN);
		assert_eq!(least(), 51_200 * STN);

		// A million is not enough, and another's proposal still finds a place.
		assert!(propose(Ferdie, least()).is_err());
		assert_ok!(propose(Eve, least()));

		assert_noop!(propose(Bob, least()), pallet_democracy::Error::<Runtime>::TooMany);
	});
}

#[test]
fn the_council_spends_up_to_its_limit_and_a_referendum_whatever_there_is() {
	scenario(|| {
		fund(50_000 * STN);
		let spend = |amount| pallet_treasury::Call::<Runtime>::spend {
			asset_kind: Box::new(()),
			amount,
			beneficiary: Box::new(Dave.to_account_id()),
			valid_from: None,
		};
		let limit = governance::CouncilSpendLimit::get();
		let error = pallet_treasury::Error::<Runtime>::InsufficientPermission.into();
		assert_eq!(executed(&motion(spend(limit + 1), &[Alice, Bob], 2)), Err(error));
		assert_ok!(executed(&motion(spend(limit), &[Alice, Bob], 2)));
		assert_ok!(outcome(&enact(spend(20_000 * STN).into())));
		let before = free(&Dave.to_account_id());

		for index in [0, 1] {
			send(Eve, pallet_treasury::Call::payout { index });
		}

		assert_eq!(free(&Dave.to_account_id()) - before, limit + 20_000 * STN);
	});
}

fn fund(amount: Balance) {
	let dest = TreasuryPot::get().into();
	send(Ferdie, pallet_balances::Call::transfer_keep_alive { dest, value: amount });
}

fn approve(origin: RuntimeOrigin, amount: Balance) {
	assert_ok!(Treasury::spend(origin, Box::new(()), amount, Box::new(Dave.to_account_id()), None));
}

fn payout(index: u32) -> DispatchResult {
	Treasury::payout(RuntimeOrigin::signed(Eve.to_account_id()), index)
}

/// Approves as many of the council's largest spends as its budget holds, and one more; pays all but the last.
fn spend_the_budget() {
	fund(200_000 * STN);
	for _ in 0..11 {
		approve(council(2, 3), governance::CouncilSpendLimit::get());
	}
	for index in 0..10 {
		assert_ok!(payout(index));
	}
}

// G2: the limit was per motion, so that motions by the hundred emptied the treasury within minutes.
#[test]
fn the_council_spends_no_more_than_its_budget_in_a_term() {
	scenario(|| {
		spend_the_budget();
		let term = governance::TermDuration::get();
		assert!(System::block_number() < term);
		assert_eq!(budget::paid_in_term(), governance::CouncilTermLimit::get());

		assert_noop!(payout(10), pallet_treasury::Error::<Runtime>::PayoutError);
		run_to(term - 1);
		assert_noop!(payout(10), pallet_treasury::Error::<Runtime>::PayoutError);
		run_to(term);

		assert_eq!(budget::paid_in_term(), 0);
		assert_ok!(payout(10));
		assert_eq!(budget::paid_in_term(), governance::CouncilSpendLimit::get());
	});
}

// G2: what the council cannot have approved is none of its budget.
#[test]
fn a_referendum_may_spend_more() {
	scenario(|| {
		spend_the_budget();
		let limit = governance::CouncilSpendLimit::get();
		approve(RuntimeOrigin::root(), limit);
		approve(RuntimeOrigin::root(), limit + 1);
		let before = free(&Dave.to_account_id());

		assert_noop!(payout(11), pallet_treasury::Error::<Runtime>::PayoutError);
		assert_ok!(payout(12));

		assert_eq!(free(&Dave.to_account_id()) - before, limit + 1);
		assert_eq!(budget::paid_in_term(), governance::CouncilTermLimit::get());
	});
}

// G2: what cannot be paid is not counted.
#[test]
fn a_payout_that_fails_leaves_the_budget_as_it_was() {
	scenario(|| {
		approve(council(2, 3), 1_000 * STN);

		assert_noop!(payout(0), pallet_treasury::Error::<Runtime>::PayoutError);

		assert_eq!(budget::paid_in_term(), 0);
	});
}

// G2: the count is one of the chain's invariants.
#[test]
fn a_budget_that_was_exceeded_is_noticed() {
	state_of(|| {
		let key = ["Budget", "LastPaid"].map(|name| sp_io::hashing::twox_128(name.as_bytes())).concat();
		sp_io::storage::set(&key, &(0u32, governance::CouncilTermLimit::get() + 1).encode());
	})
	.execute_with(|| {
		let error = invariants::check().expect_err("more than the limit");
		assert_eq!(error, "X14: the council's spends were paid more than their budget".into());
	});
}

#[test]
fn a_spend_expires_if_nobody_claims_it_and_can_be_voided_before() {
	scenario(|| {
		fund(1_000 * STN);
		let spend = |valid_from| {
			let beneficiary = Box::new(Dave.to_account_id());
			assert_ok!(Treasury::spend(council(2, 3), Box::new(()), 100 * STN, beneficiary, valid_from));
		};
		let now = System::block_number();
		spend(None);
		spend(Some(now + 20));
		spend(None);
		assert_noop!(payout(1), pallet_treasury::Error::<Runtime>::EarlyPayout);
		assert_noop!(Treasury::void_spend(council(1, 2), 2), DispatchError::BadOrigin);
		assert_ok!(Treasury::void_spend(council(2, 3), 2));
		assert_noop!(payout(2), pallet_treasury::Error::<Runtime>::InvalidIndex);

		run_to(now + governance::PayoutPeriod::get());

		assert_noop!(payout(0), pallet_treasury::Error::<Runtime>::SpendExpired);
		assert_ok!(payout(1));
		assert_noop!(payout(1), pallet_treasury::Error::<Runtime>::AlreadyAttempted);
	});
}

#[test]
#[allow(deprecated)]
fn the_treasurys_old_calls_are_closed_to_everybody() {
	let old = pallet_treasury::Call::<Runtime>::spend_local { amount: STN, beneficiary: Dave.to_account_id().into() };
	scenario(|| {
		fund(1_000 * STN);
		let call: RuntimeCall = old.into();
		assert!(!governance::CallFilter::contains(&call));
		let error = attempt(signed(Alice, call.clone()));
		assert_eq!(error, Err(frame_system::Error::<Runtime>::CallFiltered.into()));
		assert_eq!(
			executed(&motion(call.clone(), &[Alice, Bob], 2)),
			Err(frame_system::Error::<Runtime>::CallFiltered.into())
		);

		// Root is not filtered, but there is no room.
		assert_eq!(outcome(&enact(call)), Err(pallet_treasury::Error::<Runtime>::TooManyApprovals.into()));
	});
}

#[test]
fn the_pot_is_the_same_account_for_everybody() {
	assert_eq!(Treasury::account_id(), TreasuryPot::get());
}

#[test]
fn a_public_network_gives_the_lengths_of_the_table() {
	const DAY: u32 = 14_400;
	genesis_state("live-template").execute_with(|| {
		let lengths = [
			governance::LaunchPeriod::get(),
			governance::VotingPeriod::get(),
			governance::FastTrackVotingPeriod::get(),
			governance::FastTrackDelay::get(),
			governance::EnactmentPeriod::get(),
			governance::CooloffPeriod::get(),
			governance::TermDuration::get(),
			governance::MotionDuration::get(),
			governance::AnswerPeriod::get(),
			governance::DecisionPeriod::get(),
			governance::OverturnPeriod::get(),
			governance::PayoutPeriod::get(),
		];
		assert_eq!(lengths, [7, 7, 1, 1, 8, 7, 7, 7, 14, 14, 36, 28].map(|days| days * DAY));
	});
}

#[test]
fn the_same_tables_are_in_the_documentation() {
	let rows = |text: &str, mark: &str| {
		let lines = text.lines().filter_map(|line| line.strip_prefix(mark)).map(str::trim);
		lines.filter(|line| line.starts_with('|')).map(plain).collect::<Vec<_>>()
	};
	let code = rows(include_str!("../../src/governance.rs"), "//!");
	let page = rows(include_str!("../../../docs/governance.md"), "");

	assert!(code.len() > 30);
	for row in code {
		assert!(page.contains(&row), "docs/governance.md lacks: {row}");
	}
}

/// A row without what only one of the two formats marks.
fn plain(row: &str) -> String {
	row.replace(['`', '[', ']'], "")
}
