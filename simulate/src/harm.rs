//! What strategies cost others: the operators of honest lines, who own less than with a coalition that nominates.
//!
//! Nobody takes from a line what it has, but for the fees of tests that it has prepaid. What it can lose is what its
//! seats would have earned.

use crate::{amount::exact_signed, cast::Pace, gaming::Row, strategy::Strategy};
use std::{collections::BTreeMap, fmt::Write};

/// The most that honest lines may lose for each STN that spite costs, in thousandths.
pub(crate) const BOUND: i128 = 500;

impl Row {
	/// Whether there were honest lines to be harmed, and whoever did so meant it.
	fn is_spite(&self) -> bool {
		self.pace == Pace::Committees && Strategy::SPITE.contains(&self.strategy)
	}

	/// What honest lines have lost for each STN that the coalition has, in thousandths, rounded up.
	pub(crate) fn harm_per_stn(&self) -> i128 {
		let (harm, spent) = (self.harm.max(0), (-self.gain).max(1));
		(harm * 1_000 + spent - 1) / spent
	}
}

/// The run of spite that harmed most for what it has cost.
pub(crate) fn worst(rows: &[Row]) -> Option<&Row> {
	rows.iter().filter(|row| row.is_spite()).max_by_key(|row| row.harm_per_stn())
}

/// The worst for honest lines of each strategy.
pub(crate) fn summary(rows: &[Row]) -> String {
	let mut worst: BTreeMap<(Strategy, u32), &Row> = BTreeMap::new();
	for row in rows.iter().filter(|row| row.pace == Pace::Committees) {
		let entry = worst.entry((row.strategy, row.identities)).or_insert(row);
		if row.harm_per_stn() > entry.harm_per_stn() {
			*entry = row;
		}
	}
	let mut text = String::from(
		"strategy | identities | coalition above nominating, STN | honest lines lose, STN | for each STN | they end with more, STN | settings\n",
	);
	for ((strategy, identities), row) in worst {
		let per_stn = row.harm_per_stn() as f64 / 1_000.0;
		// Writing to a string cannot fail.
		let _ = writeln!(
			text,
			"{} | {identities} | {} | {} | {per_stn:.3} | {} | {}",
			strategy.name(),
			exact_signed(row.gain),
			exact_signed(row.harm),
			exact_signed(row.honest),
			row.point,
		);
	}
	text
}
