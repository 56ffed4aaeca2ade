//! Which of a node's recent periods were due. The chain tells which were proven; it keeps no record of the periods in
//! which there was nothing to prove, and a proof cannot be missing from those.
//!
//! Strikes tell the two apart: a miss adds to them at once and proofs work them off one by one. So this reads the
//! periods backwards with what the strikes can have been at most and must have been at least.

use substation_client::client::NodeView;
use substation_primitives::{settings::ProofSettings, Period};

/// The closed periods of a node's page that were due, oldest first, and whether each was proven.
///
/// An unproven period between proven ones counts as missed unless the strikes rule it out. Before the first proof in
/// the page it counts as missed only if the strikes require it: a node that has just begun has missed nothing.
pub fn due(page: &NodeView, rules: &ProofSettings) -> Vec<(Period, bool)> {
	let mut strikes = Bounds::new(page.strikes, rules);
	if page.window.proven {
		strikes.undo_proof();
	}
	let first_proven = page.recent.iter().position(|(_, proven)| *proven).unwrap_or(page.recent.len());
	let mut due = Vec::new();
	for (index, (period, proven)) in page.recent.iter().enumerate().rev() {
		if page.terminated_at.is_some_and(|end| *period > end) {
			continue;
		}
		if *proven {
			strikes.undo_proof();
			due.push((*period, true));
		} else if strikes.undo_miss(index < first_proven) {
			due.push((*period, false));
		}
	}
	due.reverse();
	due
}

/// Whether the node missed the period that closed last.
pub fn has_just_missed(page: &NodeView, rules: &ProofSettings) -> bool {
	matches!((due(page, rules).last(), page.recent.last()), (Some((due, false)), Some((last, _))) if due == last)
}

/// What the strikes can have been at most, and must have been at least, at some moment.
struct Bounds {
	most: u16,
	least: u16,
	per_miss: u16,
	per_proof: u16,
	/// The most that a working node can have.
	limit: u16,
}

impl Bounds {
	fn new(strikes: u8, rules: &ProofSettings) -> Self {
		let strikes = u16::from(strikes);
		Self {
			most: strikes,
			least: strikes,
			per_miss: rules.strikes_per_miss.into(),
			per_proof: rules.strikes_per_proof.into(),
			limit: strikes.max(u16::from(rules.terminated_at).saturating_sub(1)),
		}
	}

	/// To the moment before a proof. Without strikes left it is not known how many there were.
	fn undo_proof(&mut self) {
		self.most = self.most.saturating_add(self.per_proof).min(self.limit);
		if self.least > 0 {
			self.least = self.least.saturating_add(self.per_proof).min(self.limit);
		}
	}

	/// To the moment before a miss, if there was one: if there must have been, when `surely`; else if there can have.
	fn undo_miss(&mut self, surely: bool) -> bool {
		let strikes = if surely { self.least } else { self.most };
		let missed = strikes >= self.per_miss.max(1);
		if missed {
			self.most = self.most.saturating_sub(self.per_miss);
			self.least = self.least.saturating_sub(self.per_miss);
		}
		missed
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing;
	use substation_primitives::settings::Settings;

	/// A page whose periods are written as `P` proven, `m` missed, `.` nothing to prove, with the strikes that follow.
	fn page(history: &str) -> NodeView {
		let mut page = testing::node();
		for (period, what) in (0..).zip(history.chars()) {
			match what {
				'P' => page.strikes = page.strikes.saturating_sub(1),
				'm' => page.strikes += 4,
				_ => {}
			}
			page.recent.push((Period(period), what == 'P'));
		}
		page
	}

	fn read(page: &NodeView) -> String {
		let due = due(page, &Settings::default().proofs);
		due.into_iter().map(|(_, proven)| if proven { 'P' } else { 'm' }).collect()
	}

	#[test]
	fn periods_before_the_first_deal_are_not_missed() {
		for (history, expected) in [
			("....", ""),
			("", ""),
			("....P", "P"),
			("....PPP", "PPP"),
			("...............................P", "P"),
			("....m", "m"),
			("....mm", "mm"),
			("....mP", "mP"),
			("....PmP", "PmP"),
			("PPPP", "PPPP"),
		] {
			assert_eq!(read(&page(history)), expected, "{history}");
		}
	}

	#[test]
	fn misses_between_proofs_are_never_hidden() {
		for history in ["PmP", "PmPPPPPPPPPP", "PmmPmPPPPPmP", "PPmmm", "PmmmmmmP"] {
			assert_eq!(read(&page(history)), history);
		}
	}

	#[test]
	fn idle_time_after_the_last_deal_is_not_missed() {
		assert_eq!(read(&page("PPP....")), "PPP");
		assert_eq!(read(&page("PPm....")).len(), 3, "one miss, wherever it was");
		assert!(read(&page("PPPP........PPPP")).matches('m').count() <= 1);
	}

	#[test]
	fn a_proof_of_the_running_period_is_taken_into_account() {
		let mut page = page("...m");
		page.strikes -= 1;
		page.window.proven = true;

		assert_eq!(read(&page), "m");
	}

	#[test]
	fn nothing_is_due_after_the_end() {
		let mut page = page("PPmmmmmmm");
		page.recent.extend((9..14).map(|period| (Period(period), false)));
		page.terminated_at = Some(Period(8));

		assert_eq!(read(&page), "PPmmmmmmm");
	}

	#[test]
	fn only_the_period_that_closed_last_is_just_missed() {
		let rules = Settings::default().proofs;

		assert!(has_just_missed(&page("PPm"), &rules));
		assert!(!has_just_missed(&page("PmP"), &rules));
		assert!(!has_just_missed(&page("...."), &rules));
		assert!(!has_just_missed(&page(""), &rules));
	}
}
