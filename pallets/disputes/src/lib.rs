#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonds;
mod concede;
mod decide;
mod execute;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
#[cfg(test)]
mod mock;
mod open;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::{AgentSignature, Answer, Dispute, DisputeOf, Loss, Outcome, Stage, Standing, Timetable, Verdict};
pub use weights::WeightInfo;

pub(crate) const LOG_TARGET: &str = "runtime::disputes";

/// Disputes about accepted deals.
#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use substation_primitives::{
		settings::DisputeSettings,
		traits::{DisputedDeals, Nodes, Treasury},
		Balance, BlockNumber, DealId, DisputeId, Interruptions, NodeId,
	};
	use substation_proofs::Hash;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The money that bonds are held in. Holds must keep an account alive.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

		/// This pallet's tunables. Bonds of open disputes stay what they were.
		type Settings: Get<DisputeSettings>;

		/// The deals that disputes are about.
		type Deals: DisputedDeals<Self::AccountId>;

		/// Operators and agents of nodes.
		type Registry: Nodes<Self::AccountId>;

		/// Where lost bonds go.
		type Treasury: Treasury<Self::AccountId>;

		/// Who decides a dispute that was answered.
		type DecideOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Who may overturn a verdict, at once and for good.
		type OverturnOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Blocks that the other side has to answer. At least 14 days on a public network.
		#[pallet::constant]
		type AnswerPeriod: Get<BlockNumber>;

		/// Blocks from the answer in which a decision can be made. Without one the dispute is dismissed.
		#[pallet::constant]
		type DecisionPeriod: Get<BlockNumber>;

		/// Blocks in which a verdict can be overturned. A referendum must fit, or nobody could overturn anything.
		#[pallet::constant]
		type OverturnPeriod: Get<BlockNumber>;

		/// The blocks that took no transactions. They do not count for any of the periods above, whose ends move by as many
		/// blocks; whoever can add to them delays every verdict.
		type Interruptions: Get<Interruptions>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Makes deals that can be disputed.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// What the two sides' money is held for.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Disputes that a customer has opened.
		#[codec(index = 0)]
		DisputeBond,
		/// Disputes that an operator has answered.
		#[codec(index = 1)]
		AnswerBond,
	}

	/// The id of the next dispute. Ids are never reused.
	#[pallet::storage]
	pub type NextDisputeId<T: Config> = StorageValue<_, DisputeId, ValueQuery>;

	/// Every dispute that is not over, by its deal: there is one of them at a time.
	// Identity: the market assigns the ids.
	#[pallet::storage]
	pub type Disputes<T: Config> = StorageMap<_, Identity, DealId, DisputeOf<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A customer disputes a deal. It is held back from now on.
		#[codec(index = 0)]
		DisputeOpened {
			/// The deal.
			deal: DealId,
			/// The new dispute.
			dispute: DisputeId,
			/// The node that shall answer.
			node: NodeId,
			/// Hash of the customer's evidence.
			evidence: Hash,
			/// The customer's bond.
			bond: Balance,
			/// First block at which it is too late to answer, if no migration comes in between.
			answer_by: BlockNumber,
		},
		/// The other side has answered.
		#[codec(index = 1)]
		DisputeAnswered {
			/// The deal.
			deal: DealId,
			/// Hash of the operator's evidence.
			evidence: Hash,
			/// The operator's bond.
			bond: Balance,
			/// First block at which it is too late to decide, if no migration comes in between.
			decide_by: BlockNumber,
		},
		/// A dispute was decided. Nothing has moved yet.
		#[codec(index = 2)]
		DisputeDecided {
			/// The deal.
			deal: DealId,
			/// What was decided.
			verdict: Verdict,
			/// First block at which it is too late to overturn, and anyone may execute, if no migration comes in between.
			final_at: BlockNumber,
		},
		/// Token holders have overturned a verdict.
		#[codec(index = 3)]
		DisputeOverturned {
			/// The deal.
			deal: DealId,
			/// What had been decided, or followed from silence.
			from: Verdict,
			/// What is executed instead.
			to: Verdict,
		},
		/// A dispute is over, and the money where the verdict puts it.
		#[codec(index = 4)]
		DisputeExecuted {
			/// The deal.
			deal: DealId,
			/// The verdict.
			verdict: Verdict,
			/// Escrow that went back to the customer.
			refunded: Balance,
			/// What the customer got from the node's bond.
			compensated: Balance,
			/// Bonds that the treasury got. The operator's tenth of a dismissed dispute is not among them.
			forfeited: Balance,
		},
		/// The operator has given in: the dispute is over, the deal ends, and both bonds are back.
		#[codec(index = 5)]
		DisputeConceded {
			/// The deal.
			deal: DealId,
			/// Escrow that went back to the customer.
			refunded: Balance,
			/// What the customer got from the node's bond.
			compensated: Balance,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no accepted deal with this id, or it is over. A deal that is over can be closed.
		#[codec(index = 0)]
		NoAcceptedDeal,
		/// Only the deal's customer may dispute it.
		#[codec(index = 1)]
		NotCustomer,
		/// The deal is disputed already. Wait until that dispute is over.
		#[codec(index = 2)]
		AlreadyDisputed,
		/// Nothing of the deal is unsettled or in reserve, so there is nothing to decide about.
		#[codec(index = 3)]
		NothingAtStake,
		/// The bond is below the least one. The view function `least_bond` says how much it is.
		#[codec(index = 4)]
		BondTooLow,
		/// No ids are left for disputes.
		#[codec(index = 5)]
		OutOfIds,
		/// The deal is not disputed.
		#[codec(index = 6)]
		NoDispute,
		/// The node is not registered any more.
		#[codec(index = 7)]
		NoSuchNode,
		/// Only the node's operator may answer or concede; its agent answers with the free call.
		#[codec(index = 8)]
		NotOperator,
		/// The dispute is answered, or its time to be answered is over.
		#[codec(index = 9)]
		NotAnswerable,
		/// The signature is not the agent's over this dispute and evidence.
		#[codec(index = 10)]
		WrongSignature,
		/// The operator cannot pay the bond of an answer.
		#[codec(index = 11)]
		OperatorCannotPay,
		/// The dispute is not answered yet, or decided, or its time to be decided is over.
		#[codec(index = 12)]
		NotDecidable,
		/// There is no verdict yet, or it is final.
		#[codec(index = 13)]
		NotAppealable,
		/// This is the verdict already.
		#[codec(index = 14)]
		SameVerdict,
		/// The dispute is not final. The view function `standing` says what it waits for.
		#[codec(index = 15)]
		NotFinal,
		/// The verdict is final: too late to concede. Anyone may execute it.
		#[codec(index = 16)]
		AlreadyFinal,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let periods = [T::AnswerPeriod::get(), T::DecisionPeriod::get(), T::OverturnPeriod::get()];
			assert!(periods.iter().all(|period| *period > 0), "a period of disputes is empty: {periods:?}");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight(<T as Config>::WeightInfo))]
	impl<T: Config> Pallet<T> {
		/// Dispute a deal whose data is proven but not served, or served wrong.
		///
		/// ## Dispatch Origin
		/// Signed by the deal's customer.
		///
		/// ## Details
		/// Holds `bond`, at least what the view function `least_bond` says, and holds the deal back: it is neither
		/// settled nor ended until the dispute is over. A deal that is over is not disputed any more but closed.
		/// `evidence` is the hash of what the customer publishes. The weight includes the transaction of an answer, which
		/// is free for the node's agent.
		///
		/// ## Errors
		/// [`Error::NoAcceptedDeal`], [`Error::NotCustomer`], [`Error::AlreadyDisputed`], [`Error::NothingAtStake`],
		/// [`Error::BondTooLow`], and the currency's.
		///
		/// ## Events
		/// [`Event::DisputeOpened`].
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::open()
			.saturating_add(<T as Config>::WeightInfo::authorize_answer_by_agent())
			.saturating_add(<T as Config>::WeightInfo::answer_by_agent())
			.saturating_add(T::BlockWeights::get().get(DispatchClass::Normal).base_extrinsic))]
		pub fn open(origin: OriginFor<T>, deal: DealId, evidence: Hash, bond: Balance) -> DispatchResult {
			let customer = ensure_signed(origin)?;
			Self::do_open(customer, deal, evidence, bond)
		}

		/// Answer a dispute.
		///
		/// ## Dispatch Origin
		/// Signed by the node's operator.
		///
		/// ## Details
		/// Holds the bond of an answer. `evidence` is the hash of what the operator publishes. Whoever does not answer
		/// in time loses.
		///
		/// ## Errors
		/// [`Error::NoDispute`], [`Error::NotAnswerable`], [`Error::NoSuchNode`], [`Error::NotOperator`],
		/// [`Error::OperatorCannotPay`].
		///
		/// ## Events
		/// [`Event::DisputeAnswered`].
		#[pallet::call_index(1)]
		pub fn answer(origin: OriginFor<T>, deal: DealId, evidence: Hash) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_answer(Some(operator), deal, evidence)
		}

		/// Answer a dispute for the operator.
		///
		/// ## Dispatch Origin
		/// Authorised: the signature is the agent's over [`substation_proofs::authority::answer_message`].
		///
		/// ## Details
		/// Free, because it uses up the one answer that the customer has paid for. Holds the bond of an answer in the
		/// operator's account.
		///
		/// ## Errors
		/// The transaction is refused for the reasons in the pallet's README.
		///
		/// ## Events
		/// [`Event::DisputeAnswered`].
		#[pallet::call_index(2)]
		#[pallet::authorize(Self::authorize_answer)]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_answer_by_agent())]
		pub fn answer_by_agent(
			origin: OriginFor<T>,
			deal: DealId,
			evidence: Hash,
			signature: AgentSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let _ = signature; // checked by the authorisation
			Self::do_answer(None, deal, evidence)
		}

		/// Decide a dispute that was answered.
		///
		/// ## Dispatch Origin
		/// [`Config::DecideOrigin`].
		///
		/// ## Details
		/// Moves nothing yet: token holders may overturn the verdict first.
		///
		/// ## Errors
		/// [`Error::NoDispute`], [`Error::NotDecidable`].
		///
		/// ## Events
		/// [`Event::DisputeDecided`].
		#[pallet::call_index(3)]
		pub fn decide(origin: OriginFor<T>, deal: DealId, verdict: Verdict) -> DispatchResult {
			T::DecideOrigin::ensure_origin(origin)?;
			Self::do_decide(deal, verdict)
		}

		/// Replace a verdict that is not final, and execute the new one.
		///
		/// ## Dispatch Origin
		/// [`Config::OverturnOrigin`].
		///
		/// ## Errors
		/// [`Error::NoDispute`], [`Error::NotAppealable`], [`Error::SameVerdict`].
		///
		/// ## Events
		/// [`Event::DisputeOverturned`], [`Event::DisputeExecuted`].
		#[pallet::call_index(4)]
		#[pallet::weight(<T as Config>::WeightInfo::overturn().max(<T as Config>::WeightInfo::overturn_to_dismissed()))]
		pub fn overturn(origin: OriginFor<T>, deal: DealId, verdict: Verdict) -> DispatchResult {
			T::OverturnOrigin::ensure_origin(origin)?;
			Self::do_overturn(deal, verdict)
		}

		/// Execute a verdict that is final.
		///
		/// ## Dispatch Origin
		/// Signed by anyone.
		///
		/// ## Details
		/// A dispute that nobody answered in time is upheld, one that nobody decided in time is dismissed. A deal that
		/// goes on is settled, and closed if its term has ended meanwhile.
		///
		/// ## Errors
		/// [`Error::NoDispute`], [`Error::NotFinal`].
		///
		/// ## Events
		/// [`Event::DisputeExecuted`].
		#[pallet::call_index(5)]
		#[pallet::weight(<T as Config>::WeightInfo::execute().max(<T as Config>::WeightInfo::execute_dismissed()))]
		pub fn execute(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_execute(deal)
		}

		/// Concede a dispute: its customer is right.
		///
		/// ## Dispatch Origin
		/// Signed by the node's operator.
		///
		/// ## Details
		/// Does to the deal what an upheld dispute does, at once, and gives both bonds back. Nobody can overturn it. The
		/// way out for a deal whose bytes are lost: while it is disputed it can neither be forfeited nor closed, and its
		/// bytes stay due. Possible until the verdict is final, whatever it is.
		///
		/// ## Errors
		/// [`Error::NoDispute`], [`Error::NoSuchNode`], [`Error::NotOperator`], [`Error::AlreadyFinal`].
		///
		/// ## Events
		/// [`Event::DisputeConceded`].
		#[pallet::call_index(6)]
		pub fn concede(origin: OriginFor<T>, deal: DealId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_concede(operator, deal)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The least bond with which this deal can be disputed now, `None` if it cannot be.
		pub fn least_bond(deal: DealId) -> Option<Balance> {
			let stake = T::Deals::stake(deal)?;
			(!Disputes::<T>::contains_key(deal)).then(|| Self::bond_for(&stake))
		}

		/// What the dispute about this deal waits for, `None` if there is none.
		pub fn standing(deal: DealId) -> Option<Standing> {
			Disputes::<T>::get(deal).map(|dispute| dispute.standing(Self::now(), &Self::timetable()))
		}
	}
}
