//! Random commands: whatever happens in whatever order, the invariants hold and no money appears or disappears.

use crate::mock::*;
use proptest::prelude::*;
use substation_primitives::{
	traits::{Bonds, Sanctions},
	Balance, NodeId, Offer, ResourceClass,
};

#[derive(Clone, Debug)]
enum Command {
	Register { operator: u64, class: ResourceClass, bond: Balance },
	AddClass { operator: u64, node: NodeId, class: ResourceClass, bond: Balance },
	SetAgent { operator: u64, node: NodeId, agent: u64 },
	SetOffer { operator: u64, node: NodeId, class: ResourceClass, capacity: u64 },
	AddBond { operator: u64, node: NodeId, class: ResourceClass, amount: Balance },
	ReleaseBond { operator: u64, node: NodeId, class: ResourceClass, amount: Balance },
	Leave { operator: u64, node: NodeId },
	Unbond { node: NodeId },
	Withdraw { operator: u64, node: NodeId },
	Suspend { node: NodeId },
	LiftSuspension { node: NodeId },
	Terminate { node: NodeId },
	Take { node: NodeId, class: ResourceClass, to: u64, amount: Balance },
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

fn classes() -> impl Strategy<Value = ResourceClass> {
	prop_oneof![2 => Just(CLASS), 1 => Just(OTHER_CLASS)]
}

fn amounts() -> impl Strategy<Value = Balance> {
	prop_oneof![Just(0), 1..EXISTENTIAL_DEPOSIT, 1..3 * MIN_BOND, Just(Balance::MAX)]
}

fn commands() -> impl Strategy<Value = Command> {
	prop_oneof![
		3 => (operators(), classes(), MIN_BOND - 1..4 * MIN_BOND)
			.prop_map(|(operator, class, bond)| Command::Register { operator, class, bond }),
		2 => (operators(), nodes(), classes(), MIN_BOND - 1..4 * MIN_BOND)
			.prop_map(|(operator, node, class, bond)| Command::AddClass { operator, node, class, bond }),
		2 => (operators(), nodes(), 0u64..8)
			.prop_map(|(operator, node, agent)| Command::SetAgent { operator, node, agent }),
		1 => (operators(), nodes(), classes(), 0u64..3)
			.prop_map(|(operator, node, class, capacity)| Command::SetOffer { operator, node, class, capacity }),
		2 => (operators(), nodes(), classes(), amounts())
			.prop_map(|(operator, node, class, amount)| Command::AddBond { operator, node, class, amount }),
		2 => (operators(), nodes(), classes(), amounts())
			.prop_map(|(operator, node, class, amount)| Command::ReleaseBond { operator, node, class, amount }),
		2 => (operators(), nodes()).prop_map(|(operator, node)| Command::Leave { operator, node }),
		3 => nodes().prop_map(|node| Command::Unbond { node }),
		3 => (operators(), nodes()).prop_map(|(operator, node)| Command::Withdraw { operator, node }),
		1 => nodes().prop_map(|node| Command::Suspend { node }),
		1 => nodes().prop_map(|node| Command::LiftSuspension { node }),
		1 => nodes().prop_map(|node| Command::Terminate { node }),
		2 => (nodes(), classes(), prop_oneof![Just(OTHER), Just(OPERATOR), Just(TREASURY), Just(NOBODY)], amounts())
			.prop_map(|(node, class, to, amount)| Command::Take { node, class, to, amount }),
		1 => (amounts(), any::<bool>()).prop_map(|(fine, ends)| Command::Decide { fine, ends }),
		1 => (0..2 * MIN_BOND).prop_map(|amount| Command::Require { amount }),
		2 => (1..2 * UNBONDING).prop_map(|blocks| Command::Wait { blocks }),
	]
}

/// Refusals are part of the game; what matters is the state that they leave.
fn run(command: Command) {
	let _ = match command {
		Command::Register { operator, class, bond } => {
			let proof = bind(&agent(next()), operator);
			Registry::register(signed(operator), spec(), class, OFFER, bond, proof)
		}
		Command::SetAgent { operator, node, agent: number } => {
			Registry::set_agent(signed(operator), node, key(number), bind(&agent(number), operator))
		}
		Command::AddClass { operator, node, class, bond } => {
			Registry::add_class(signed(operator), node, class, OFFER, bond)
		}
		Command::SetOffer { operator, node, class, capacity } => {
			Registry::set_offer(signed(operator), node, class, Offer { capacity, price: 1 })
		}
		Command::AddBond { operator, node, class, amount } => Registry::add_bond(signed(operator), node, class, amount),
		Command::ReleaseBond { operator, node, class, amount } => {
			Registry::release_bond(signed(operator), node, class, amount)
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
		Command::Take { node, class, to, amount } => {
			let bond = Registry::bond(node, class);
			let moved = Registry::take(node, class, &to, amount);
			assert!(moved <= amount && moved == bond - Registry::bond(node, class));
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
