//! Every formula that touches money, without storage.
//!
//! ```text
//! step   = cumulative − spent
//! burned = floor(step × burn share)
//! fee    = the redemption's fee × multiplier, always whole
//! paid   = step − burned − fee
//! ```
//! The parts add up to the step, to the unit; the fraction that the burn share leaves stays with the payee. The
//! multiplier is 1 while blocks are not full. The least step is at least four fees, whatever the multiplier, so that a
//! step that is at least the least one always pays: burn and fee stay below three quarters of it. While blocks are full,
//! a small step may have to wait.

use sp_runtime::{FixedPointNumber, FixedU128};
use substation_primitives::{
	channel::{self, divide},
	settings::{ChannelSettings, MIN_STEP_FEES},
	Balance,
};

/// Where a step goes. The parts add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
	/// To the payee.
	pub paid: Balance,
	/// Destroyed.
	pub burned: Balance,
	/// To the treasury.
	pub fee: Balance,
}

impl Split {
	/// What the parts take from the deposit.
	pub fn total(&self) -> Balance {
		self.paid.saturating_add(self.burned).saturating_add(self.fee)
	}
}

/// What a redemption costs: the setting while blocks are not full, and never less.
pub fn fee(base: Balance, multiplier: FixedU128) -> Balance {
	multiplier.saturating_mul_int(base).max(base)
}

/// The settings with the fee of a redemption now, and with a least step of which it is a quarter at most: a payer who
/// submits its vouchers in small steps gives no more of the payee's money to the treasury.
pub fn scaled(settings: ChannelSettings, multiplier: FixedU128) -> ChannelSettings {
	let redeem_fee = fee(settings.redeem_fee, multiplier);
	let min_redeem = settings.min_redeem.max(redeem_fee.saturating_mul(MIN_STEP_FEES));
	ChannelSettings { redeem_fee, min_redeem, ..settings }
}

/// Divides a step, `None` if nothing would be left for the payee: no redemption is made for less than its fee.
pub fn split(step: Balance, settings: &ChannelSettings) -> Option<Split> {
	let fee = settings.redeem_fee;
	divide(step, settings.burn, fee).map(|(paid, burned)| Split { paid, burned, fee })
}

/// Whether a redemption may move `step` when `left` is left.
pub fn is_step_allowed(step: Balance, left: Balance, settings: &ChannelSettings) -> bool {
	channel::is_step_allowed(step, left, settings.min_redeem)
}
