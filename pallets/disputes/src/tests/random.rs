//! Random commands: whatever happens in whatever order, the invariants hold, no money appears or disappears, and nothing
//! is at risk but a disputed deal's own stake and the two bonds.

use crate::{mock::*, Verdict};
use proptest::prelude::*;
use substation_primitives::{Balance, DealId};

#[derive(Clone, Debug)]
enum Command {
	Open { who: AccountId, deal: DealId, bond: Balance },
	Answer { who: AccountId, deal: DealId },
	AnswerByAgent { deal: DealId },
	Decide { deal: DealId, verdict: Verdict },
	Overturn { deal: DealId, verdict: Verdict },
	Execute { deal: DealId },
	Concede { who: AccountId, deal: DealId },
	EndTerm { deal: DealId },
	Wait { blocks: u32 },
}

fn deals() -> impl Strategy<Value = DealId> {
	prop_oneof![4 => Just(DEAL), 2 => Just(OTHER_DEAL), 1 => Just(POOR_DEAL)]
}

fn verdicts() -> impl Strategy<Value = Verdict> {
	prop_oneof![Just(Verdict::Upheld), Just(Verdict::Rejected), Just(Verdict::Dismissed)]
}

fn commands() -> impl Strategy<Value = Command> {
	let accounts = || prop_oneof![3 => Just(CUSTOMER), 3 => Just(OPERATOR), 1 => Just(ANYONE), 1 => Just(POOR)];
	prop_oneof![
		3 => (accounts(), deals(), STAKE - 1..2 * STAKE).prop_map(|(who, deal, bond)| Command::Open { who, deal, bond }),
		2 => (accounts(), deals()).prop_map(|(who, deal)| Command::Answer { who, deal }),
		2 => deals().prop_map(|deal| Command::AnswerByAgent { deal }),
		3 => (deals(), verdicts()).prop_map(|(deal, verdict)| Command::Decide { deal, verdict }),
		1 => (deals(), verdicts()).prop_map(|(deal, verdict)| Command::Overturn { deal, verdict }),
		3 => deals().prop_map(|deal| Command::Execute { deal }),
		1 => (accounts(), deals()).prop_map(|(who, deal)| Command::Concede { who, deal }),
		1 => deals().prop_map(|deal| Command::EndTerm { deal }),
		2 => (1..60u32).prop_map(|blocks| Command::Wait { blocks }),
	]
}

fn run(command: Command) {
	// Refusals are part of the game.
	let _ = match command {
		Command::Open { who, deal, bond } => Disputes::open(signed(who), deal, [1; 32], bond),
		Command::Answer { who, deal } => Disputes::answer(signed(who), deal, [2; 32]),
		Command::AnswerByAgent { deal } => {
			if crate::Disputes::<Test>::contains_key(deal) {
				let _ = submit(agent_answer(deal, [2; 32]));
			}
			Ok(())
		}
		Command::Decide { deal, verdict } => Disputes::decide(signed(COUNCIL), deal, verdict),
		Command::Overturn { deal, verdict } => Disputes::overturn(RuntimeOrigin::root(), deal, verdict),
		Command::Execute { deal } => Disputes::execute(signed(ANYONE), deal),
		Command::Concede { who, deal } => Disputes::concede(signed(who), deal),
		Command::EndTerm { deal } => {
			end_term(deal);
			Ok(())
		}
		Command::Wait { blocks } => {
			forward(blocks);
			Ok(())
		}
	};
}

proptest! {
	#[test]
	fn money_is_neither_made_nor_lost_whatever_happens(commands in prop::collection::vec(commands(), 1..60)) {
		ExtBuilder.build().execute_with(|| {
			let issuance = pallet_balances::TotalIssuance::<Test>::get();
			for command in commands {
				let parties = [CUSTOMER, OPERATOR, POOR, TREASURY, ESCROW, BONDS];
				let before: Balance = parties.map(wealth).iter().sum();
				run(command);
				let after: Balance = parties.map(wealth).iter().sum();

				assert_eq!(before, after);
				// What left the escrow and the bonds is what ended deals had at stake.
				let left: Balance = Deals::iter_values().map(|deal| deal.escrow).sum();
				assert_eq!(WEALTH - wealth(ESCROW), 60 * substation_primitives::settings::STN - left);
				assert!(wealth(ANYONE) == WEALTH && wealth(COUNCIL) == WEALTH);
				Disputes::do_try_state().expect("the invariants hold");
			}
			assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance);
		});
	}

	/// Every dispute can be ended at a block that is known from the start.
	#[test]
	fn every_dispute_ends(commands in prop::collection::vec(commands(), 1..40)) {
		ExtBuilder.build().execute_with(|| {
			commands.into_iter().for_each(run);
			forward(ANSWER_PERIOD + DECISION_PERIOD + OVERTURN_PERIOD);
			for deal in crate::Disputes::<Test>::iter_keys().collect::<Vec<_>>() {
				Disputes::execute(signed(ANYONE), deal).expect("the dispute is over");
			}
			assert_eq!((bonds(CUSTOMER), bonds(OPERATOR)), ((0, 0), (0, 0)));
			assert!(Deals::iter_values().all(|deal| !deal.held_back));
		});
	}
}
