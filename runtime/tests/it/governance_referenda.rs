//! Referenda: launched, voted, enacted; votes locked by conviction; delegation; cancellation and its limits.

use crate::chain::{attempt, genesis_state, run_to, scenario, send, signed};
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, Get, LockableCurrency, StorePreimage},
};
use pallet_democracy::{AccountVote, Conviction, ReferendumInfo, ReferendumInfoOf, Vote, VoteThreshold};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
	traits::{Dispatchable, Hash as _},
	DispatchError,
};
use substation_primitives::Balance;
use substation_runtime::{
	constants::STN, governance, Balances, BlockNumber, Democracy, Hash, Preimage, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, Settings, System,
};

type Bounded = pallet_democracy::BoundedCallOf<Runtime>;
type ReferendumIndex = u32;

/// What a referendum of these tests is about: another acceptance time.
pub(crate) fn change(acceptance_time: BlockNumber) -> RuntimeCall {
	let mut settings = Settings::all().market;
	settings.acceptance_time = acceptance_time;
	pallet_settings::Call::set_market { settings }.into()
}

pub(crate) fn bound(call: RuntimeCall) -> Bounded {
	Preimage::bound(call).expect("the call is short")
}

pub(crate) fn aye(conviction: Conviction, balance: Balance) -> AccountVote<Balance> {
	AccountVote::Standard { vote: Vote { aye: true, conviction }, balance }
}

fn nay(balance: Balance) -> AccountVote<Balance> {
	AccountVote::Standard { vote: Vote { aye: false, conviction: Conviction::None }, balance }
}

pub(crate) fn vote(who: Sr25519Keyring, ref_index: ReferendumIndex, vote: AccountVote<Balance>) {
	send(who, pallet_democracy::Call::vote { ref_index, vote });
}

/// Proposes a call publicly and runs to its vote.
pub(crate) fn launch(call: RuntimeCall) -> ReferendumIndex {
	let index = pallet_democracy::ReferendumCount::<Runtime>::get();
	send(Alice, pallet_democracy::Call::propose { proposal: bound(call), value: 100 * STN });
	let period = governance::LaunchPeriod::get();
	run_to((System::block_number() / period + 1) * period);
	assert_eq!(pallet_democracy::ReferendumCount::<Runtime>::get(), index + 1, "one referendum was launched");
	index
}

/// The first block at which a running referendum is decided.
pub(crate) fn end(index: ReferendumIndex) -> BlockNumber {
	match ReferendumInfoOf::<Runtime>::get(index) {
		Some(ReferendumInfo::Ongoing(status)) => status.end,
		other => panic!("referendum {index} is not running: {other:?}"),
	}
}

/// Brings a call through a referendum and enacts it; gives the events of that block.
pub(crate) fn enact(call: RuntimeCall) -> Vec<RuntimeEvent> {
	let index = launch(call);
	vote(Bob, index, aye(Conviction::None, 1_000 * STN));
	run_to(end(index) + governance::EnactmentPeriod::get());
	System::events().into_iter().map(|record| record.event).collect()
}

/// What became of a call that a referendum has dispatched in this block.
pub(crate) fn outcome(events: &[RuntimeEvent]) -> Result<(), DispatchError> {
	let dispatched = events.iter().find_map(|event| match event {
		RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched { result, .. }) => Some(*result),
		_ => None,
	});
	dispatched.expect("the scheduler has dispatched the call")
}

#[test]
fn a_setting_is_changed_by_referendum_at_the_block_that_is_known_from_its_end() {
	scenario(|| {
		let before = Settings::all().market.acceptance_time;
		let index = launch(change(before + 1));
		let started = System::block_number();
		assert_eq!(end(index), started + governance::VotingPeriod::get());
		vote(Bob, index, aye(Conviction::Locked1x, 10 * STN));
		let end = end(index);

		run_to(end + governance::EnactmentPeriod::get() - 1);
		assert_eq!(Settings::all().market.acceptance_time, before, "the enactment waits");
		run_to(end + governance::EnactmentPeriod::get());

		assert_eq!(Settings::all().market.acceptance_time, before + 1);
		assert!(matches!(
			ReferendumInfoOf::<Runtime>::get(index),
			Some(ReferendumInfo::Finished { approved: true, .. })
		));
	});
}

#[test]
fn what_is_voted_down_or_by_nobody_changes_nothing() {
	scenario(|| {
		let before = Settings::all();
		for against in [None, Some(1_000 * STN)] {
			let index = launch(change(77));
			if let Some(balance) = against {
				vote(Bob, index, aye(Conviction::Locked1x, balance / 2));
				vote(Charlie, index, nay(20 * balance));
			}
			run_to(end(index) + governance::EnactmentPeriod::get() + 1);
			assert_eq!(Settings::all(), before);
		}
	});
}

