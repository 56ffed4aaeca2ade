//! How the line stands: figures for scripts, words for people, and what to do.

use crate::bandwidth::history::{self, Membership, OwnTest, Stage};
use crate::cli::bandwidth::display_rate;
use serde::Serialize;
use substation_client::amounts::display_amount;
use substation_primitives::{
	bandwidth::{Direction, Kbits, LinePage, Rates, Reading, ReadingReason, TestId, SOUND_COMMITTEE},
	settings::BandwidthSettings,
};

/// Members without a receipt that one line names.
const NAMED: usize = 6;

/// Everything that a report on a line is made from.
#[derive(Clone, Debug)]
pub struct LineView {
	/// The chain's page.
	pub page: LinePage,
	/// Members of a committee.
	pub members: Option<u8>,
	/// Tests of this node that this process has run, newest first.
	pub own: Vec<OwnTest>,
	/// Tests of others, newest first.
	pub memberships: Vec<Membership>,
	/// What the operator grants to tests of others, if the agent runs.
	pub granted: Option<Rates>,
}

/// What `/v1/status` shows of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineReport {
	/// Claimed, in kbit/s.
	pub claim: Rates,
	/// Rated, in kbit/s.
	pub rating: Rates,
	/// Seats.
	pub seats: Vec<SeatReport>,
	/// The bond that is held for them, in the smallest unit, as text.
	pub bond: String,
	/// What their bond must be, in the smallest unit, as text.
	pub required_bond: String,
	/// Paid in for tests, in the smallest unit, as text.
	pub prepaid: String,
	/// Earned and not collected, in the smallest unit, as text.
	pub earned: String,
	/// The latest completed tests as a member.
	pub member_tests: u8,
	/// In how many of them it was absent.
	pub member_absences: u8,
	/// Whether its seats no longer count for absences.
	pub expelled: bool,
	/// The test that is running.
	pub pending: Option<TestId>,
	/// Readings of both directions, newest first.
	pub readings: Vec<ReadingReport>,
	/// Tests of this node that this process has run, with who failed and why.
	pub own_tests: Vec<OwnTest>,
	/// Tests of others.
	pub memberships: Vec<Membership>,
	/// What the operator grants to tests of others, in kbit/s.
	pub granted: Option<Rates>,
	/// What to do now.
	pub advice: Vec<String>,
	/// All this as lines for people.
	pub words: Vec<String>,
}

/// One seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatReport {
	/// Its place in the table.
	pub index: u32,
	/// The first epoch in which it counts.
	pub from: u64,
	/// The first epoch in which it no longer does.
	pub until: Option<u64>,
}

/// One reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadingReport {
	/// `down` or `up`.
	pub direction: &'static str,
	/// The block that drew the test; `None` for a zero from the start.
	pub drawn: Option<u32>,
	/// In kbit/s.
	pub rate: Kbits,
	/// Receipts that came with it.
	pub receipts: u8,
	/// Vouched for, in thousandths of the total.
	pub delivered: u16,
	/// Why it is what it is.
	pub reason: String,
}

impl LineReport {
	/// The report on a line.
	pub fn of(view: &LineView, settings: &BandwidthSettings) -> Self {
		let page = &view.page;
		let readings = readings(view);
		let advice = advice(view, settings);
		let words = words(view, &readings, &advice);
		let seats = page.seats.iter().map(|seat| SeatReport { index: seat.index, from: seat.from, until: seat.until });
		Self {
			claim: page.claim,
			rating: page.rating,
			seats: seats.collect(),
			bond: page.bond.to_string(),
			required_bond: page.required_bond.to_string(),
			prepaid: page.prepaid.to_string(),
			earned: page.earned.to_string(),
			member_tests: page.membership.0,
			member_absences: page.membership.1,
			expelled: page.expelled,
			pending: page.pending,
			readings,
			own_tests: view.own.clone(),
			memberships: view.memberships.clone(),
			granted: view.granted,
			advice,
			words,
		}
	}
}

fn readings(view: &LineView) -> Vec<ReadingReport> {
	let of = |direction: Direction, readings: &[(Reading, ReadingReason)]| {
		let report = |(reading, reason): &(Reading, ReadingReason)| ReadingReport {
			direction: history::word(direction),
			drawn: (*reason != ReadingReason::NotTested).then_some(reading.drawn),
			rate: reading.rate,
			receipts: reading.receipts,
			delivered: reading.delivered,
			reason: reason_words(view, direction, reading, *reason),
		};
		readings.iter().map(report).collect::<Vec<_>>()
	};
	[of(Direction::Down, &view.page.down), of(Direction::Up, &view.page.up)].concat()
}

