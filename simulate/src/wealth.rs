//! What somebody owns, each planck once.
//!
//! Money on hold, at stake or locked is still in its account's total. What is not in any of the accounts, but theirs: fees
//! that a line has prepaid or earned, and rewards that a claim would pay. What stakes have earned is paid out before
//! anybody counts.

use crate::{cast::Cast, keys::Key, node::Node};
use frame_support::traits::fungible::Inspect;
use pallet_rewards::CLASSES;
use std::collections::BTreeSet;
use substation_primitives::{
	rewards::{Earner, PoolPage, RewardPage},
	Balance, NodeId, ResourceClass,
};
use substation_runtime::{AccountId, Balances, Rewards, Runtime};

/// Accounts and nodes of one owner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Estate {
	/// Its accounts.
	pub accounts: BTreeSet<AccountId>,
	/// Its nodes.
	pub nodes: BTreeSet<NodeId>,
}

/// What an estate is worth, by where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wealth {
	/// In accounts: free, on hold, at stake.
	pub accounts: Balance,
	/// Prepaid for tests of lines, and earned as a member.
	pub lines: Balance,
	/// Rewards of eras that are over.
	pub pending: Balance,
	/// Credits of the running era, at the rate at which its pool would pay if it ended now.
	pub running: Balance,
}

impl Wealth {
	/// All of it.
	pub(crate) fn total(&self) -> Balance {
		self.accounts + self.lines + self.pending + self.running
	}
}

impl Estate {
	/// What these operators have with their nodes.
	pub(crate) fn of_nodes(nodes: &[Node]) -> Self {
		let accounts = nodes.iter().map(|node| node.operator.account.clone()).collect();
		Self { accounts, nodes: nodes.iter().map(|node| node.id).collect() }
	}

	/// What these identities have with the purse of a cast, and with its accomplice among the validators if there is one.
	pub(crate) fn of(cast: &Cast, identities: &[Key], nodes: &[Node]) -> Self {
		let mut accounts: BTreeSet<_> = identities.iter().map(|key| key.account.clone()).collect();
		accounts.insert(cast.purse.account.clone());
		if cast.scenario().commission.is_some() {
			accounts.insert(cast.accomplice.account.clone());
		}
		Self { accounts, nodes: nodes.iter().map(|node| node.id).collect() }
	}

	/// What it is worth in the present state.
	pub(crate) fn wealth(&self) -> Wealth {
		let mut wealth = Wealth {
			accounts: self.accounts.iter().map(Balances::total_balance).sum(),
			lines: self.nodes.iter().map(fees_of_line).sum(),
			..Wealth::default()
		};
		let supply = Rewards::supply_page();
		for page in self.earners().into_iter().filter_map(Rewards::reward_page) {
			let RewardPage { pending, credited, .. } = page;
			let pool = match page.earner.class() {
				ResourceClass::Storage => supply.storage,
				ResourceClass::Bandwidth => supply.bandwidth,
			};
			wealth.pending += pending;
			wealth.running += at_rate_of(&pool, credited);
		}
		wealth
	}

	/// Everybody of the estate who may have earned rewards.
	pub(crate) fn earners(&self) -> Vec<Earner<AccountId>> {
		let of_node = |node| {
			let of_class = move |class| Earner::Node { node, class };
			CLASSES.map(of_class)
		};
		let nodes = self.nodes.iter().copied().flat_map(of_node);
		nodes.chain(self.accounts.iter().cloned().map(Earner::Payee)).collect()
	}
}

fn fees_of_line(node: &NodeId) -> Balance {
	pallet_bandwidth_proofs::Lines::<Runtime>::get(node).map_or(0, |line| line.prepaid + line.earned)
}

fn at_rate_of(pool: &PoolPage, units: Balance) -> Balance {
	pallet_rewards::Pool { units: pool.units, budget: pool.budget }.paid(units)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		cast::Scenario,
		coalition::{Coalition, Plan},
		strategy::Strategy,
		world::World,
	};
	use substation_runtime::RuntimeEvent;

	#[test]
	fn an_estate_at_the_start_is_worth_its_tokens() {
		for commission in [None, Some(Default::default())] {
			let scenario = Scenario { commission, ..Scenario::default() };
			let cast = Cast::new(&scenario);
			let plan = Plan { strategy: Strategy::Everything, identities: 3, nominates: true };
			let coalition = Coalition::new(&cast, plan).unwrap();
			let mut world = World::new(&cast);

			let wealth = world.read(|| coalition.estate().wealth());

			assert_eq!(wealth, Wealth { accounts: scenario.tokens, ..Wealth::default() });
		}
	}

	#[test]
	fn bonds_seats_escrow_channels_and_stakes_are_counted_once() {
		let cast = Cast::new(&Scenario::default());
		let plan = Plan { strategy: Strategy::Everything, identities: 4, nominates: true };
		let mut coalition = Coalition::new(&cast, plan).unwrap();
		let mut world = World::new(&cast);
		let accounts = coalition.estate().accounts.clone();
		let mut fees = 0;

		// Through the set-up, the nomination and the opening of channels, before anything is earned or redeemed.
		for _ in 0..140 {
			coalition.act(&mut world);
			world.block();
			fees += world.events().iter().map(|event| fee_of(event, &accounts)).sum::<Balance>();
		}

		assert_eq!(world.failures(), Vec::<String>::new());
		let wealth = world.read(|| coalition.estate().wealth());
		assert!(wealth.lines > 0, "{wealth:?}");
		let earned = |node: &NodeId| pallet_bandwidth_proofs::Lines::<Runtime>::get(node).map_or(0, |line| line.earned);
		let earned: Balance = world.read(|| coalition.estate().nodes.iter().map(earned).sum());
		assert_eq!(wealth.total() + fees, cast.scenario().tokens + earned, "{wealth:?}");
	}

	fn fee_of(event: &RuntimeEvent, accounts: &BTreeSet<AccountId>) -> Balance {
		match event {
			RuntimeEvent::TransactionPayment(pallet_transaction_payment::Event::TransactionFeePaid {
				who,
				actual_fee,
				..
			}) if accounts.contains(who) => *actual_fee,
			_ => 0,
		}
	}
}
