//! At which price an honest provider earns its costs, with and without rewards.
//!
//! Costs and prices are in one unit of money, whatever a token is worth: bonds and payments grow and shrink together. A
//! bond could have been nominated, so what nominating pays is a cost of it. Every amount comes out of the formulas that the
//! chain uses; the least price is found by halving.

use anyhow::{ensure, Result};
use clap::Args;
use pallet_rewards::{availability, emission, pool};
use pallet_storage_market::{money, NodeAccount};
use sp_runtime::Perbill;
use std::fmt::Write;
use substation_primitives::{
	rewards::{StakeEarnings, YIELD_ONE},
	settings::{Settings, STN},
	Balance, BlockNumber, Bytes,
};

/// Days of a month, times a hundred million for exactness where it matters.
const MONTH_DAYS: f64 = 365.25 / 12.0;

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

/// Hours of a month.
const MONTH_HOURS: f64 = 24.0 * MONTH_DAYS;

/// Blocks of a day: any number will do, credits are linear in time.
const DAY: BlockNumber = 14_400;

/// A provider's costs. The figures by default are round ones for Europe.
#[derive(Args, Clone, Debug)]
pub(crate) struct Costs {
	/// What a TB of disk costs to buy [a new disk of 16 TB and more sells for about 15 to 20 euros a TB]
	#[arg(long, default_value_t = 17.0, value_parser = positive)]
	disk_price: f64,
	/// Years that a disk lasts [most are warranted for five]
	#[arg(long, default_value_t = 5.0, value_parser = positive)]
	disk_years: f64,
	/// Watts that a TB takes, with the machine around it [a disk of 16 TB takes 6 W, and as much again]
	#[arg(long, default_value_t = 0.75, value_parser = positive)]
	disk_watts: f64,
	/// Price of a kWh [households in Europe pay about 0.29 euros]
	#[arg(long, default_value_t = 0.29, value_parser = positive)]
	power_price: f64,
	/// Machine, upkeep and own time, for each TB and month
	#[arg(long, default_value_t = 0.25, value_parser = positive)]
	upkeep: f64,
	/// Share of the disk that is let, in per cent
	#[arg(long, default_value_t = 70.0, value_parser = percent)]
	let_percent: f64,
	/// What the line costs a month, as far as it is bought for delivery [half of a household's gigabit line]
	#[arg(long, default_value_t = 20.0, value_parser = positive)]
	line_price: f64,
	/// TiB that the line delivers in a month [3 % of a gigabit's month]
	#[arg(long, default_value_t = 10.0, value_parser = positive)]
	line_tib: f64,
	/// What a token is worth, which decides how dear a seat of a line is
	#[arg(long, default_value_t = 1.0, value_parser = positive)]
	token_price: f64,
	/// Era whose budget pays stakes and availability [a year after genesis]
	#[arg(long, default_value_t = 365)]
	era: u32,
	/// Tokens that are staked, in millions
	#[arg(long, default_value_t = 50.0, value_parser = positive)]
	staked_millions: f64,
	/// Commission of validators, in per cent
	#[arg(long, default_value_t = 5.0, value_parser = percent)]
	commission: f64,
}

fn positive(text: &str) -> Result<f64, String> {
	match text.parse::<f64>() {
		Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
		_ => Err("a number above 0 and up to 1e9 is needed".into()),
	}
}

fn percent(text: &str) -> Result<f64, String> {
	match text.parse::<f64>() {
		Ok(number) if number > 0.0 && number <= 100.0 => Ok(number),
		_ => Err("a number above 0 and up to 100 is needed".into()),
	}
}

/// Prices at which costs are just earned; `None` if no price is high enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Price {
	/// For a GiB over a month.
	pub stored: Option<f64>,
	/// For a GiB delivered.
	pub delivered: Option<f64>,
}

