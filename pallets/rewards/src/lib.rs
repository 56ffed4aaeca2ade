#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod availability;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod claim;
mod closed;
mod credit;
pub mod emission;
mod era;
mod fees;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
#[cfg(test)]
mod mock;
mod page;
pub mod pool;
pub mod record;
mod supply;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use claim::CLASSES;
pub use closed::ClosedPools;
pub use fees::SplitFees;
pub use pallet::*;
pub use supply::{CountRemainder, CountRewards};
pub use types::{CreditOf, Current, DebtOf, EarnerOf, EraState, Pool, Pools, Record, Totals};
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use crate::{
		closed::ClosedPools,
		types::{EarnerOf, EraState, Pools, Record, Totals},
		weights::WeightInfo,
	};
	use core::marker::PhantomData;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Balanced, Mutate},
		DefaultNoBound,
	};
	use frame_system::{
		ensure_signed,
		pallet_prelude::{BlockNumberFor, OriginFor},
	};
	use substation_primitives::{
		rewards::{NominatorEarnings, RewardSettings, KEPT_ERAS},
		traits::{Nodes, Treasury},
		Balance, BlockNumber, NodeId,
	};

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token. Staking must mint the same one.
		type Currency: Mutate<Self::AccountId, Balance = Balance> + Balanced<Self::AccountId>;

		/// Budgets and shares. Governance changes them: an era keeps the budget and the yield that it began with, usage
		/// and fees follow at once.
		type Settings: Get<RewardSettings>;

		/// Blocks of an era at full pace: sessions of an era times blocks of a session. If it is too small, bonds earn
		/// more than stakes.
		type EraBlocks: Get<BlockNumber>;

		/// Whose a node is. Wire to the registry.
		type Operators: Nodes<Self::AccountId>;

		/// What nominating really pays. Wire to staking: it bounds what bonds earn.
		type Nominating: NominatorEarnings;

		/// Whose balance the ceiling is about.
		type Treasury: Treasury<Self::AccountId>;

		/// Most nodes in one claim. At least 1; its weight is linear in it.
		#[pallet::constant]
		type MaxClaims: Get<u32>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Puts the pallets behind the traits above into the states that benchmarks need.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
	}

	/// The running era.
	// Whitelisted: every credit of a block touches it, so `on_initialize` accounts for it once.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Era<T: Config> = StorageValue<_, EraState, ValueQuery>;

	/// No era is over yet.
	#[pallet::type_value]
	pub fn NoneClosed<T: Config>() -> ClosedPools {
		[Pools::default(); KEPT_ERAS as usize]
	}

	/// The pools of the last [`KEPT_ERAS`] eras that are over, each in the place that its number divided by that leaves.
	// Whitelisted: every credit of a block may read it, so `on_initialize` accounts for it once.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Closed<T: Config> = StorageValue<_, ClosedPools, ValueQuery, NoneClosed<T>>;

	/// What everybody has earned and not claimed. Absent when there is nothing to know.
	// Blake2_128Concat: anybody can open a channel to an account of any choice.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, EarnerOf<T>, Record>;

	/// Where all tokens have come from and gone to.
	// Whitelisted: every fee of a block touches it, so `on_initialize` accounts for it once.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Supply<T: Config> = StorageValue<_, Totals, ValueQuery>;

	/// The first issuance is whatever the pallets before this one have built: Balances must be among them, and the
	/// settings.
	#[pallet::genesis_config]
	#[derive(Debug, DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::begin();
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An era has begun, and this is what it may pay. The parts add up to the budget.
		#[codec(index = 0)]
		EraBudgeted {
			/// The era, by this pallet's count.
			era: u32,
			/// What it may pay in all.
			budget: Balance,
			/// To validators and nominators, when it ends.
			validators: Balance,
			/// To storage nodes, by credits.
			storage: Balance,
			/// To lines and carriers, by credits.
			bandwidth: Balance,
			/// To the treasury when it ends, as far as its balance is below the ceiling by then.
			treasury: Balance,
		},
		/// An earner was paid what eras before the running one have left.
		#[codec(index = 1)]
		Claimed {
			/// Who has earned it.
			earner: EarnerOf<T>,
			/// Who was paid.
			to: T::AccountId,
			/// What was minted.
			amount: Balance,
		},
	}

	/// Why something was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// Neither the named nodes nor the caller have earned anything in an era that is over. Wait for the end of the
		/// era.
		#[codec(index = 0)]
		NothingToClaim,
		/// There is something to claim, but no account that could receive it: each is missing, and the amount too small
		/// to create it. Fund the account, or wait until more has come together.
		#[codec(index = 1)]
		CannotReceive,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Accounts once per block for what nearly every transaction touches and benchmarks therefore do not count: the
		/// running era, the totals, and the account of the author who collects the fees; and the closed pools, which are
		/// only read. The first touch reads the database, the end of the block writes to it; whatever is between stays in
		/// memory.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			T::DbWeight::get().reads_writes(4, 3)
		}

		fn integrity_test() {
			assert!(T::MaxClaims::get() > 0, "MaxClaims is 0: no node could ever be paid");
			let number = core::mem::size_of::<BlockNumberFor<T>>();
			assert_eq!(number, 4, "block numbers have {number} bytes, proofs are timed with 4");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight(<T as Config>::WeightInfo))]
	impl<T: Config> Pallet<T> {
		/// Pay out what nodes, and the caller as a payee, have earned in eras that are over.
		///
		/// ## Dispatch Origin
		/// Signed by anyone. Each node's earnings go to its operator, whoever calls; what the caller was credited for
		/// delivery goes to the caller.
		///
		/// ## Details
		/// A node that does not exist, or has nothing pending, is passed over. So is one whose operator cannot receive
		/// the amount; it keeps it. What was credited in the running era stays until the era is over.
		///
		/// ## Errors
		/// [`Error::NothingToClaim`], [`Error::CannotReceive`] if nobody at all was paid.
		///
		/// ## Events
		/// [`Event::Claimed`] for each earner that was paid.
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::claim(nodes.len() as u32))]
		pub fn claim(origin: OriginFor<T>, nodes: BoundedVec<NodeId, T::MaxClaims>) -> DispatchResult {
			let caller = ensure_signed(origin)?;
			Self::do_claim(&caller, &nodes)
		}
	}
}
