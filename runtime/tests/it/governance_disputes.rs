//! A dispute about a real deal: opened, answered by the agent, decided by the council, overturned by a referendum.

use crate::{
	actors::{content, deal_page, propose, Node, BOND},
	chain::{apply, attempt, run_to, scenario, send, signed},
	governance_bodies::{executed, motion},
	governance_referenda::{aye, enact, end, launch, outcome, vote},
	migrations::migrate,
};
use frame_support::{
	assert_ok,
	traits::{fungible::InspectHold, Get, TypedGet},
};
use pallet_democracy::Conviction;
use pallet_disputes::{HoldReason, Standing};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};
use substation_primitives::{
	deal::DealState,
	dispute::{Stage, Verdict},
	pages::DisputePage,
	Balance, DealId, DisputeId,
};
use substation_runtime::{
	constants::STN,
	governance::{self, TreasuryPot},
	AccountId, Balances, Disputes, Runtime, RuntimeCall, RuntimeEvent, System,
};

/// A node of Dave's with a deal of Eve's, disputed.
fn disputed() -> (Node, DealId, Balance) {
	let mut node = Node::register(Dave);
	let deal = node.store(Eve, content(1, 5_000), 20);
	node.first_window();
	node.prove_next();
	node.prove_next();
	run_to(node.window().closes);
	let bond = Disputes::least_bond(deal).unwrap();
	send(Eve, pallet_disputes::Call::open { deal, evidence: [1; 32], bond });
	(node, deal, bond)
}

pub(crate) fn answered() -> (Node, DealId, Balance) {
	let (node, deal, bond) = disputed();
	apply(node.answer(deal, [2; 32]));
	(node, deal, bond)
}

fn decide(deal: DealId, verdict: Verdict) {
	assert_ok!(executed(&motion(pallet_disputes::Call::decide { deal, verdict }, &[Alice, Bob], 2)));
}

fn free(who: &AccountId) -> Balance {
	<Balances as frame_support::traits::Currency<AccountId>>::free_balance(who)
}

fn over(deal: DealId) -> bool {
	Disputes::standing(deal).is_none()
}

fn held(who: Sr25519Keyring, reason: HoldReason) -> Balance {
	Balances::balance_on_hold(&reason.into(), &who.to_account_id())
}

/// What the API says of a dispute.
fn page(deal: DealId) -> DisputePage {
	deal_page(deal).unwrap().dispute.unwrap()
}

#[test]
fn the_page_of_a_deal_tells_its_dispute_and_that_silence_loses() {
	scenario(|| {
		let (_node, deal, bond) = disputed();
		let Stage::Open { answer_by } = page(deal).stage else { panic!("open") };
		let stage = Stage::Open { answer_by };
		let open = DisputePage { id: DisputeId(0), evidence: [1; 32], bond, answer: None, stage };

		run_to(answer_by - 1);
		assert_eq!((page(deal), Disputes::standing(deal)), (open, Some(Standing::AwaitsAnswer)));
		run_to(answer_by);

		let final_at = answer_by + governance::OverturnPeriod::get();
		let stage = Stage::Decided { verdict: Verdict::Upheld, final_at };
		assert_eq!(page(deal), DisputePage { stage, ..open });
		run_to(final_at - 1);
		assert_eq!(Disputes::standing(deal), Some(Standing::Appealable(Verdict::Upheld)));
		run_to(final_at);
		assert_eq!(Disputes::standing(deal), Some(Standing::Final(Verdict::Upheld)));
		send(Charlie, pallet_disputes::Call::execute { deal });
		assert_eq!(deal_page(deal).unwrap().dispute, None);
	});
}

