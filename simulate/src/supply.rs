//! Ten years of supply: the rewards pallet, in the runtime's state, through an era a day.
//!
//! Everything that moves tokens is the real thing: budgets and payouts through staking's wires, usage after real
//! burning, availability of all required bonds together, fees through the split that transactions use, claims by
//! transactions' calls. One node stands for all of storage and one for all lines, since credits are linear in bonds and
//! burned payments. All income is taken to be spent again: customers and providers are one account.

use crate::{
	amount::{approximate, exact},
	cast::state,
	demand::{self, Demand, DAYS, GENESIS, PATHS},
	keys::Key,
	node::Node,
	svg::{Chart, Line},
};
use anyhow::{ensure, Context, Result};
use frame_support::{
	dispatch::RawOrigin,
	traits::{
		fungible::{Balanced, Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Get, Hooks, OnUnbalanced, TypedGet,
	},
};
use pallet_pace::PaceLengths;
use pallet_rewards::{emission, SplitFees};
use pallet_staking::{ActiveEraInfo, EraRewardPoints, ValidatorPrefs};
use pallet_storage_market::{money, NodeAccount};
use sp_io::TestExternalities;
use sp_runtime::{traits::Dispatchable, Perbill, Percent};
use sp_staking::EraPayout;
use std::fmt::Write;
use substation_primitives::{
	rewards::{Earner, RewardSettings, SupplyPage, MAX_BUDGETED},
	settings::{Settings, STN},
	Balance, BlockNumber, NodeId, ResourceClass,
};
use substation_runtime::{
	constants::EXISTENTIAL_DEPOSIT, genesis_presets::EPOCH_CONFIG, governance::TreasuryPot, AccountId, BabeConfig,
	Balances, BalancesConfig, PaceConfig, Rewards, Runtime, RuntimeCall, RuntimeGenesisConfig, SettingsConfig, System,
};

/// Storage is proven by this node.
const STORAGE: NodeId = NodeId(0);
/// Lines are measured at this one.
const LINE: NodeId = NodeId(1);
/// Months of ten years.
const MONTHS: u32 = 120;

/// Where the supply stands at the end of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Month {
	/// Months since genesis.
	pub month: u32,
	/// Eras since genesis.
	pub era: u32,
	/// All tokens.
	pub issuance: Balance,
	/// Budgets of all eras so far, the running one included.
	pub budgeted: Balance,
	/// What of them was minted.
	pub minted: Balance,
	/// What was destroyed.
	pub burned: Balance,
}

/// One path's ten years.
#[derive(Clone, Debug)]
pub(crate) struct Decade {
	/// As the output names it.
	pub name: &'static str,
	/// Every month, from genesis on.
	pub months: Vec<Month>,
}

/// All paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
	/// Low, expected and high use.
	pub paths: Vec<Decade>,
	/// Invariants that did not hold.
	pub violations: Vec<String>,
}

/// What can never be exceeded: what genesis has and all that may ever be budgeted.
pub(crate) fn cap() -> Balance {
	GENESIS + MAX_BUDGETED
}

/// Simulates every path.
pub(crate) fn simulate() -> Result<Report> {
	let mut report = Report::default();
	std::thread::scope(|scope| {
		let paths: Vec<_> = PATHS.iter().map(|demand| scope.spawn(move || simulate_path(demand, DAYS))).collect();
		for path in paths {
			let (decade, violations) = path.join().unwrap_or_else(|_| anyhow::bail!("a path has panicked"))?;
			report.paths.push(decade);
			report.violations.extend(violations);
		}
		Ok::<_, anyhow::Error>(())
	})?;
	Ok(report)
}

/// One path, for so many days, and the invariants that did not hold in it.
fn simulate_path(demand: &Demand, days: u32) -> Result<(Decade, Vec<String>)> {
	let mut economy = Economy::new();
	let mut months = vec![economy.month(0, 0)];
	let mut violations = Vec::new();
	for day in 0..days {
		economy.state.execute_with(|| economy.actors.live(demand, day))?;
		let era = day + 1;
		let month = months.len() as u32;
		// The first day after the month: the last of 120 months ends with the last of 3,653 days.
		if era >= (month * DAYS).div_ceil(MONTHS) {
			economy.state.execute_with(|| economy.actors.claim())?;
			economy.state.commit_all().map_err(anyhow::Error::msg)?;
			months.push(economy.month(month, era));
			let sound = economy.state.execute_with(|| Rewards::try_state(System::block_number()));
			violations.extend(sound.err().map(|error| format!("{} use, era {era}: {error:?}", demand.name)));
		}
		if era % 1_000 == 0 {
			eprintln!("supply: {} use, {era} of {days} eras", demand.name);
		}
	}
	if let Some(end) = months.last() {
		check_emission(end.budgeted, end.era, &Settings::default().rewards)?;
	}
	Ok((Decade { name: demand.name, months }, violations))
}