#[test]
fn a_small_turnout_needs_a_larger_majority() {
	scenario(|| {
		// Half a million STN against a third: enough of a simple majority, not of an adaptive quorum at this turnout.
		let index = launch(change(77));
		vote(Bob, index, aye(Conviction::Locked1x, 500_000 * STN));
		vote(
			Charlie,
			index,
			AccountVote::Standard {
				vote: Vote { aye: false, conviction: Conviction::Locked1x },
				balance: 333_000 * STN,
			},
		);
		run_to(end(index));
		assert!(matches!(
			ReferendumInfoOf::<Runtime>::get(index),
			Some(ReferendumInfo::Finished { approved: false, .. })
		));
	});
}

#[test]
fn conviction_locks_a_winning_vote_for_as_long_as_it_says() {
	use Conviction::*;
	let votes = [(Alice, Locked1x, 1), (Bob, Locked2x, 2), (Charlie, Locked3x, 4), (Dave, Locked4x, 8)];
	scenario(|| {
		let index = launch(change(77));
		for (who, conviction, _) in votes {
			vote(who, index, aye(conviction, 1_000 * STN));
		}
		vote(Eve, index, aye(None, 1_000 * STN));
		vote(Ferdie, index, nay(1_000 * STN));
		let end = end(index);
		run_to(end);
		for (who, ..) in votes {
			send(who, pallet_democracy::Call::remove_vote { index });
		}
		// No conviction, and the side that lost, are free at once.
		for free in [Eve, Ferdie] {
			send(free, pallet_democracy::Call::remove_vote { index });
			send(free, pallet_democracy::Call::unlock { target: free.to_account_id().into() });
			assert!(!is_locked(free), "{free}");
		}
		for (who, conviction, periods) in votes {
			let free_at = end + periods * governance::VoteLockingPeriod::get();
			if System::block_number() + 1 < free_at {
				run_to(free_at - 2);
				send(who, pallet_democracy::Call::unlock { target: who.to_account_id().into() });
				assert!(is_locked(who), "{who} {conviction:?} at {}", System::block_number());
				assert_locked(who);
			}
			run_to(free_at);
			send(who, pallet_democracy::Call::unlock { target: who.to_account_id().into() });
			assert!(!is_locked(who), "{who} {conviction:?}");
		}
	});
}

fn is_locked(who: Sr25519Keyring) -> bool {
	Balances::locks(&who.to_account_id()).iter().any(|lock| lock.id == *b"democrac")
}

/// What is locked cannot be moved.
fn assert_locked(who: Sr25519Keyring) {
	let all = Balances::free_balance(who.to_account_id()) - 500 * STN;
	let call = pallet_balances::Call::transfer_keep_alive { dest: Eve.to_account_id().into(), value: all };
	assert!(attempt(signed(who, call)).is_err());
}

#[test]
fn six_convictions_lock_for_one_to_thirty_two_enactment_periods() {
	let periods: Vec<u32> =
		(0..7u8).map(|conviction| Conviction::try_from(conviction).unwrap().lock_periods()).collect();

	assert_eq!(periods, [0, 1, 2, 4, 8, 16, 32]);
}

#[test]
fn delegation_counts_and_follows_the_delegate() {
	scenario(|| {
		let delegate = |who, to: Sr25519Keyring, balance| {
			let (to, conviction) = (to.to_account_id().into(), Conviction::Locked1x);
			send(who, pallet_democracy::Call::delegate { to, conviction, balance });
		};
		delegate(Bob, Charlie, 100 * STN);
		let index = launch(change(77));
		vote(Charlie, index, aye(Conviction::Locked2x, 10 * STN));
		let tally = |index| match ReferendumInfoOf::<Runtime>::get(index) {
			Some(ReferendumInfo::Ongoing(status)) => status.tally,
			_ => panic!("running"),
		};
		assert_eq!((tally(index).ayes, tally(index).turnout), ((100 + 20) * STN, 110 * STN));

		send(Bob, pallet_democracy::Call::undelegate {});

		assert_eq!((tally(index).ayes, tally(index).turnout), (20 * STN, 10 * STN));
		// The conviction of the delegation keeps its lock.
		assert!(is_locked(Bob));
	});
}

