//! How long an upload takes, and whether proposals wait for it.

use crate::{cli::bandwidth::display_rate, provider::inquiry::MAX_PROBE};
use anyhow::{bail, Result};
use substation_client::amounts::display_size;
use substation_primitives::bandwidth::Kbits;

/// The part of what a link carries that is the file: headers and the hashes that verify it are the rest.
const FILE_PART: (u64, u64) = (936, 1_000);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What one copy takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
	/// Bytes to send.
	pub(super) missing: u64,
	/// Bytes per second that were measured to this node.
	pub(super) rate: Option<u64>,
	/// Seconds in which the bytes have to arrive.
	pub(super) within: u64,
	/// Whether it is still to be proposed.
	pub(super) is_new: bool,
}

/// What all copies of a command take, sent at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Upload {
	/// Bytes to send in all.
	pub(super) bytes: u64,
	/// Bytes per second that this machine uploads, if that is known.
	pub(super) rate: Option<u64>,
	/// Whether the rate was measured, and not given.
	pub(super) is_measured: bool,
	/// Seconds that all of it takes.
	pub(super) seconds: Option<u64>,
	/// Seconds in which the bytes of every new proposal have to arrive; `None` if nothing is new.
	pub(super) within: Option<u64>,
	/// Whether a proposal that goes on may expire before.
	is_late: bool,
	/// Whether each copy alone would arrive in time.
	fits_alone: bool,
}

impl Upload {
	/// At the rate that was given, or else at those that were measured.
	pub(super) fn of(legs: &[Leg], given: Option<Kbits>) -> Self {
		let bytes = legs.iter().fold(0, |sum: u64, leg| sum.saturating_add(leg.missing));
		let within = legs.iter().filter(|leg| leg.is_new).map(|leg| leg.within).min();
		let measured = legs.iter().filter_map(|leg| leg.rate).max();
		let Some(rate) = given.map(bytes_per_second).or(measured).filter(|rate| *rate > 0) else {
			return Self { bytes, within, ..Self::default() };
		};
		let alone = |leg: &Leg| leg.missing.div_ceil(leg.rate.map_or(rate, |own| own.clamp(1, rate)));
		// All share this machine's link, and none is faster than the way to its node.
		let slowest = legs.iter().map(alone).max().unwrap_or(0);
		let fits_alone = legs.iter().all(|leg| !leg.is_new || alone(leg) <= leg.within);
		let seconds = bytes.div_ceil(rate).max(slowest);
		let is_late = legs.iter().any(|leg| !leg.is_new && seconds > leg.within);
		let (is_measured, rate, seconds) = (given.is_none(), Some(rate), Some(seconds));
		Self { bytes, rate, is_measured, seconds, within, is_late, fits_alone }
	}

	/// Errors when the bytes of a proposal that is to be made would hardly arrive in time.
	pub(super) fn check(&self) -> Result<()> {
		let Some(within) = self.within else { return Ok(()) };
		let (Some(seconds), Some(rate)) = (self.seconds, self.rate) else {
			// So little that measuring would take as long.
			if self.bytes <= MAX_PROBE {
				return Ok(());
			}
			bail!(
				"the nodes have not measured how fast this machine uploads; name it with --upload-rate, such as 20Mbit, or \
				 try again later; nothing was put on hold"
			);
		};
		if seconds <= within {
			return Ok(());
		}
		let advice = if self.fits_alone { "store at fewer nodes at one time" } else { "split the file" };
		bail!(
			"{} take about {} at {}, and a proposal waits {} for its bytes: {advice}, or name the rate with --upload-rate if \
			 it is another; nothing was put on hold",
			display_size(self.bytes),
			duration(seconds),
			display_rate(kbits(rate)),
			duration(within)
		)
	}

	/// The upload in words; `None` if there is nothing to upload.
	pub(super) fn summary(&self) -> Option<String> {
		if self.bytes == 0 {
			return None;
		}
		let mut words = format!("to upload: {}", display_size(self.bytes));
		if let (Some(seconds), Some(rate)) = (self.seconds, self.rate) {
			let source = if self.is_measured { "measured" } else { "given" };
			words.push_str(&format!(", about {} at {} ({source})", duration(seconds), display_rate(kbits(rate))));
		}
		if let Some(within) = self.within {
			words.push_str(&format!("; a proposal waits {} for its bytes", duration(within)));
		}
		if self.is_late {
			words.push_str("; what is proposed already may expire before");
		}
		Some(words)
	}
}

/// Bytes of a file that a link carries in a second.
fn bytes_per_second(rate: Kbits) -> u64 {
	let (part, whole) = FILE_PART;
	u64::from(rate).saturating_mul(125).saturating_mul(part) / whole
}