// R3: silence loses, and no answer could be included.
#[test]
fn an_agent_answers_after_a_migration_over_the_deadline() {
	scenario(|| {
		let (node, deal, _) = disputed();
		let Stage::Open { answer_by } = page(deal).stage else { panic!("open") };
		let blocks = answer_by + 9 - System::block_number();

		migrate(blocks);

		assert_eq!(page(deal).stage, Stage::Open { answer_by: answer_by + blocks });
		apply(node.answer(deal, [2; 32]));
		assert_eq!(page(deal).answer, Some([2; 32]));
	});
}

#[test]
fn the_page_of_a_deal_tells_the_answer_and_what_follows_without_a_decision() {
	scenario(|| {
		let (_node, deal, _) = answered();
		let Stage::Answered { decide_by } = page(deal).stage else { panic!("answered") };
		assert_eq!(page(deal).answer, Some([2; 32]));

		run_to(decide_by);

		let stage = Stage::Decided { verdict: Verdict::Dismissed, final_at: decide_by };
		assert_eq!((page(deal).stage, Disputes::standing(deal)), (stage, Some(Standing::Final(Verdict::Dismissed))));
	});
}

#[test]
fn the_page_of_a_deal_tells_the_decision_and_when_it_is_final() {
	scenario(|| {
		let (_node, deal, _) = answered();

		decide(deal, Verdict::Rejected);

		let Stage::Decided { verdict, final_at } = page(deal).stage else { panic!("decided") };
		assert_eq!(verdict, Verdict::Rejected);
		run_to(final_at - 1);
		assert_eq!(Disputes::standing(deal), Some(Standing::Appealable(Verdict::Rejected)));
		run_to(final_at);
		assert_eq!(Disputes::standing(deal), Some(Standing::Final(Verdict::Rejected)));
	});
}

#[test]
fn the_council_decides_and_anyone_executes_once_it_is_final() {
	scenario(|| {
		let (_node, deal, _) = answered();
		decide(deal, Verdict::Upheld);
		assert_eq!(Disputes::standing(deal), Some(Standing::Appealable(Verdict::Upheld)));
		let early = attempt(signed(Charlie, pallet_disputes::Call::execute { deal }));
		assert_eq!(early, Err(pallet_disputes::Error::<Runtime>::NotFinal.into()));
		let before = free(&TreasuryPot::get());

		run_to(System::block_number() + governance::OverturnPeriod::get());
		let events = send(Charlie, pallet_disputes::Call::execute { deal });

		assert!(over(deal));
		let refunded = events.iter().find_map(|event| match event {
			RuntimeEvent::Disputes(pallet_disputes::Event::DisputeExecuted { refunded, forfeited, .. }) => {
				Some((*refunded, *forfeited))
			}
			_ => None,
		});
		// All twenty periods, although two were proven: nobody has settled them.
		let rate = deal_page(deal).unwrap().deal.rate;
		assert_eq!(refunded, Some((20 * rate, 10 * STN)));
		assert!(free(&TreasuryPot::get()) >= before + 10 * STN);
	});
}

#[test]
fn token_holders_overturn_the_council_in_time() {
	scenario(|| {
		let (_node, deal, bond) = answered();
		decide(deal, Verdict::Rejected);
		let held = free(&Eve.to_account_id());

		// The ordinary way, without any shortcut, fits.
		let verdict = Verdict::Upheld;
		assert_ok!(outcome(&enact(pallet_disputes::Call::overturn { deal, verdict }.into())));

		assert!(over(deal));
		let rate = deal_page(deal).unwrap().deal.rate;
		assert_eq!(free(&Eve.to_account_id()), held + bond + 20 * rate);
	});
}

#[test]
fn a_referendum_fits_even_if_it_lets_another_one_go_first() {
	scenario(|| {
		let (_node, deal, _) = answered();
		// The council decides at the worst moment: the next launch is just over when somebody proposes.
		let launch_period = governance::LaunchPeriod::get();
		run_to((System::block_number() / launch_period + 1) * launch_period - 6);
		decide(deal, Verdict::Rejected);
		let other = launch(crate::governance_referenda::change(77));
		let overturn: RuntimeCall = pallet_disputes::Call::overturn { deal, verdict: Verdict::Upheld }.into();
		let index = launch(overturn);
		vote(Bob, index, aye(Conviction::None, STN));
		run_to(end(index) + governance::EnactmentPeriod::get());

		assert!(over(deal), "referendum {other} went first");
	});
}

