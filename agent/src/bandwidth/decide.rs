//! When a tested node has seen enough: its decisions, without network and clock.

use std::time::Duration;
use substation_proofs::bandwidth;

/// A reading that has fallen below this part of the best one will not get better by waiting.
const WORSE: (u64, u64) = (97, 100);

/// With the total there, a reading that has fallen below this part of the best one says that the line is not full any more.
const FALLING: (u64, u64) = (998, 1_000);

/// Watches what a test would come to if it ended now.
///
/// On an honest line the reading does not fall until enough is there. Where members are missing or slow the rest reach
/// their caps first; then only the clocks go on, and every further second costs.
#[derive(Clone, Copy, Debug)]
pub struct Stopper {
	total: u64,
	enough: u64,
	time: Duration,
	best: u32,
}

impl Stopper {
	/// A test of `total` bytes that takes `time` on a line as fast as claimed, and ends at `enough` bytes.
	pub fn new(total: u64, enough: u64, time: Duration) -> Self {
		Self { total, enough, time, best: 0 }
	}

	/// Whether to commit `elapsed` after the clocks have started, with these bytes moved per member; `None` for members
	/// that take no part.
	pub fn is_over(&mut self, moved: &[Option<u64>], elapsed: Duration) -> bool {
		let sum = moved.iter().flatten().fold(0u64, |sum, part| sum.saturating_add(*part));
		if sum >= self.enough {
			return true;
		}
		let now = super::exam::millis(elapsed);
		let parts: Vec<(u32, Option<u32>)> = moved
			.iter()
			.map(|part| match part {
				Some(bytes) => (u32::try_from(*bytes).unwrap_or(u32::MAX), Some(now)),
				None => (0, None),
			})
			.collect();
		let reading = bandwidth::measure(self.total, &parts).rate;
		self.best = self.best.max(reading);
		let falls_below = |part: (u64, u64)| u64::from(reading) * part.1 < u64::from(self.best) * part.0;
		// More than the total is welcome while the line is full, and not worth waiting for once members are at their caps.
		falls_below(FALLING) && sum >= self.total || elapsed >= self.time && falls_below(WORSE)
	}
}

/// How long to wait for the rest of the nonces once half of them took `median`.
pub fn nonce_patience(median: Duration, least: Duration) -> Duration {
	median.saturating_mul(3).max(least)
}

#[cfg(test)]
mod tests {
	use super::*;

	const TOTAL: u64 = 10_000_000;
	const TIME: Duration = Duration::from_secs(8);

	/// Milliseconds after which it is over, with what each of 5 members has moved after so many milliseconds.
	fn ends(moved: impl Fn(usize, u64) -> Option<u64>) -> u64 {
		let mut stopper = Stopper::new(TOTAL, TOTAL, TIME);
		let mut now = 0;
		while now < 60_000 {
			now += 50;
			let parts: Vec<_> = (0..5).map(|member| moved(member, now)).collect();
			if stopper.is_over(&parts, Duration::from_millis(now)) {
				break;
			}
		}
		now
	}

	#[test]
	fn steady_line_is_measured_to_the_end_however_slow() {
		for rate in [250, 125, 60] {
			assert_eq!(ends(|_, now| Some(rate * now)), (TOTAL / 5).div_ceil(rate).next_multiple_of(50));
		}
	}

	#[test]
	fn fast_start_and_a_short_stall_do_not_end_a_test() {
		let bursty = |_: usize, now: u64| Some(if now < 1_000 { 800 * now } else { 800_000 + 150 * (now - 1_000) });
		let stalled = |_: usize, now: u64| Some(if now < 4_000 { 200 * now } else { 200 * (now - 200).max(4_000) });

		assert_eq!(ends(bursty), 9_000);
		assert_eq!(ends(stalled), 10_200);
	}

	#[test]
	fn caps_of_the_others_end_a_test_with_a_slow_or_absent_member() {
		let cap = bandwidth::cap(TOTAL, 5);
		let slow = ends(|member, now| Some(if member == 0 { now } else { (300 * now).min(cap * 9 / 10) }));
		let absent = ends(|member, now| (member > 0).then(|| (300 * now).min(cap * 9 / 10)));

		assert!((8_000..9_000).contains(&slow), "{slow}");
		assert!((8_000..9_000).contains(&absent), "{absent}");
	}

	#[test]
	fn more_than_the_total_is_taken_while_the_line_is_full_and_no_longer() {
		let enough = TOTAL + TOTAL / 10;
		let end = |per_second_after_the_total: u64| {
			let mut stopper = Stopper::new(TOTAL, enough, TIME);
			let moved =
				|now: u64| (1_250 * now).min(TOTAL) + (now.saturating_sub(8_000) * per_second_after_the_total / 1_000);
			(1..1_000).map(|step| step * 50).find(|now| {
				let parts = [Some(moved(*now) / 5); 5];
				stopper.is_over(&parts, Duration::from_millis(*now))
			})
		};

		assert_eq!(end(1_250_000), Some(8_800));
		assert_eq!(end(400_000), Some(8_050), "the line is two thirds empty");
	}

	#[test]
	fn late_nonces_are_not_waited_for() {
		let least = Duration::from_millis(300);

		assert_eq!(nonce_patience(Duration::from_millis(20), least), least);
		assert_eq!(nonce_patience(Duration::from_millis(150), least), Duration::from_millis(450));
	}
}