/// The link that carries so many bytes of a file in a second.
fn kbits(bytes_per_second: u64) -> Kbits {
	let (part, whole) = FILE_PART;
	Kbits::try_from(bytes_per_second.saturating_mul(whole) / part / 125).unwrap_or(Kbits::MAX)
}

/// A length of time as people read it, rounded down to two units.
pub(super) fn duration(seconds: u64) -> String {
	let with_rest = |whole: u64, name: &str, rest: u64, rest_name: &str| match rest {
		0 => format!("{whole} {name}"),
		_ => format!("{whole} {name} {rest} {rest_name}"),
	};
	match seconds {
		0..MINUTE => format!("{seconds} s"),
		MINUTE..HOUR => with_rest(seconds / MINUTE, "min", seconds % MINUTE, "s"),
		HOUR..DAY => with_rest(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
		_ => with_rest(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const FILE: u64 = 100_000_000_000;
	/// What a proposal waits on the live network, less the time to accept.
	const WAITS: u64 = 14_300 * 6;

	fn leg(rate: Option<u64>) -> Leg {
		Leg { missing: FILE, rate, within: WAITS, is_new: true }
	}

	// 0.3
	#[test]
	fn what_cannot_be_uploaded_in_time_is_refused_before_any_money_is_held() {
		let refusal = |legs: &[Leg], given| Upload::of(legs, given).check().unwrap_err().to_string();

		Upload::of(&[leg(None)], Some(10_000)).check().unwrap();
		let two = refusal(&[leg(None), leg(None)], Some(10_000));
		for part in ["186.2 GiB take about 1 d 23 h at", "waits 23 h 50 min", "fewer nodes", "nothing was put on hold"]
		{
			assert!(two.contains(part), "{two}");
		}
		let slow = refusal(&[leg(None)], Some(1_000));
		assert!(slow.contains("split the file") && slow.contains("--upload-rate"), "{slow}");
	}

	// 0.3
	#[test]
	fn copies_share_the_link_and_none_is_faster_than_the_way_to_its_node() {
		let seconds = |rates: &[u64]| {
			let legs: Vec<Leg> = rates.iter().map(|rate| leg(Some(*rate))).collect();
			Upload::of(&legs, None).seconds.unwrap()
		};

		assert_eq!(seconds(&[10_000_000]), 10_000);
		assert_eq!(seconds(&[10_000_000, 10_000_000]), 20_000, "together they are no faster");
		assert_eq!(seconds(&[10_000_000, 2_000_000]), 50_000, "one is behind a slow link");
		let given = Upload::of(&[leg(Some(1)), leg(None)], Some(1_000_000));
		assert!(!given.is_measured);
		assert!(seconds(&[u64::MAX]) == 1 && seconds(&[1]) == FILE, "no overflow");
	}

	#[test]
	fn what_goes_on_is_never_refused() {
		let resumed = Leg { is_new: false, ..leg(Some(1)) };

		Upload::of(&[resumed], None).check().unwrap();
		Upload::of(&[], None).check().unwrap();
		assert_eq!(Upload::of(&[], None).summary(), None);
		let words = Upload::of(&[resumed], None).summary().unwrap();
		assert!(words.ends_with("what is proposed already may expire before"), "{words}");
		let both = Upload::of(&[resumed, Leg { missing: 1, ..leg(None) }], None);
		assert!(both.check().is_err(), "what is new shares the link with it");
	}

	#[test]
	fn what_was_not_measured_is_only_proposed_if_it_is_small() {
		let of = |missing| Upload::of(&[Leg { missing, ..leg(None) }], None);

		of(MAX_PROBE).check().unwrap();
		let error = of(MAX_PROBE + 1).check().unwrap_err().to_string();
		assert!(error.contains("--upload-rate"), "{error}");
	}

	#[test]
	fn words_say_how_much_how_long_and_how_fast() {
		let words = Upload::of(&[leg(None)], Some(20_000)).summary().unwrap();

		assert_eq!(
			words,
			"to upload: 93.1 GiB, about 11 h 52 min at 20 Mbit/s (given); a proposal waits 23 h 50 min for its bytes"
		);
	}

	#[test]
	fn times_are_told_in_two_units() {
		for (seconds, words) in [
			(0, "0 s"),
			(59, "59 s"),
			(60, "1 min"),
			(75, "1 min 15 s"),
			(3_599, "59 min 59 s"),
			(3_600, "1 h"),
			(80_000, "22 h 13 min"),
			(86_400, "1 d"),
			(200_000, "2 d 7 h"),
		] {
			assert_eq!(duration(seconds), words);
		}
	}
}