#[test]
fn while_a_deal_is_disputed_its_periods_go_on_and_its_money_does_not() {
	scenario(|| {
		let (node, deal, bond) = answered();
		let error: sp_runtime::DispatchError = pallet_storage_market::Error::<Runtime>::Disputed.into();
		for (who, call) in [
			(Charlie, pallet_storage_market::Call::settle { deal }),
			(Eve, pallet_storage_market::Call::end_early { deal }),
			(Dave, pallet_storage_market::Call::forfeit { deal }),
			(Charlie, pallet_storage_market::Call::close { deal }),
		] {
			assert_eq!(attempt(signed(who, call)), Err(error));
		}
		node.prove_next();
		run_to(node.window().closes);
		// Two votes later nobody has decided: both bonds back but a tenth of the customer's, and what was earned is paid.
		run_to(System::block_number() + governance::DecisionPeriod::get());
		assert_eq!((held(Eve, HoldReason::DisputeBond), held(Dave, HoldReason::AnswerBond)), (bond, 10 * STN));
		let events = send(Charlie, pallet_disputes::Call::execute { deal });

		assert!(events.iter().any(|event| matches!(
			event,
			RuntimeEvent::StorageMarket(pallet_storage_market::Event::DealSettled { proven: 3, .. })
		)));
		let DealState::Active(terms) = deal_page(deal).unwrap().deal.state else { panic!("accepted") };
		assert!(terms.compensation_periods > 0);
		// Finding G4.
		assert_eq!((held(Eve, HoldReason::DisputeBond), held(Dave, HoldReason::AnswerBond)), (0, 0));
		let (source, dest) = (Eve.to_account_id(), Dave.to_account_id());
		let tenth = pallet_balances::Event::<Runtime>::TransferOnHold {
			reason: HoldReason::DisputeBond.into(),
			source,
			dest,
			amount: bond / 10,
		};
		assert!(events.contains(&RuntimeEvent::Balances(tenth)), "{events:?}");
	});
}

// Finding 3: the bytes of a disputed deal stayed due for fifty days, at the risk of the whole node.
#[test]
fn an_operator_concedes_and_the_slot_is_due_no_longer() {
	scenario(|| {
		let mut node = Node::register(Dave);
		let contents = [1, 2].map(|seed| content(seed, 5_000));
		let [lost, kept] = contents.each_ref().map(|bytes| propose(Eve, node.id, bytes, 20));
		let [first, second] = contents;
		let acceptance = node.acceptance(vec![(lost, first), (kept, second)]);
		apply(acceptance);
		node.first_window();
		node.prove_next();
		run_to(node.window().closes);
		send(Charlie, pallet_storage_market::Call::settle { deal: lost });
		let bond = Disputes::least_bond(lost).unwrap();
		send(Eve, pallet_disputes::Call::open { deal: lost, evidence: [1; 32], bond });
		apply(node.answer(lost, [2; 32]));
		let forfeit = attempt(signed(Dave, pallet_storage_market::Call::forfeit { deal: lost }));
		assert_eq!(forfeit, Err(pallet_storage_market::Error::<Runtime>::Disputed.into()));
		let foreign = attempt(signed(Eve, pallet_disputes::Call::concede { deal: lost }));
		assert_eq!(foreign, Err(pallet_disputes::Error::<Runtime>::NotOperator.into()));
		let before = free(&Eve.to_account_id());

		let events = send(Dave, pallet_disputes::Call::concede { deal: lost });

		// Nineteen periods are left in escrow, and one was paid.
		let rate = deal_page(lost).unwrap().deal.rate;
		let (refunded, compensated) = (19 * rate, rate);
		let conceded = pallet_disputes::Event::DisputeConceded { deal: lost, refunded, compensated };
		assert!(events.contains(&RuntimeEvent::Disputes(conceded)), "{events:?}");
		assert_eq!(free(&Eve.to_account_id()), before + bond + refunded + compensated);
		assert_eq!((held(Eve, HoldReason::DisputeBond), held(Dave, HoldReason::AnswerBond)), (0, 0));
		assert_eq!((node.page().bond, over(lost)), (BOND - compensated, true));
		// The running period is its last.
		node.prove_next();
		run_to(node.window().closes);
		send(Charlie, pallet_storage_market::Call::close { deal: lost });
		node.prove_next();
		let clearance = node.clearance(lost);
		apply(clearance);
		assert_eq!((deal_page(lost), node.page().forest.total), (None, 5_000));
		// What is kept goes on without it.
		run_to(node.window().closes);
		assert_eq!(node.window().frozen.total, 5_000);
		node.prove_next();
		assert_eq!((node.page().committed_rate, node.page().reserve), (rate, 7 * rate));
		let DealState::Active(terms) = deal_page(kept).unwrap().deal.state else { panic!("accepted") };
		assert_eq!(terms.last.0 - terms.first.0, 19);
	});
}

