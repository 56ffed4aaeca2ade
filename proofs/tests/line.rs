//! A line with colluders at its members: whatever they and the node do, the bound holds; and an honest line reads its
//! rate.

use proptest::{
	collection::vec,
	prelude::*,
	sample::{select, Index},
};
use substation_proofs::bandwidth::{cap, measure, total, PAYLOAD, WIRE};

/// Sizes of committees that the chain may have.
const SIZES: [u8; 4] = [5, 9, 17, 25];

/// How many members may collude.
fn tolerated(members: u8) -> u8 {
	(members - 1) / 2
}

/// Least milliseconds in which `payload` bytes cross a line of `rate` kbit/s.
fn crossing(payload: u64, rate: u32) -> u32 {
	let bits = u128::from(payload) * u128::from(8 * WIRE);
	u32::try_from(bits.div_ceil(u128::from(PAYLOAD) * u128::from(rate))).unwrap_or(u32::MAX)
}

/// Asserts that `reading` is at most `line / (1 - 1.25 f/n)`, with one kbit/s and a hundred thousandth for rounding:
/// caps are whole bytes.
fn assert_bounded(reading: u32, line: u32, members: u8, colluders: u8) {
	let (n, f) = (u128::from(members), u128::from(colluders));
	let most = u128::from(line) * 4 * n * 100_001 / 100_000;
	let read = u128::from(reading.saturating_sub(1)) * (4 * n - 5 * f);
	assert!(read <= most, "{reading} of {line}, {colluders} of {members}");
}

/// How an honest member fares.
#[derive(Clone, Copy, Debug)]
struct Honest {
	/// Bytes that cross the line, in thousandths of the cap.
	part: u32,
	/// Whether the node gets, or asks for, its receipt.
	signs: bool,
	/// What its clock shows above the least possible.
	late: u32,
}

/// What a colluder says.
type Colluder = (u32, Option<u32>);

fn honest() -> impl Strategy<Value = Honest> {
	let part = prop_oneof![2 => Just(1_000), 1 => Just(0), 2 => 0u32..=1_000];
	let late = prop_oneof![2 => Just(0), 1 => 0u32..500, 1 => 0u32..1 << 30];
	(part, prop::bool::weighted(0.75), late).prop_map(|(part, signs, late)| Honest { part, signs, late })
}

fn colluder() -> impl Strategy<Value = Colluder> {
	let count = prop_oneof![3 => Just(u32::MAX), 1 => any::<u32>()];
	let elapsed = prop_oneof![3 => Just(Some(1)), 1 => any::<Option<u32>>(), 1 => (1u32..60_000).prop_map(Some)];
	(count, elapsed)
}

#[derive(Clone, Debug)]
struct Case {
	line: u32,
	members: u8,
	total: u64,
	honest: Vec<Honest>,
	colluders: Vec<Colluder>,
}

impl Case {
	/// What the node hands in. Bytes flow after all clocks have started and before any of them stops: every honest time
	/// is at least what the bytes of all honest members with receipts take.
	fn parts(&self) -> Vec<(u32, Option<u32>)> {
		let cap = cap(self.total, self.members);
		let bytes = |member: &Honest| cap * u64::from(member.part) / 1_000;
		let crossed: u64 = self.honest.iter().filter(|member| member.signs).map(bytes).sum();
		let least = crossing(crossed, self.line);
		let mut parts = self.colluders.clone();
		parts.extend(
			self.honest
				.iter()
				.map(|member| (bytes(member) as u32, member.signs.then(|| least.max(1).saturating_add(member.late)))),
		);
		parts
	}
}

