//! Whether any way to play the rewards ends above nominating the same tokens.
//!
//! Every run has a twin that starts in the same state: one coalition plays a strategy, the other nominates. What it
//! gains is the difference of what the two own at the end. Usage is looked at alone as well: without availability and
//! without nominating, against a twin that does nothing.

use crate::{
	amount::{difference, exact, exact_signed},
	cast::{Cast, Pace, Scenario, CROWD, HONEST_STAKE, IDENTITIES, LINE_ENDOWMENT},
	coalition::{self, Outcome, Plan},
	grid::{self, Point},
	harm, hooks,
	samples::samples,
	strategy::{Strategy, Unaffordable},
};
use anyhow::{Context, Result};
use sp_runtime::{Perbill, Permill};
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt::Write,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Mutex,
	},
	time::Instant,
};
use substation_primitives::{
	rewards::RewardSettings,
	settings::{Settings, STN},
	Balance,
};

/// What a small coalition has: one per cent of what is honestly staked.
pub(crate) const SMALL: Balance = HONEST_STAKE / 100;

/// What a large one has: a third of what is honestly staked.
pub(crate) const LARGE: Balance = HONEST_STAKE / 3;

/// Validators of the coalition: none, one that keeps nothing, one that keeps everything.
const COMMISSIONS: [Option<Perbill>; 3] = [None, Some(Perbill::zero()), Some(Perbill::one())];

/// Identities of runs that only harm: a sixth of all seats to nearly two thirds, with as many seats as an honest line.
const HARMFUL: [u32; 4] = [5, 10, 20, 40];

/// Points inside of the settings' range.
const SAMPLES: usize = 100;

/// How much is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
	/// The defaults and the extremes on the full machinery; the same, some corners and some samples with hooks.
	Quick,
	/// Everything.
	Whole,
}

/// Runs that share a scenario, and so their twins.
#[derive(Clone)]
struct Group {
	point: Point,
	pace: Pace,
	tokens: Balance,
	commission: Option<Perbill>,
	/// Honest nominators, if not a few.
	nominators: Option<u32>,
	strategies: Vec<(Strategy, u32)>,
	/// Whether usage is looked at alone.
	usage_alone: bool,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Row {
	/// The settings.
	pub point: String,
	/// The machinery.
	pub pace: Pace,
	/// The coalition's tokens.
	pub tokens: Balance,
	/// Its validator's commission, if it has one.
	pub commission: Option<Perbill>,
	/// What it did.
	pub strategy: Strategy,
	/// With how many identities.
	pub identities: u32,
	/// Whether usage was looked at alone.
	pub usage_alone: bool,
	/// What it owned at the end, above its twin.
	pub gain: i128,
	/// What the operators of honest lines owned at the end, below what those owned that its twin has met.
	pub harm: i128,
	/// What the operators of honest lines owned at the end, above what they began with.
	pub honest: i128,
	/// Whether thousands of small nominators were there.
	pub crowd: bool,
	/// What nominating brought the twin, above doing nothing; 0 where usage is looked at alone.
	pub nominating: i128,
}

/// What all runs came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
	/// One for each run.
	pub rows: Vec<Row>,
	/// How many runs the settings' least amounts leave no tokens for, by what they cannot pay.
	pub unaffordable: BTreeMap<Unaffordable, u32>,
	/// Transactions that should have worked and did not.
	pub failures: Vec<String>,
	/// Invariants that did not hold.
	pub violations: Vec<String>,
}

/// Runs everything on so many threads.
pub(crate) fn simulate(extent: Extent, threads: usize) -> Result<Report> {
	let groups = groups(extent);
	let runs: usize = groups.iter().map(|group| group.strategies.len()).sum();
	eprintln!("gaming: {runs} runs in {} groups of twins, on {threads} threads", groups.len());
	let (next, report, started) = (AtomicUsize::new(0), Mutex::new(Report::default()), Instant::now());
	let work = || -> Result<()> {
		loop {
			let index = next.fetch_add(1, Ordering::Relaxed);
			let Some(group) = groups.get(index) else { return Ok(()) };
			let part = run_group(group)?;
			report.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(part);
			if index % 25 == 24 {
				eprintln!("gaming: {} of {} groups after {} s", index + 1, groups.len(), started.elapsed().as_secs());
			}
		}
	};
	std::thread::scope(|scope| {
		let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
		workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a run has panicked")))
	})?;
	let mut report = report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
	report.rows.sort_by_key(Row::key);
	Ok(report)
}

