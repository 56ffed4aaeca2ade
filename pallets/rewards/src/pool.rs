//! What a class's pool pays for the units that were credited in an era. Pure: no storage, no currency.
//!
//! ```text
//! paid(units) = units                                       if the pool's units are within its budget
//!             = floor(units × budget / the pool's units)    otherwise
//! ```
//! A unit is a planck, so nobody is ever paid more than was credited. Parts are rounded down: the sum over all earners
//! is at most the smaller of units and budget.

use crate::types::{Pool, Pools};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Permill, Rounding};
use substation_primitives::{rewards::MAX_USAGE, Balance, ResourceClass};

/// What a provider is credited when `burned` of its customers' payments was destroyed. Always less than that.
pub fn usage(share: Permill, burned: Balance) -> Balance {
	Permill::from_parts(share.deconstruct().min(MAX_USAGE)).mul_floor(burned)
}

impl Pool {
	/// A pool without credits.
	pub fn with_budget(budget: Balance) -> Self {
		Self { units: 0, budget }
	}

	/// Credits up to `units`, and says how many: all, unless they would not fit a balance.
	pub fn add(&mut self, units: Balance) -> Balance {
		let fitting = units.min(Balance::MAX.saturating_sub(self.units));
		self.units = self.units.saturating_add(fitting);
		fitting
	}

	/// Takes credits back that move elsewhere.
	pub fn remove(&mut self, units: Balance) {
		self.units = self.units.saturating_sub(units);
	}

	/// What all its units are paid together, at most.
	pub fn payable(&self) -> Balance {
		self.units.min(self.budget)
	}

	/// What `units` of its units are paid.
	pub fn paid(&self, units: Balance) -> Balance {
		if self.units <= self.budget {
			return units;
		}
		// At most `units`, since the budget is below the pool's units.
		multiply_by_rational_with_rounding(units, self.budget, self.units, Rounding::Down).unwrap_or(0)
	}
}

impl Pools {
	/// The pool of a class.
	pub fn of(&self, class: ResourceClass) -> &Pool {
		match class {
			ResourceClass::Storage => &self.storage,
			ResourceClass::Bandwidth => &self.bandwidth,
		}
	}

	/// The pool of a class, to be credited.
	pub fn of_mut(&mut self, class: ResourceClass) -> &mut Pool {
		match class {
			ResourceClass::Storage => &mut self.storage,
			ResourceClass::Bandwidth => &mut self.bandwidth,
		}
	}

	/// What all pools pay together, at most.
	pub fn payable(&self) -> Balance {
		self.storage.payable().saturating_add(self.bandwidth.payable())
	}

	/// Moves credits of one class to another, and says how many.
	pub fn shift(&mut self, from: ResourceClass, to: ResourceClass, units: Balance) -> Balance {
		if from == to {
			return units;
		}
		self.of_mut(from).remove(units);
		self.of_mut(to).add(units)
	}
}