fn case() -> impl Strategy<Value = Case> {
	let line = prop_oneof![1_000u32..10_000, 10_000u32..1_000_000, Just(50_000)];
	// What is claimed, in per cent of what the line carries.
	let claimed = prop_oneof![Just(100u64), Just(200), Just(243), Just(250), 10u64..300, 100u64..2_000];
	(line, claimed, 5u8..=30, select(SIZES.to_vec()), any::<Index>()).prop_flat_map(
		|(line, claimed, seconds, members, colluders)| {
			let claim = (u64::from(line) * claimed / 100).min(30_000_000 / u64::from(seconds)) as u32;
			let f = colluders.index(usize::from(tolerated(members)) + 1);
			let parts = (vec(honest(), usize::from(members) - f), vec(colluder(), f));
			parts.prop_map(move |(honest, colluders)| Case {
				line,
				members,
				total: total(claim, seconds),
				honest,
				colluders,
			})
		},
	)
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 4_096, ..ProptestConfig::default() })]

	/// The bound: whatever colluders vouch for and sign, whoever is left out, whoever carries how much, whatever is
	/// claimed.
	#[test]
	fn no_collusion_reads_above_the_bound(case in case()) {
		let reading = measure(case.total, &case.parts()).rate;

		assert_bounded(reading, case.line, case.members, case.colluders.len() as u8);
	}

	/// Who colludes best: all of them at their cap and in no time, and as many honest members as the node likes, all
	/// of which carry the same, whatever that is.
	#[test]
	fn no_share_of_honest_bytes_reads_above_the_bound(
		members in select(SIZES.to_vec()),
		colluders: Index,
		signing: Index,
		part in 0u32..=1_000,
		line in 1_000u32..1_000_000,
		claimed in 100u64..1_000,
	) {
		let f = colluders.index(usize::from(tolerated(members)) + 1);
		let honest = usize::from(members) - f;
		let signing = signing.index(honest) + 1;
		let member = |index| Honest { part, signs: index < signing, late: 0 };
		let claim = (u64::from(line) * claimed / 100).min(3_000_000) as u32;
		let case = Case {
			line,
			members,
			total: total(claim, 10),
			honest: (0..honest).map(member).collect(),
			colluders: vec![(u32::MAX, Some(1)); f],
		};

		assert_bounded(measure(case.total, &case.parts()).rate, line, members, f as u8);
	}

	/// Nobody colludes, a fifth or less is missing, the others carry the total between them, however unevenly: the
	/// line reads its rate, less begun milliseconds.
	#[test]
	fn honest_line_reads_its_rate(
		members in select(SIZES.to_vec()),
		missing: Index,
		weights in vec(1u64..1_000, 25),
		over in 1_000u64..1_050,
		line in 1_000u32..1_000_000,
		claimed in 80u64..1_000,
		seconds in 5u8..=30,
	) {
		let claim = (u64::from(line) * claimed / 100).min(30_000_000 / u64::from(seconds)) as u32;
		let whole = total(claim, seconds);
		let cap = cap(whole, members);
		let missing = missing.index(usize::from(members) / 5 + 1);
		let there = usize::from(members) - missing;
		let wanted = (whole * over / 1_000).min(cap * there as u64);
		prop_assert!(wanted >= whole);
		let counts = shared(wanted, cap, &weights[..there]);
		let elapsed = crossing(wanted, line);

		let mut parts: Vec<_> = counts.into_iter().map(|count| (count as u32, Some(elapsed))).collect();
		parts.resize(usize::from(members), (0, None));
		let measured = measure(whole, &parts);

		prop_assert_eq!((measured.delivered, usize::from(measured.receipts)), (1_000, there));
		prop_assert!(measured.rate <= line);
		let rounding = u64::from(line) / u64::from(elapsed) + 1;
		prop_assert!(u64::from(measured.rate) + rounding >= line.into(), "{} of {line}", measured.rate);
	}

	/// Nobody else's word lowers a reading as long as it stays in the minority and its bytes are vouched for.
	#[test]
	fn minority_that_signs_long_times_lowers_nothing(
		members in select(SIZES.to_vec()),
		liars: Index,
		late in 0u32..1 << 31,
		line in 1_000u32..1_000_000,
	) {
		let liars = liars.index(usize::from(tolerated(members)) + 1);
		let whole = total(line, 10);
		let count = whole.div_ceil(members.into());
		let elapsed = crossing(count * u64::from(members), line);
		let mut parts = vec![(count as u32, Some(elapsed)); usize::from(members)];
		let honest = measure(whole, &parts);

		for part in &mut parts[..liars] {
			part.1 = Some(elapsed.saturating_add(late));
		}

		prop_assert_eq!(measure(whole, &parts), honest);
	}
}