fn groups(extent: Extent) -> Vec<Group> {
	let whole = extent == Extent::Whole;
	let mut groups = seated(extent);
	let mut both = |point: &Point, pace, tokens, commission, identities: &[u32]| {
		let of = |point, strategies, usage_alone| Group {
			point,
			pace,
			tokens,
			commission,
			nominators: None,
			strategies,
			usage_alone,
		};
		let strategies: &[Strategy] = if pace == Pace::Hooks { &Strategy::HOOKED } else { &Strategy::GAMING };
		groups.push(of(point.clone(), each(strategies, identities), false));
		if tokens == SMALL {
			groups.push(of(grid::usage_alone(point), each(&Strategy::WASHING, identities), true));
		}
	};
	let ends: Vec<_> = [grid::defaults()].into_iter().chain(grid::extremes()).collect();
	for point in &ends {
		for commission in COMMISSIONS {
			both(point, Pace::Full, SMALL, commission, &[1, IDENTITIES]);
			both(point, Pace::Hooks, SMALL, commission, &[1, IDENTITIES, 1_000]);
			both(point, Pace::Hooks, LARGE, commission, &[IDENTITIES]);
		}
	}
	if whole {
		for point in grid::steps().iter().skip(1) {
			both(point, Pace::Full, SMALL, None, &[IDENTITIES]);
		}
		for point in grid::steps().iter().skip(1).chain(&grid::corners()).chain(&samples(SAMPLES)) {
			for commission in COMMISSIONS {
				both(point, Pace::Hooks, SMALL, commission, &[IDENTITIES]);
				both(point, Pace::Hooks, LARGE, commission, &[IDENTITIES]);
			}
		}
		// A bond cannot be lent often enough for so many, and each takes minutes.
		let many = [Strategy::Deals, Strategy::Moments, Strategy::Channels].map(|strategy| (strategy, 1_000)).to_vec();
		for point in ends.iter().take(2) {
			let (point, commission) = (point.clone(), None);
			let group = Group {
				point,
				pace: Pace::Full,
				tokens: SMALL,
				commission,
				nominators: None,
				strategies: many.clone(),
				usage_alone: false,
			};
			groups.insert(0, group);
		}
	} else {
		for point in grid::corners().iter().step_by(5).chain(&samples(SAMPLES / 5)) {
			both(point, Pace::Hooks, SMALL, None, &[IDENTITIES]);
		}
	}
	groups
}

/// Each of these strategies with each of these numbers of identities.
fn each(strategies: &[Strategy], identities: &[u32]) -> Vec<(Strategy, u32)> {
	let with = |identities: &u32| strategies.iter().map(|strategy| (*strategy, *identities)).collect::<Vec<_>>();
	identities.iter().flat_map(with).collect()
}

/// Runs with committees of 17, at every point that differs in what lines depend on, and some with a crowd of nominators.
fn seated(extent: Extent) -> Vec<Group> {
	let of = |point, strategies| Group {
		point,
		pace: Pace::Committees,
		tokens: SMALL,
		commission: None,
		nominators: None,
		strategies,
		usage_alone: false,
	};
	let mut groups = Vec::new();
	for point in [grid::defaults()].into_iter().chain(grid::extremes()) {
		let crowd = of(point.clone(), each(&Strategy::GAMING, &[IDENTITIES]));
		groups.push(Group { pace: Pace::Full, nominators: Some(CROWD), ..crowd });
		let (seated, spite) = (each(&Strategy::SEATED, &[1, IDENTITIES]), each(&Strategy::SPITE, &HARMFUL));
		groups.push(of(point, [seated, spite, vec![(Strategy::Carriers, IDENTITIES)]].concat()));
	}
	if extent == Extent::Whole {
		let all: Vec<_> = Strategy::SEATED.into_iter().chain(Strategy::SPITE).chain([Strategy::Carriers]).collect();
		let mut known = BTreeSet::from([of_lines(&grid::defaults())]);
		let mut is_new = |point: &Point| known.insert(of_lines(point));
		let steps: Vec<_> = grid::steps().into_iter().filter(&mut is_new).collect();
		let inside: Vec<_> = grid::corners().into_iter().chain(samples(SAMPLES)).filter(is_new).collect();
		groups.extend(steps.into_iter().map(|point| of(point, each(&all, &[IDENTITIES]))));
		groups.extend(inside.into_iter().map(|point| of(point, each(&Strategy::SEATED, &[IDENTITIES]))));
	}
	groups
}

