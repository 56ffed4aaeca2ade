//! Random commands: whatever happens in whatever order, the invariants hold and no money appears or disappears.

use crate::mock::*;
use proptest::prelude::*;
use substation_primitives::{
	traits::{Bonds, Sanctions},
	Balance, NodeId, Offer,
};

#[derive(Clone, Debug)]
enum Command {
	Register { operator: u64, bond: Balance },
	SetOffer { operator: u64, node: NodeId, capacity: u64 },
	AddBond { operator: u64, node: NodeId, amount: Balance },
	ReleaseBond { operator: u64, node: NodeId, amount: Balance },
	Leave { operator: u64, node: NodeId },
	Unbond { node: NodeId },
	Withdraw { operator: u64, node: NodeId },
	Suspend { node: NodeId },
	LiftSuspension { node: NodeId },
	Terminate { node: NodeId },
	Take { node: NodeId, to: u64, amount: Balance },
	Decide { fine: Balance, ends: bool },
	Require { amount: Balance },
	Wait { blocks: u32 },
}

fn operators() -> impl Strategy<Value = u64> {
	prop_oneof![4 => Just(OPERATOR), 1 => Just(OTHER)]
}

fn nodes() -> impl Strategy<Value = NodeId> {
	(0u64..5).prop_map(NodeId)
}

fn amounts() -> impl Strategy<Value = Balance> {
	prop_oneof![Just(0), 1..EXISTENTIAL_DEPOSIT, 1..3 * MIN_BOND, Just(Balance::MAX)]
}

fn commands() -> impl Strategy<Value = Command> {
	prop_oneof![
		3 => (operators(), MIN_BOND - 1..4 * MIN_BOND).prop_map(|(operator, bond)| Command::Register { operator, bond }),
		1 => (operators(), nodes(), 0u64..3)
			.prop_map(|(operator, node, capacity)| Command::SetOffer { operator, node, capacity }),
		2 => (operators(), nodes(), amounts())
			.prop_map(|(operator, node, amount)| Command::AddBond { operator, node, amount }),
		2 => (operators(), nodes(), amounts())
			.prop_map(|(operator, node, amount)| Command::ReleaseBond { operator, node, amount }),
		2 => (operators(), nodes()).prop_map(|(operator, node)| Command::Leave { operator, node }),
		3 => nodes().prop_map(|node| Command::Unbond { node }),
		3 => (operators(), nodes()).prop_map(|(operator, node)| Command::Withdraw { operator, node }),
		1 => nodes().prop_map(|node| Command::Suspend { node }),
		1 => nodes().prop_map(|node| Command::LiftSuspension { node }),
		1 => nodes().prop_map(|node| Command::Terminate { node }),
		2 => (nodes(), prop_oneof![Just(OTHER), Just(OPERATOR), Just(TREASURY), Just(NOBODY)], amounts())
			.prop_map(|(node, to, amount)| Command::Take { node, to, amount }),
		1 => (amounts(), any::<bool>()).prop_map(|(fine, ends)| Command::Decide { fine, ends }),
		1 => (0..2 * MIN_BOND).prop_map(|amount| Command::Require { amount }),
		2 => (1..2 * UNBONDING).prop_map(|blocks| Command::Wait { blocks }),
	]
}

/// Refusals are part of the game; what matters is the state that they leave.
fn run(command: Command) {
	let _ = match command {
		Command::Register { operator, bond } => Registry::register(signed(operator), spec(), CLASS, OFFER, bond),
		Command::SetOffer { operator, node, capacity } => {
			Registry::set_offer(signed(operator), node, CLASS, Offer { capacity, price: 1 })
		}
		Command::AddBond { operator, node, amount } => Registry::add_bond(signed(operator), node, CLASS, amount),
		Command::ReleaseBond { operator, node, amount } => {
			Registry::release_bond(signed(operator), node, CLASS, amount)
		}
		Command::Leave { operator, node } => Registry::leave(signed(operator), node),
		Command::Unbond { node } => Registry::unbond(signed(OTHER), node),
		Command::Withdraw { operator, node } => Registry::withdraw(signed(operator), node),
		Command::Suspend { node } => Registry::suspend(RuntimeOrigin::root(), node),
		Command::LiftSuspension { node } => Registry::lift_suspension(RuntimeOrigin::root(), node),
		Command::Terminate { node } => {
			Registry::terminate(node);
			Ok(())
		}
		Command::Take { node, to, amount } => {
			let bond = Registry::bond(node, CLASS);
			let moved = Registry::take(node, CLASS, &to, amount);
			assert!(moved <= amount && moved == bond - Registry::bond(node, CLASS));
			Ok(())
		}
		Command::Decide { fine, ends } => {
			Decided::set(Some((fine, ends)));
			Ok(())
		}
		Command::Require { amount } => {
			Required::set(amount);
			Ok(())
		}
		Command::Wait { blocks } => {
			System::set_block_number(System::block_number() + blocks);
			Ok(())
		}
	};
}

proptest! {
	#[test]
	fn no_order_of_commands_breaks_an_invariant(commands in prop::collection::vec(commands(), 1..60)) {
		ExtBuilder.build_and_execute(|| {
			for command in commands {
				run(command);

				Registry::do_try_state().expect("the invariants hold");
				assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), 2 * FUNDS + EXISTENTIAL_DEPOSIT);
			}
		});
	}
}
