//! An earner's record: credits of one era, and what eras before it have left. Pure: no storage, no currency.
//!
//! A record knows the units of one era only. Whatever touches it in a later one first *folds*: the units become money
//! at the rate of their era's pool, or nothing if that pool is forgotten. So a credit costs the same after a day as
//! after a year, and nothing ever visits all records.

use crate::types::{Current, Pool, Record};
use substation_primitives::Balance;

impl Record {
	/// Turns units of an era that is over into pending money, at the rate of that era's pool in `closed`.
	pub fn fold(&mut self, era: u32, closed: impl FnOnce(u32) -> Option<Pool>) {
		if self.era >= era {
			return;
		}
		let units = core::mem::take(&mut self.units);
		if units > 0 {
			let paid = closed(self.era).map_or(0, |pool| pool.paid(units));
			// Cannot saturate: whatever pools pay was budgeted.
			self.pending = self.pending.saturating_add(paid);
		}
		self.era = era;
	}

	/// Credits units of the record's era, in record and pool alike.
	pub fn credit(&mut self, pool: &mut Pool, units: Balance) {
		// A record's units are among the pool's, so what fits the pool fits the record.
		self.units = self.units.saturating_add(pool.add(units));
	}

	/// Makes a proof the one that counts, and says what the one before it has proven: how much earns which part of the
	/// sum of yields.
	pub fn prove(&mut self, proof: Current) -> Option<(Balance, u128)> {
		let proven = self.current.and_then(|last| last.proven(proof.since, proof.yields, proof.bond));
		self.current = Some(proof);
		proven
	}

	/// Lets the proof that counts speak for no more than what is left of its bond, and says whether that changed it.
	pub fn limit(&mut self, left: Balance) -> bool {
		match &mut self.current {
			Some(proof) if proof.bond > left => {
				proof.bond = left;
				true
			}
			_ => false,
		}
	}

	/// Whether forgetting the record would change nothing.
	pub fn is_empty(&self) -> bool {
		self.units == 0 && self.pending == 0 && self.current.is_none()
	}
}