/// The settings that say what lines cost and earn.
fn of_lines(point: &Point) -> String {
	let Settings { registry, bandwidth, rewards, .. } = point.settings;
	let rewards = RewardSettings { usage: Permill::zero(), ..rewards };
	format!("{registry:?} {bandwidth:?} {rewards:?}")
}

fn run_group(group: &Group) -> Result<Report> {
	let Group { point, pace, tokens, commission, nominators, usage_alone, .. } = group.clone();
	let mut scenario = Scenario { settings: point.settings, pace, tokens, commission, ..Scenario::default() };
	scenario.nominators = nominators.unwrap_or(scenario.nominators);
	let cast = Cast::new(&scenario);
	let mut report = Report::default();
	let mut run = |strategy, identities| -> Option<(Balance, Balance)> {
		let plan = Plan { strategy, identities, nominates: !usage_alone };
		let outcome = match pace {
			Pace::Full | Pace::Committees => coalition::run(&cast, plan),
			Pace::Hooks => hooks::run(&cast, plan),
		};
		let Outcome { wealth, honest, failures, violations } = match outcome {
			Ok(outcome) => outcome,
			Err(why) => {
				*report.unaffordable.entry(why).or_default() += 1;
				return None;
			}
		};
		let label = format!("{} | {pace:?} | {commission:?} | {} x {identities}", point.name, strategy.name());
		report.failures.extend(failures.into_iter().map(|failure| format!("{label}: {failure}")));
		report.violations.extend(violations.into_iter().map(|violation| format!("{label}: {violation}")));
		Some((wealth.total(), honest.total()))
	};
	// Who has no validator and does nothing keeps what it has.
	let idle = match commission {
		None if !usage_alone => (tokens, 0),
		_ => run(Strategy::Idle, 0).context("the coalition that does nothing has not run")?,
	};
	let twin = if usage_alone {
		idle
	} else {
		run(Strategy::Nominate, 0).context("the coalition that nominates has not run")?
	};
	let mut rows = Vec::new();
	for (strategy, identities) in group.strategies.iter().copied() {
		let Some((wealth, honest)) = run(strategy, identities) else { continue };
		rows.push(Row {
			point: point.name.clone(),
			pace,
			tokens,
			commission,
			strategy,
			identities,
			usage_alone,
			gain: difference(wealth, twin.0),
			harm: difference(twin.1, honest),
			honest: difference(honest, LINE_ENDOWMENT * Balance::from(pace.honest_lines())),
			crowd: nominators.is_some(),
			nominating: difference(twin.0, idle.0),
		});
	}
	report.rows = rows;
	Ok(report)
}

impl Row {
	fn key(&self) -> (bool, &'static str, Balance, Option<Perbill>, String, Strategy, u32) {
		let point = self.point.clone();
		(self.usage_alone, self.machinery(), self.tokens, self.commission, point, self.strategy, self.identities)
	}

	/// The gain in parts of what nominating brought, in per cent; `None` if nominating brought nothing.
	fn percent(&self) -> Option<f64> {
		(self.nominating > 0).then(|| 100.0 * self.gain as f64 / self.nominating as f64)
	}

	fn machinery(&self) -> &'static str {
		match self.pace {
			Pace::Full if self.crowd => "crowd",
			Pace::Full => "full",
			Pace::Committees => "committees",
			Pace::Hooks => "hooks",
		}
	}

	fn validator(&self) -> String {
		match self.commission {
			None => "none".into(),
			Some(commission) => format!("{} %", commission.deconstruct() / 10_000_000),
		}
	}

	/// In a sentence.
	pub(crate) fn describe(&self) -> String {
		format!(
			"{} with {} identities, {} STN, own validator: {}, settings: {} ({})",
			self.strategy.name(),
			self.identities,
			self.tokens / STN,
			self.validator(),
			self.point,
			self.machinery(),
		)
	}
}