/// Why a reading is what it is; with what this process knows of the test.
fn reason_words(view: &LineView, direction: Direction, reading: &Reading, reason: ReadingReason) -> String {
	let own = view.own.iter().find(|own| own.test.block == reading.drawn && own.direction == direction);
	let receipts = match view.members.or(own.map(|own| own.members)) {
		Some(members) => format!("{} of {members} receipts", reading.receipts),
		None => format!("{} receipts", reading.receipts),
	};
	let delivered = percent(reading.delivered);
	let mut words = match reason {
		ReadingReason::NotTested => return "not tested yet".into(),
		ReadingReason::Measured => format!("measured, {receipts}"),
		ReadingReason::NotAllDelivered => format!("lowered: {delivered} delivered, {receipts}"),
		ReadingReason::NoMajority => format!("no majority: only {receipts}"),
		ReadingReason::NotSubmitted => match own.map(|own| &own.stage) {
			None => "not submitted; the agent did not run, or not long enough".into(),
			Some(Stage::Failed) => "not submitted: no member has signed".into(),
			Some(_) => "not submitted in time".into(),
		},
	};
	if let Some(own) = own.filter(|own| !own.absences.is_empty()) {
		let named = own.absences.iter().take(NAMED).map(|(node, absence)| format!("member {node} {absence}"));
		words.push_str(&format!("; {}", named.collect::<Vec<_>>().join("; ")));
		let more = own.absences.len().saturating_sub(NAMED);
		if more > 0 {
			words.push_str(&format!("; and {more} more"));
		}
	}
	if let Some(milliseconds) = own.and_then(|own| own.round_trip_ms) {
		words.push_str(&format!("; round trips of {milliseconds} ms"));
	}
	words
}

fn percent(thousandths: u16) -> String {
	match (thousandths / 10, thousandths % 10) {
		(whole, 0) => format!("{whole} %"),
		(whole, tenth) => format!("{whole}.{tenth} %"),
	}
}

fn advice(view: &LineView, settings: &BandwidthSettings) -> Vec<String> {
	let LineView { page, members, .. } = view;
	let mut advice = Vec::new();
	let is_given_up = page.seats.iter().any(|seat| seat.until.is_some());
	if page.expelled {
		let then = "a second time when they no longer count, and join anew";
		advice.push(format!("expelled for absences: give the seats up with `substation bandwidth leave`, {then}"));
	} else if is_given_up {
		advice.push("when the seats no longer count, `substation bandwidth leave` pays out what is left".into());
	}
	let fee = settings.member_fee.saturating_mul(members.unwrap_or(0).into());
	if !page.expelled && !is_given_up && page.prepaid < fee {
		let (prepaid, fee) = (display_amount(page.prepaid), display_amount(fee));
		advice
			.push(format!("no more tests, of this line or of others: {prepaid} STN are prepaid, one costs {fee}; `substation bandwidth prepay`"));
	}
	let (completed, absent) = page.membership;
	if !page.expelled && u32::from(absent) * 4 > u32::from(completed).max(4) {
		let limit = settings.max_absences;
		advice.push(format!(
			"absent in {absent} of {completed} tests of others, {limit} of 16 lose the seats: is this machine's UDP port \
			 reachable, are the limits in config.toml too low?"
		));
	}
	for (direction, readings) in [(Direction::Down, &page.down), (Direction::Up, &page.up)] {
		let Some((last, reason)) = readings.first() else { continue };
		let claim = page.claim.get(direction);
		let is_low = *reason == ReadingReason::Measured && u64::from(last.rate) * 4 < u64::from(claim) * 3;
		if is_low {
			let (way, rate, claim) = (history::word(direction), display_rate(last.rate), display_rate(claim));
			advice.push(format!("{way}: the line carries {rate} of the {claim} claimed; `substation bandwidth claim`"));
		}
	}
	if page.earned > 0 && page.earned >= settings.member_fee.saturating_mul(100) {
		advice.push("`substation bandwidth collect` pays out what was earned".into());
	}
	advice
}