/// Shares `wanted` by weight, nobody above `cap`.
fn shared(wanted: u64, cap: u64, weights: &[u64]) -> Vec<u64> {
	let all: u64 = weights.iter().sum();
	let mut counts: Vec<u64> = weights.iter().map(|weight| (wanted * weight / all).min(cap)).collect();
	let mut left = wanted - counts.iter().sum::<u64>();
	for count in &mut counts {
		let more = left.min(cap - *count);
		*count += more;
		left -= more;
	}
	assert_eq!(left, 0);
	counts
}

/// What `f` colluders of `n` reach when the line of 50 Mbit/s carries the rest: the bound, and for every share of bytes
/// that are vouched for no more.
#[test]
fn bound_is_reached_and_nowhere_exceeded() {
	const LINE: u32 = 50_000;
	for members in SIZES {
		let whole = total(4 * LINE, 10);
		let cap = cap(whole, members);
		for colluders in 0..=tolerated(members) {
			let made_up = cap * u64::from(colluders);
			// All honest members sign; what each of them carries makes the share.
			let honest = u64::from(members - colluders);
			let reading = |crossed: u64| {
				let mut parts = vec![(cap as u32, Some(1)); usize::from(colluders)];
				let elapsed = crossing(crossed, LINE).max(1);
				parts.extend(vec![((crossed / honest) as u32, Some(elapsed)); honest as usize]);
				measure(whole, &parts).rate
			};

			for crossed in (0..=1_000).map(|part| honest * cap * part / 1_000) {
				assert_bounded(reading(crossed), LINE, members, colluders);
			}

			let best = u64::from(reading(whole - made_up + honest));
			let bound = u64::from(LINE) * whole / (whole - made_up);
			assert!(best * 1_000 >= bound * 999, "{best} of {bound}: {colluders} of {members}");
		}
	}
}

/// The inflation that the documentation states, in hundredths.
#[test]
fn bounds_are_as_documented() {
	let bound = |members: u32, colluders: u32| 100 * 4 * members / (4 * members - 5 * colluders);

	assert_eq!([1, 2, 3, 4, 5, 6, 7, 8].map(|f| bound(17, f)), [107, 117, 128, 141, 158, 178, 206, 242]);
	assert_eq!([(5, 2), (9, 4), (17, 8), (25, 12)].map(|(n, f)| bound(n, f)), [200, 225, 242, 250]);
}

/// The odds that of `n` independent draws at least `least` hit, each with odds `hit`.
fn at_least(least: u32, n: u32, hit: f64) -> f64 {
	let choose = |k: u32| (0..k).fold(1.0, |product, i| product * f64::from(n - i) / f64::from(i + 1));
	(least..=n).map(|k| choose(k) * hit.powi(k as i32) * (1.0 - hit).powi((n - k) as i32)).sum()
}

