//! The traits through which pallets talk. Each says what it guarantees.

use crate::{
	bandwidth::Rates,
	node::{NodeInfo, Offer, ResourceClass},
	units::{Balance, DealId, NodeId, Period},
};
use sp_runtime::{DispatchError, DispatchResult};
use substation_proofs::forest::{Change, Forest, UpdateProof};

/// Nodes and their offers. Implemented by the registry.
pub trait Nodes<AccountId> {
	/// What is known of a node, `None` if there is no such node.
	fn node(node: NodeId) -> Option<NodeInfo<AccountId>>;

	/// What the node asks for in a class.
	fn offer(node: NodeId, class: ResourceClass) -> Option<Offer>;
}

/// What a node's operator stands to lose. Implemented by the registry.
pub trait Bonds<AccountId> {
	/// The bond that is really held for the node in this class.
	fn bond(node: NodeId, class: ResourceClass) -> Balance;

	/// Moves up to `amount` of the bond to `to`, whatever locks the operator has, and says how much was moved.
	/// Moves nothing if `to` cannot receive it.
	fn take(node: NodeId, class: ResourceClass, to: &AccountId, amount: Balance) -> Balance;
}

/// What a verdict of a verifier does to a node. Implemented by the registry.
pub trait Sanctions {
	/// Ends the node's working life. Its bonds stay held until its customers are settled.
	fn terminate(node: NodeId);
}

/// What a node still owes in a class. Implemented by the pallets that create such duties, asked by the registry
/// before it lets a bond go.
pub trait Obligations {
	/// Applies everything that is already decided about the node but not yet written.
	fn catch_up(node: NodeId);

	/// The least bond that must stay with the node's present duties, without the class's own minimum.
	fn required_bond(node: NodeId, class: ResourceClass) -> Balance;

	/// Whether the node owes nothing any more in any class.
	fn is_free(node: NodeId) -> bool;

	/// Forgets what is kept about a node that owes nothing. The registry still knows the node then.
	fn forget(node: NodeId);

	/// Told that a bond was lowered to `left`: released, fined, or paid out to customers.
	fn bond_lowered(_node: NodeId, _class: ResourceClass, _left: Balance) {}
}

/// What a storage node stands to pay. Implemented by the storage market, asked by the storage proofs.
pub trait Exposure {
	/// What the node's deals pay in one period, together.
	fn committed_rate(node: NodeId) -> Balance;

	/// What of the bond is reserved for customers; fines never touch it.
	fn reserve(node: NodeId) -> Balance;
}

/// Which periods a storage node has proven, and what it is challenged on. Implemented by the storage proofs, used by
/// the storage market.
pub trait StorageLedger {
	/// Applies every miss that has become final, and the termination that they may bring.
	fn catch_up(node: NodeId);

	/// Whether [`Self::catch_up`] would leave the node terminated. Reads only.
	fn is_terminated(node: NodeId) -> bool;

	/// The deciding period of the node's termination, after [`Self::catch_up`].
	fn terminated_at(node: NodeId) -> Option<Period>;

	/// The last period of the node whose window has closed.
	fn closed(node: NodeId) -> Option<Period>;

	/// The period of the node that runs now.
	fn current(node: NodeId) -> Period;

	/// How many of the periods `first..=last` the node has proven. `last` must be closed and the span at most
	/// [`crate::settings::MAX_TERM`].
	fn proven(node: NodeId, first: Period, last: Period) -> u32;

	/// The forest that the chain holds for the node now.
	fn forest(node: NodeId) -> Forest;

	/// What [`Self::update`] would do, without writing.
	fn check_update(
		node: NodeId,
		depth: u8,
		changes: &[(u32, Change)],
		proof: &UpdateProof,
	) -> Result<(), DispatchError>;

	/// Replaces leaves of the node's forest, after freezing the challenged set of the current period. The caller has
	/// called [`Self::catch_up`] in the same call.
	fn update(node: NodeId, depth: u8, changes: &[(u32, Change)], proof: &UpdateProof) -> Result<(), DispatchError>;

