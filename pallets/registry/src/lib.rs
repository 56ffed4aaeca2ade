#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod agent;
mod bond;
mod invariants;
mod leave;
mod lookup;
mod register;
mod sanction;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use agent::AgentSignature;
#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::{Address, Addresses, ClassOffer, Node, NodeSpec, MAX_CLASSES, MAX_PAGE};
pub use weights::WeightInfo;

/// Operators, their hardware, what it offers, and the bonds behind it.
#[frame_support::pallet]
#[allow(clippy::expect_used, missing_debug_implementations, reason = "in what the macros write for storage")]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use substation_primitives::{
		settings::RegistrySettings, traits::Obligations, AgentKey, Balance, BlockNumber, EndpointId, NodeId, Offer,
		Region, ResourceClass,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The money that deposits and bonds are held in.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The runtime's names for what money is held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// Least bond, deposit and unbonding time.
		type Settings: Get<RegistrySettings>;

		/// What a node still owes. If it answers too little, bonds leave before customers are compensated.
		type Obligations: Obligations;

		/// Who may keep a node from new work without ending it.
		type SuspendOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Most addresses that a node may publish. Bounds the record.
		#[pallet::constant]
		type MaxAddresses: Get<u32>;

		/// Most bytes of one address. At least 47, so that every socket address fits.
		#[pallet::constant]
		type MaxAddressLen: Get<u32>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Brings nodes into the states in which calls cost most.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper;
	}

	/// What an operator's money is held for.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The records of its nodes.
		#[codec(index = 0)]
		NodeDeposit,
		/// What its nodes promise as storage. Fines and compensations are taken from it.
		#[codec(index = 1)]
		StorageBond,
		/// What its nodes promise as lines to the network: the seats that they hold need it.
		#[codec(index = 2)]
		BandwidthBond,
	}

	/// The id of the next node.
	#[pallet::storage]
	pub type NextNodeId<T: Config> = StorageValue<_, NodeId, ValueQuery>;

	/// Every registered node. There is no index by operator: the records name theirs.
	// Identity: ids are assigned by us, an attacker cannot choose them.
	#[pallet::storage]
	pub type Nodes<T: Config> = StorageMap<_, Identity, NodeId, Node<T>>;

	/// Which node each agent's key serves: that of its record, and no other.
	// Blake2_128Concat: keys are made by anyone.
	#[pallet::storage]
	pub type Agents<T: Config> = StorageMap<_, Blake2_128Concat, AgentKey, NodeId>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A node was registered and may take work.
		#[codec(index = 0)]
		NodeRegistered {
			/// The node.
			node: NodeId,
			/// Its cold account.
			operator: T::AccountId,
		},
		/// A node can be reached elsewhere.
		#[codec(index = 1)]
		ContactChanged {
			/// The node.
			node: NodeId,
		},
		/// Another key signs the node's free calls.
		#[codec(index = 2)]
		AgentChanged {
			/// The node.
			node: NodeId,
			/// The key.
			agent: AgentKey,
		},
		/// A node offers another class from now on.
		#[codec(index = 3)]
		ClassAdded {
			/// The node.
			node: NodeId,
			/// The class.
			class: ResourceClass,
			/// What it offers and asks.
			offer: Offer,
			/// What is held for it.
			bond: Balance,
		},
		/// A node asks for something else from now on.
		#[codec(index = 4)]
		OfferChanged {
			/// The node.
			node: NodeId,
			/// In which class.
			class: ResourceClass,
			/// What it offers and asks.
			offer: Offer,
		},
		/// A bond was raised by its operator.
		#[codec(index = 5)]
		BondAdded {
			/// The node.
			node: NodeId,
			/// In which class.
			class: ResourceClass,
			/// By how much.
			amount: Balance,
		},
		/// A part of a bond that was not needed went back to its operator.
		#[codec(index = 6)]
		BondReleased {
			/// The node.
			node: NodeId,
			/// In which class.
			class: ResourceClass,
			/// How much.
			amount: Balance,
		},
		/// A part of a bond went to somebody else: a fine, a bounty or a compensation.
		#[codec(index = 7)]
		BondTaken {
			/// The node.
			node: NodeId,
			/// In which class.
			class: ResourceClass,
			/// Who got it.
			to: T::AccountId,
			/// How much was really moved.
			amount: Balance,
		},
		/// A node takes no new work, by its operator's wish.
		#[codec(index = 8)]
		NodeLeaving {
			/// The node.
			node: NodeId,
		},
		/// A node owes nothing more; what is held for it waits.
		#[codec(index = 9)]
		NodeUnbonding {
			/// The node.
			node: NodeId,
			/// First block at which the operator may withdraw.
			until: BlockNumber,
		},
		/// A node is gone; everything that was held for it went back to its operator.
		#[codec(index = 10)]
		NodeWithdrawn {
			/// The node.
			node: NodeId,
			/// The deposit and bonds that were released, together.
			released: Balance,
		},
		/// A node takes no new work, by decision of governance.
		#[codec(index = 11)]
		NodeSuspended {
			/// The node.
			node: NodeId,
		},
		/// A node may take work again.
		#[codec(index = 12)]
		SuspensionLifted {
			/// The node.
			node: NodeId,
		},
		/// A node's working life was ended by a verifier.
		#[codec(index = 13)]
		NodeTerminated {
			/// The node.
			node: NodeId,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such node. Its id is in the event `NodeRegistered`; `nodes_after` lists every id.
		#[codec(index = 0)]
		UnknownNode,
		/// The node belongs to somebody else. Sign with its operator's account.
		#[codec(index = 1)]
		NotOperator,
		/// The agent key or the endpoint id is all zeros. Start the agent once; it prints both.
		#[codec(index = 2)]
		KeyMissing,
		/// An address is not `host:port`. Use a name, an IPv4 or a bracketed IPv6 address, and a port from 1 to 65535.
		#[codec(index = 3)]
		MalformedAddress,
		/// The region is not two capital letters. Use the country's code of ISO 3166-1 alpha-2.
		#[codec(index = 4)]
		MalformedRegion,
		/// The offered capacity is zero. To take no new work, call `leave`.
		#[codec(index = 5)]
		ZeroCapacity,
		/// The asked price is zero. Ask for at least 1 unit; the market's least rate holds anyway.
		#[codec(index = 6)]
		ZeroPrice,
		/// The bond is below the least bond. Read `minBond` in the settings and bond at least as much.
		#[codec(index = 7)]
		BondTooLow,
		/// The node has no offer in this class. Name one that it offers, or call `add_class` first.
		#[codec(index = 8)]
		NotOffered,
		/// The amount is zero. Name how much to add or to release.
		#[codec(index = 9)]
		ZeroAmount,
		/// What would be left of the bond is less than the node needs now. Release less, or wait until deals close.
		#[codec(index = 10)]
		BondNeeded,
		/// The node is not active: it is leaving, unbonding or terminated, perhaps by misses that are final but not
		/// yet written. Register the hardware anew to go on.
		#[codec(index = 11)]
		NotActive,
		/// The node's working life is over: it is unbonding or terminated, perhaps by misses that are final but not
		/// yet written. Its bond neither grows nor shrinks; call `unbond` and then `withdraw`.
		#[codec(index = 12)]
		Ended,
		/// The node is neither leaving nor terminated. Call `leave` first; if it is unbonding already, wait.
		#[codec(index = 13)]
		NotLeaving,
		/// The node is not unbonding. Call `leave`, then `unbond` once it owes nothing.
		#[codec(index = 14)]
		NotUnbonding,
		/// The node still owes something. Close its ended deals, clear their slots, then try again.
		#[codec(index = 15)]
		StillObliged,
		/// The unbonding time is not over. Try again at the block that the node's status names.
		#[codec(index = 16)]
		StillUnbonding,
		/// The node is suspended already. Nothing is left to do.
		#[codec(index = 17)]
		AlreadySuspended,
		/// The node is not suspended. Nothing is left to do.
		#[codec(index = 18)]
		NotSuspended,
		/// No node ids are left. There is nothing a caller can do.
		#[codec(index = 19)]
		OutOfIds,
		/// The node offers this class already. Call `set_offer` or `add_bond` to change what it offers.
		#[codec(index = 20)]
		AlreadyOffered,
		/// The agent has not signed for this operator on this chain. `substation init --operator` prints the proof on the
		/// agent's machine; `substation register` brings it by itself.
		#[codec(index = 21)]
		AgentNotProven,
		/// Another node names this agent key. Make a new one with `substation init --data` and a new folder, give the other
		/// node another key with `set_agent`, or withdraw it.
		#[codec(index = 22)]
		AgentTaken,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let (addresses, length) = (T::MaxAddresses::get(), T::MaxAddressLen::get());
			assert!(addresses > 0, "MaxAddresses is {addresses}: nodes could not be reached");
			assert!(length >= address::LONGEST_SOCKET, "MaxAddressLen is {length}: an IPv6 address would not fit");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight(<T as Config>::WeightInfo))]
	impl<T: Config> Pallet<T> {
		/// Offer hardware to the network.
		///
		/// ## Dispatch Origin
		/// Signed by the operator, a cold account. It owns the node, its bonds and its earnings.
		///
		/// ## Details
		/// Holds the deposit for the record and the bond of the class. The node may take work at once. The event names
		/// its id, by which every other call knows it. `proof` is the agent's signature for this operator
		/// ([`authority`]): nobody registers a key that has not agreed to it.
		///
		/// [`authority`]: substation_proofs::authority
		///
		/// ## Errors
		/// [`Error::KeyMissing`], [`Error::MalformedAddress`], [`Error::MalformedRegion`], [`Error::ZeroCapacity`],
		/// [`Error::ZeroPrice`], [`Error::BondTooLow`], [`Error::AgentTaken`], [`Error::AgentNotProven`],
		/// [`Error::OutOfIds`], and the currency's.
		///
		/// ## Events
		/// [`Event::NodeRegistered`].
		#[pallet::call_index(0)]
		pub fn register(
			origin: OriginFor<T>,
			spec: NodeSpec<T>,
			class: ResourceClass,
			offer: Offer,
			bond: Balance,
			proof: AgentSignature,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_register(operator, spec, class, offer, bond, proof)
		}

		/// Say where the node can be reached from now on.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Details
		/// Allowed as long as the node has a record, so that customers can fetch what is left.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::KeyMissing`], [`Error::MalformedAddress`],
		/// [`Error::MalformedRegion`].
		///
		/// ## Events
		/// [`Event::ContactChanged`].
		#[pallet::call_index(1)]
		pub fn set_contact(
			origin: OriginFor<T>,
			node: NodeId,
			endpoint: EndpointId,
			addresses: Addresses<T>,
			region: Region,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_set_contact(operator, node, endpoint, addresses, region)
		}

		/// Replace the key that signs the node's free calls.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Details
		/// Free calls that the old key signed and that are in no block yet become worthless. `proof` is the new agent's
		/// signature for this operator.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::KeyMissing`], [`Error::AgentTaken`],
		/// [`Error::AgentNotProven`].
		///
		/// ## Events
		/// [`Event::AgentChanged`].
		#[pallet::call_index(2)]
		pub fn set_agent(origin: OriginFor<T>, node: NodeId, agent: AgentKey, proof: AgentSignature) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_set_agent(operator, node, agent, proof)
		}

		/// Change what the node offers and asks in a class.
		///
		/// ## Dispatch Origin
		/// Signed by the operator of an active node.
		///
		/// ## Details
		/// Running deals keep their price. A capacity below what is stored already only bounds new acceptances.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::ZeroCapacity`], [`Error::ZeroPrice`],
		/// [`Error::NotActive`], [`Error::NotOffered`].
		///
		/// ## Events
		/// [`Event::OfferChanged`].
		#[pallet::call_index(3)]
		pub fn set_offer(origin: OriginFor<T>, node: NodeId, class: ResourceClass, offer: Offer) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_set_offer(operator, node, class, offer)
		}

		/// Raise the bond of a class.
		///
		/// ## Dispatch Origin
		/// Signed by the operator of an active or leaving node.
		///
		/// ## Details
		/// Misses that are already final are applied first: a bond that comes after them does not save the node.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::ZeroAmount`], [`Error::Ended`],
		/// [`Error::NotOffered`], and the currency's.
		///
		/// ## Events
		/// [`Event::BondAdded`].
		#[pallet::call_index(4)]
		pub fn add_bond(origin: OriginFor<T>, node: NodeId, class: ResourceClass, amount: Balance) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_add_bond(operator, node, class, amount)
		}

		/// Take back what the bond of a class holds above its need.
		///
		/// ## Dispatch Origin
		/// Signed by the operator of an active or leaving node.
		///
		/// ## Details
		/// Misses that are already final are applied first. What stays is at least the class's least bond and what the
		/// node's present work requires.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::ZeroAmount`], [`Error::Ended`],
		/// [`Error::NotOffered`], [`Error::BondNeeded`], and the currency's.
		///
		/// ## Events
		/// [`Event::BondReleased`].
		#[pallet::call_index(5)]
		pub fn release_bond(
			origin: OriginFor<T>,
			node: NodeId,
			class: ResourceClass,
			amount: Balance,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_release_bond(operator, node, class, amount)
		}

		/// Begin to leave: no new work from now on.
		///
		/// ## Dispatch Origin
		/// Signed by the operator of an active node.
		///
		/// ## Details
		/// What the node has promised stays due. There is no way back to active.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::NotActive`].
		///
		/// ## Events
		/// [`Event::NodeLeaving`].
		#[pallet::call_index(6)]
		pub fn leave(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_leave(operator, node)
		}

		/// Start the unbonding time of a leaving or terminated node that owes nothing any more.
		///
		/// ## Dispatch Origin
		/// Signed by anyone.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotLeaving`], [`Error::StillObliged`].
		///
		/// ## Events
		/// [`Event::NodeUnbonding`].
		#[pallet::call_index(7)]
		pub fn unbond(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_unbond(node)
		}

		/// Take back the bonds and the deposit and remove the node, once its unbonding time is over.
		///
		/// ## Dispatch Origin
		/// Signed by the operator.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::NotUnbonding`], [`Error::StillUnbonding`],
		/// [`Error::StillObliged`].
		///
		/// ## Events
		/// [`Event::NodeWithdrawn`].
		#[pallet::call_index(8)]
		pub fn withdraw(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_withdraw(operator, node)
		}

		/// Keep a node from new work until the suspension is lifted.
		///
		/// ## Dispatch Origin
		/// [`Config::SuspendOrigin`].
		///
		/// ## Details
		/// Costs the operator nothing but new work: what runs goes on, is due and is paid.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::AlreadySuspended`].
		///
		/// ## Events
		/// [`Event::NodeSuspended`].
		#[pallet::call_index(9)]
		pub fn suspend(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			T::SuspendOrigin::ensure_origin(origin)?;
			Self::do_suspend(node)
		}

		/// Let a suspended node take work again.
		///
		/// ## Dispatch Origin
		/// [`Config::SuspendOrigin`].
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotSuspended`].
		///
		/// ## Events
		/// [`Event::SuspensionLifted`].
		#[pallet::call_index(10)]
		pub fn lift_suspension(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			T::SuspendOrigin::ensure_origin(origin)?;
			Self::do_lift_suspension(node)
		}

		/// Offer another class with a node that is registered already.
		///
		/// ## Dispatch Origin
		/// Signed by the operator of an active node.
		///
		/// ## Details
		/// Holds the bond of the class. There is no way to take a class back: its bond goes when the node goes.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotOperator`], [`Error::ZeroCapacity`], [`Error::ZeroPrice`],
		/// [`Error::BondTooLow`], [`Error::NotActive`], [`Error::AlreadyOffered`], and the currency's.
		///
		/// ## Events
		/// [`Event::ClassAdded`].
		#[pallet::call_index(11)]
		pub fn add_class(
			origin: OriginFor<T>,
			node: NodeId,
			class: ResourceClass,
			offer: Offer,
			bond: Balance,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_add_class(operator, node, class, offer, bond)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The record of a node.
		pub fn record(node: NodeId) -> Option<Node<T>> {
			Nodes::<T>::get(node)
		}

		/// Up to `limit` (at most 1,000) ids of nodes, from the one that follows `after`.
		///
		/// In the order of their storage keys, which is not the order of the numbers but never changes; `after` may
		/// have been withdrawn since. A page shorter than its limit is the last. Whose a node is, its record says.
		pub fn nodes_after(after: Option<NodeId>, limit: u32) -> Vec<NodeId> {
			Self::page_of_nodes(after, limit)
		}
	}
}