/// The odds that the documentation states for three of the last five committees of 17 with at least so many colluders.
#[test]
fn odds_of_colluders_are_as_documented() {
	let documented: [(f64, &[(u32, f64)]); 3] = [
		(0.1, &[(3, 0.092), (4, 0.005), (5, 0.0001), (9, 1.5e-14)]),
		(0.2, &[(3, 0.82), (4, 0.41), (5, 0.095), (7, 0.0005), (9, 1.7e-7)]),
		(0.3, &[(3, 0.996), (4, 0.94), (5, 0.70), (7, 0.079), (9, 6.1e-4)]),
	];
	for (share, row) in documented {
		for &(colluders, stated) in row {
			let odds = at_least(3, 5, at_least(colluders, 17, share));
			assert!((odds / stated - 1.0).abs() < 0.06, "{colluders} of 17 at {share}: {odds} and not {stated}");
		}
	}
	// A member that a tested node leaves out is absent: so many of sixteen tests at a stranger's mercy cost its seats.
	for (absences, share, stated) in [(12, 0.3, 2.7e-4), (15, 0.3, 1.6e-7), (12, 0.5, 0.038), (15, 0.5, 2.6e-4)] {
		assert!((at_least(absences, 16, share) / stated - 1.0).abs() < 0.06, "{absences} of 16 at {share}");
	}
}

/// Without the lowering, leaving out honest members would make what colluders vouch for the larger part of little.
#[test]
fn leaving_out_honest_members_gains_nothing() {
	const LINE: u32 = 50_000;
	let whole = total(2 * LINE, 10);
	let cap = cap(whole, 17);
	for colluders in 0..=8u8 {
		for signing in 1..=17 - colluders {
			let crossed = cap * u64::from(signing) / 10;
			let elapsed = crossing(crossed, LINE).max(1);
			let mut parts = vec![(cap as u32, Some(1)); usize::from(colluders)];
			parts.extend(vec![((cap / 10) as u32, Some(elapsed)); usize::from(signing)]);
			parts.resize(17, (0, None));

			let vouched = cap * u64::from(colluders) + cap / 10 * u64::from(signing);
			let unlowered = vouched * 8 * WIRE / PAYLOAD / u64::from(elapsed);
			let reading = measure(whole, &parts).rate;

			assert_bounded(reading, LINE, 17, colluders);
			if colluders == 8 && signing == 1 {
				assert!(unlowered > 50 * u64::from(LINE), "{unlowered}");
				assert!(reading < 3 * LINE / 2, "{reading}");
			}
		}
	}
}

/// Members that are served one after another have all waited for the first: every clock runs from before the first byte.
#[test]
fn serving_members_one_after_another_gains_nothing() {
	const LINE: u32 = 50_000;
	let whole = total(2 * LINE, 10);
	let cap = cap(whole, 17);
	let first = 8 * cap;
	let last = whole - first;
	let took = crossing(whole, LINE);

	// With clocks that start at the first byte, the last nine would have measured their own time only.
	let own = crossing(last, LINE);
	let by_first_byte = whole * 8 * WIRE / PAYLOAD / u64::from(own);
	assert_eq!(by_first_byte * 100 / u64::from(LINE), 242);

	let mut parts = vec![(cap as u32, Some(took)); 8];
	parts.extend(vec![(last.div_ceil(9) as u32, Some(took)); 9]);
	assert!(measure(whole, &parts).rate <= LINE);
}

/// A member that carries its part and then does not sign costs more than one that never came: its bytes took time. A
/// node that moves more than the total, as caps allow, at least is not lowered for it.
#[test]
fn moving_more_than_the_total_softens_refused_receipts() {
	const LINE: u32 = 50_000;
	let whole = total(LINE, 10);
	let cap = cap(whole, 17);
	let reading = |moved: u64, refused: usize| {
		let elapsed = crossing(moved, LINE);
		let mut parts = vec![(moved.div_ceil(17) as u32, Some(elapsed)); 17];
		for part in &mut parts[..refused] {
			part.1 = None;
		}
		let rate = u64::from(measure(whole, &parts).rate);
		(rate * 100 + u64::from(LINE) / 2) / u64::from(LINE)
	};

	assert_eq!([0, 1, 2].map(|refused| reading(whole, refused)), [100, 81, 63]);
	let more = whole * 17 / 15;
	assert!(more <= 17 * cap);
	assert_eq!([0, 1, 2].map(|refused| reading(more, refused)), [100, 94, 88]);
}
