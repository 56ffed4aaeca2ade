//! Payment channels: a deposit, and vouchers that add up.

use crate::units::{Balance, BlockNumber};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

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
	/// Least amount that one redemption moves.
	pub min_redeem: Balance,
	/// What a redemption costs now; withheld from it. More while blocks are full.
	pub redeem_fee: Balance,
}
