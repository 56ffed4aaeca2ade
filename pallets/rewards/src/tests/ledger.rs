//! A million random histories of the pure core against a model that keeps everything for ever and divides exactly.

use crate::{
	availability, pool,
	types::{Current, EraState, Pool, Pools, Record},
};
use proptest::{
	collection::SizeRange,
	prelude::*,
	test_runner::{Config, TestCaseError, TestRunner},
};
use sp_core::U256;
use sp_runtime::Permill;
use std::{cell::RefCell, collections::BTreeMap};
use substation_primitives::{
	rewards::{KEPT_ERAS, MAX_USAGE, YIELD_ONE},
	Balance, BlockNumber, ResourceClass,
};

const PEOPLE: usize = 6;
const ERA_BLOCKS: BlockNumber = 50;

#[derive(Clone, Debug)]
enum Command {
	Usage { who: usize, burned: Balance },
	Prove { who: usize, bond: Balance, wait: BlockNumber, longest: BlockNumber },
	Lapse { who: usize },
	End { storage: Balance, bandwidth: Balance, yields: u128 },
	Forget { eras: u32 },
	Claim { who: usize },
}

fn command() -> impl Strategy<Value = Command> {
	let who = || 0..PEOPLE;
	prop_oneof![
		8 => (who(), prop_oneof![0..50u128, 0..1_000_000u128])
			.prop_map(|(who, burned)| Command::Usage { who, burned }),
		8 => (who(), 0..1_000_000u128, 0..12u32, 1..40u32)
			.prop_map(|(who, bond, wait, longest)| Command::Prove { who, bond, wait, longest }),
		1 => who().prop_map(|who| Command::Lapse { who }),
		3 => (0..600_000u128, 0..600_000u128, 0..YIELD_ONE / 100)
			.prop_map(|(storage, bandwidth, yields)| Command::End { storage, bandwidth, yields }),
		1 => (0..60u32).prop_map(|eras| Command::Forget { eras }),
		3 => who().prop_map(|who| Command::Claim { who }),
	]
}

/// Half of them store, half of them carry.
fn class_of(who: usize) -> ResourceClass {
	if who.is_multiple_of(2) {
		ResourceClass::Storage
	} else {
		ResourceClass::Bandwidth
	}
}

/// What is owed to one earner, by a model without folding.
#[derive(Clone, Default)]
struct Truth {
	/// Credits that no claim or credit of a later era has touched yet, with their era.
	fresh: (u32, Balance),
	/// What they became, exactly: numerators by denominator.
	exact: BTreeMap<Balance, U256>,
	/// The same, rounded down era by era.
	rounded: Balance,
	/// How often that rounded.
	roundings: u32,
	claimed: Balance,
	/// Yields that were credited, and their sum at the first proof.
	yields: (u128, Option<u128>),
}

#[derive(Default)]
struct World {
	now: BlockNumber,
	era: EraState,
	kept: BTreeMap<u32, Pools>,
	records: Vec<Record>,
	/// Every pool there ever was, and what it has paid.
	all: BTreeMap<u32, (Pools, [Balance; 2])>,
	truths: Vec<Truth>,
	/// What usage was credited and what was burned for it, in all.
	usage: (Balance, Balance),
	tried: BTreeMap<&'static str, u32>,
}

impl World {
	fn new() -> Self {
		let pools = Pools { storage: Pool::with_budget(300_000), bandwidth: Pool::with_budget(100_000) };
		Self {
			era: EraState { pools, ..Default::default() },
			records: vec![Record::default(); PEOPLE],
			truths: vec![Truth::default(); PEOPLE],
			..Default::default()
		}
	}

	fn fold(&mut self, who: usize) {
		let (class, index) = (class_of(who), self.era.index);
		self.records[who].fold(index, |era| self.kept.get(&era).map(|pools| *pools.of(class)));
		let truth = &mut self.truths[who];
		let (era, units) = truth.fresh;
		if era == index {
			return;
		}
		truth.fresh = (index, 0);
		if units > 0 && index <= era + KEPT_ERAS {
			let (pools, paid) = self.all.get_mut(&era).expect("the era is over");
			let Pool { units: all, budget } = *pools.of(class);
			let numerator = U256::from(units) * U256::from(all.min(budget));
			*truth.exact.entry(all).or_default() += numerator;
			let part = (numerator / all).as_u128();
			truth.rounded += part;
			truth.roundings += 1;
			paid[usize::from(class == ResourceClass::Bandwidth)] += part;
		}
	}

	fn credit(&mut self, who: usize, units: Balance) {
		self.records[who].credit(self.era.pools.of_mut(class_of(who)), units);
		self.truths[who].fresh.1 += units;
	}

	fn end(&mut self, storage: Balance, bandwidth: Balance, yields: u128) {
		let over = self.era;
		self.kept.insert(over.index, over.pools);
		self.all.insert(over.index, (over.pools, [0, 0]));
		if let Some(oldest) = over.index.checked_sub(KEPT_ERAS) {
			self.kept.remove(&oldest);
		}
		self.era = EraState {
			index: over.index + 1,
			started: self.now,
			yields_before: over.yields(self.now, ERA_BLOCKS),
			yield_per_block: yields,
			pools: Pools { storage: Pool::with_budget(storage), bandwidth: Pool::with_budget(bandwidth) },
			..Default::default()
		};
	}