#[test]
fn delegation_in_a_circle_ends_and_counts_for_nobody() {
	scenario(|| {
		let delegate = |who: Sr25519Keyring, to: Sr25519Keyring| {
			let (to, conviction, balance) = (to.to_account_id().into(), Conviction::Locked1x, 100 * STN);
			send(who, pallet_democracy::Call::delegate { to, conviction, balance });
		};
		delegate(Bob, Charlie);
		delegate(Charlie, Dave);
		delegate(Dave, Bob);
		let oneself = pallet_democracy::Call::<Runtime>::delegate {
			to: Eve.to_account_id().into(),
			conviction: Conviction::None,
			balance: STN,
		};
		assert!(attempt(signed(Eve, oneself)).is_err());

		let index = launch(change(77));
		// Who delegates does not vote.
		let refused = pallet_democracy::Call::<Runtime>::vote { ref_index: index, vote: nay(STN) };
		let error = attempt(signed(Bob, refused));
		assert_eq!(error, Err(pallet_democracy::Error::<Runtime>::AlreadyDelegating.into()));
		vote(Eve, index, aye(Conviction::Locked1x, STN));
		run_to(end(index));
		assert!(matches!(
			ReferendumInfoOf::<Runtime>::get(index),
			Some(ReferendumInfo::Finished { approved: true, .. })
		));

		for who in [Bob, Charlie, Dave] {
			send(who, pallet_democracy::Call::undelegate {});
		}
	});
}

#[test]
fn a_vote_can_be_shortened_but_not_skipped() {
	scenario(|| {
		let proposal = bound(change(77));
		let hash = proposal.hash();
		assert_ok!(Democracy::external_propose_majority(RuntimeOrigin::root(), proposal));
		let two_thirds =
			RuntimeOrigin::from(pallet_collective::RawOrigin::<_, governance::TechnicalCollective>::Members(2, 3));
		let shortest = governance::FastTrackVotingPeriod::get();
		let all =
			RuntimeOrigin::from(pallet_collective::RawOrigin::<_, governance::TechnicalCollective>::Members(3, 3));
		for origin in [two_thirds.clone(), all, RuntimeOrigin::root()] {
			assert_noop!(Democracy::fast_track(origin, hash, shortest - 1, 1), DispatchError::BadOrigin);
		}

		assert_ok!(Democracy::fast_track(two_thirds, hash, shortest, 1));

		assert_eq!(end(0), System::block_number() + shortest);
	});
}

/// Two thirds of the technical committee shorten a vote to five blocks.
fn fast_track(proposal_hash: Hash, delay: BlockNumber) -> Result<(), DispatchError> {
	let two_thirds =
		RuntimeOrigin::from(pallet_collective::RawOrigin::<_, governance::TechnicalCollective>::Members(2, 3));
	let call: RuntimeCall = pallet_democracy::Call::fast_track { proposal_hash, voting_period: 5, delay }.into();
	call.dispatch(two_thirds).map(|_| ()).map_err(|error| error.error)
}

// G3: the pallet takes any delay, so a shortened vote was enacted a block after its end.
#[test]
fn fast_track_waits_a_day_for_enactment() {
	const DAY: BlockNumber = 14_400;
	genesis_state("live-template").execute_with(|| {
		let call = |delay: BlockNumber| -> RuntimeCall {
			pallet_democracy::Call::fast_track { proposal_hash: Hash::zero(), voting_period: DAY, delay }.into()
		};
		for delay in [0, 1, DAY - 1] {
			assert!(!governance::CallFilter::contains(&call(delay)), "{delay}");
		}
		assert!(governance::CallFilter::contains(&call(DAY)));
	});
	scenario(|| {
		let before = Settings::all().market.acceptance_time;
		let proposal = bound(change(before + 1));
		let hash = proposal.hash();
		assert_ok!(Democracy::external_propose_majority(RuntimeOrigin::root(), proposal));
		let delay = governance::FastTrackDelay::get();
		assert_eq!(fast_track(hash, delay - 1), Err(frame_system::Error::<Runtime>::CallFiltered.into()));

		assert_ok!(fast_track(hash, delay));

		vote(Bob, 0, aye(Conviction::None, STN));
		let end = end(0);
		run_to(end + delay - 1);
		assert_eq!(Settings::all().market.acceptance_time, before);
		run_to(end + delay);
		assert_eq!(Settings::all().market.acceptance_time, before + 1);
	});
}

