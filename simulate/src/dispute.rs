//! A customer who disputes only to harm: every deal with an honest node at once, without evidence.
//!
//! ```text
//! era 0        1             2                 3      ...      30
//! |------------|-------------|-----------------|----------------|---------
//!   the node     it accepts    first proofs;                      nobody has decided:
//!   is there     the deals     disputes, answers                  all are dismissed, deals are settled
//! ```
//! In the twin the same deals are kept and paid for, and nobody disputes.

use crate::{
	amount::{difference, exact_signed},
	cast::{Cast, Scenario},
	node::Node,
	strategy::FIRST,
	wealth::Estate,
	world::World,
};
use frame_support::traits::Get;
use std::collections::BTreeSet;
use substation_primitives::{settings::STN, Balance, BlockNumber, DealId, NodeId, Period, ResourceClass};
use substation_runtime::{governance, Disputes, Runtime};

/// What each deal pays for a period.
const RATE: Balance = STN;

/// Periods of each deal: longer than a dispute that nobody decides.
const PERIODS: u32 = 40;

/// Bond of the node: more than all deals require.
const BOND: Balance = 10_000 * STN;

/// What disputes have cost both sides.
#[derive(Clone, Debug)]
pub(crate) struct Flood {
	/// How many deals were disputed.
	pub deals: u64,
	/// What the customer has lost by disputing.
	pub spent: i128,
	/// What the operator has lost by it.
	pub harm: i128,
	/// What the operator had on hold for answers meanwhile.
	pub held: Balance,
	/// Transactions that should have worked and did not, and invariants that do not hold.
	pub findings: Vec<String>,
}

impl Flood {
	/// In a sentence.
	pub(crate) fn summary(&self) -> String {
		let Self { deals, spent, harm, held, .. } = self;
		let (spent, harm, held) = (exact_signed(*spent), exact_signed(*harm), exact_signed(difference(*held, 0)));
		format!("{deals} disputes that nobody decides: customer loses {spent} STN, operator {harm} STN; {held} STN on hold\n")
	}
}

/// How a run ended: what customer and operator own, and what the operator had on hold.
struct End {
	customer: Balance,
	operator: Balance,
	held: Balance,
	findings: Vec<String>,
}

/// Disputes so many deals of one node, and compares with the same deals undisputed.
pub(crate) fn flood(deals: u64) -> Flood {
	let cast = Cast::new(&Scenario::default());
	let (twin, run) = (Course::new(&cast, deals).run(false), Course::new(&cast, deals).run(true));
	Flood {
		deals,
		spent: difference(twin.customer, run.customer),
		harm: difference(twin.operator, run.operator),
		held: run.held,
		findings: twin.findings.into_iter().chain(run.findings).collect(),
	}
}

struct Course<'a> {
	cast: &'a Cast,
	node: Node,
	deals: Vec<DealId>,
	world: World,
}

impl<'a> Course<'a> {
	fn new(cast: &'a Cast, deals: u64) -> Self {
		let operator = cast.lines.first().expect("there are honest lines").clone();
		let deals = (0..deals).map(DealId).collect();
		Self { cast, node: Node::new(NodeId(0), operator), deals, world: World::new(cast) }
	}

	fn run(mut self, disputes: bool) -> End {
		let clock = self.cast.scenario().lengths().clock;
		let opens = |node: &Node, period| node.opens(&clock, Period(period));
		let filled = opens(&self.node, 0) + clock.window + 1;
		let disputed = opens(&self.node, FIRST) + clock.window + 1;
		let decided =
			disputed + self.world.read(|| governance::AnswerPeriod::get() + governance::DecisionPeriod::get());
		let end = decided + 2 * clock.period;
		let mut held = 0;
		let proofs: BTreeSet<BlockNumber> = (FIRST..PERIODS).map(|period| opens(&self.node, period) + 2).collect();
		while self.world.number() < end {
			let next = self.world.number() + 1;
			if next == 2 {
				let registration = self.node.registration(ResourceClass::Storage, BOND);
				self.world.sign(&self.node.operator, registration);
			}
			if next == filled {
				self.fill();
			}
			if proofs.contains(&next) {
				let proof = self.world.read(|| self.node.proof());
				proof.into_iter().for_each(|proof| self.world.submit(proof));
			}
			if disputes && next == disputed {
				self.open();
			}
			if disputes && next == disputed + 10 {
				self.answer();
			}
			if next == disputed + 20 {
				held = self.on_hold();
			}
			if disputes && next == decided + 20 {
				self.execute();
			}
			self.world.block();
		}
		self.settle();
		let operator = &self.node.operator.account;
		let honest = Estate { accounts: [operator.clone()].into(), nodes: [self.node.id].into() };
		let customer = Estate::of(self.cast, &[], &[]);
		let [customer, operator] = [customer, honest].map(|estate| self.world.read(|| estate.wealth().total()));
		let mut findings = self.world.violations();
		findings.extend_from_slice(self.world.failures());
		End { customer, operator, held, findings }
	}

	fn fill(&mut self) {
		let least = self.cast.scenario().settings.market.min_billed;
		for deal in self.deals.clone() {
			let proposal = self.node.proposal(deal, RATE, PERIODS, least);
			self.world.sign(&self.cast.purse, proposal);
			let acceptance = self.node.acceptance(deal, Period(FIRST - 1));
			self.world.submit(acceptance);
		}
	}

	fn open(&mut self) {
		for deal in self.deals.clone() {
			let Some(bond) = self.world.read(|| Disputes::least_bond(deal)) else { continue };
			let evidence = [7; 32];
			self.world.sign(&self.cast.purse, pallet_disputes::Call::<Runtime>::open { deal, evidence, bond });
		}
	}

	fn answer(&mut self) {
		for deal in self.deals.clone() {
			let evidence = [8; 32];
			self.world.sign(&self.node.operator, pallet_disputes::Call::<Runtime>::answer { deal, evidence });
		}
	}

	/// The operator's bonds of answers.
	fn on_hold(&mut self) -> Balance {
		let bond = self.cast.scenario().settings.disputes.answer_bond;
		let answered = |deal: &DealId| {
			pallet_disputes::Disputes::<Runtime>::get(deal).is_some_and(|dispute| dispute.answer.is_some())
		};
		let count = self.world.read(|| self.deals.iter().filter(|deal| answered(deal)).count());
		bond * Balance::try_from(count).unwrap_or(0)
	}

	/// Has the clerk end all disputes.
	fn execute(&mut self) {
		for deal in self.deals.clone() {
			self.world.sign(&self.cast.clerk, pallet_disputes::Call::<Runtime>::execute { deal });
		}
	}

	fn settle(&mut self) {
		for deal in self.deals.clone() {
			self.world.sign(&self.node.operator, pallet_storage_market::Call::<Runtime>::settle { deal });
		}
		self.world.drain();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::strategy::FEE_RESERVE;

	#[test]
	fn disputes_that_nobody_decides_cost_their_customer_more_than_their_node() {
		let flood = flood(3);

		assert_eq!(flood.findings, Vec::<String>::new());
		let bonds = Scenario::default().settings.disputes.answer_bond * 3;
		assert_eq!(flood.held, bonds, "{flood:?}");
		assert!(flood.spent > 0, "{flood:?}");
		assert!(flood.harm <= i128::try_from(FEE_RESERVE).unwrap(), "{flood:?}");
	}
}