impl Report {
	fn add(&mut self, other: Self) {
		self.rows.extend(other.rows);
		for (why, runs) in other.unaffordable {
			*self.unaffordable.entry(why).or_default() += runs;
		}
		self.failures.extend(other.failures);
		self.violations.extend(other.violations);
	}

	/// The run that gained most above nominating.
	///
	/// Carriers are paid by those whom they have carried for, and nothing is minted for it. Their fee is bounded by the
	/// bond of a seat, not by what the bond would bring elsewhere: they count wherever nominating brings three quarters of
	/// what it does at the defaults, or more. Where it brings nothing, every fee is more.
	pub(crate) fn best_gain(&self) -> Option<&Row> {
		let carries = |row: &&Row| row.strategy == Strategy::Carriers;
		let defaults = grid::defaults().name;
		let at_defaults = self.rows.iter().filter(carries).find(|row| row.point == defaults);
		let usual = at_defaults.map_or(0, |row| row.nominating);
		let counts = |row: &&Row| !row.usage_alone && (!carries(row) || 4 * row.nominating >= 3 * usual);
		self.rows.iter().filter(counts).max_by_key(|row| row.gain)
	}

	/// The run that harmed honest lines most for what it has cost.
	pub(crate) fn worst_harm(&self) -> Option<&Row> {
		harm::worst(&self.rows)
	}

	/// The run that lost least by usage alone.
	pub(crate) fn best_wash(&self) -> Option<&Row> {
		self.rows.iter().filter(|row| row.usage_alone).max_by_key(|row| row.gain)
	}

	/// One line for each run.
	pub(crate) fn csv(&self) -> String {
		let mut text = String::from(
			"compared_with,machinery,tokens_stn,own_validator,settings,strategy,identities,gain_stn,nominating_stn,gain_percent,harm_stn,honest_stn\n",
		);
		for row in &self.rows {
			let twin = if row.usage_alone { "idle" } else { "nominating" };
			let percent = row.percent().map_or(String::new(), |percent| format!("{percent:.6}"));
			// Writing to a string cannot fail.
			let _ = writeln!(
				text,
				"{twin},{},{},{},\"{}\",{},{},{},{},{percent},{},{}",
				row.machinery(),
				exact(row.tokens),
				row.validator(),
				row.point,
				row.strategy.name(),
				row.identities,
				exact_signed(row.gain),
				exact_signed(row.nominating),
				exact_signed(row.harm),
				exact_signed(row.honest),
			);
		}
		text
	}

