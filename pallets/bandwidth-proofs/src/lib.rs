#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod draw;
mod excuse;
mod fees;
mod impls;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
mod measure;
#[cfg(test)]
mod mock;
mod page;
mod rating;
mod seats;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod synthetic;
mod table;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use pallet::*;
#[cfg(any(feature = "runtime-benchmarks", test))]
pub use synthetic::BenchmarkHelper;
pub use types::{
	AgentSignature, Ahead, Attendance, Counts, HostHasher, Line, Place, Receipts, Refusal, Ring, Seat, SeatTable, Test,
	TestBlock, TestView, Ticket, Totals, FREEZE, HELD,
};
pub use weights::WeightInfo;

/// Where this pallet logs.
pub const LOG_TARGET: &str = "runtime::bandwidth-proofs";

#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate},
		DefaultNoBound, PalletId,
	};
	use frame_system::{
		ensure_authorized, ensure_signed,
		pallet_prelude::{BlockNumberFor, OriginFor},
	};
	use sp_runtime::traits::SaturatedConversion;
	use substation_primitives::{
		bandwidth::MAX_SEATS,
		settings::BandwidthSettings,
		traits::{Bonds, Nodes, OnMeasured, Treasury},
		Balance, Clock, Committees, Direction, Interruptions, Kbits, NodeId, Rates, TestId,
	};
	use substation_proofs::Hash;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The money that members are paid with.
		type Currency: Mutate<Self::AccountId, Balance = Balance>;

		/// Seats, draws, fees and ratings. Governance changes them; a test keeps its length and fee, a seat its bond.
		type Settings: Get<BandwidthSettings>;

		/// How committees are formed. A constant of the chain: another deadline makes running tests unknown.
		type Committees: Get<Committees>;

		/// The blocks that took no transactions. A test whose time overlaps one is never a 0; whoever can add to them
		/// excuses every line.
		type Interruptions: Get<Interruptions>;

		/// The proving period, for which tests are counted out to seats. A constant of the chain.
		type Clock: Get<Clock>;

		/// Milliseconds between two blocks. Bounds the time that a receipt may name.
		type SlotMillis: Get<u64>;

		/// The randomness of the *parent* block's author, read in `on_initialize`. Whoever chooses it chooses committees.
		type AuthorVrf: Get<Option<Hash>>;

		/// The epoch that runs: it rises by one whenever the authors' randomness changes, which is known two epochs ahead.
		type EpochIndex: Get<u64>;

		/// The epoch under whose randomness [`Config::AuthorVrf`] was made: of the parent block. Read in `on_initialize`.
		type DrawEpoch: Get<u64>;

		/// Nodes, their keys and their bonds.
		type Registry: Nodes<Self::AccountId> + Bonds<Self::AccountId>;

		/// Gets what an operator cannot receive when a line is removed.
		type Treasury: Treasury<Self::AccountId>;

		/// Told about every measurement. Wire to rewards.
		type OnMeasured: OnMeasured;

		/// Names the account that keeps fees. Genesis endows it with the existential deposit, so that it always exists.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Sets up what benchmarks need outside this pallet.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// What each node with seats claims, holds, owes and was measured at.
	// Identity: ids are assigned by the registry in order, nobody chooses them.
	#[pallet::storage]
	pub type Lines<T: Config> = StorageMap<_, Identity, NodeId, Line<T::AccountId>>;

	/// The table that draws draw from. What is over at a place is dropped when the place is written next.
	// Identity: places are given away in order.
	#[pallet::storage]
	pub type Seats<T: Config> = StorageMap<_, Identity, u32, Place, ValueQuery>;

	/// How long the table is.
	#[pallet::storage]
	pub type Table<T: Config> = StorageValue<_, SeatTable, ValueQuery>;

	/// How many nodes hold seats, and on how much bond.
	#[pallet::storage]
	pub type Bonded<T: Config> = StorageValue<_, Ahead<Totals>, ValueQuery>;

	/// The tests of the latest blocks, as a ring. An entry counts only for the block that it names.
	// Identity: the index is ours and small.
	#[pallet::storage]
	pub type Tests<T: Config> = StorageMap<_, Identity, u32, TestBlock>;

	/// Nothing to configure: genesis endows the account that keeps fees.
	#[pallet::genesis_config]
	#[derive(Debug, DefaultNoBound)]
	pub struct GenesisConfig<T: Config>(#[serde(skip)] PhantomData<T>);

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			let (pot, least) = (Pallet::<T>::pot(), T::Currency::minimum_balance());
			if T::Currency::balance(&pot) < least {
				T::Currency::set_balance(&pot, least);
			}
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A node has taken seats.
		#[codec(index = 0)]
		SeatsTaken {
			/// The node.
			node: NodeId,
			/// How many it took.
			seats: u32,
			/// The first epoch in which they count.
			from: u64,
		},
		/// A node claims other rates.
		#[codec(index = 1)]
		ClaimChanged {
			/// The node.
			node: NodeId,
			/// What it claims now.
			claim: Rates,
		},
		/// All seats of a node were given up.
		#[codec(index = 2)]
		SeatsGivenUp {
			/// The node.
			node: NodeId,
			/// The first epoch in which they no longer count.
			until: u64,
		},
		/// An operator has paid in for the tests of its node.
		#[codec(index = 3)]
		Prepaid {
			/// The node.
			node: NodeId,
			/// How much.
			amount: Balance,
		},
		/// An operator has taken back what it had paid in.
		#[codec(index = 4)]
		PrepaidWithdrawn {
			/// The node.
			node: NodeId,
			/// How much.
			amount: Balance,
		},
		/// A test was drawn.
		#[codec(index = 5)]
		TestDrawn {
			/// The test.
			test: TestId,
			/// Who is tested.
			node: NodeId,
			/// Which way.
			direction: Direction,
			/// The rate that is claimed.
			claim: Kbits,
		},
		/// A measurement was taken.
		#[codec(index = 6)]
		MeasurementTaken {
			/// The test.
			test: TestId,
			/// Who was tested.
			node: NodeId,
			/// Which way.
			direction: Direction,
			/// What it came to.
			rate: Kbits,
			/// Members that have signed.
			receipts: u8,
			/// What they vouch for, in thousandths of the total.
			delivered: u16,
		},
		/// A test passed its deadline without a measurement: it counts as 0.
		#[codec(index = 7)]
		TestMissed {
			/// The test.
			test: TestId,
			/// Who was to be tested.
			node: NodeId,
		},
		/// A member was absent too often. Its seats no longer count.
		#[codec(index = 8)]
		MemberExpelled {
			/// The node.
			node: NodeId,
		},
		/// An operator has collected what its node earned as a member.
		#[codec(index = 9)]
		EarningsCollected {
			/// The node.
			node: NodeId,
			/// How much.
			amount: Balance,
		},
		/// A line is forgotten, and its seats with it.
		#[codec(index = 10)]
		LineRemoved {
			/// The node.
			node: NodeId,
			/// Prepaid and earned fees that were paid out.
			paid: Balance,
			/// Who got them: the operator, or the treasury if the operator cannot receive.
			to: T::AccountId,
		},
	}

	/// Why something was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no node with this id.
		#[codec(index = 0)]
		UnknownNode,
		/// Only the node's operator may do this.
		#[codec(index = 1)]
		NotOperator,
		/// The node is leaving, suspended or terminated.
		#[codec(index = 2)]
		NodeTakesNoWork,
		/// The node has no line here. Take seats first.
		#[codec(index = 3)]
		NoLine,
		/// Take at least one seat, and no more than 32 in all.
		#[codec(index = 4)]
		SeatsOutOfRange,
		/// The claim is below the least line of a seat, or above what a committee can carry.
		#[codec(index = 5)]
		ClaimOutOfRange,
		/// The node's bandwidth bond does not cover all its seats. Add to the bond.
		#[codec(index = 6)]
		BondTooLow,
		/// The seats are given up. Remove the line when they no longer count, and start anew.
		#[codec(index = 7)]
		AlreadyGivenUp,
		/// The node was absent too often. Give up its seats, remove the line, and start anew.
		#[codec(index = 8)]
		Expelled,
		/// The seats still count. Give them up and wait three epochs.
		#[codec(index = 9)]
		SeatsStillCount,
		/// A test of this node is running. Wait for its end.
		#[codec(index = 10)]
		TestRunning,
		/// The node claims this already.
		#[codec(index = 11)]
		ClaimUnchanged,
		/// There is nothing to pay.
		#[codec(index = 12)]
		NothingToPay,
		/// Less is prepaid, or a running test may still cost it.
		#[codec(index = 13)]
		PrepaidTooLow,
		/// The table is full, or an amount is out of range.
		#[codec(index = 14)]
		Overflow,
		/// There is no such test, or none any more. Try again in the next block.
		#[codec(index = 15)]
		UnknownTest,
		/// The deadline has passed: the test counts as 0.
		#[codec(index = 16)]
		DeadlinePassed,
		/// A measurement of this test was taken. The first one is final.
		#[codec(index = 17)]
		AlreadyMeasured,
		/// Give one count, and one receipt or gap, for each member.
		#[codec(index = 18)]
		WrongLength,
		/// No member has signed.
		#[codec(index = 19)]
		NoReceipt,
		/// A count is above what one member may carry.
		#[codec(index = 20)]
		CountOverCap,
		/// A receipt takes no time, or longer than the test may.
		#[codec(index = 21)]
		ElapsedOutOfRange,
		/// The tested node's agent has not signed this measurement of this test.
		#[codec(index = 22)]
		BadSignature,
		/// A receipt is not signed by its member for this measurement. Leave it out.
		#[codec(index = 23)]
		BadReceipt,
		/// A receipt is of a member that has carried nothing. Leave it out.
		#[codec(index = 24)]
		EmptyReceipt,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			Self::draw_tests(now.saturated_into())
		}

		fn integrity_test() {
			let (number, hash) = (core::mem::size_of::<BlockNumberFor<T>>(), core::mem::size_of::<T::Hash>());
			assert_eq!(number, 4, "block numbers have {number} bytes, tests are named with 4");
			assert_eq!(hash, 32, "hashes have {hash} bytes, receipts carry the genesis hash in 32");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Takes seats for a node, on its bandwidth bond, and says what its line carries.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Details
		/// The seats count three epochs later. May be repeated, up to 32 seats in all: then each needs the bond of now, and
		/// another claim counts as [`Call::set_claim`]. A node is drawn, to be tested and as a member, only while a whole
		/// committee is prepaid.
		///
		/// ## Events
		/// [`Event::SeatsTaken`], [`Event::Prepaid`], [`Event::ClaimChanged`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::take_seats(u32::from(*seats).clamp(1, MAX_SEATS)))]
		pub fn take_seats(
			origin: OriginFor<T>,
			node: NodeId,
			claim: Rates,
			seats: u8,
			prepaid: Balance,
		) -> DispatchResult {
			Self::do_take_seats(ensure_signed(origin)?, node, claim, seats, prepaid)
		}

		/// Claims other rates. The readings of each direction whose claim changes start anew, with zeros.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Events
		/// [`Event::ClaimChanged`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::set_claim())]
		pub fn set_claim(origin: OriginFor<T>, node: NodeId, claim: Rates) -> DispatchResult {
			Self::do_set_claim(ensure_signed(origin)?, node, claim)
		}

		/// Gives up all seats of a node. They still count for the rest of this epoch and the next two.
		///
		/// ## Dispatch Origin
		/// Signed by the operator; by anybody once the node is expelled, leaving or terminated.
		///
		/// ## Events
		/// [`Event::SeatsGivenUp`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::give_up_seats())]
		pub fn give_up_seats(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			Self::do_give_up_seats(ensure_signed(origin)?, node)
		}

		/// Pays in for the tests of a node.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Details
		/// Where less than a whole committee was prepaid, draws know of it three epochs later, too late to choose one.
		///
		/// ## Events
		/// [`Event::Prepaid`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::prepay())]
		pub fn prepay(origin: OriginFor<T>, node: NodeId, amount: Balance) -> DispatchResult {
			Self::do_prepay(ensure_signed(origin)?, node, amount)
		}

		/// Takes back what was paid in, except for what a running test may still cost.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Events
		/// [`Event::PrepaidWithdrawn`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::withdraw_prepaid())]
		pub fn withdraw_prepaid(origin: OriginFor<T>, node: NodeId, amount: Balance) -> DispatchResult {
			Self::do_withdraw_prepaid(ensure_signed(origin)?, node, amount)
		}

		/// Submits what a test came to.
		///
		/// ## Dispatch Origin
		/// A general transaction that this pallet has authorised: the tested node's agent has signed the measurement, each
		/// member its receipt. A signed origin is refused.
		///
		/// ## Details
		/// Free of charge, because it consumes a ticket that a draw has made. All checks are made before the transaction
		/// enters a block, in the order ticket, lengths, counts and times, own signature, receipts; see [`Refusal`]. One
		/// wrong receipt refuses all of it. `digest` stands for start token and marks.
		///
		/// ## Events
		/// [`Event::MeasurementTaken`]; [`Event::MemberExpelled`] where it applies.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::submit_measurement(measure::members(receipts)))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_submit_measurement(measure::members(receipts)))]
		#[pallet::authorize(|_source, test, counts, digest, receipts, signature| {
			Pallet::<T>::authorize_measurement(*test, counts, digest, receipts, signature)
		})]
		pub fn submit_measurement(
			origin: OriginFor<T>,
			test: TestId,
			counts: Counts,
			digest: Hash,
			receipts: Receipts,
			signature: AgentSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let _ = (digest, signature); // Verified by the authorisation; see `do_submit_measurement`.
			Self::do_submit_measurement(test, &counts, &receipts)
		}

		/// Collects what a node has earned as a member.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Events
		/// [`Event::EarningsCollected`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::collect_earned())]
		pub fn collect_earned(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			Self::do_collect_earned(ensure_signed(origin)?, node)
		}

		/// Forgets a node's line once its seats no longer count, and pays out what is left.
		///
		/// ## Dispatch Origin
		/// Signed by anybody.
		///
		/// ## Events
		/// [`Event::LineRemoved`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::remove_line())]
		pub fn remove_line(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove_line(node)
		}
	}
}