#[test]
fn a_running_referendum_is_cancelled_once_and_a_banned_one_never_comes_back() {
	scenario(|| {
		let index = launch(change(77));
		let council =
			|| RuntimeOrigin::from(pallet_collective::RawOrigin::<_, governance::CouncilCollective>::Members(2, 3));

		assert_ok!(Democracy::emergency_cancel(council(), index));

		assert_eq!(ReferendumInfoOf::<Runtime>::get(index), None);
		let again = launch(change(77));
		// The council can delay, not silence.
		assert_noop!(
			Democracy::emergency_cancel(council(), again),
			pallet_democracy::Error::<Runtime>::AlreadyCanceled
		);
		let hash = bound(change(77)).hash();
		assert_ok!(Democracy::blacklist(RuntimeOrigin::root(), hash, Some(again)));
		assert_eq!(ReferendumInfoOf::<Runtime>::get(again), None);
		let proposal = pallet_democracy::Call::<Runtime>::propose { proposal: bound(change(77)), value: 100 * STN };
		let error = attempt(signed(Alice, proposal));
		assert_eq!(error, Err(pallet_democracy::Error::<Runtime>::ProposalBlacklisted.into()));
	});
}

#[test]
fn the_deposits_of_a_cancelled_proposal_go_to_the_treasury() {
	use frame_support::traits::TypedGet;
	scenario(|| {
		let pot = governance::TreasuryPot::get();
		send(Dave, pallet_democracy::Call::propose { proposal: bound(change(77)), value: 150 * STN });
		send(Eve, pallet_democracy::Call::second { proposal: 0 });
		let before = Balances::free_balance(&pot);

		assert_ok!(Democracy::cancel_proposal(RuntimeOrigin::root(), 0));

		assert_eq!(Balances::free_balance(&pot), before + 300 * STN);
	});
}

#[test]
fn an_upgrade_is_authorised_by_referendum_and_by_nobody_else() {
	scenario(|| {
		let code_hash = sp_runtime::traits::BlakeTwo256::hash(b"a runtime");
		let authorise: RuntimeCall = frame_system::Call::authorize_upgrade { code_hash }.into();
		assert_eq!(attempt(signed(Alice, authorise.clone())), Err(DispatchError::BadOrigin));
		// Nothing is authorised yet, so nobody can apply anything.
		let code = b"a runtime".to_vec();
		let apply_call: RuntimeCall = frame_system::Call::apply_authorized_upgrade { code }.into();
		assert!(attempt(signed(Alice, apply_call)).is_err());

		assert_ok!(outcome(&enact(authorise)));

		assert_eq!(System::authorized_upgrade().map(|upgrade| *upgrade.code_hash()), Some(code_hash));
	});
}

#[test]
fn a_referendum_schedules_with_root_and_leaves_nothing_behind() {
	scenario(|| {
		let index = launch(change(77));
		vote(Bob, index, aye(Conviction::None, STN));
		run_to(end(index) + governance::EnactmentPeriod::get());

		assert_eq!(pallet_scheduler::Agenda::<Runtime>::iter().count(), 0);
	});
}

#[test]
fn votes_do_not_shield_what_is_on_hold() {
	use frame_support::traits::WithdrawReasons;
	scenario(|| {
		let mut node = crate::actors::Node::register(Alice);
		let deal = node.store(Bob, crate::actors::content(1, 2_000), 3);
		Balances::set_lock(*b"democrac", &Bob.to_account_id(), Balance::MAX, WithdrawReasons::all());
		node.first_window();
		node.prove_next();
		run_to(node.window().closes);

		let events = send(Charlie, pallet_storage_market::Call::settle { deal });

		assert!(events.iter().any(|event| matches!(
			event,
			RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealSettled { proven: 1, provider, .. })
				if *provider > 0
		)));
	});
}

#[test]
fn thresholds_are_those_of_the_table() {
	scenario(|| {
		let proposal = || bound(change(77));
		let members = |count| {
			RuntimeOrigin::from(pallet_collective::RawOrigin::<_, governance::CouncilCollective>::Members(count, 4))
		};
		let refused = DispatchError::BadOrigin;
		assert_noop!(Democracy::external_propose(members(2), proposal()), refused);
		assert_noop!(Democracy::external_propose_majority(members(2), proposal()), refused);
		assert_noop!(Democracy::external_propose_default(members(3), proposal()), refused);
		assert_ok!(Democracy::external_propose(members(3), proposal()));
		let (_, threshold) = pallet_democracy::NextExternal::<Runtime>::get().unwrap();
		assert_eq!(threshold, VoteThreshold::SuperMajorityApprove);
		assert_ok!(Democracy::external_propose_majority(members(3), proposal()));
		assert_ok!(Democracy::external_propose_default(members(4), proposal()));
	});
}