	/// The best of each strategy, by what the coalition is like.
	pub(crate) fn summary(&self) -> String {
		let mut best: BTreeMap<(bool, &str, Balance, String, Strategy), &Row> = BTreeMap::new();
		for row in &self.rows {
			let key = (row.usage_alone, row.machinery(), row.tokens, row.validator(), row.strategy);
			let entry = best.entry(key).or_insert(row);
			if row.gain > entry.gain {
				*entry = row;
			}
		}
		let mut text = String::from(
			"compared with | machinery | tokens, STN | own validator | strategy | best gain, STN | of nominating | identities | settings\n",
		);
		for ((usage_alone, machinery, tokens, validator, strategy), row) in best {
			let twin = if usage_alone { "idle" } else { "nominating" };
			let percent = row.percent().map_or("-".into(), |percent| format!("{percent:+.4} %"));
			let _ = writeln!(
				text,
				"{twin} | {machinery} | {} | {validator} | {} | {} | {percent} | {} | {}",
				tokens / STN,
				strategy.name(),
				exact_signed(row.gain),
				row.identities,
				row.point,
			);
		}
		text + "\n" + &harm::summary(&self.rows)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn group(pace: Pace, strategies: Vec<(Strategy, u32)>, usage_alone: bool) -> Group {
		let point = grid::defaults();
		let point = if usage_alone { grid::usage_alone(&point) } else { point };
		Group { point, pace, tokens: SMALL, commission: None, nominators: None, strategies, usage_alone }
	}

	#[test]
	fn a_run_is_the_same_every_time_and_breaks_nothing() {
		for pace in [Pace::Full, Pace::Hooks] {
			let group = group(pace, each(&Strategy::HOOKED, &[10]), false);
			let (first, again) = (run_group(&group).unwrap(), run_group(&group).unwrap());

			assert_eq!(first.failures, Vec::<String>::new());
			assert_eq!(first.violations, Vec::<String>::new());
			let gains = |report: &Report| report.rows.iter().map(|row| row.gain).collect::<Vec<_>>();
			assert_eq!(gains(&first), gains(&again));
			assert_eq!(first.rows.len(), Strategy::HOOKED.len());
			assert!(first.rows.iter().all(|row| row.nominating > 0));
		}
	}

	#[test]
	fn no_strategy_beats_nominating_at_the_defaults_and_at_the_ends_of_all_settings() {
		for point in [grid::defaults()].into_iter().chain(grid::extremes()) {
			let strategies = each(&Strategy::HOOKED, &[10]);
			let report = run_group(&Group { point, ..group(Pace::Hooks, strategies, false) }).unwrap();

			assert!(report.rows.len() > 1, "{report:?}");
			assert!(report.rows.iter().all(|row| row.gain <= 0), "{:?}", report.best_gain());
		}
	}

	// E1
	#[test]
	fn idle_seats_end_below_nominating_and_spite_costs_more_than_it_takes() {
		let mut strategies = each(&Strategy::SEATED, &[IDENTITIES]);
		strategies.extend([(Strategy::Silence, HARMFUL[3]), (Strategy::GivenUp, IDENTITIES)]);
		let report = run_group(&group(Pace::Committees, strategies, false)).unwrap();

		assert_eq!(report.failures, Vec::<String>::new());
		assert_eq!(report.violations, Vec::<String>::new());
		assert_eq!(report.rows.len(), 4, "{report:?}");
		for row in &report.rows {
			assert!(row.gain < 0 && row.harm_per_stn() <= harm::BOUND, "{row:#?}");
		}
	}

	// E1
	#[test]
	fn carriers_that_are_never_measured_end_below_nominating_at_the_dearest_fees() {
		for name in ["member fee=most", "tests of a seat=24, member fee=most"] {
			let point = grid::steps().into_iter().find(|point| point.name == name).unwrap();
			let strategies = vec![(Strategy::Carriers, IDENTITIES)];
			let report = run_group(&Group { point, ..group(Pace::Committees, strategies, false) }).unwrap();

			assert_eq!(report.failures, Vec::<String>::new());
			assert_eq!(report.violations, Vec::<String>::new());
			assert!(report.best_gain().is_some_and(|row| row.gain < 0), "{report:?}");
		}
	}

	#[test]
	fn committees_are_played_wherever_lines_cost_or_earn_something_else() {
		let groups = seated(Extent::Whole);
		let played: BTreeSet<_> = groups.iter().map(|group| of_lines(&group.point)).collect();
		let all = grid::steps().into_iter().chain(grid::extremes()).chain(grid::corners()).chain(samples(SAMPLES));

		for point in all {
			assert!(played.contains(&of_lines(&point)), "{}", point.name);
		}
		assert!(groups.len() < 180, "{} groups", groups.len());
	}

	#[test]
	fn paying_oneself_always_costs_something() {
		for pace in [Pace::Full, Pace::Hooks] {
			let washes = Strategy::WASHING.map(|strategy| (strategy, 3)).to_vec();
			let report = run_group(&group(pace, washes, true)).unwrap();

			assert_eq!(report.rows.len(), 2);
			assert!(report.rows.iter().all(|row| row.gain < 0), "{:?}", report.rows);
		}
	}

	#[test]
	fn hooks_stand_for_proofs() {
		let strategies = vec![(Strategy::Deals, 10), (Strategy::Moments, 10)];
		let full = run_group(&group(Pace::Full, strategies.clone(), false)).unwrap();
		let hooks = run_group(&group(Pace::Hooks, strategies, false)).unwrap();

		for (full, hooks) in full.rows.iter().zip(&hooks.rows) {
			// Fees and the reserve for them are all that differs.
			let apart = (full.gain - hooks.gain).unsigned_abs();
			assert!(apart < full.nominating.unsigned_abs() / 50, "{full:?} {hooks:?}");
		}
	}
}
