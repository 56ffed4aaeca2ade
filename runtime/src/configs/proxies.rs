//! What proxies may do for the account that appointed them.

use crate::RuntimeCall;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::InstanceFilter;
use pallet_staking::RewardDestination;
use scale_info::TypeInfo;

/// What a proxy may do for the account that appointed it. Indices are part of the encoding and never reused.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// Look after nodes and links, validate, nominate, vote: calls that do not take money to others. What they stake can
	/// still be slashed.
	#[codec(index = 1)]
	NonTransfer,
	/// Validate and nominate; rewards stay where the account has directed them.
	#[codec(index = 2)]
	Staking,
	/// Run the operator's nodes: register, offer, forfeit, settle, answer or concede disputes, take seats, collect, claim,
	/// leave.
	#[codec(index = 3)]
	Operator,
	/// Make, settle, dispute and end deals; open and close payment channels.
	#[codec(index = 4)]
	Customer,
	/// Propose, vote, delegate, stand for election and sit on the council or the technical committee.
	#[codec(index = 5)]
	Governance,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => moves_no_money(call),
			Self::Staking => {
				let own =
					matches!(call, RuntimeCall::Staking(..) | RuntimeCall::Session(..) | RuntimeCall::VoterList(..));
				own && moves_no_money(call)
			}
			Self::Operator => {
				let own = matches!(
					call,
					RuntimeCall::Registry(..)
						| RuntimeCall::StorageMarket(..)
						| RuntimeCall::StorageProofs(..)
						| RuntimeCall::BandwidthProofs(..)
						| RuntimeCall::PaymentChannels(..)
						| RuntimeCall::Rewards(..)
						| RuntimeCall::Disputes(
							pallet_disputes::Call::answer { .. } | pallet_disputes::Call::concede { .. }
						)
				);
				own && !pays_anyone(call)
			}
			Self::Customer => matches!(
				call,
				RuntimeCall::StorageMarket(..) | RuntimeCall::PaymentChannels(..) | RuntimeCall::Disputes(..)
			),
			Self::Governance => matches!(
				call,
				RuntimeCall::Democracy(..)
					| RuntimeCall::Council(..)
					| RuntimeCall::TechnicalCommittee(..)
					| RuntimeCall::Elections(..)
					| RuntimeCall::Treasury(..)
			),
		}
	}

	/// An operator prepays tests and gives deals up, and who governs stakes deposits: they can do more than
	/// [`Self::NonTransfer`].
	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(mine, theirs) if mine == theirs => true,
			(Self::Any, _) => true,
			(Self::NonTransfer, Self::Staking) => true,
			_ => false,
		}
	}
}

/// Whether the caller chooses who gets the account's money: a deal pays its node, a channel its payee.
fn pays_anyone(call: &RuntimeCall) -> bool {
	use pallet_payment_channels::Call as Channels;
	matches!(
		call,
		RuntimeCall::StorageMarket(pallet_storage_market::Call::propose { .. })
			| RuntimeCall::PaymentChannels(Channels::open { .. } | Channels::top_up { .. })
	)
}

/// Whether a call is known to take no money of the account to others. A list of what may, so that a new call may not until
/// somebody has thought about it: `runtime/tests/it/proxies.rs` says of each call why.
fn moves_no_money(call: &RuntimeCall) -> bool {
	match call {
		RuntimeCall::Staking(call) => stakes(call),
		RuntimeCall::Session(call) => {
			use pallet_session::Call::*;
			matches!(call, set_keys { .. } | purge_keys { .. })
		}
		RuntimeCall::VoterList(call) => {
			use pallet_bags_list::Call::*;
			matches!(call, rebag { .. } | put_in_front_of { .. } | put_in_front_of_other { .. })
		}
		// Each call that they carry is looked at, too.
		RuntimeCall::Utility(call) => {
			use pallet_utility::Call::*;
			matches!(call, batch { .. } | batch_all { .. } | force_batch { .. } | as_derivative { .. } | if_else { .. })
		}
		RuntimeCall::Proxy(call) => matches!(call, pallet_proxy::Call::reject_announcement { .. }),
		RuntimeCall::Identity(call) => identifies(call),
		RuntimeCall::Democracy(_)
		| RuntimeCall::Council(_)
		| RuntimeCall::TechnicalCommittee(_)
		| RuntimeCall::Elections(_) => votes(call),
		_ => provides(call),
	}
}

