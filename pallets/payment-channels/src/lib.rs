#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod close;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
#[cfg(test)]
mod mock;
pub mod money;
mod open;
mod page;
mod redeem;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{ChannelOf, Refusal, Ticket, VoucherSignature};
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use crate::{
		types::{ChannelOf, VoucherSignature},
		weights::WeightInfo,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
	};
	use frame_system::{
		ensure_authorized, ensure_signed,
		pallet_prelude::{BlockNumberFor, OriginFor},
	};
	use sp_runtime::FixedU128;
	use substation_primitives::{
		channel::VoucherKey,
		settings::ChannelSettings,
		traits::{OnRedeemed, Treasury},
		Balance, BlockNumber, ChannelId, Interruptions,
	};

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The money that is paid. Holds must keep an account alive.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

		/// The burn share, the fee, the least step and the deposit for a record. Governance changes them; a redemption
		/// follows those in force when it is made, a record's deposit is the one that was taken.
		type Settings: Get<ChannelSettings>;

		/// What the fee of a redemption is multiplied by: at least 1, more while blocks are full. Wire to what the chain
		/// multiplies fees of transactions by. Without it free redemptions would raise everybody's fees and not their own.
		type FeeMultiplier: Get<FixedU128>;

		/// Blocks from a payer's wish to close to the first in which it may take the rest. Must be longer than a payee
		/// may be away: at least a day. A channel keeps the one in force when its closing began.
		type Grace: Get<BlockNumber>;

		/// The blocks that took no transactions. They do not count for a grace, whose end moves by as many blocks; whoever
		/// can add to them delays payers.
		type Interruptions: Get<Interruptions>;

		/// Where the fees of redemptions go. What it cannot receive is burned.
		type Treasury: Treasury<Self::AccountId>;

		/// Told about every redemption. Wire to usage.
		type OnRedeemed: OnRedeemed<Self::AccountId>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;
	}

	/// Why a payer's money is on hold here.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// What the vouchers of the payer's channels can still move.
		#[codec(index = 0)]
		ChannelDeposit,
		/// What the payer left for the records of its channels.
		#[codec(index = 1)]
		ChannelRecord,
	}

	/// The id of the next channel. Ids are never reused: an old voucher never meets a new channel.
	#[pallet::storage]
	pub type NextChannelId<T: Config> = StorageValue<_, ChannelId, ValueQuery>;

	/// Every channel that is not closed.
	// Identity: we assign the ids in order, nobody chooses them.
	#[pallet::storage]
	pub type Channels<T: Config> = StorageMap<_, Identity, ChannelId, ChannelOf<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A payer has put a deposit into a new channel.
		#[codec(index = 0)]
		ChannelOpened {
			/// The new channel.
			channel: ChannelId,
			/// Who pays.
			payer: T::AccountId,
			/// Who is paid.
			payee: T::AccountId,
			/// What was put in.
			deposit: Balance,
		},
		/// A payer has put more into a channel.
		#[codec(index = 1)]
		ChannelToppedUp {
			/// The channel.
			channel: ChannelId,
			/// What was added.
			amount: Balance,
			/// What was put in so far, in all.
			deposit: Balance,
		},
		/// A voucher was redeemed. The three parts add up to what it moved.
		#[codec(index = 2)]
		VoucherRedeemed {
			/// The channel.
			channel: ChannelId,
			/// What its vouchers have moved so far, in all.
			cumulative: Balance,
			/// To the payee.
			paid: Balance,
			/// Destroyed.
			burned: Balance,
			/// To the treasury.
			fee: Balance,
		},
		/// A payer wants the rest of a channel back.
		#[codec(index = 3)]
		ClosingStarted {
			/// The channel.
			channel: ChannelId,
			/// The first block in which the payer may take the rest, if no migration comes in between.
			closing: BlockNumber,
		},
		/// A channel is gone.
		#[codec(index = 4)]
		ChannelClosed {
			/// The channel.
			channel: ChannelId,
			/// What went back to the payer, without the deposit for the record.
			refunded: Balance,
		},
	}

	/// Why something was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There has never been such a channel. Open one.
		#[codec(index = 0)]
		UnknownChannel,
		/// The channel is closed for good. Open another one.
		#[codec(index = 1)]
		ChannelGone,
		/// Only the payer may do this.
		#[codec(index = 2)]
		NotPayer,
		/// Only the payee may do this.
		#[codec(index = 3)]
		NotPayee,
		/// Payer and payee are one account. Name somebody else.
		#[codec(index = 4)]
		PayeeIsPayer,
		/// Less is put in than the least that one redemption moves now. Put in more, or wait until blocks are emptier.
		#[codec(index = 5)]
		DepositTooSmall,
		/// The deposits together would not fit a balance.
		#[codec(index = 6)]
		DepositOutOfRange,
		/// All ids are used up.
		#[codec(index = 7)]
		OutOfIds,
		/// The payer has asked for the rest. Open another channel.
		#[codec(index = 8)]
		AlreadyClosing,
		/// The payer has not asked for the rest. Start closing first.
		#[codec(index = 9)]
		NotClosing,
		/// The payee still has time to redeem. Wait for the block that the channel names.
		#[codec(index = 10)]
		GraceNotOver,
		/// Vouchers have moved as much before. Redeem a later one.
		#[codec(index = 11)]
		AlreadyRedeemed,
		/// The voucher promises more than was put in. Redeem an earlier one, or wait for the payer to add to it.
		#[codec(index = 12)]
		OverDeposit,
		/// The voucher moves less than the least that one redemption moves, and not all that is left; or fee and burn
		/// would leave nothing for the payee. Wait for a later one.
		#[codec(index = 13)]
		StepTooSmall,
		/// The payee's account does not exist, and the payment is too small to create it. Fund the account.
		#[codec(index = 14)]
		PayeeCannotReceive,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let number = core::mem::size_of::<BlockNumberFor<T>>();
			assert_eq!(number, 4, "block numbers have {number} bytes, the grace counts with 4");
			let hash = core::mem::size_of::<T::Hash>();
			assert_eq!(hash, 32, "hashes have {hash} bytes, vouchers carry the genesis hash in 32");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight(<T as Config>::WeightInfo))]
	impl<T: Config> Pallet<T> {
		/// Put a deposit into a new channel to a payee.
		///
		/// ## Dispatch Origin
		/// Signed by the payer.
		///
		/// ## Details
		/// Holds the deposit, and another one for the record until the channel is closed. `key` signs the vouchers: it
		/// can move the deposit to the payee and nothing else, so it may be a hot one. The payee should wait until the
		/// channel is final before it gives anything for a voucher.
		///
		/// ## Errors
		/// [`Error::PayeeIsPayer`], [`Error::DepositTooSmall`], [`Error::OutOfIds`], and the currency's.
		///
		/// ## Events
		/// [`Event::ChannelOpened`].
		#[pallet::call_index(0)]
		pub fn open(origin: OriginFor<T>, payee: T::AccountId, key: VoucherKey, deposit: Balance) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_open(payer, payee, key, deposit)
		}

		/// Put more into a channel.
		///
		/// ## Dispatch Origin
		/// Signed by the payer.
		///
		/// ## Errors
		/// [`Error::UnknownChannel`], [`Error::ChannelGone`], [`Error::NotPayer`], [`Error::AlreadyClosing`],
		/// [`Error::DepositTooSmall`], [`Error::DepositOutOfRange`], and the currency's.
		///
		/// ## Events
		/// [`Event::ChannelToppedUp`].
		#[pallet::call_index(1)]
		pub fn top_up(origin: OriginFor<T>, channel: ChannelId, amount: Balance) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_top_up(payer, channel, amount)
		}

		/// Pay the payee what a voucher promises beyond what was paid before.
		///
		/// ## Dispatch Origin
		/// Authorised: the signature is the channel key's over [`substation_proofs::voucher::voucher_message`]. Anybody
		/// may submit it; the money goes to the payee. A signed origin is refused, so that a voucher never hides in a
		/// batch.
		///
		/// ## Details
		/// Free of charge for whoever submits it, because its fee is withheld from what it moves, which is at least the
		/// least step or exactly all that is left. The fee rises with those of transactions while blocks are full, and
		/// the least step with it: it is at least four fees, except in the last quarter of a channel's grace. Everything is
		/// checked before the transaction enters a block, the channel and the amount first, the signature last. Costs the
		/// same for a mebibyte and for a tebibyte. Possible as long as the channel has a record, also while it is closing.
		///
		/// ## Errors
		/// [`Error::UnknownChannel`], [`Error::ChannelGone`], [`Error::AlreadyRedeemed`], [`Error::OverDeposit`],
		/// [`Error::StepTooSmall`], [`Error::PayeeCannotReceive`]; the pool is told what [`crate::Refusal`] lists.
		///
		/// ## Events
		/// [`Event::VoucherRedeemed`].
		#[pallet::call_index(2)]
		#[pallet::authorize(|_source, channel, cumulative, signature| {
			Pallet::<T>::authorize_redemption(*channel, *cumulative, signature)
		})]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_redeem())]
		// And an older era, if whoever is told of it keeps the payee's record of one.
		#[pallet::weight(<T as Config>::WeightInfo::redeem().saturating_add(T::DbWeight::get().reads(1)))]
		pub fn redeem(
			origin: OriginFor<T>,
			channel: ChannelId,
			cumulative: Balance,
			signature: VoucherSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Verified by the authorisation of this very transaction; see `do_redeem`.
			let _ = signature;
			Self::do_redeem(channel, cumulative)
		}

		/// Ask for the rest of a channel.
		///
		/// ## Dispatch Origin
		/// Signed by the payer.
		///
		/// ## Details
		/// From now on the payee should give nothing more for vouchers; it can redeem those that it has as long as the
		/// channel has a record, which is at least until the grace is over. There is no way back.
		///
		/// ## Errors
		/// [`Error::UnknownChannel`], [`Error::ChannelGone`], [`Error::NotPayer`], [`Error::AlreadyClosing`].
		///
		/// ## Events
		/// [`Event::ClosingStarted`].
		#[pallet::call_index(3)]
		pub fn start_closing(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_start_closing(payer, channel)
		}

		/// Return the rest of a channel after its grace.
		///
		/// ## Dispatch Origin
		/// Signed by anyone; rest and record's deposit go to the payer.
		///
		/// ## Errors
		/// [`Error::UnknownChannel`], [`Error::ChannelGone`], [`Error::NotClosing`], [`Error::GraceNotOver`], and the
		/// currency's.
		///
		/// ## Events
		/// [`Event::ChannelClosed`].
		#[pallet::call_index(4)]
		pub fn finish_closing(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_finish_closing(channel)
		}

		/// Return the rest of a channel at once.
		///
		/// ## Dispatch Origin
		/// Signed by the payee, who gives up what it has not redeemed.
		///
		/// ## Errors
		/// [`Error::UnknownChannel`], [`Error::ChannelGone`], [`Error::NotPayee`], and the currency's.
		///
		/// ## Events
		/// [`Event::ChannelClosed`].
		#[pallet::call_index(5)]
		pub fn close(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			let payee = ensure_signed(origin)?;
			Self::do_close(payee, channel)
		}
	}
}
