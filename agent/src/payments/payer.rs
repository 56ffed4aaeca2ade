//! When the customer signs how much.
//!
//! Verified bytes are paid with every quarter of a step, and ahead of them as much again as has arrived, up to one step:
//! a node that keeps delivering never waits, and one that stops, at whatever moment, has got one step too much at most.
//! A node that never sends a right byte gets nothing.

use crate::payments::{
	price::{bytes_for, cost},
	protocol::Quote,
};
use substation_primitives::Balance;

/// How one answer is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
	/// What the node had delivered before.
	base: Balance,
	price: Balance,
	/// Bytes of the whole answer.
	total: u64,
	/// Bytes between two vouchers.
	quantum: u64,
	/// Most bytes that are paid ahead.
	ahead: u64,
}

impl Plan {
	/// The plan for an answer of `total` bytes by a node that had delivered for `served` and was promised `promised`.
	pub fn new(quote: &Quote, served: Balance, promised: Balance, total: u64) -> Self {
		let owed = match served.saturating_sub(promised) {
			0 => 0,
			owed => bytes_for(owed, quote.price).saturating_add(1),
		};
		Self {
			base: served,
			price: quote.price,
			total,
			quantum: (quote.step / 4).max(1),
			ahead: quote.step.saturating_sub(owed),
		}
	}

	/// Bytes between two vouchers.
	pub fn quantum(&self) -> u64 {
		self.quantum
	}

	/// What to promise in all once so many bytes are verified.
	pub fn due(&self, verified: u64) -> Balance {
		let bytes = if verified >= self.total {
			self.total
		} else {
			let whole = verified.saturating_sub(verified % self.quantum);
			whole.saturating_add(self.ahead.min(whole)).min(self.total)
		};
		self.base.saturating_add(cost(bytes, self.price))
	}

	/// What will have been promised in the end.
	pub fn end(&self) -> Balance {
		self.due(self.total)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use substation_primitives::{settings::STN, NodeId};

	fn quote(step: u64, price: Balance) -> Quote {
		Quote { price, payee: [0; 32], step, node: NodeId(1), genesis: [0; 32] }
	}

	proptest! {
		#[test]
		fn one_step_is_at_risk_and_the_node_never_waits(
			step in 65_536u64..1 << 26, total in 1u64..1 << 32, part in 0.0..=1.0f64, price in 1u128..STN,
		) {
			let plan = Plan::new(&quote(step, price), 7, 7, total);
			let verified = (total as f64 * part) as u64;

			let promised = plan.due(verified) - 7;

			prop_assert!(promised <= cost(verified + step, price));
			prop_assert!(plan.due(verified) <= plan.end());
			// What the node may send is more than what has arrived by three quarters of a step, or everything.
			let sendable = bytes_for(promised, price).saturating_add(step);
			prop_assert!(sendable >= (verified + step / 4 * 3).min(total));
			prop_assert!(plan.due(total) == 7 + cost(total, price) && plan.due(u64::MAX) == plan.end());
		}

		#[test]
		fn owed_and_ahead_are_one_step_together(owed in 0u128..4_000_000, verified in 0u64..1 << 30) {
			let plan = Plan::new(&quote(4 << 20, 1 << 30), 10 + owed, 10, 1 << 30);

			let promised = plan.due(verified) - 10;

			prop_assert!(promised <= u128::from(verified) + (4 << 20) + 1);
		}
	}

	#[test]
	fn nothing_is_promised_before_something_has_arrived() {
		let plan = Plan::new(&quote(1 << 20, STN), 5, 5, 1 << 30);

		assert_eq!(plan.due(0), 5);
		assert_eq!(plan.due((1 << 18) - 1), 5);
		assert_eq!(plan.due(1 << 18), 5 + cost(1 << 19, STN));
	}
}