/// Whether the budgets are what the formula says, summed by integers and by floating point.
fn check_emission(budgeted: Balance, eras: u32, settings: &RewardSettings) -> Result<()> {
	// The budget of the running era counts as well.
	let pure = (0..=eras).fold(0, |sum, era| sum + emission::emission(era, sum, settings));
	ensure!(budgeted == pure, "the pallet has budgeted {budgeted}, the formula says {pure}");
	let (first, floor) = (approximate(settings.first as i128), approximate(settings.floor as i128));
	let half_life = f64::from(settings.half_life);
	let floating: f64 = (0..=eras).map(|era| (first * (-f64::from(era) / half_life).exp2()).max(floor)).sum();
	let apart = (approximate(budgeted as i128) / floating - 1.0).abs();
	ensure!(apart < 1e-9, "the pallet has budgeted {budgeted}, floating point says {floating} STN");
	Ok(())
}

struct Economy {
	state: TestExternalities,
	actors: Actors,
}

/// Whose block it is: who validates gets the fees that are not burned.
struct Author;

impl Get<Option<AccountId>> for Author {
	fn get() -> Option<AccountId> {
		Some(Key::of("everybody", 0).account)
	}
}

struct Actors {
	/// Customers, providers, stakers.
	everybody: AccountId,
	/// Who is paid for delivery.
	carrier: AccountId,
	settings: Settings,
	day: BlockNumber,
}

impl Economy {
	fn new() -> Self {
		let (everybody, carrier) = (Key::of("everybody", 0), Key::of("carrier", 0));
		let lengths = PaceLengths::live();
		let balances = vec![
			(TreasuryPot::get(), EXISTENTIAL_DEPOSIT),
			(carrier.account.clone(), STN),
			// The pot of test fees is endowed by its own pallet.
			(everybody.account.clone(), GENESIS - STN - 2 * EXISTENTIAL_DEPOSIT),
		];
		let mut state = state(&RuntimeGenesisConfig {
			pace: PaceConfig { lengths, ..Default::default() },
			settings: SettingsConfig { settings: Settings::default(), ..Default::default() },
			balances: BalancesConfig { balances, ..Default::default() },
			babe: BabeConfig { epoch_config: EPOCH_CONFIG, ..Default::default() },
			..Default::default()
		});
		let day = lengths.clock.period;
		let actors = Actors {
			everybody: everybody.account.clone(),
			carrier: carrier.account,
			settings: Settings::default(),
			day,
		};
		state.execute_with(|| {
			System::set_block_number(1);
			frame_system::BlockHash::<Runtime>::insert(0, crate::chain::GENESIS);
			actors.validate();
			let bond = actors.settings.registry.min_bond;
			for (node, class) in [(STORAGE, ResourceClass::Storage), (LINE, ResourceClass::Bandwidth)] {
				let call = Node::new(node, everybody.clone()).registration(class, bond);
				call.dispatch(RawOrigin::Signed(actors.everybody.clone()).into()).expect("everybody has a bond");
			}
		});
		Self { state, actors }
	}

	fn month(&mut self, month: u32, era: u32) -> Month {
		let SupplyPage { issuance, budgeted, minted, burned, .. } = self.state.execute_with(Rewards::supply_page);
		Month { month, era, issuance, budgeted, minted, burned }
	}
}

impl Actors {
	/// One validator has made all blocks of the era, as far as the pallet asks staking.
	fn validate(&self) {
		pallet_staking::ActiveEra::<Runtime>::put(ActiveEraInfo { index: 0, start: None });
		let mut points = EraRewardPoints { total: 20, ..Default::default() };
		points.individual.insert(self.everybody.clone(), 20);
		pallet_staking::ErasRewardPoints::<Runtime>::insert(0, points);
		let prefs = ValidatorPrefs { commission: Perbill::from_percent(demand::COMMISSION), blocked: false };
		pallet_staking::ErasValidatorPrefs::<Runtime>::insert(0, &self.everybody, prefs);
	}

