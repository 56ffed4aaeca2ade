//! A voucher's way: channel, amount, payee, signature, and the money in three parts.

use crate::{
	money::{self, Split},
	pallet::{Channels, Config, Error, Event, HoldReason, Pallet},
	types::{ChannelOf, Refusal, Ticket, VoucherSignature},
};
use frame_support::{
	ensure,
	pallet_prelude::{
		DispatchError, DispatchResult, Get, InvalidTransaction, TransactionLongevity, TransactionPriority,
		TransactionValidityWithRefund, ValidTransaction, Weight,
	},
	traits::{
		fungible::{Inspect, MutateHold},
		tokens::{DepositConsequence, Fortitude, Precision, Provenance, Restriction},
	},
};
use sp_core::ed25519;
use substation_primitives::{
	channel::VoucherKey,
	settings::ChannelSettings,
	traits::{OnRedeemed, Treasury},
	Balance, ChannelId,
};
use substation_proofs::voucher::voucher_message;

/// Above what transactions without a tip usually have: a full pool shall not cost a payee what it has earned.
const PRIORITY: TransactionPriority = 1 << 32;

/// Below the storage proofs, which cannot wait: whatever an amount adds to the priority ends here.
const HIGHEST_PRIORITY: TransactionPriority = TransactionPriority::MAX / 4;

/// Blocks that a redemption waits in the pool. A payee that still wants it then submits it again.
const LONGEVITY: TransactionLongevity = 64;

/// Tag of redemptions in transaction pools.
const PROVIDES: &str = "substation/redeem";

impl<T: Config> Pallet<T> {
	/// The settings that are in force, with the fee and the least step of this block.
	pub(crate) fn settings() -> ChannelSettings {
		money::scaled(T::Settings::get(), T::FeeMultiplier::get())
	}

	/// Those of one channel. At the end of its grace the least step is the setting's, however full blocks are: what the
	/// payee could not redeem before, it could not redeem at all. The fee is this block's even then, or one closing would
	/// be worth any number of cheap redemptions.
	pub(crate) fn settings_of(channel: &ChannelOf<T>) -> ChannelSettings {
		let settings = T::Settings::get();
		let scaled = money::scaled(settings, T::FeeMultiplier::get());
		let min_redeem = if Self::is_ending(channel) { settings.min_redeem } else { scaled.min_redeem };
		ChannelSettings { min_redeem, ..scaled }
	}

	/// The right to redeem `cumulative`, whoever has signed it.
	pub(crate) fn ticket(id: ChannelId, cumulative: Balance) -> Result<Ticket<T::AccountId>, Refusal> {
		let channel = Self::recorded(id)?;
		let step = cumulative.checked_sub(channel.spent).filter(|step| *step > 0).ok_or(Refusal::AlreadyRedeemed)?;
		ensure!(cumulative <= channel.deposit, Refusal::OverDeposit);
		let settings = Self::settings_of(&channel);
		ensure!(money::is_step_allowed(step, channel.left(), &settings), Refusal::StepTooSmall);
		let split = money::split(step, &settings).ok_or(Refusal::StepTooSmall)?;
		let consequence = T::Currency::can_deposit(&channel.payee, split.paid, Provenance::Extant);
		ensure!(consequence == DepositConsequence::Success, Refusal::PayeeCannotReceive);
		Ok(Ticket { id, channel, split })
	}

	/// Decides whether a redemption may enter a block. Everything is checked here: after this, dispatch cannot fail.
	pub(crate) fn authorize_redemption(
		id: ChannelId,
		cumulative: Balance,
		signature: &VoucherSignature,
	) -> TransactionValidityWithRefund {
		let ticket = Self::ticket(id, cumulative)?;
		ensure!(Self::is_signed(&ticket.channel.key, id, cumulative, signature), InvalidTransaction::BadProof);
		let validity = ValidTransaction::with_tag_prefix(PROVIDES)
			.and_provides((id, cumulative))
			// One per channel: a key can sign any number of vouchers of which only one will be redeemed, and they must
			// not fill the pool.
			.and_provides(id)
			.priority(priority(ticket.split.total(), ticket.split.fee))
			.longevity(LONGEVITY)
			.propagate(true)
			.into();
		Ok((validity, Weight::zero()))
	}

	/// Redeems a voucher that [`Self::authorize_redemption`] has verified.
	///
	/// The extension `AuthorizeCall` runs that within the same application of the same transaction and is the only
	/// source of the origin `Authorized`, so verifying the signature again would prove nothing. The ticket costs a few
	/// cached reads and is checked again: it is what keeps an amount from being paid twice.
	pub(crate) fn do_redeem(id: ChannelId, cumulative: Balance) -> DispatchResult {
		let Ticket { mut channel, split, .. } = Self::ticket(id, cumulative).map_err(Error::<T>::from)?;
		let Split { paid, burned, fee } = Self::pay(&channel, split)?;
		let payee = channel.payee.clone();
		channel.spent = cumulative;
		Channels::<T>::insert(id, channel);
		T::OnRedeemed::on_redeemed(&payee, paid, burned);
		Self::deposit_event(Event::VoucherRedeemed { channel: id, cumulative, paid, burned, fee });
		Ok(())
	}

	/// Moves a step out of the payer's deposit and says where it really went: a fee that the treasury cannot receive is
	/// burned.
	fn pay(channel: &ChannelOf<T>, split: Split) -> Result<Split, DispatchError> {
		let Split { paid, burned, fee: wanted } = split;
		Self::transfer_deposit(&channel.payer, &channel.payee, paid).map_err(|_| Error::<T>::PayeeCannotReceive)?;
		let fee = Self::transfer_deposit(&channel.payer, &T::Treasury::account(), wanted).unwrap_or(0);
		let burned = burned.saturating_add(wanted.saturating_sub(fee));
		let reason = HoldReason::ChannelDeposit.into();
		T::Currency::burn_held(&reason, &channel.payer, burned, Precision::Exact, Fortitude::Force)?;
		Ok(Split { paid, burned, fee })
	}

	/// Moves some of a payer's deposit: all or nothing.
	fn transfer_deposit(from: &T::AccountId, to: &T::AccountId, amount: Balance) -> Result<Balance, DispatchError> {
		// Force: a vote lock overlaps holds and would shield them otherwise.
		T::Currency::transfer_on_hold(
			&HoldReason::ChannelDeposit.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
	}

	/// Whether the channel's key has promised `cumulative`.
	fn is_signed(key: &VoucherKey, id: ChannelId, cumulative: Balance, signature: &VoucherSignature) -> bool {
		let message = voucher_message(&Self::genesis(), id.0, cumulative);
		let signature = ed25519::Signature::from_raw(*signature);
		sp_io::crypto::ed25519_verify(&signature, &message, &ed25519::Public::from_raw(*key))
	}
}

/// Grows with every fee's worth that is moved: a better voucher replaces a worse one that waits, and nobody keeps it out
/// of the pool with a worse one.
fn priority(step: Balance, fee: Balance) -> TransactionPriority {
	let fees = step.checked_div(fee).unwrap_or(step);
	TransactionPriority::try_from(fees).unwrap_or(HIGHEST_PRIORITY).saturating_add(PRIORITY).min(HIGHEST_PRIORITY)
}