	/// Forgets the node's forest and clock, once it owes nothing, and a bounded number of the words that say what it
	/// has proven. Others may stay.
	fn forget(node: NodeId);
}

/// Told about every accepted proof: where emission is credited.
pub trait OnProven {
	/// `node` has proven `bytes` for `period`.
	fn on_proven(node: NodeId, class: ResourceClass, period: Period, bytes: u64);
}

impl OnProven for () {
	fn on_proven(_: NodeId, _: ResourceClass, _: Period, _: u64) {}
}

/// What lines were measured to carry. Implemented by the bandwidth proofs.
pub trait Ratings {
	/// The current rating of a node, 0 in a direction whose last test is too old or that was never tested.
	fn rating(node: NodeId) -> Rates;
}

/// Told about every measurement that was taken: where emission is credited.
pub trait OnMeasured {
	/// `node` is rated at `rating` from now on; its seats need `bond`.
	fn on_measured(node: NodeId, rating: Rates, bond: Balance);
}

impl OnMeasured for () {
	fn on_measured(_: NodeId, _: Rates, _: Balance) {}
}

/// Told about every payment out of a deal's escrow: where usage is credited.
pub trait OnSettled {
	/// `burned` was destroyed of what a customer of `node` has paid for proven periods.
	fn on_settled(node: NodeId, burned: Balance);

	/// `burned` was destroyed of what a customer has paid for ending a deal early, for which nothing is proven.
	fn on_ended_early(burned: Balance);
}

impl OnSettled for () {
	fn on_settled(_: NodeId, _: Balance) {}

	fn on_ended_early(_: Balance) {}
}

/// Told about every voucher that was redeemed: where usage is credited.
pub trait OnRedeemed<AccountId> {
	/// `payee` was paid `paid`; `burned` was destroyed on the way.
	fn on_redeemed(payee: &AccountId, paid: Balance, burned: Balance);
}

impl<AccountId> OnRedeemed<AccountId> for () {
	fn on_redeemed(_: &AccountId, _: Balance, _: Balance) {}
}

/// What of an accepted deal a dispute can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DealStake<AccountId> {
	/// Who pays.
	pub customer: AccountId,
	/// Who stores.
	pub node: NodeId,
	/// What is still in the customer's escrow for the deal.
	pub escrow: Balance,
	/// What of the node's bond is reserved for the customer.
	pub reserve: Balance,
}

/// What a deal that was decided for its customer gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DealRefund {
	/// From the customer's escrow.
	pub refunded: Balance,
	/// From the node's bond.
	pub compensated: Balance,
}

/// Deals that can be disputed. Implemented by the storage market, used by the disputes.
///
/// Nothing but [`Self::refund`] moves escrow otherwise than settlement would, and it moves only to the customer.
pub trait DisputedDeals<AccountId> {
	/// What of a deal is at stake, `None` if there is no such deal, it is not accepted or it is over: whoever closes it
	/// has the last word then. Reads only.
	fn stake(deal: DealId) -> Option<DealStake<AccountId>>;

	/// Keeps the money of an accepted deal where it is: neither settled nor ended until [`Self::let_go`] or
	/// [`Self::refund`]. Fails if it is held back already.
	fn hold_back(deal: DealId) -> DispatchResult;

	/// Whether the deal is held back.
	fn is_held_back(deal: DealId) -> bool;

	/// Ends the holding back and settles what has closed, as if nothing had been. Closes a deal that is over.
	fn let_go(deal: DealId);

	/// Ends the holding back and the deal: everything in escrow goes back to the customer, who is compensated from
	/// the node's bond as for a lost deal. Takes nothing from any other deal.
	fn refund(deal: DealId) -> DealRefund;
}

/// Where the treasury's shares go.
pub trait Treasury<AccountId> {
	/// An account that always exists.
	fn account() -> AccountId;
}
