//! Every formula that touches money, without storage.
//!
//! ```text
//! step   = cumulative − spent
//! burned = floor(step × burn share)
//! fee    = the redemption's fee × multiplier, always whole
//! paid   = step − burned − fee
//! ```
//! The parts add up to the step, to the unit; the fraction that the burn share leaves stays with the payee. While
//! blocks are not full the multiplier is 1, and a step that is at least the least one always pays: the settings' bounds
//! keep burn and fee below three quarters of it. While they are full, a small step may have to wait.

use sp_runtime::{FixedPointNumber, FixedU128};
use substation_primitives::{settings::ChannelSettings, Balance};

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

/// Divides a step, `None` if nothing would be left for the payee: no redemption is made for less than its fee.
pub fn split(step: Balance, settings: &ChannelSettings) -> Option<Split> {
	let burned = settings.burn.mul_floor(step);
	let fee = settings.redeem_fee;
	let paid = step.checked_sub(burned)?.checked_sub(fee)?;
	(paid > 0).then_some(Split { paid, burned, fee })
}

/// Whether a redemption may move `step` when `left` is left: at least the least step, or exactly all.
pub fn is_step_allowed(step: Balance, left: Balance, settings: &ChannelSettings) -> bool {
	step <= left && (step >= settings.min_redeem || step == left)
}
