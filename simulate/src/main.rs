//! The economy in numbers: ten years of supply, every known way to play the rewards on the real pallets, and the prices
//! at which an honest provider earns its costs. `docs/simulation.md` says what is simulated and how.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "a simulation ends at its first broken assumption"
)]

mod amount;
mod break_even;
mod cast;
#[allow(dead_code, reason = "the runtime's tests use all of it, this program what its own chain has not")]
#[path = "../../runtime/tests/it/chain.rs"]
mod chain;
mod coalition;
mod committee;
mod demand;
mod dispute;
mod gaming;
mod grid;
mod harm;
mod hooks;
mod keys;
mod node;
mod samples;
mod scale;
mod strategy;
mod supply;
mod svg;
mod wealth;
mod world;

use amount::exact_signed;
use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde_json::{json, Map, Value};
use std::{fs, path::PathBuf, process::ExitCode};
use substation_primitives::Balance;

/// Simulates the economy on the real pallets.
///
/// Says what it does on stderr, and what came of it on stdout. Every run is the same: nothing depends on time or chance.
/// Exits with 1 if an invariant is broken, a transaction fails that should not, a strategy ends above nominating the same
/// tokens, paying oneself does not cost something, or honest operators lose more than half of what spite costs.
#[derive(Parser)]
#[command(name = "substation-simulate", version)]
struct Options {
	/// What to simulate
	#[arg(value_enum, default_value_t = Part::All)]
	part: Part,
	/// End with one line of JSON on stdout, and print nothing else there
	#[arg(long)]
	json: bool,
	/// Folder for supply.csv, supply.svg and gaming.csv; made if it is missing
	#[arg(long, default_value = "simulation")]
	out: PathBuf,
	/// Leave most of the settings' range out: a minute or two instead of a quarter of an hour
	#[arg(long)]
	quick: bool,
	/// Threads of the gaming simulation [default: as many as there are processors]
	#[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
	threads: Option<u16>,
	#[command(flatten, next_help_heading = "Costs of a provider, in one unit of money")]
	costs: break_even::Costs,
}

/// Deals that one customer disputes at once.
const DISPUTES: u64 = 10;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
	/// Everything
	All,
	/// The supply of ten years under low, expected and high use
	Supply,
	/// Ways to earn more than by nominating
	Gaming,
	/// Prices at which an honest provider earns its costs
	BreakEven,
}