/// With rewards and without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Report {
	/// What a GiB costs the provider over a month.
	pub cost_stored: f64,
	/// What a GiB delivered costs it.
	pub cost_delivered: f64,
	/// What nominating pays in a year, in per cent.
	pub nominating: f64,
	/// With usage and availability as the defaults have them.
	pub with: Price,
	/// Without any rewards.
	pub without: Price,
}

/// The least prices.
pub(crate) fn simulate(costs: &Costs) -> Result<Report> {
	let settings = Settings::default();
	let yields = Yields::of(costs, &settings)?;
	let (stored, delivered) = (costs.stored(), costs.delivered());
	let price = |rewards| Price {
		stored: least_price(|price| yields.storage(price, rewards, &settings) - stored),
		delivered: least_price(|price| yields.delivery(price, rewards, costs, &settings) - delivered),
	};
	Ok(Report {
		cost_stored: stored,
		cost_delivered: delivered,
		nominating: 100.0 * 365.25 * yields.nominating as f64 / YIELD_ONE as f64,
		with: price(true),
		without: price(false),
	})
}

impl Costs {
	/// A GiB over a month.
	fn stored(&self) -> f64 {
		let disk = self.disk_price / (12.0 * self.disk_years);
		let power = self.disk_watts * MONTH_HOURS / 1_000.0 * self.power_price;
		let tb = (disk + power + self.upkeep) / (self.let_percent / 100.0);
		tb * GIB as f64 / 1e12
	}

	/// A GiB delivered.
	fn delivered(&self) -> f64 {
		self.line_price / (self.line_tib * 1_024.0)
	}
}

/// What a token at stake and a token bonded earn in a day.
struct Yields {
	/// Parts of [`YIELD_ONE`].
	nominating: u128,
	/// The same for a block of a bond.
	per_block: u128,
}

impl Yields {
	fn of(costs: &Costs, settings: &Settings) -> Result<Self> {
		let rewards = settings.rewards;
		let budgeted = (0..costs.era).fold(0, |sum, era| sum + emission::emission(era, sum, &rewards));
		let budget = emission::emission(costs.era, budgeted, &rewards);
		ensure!(budget > 0, "era {} has no budget: everything is budgeted before it", costs.era);
		let validators = emission::staking_payout(emission::split(budget, &rewards).validators);
		let kept = Perbill::from_float(costs.commission / 100.0).mul_ceil(validators);
		let staked = (costs.staked_millions * 1e6) as Balance * STN;
		ensure!(staked > 0, "nothing is staked");
		let nominating = availability::stake_yield(StakeEarnings { earned: validators - kept, staked });
		Ok(Self { nominating, per_block: availability::per_block(nominating, rewards.availability, DAY) })
	}

	/// What a bond costs in a month, in money that it is counted in, after what availability pays for it.
	fn cost_of_bond(&self, bond: Balance, rewards: bool) -> f64 {
		let lost = to_money(bond) * self.nominating as f64 / YIELD_ONE as f64;
		let paid =
			if rewards { to_money(availability::credit(bond, self.per_block.saturating_mul(DAY.into()))) } else { 0.0 };
		(lost - paid) * MONTH_DAYS
	}

	/// What a TiB at this price for a GiB and month brings in a month, for one GiB of it.
	fn storage(&self, price: f64, rewards: bool, settings: &Settings) -> f64 {
		let market = &settings.market;
		let asked = from_money(price / MONTH_DAYS);
		let Some(rate) = money::rate(asked, Bytes(1_024 * GIB), market) else { return f64::NEG_INFINITY };
		let payment = money::settlement(rate, market.shares, 1, 0);
		let reserve = money::reserve(rate, market.compensation_periods).unwrap_or(Balance::MAX);
		let account = NodeAccount { committed_rate: rate, reserve, ..Default::default() };
		let Some(bond) = money::required_bond(&account, market.fine_room_periods) else { return f64::NEG_INFINITY };
		let usage = if rewards { pool::usage(settings.rewards.usage, payment.burned) } else { 0 };
		let income = to_money(payment.provider + usage) * MONTH_DAYS;
		(income - self.cost_of_bond(bond, rewards)) / 1_024.0
	}

