//! Payment channels: a deposit, and vouchers that add up.

use crate::units::{Balance, BlockNumber};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::Permill;

/// The ed25519 key that signs a channel's vouchers.
pub type VoucherKey = [u8; 32];

/// A channel on chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Channel<AccountId> {
	/// Who pays.
	pub payer: AccountId,
	/// Whose signatures move the money.
	pub key: VoucherKey,
	/// Who is paid.
	pub payee: AccountId,
	/// What the payer has put in, in all.
	#[codec(compact)]
	pub deposit: Balance,
	/// The highest cumulative amount that was redeemed.
	#[codec(compact)]
	pub spent: Balance,
	/// What is held for the record itself.
	#[codec(compact)]
	pub record_deposit: Balance,
	/// The first block in which the payer may take the rest, once it has asked for it.
	pub closing: Option<BlockNumber>,
}

impl<AccountId> Channel<AccountId> {
	/// What vouchers can still move.
	pub fn left(&self) -> Balance {
		self.deposit.saturating_sub(self.spent)
	}
}

/// A channel and what a payee needs to know to judge vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ChannelPage<AccountId> {
	/// The channel.
	pub id: crate::ChannelId,
	/// Its record.
	pub channel: Channel<AccountId>,
	/// The block at which this was read.
	pub now: BlockNumber,
	/// Hash of the chain's first block.
	pub genesis: substation_proofs::Hash,
	/// Least amount that one redemption of this channel moves now, unless it is all that is left. More while blocks are
	/// full.
	pub min_redeem: Balance,
	/// What a redemption costs now; withheld from it. More while blocks are full.
	pub redeem_fee: Balance,
	/// The share of a redemption that is burned.
	pub burn: Permill,
}

impl<AccountId> ChannelPage<AccountId> {
	/// Whether the chain would move this much in all now, if its key has promised it and the payee can receive it.
	pub fn is_redeemable(&self, cumulative: Balance) -> bool {
		let step = cumulative.saturating_sub(self.channel.spent);
		let left = self.channel.left();
		is_step_allowed(step, left, self.min_redeem) && divide(step, self.burn, self.redeem_fee).is_some()
	}
}

/// Whether a redemption may move `step` when `left` is left: at least the least step, or exactly all.
pub fn is_step_allowed(step: Balance, left: Balance, least: Balance) -> bool {
	step <= left && (step >= least || step == left)
}

/// What of a step is paid and what is burned, `None` if fee and burn leave nothing for the payee. With the fee they add up
/// to the step; the fraction that the burn share leaves is paid.
pub fn divide(step: Balance, burn: Permill, fee: Balance) -> Option<(Balance, Balance)> {
	let burned = burn.mul_floor(step);
	let paid = step.checked_sub(burned)?.checked_sub(fee)?;
	(paid > 0).then_some((paid, burned))
}