fn words(view: &LineView, readings: &[ReadingReport], advice: &[String]) -> Vec<String> {
	let page = &view.page;
	let both = |rates: Rates| format!("{} down, {} up", display_rate(rates.down), display_rate(rates.up));
	let mut words = vec![format!("line: claims {}; rated {}", both(page.claim), both(page.rating))];
	let (bond, needed) = (amount(page.bond), amount(page.required_bond));
	words.push(format!("seats: {}; bond: {bond} STN, of which they need {needed}", seats(page)));
	if let Some(members) = view.members.filter(|members| *members < SOUND_COMMITTEE) {
		words.push(format!(
			"WARNING: committees have {members} members instead of {SOUND_COMMITTEE}: this chain is for development, and what it \
			 reads on lines is not to be trusted"
		));
	}
	words.push(format!("tests: {} STN prepaid, {} STN earned as a member", amount(page.prepaid), amount(page.earned)));
	let (completed, absent) = page.membership;
	let missed = view.memberships.iter().filter(|membership| membership.refusal.is_some()).count();
	let mut member = format!("member: absent in {absent} of the last {completed} tests of others");
	if let Some(granted) = view.granted {
		member.push_str(&format!("; grants {}", both(granted)));
	}
	if let Some(last) = view.memberships.iter().find(|membership| membership.refusal.is_some()) {
		let reason = last.refusal.as_deref().unwrap_or_default();
		member.push_str(&format!("; not signed here: {missed}, last for node {}: {reason}", last.node));
	}
	words.push(member);
	if let Some(test) = page.pending {
		words.push(format!("test {test} is running"));
	}
	for direction in [Direction::Down, Direction::Up] {
		let way = history::word(direction);
		let mine = || readings.iter().filter(|reading| reading.direction == way);
		for reading in mine() {
			if let Some(drawn) = reading.drawn {
				words.push(format!("{way}, test of block {drawn}: {}; {}", display_rate(reading.rate), reading.reason));
			}
		}
		let untested = mine().filter(|reading| reading.drawn.is_none()).count();
		if untested > 0 {
			words.push(format!("{way}: {untested} of {} readings are zeros from the start", mine().count()));
		}
	}
	words.extend(advice.iter().map(|advice| format!("to do: {advice}")));
	words
}

fn amount(amount: substation_primitives::Balance) -> String {
	display_amount(amount)
}