	/// One day: use, proofs, fees, the end of the era.
	fn live(&self, demand: &Demand, day: u32) -> Result<()> {
		System::reset_events();
		System::set_block_number((day + 1) * self.day);
		self.store(demand, day)?;
		self.deliver(demand, day)?;
		let fee = self.withdraw(demand.fees(day))?;
		SplitFees::<Runtime, Author>::on_unbalanced(fee);
		self.end_era(demand)
	}

	/// What storage pays and proves.
	fn store(&self, demand: &Demand, day: u32) -> Result<()> {
		let market = self.settings.market;
		let rate = demand.storage_payment(day);
		let payment = money::settlement(rate, market.shares, 1, 0);
		self.pay(payment.burned, payment.treasury)?;
		Rewards::credit_usage(Earner::Node { node: STORAGE, class: ResourceClass::Storage }, payment.burned);
		let reserve = money::reserve(rate, market.compensation_periods).context("a reserve is out of range")?;
		let account = NodeAccount { committed_rate: rate, reserve, ..Default::default() };
		let bond = money::required_bond(&account, market.fine_room_periods).context("a bond is out of range")?;
		Rewards::credit_availability(STORAGE, ResourceClass::Storage, bond, 2 * self.day);
		Ok(())
	}

	/// What delivery pays, and what lines prove.
	fn deliver(&self, demand: &Demand, day: u32) -> Result<()> {
		let channels = self.settings.channels;
		let step = demand.delivery_payment(day);
		let redemptions = step.div_ceil(demand::REDEMPTION);
		let burned = channels.burn.mul_floor(step);
		self.pay(burned, channels.redeem_fee * redemptions)?;
		Rewards::credit_usage(Earner::Payee(self.carrier.clone()), burned);
		let bond = self.settings.bandwidth.seat_bond * Balance::from(demand.lines(day));
		Rewards::credit_availability(LINE, ResourceClass::Bandwidth, bond, 2 * self.day);
		Ok(())
	}

	/// Destroys one part of a payment and gives the other to the treasury. The rest goes from hand to hand.
	fn pay(&self, burned: Balance, treasury: Balance) -> Result<()> {
		let everybody = &self.everybody;
		<Balances as Mutate<AccountId>>::burn_from(
			everybody,
			burned,
			Preservation::Preserve,
			Precision::Exact,
			Fortitude::Polite,
		)
		.map_err(|error| anyhow::anyhow!("{burned} cannot be burned: {error:?}"))?;
		let pot = <TreasuryPot as TypedGet>::get();
		<Balances as Mutate<AccountId>>::transfer(everybody, &pot, treasury, Preservation::Preserve)
			.map_err(|error| anyhow::anyhow!("the treasury cannot be paid {treasury}: {error:?}"))?;
		Ok(())
	}

	fn withdraw(&self, amount: Balance) -> Result<frame_support::traits::fungible::Credit<AccountId, Balances>> {
		<Balances as Balanced<AccountId>>::withdraw(
			&self.everybody,
			amount,
			Precision::Exact,
			Preservation::Preserve,
			Fortitude::Polite,
		)
		.map_err(|error| anyhow::anyhow!("a fee of {amount} cannot be paid: {error:?}"))
	}

	/// What staking does at the end of an era, and the payouts that follow.
	fn end_era(&self, demand: &Demand) -> Result<()> {
		let issuance = <Balances as Inspect<AccountId>>::total_issuance();
		let staked = Percent::from_percent(demand.staked as u8).mul_floor(issuance);
		let (validators, rest) = <Rewards as EraPayout<Balance>>::era_payout(staked, issuance, 86_400_000);
		let minted = <Balances as Balanced<AccountId>>::issue(rest);
		<Runtime as pallet_staking::Config>::RewardRemainder::on_unbalanced(minted);
		let paid = <Balances as Balanced<AccountId>>::deposit(&self.everybody, validators, Precision::Exact)
			.map_err(|error| anyhow::anyhow!("stakes cannot be paid {validators}: {error:?}"))?;
		<Runtime as pallet_staking::Config>::Reward::on_unbalanced(paid);
		Ok(())
	}

