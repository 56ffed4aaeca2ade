#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod catch_up;
mod forest;
mod impls;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
#[cfg(test)]
mod mock;
mod offchain;
mod page;
pub mod penalty;
mod prove;
mod seeds;
#[cfg(any(feature = "runtime-benchmarks", test))]
pub mod synthetic;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use impls::FORGOTTEN_WORDS;
pub use page::RECENT;
pub use pallet::*;
pub use types::{HostHasher, NodeRecord, Refusal, Ticket};
pub use weights::WeightInfo;

/// Where this pallet logs.
pub const LOG_TARGET: &str = "runtime::storage-proofs";

/// Sets up what benchmarks need outside this pallet.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers `node` with deals and a bond that can pay a hundred fines above the reserve.
	fn prepare_node(node: substation_primitives::NodeId);

	/// An account that can receive a bounty.
	fn reporter() -> AccountId;

	/// Keys of what the authorisation of a proof reads in other pallets to judge a miss, and an accepted proof changes
	/// nothing of.
	fn read_by_authorization(node: substation_primitives::NodeId) -> alloc::vec::Vec<alloc::vec::Vec<u8>>;
}

#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use frame_support::pallet_prelude::*;
	use frame_system::{
		ensure_authorized, ensure_signed,
		offchain::CreateAuthorizedTransaction,
		pallet_prelude::{BlockNumberFor, OriginFor},
	};
	use sp_runtime::traits::SaturatedConversion;
	use substation_primitives::{
		settings::{ProofSettings, MAX_OPENINGS},
		traits::{Bonds, Exposure, OnProven, Sanctions, Treasury},
		Balance, Clock, Interruptions, NodeId, Period, WindowSeed,
	};
	use substation_proofs::{
		forest::ForestError,
		storage::{max_proof_size, StorageProof},
		Hash,
	};

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>> + CreateAuthorizedTransaction<Call<Self>>
	{
		/// Openings, strikes, fines and the bounty. Governance changes them; a window keeps the openings that were in
		/// force when it opened, a miss costs what is in force when it is applied.
		type Settings: Get<ProofSettings>;

		/// Lengths of period, window and slot step, in blocks. A constant of the chain: another value re-maps every
		/// period that was ever proven.
		type Clock: Get<Clock>;

		/// The blocks that took no transactions. A window that overlaps one is not missed; whoever can add to them excuses
		/// every node.
		type Interruptions: Get<Interruptions>;

		/// The verifiable randomness of the *parent* block's author, read in `on_initialize`. Whoever can choose it
		/// chooses what is challenged.
		type AuthorVrf: Get<Option<Hash>>;

		/// The nodes' bonds, and the end of their working lives.
		type Registry: Bonds<Self::AccountId> + Sanctions;

		/// What a node stands to pay: the base of fines, and the reserve that they never touch.
		type Exposure: Exposure;

		/// Where fines go. Must always be able to receive, or a fine is not taken.
		type Treasury: Treasury<Self::AccountId>;

		/// Told about every accepted proof. Wire to rewards.
		type OnProven: OnProven;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Sets up what benchmarks need outside this pallet.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// The authors' randomness of all blocks, hashed together.
	#[pallet::storage]
	pub type Accumulator<T: Config> = StorageValue<_, Hash, ValueQuery>;

	/// The seeds of the latest windows, as a ring. An entry counts only for the block that it names.
	// Identity: the index is ours and small.
	#[pallet::storage]
	pub type Seeds<T: Config> = StorageMap<_, Identity, u32, WindowSeed>;

	/// What each node commits to, and where it stands.
	// Identity: ids are assigned by the registry in order, nobody chooses them.
	#[pallet::storage]
	pub type NodeProofs<T: Config> = StorageMap<_, Identity, NodeId, NodeRecord>;

	/// Which periods a node has proven: bit `p % 128` of word `p / 128`.
	// Identity: as above; the word's number follows from the block number.
	#[pallet::storage]
	pub type Proven<T: Config> = StorageDoubleMap<_, Identity, NodeId, Identity, u32, u128, ValueQuery>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A proof was accepted.
		#[codec(index = 0)]
		WindowProven {
			/// The node.
			node: NodeId,
			/// The period that is proven.
			period: Period,
			/// Bytes of the challenged set.
			bytes: u64,
		},
		/// Misses were applied.
		#[codec(index = 1)]
		WindowsMissed {
			/// The node.
			node: NodeId,
			/// The first missed period.
			first: Period,
			/// Missed periods, in a row but for those that are excused.
			count: u32,
			/// What was really taken from the bond, bounty included.
			fined: Balance,
		},
		/// A node has missed too much, or its bond is used up.
		#[codec(index = 2)]
		NodeTerminated {
			/// The node.
			node: NodeId,
			/// The period whose miss decided it. All deals of the node end with it.
			period: Period,
		},
		/// Somebody has pointed at misses.
		#[codec(index = 3)]
		MissReported {
			/// The node.
			node: NodeId,
			/// Who did.
			reporter: T::AccountId,
			/// What they got of the fines.
			bounty: Balance,
		},
	}

	/// Why something was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The chain commits to nothing for this node. Accept a deal first.
		#[codec(index = 0)]
		UnknownNode,
		/// The window is not open, or its seed is not known yet. Try again in the next block.
		#[codec(index = 1)]
		WindowNotYetOpen,
		/// The window has closed. Prove the next period.
		#[codec(index = 2)]
		WindowClosed,
		/// This period is proven. Prove the next one.
		#[codec(index = 3)]
		AlreadyProven,
		/// The node was terminated, or its misses terminate it. Nothing more can be proven or accepted.
		#[codec(index = 4)]
		NodeTerminated,
		/// The challenged set is empty. Nothing is due.
		#[codec(index = 5)]
		NothingToProve,
		/// No miss has become final since the last report.
		#[codec(index = 6)]
		NothingMissed,
		/// The depth is below the forest's or above 32. Read the forest again.
		#[codec(index = 7)]
		DepthOutOfRange,
		/// The update changes nothing.
		#[codec(index = 8)]
		NoChanges,
		/// The slots are not strictly ascending. Sort them.
		#[codec(index = 9)]
		SlotsNotAscending,
		/// A slot does not exist at this depth. Ask for a greater depth.
		#[codec(index = 10)]
		SlotOutOfRange,
		/// A deal's length is 0 or too long.
		#[codec(index = 11)]
		LengthOutOfRange,
		/// The forest proof ends before the paths do.
		#[codec(index = 12)]
		ForestProofTooShort,
		/// The forest proof has items that no path needs.
		#[codec(index = 13)]
		ForestProofTooLong,
		/// The bytes of the forest would not fit into 64 bits.
		#[codec(index = 14)]
		TooManyBytes,
		/// The proof is not about the node's present forest: a slot holds something else, or the forest has changed.
		/// Read the forest again.
		#[codec(index = 15)]
		ForestMismatch,
	}

	impl<T> From<ForestError> for Error<T> {
		fn from(error: ForestError) -> Self {
			match error {
				ForestError::DepthOutOfRange { .. } => Self::DepthOutOfRange,
				ForestError::NoChanges => Self::NoChanges,
				ForestError::SlotsNotAscending => Self::SlotsNotAscending,
				ForestError::SlotOutOfRange { .. } => Self::SlotOutOfRange,
				ForestError::LengthOutOfRange { .. } => Self::LengthOutOfRange,
				ForestError::ProofTooShort => Self::ForestProofTooShort,
				ForestError::ProofTooLong => Self::ForestProofTooLong,
				ForestError::TotalOverflow => Self::TooManyBytes,
				ForestError::WrongTotal { .. } | ForestError::WrongRoot => Self::ForestMismatch,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			Self::accumulate(now.saturated_into());
			T::WeightInfo::on_initialize()
		}

		fn offchain_worker(now: BlockNumberFor<T>) {
			if let Err(error) = offchain::run::<T>(now.saturated_into()) {
				log::debug!(target: LOG_TARGET, "nothing submitted at {now:?}: {error:?}");
			}
		}

		fn integrity_test() {
			let number = core::mem::size_of::<BlockNumberFor<T>>();
			assert_eq!(number, 4, "block numbers have {number} bytes, the clock counts with 4");
			let hash = core::mem::size_of::<T::Hash>();
			assert_eq!(hash, 32, "hashes have {hash} bytes, challenges carry the genesis hash in 32");
			let longest = substation_primitives::agent_api::MAX_ANSWER;
			let proof = max_proof_size(MAX_OPENINGS, substation_proofs::forest::MAX_DEPTH);
			assert!(proof <= longest, "a proof can have {proof} octets, the worker reads {longest}");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Proves that a node has the challenged bytes of a period.
		///
		/// ## Dispatch Origin
		/// A general transaction without a signature that this pallet has authorised: the proof is the authority.
		/// A signed origin is refused, so that a proof never hides in a batch.
		///
		/// ## Details
		/// Free of charge, because it consumes a ticket that the chain has made and that a customer's fees pay for: one
		/// per node, period and window. All checks are made before the transaction enters a block, in the order ticket,
		/// sizes, forest, openings. A wrong proof never enters a block and costs the node nothing. The weight of applying
		/// earlier misses is given back where there were none.
		///
		/// ## Events
		/// [`Event::WindowProven`]; [`Event::WindowsMissed`] if earlier misses were not yet applied.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::prove_after_misses())]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_prove(openings(proof)))]
		#[pallet::authorize(|_source, node, period, proof| Pallet::<T>::authorize_proof(*node, *period, proof))]
		pub fn prove(
			origin: OriginFor<T>,
			node: NodeId,
			period: Period,
			proof: Box<StorageProof>,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// Verified by the authorisation of this very transaction; see `do_prove`.
			drop(proof);
			Self::do_prove(node, period)
		}

		/// Applies a node's misses that have become final, for a part of the fines.
		///
		/// ## Dispatch Origin
		/// Signed by anybody.
		///
		/// ## Details
		/// The bounty is a share of what the bond really pays; what the reporter cannot receive goes to the treasury.
		/// Costs the same for one miss and for hundreds. May terminate the node; the deciding period does not depend on
		/// when the report is made.
		///
		/// ## Events
		/// [`Event::WindowsMissed`], [`Event::NodeTerminated`] if it does, [`Event::MissReported`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::report_missed())]
		pub fn report_missed(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let reporter = ensure_signed(origin)?;
			Self::do_report_missed(reporter, node)
		}
	}

	/// How many openings a proof has to pay for. More than the limit are refused before anything is hashed.
	fn openings(proof: &StorageProof) -> u32 {
		u32::try_from(proof.chunks.len()).unwrap_or(u32::MAX).clamp(1, MAX_OPENINGS.into())
	}
}