/// Staking for oneself: rewards go to the account or to its stake.
fn stakes(call: &pallet_staking::Call<crate::Runtime>) -> bool {
	use pallet_staking::Call::*;
	match call {
		bond { payee, .. } => matches!(payee, RewardDestination::Staked | RewardDestination::Stash),
		bond_extra { .. }
		| unbond { .. }
		| withdraw_unbonded { .. }
		| validate { .. }
		| nominate { .. }
		| chill { .. }
		| set_controller { .. }
		| payout_stakers { .. }
		| rebond { .. }
		| reap_stash { .. }
		| kick { .. }
		| chill_other { .. }
		| force_apply_min_commission { .. }
		| payout_stakers_by_page { .. }
		| migrate_currency { .. } => true,
		_ => false,
	}
}

/// Identities without what pays: a judgement pays its registrar, a sub-account that quits keeps its deposit, and another
/// account of a registrar gets its fees.
fn identifies(call: &pallet_identity::Call<crate::Runtime>) -> bool {
	use pallet_identity::Call::*;
	matches!(
		call,
		set_identity { .. }
			| clear_identity { .. }
			| cancel_request { .. }
			| set_fee { .. }
			| set_fields { .. }
			| provide_judgement { .. }
			| rename_sub { .. }
			| remove_sub { .. }
			| quit_sub { .. }
			| set_username_for { .. }
			| accept_username { .. }
			| remove_expired_approval { .. }
			| set_primary_username { .. }
			| unbind_username { .. }
			| remove_username { .. }
	)
}

/// Votes, which lock money. Proposals and candidacies have deposits that can be lost.
fn votes(call: &RuntimeCall) -> bool {
	use pallet_collective::Call as Body;
	use pallet_democracy::Call as Democracy;
	use pallet_elections_phragmen::Call as Elections;
	matches!(
		call,
		RuntimeCall::Democracy(
			Democracy::vote { .. }
				| Democracy::delegate { .. }
				| Democracy::undelegate { .. }
				| Democracy::unlock { .. }
				| Democracy::remove_vote { .. }
				| Democracy::remove_other_vote { .. }
		) | RuntimeCall::Council(Body::vote { .. } | Body::close { .. })
			| RuntimeCall::TechnicalCommittee(Body::vote { .. } | Body::close { .. })
			| RuntimeCall::Elections(Elections::vote { .. } | Elections::remove_voter { .. })
	)
}

/// Nodes, links and what they earn. Not what pays others: deals their nodes, forfeited and conceded ones their customers,
/// prepaid tests their members, channels their payees. Nor what puts the account's bond behind a key of the proxy, which
/// could let a node fail whose customer it is.
fn provides(call: &RuntimeCall) -> bool {
	use pallet_bandwidth_proofs::Call as Bandwidth;
	use pallet_payment_channels::Call as Channels;
	use pallet_registry::Call as Registry;
	use pallet_storage_market::Call as Market;
	match call {
		RuntimeCall::Registry(call) => matches!(
			call,
			Registry::set_contact { .. }
				| Registry::release_bond { .. }
				| Registry::leave { .. }
				| Registry::unbond { .. }
				| Registry::withdraw { .. }
		),
		RuntimeCall::StorageMarket(call) => matches!(
			call,
			Market::withdraw_proposal { .. } | Market::settle { .. } | Market::end_early { .. } | Market::close { .. }
		),
		RuntimeCall::StorageProofs(call) => matches!(call, pallet_storage_proofs::Call::report_missed { .. }),
		RuntimeCall::BandwidthProofs(call) => match call {
			Bandwidth::take_seats { prepaid, .. } => *prepaid == 0,
			Bandwidth::set_claim { .. }
			| Bandwidth::give_up_seats { .. }
			| Bandwidth::withdraw_prepaid { .. }
			| Bandwidth::collect_earned { .. }
			| Bandwidth::remove_line { .. } => true,
			_ => false,
		},
		RuntimeCall::PaymentChannels(call) => {
			matches!(call, Channels::start_closing { .. } | Channels::finish_closing { .. })
		}
		RuntimeCall::Rewards(call) => matches!(call, pallet_rewards::Call::claim { .. }),
		_ => false,
	}
}
