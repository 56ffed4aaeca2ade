//! Random histories of the whole pallet: whatever happens in whatever order, every unit is somewhere.

use crate::{mock::*, pool, Records};
use frame_support::traits::{
	fungible::{Balanced, Mutate},
	tokens::{Fortitude, Precision, Preservation},
	OnUnbalanced,
};
use proptest::{
	prelude::*,
	test_runner::{Config, TestCaseError, TestRunner},
};
use sp_runtime::{Perbill, Permill};
use std::{cell::RefCell, collections::BTreeMap};
use substation_primitives::{
	rewards::{Earner, MAX_AVAILABILITY, MAX_USAGE},
	settings::STN,
	Balance, BlockNumber, NodeId, ResourceClass,
};

const HISTORIES: u32 = 60;
const STEPS: usize = 150;
const PEOPLE: [AccountId; 3] = [OPERATOR, PAYEE, NOBODY];
const NODES: u64 = 3;

#[derive(Clone, Debug)]
enum Command {
	Use {
		earner: Earner<AccountId>,
		burned: Balance,
	},
	Prove {
		node: NodeId,
		class: ResourceClass,
		bond: Balance,
		longest: BlockNumber,
	},
	Lapse {
		node: NodeId,
		class: ResourceClass,
	},
	Wait {
		blocks: BlockNumber,
	},
	EndEra {
		staked: Balance,
	},
	/// So many eras in which nothing happens.
	Sleep {
		eras: u32,
	},
	/// Staking pays so many thousandths of an era out.
	PayOut {
		thousandths: u128,
	},
	Claim {
		caller: usize,
		nodes: Vec<NodeId>,
	},
	/// The registry forgets a node, and another one takes its place.
	Replace {
		node: NodeId,
		operator: usize,
	},
	Fee {
		fee: Balance,
		tip: Balance,
	},
	/// Somebody burns something by other means.
	Burn {
		amount: Balance,
	},
	Govern {
		usage: u32,
		availability: u32,
		fee_burn: u32,
		validators: u32,
		first: Balance,
		ceiling: Balance,
	},
}

fn command() -> impl Strategy<Value = Command> {
	let node = || (0..NODES).prop_map(NodeId);
	let class = || prop_oneof![Just(ResourceClass::Storage), Just(ResourceClass::Bandwidth)];
	let earner = prop_oneof![
		4 => (node(), class()).prop_map(|(node, class)| Earner::Node { node, class }),
		1 => (0..PEOPLE.len()).prop_map(|person| Earner::Payee(PEOPLE[person])),
	];
	// Also what is less than a unit's worth, and what no pool can pay in full.
	let amount = || prop_oneof![0..100u128, 0..STN, 0..100_000 * STN];
	prop_oneof![
		8 => (earner, amount()).prop_map(|(earner, burned)| Command::Use { earner, burned }),
		16 => (node(), class(), amount(), 1..150u32)
			.prop_map(|(node, class, bond, longest)| Command::Prove { node, class, bond, longest }),
		1 => (node(), class()).prop_map(|(node, class)| Command::Lapse { node, class }),
		6 => (0..20u32).prop_map(|blocks| Command::Wait { blocks }),
		3 => prop_oneof![1 => Just(0), 9 => STN..STAKED].prop_map(|staked| Command::EndEra { staked }),
		1 => (0..50u32).prop_map(|eras| Command::Sleep { eras }),
		2 => (0..=1_000u128).prop_map(|thousandths| Command::PayOut { thousandths }),
		4 => (0..PEOPLE.len(), prop::collection::vec(node(), 0..8))
			.prop_map(|(caller, nodes)| Command::Claim { caller, nodes }),
		2 => (node(), 0..PEOPLE.len()).prop_map(|(node, operator)| Command::Replace { node, operator }),
		2 => (1..STN, 0..STN).prop_map(|(fee, tip)| Command::Fee { fee, tip }),
		1 => (0..STN).prop_map(|amount| Command::Burn { amount }),
		1 => (0..=MAX_USAGE, 0..=MAX_AVAILABILITY, 0..=1_000_000u32, 0..=500_000_000u32, STN..1_000_000 * STN, 1..1_000_000 * STN)
			.prop_map(|(usage, availability, fee_burn, validators, first, ceiling)| {
				Command::Govern { usage, availability, fee_burn, validators, first, ceiling }
			}),
	]
}

/// What all histories have done, and what one has said.
#[derive(Default)]
struct Books {
	/// What earners were paid, by whom it went to.
	paid: BTreeMap<AccountId, Balance>,
	/// What staking may still pay.
	owed: Balance,
	/// What staking has paid, and to the treasury.
	staking: (Balance, Balance),
	burned: Balance,
	tips_and_fees: Balance,
	usage: Balance,
	/// Burned for earners.
	served: Balance,
	elsewhere: Balance,
}

impl Books {
	fn end_era(&mut self, staked: Balance) {
		let (validators, treasury) = FakeStaking::end_era(staked);
		self.owed += validators;
		self.staking.1 += treasury;
	}