	/// What a GiB delivered at this price brings, paid in vouchers that are redeemed for every TiB.
	fn delivery(&self, price: f64, rewards: bool, costs: &Costs, settings: &Settings) -> f64 {
		let channels = &settings.channels;
		let step = from_money(price * 1_024.0);
		let burned = channels.burn.mul_floor(step);
		let fee = to_money(channels.redeem_fee) * costs.token_price;
		let usage = if rewards { pool::usage(settings.rewards.usage, burned) } else { 0 };
		let bond = from_money(to_money(settings.bandwidth.seat_bond) * costs.token_price);
		let income = to_money(step - burned + usage) - fee;
		(income - self.cost_of_bond(bond, rewards) / costs.line_tib) / 1_024.0
	}
}

/// A token stands for a unit of money here.
fn to_money(amount: Balance) -> f64 {
	amount as f64 / STN as f64
}

fn from_money(amount: f64) -> Balance {
	(amount * STN as f64) as Balance
}

/// The least price with a profit that is not negative.
fn least_price(profit: impl Fn(f64) -> f64) -> Option<f64> {
	let (mut low, mut high) = (0.0, 1e6);
	if profit(high) < 0.0 {
		return None;
	}
	for _ in 0..100 {
		let middle = (low + high) / 2.0;
		if profit(middle) < 0.0 {
			low = middle;
		} else {
			high = middle;
		}
	}
	Some(high)
}

impl Report {
	/// As a table.
	pub(crate) fn summary(&self) -> String {
		let text = |price: Option<f64>| price.map_or("none is high enough".into(), |price| format!("{price:.6}"));
		let mut table = format!(
			"nominating pays {:.2} % a year; a GiB costs the provider {:.6} a month, and {:.6} to deliver\n",
			self.nominating, self.cost_stored, self.cost_delivered,
		);
		let _ = writeln!(table, "break-even | price of a GiB and month | price of a GiB delivered");
		for (name, price) in [("without rewards", self.without), ("with rewards", self.with)] {
			let _ = writeln!(table, "{name} | {} | {}", text(price.stored), text(price.delivered));
		}
		table
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Options {
		#[command(flatten)]
		costs: Costs,
	}

	fn costs(arguments: &[&str]) -> Costs {
		Options::try_parse_from(["test"].iter().chain(arguments)).expect("the options are right").costs
	}

	#[test]
	fn rewards_lower_the_price_and_never_below_the_costs_that_are_not_burned() {
		let report = simulate(&costs(&[])).unwrap();

		let (with, without) = (report.with.stored.unwrap(), report.without.stored.unwrap());
		assert!(report.cost_stored < with && with < without, "{report:?}");
		let (with, without) = (report.with.delivered.unwrap(), report.without.delivered.unwrap());
		assert!(report.cost_delivered < with && with < without, "{report:?}");
	}

	#[test]
	fn the_price_without_rewards_is_what_the_formula_says() {
		let report = simulate(&costs(&[])).unwrap();
		let settings = Settings::default();
		let share = |part: sp_runtime::Permill| f64::from(part.deconstruct()) / 1e6;
		let (burn, treasury) = (share(settings.market.shares.burn), share(settings.market.shares.treasury));
		let periods = settings.market.compensation_periods + settings.market.fine_room_periods;
		let bond = f64::from(periods) * report.nominating / 100.0 / 365.25;

		let expected = report.cost_stored / (1.0 - burn - treasury - bond);

		assert!((report.without.stored.unwrap() / expected - 1.0).abs() < 1e-6, "{report:?} {expected}");
	}

	#[test]
	fn costs_that_make_no_sense_are_refused() {
		for bad in [["--disk-price", "-1"], ["--let-percent", "0"], ["--line-tib", "much"], ["--power-price", "inf"]] {
			assert!(Options::try_parse_from(["test"].iter().chain(&bad)).is_err(), "{bad:?}");
		}
	}
}
