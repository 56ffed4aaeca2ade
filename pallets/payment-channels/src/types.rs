//! What the pallet keeps and passes between its own files, and why a voucher is refused.

use crate::{money::Split, Error};
use frame_support::pallet_prelude::{InvalidTransaction, TransactionValidityError, UnknownTransaction};
use substation_primitives::{channel::Channel, ChannelId};

/// A channel's record in this runtime.
pub type ChannelOf<T> = Channel<<T as frame_system::Config>::AccountId>;

/// A signature of a channel's key: ed25519.
pub type VoucherSignature = [u8; 64];

/// What the pool is told, as `Unknown(Custom(..))`, about a voucher over more than the deposit.
pub const OVER_DEPOSIT: u8 = 1;

/// What the pool is told, as `Unknown(Custom(..))`, about a voucher that moves too little.
pub const STEP_TOO_SMALL: u8 = 2;

/// What the pool is told, as `Unknown(Custom(..))`, about a payee that could not receive its part.
pub const PAYEE_CANNOT_RECEIVE: u8 = 3;

/// The right to redeem one cumulative amount, if the signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket<AccountId> {
	/// The channel.
	pub id: ChannelId,
	/// Its record as it stands.
	pub channel: Channel<AccountId>,
	/// Where the money goes.
	pub split: Split,
}

/// Why there is no ticket.
///
/// | Refusal | the pool is told |
/// |---|---|
/// | [`Self::UnknownChannel`] | `Unknown(CannotLookup)` |
/// | [`Self::ChannelGone`], [`Self::AlreadyRedeemed`] | `Invalid(Stale)` |
/// | [`Self::OverDeposit`] | `Unknown(Custom(OVER_DEPOSIT))` |
/// | [`Self::StepTooSmall`] | `Unknown(Custom(STEP_TOO_SMALL))` |
/// | [`Self::PayeeCannotReceive`] | `Unknown(Custom(PAYEE_CANNOT_RECEIVE))` |
///
/// A ticket with a wrong signature is `Invalid(BadProof)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
	/// There has never been such a channel, at this state.
	UnknownChannel,
	/// The channel is closed for good.
	ChannelGone,
	/// Vouchers have moved as much before.
	AlreadyRedeemed,
	/// The voucher promises more than was put in.
	OverDeposit,
	/// The voucher moves too little.
	StepTooSmall,
	/// The payee's account does not exist, and the payment is too small to create it.
	PayeeCannotReceive,
}

impl From<Refusal> for TransactionValidityError {
	/// What a later or another state may still accept is *unknown*: pools ban the hash of what is *invalid*.
	fn from(refusal: Refusal) -> Self {
		let code = match refusal {
			Refusal::UnknownChannel => return UnknownTransaction::CannotLookup.into(),
			Refusal::ChannelGone | Refusal::AlreadyRedeemed => return InvalidTransaction::Stale.into(),
			Refusal::OverDeposit => OVER_DEPOSIT,
			Refusal::StepTooSmall => STEP_TOO_SMALL,
			Refusal::PayeeCannotReceive => PAYEE_CANNOT_RECEIVE,
		};
		UnknownTransaction::Custom(code).into()
	}
}

impl<T> From<Refusal> for Error<T> {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::UnknownChannel => Self::UnknownChannel,
			Refusal::ChannelGone => Self::ChannelGone,
			Refusal::AlreadyRedeemed => Self::AlreadyRedeemed,
			Refusal::OverDeposit => Self::OverDeposit,
			Refusal::StepTooSmall => Self::StepTooSmall,
			Refusal::PayeeCannotReceive => Self::PayeeCannotReceive,
		}
	}
}
