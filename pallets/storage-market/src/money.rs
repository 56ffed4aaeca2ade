//! Every formula that touches money, without storage.
//!
//! With `rate` a deal's payment for one proven period:
//!
//! ```text
//! rate          = max(min_rate, ceil(price × max(length, min_billed) / GiB))
//! escrow        = rate × periods
//! burn          = ceil(rate × burn share)
//! treasury      = min(ceil(rate × treasury share), rate − burn)
//! provider      = rate − burn − treasury
//! reserve       = rate × compensation periods
//! compensation  = rate × min(compensation periods, periods paid so far)
//! required bond = Σ reserve + fine room periods × Σ rate
//! escrow left   = rate × (last + 1 − next unsettled)
//! ```
//! A payment for `n` periods is `n` times the payment for one, so that settling in parts, in any order, pays exactly
//! what settling at once pays. Both shares round up, against the provider: paying oneself always costs something.

use crate::types::NodeAccount;
use substation_primitives::{
	deal::Terms,
	settings::{MarketSettings, Shares},
	Balance, Bytes, Period,
};

/// Bytes that a price is quoted for: one GiB.
pub const PRICED_BYTES: Balance = 1 << 30;

/// Where an amount of escrow goes. The four parts add up to the amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payment {
	/// To the node's operator.
	pub provider: Balance,
	/// Destroyed.
	pub burned: Balance,
	/// To the treasury.
	pub treasury: Balance,
	/// Released to the customer.
	pub refunded: Balance,
}

impl Payment {
	/// What the four parts take from the escrow.
	pub fn total(&self) -> Balance {
		self.provider.saturating_add(self.burned).saturating_add(self.treasury).saturating_add(self.refunded)
	}
}

/// What a deal costs in one period, `None` if the number is out of range.
pub fn rate(price: Balance, length: Bytes, settings: &MarketSettings) -> Option<Balance> {
	let billed = length.0.max(settings.min_billed.0);
	let exact = price.checked_mul(billed.into())?.div_ceil(PRICED_BYTES);
	Some(exact.max(settings.min_rate))
}

/// What a customer puts into escrow for a whole term, `None` if the number is out of range.
pub fn escrow(rate: Balance, periods: u32) -> Option<Balance> {
	rate.checked_mul(periods.into())
}

/// The payment for `proven` periods, and the refund for `missed` ones.
pub fn settlement(rate: Balance, shares: Shares, proven: u32, missed: u32) -> Payment {
	let burn = shares.burn.mul_ceil(rate);
	let treasury = shares.treasury.mul_ceil(rate).min(rate.saturating_sub(burn));
	let provider = rate.saturating_sub(burn).saturating_sub(treasury);
	// The escrow of the whole term fitted a `Balance`, and these periods are part of the term.
	let times = |amount: Balance, periods: u32| amount.saturating_mul(periods.into());
	Payment {
		provider: times(provider, proven),
		burned: times(burn, proven),
		treasury: times(treasury, proven),
		refunded: times(rate, missed),
	}
}

/// The payment of a customer who ends a deal with `remaining` periods to go: up to `notice` periods are paid as if
/// they were proven, the others refunded.
pub fn early_end(rate: Balance, shares: Shares, notice: u8, remaining: u32) -> Payment {
	let paid = remaining.min(notice.into());
	settlement(rate, shares, paid, remaining.saturating_sub(paid))
}

/// What a node reserves of its bond for one deal, `None` if the number is out of range.
pub fn reserve(rate: Balance, compensation_periods: u8) -> Option<Balance> {
	rate.checked_mul(compensation_periods.into())
}

/// What the customer of a lost deal gets from its node's bond. Never more than the deal's [`reserve`].
pub fn compensation(rate: Balance, terms: &Terms) -> Balance {
	let periods = u32::from(terms.compensation_periods).min(terms.paid_periods.into());
	rate.saturating_mul(periods.into())
}

/// The least bond that a node's deals need, without the class's own minimum; `None` if the number is out of range.
pub fn required_bond(account: &NodeAccount, fine_room_periods: u8) -> Option<Balance> {
	account.committed_rate.checked_mul(fine_room_periods.into())?.checked_add(account.reserve)
}

/// What is still in escrow for an accepted deal.
pub fn escrow_left(rate: Balance, terms: &Terms) -> Balance {
	rate.saturating_mul(periods_left(terms).into())
}

/// Periods of a deal that are neither settled nor given up.
pub fn periods_left(terms: &Terms) -> u32 {
	terms.last.next().0.saturating_sub(terms.next_unsettled.0)
}

/// Periods from `first` to `last`, both included.
pub fn span(first: Period, last: Period) -> u32 {
	last.next().0.saturating_sub(first.0)
}