fn seats(page: &LinePage) -> String {
	let count = page.seats.len();
	if page.expelled {
		return format!("{count}, none of which counts: expelled for absences");
	}
	let until = page.seats.iter().filter_map(|seat| seat.until).max();
	let from = page.seats.iter().map(|seat| seat.from).max().unwrap_or(0);
	match until {
		Some(until) => format!("{count}, given up, counting until epoch {until}"),
		None => format!("{count}, counting from epoch {from} on"),
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::bandwidth::history::Absence;
	use substation_primitives::{
		bandwidth::SeatPage,
		settings::{Settings, STN},
		NodeId,
	};

	fn reading(
		rate: Kbits,
		drawn: u32,
		receipts: u8,
		delivered: u16,
		reason: ReadingReason,
	) -> (Reading, ReadingReason) {
		(Reading { rate, drawn, receipts, delivered }, reason)
	}

	pub(crate) fn view() -> LineView {
		let zero = reading(0, 0, 0, 0, ReadingReason::NotTested);
		let page = LinePage {
			node: NodeId(1),
			now: 100,
			claim: Rates { down: 100_000, up: 50_000 },
			rating: Rates { down: 73_000, up: 0 },
			seats: vec![SeatPage { index: 3, from: 7, until: None }, SeatPage { index: 4, from: 9, until: None }],
			bond: 250 * STN,
			required_bond: 200 * STN,
			prepaid: STN,
			earned: STN / 100,
			membership: (10, 0),
			expelled: false,
			pending: None,
			down: vec![reading(97_300, 90, 17, 1_000, ReadingReason::Measured), zero, zero, zero, zero],
			up: vec![zero; 5],
		};
		LineView { page, members: Some(17), own: vec![], memberships: vec![], granted: None }
	}

	fn report(view: &LineView) -> LineReport {
		LineReport::of(view, &Settings::default().bandwidth)
	}

	fn own(stage: Stage, absences: Vec<(NodeId, Absence)>) -> OwnTest {
		OwnTest {
			test: TestId { block: 95, index: 0 },
			direction: Direction::Down,
			stage,
			rate: 0,
			receipts: 5,
			members: 17,
			delivered: 0,
			absences,
			round_trip_ms: None,
		}
	}

	#[test]
	fn good_line_is_told_without_advice() {
		let report = report(&view());

		assert_eq!(report.advice, Vec::<String>::new());
		assert_eq!(
			report.words,
			[
				"line: claims 100 Mbit/s down, 50 Mbit/s up; rated 73 Mbit/s down, 0 up",
				"seats: 2, counting from epoch 9 on; bond: 250 STN, of which they need 200",
				"tests: 1 STN prepaid, 0.01 STN earned as a member",
				"member: absent in 0 of the last 10 tests of others",
				"down, test of block 90: 97.3 Mbit/s; measured, 17 of 17 receipts",
				"down: 4 of 5 readings are zeros from the start",
				"up: 5 of 5 readings are zeros from the start",
			]
		);
	}

	#[test]
	fn small_committees_are_warned_of_loudly() {
		let warns = |members| {
			let view = LineView { members: Some(members), ..view() };
			report(&view).words.iter().any(|words| words.starts_with("WARNING: committees have"))
		};

		assert!(warns(3) && warns(16) && !warns(17) && !warns(25));
	}

	#[test]
	fn low_readings_are_explained_with_the_members_that_failed() {
		let mut view = view();
		let absences = vec![(NodeId(7), Absence::Silent("hello")), (NodeId(9), Absence::Declined("busy".into()))];
		view.own = vec![own(Stage::Taken, absences)];
		for (entry, expected) in [
			(
				reading(0, 95, 5, 300, ReadingReason::NoMajority),
				"0; no majority: only 5 of 17 receipts; member 7 no answer to hello; member 9 declined: busy",
			),
			(
				reading(50_000, 95, 15, 882, ReadingReason::NotAllDelivered),
				"50 Mbit/s; lowered: 88.2 % delivered, 15 of 17 receipts; member 7 no answer",
			),
			(reading(0, 94, 0, 0, ReadingReason::NotSubmitted), "0; not submitted; the agent did not run"),
			(reading(0, 95, 0, 0, ReadingReason::NotSubmitted), "0; not submitted in time; member 7"),
		] {
			let drawn = entry.0.drawn;
			view.page.down = vec![entry];

			let words = report(&view).words;

			let line = format!("down, test of block {drawn}: {expected}");
			assert!(words.iter().any(|words| words.starts_with(&line)), "{line}\n{words:#?}");
		}
		view.own = vec![own(Stage::Failed, vec![])];
		view.page.down = vec![reading(0, 95, 0, 0, ReadingReason::NotSubmitted)];
		assert!(report(&view).words.iter().any(|words| words.ends_with("no member has signed")));
	}

	#[test]
	fn what_to_do_is_said() {
		let cases: [(fn(&mut LinePage), &str); 6] = [
			(|page| page.prepaid = 0, "`substation bandwidth prepay`"),
			(|page| page.expelled = true, "`substation bandwidth leave`"),
			(|page| page.seats[0].until = Some(12), "pays out what is left"),
			(|page| page.membership = (16, 9), "15 of 16 lose the seats"),
			(|page| page.down[0].0.rate = 60_000, "carries 60 Mbit/s of the 100 Mbit/s claimed"),
			(|page| page.earned = STN, "`substation bandwidth collect`"),
		];
		for (change, expected) in cases {
			let mut view = view();
			change(&mut view.page);

			let advice = report(&view).advice;

			assert!(advice.len() == 1 && advice[0].contains(expected), "{expected}: {advice:?}");
		}
	}

	#[test]
	fn everything_is_there_for_scripts() {
		let mut view = view();
		view.own = vec![own(Stage::Taken, vec![(NodeId(7), Absence::Silent("hello"))])];

		let json = serde_json::to_value(report(&view)).unwrap();

		assert_eq!(json["claim"]["down"], 100_000);
		assert_eq!(json["readings"][0]["reason"], "measured, 17 of 17 receipts");
		assert_eq!(json["readings"][1]["drawn"], serde_json::Value::Null);
		assert_eq!(json["ownTests"][0]["absences"][0][1], "no answer to hello");
		assert_eq!(json["requiredBond"], (200 * STN).to_string());
	}
}
