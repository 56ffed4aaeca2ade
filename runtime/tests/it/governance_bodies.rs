//! The council, the technical committee and the treasury.

use crate::{
	chain::{attempt, genesis_state, run_to, scenario, send, signed},
	governance_referenda::{enact, outcome},
};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, Get, TypedGet},
};
use sp_keyring::Sr25519Keyring::{self, *};
use sp_runtime::{
	traits::{Dispatchable, Hash as _},
	DispatchError, Perbill,
};
use substation_primitives::Balance;
use substation_runtime::{
	constants::STN,
	governance::{self, TreasuryPot},
	AccountId, Balances, Council, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System, TechnicalCommittee,
	Treasury,
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

fn members() -> Vec<AccountId> {
	pallet_collective::Members::<Runtime, governance::CouncilCollective>::get()
}

fn council(ayes: u32, of: u32) -> RuntimeOrigin {
	pallet_collective::RawOrigin::<AccountId, governance::CouncilCollective>::Members(ayes, of).into()
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
		let payout = |index| Treasury::payout(RuntimeOrigin::signed(Eve.to_account_id()), index);
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
			governance::EnactmentPeriod::get(),
			governance::CooloffPeriod::get(),
			governance::TermDuration::get(),
			governance::MotionDuration::get(),
			governance::AnswerPeriod::get(),
			governance::DecisionPeriod::get(),
			governance::OverturnPeriod::get(),
			governance::PayoutPeriod::get(),
		];
		assert_eq!(lengths, [7, 7, 1, 8, 7, 7, 7, 14, 14, 36, 28].map(|days| days * DAY));
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