// Finding 4: one customer could hold a node for ever with a deal that was over.
#[test]
fn the_last_word_about_an_ended_deal_closes_it() {
	scenario(|| {
		let mut node = Node::register(Dave);
		let deal = node.store(Eve, content(1, 5_000), 2);
		node.first_window();
		node.prove_next();
		let bond = Disputes::least_bond(deal).unwrap();
		let open: RuntimeCall = pallet_disputes::Call::open { deal, evidence: [1; 32], bond }.into();
		send(Eve, open.clone());
		apply(node.answer(deal, [2; 32]));
		let Stage::Answered { decide_by } = page(deal).stage else { panic!("answered") };
		node.prove_next();
		// Nobody decides, and meanwhile the term ends.
		run_to(node.window().closes.max(decide_by));
		let DealState::Active(terms) = deal_page(deal).unwrap().deal.state else { panic!("accepted") };
		assert!(node.window().period > terms.last);
		let close = attempt(signed(Charlie, pallet_storage_market::Call::close { deal }));
		assert_eq!(close, Err(pallet_storage_market::Error::<Runtime>::Disputed.into()));
		assert_eq!(Disputes::least_bond(deal), None);

		let calls: Vec<RuntimeCall> = vec![pallet_disputes::Call::execute { deal }.into(), open];
		let again = attempt(signed(Eve, pallet_utility::Call::batch_all { calls }));
		assert_eq!(again, Err(pallet_disputes::Error::<Runtime>::NoAcceptedDeal.into()));
		let events = send(Eve, pallet_disputes::Call::execute { deal });

		let closed = pallet_storage_market::Event::DealClosed { deal, refunded: 0 };
		assert!(events.contains(&RuntimeEvent::StorageMarket(closed)), "{events:?}");
		assert_eq!((deal_page(deal), over(deal)), (None, true));
		assert!(!pallet_storage_market::NodeAccounts::<Runtime>::contains_key(node.id));
		let clearance = node.clearance(deal);
		apply(clearance);
		assert_eq!(node.page().forest.total, 0);
	});
}

#[test]
fn silence_loses() {
	scenario(|| {
		let (_node, deal, bond) = disputed();
		run_to(System::block_number() + governance::AnswerPeriod::get());
		assert_eq!(Disputes::standing(deal), Some(Standing::Appealable(Verdict::Upheld)));
		run_to(System::block_number() + governance::OverturnPeriod::get());
		let before = free(&Eve.to_account_id());

		send(Charlie, pallet_disputes::Call::execute { deal });

		assert!(over(deal));
		assert!(free(&Eve.to_account_id()) > before + bond);
	});
}