	fn run(&mut self, command: &Command) -> Result<(), TestCaseError> {
		let name = match *command {
			Command::Usage { who, burned } => {
				self.fold(who);
				let units = pool::usage(Permill::from_parts(MAX_USAGE), burned);
				self.credit(who, units);
				self.usage = (self.usage.0 + units, self.usage.1 + burned);
				"usage"
			}
			Command::Prove { who, bond, wait, longest } => {
				self.fold(who);
				self.now += wait;
				let yields = self.era.yields(self.now, ERA_BLOCKS);
				let proof = Current { since: self.now, due: self.now + longest, yields, bond };
				self.truths[who].yields.1.get_or_insert(yields);
				let proven = self.records[who].prove(proof);
				let Some((bond, yields)) = proven else { return Ok(()) };
				self.truths[who].yields.0 += yields;
				let units = availability::credit(bond, yields);
				self.credit(who, units);
				"proof"
			}
			Command::Lapse { who } => {
				self.records[who].current = None;
				"lapse"
			}
			Command::End { storage, bandwidth, yields } => {
				self.end(storage, bandwidth, yields);
				"end"
			}
			Command::Forget { eras } => {
				(0..eras).for_each(|_| self.end(1, 1, 0));
				"forget"
			}
			Command::Claim { who } => {
				self.fold(who);
				let amount = core::mem::take(&mut self.records[who].pending);
				self.truths[who].claimed += amount;
				if amount == 0 {
					return Ok(());
				}
				"claim"
			}
		};
		*self.tried.entry(name).or_default() += 1;
		self.check_pools()
	}

	/// After every step: no unit is in one place only.
	fn check_pools(&self) -> Result<(), TestCaseError> {
		for class in [ResourceClass::Storage, ResourceClass::Bandwidth] {
			let running = (0..PEOPLE).filter(|who| class_of(*who) == class && self.records[*who].era == self.era.index);
			let units: Balance = running.map(|who| self.records[who].units).sum();
			prop_assert_eq!(units, self.era.pools.of(class).units);
		}
		Ok(())
	}

	/// At the end: what everybody has got is what the model owes, and no pool has paid too much.
	fn check(&mut self) -> Result<(), TestCaseError> {
		prop_assert!(self.usage.0 < self.usage.1 || self.usage.1 == 0);
		self.end(1, 1, 0);
		for who in 0..PEOPLE {
			self.fold(who);
			let (record, truth) = (&self.records[who], &self.truths[who]);
			let got = truth.claimed + record.pending;
			prop_assert_eq!(got, truth.rounded);
			// floor(n / d) of every group of fractions is at most the exact sum, and the sum at most a unit per
			// rounding above what was paid.
			let whole: Balance = truth.exact.iter().map(|(all, numerator)| (*numerator / *all).as_u128()).sum();
			let ceiled: Balance = truth.exact.iter().map(|(all, numerator)| (*numerator / *all).as_u128() + 1).sum();
			prop_assert!(got <= ceiled && whole <= got + u128::from(truth.roundings));
			let (credited, first) = truth.yields;
			prop_assert!(credited <= self.era.yields(self.now, ERA_BLOCKS) - first.unwrap_or(0));
		}
		for (pools, [storage, bandwidth]) in self.all.values() {
			prop_assert!(*storage <= pools.storage.payable());
			prop_assert!(*bandwidth <= pools.bandwidth.payable());
		}
		Ok(())
	}
}

/// Runs histories of so many steps each, and counts what happened in them.
fn histories(cases: u32, steps: impl Into<SizeRange>) -> BTreeMap<&'static str, u32> {
	let config = Config { cases, failure_persistence: None, ..Config::default() };
	let tried = RefCell::new(BTreeMap::<&str, u32>::new());

	let verdict = TestRunner::new(config).run(&prop::collection::vec(command(), steps), |commands| {
		let mut world = World::new();
		for command in &commands {
			world.run(command)?;
		}
		world.check()?;
		for (name, count) in world.tried {
			*tried.borrow_mut().entry(name).or_default() += count;
		}
		Ok(())
	});

	verdict.unwrap_or_else(|failure| panic!("{failure}"));
	let tried = tried.into_inner();
	println!("{cases} histories: {tried:?}");
	tried
}

#[test]
fn a_million_short_histories_create_and_lose_no_unit() {
	let tried = histories(1_000_000, 1..16);

	for name in ["usage", "proof", "lapse", "end", "forget", "claim"] {
		assert!(tried.get(name).is_some_and(|count| *count >= 50_000), "{name} was hardly tried: {tried:?}");
	}
}

#[test]
fn long_histories_create_and_lose_no_unit() {
	let tried = histories(100, 2_000);

	for name in ["usage", "proof", "lapse", "end", "forget", "claim"] {
		assert!(tried.get(name).is_some_and(|count| *count >= 1_000), "{name} was hardly tried: {tried:?}");
	}
}
