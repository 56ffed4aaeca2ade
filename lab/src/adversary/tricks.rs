//! The tricks that a tested node can try.

use std::{str::FromStr, time::Duration};

/// One trick, tried in one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
	/// None: the line as it is, with whatever claim.
	Honest,
	/// So many accomplices vouch for as much as a member may, without a byte on the line.
	Collude(usize),
	/// Serves one part of the committee after the other, so that each measures a short time of its own.
	OneAfterAnother,
	/// Leaves out the receipts with the longest times, so many of them.
	DropSlowest(usize),
	/// Does not even dial so many members: what they would be if they were silent.
	LeaveOut(usize),
	/// Waits between the nonces and the start, and before the commitment.
	Delay(Duration),
	/// Commits to the whole total when half of it has arrived.
	CommitEarly,
	/// Submits a receipt with half of its time.
	ForgeTime,
	/// Submits a count that nobody has signed.
	ForgeCount,
	/// Submits the measurement of the test before.
	Replay,
	/// Puts one member's receipt in the place of another as well.
	Duplicate,
}

impl Trick {
	/// Its name in scripts and tables.
	pub fn name(&self) -> String {
		match self {
			Self::Honest => "honest".into(),
			Self::Collude(members) => format!("collude:{members}"),
			Self::OneAfterAnother => "one-after-another".into(),
			Self::DropSlowest(receipts) => format!("drop-slowest:{receipts}"),
			Self::LeaveOut(members) => format!("leave-out:{members}"),
			Self::Delay(time) => format!("delay:{}", time.as_millis()),
			Self::CommitEarly => "commit-early".into(),
			Self::ForgeTime => "forge-time".into(),
			Self::ForgeCount => "forge-count".into(),
			Self::Replay => "replay".into(),
			Self::Duplicate => "duplicate".into(),
		}
	}
}

impl FromStr for Trick {
	type Err = anyhow::Error;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let (name, number) = match text.split_once(':') {
			Some((name, number)) => (name, Some(number.parse::<u64>()?)),
			None => (text, None),
		};
		let count = usize::try_from(number.unwrap_or(0))?;
		Ok(match name {
			"honest" => Self::Honest,
			"collude" => Self::Collude(count),
			"one-after-another" => Self::OneAfterAnother,
			"drop-slowest" => Self::DropSlowest(count),
			"leave-out" => Self::LeaveOut(count),
			"delay" => Self::Delay(Duration::from_millis(number.unwrap_or(0))),
			"commit-early" => Self::CommitEarly,
			"forge-time" => Self::ForgeTime,
			"forge-count" => Self::ForgeCount,
			"replay" => Self::Replay,
			"duplicate" => Self::Duplicate,
			_ => anyhow::bail!("no such trick: {text}"),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn scripts_read_back_what_tables_print() {
		let all = ["honest", "collude:3", "one-after-another", "drop-slowest:2", "leave-out:4", "delay:500"];
		for text in all.into_iter().chain(["commit-early", "forge-time", "forge-count", "replay", "duplicate"]) {
			assert_eq!(text.parse::<Trick>().unwrap().name(), text);
		}
		assert!("collude:x".parse::<Trick>().is_err());
		assert!("bribe".parse::<Trick>().is_err());
	}
}