	/// Carries a command out and names it if it did something.
	fn carry_out(&mut self, command: &Command) -> Option<&'static str> {
		match command.clone() {
			Command::Use { earner, burned } => {
				self.usage += use_service(earner, burned);
				self.served += burned;
				Some("use")
			}
			Command::Prove { node, class, bond, longest } => {
				let earner = Earner::Node { node, class };
				let before = Records::<Test>::get(&earner).map_or(0, |record| record.units);
				Rewards::credit_availability(node, class, bond, longest);
				(record(earner).units > before).then_some("prove")
			}
			Command::Lapse { node, class } => {
				Rewards::lapse(node, class);
				Some("lapse")
			}
			Command::Wait { blocks } => {
				wait(blocks);
				None
			}
			Command::EndEra { staked } => {
				self.end_era(staked);
				Some("end")
			}
			Command::Sleep { eras } => {
				(0..eras).for_each(|_| self.end_era(STAKED));
				None
			}
			Command::PayOut { thousandths } => {
				let amount = self.owed * thousandths / 1_000;
				FakeStaking::pay_out(VALIDATOR, amount);
				self.owed -= amount;
				self.staking.0 += amount;
				Some("pay out")
			}
			Command::Claim { caller, nodes } => claim(PEOPLE[caller], &nodes).is_ok().then_some("claim"),
			Command::Replace { node, operator } => {
				if let Some(operator) = Operators::take(node) {
					Rewards::settle_and_forget(node, &operator);
					let left = [storage(node), bandwidth(node)];
					assert!(!left.into_iter().any(Records::<Test>::contains_key), "a forgotten node has a record");
				}
				Operators::insert(node, PEOPLE[operator]);
				Some("replace")
			}
			Command::Fee { fee, tip } => {
				let take = |amount| {
					Balances::withdraw(&CUSTOMER, amount, Precision::Exact, Preservation::Preserve, Fortitude::Polite)
						.expect("the customer is rich")
				};
				let burned = RewardsOf::get().fee_burn.mul_ceil(fee);
				crate::SplitFees::<Test, AuthorOf>::on_unbalanceds([take(fee), take(tip)].into_iter());
				self.burned += burned;
				self.tips_and_fees += fee - burned + tip;
				Some("fee")
			}
			Command::Burn { amount } => {
				Balances::burn_from(&CUSTOMER, amount, Preservation::Preserve, Precision::Exact, Fortitude::Force)
					.expect("the customer is rich");
				self.elsewhere += amount;
				Some("burn")
			}
			Command::Govern { usage, availability, fee_burn, validators, first, ceiling } => {
				change_settings(|settings| {
					settings.usage = Permill::from_parts(usage);
					settings.availability = Permill::from_parts(availability);
					settings.fee_burn = Permill::from_parts(fee_burn);
					settings.validators = Perbill::from_parts(validators);
					settings.storage = Perbill::from_parts(300_000_000);
					settings.bandwidth = Perbill::from_parts(150_000_000);
					settings.treasury = Perbill::from_parts(550_000_000 - validators);
					(settings.first, settings.floor) = (first, first / 10);
					settings.treasury_ceiling = ceiling;
				});
				Some("govern")
			}
		}
	}

	/// Writes down what the latest command's events say, and compares everything with the chain.
	fn check(&mut self, issued: Balance) -> Result<(), TestCaseError> {
		for event in events() {
			if let Event::Claimed { to, amount, .. } = event {
				*self.paid.entry(to).or_default() += amount;
			}
		}
		let totals = totals();
		let claimed: Balance = self.paid.values().sum();
		prop_assert_eq!(totals.claimed, claimed);
		prop_assert_eq!(totals.minted, claimed + self.staking.0 + self.staking.1);
		prop_assert_eq!(totals.burned_by_calls, self.burned + self.served);
		prop_assert_eq!(Rewards::burned(), self.burned + self.served + self.elsewhere);
		prop_assert_eq!(Balances::total_issuance() + Rewards::burned(), issued + totals.minted);
		prop_assert!(self.usage <= pool::usage(Permill::one(), self.served));
		let of = |account| self.paid.get(&account).copied().unwrap_or(0);
		for (person, start) in PEOPLE.into_iter().zip([WEALTH, WEALTH, 0]) {
			prop_assert_eq!(wealth(person), start + of(person));
		}
		prop_assert_eq!(wealth(VALIDATOR), WEALTH + self.staking.0);
		prop_assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + self.staking.1);
		prop_assert_eq!(wealth(AUTHOR), WEALTH + self.tips_and_fees);
		Rewards::do_try_state().map_err(|error| TestCaseError::fail(format!("{error:?}")))
	}
}

#[test]
fn no_history_creates_or_loses_a_unit() {
	let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
	let tried = RefCell::new(BTreeMap::<&str, u32>::new());

	let verdict = TestRunner::new(config).run(&prop::collection::vec(command(), STEPS), |commands| {
		ExtBuilder.build().execute_with(|| {
			(0..NODES).for_each(|node| Operators::insert(NodeId(node), PEOPLE[node as usize % PEOPLE.len()]));
			let issued = Balances::total_issuance();
			let mut books = Books::default();
			for command in &commands {
				if let Some(name) = books.carry_out(command) {
					*tried.borrow_mut().entry(name).or_default() += 1;
				}
				books.check(issued)?;
			}
			Ok(())
		})
	});

	verdict.unwrap_or_else(|failure| panic!("{failure}"));
	let tried = tried.into_inner();
	println!("{} steps: {tried:?}", HISTORIES as usize * STEPS);
	for name in ["use", "prove", "lapse", "end", "pay out", "claim", "replace", "fee", "burn", "govern"] {
		assert!(tried.get(name).is_some_and(|count| *count >= HISTORIES), "{name} was hardly tried: {tried:?}");
	}
}