fn main() -> Result<ExitCode> {
	let options = Options::parse();
	let is_on = |part| options.part == Part::All || options.part == part;
	fs::create_dir_all(&options.out).with_context(|| format!("{} cannot be made", options.out.display()))?;
	let mut results = Map::new();
	let mut findings = Findings::default();
	if is_on(Part::Supply) {
		simulate_supply(&options, &mut results, &mut findings)?;
	}
	if is_on(Part::Gaming) {
		simulate_gaming(&options, &mut results, &mut findings)?;
	}
	if is_on(Part::BreakEven) {
		let report = break_even::simulate(&options.costs)?;
		show(&options, "Break-even of an honest provider", &report.summary());
		let price = |price: break_even::Price| json!({ "gib_month": price.stored, "gib_delivered": price.delivered });
		let both = json!({ "with_rewards": price(report.with), "without_rewards": price(report.without) });
		results.insert("break_even".into(), both);
	}
	results.insert("invariant_violations".into(), json!(findings.violations));
	if options.json {
		println!("{}", Value::Object(results));
	}
	for finding in &findings.others {
		eprintln!("found: {finding}");
	}
	let sound = findings.violations == 0 && findings.others.is_empty();
	Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What should not be.
#[derive(Default)]
struct Findings {
	/// Invariants that were broken.
	violations: usize,
	/// Everything else.
	others: Vec<String>,
}

fn simulate_supply(options: &Options, results: &mut Map<String, Value>, findings: &mut Findings) -> Result<()> {
	let report = supply::simulate()?;
	write(options, "supply.csv", &report.csv())?;
	write(options, "supply.svg", &report.svg())?;
	show(options, "Supply after ten years", &report.summary());
	complain("invariant", &report.violations);
	let (low, high) = report.ends();
	results.insert("supply_10y_low".into(), number(low));
	results.insert("supply_10y_high".into(), number(high));
	results.insert("cap".into(), number(supply::cap()));
	findings.violations += report.violations.len();
	Ok(())
}

fn simulate_gaming(options: &Options, results: &mut Map<String, Value>, findings: &mut Findings) -> Result<()> {
	let extent = if options.quick { gaming::Extent::Quick } else { gaming::Extent::Whole };
	let threads = options
		.threads
		.map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
	let report = gaming::simulate(extent, threads)?;
	write(options, "gaming.csv", &report.csv())?;
	show(options, "Gaming: the best of each strategy", &report.summary());
	complain("invariant", &report.violations);
	complain("transaction", &report.failures);
	for (why, runs) in &report.unaffordable {
		eprintln!("gaming: {runs} runs cannot be paid for: {why:?}");
	}
	results.insert("runs".into(), json!(report.rows.len()));
	results.insert("runs_not_affordable".into(), json!(report.unaffordable.values().sum::<u32>()));
	results.insert("failed_transactions".into(), json!(report.failures.len()));
	let kinds = [
		("best_gain_over_nominating", "best_gain_run", report.best_gain()),
		("best_wash_profit", "best_wash_run", report.best_wash()),
	];
	for (figure, run, row) in kinds {
		let row = row.context("nothing was affordable")?;
		results.insert(figure.into(), json!(amount::approximate(row.gain)));
		results.insert(run.into(), json!(row.describe()));
	}
	if let Some(row) = report.worst_harm() {
		results.insert("worst_harm_per_stn".into(), json!(row.harm_per_stn() as f64 / 1_000.0));
		results.insert("worst_harm_run".into(), json!(row.describe()));
		if row.harm_per_stn() > harm::BOUND {
			findings.others.push(format!("{} STN of harm: {}", exact_signed(row.harm), row.describe()));
		}
	}
	if let Some(row) = report.best_gain().filter(|row| row.gain > 0) {
		findings.others.push(format!("{} STN above nominating: {}", exact_signed(row.gain), row.describe()));
	}
	if let Some(row) = report.best_wash().filter(|row| row.gain >= 0) {
		findings.others.push(format!("{} STN by usage alone: {}", exact_signed(row.gain), row.describe()));
	}
	if !report.failures.is_empty() {
		findings.others.push(format!("{} transactions failed that should not", report.failures.len()));
	}
	findings.violations += report.violations.len();
	simulate_disputes(options, results, findings);
	Ok(())
}

fn simulate_disputes(options: &Options, results: &mut Map<String, Value>, findings: &mut Findings) {
	let flood = dispute::flood(DISPUTES);
	show(options, "Disputes that only harm", &flood.summary());
	complain("dispute", &flood.findings);
	results.insert("dispute_harm".into(), json!(amount::approximate(flood.harm)));
	if !flood.findings.is_empty() || flood.harm >= flood.spent {
		findings.others.push(flood.summary());
	}
}

fn write(options: &Options, name: &str, text: &str) -> Result<()> {
	let path = options.out.join(name);
	fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
	eprintln!("written: {}", path.display());
	Ok(())
}

/// Prints a table, unless stdout is for one line.
fn show(options: &Options, title: &str, table: &str) {
	if options.json {
		eprintln!("\n{title}\n{table}");
	} else {
		println!("\n{title}\n{table}");
	}
}

/// Names what went wrong, as far as anybody wants to read it.
fn complain(what: &str, messages: &[String]) {
	for message in messages.iter().take(20) {
		eprintln!("{what}: {message}");
	}
	if messages.len() > 20 {
		eprintln!("{what}: and {} more", messages.len() - 20);
	}
}

fn number(amount: Balance) -> Value {
	json!(amount::approximate(i128::try_from(amount).unwrap_or(i128::MAX)))
}
