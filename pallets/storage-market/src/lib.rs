#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod accept;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod clear;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod deep_forest;
mod dispute;
mod end;
mod impls;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
#[cfg(test)]
mod mock;
pub mod money;
mod propose;
pub mod rejection;
mod settle;
#[cfg(test)]
mod tests;
pub mod types;
mod updates;
pub mod weights;

pub use pallet::*;
pub use types::{AgentSignature, NodeAccount};
pub use weights::WeightInfo;

pub(crate) const LOG_TARGET: &str = "runtime::storage-market";

#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use crate::{
		types::{AcceptancesOf, AgentSignature, ClearancesOf, DealOf, NodeAccount},
		weights::WeightInfo,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use substation_primitives::{
		deal::Proposal,
		settings::{MarketSettings, RegistrySettings},
		traits::{Bonds, Nodes, OnSettled, StorageLedger, Treasury},
		Balance, Bytes, DealId, NodeId, Period,
	};
	use substation_proofs::{forest::UpdateProof, Hash};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The money that customers pay with. Holds must keep an account alive.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

		/// This pallet's tunables. Governance may change them at any time: what a running deal depends on is copied
		/// into its record.
		type Settings: Get<MarketSettings>;

		/// The registry's tunables, for the least bond.
		type RegistrySettings: Get<RegistrySettings>;

		/// Nodes, their offers and their bonds.
		type Registry: Nodes<Self::AccountId> + Bonds<Self::AccountId>;

		/// Which periods a node has proven, and the forest that it is challenged on.
		type Ledger: StorageLedger;

		/// Where the treasury's shares go, and whatever a payee cannot receive.
		type Treasury: Treasury<Self::AccountId>;

		/// Told what each payment has destroyed, if anything. Wire to whatever credits usage.
		type OnSettled: OnSettled;

		/// Most acceptances or clearances in one call. At least 1; weights are linear in it.
		#[pallet::constant]
		type MaxUpdates: Get<u32>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Puts the pallets behind the traits above into the states that benchmarks need.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Why a customer's money is on hold here.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// What the customer's deals may still cost.
		#[codec(index = 0)]
		Escrow,
		/// What the customer left for the records of its deals.
		#[codec(index = 1)]
		DealDeposit,
	}

	/// The id of the next proposal. Ids are never reused.
	#[pallet::storage]
	pub type NextDealId<T: Config> = StorageValue<_, DealId, ValueQuery>;

	/// Every proposal and every deal that is not closed.
	// Identity: we assign the ids, an attacker cannot choose them.
	#[pallet::storage]
	pub type Deals<T: Config> = StorageMap<_, Identity, DealId, DealOf<T>>;

	/// The records of [`Deals`] by the node they name.
	// Identity: we and the registry assign the ids.
	#[pallet::storage]
	pub type DealsOfNode<T: Config> = StorageDoubleMap<_, Identity, NodeId, Identity, DealId, ()>;

	/// What each node has promised. Absent when it has no accepted deal.
	// Identity: the registry assigns the ids.
	#[pallet::storage]
	pub type NodeAccounts<T: Config> = StorageMap<_, Identity, NodeId, NodeAccount, ValueQuery>;

	/// The deals that a dispute holds back. Absent means that the deal is settled and ended as usual.
	// Identity: we assign the ids.
	#[pallet::storage]
	pub type HeldBack<T: Config> = StorageMap<_, Identity, DealId, ()>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A customer wants a node to store something and has paid into escrow.
		#[codec(index = 0)]
		DealProposed {
			/// The new deal.
			deal: DealId,
			/// The node that may accept it.
			node: NodeId,
			/// Who pays.
			customer: T::AccountId,
			/// BLAKE3 hash of the content.
			root: Hash,
			/// Length of the content.
			length: Bytes,
			/// Payment for one proven period.
			rate: Balance,
			/// Periods that the deal shall run.
			periods: u32,
		},
		/// A proposal that nobody accepted in time is gone.
		#[codec(index = 1)]
		ProposalWithdrawn {
			/// The proposal.
			deal: DealId,
			/// Escrow that went back to the customer.
			refunded: Balance,
		},
		/// A node's agent has accepted a proposal.
		#[codec(index = 2)]
		DealAccepted {
			/// The deal.
			deal: DealId,
			/// The node.
			node: NodeId,
			/// The forest slot that holds it.
			slot: u32,
			/// First period that is due and paid.
			first: Period,
			/// Last period that is due and paid.
			last: Period,
		},
		/// A node's agent has emptied a slot of its forest.
		#[codec(index = 3)]
		SlotCleared {
			/// The node.
			node: NodeId,
			/// The slot.
			slot: u32,
			/// The ended deal that it held.
			deal: DealId,
		},
		/// Closed periods of a deal were paid or refunded.
		#[codec(index = 4)]
		DealSettled {
			/// The deal.
			deal: DealId,
			/// Periods that were proven.
			proven: u32,
			/// Periods that were not.
			missed: u32,
			/// What the operator got.
			provider: Balance,
			/// What was destroyed.
			burned: Balance,
			/// What the treasury got.
			treasury: Balance,
			/// What went back to the customer.
			refunded: Balance,
		},
		/// A customer has ended a deal before its term; the current period is its last.
		#[codec(index = 5)]
		DealEndedEarly {
			/// The deal.
			deal: DealId,
			/// What the operator got for the periods that do not happen.
			provider: Balance,
			/// What was destroyed.
			burned: Balance,
			/// What the treasury got.
			treasury: Balance,
			/// What went back to the customer.
			refunded: Balance,
		},
		/// An operator has given a deal up; the current period is its last.
		#[codec(index = 6)]
		DealForfeited {
			/// The deal.
			deal: DealId,
			/// Escrow of the periods after the current one, which went back to the customer.
			refunded: Balance,
		},
		/// A deal is over and its record is gone.
		#[codec(index = 7)]
		DealClosed {
			/// The deal.
			deal: DealId,
			/// Escrow of periods that the node's termination cut off, which went back to the customer.
			refunded: Balance,
		},
		/// The customer of a lost deal was paid from the node's bond.
		#[codec(index = 8)]
		CustomerCompensated {
			/// The deal.
			deal: DealId,
			/// What was really paid.
			amount: Balance,
		},
		/// A dispute holds a deal back.
		#[codec(index = 9)]
		DealHeldBack {
			/// The deal.
			deal: DealId,
		},
		/// A dispute is over and the deal goes on, or is closed if its term has ended meanwhile.
		#[codec(index = 10)]
		DealLetGo {
			/// The deal.
			deal: DealId,
		},
		/// A dispute was decided for the customer; the current period is the deal's last, and nothing is paid for it.
		#[codec(index = 11)]
		DealRefunded {
			/// The deal.
			deal: DealId,
			/// What was left in escrow, which went back to the customer.
			refunded: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no node with this id.
		#[codec(index = 0)]
		NoSuchNode,
		/// The node is leaving, suspended or terminated. Ask another one.
		#[codec(index = 1)]
		NodeTakesNoWork,
		/// The node offers no storage.
		#[codec(index = 2)]
		NoOffer,
		/// The content is empty or longer than 2^46 bytes. Split it.
		#[codec(index = 3)]
		LengthOutOfRange,
		/// A deal runs at least 1 and at most 1,024 periods.
		#[codec(index = 4)]
		TermOutOfRange,
		/// The price is below what the node asks now.
		#[codec(index = 5)]
		PriceBelowOffer,
		/// Price, length and term multiply to more than any account can hold.
		#[codec(index = 6)]
		PriceOutOfRange,
		/// The node's offered capacity does not hold this on top of its deals.
		#[codec(index = 7)]
		CapacityExceeded,
		/// The node's bond does not cover its deals and this. Add to the bond.
		#[codec(index = 8)]
		BondTooLow,
		/// No ids are left for deals.
		#[codec(index = 9)]
		OutOfIds,
		/// The deal was never proposed.
		#[codec(index = 10)]
		UnknownDeal,
		/// The deal has no record any more.
		#[codec(index = 11)]
		DealGone,
		/// The deal is already accepted.
		#[codec(index = 12)]
		AlreadyAccepted,
		/// The deal is not accepted yet.
		#[codec(index = 13)]
		NotAccepted,
		/// The proposal's time to be accepted is over. Anyone may withdraw it.
		#[codec(index = 14)]
		ProposalExpired,
		/// The proposal can still be accepted. Withdraw it when its time is over.
		#[codec(index = 15)]
		ProposalNotExpired,
		/// The deal names another node.
		#[codec(index = 16)]
		OtherNode,
		/// The updates are empty, not in strictly ascending order of slots, or name a deal twice.
		#[codec(index = 17)]
		UpdatesNotCanonical,
		/// The update proof is longer than these updates can need.
		#[codec(index = 18)]
		ProofTooLong,
		/// A clearance must name the forest's present depth.
		#[codec(index = 19)]
		OtherDepth,
		/// The signature is not the agent's over these updates and the node's present forest.
		#[codec(index = 20)]
		WrongSignature,
		/// The deal still has a record, so its slot cannot be cleared. Close it first.
		#[codec(index = 21)]
		DealNotClosed,
		/// Only the customer may do this.
		#[codec(index = 22)]
		NotCustomer,
		/// Only the node's operator may do this.
		#[codec(index = 23)]
		NotOperator,
		/// The deal ends with the current period, was forfeited or has ended. Close it once the window has closed.
		#[codec(index = 24)]
		NothingLeftToEnd,
		/// The node was terminated, and the deal with it. Close it.
		#[codec(index = 25)]
		NodeTerminated,
		/// The window of the deal's last period has not closed.
		#[codec(index = 26)]
		NotOver,
		/// A dispute holds the deal back. Settle or end it once the dispute is over. Its node's operator can end both at
		/// once with `disputes.concede`.
		#[codec(index = 27)]
		Disputed,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxUpdates::get() > 0, "MaxUpdates is 0: no deal could ever be accepted");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight(<T as Config>::WeightInfo))]
	impl<T: Config> Pallet<T> {
		/// Ask a node to store something.
		///
		/// ## Dispatch Origin
		/// Signed by the customer.
		///
		/// ## Details
		/// Holds the payment of the whole term and a deposit for the record. The proposal reserves nothing at the
		/// node and cannot be withdrawn before its time to be accepted is over. The weight includes the transactions
		/// of one acceptance and of one clearance, which are free for the node's agent.
		///
		/// ## Errors
		/// [`Error::NoSuchNode`], [`Error::NodeTakesNoWork`], [`Error::NoOffer`], [`Error::LengthOutOfRange`],
		/// [`Error::TermOutOfRange`], [`Error::PriceBelowOffer`], [`Error::PriceOutOfRange`],
		/// [`Error::CapacityExceeded`] if the node's whole capacity is smaller than the content, and the currency's.
		///
		/// ## Events
		/// [`Event::DealProposed`].
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::propose()
			.saturating_add(<T as Config>::WeightInfo::authorize_accept(1))
			.saturating_add(<T as Config>::WeightInfo::accept(1))
			.saturating_add(<T as Config>::WeightInfo::authorize_clear(1))
			.saturating_add(<T as Config>::WeightInfo::clear(1))
			.saturating_add(T::BlockWeights::get().get(DispatchClass::Normal).base_extrinsic.saturating_mul(2)))]
		pub fn propose(origin: OriginFor<T>, proposal: Proposal) -> DispatchResult {
			let customer = ensure_signed(origin)?;
			Self::do_propose(customer, proposal)
		}

		/// Take back a proposal that nobody accepted in time.
		///
		/// ## Dispatch Origin
		/// Signed by anyone; escrow and deposit go to the customer.
		///
		/// ## Errors
		/// [`Error::UnknownDeal`], [`Error::DealGone`], [`Error::AlreadyAccepted`], [`Error::ProposalNotExpired`].
		///
		/// ## Events
		/// [`Event::ProposalWithdrawn`].
		#[pallet::call_index(1)]
		pub fn withdraw_proposal(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_withdraw_proposal(deal)
		}

		/// Accept proposals into the node's forest.
		///
		/// ## Dispatch Origin
		/// Authorised: the signature is the agent's over [`substation_proofs::authority::accept_message`].
		///
		/// ## Details
		/// Free, because each acceptance uses up a proposal whose customer has paid for it. `acceptances` are in
		/// strictly ascending order of slots, which are empty; `depth` is the forest's depth afterwards, at least
		/// the present one; `proof` is for the forest as it stands. A deal accepted in a period is first due, and
		/// first paid, in the next one.
		///
		/// ## Errors
		/// The transaction is refused for the reasons in [`crate::rejection`].
		///
		/// ## Events
		/// [`Event::DealAccepted`] for each.
		#[pallet::call_index(2)]
		#[pallet::weight(<T as Config>::WeightInfo::accept(acceptances.len() as u32))]
		#[pallet::authorize(Self::authorize_accept)]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_accept(acceptances.len() as u32))]
		pub fn accept(
			origin: OriginFor<T>,
			node: NodeId,
			acceptances: AcceptancesOf<T>,
			depth: u8,
			proof: UpdateProof,
			signature: AgentSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let _ = signature; // checked by the authorisation
			Self::do_accept(node, &acceptances, depth, &proof)
		}

		/// Empty slots of the node's forest whose deals have no record any more.
		///
		/// ## Dispatch Origin
		/// Authorised: the signature is the agent's over [`substation_proofs::authority::clear_message`].
		///
		/// ## Details
		/// Free, because each clearance uses up the slot of a deal whose customer has paid for it. Until then the
		/// bytes stay challenged. `depth` is the forest's present depth.
		///
		/// ## Errors
		/// The transaction is refused for the reasons in [`crate::rejection`].
		///
		/// ## Events
		/// [`Event::SlotCleared`] for each.
		#[pallet::call_index(3)]
		#[pallet::weight(<T as Config>::WeightInfo::clear(clearances.len() as u32))]
		#[pallet::authorize(Self::authorize_clear)]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_clear(clearances.len() as u32))]
		pub fn clear(
			origin: OriginFor<T>,
			node: NodeId,
			clearances: ClearancesOf<T>,
			depth: u8,
			proof: UpdateProof,
			signature: AgentSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let _ = signature; // checked by the authorisation
			Self::do_clear(node, &clearances, depth, &proof)
		}

		/// Pay or refund every closed period of a deal.
		///
		/// ## Dispatch Origin
		/// Signed by anyone.
		///
		/// ## Details
		/// Reads this deal and its node's proofs only; settling often, late or twice pays the same. Does nothing
		/// if nothing has closed since the last time.
		///
		/// ## Errors
		/// [`Error::UnknownDeal`], [`Error::DealGone`], [`Error::NotAccepted`], [`Error::Disputed`].
		///
		/// ## Events
		/// [`Event::DealSettled`], if there was anything to settle.
		#[pallet::call_index(4)]
		// And whether a dispute holds the deal back.
		#[pallet::weight(<T as Config>::WeightInfo::settle().saturating_add(T::DbWeight::get().reads(1)))]
		pub fn settle(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_settle(deal)
		}

		/// End a deal with the current period.
		///
		/// ## Dispatch Origin
		/// Signed by the customer.
		///
		/// ## Details
		/// Pays a few of the remaining periods at once, divided as if they were proven, and refunds the others.
		///
		/// ## Errors
		/// [`Error::UnknownDeal`], [`Error::DealGone`], [`Error::NotAccepted`], [`Error::NotCustomer`],
		/// [`Error::Disputed`], [`Error::NodeTerminated`], [`Error::NothingLeftToEnd`].
		///
		/// ## Events
		/// [`Event::DealEndedEarly`].
		#[pallet::call_index(5)]
		// And whether a dispute holds the deal back.
		#[pallet::weight(<T as Config>::WeightInfo::end_early().saturating_add(T::DbWeight::get().reads(1)))]
		pub fn end_early(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			let customer = ensure_signed(origin)?;
			Self::do_end_early(customer, deal)
		}

		/// Give up a deal whose bytes are lost.
		///
		/// ## Dispatch Origin
		/// Signed by the node's operator.
		///
		/// ## Details
		/// Settles what has closed, compensates the customer from the node's bond, frees the rest of the deal's
		/// reserve and refunds the periods after the current one, all at once. The current period stays challenged,
		/// paid if proven, and fined with this deal's rate if not; the deal is closed after its window.
		///
		/// ## Errors
		/// [`Error::UnknownDeal`], [`Error::DealGone`], [`Error::NotAccepted`], [`Error::NotOperator`],
		/// [`Error::Disputed`], [`Error::NodeTerminated`], [`Error::NothingLeftToEnd`] if the window of the last period has closed or the
		/// deal was forfeited before.
		///
		/// ## Events
		/// [`Event::DealSettled`], [`Event::CustomerCompensated`], [`Event::DealForfeited`].
		#[pallet::call_index(6)]
		// And whether a dispute holds the deal back.
		#[pallet::weight(<T as Config>::WeightInfo::forfeit().saturating_add(T::DbWeight::get().reads(1)))]
		pub fn forfeit(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_forfeit(operator, deal)
		}

		/// Settle a deal for the last time and remove its record.
		///
		/// ## Dispatch Origin
		/// Signed by anyone; the deposit goes to the customer.
		///
		/// ## Details
		/// Possible once the window of the deal's last period has closed, or that of the period in which the node's
		/// termination was decided. A deal that a termination cut short pays its customer a compensation from the
		/// node's bond.
		///
		/// ## Errors
		/// [`Error::UnknownDeal`], [`Error::DealGone`], [`Error::NotAccepted`], [`Error::Disputed`],
		/// [`Error::NotOver`].
		///
		/// ## Events
		/// [`Event::DealSettled`], [`Event::CustomerCompensated`], [`Event::DealClosed`].
		#[pallet::call_index(7)]
		// And whether a dispute holds the deal back.
		#[pallet::weight(<T as Config>::WeightInfo::close().saturating_add(T::DbWeight::get().reads(1)))]
		pub fn close(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_close(deal)
		}
	}
}