	/// Everybody claims, and spends it.
	fn claim(&self) -> Result<()> {
		let nodes = vec![STORAGE, LINE].try_into().expect("two nodes are within the bound");
		let call = RuntimeCall::from(pallet_rewards::Call::<Runtime>::claim { nodes });
		let origin = RawOrigin::Signed(self.carrier.clone()).into();
		call.dispatch(origin).map_err(|error| anyhow::anyhow!("a claim fails: {:?}", error.error))?;
		let income = <Balances as Inspect<AccountId>>::balance(&self.carrier).saturating_sub(STN);
		<Balances as Mutate<AccountId>>::transfer(&self.carrier, &self.everybody, income, Preservation::Preserve)
			.map_err(|error| anyhow::anyhow!("income of {income} cannot be spent: {error:?}"))?;
		Ok(())
	}
}

impl Report {
	/// The least and the most that a path ends with.
	pub(crate) fn ends(&self) -> (Balance, Balance) {
		let ends = self.paths.iter().filter_map(|path| path.months.last()).map(|month| month.issuance);
		(ends.clone().min().unwrap_or(0), ends.max().unwrap_or(0))
	}

	/// One line a month, exact to the planck.
	pub(crate) fn csv(&self) -> String {
		let mut text = String::from("month,era");
		for path in &self.paths {
			for column in ["issuance", "budgeted", "minted", "burned"] {
				let _ = write!(text, ",{}_{column}_stn", path.name);
			}
		}
		text.push('\n');
		let Some(first) = self.paths.first() else { return text };
		for (index, Month { month, era, .. }) in first.months.iter().enumerate() {
			let _ = write!(text, "{month},{era}");
			for month in self.paths.iter().filter_map(|path| path.months.get(index)) {
				for amount in [month.issuance, month.budgeted, month.minted, month.burned] {
					let _ = write!(text, ",{}", exact(amount));
				}
			}
			text.push('\n');
		}
		text
	}

	/// A picture of the issuance.
	pub(crate) fn svg(&self) -> String {
		let colours = ["#1b7837", "#2166ac", "#b2182b"];
		let millions = |amount: Balance| approximate(amount as i128) / 1e6;
		let lines = self.paths.iter().zip(colours).map(|(path, colour)| Line {
			name: format!("{} use", path.name),
			colour,
			points: path.months.iter().map(|month| (f64::from(month.month) / 12.0, millions(month.issuance))).collect(),
		});
		Chart {
			title: "Supply of STN in ten years",
			x: ("years since genesis", 10.0, 1.0),
			y: ("million STN", millions(cap()) + 50.0, 50.0),
			limit: ("cap: genesis and all budgets that there can ever be", millions(cap())),
			lines: lines.collect(),
		}
		.draw()
	}

	/// Where each path ends.
	pub(crate) fn summary(&self) -> String {
		let mut text = String::from("use | issuance, STN | budgeted | minted | burned\n");
		for path in &self.paths {
			let Some(end) = path.months.last() else { continue };
			let whole = |amount: Balance| (amount / STN).to_string();
			let _ = writeln!(
				text,
				"{} | {} | {} | {} | {}",
				path.name,
				whole(end.issuance),
				whole(end.budgeted),
				whole(end.minted),
				whole(end.burned),
			);
		}
		text
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_row_adds_up() {
		let (decade, violations) = simulate_path(&PATHS[2], 400).unwrap();

		assert_eq!(violations, Vec::<String>::new());
		assert_eq!(decade.months.len(), 14, "genesis and thirteen whole months");
		for month in &decade.months {
			assert_eq!(GENESIS + month.minted - month.burned, month.issuance, "{month:?}");
			assert!(month.minted <= month.budgeted && month.issuance <= cap(), "{month:?}");
		}
		assert!(decade.months.windows(2).all(|two| two[0].minted < two[1].minted && two[0].burned < two[1].burned));
	}

	#[test]
	fn the_table_has_a_row_a_month_and_four_columns_a_path() {
		let path = |name| Decade {
			name,
			months: vec![Month { month: 0, era: 0, issuance: STN, budgeted: 2, minted: 3, burned: 4 }],
		};
		let report = Report { paths: vec![path("a"), path("b")], violations: Vec::new() };

		let csv = report.csv();

		let rows: Vec<_> = csv.lines().map(|line| line.split(',').count()).collect();
		assert_eq!(rows, [10, 10]);
		assert!(csv.ends_with("0.000000000003,0.000000000004\n"), "{csv}");
	}

	#[test]
	fn a_wrong_sum_of_budgets_is_seen() {
		let settings = Settings::default().rewards;
		let right = (0..=10).fold(0, |sum, era| sum + emission::emission(era, sum, &settings));
		assert!(check_emission(right, 10, &settings).is_ok());
		assert!(check_emission(right + 1, 10, &settings).is_err());
	}
}
