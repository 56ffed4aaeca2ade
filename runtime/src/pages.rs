//! The answers of [`substation_runtime_api::SubstationApi`].
//!
//! Nothing on chain calls this. An answer is what a transaction in the next block would see, so final misses are
//! applied first; [`peek`] forgets that again.

use crate::{
	constants::MAX_PAGE, AccountId, BandwidthProofs, Disputes, PaymentChannels, Registry, Rewards, Runtime,
	RuntimeOrigin, StorageMarket, StorageProofs, System,
};
use alloc::vec::Vec;
use frame_support::storage::{with_transaction_unchecked, TransactionOutcome};
use pallet_bandwidth_proofs::TestView;
use pallet_disputes::Dispute;
use pallet_storage_market::{Deals, DealsOfNode, NodeAccounts};
use pallet_storage_proofs::NodeProofs;
use substation_primitives::{
	bandwidth::{LinePage, MemberPage, TestPage},
	channel::ChannelPage,
	deal::DealState,
	pages::{DealPage, DisputePage, NodePage, WindowPage},
	rewards::{Earner, RewardPage},
	settings::Settings as AllSettings,
	traits::{Bonds, Nodes, Obligations, StorageLedger},
	AgentKey, ChannelId, DealId, EndpointId, NodeId, Period, ResourceClass, TestId,
};

/// What `answer` would be, without what it writes.
fn peek<R>(answer: impl FnOnce() -> R) -> R {
	with_transaction_unchecked(|| TransactionOutcome::Rollback(answer()))
}

pub(crate) fn settings() -> AllSettings {
	pallet_settings::Pallet::<Runtime>::all()
}

pub(crate) fn window(node: NodeId) -> Option<WindowPage> {
	<Registry as Nodes<AccountId>>::node(node).map(|_| StorageProofs::window(node))
}

pub(crate) fn node(id: NodeId) -> Option<NodePage<AccountId>> {
	peek(|| {
		StorageProofs::catch_up(id);
		let record = pallet_registry::Nodes::<Runtime>::get(id)?;
		let account = NodeAccounts::<Runtime>::get(id);
		let proofs = NodeProofs::<Runtime>::get(id);
		Some(NodePage {
			id,
			operator: record.operator,
			agent: record.agent,
			endpoint: record.endpoint,
			addresses: record.addresses.into_iter().map(Into::into).collect(),
			region: record.region,
			status: record.status,
			suspended: record.suspended,
			offer: <Registry as Nodes<AccountId>>::offer(id, ResourceClass::Storage),
			bond: <Registry as Bonds<AccountId>>::bond(id, ResourceClass::Storage),
			bonds: record.offers.iter().map(|offered| (offered.class, offered.bond)).collect(),
			required_bond: <StorageMarket as Obligations>::required_bond(id, ResourceClass::Storage),
			reserve: account.reserve,
			committed_rate: account.committed_rate,
			deals: account.deals,
			bytes: account.bytes,
			forest: StorageProofs::forest(id),
			strikes: proofs.as_ref().map_or(0, |proofs| proofs.strikes),
			fined: proofs.as_ref().map_or(0, |proofs| proofs.fined),
			next_due: proofs.as_ref().map_or_else(|| StorageProofs::current(id), |proofs| proofs.next_due),
			terminated_at: StorageProofs::terminated_at(id),
			recent: StorageProofs::recent(id),
			window: StorageProofs::window(id),
		})
	})
}

pub(crate) fn deal(id: DealId) -> Option<DealPage<AccountId>> {
	peek(|| {
		let deal = Deals::<Runtime>::get(id)?;
		StorageProofs::catch_up(deal.node);
		let unsettled = match deal.state {
			DealState::Proposed { .. } => (0, 0),
			DealState::Active(terms) => unsettled(deal.node, terms.next_unsettled, terms.last),
		};
		let closable = StorageMarket::close(RuntimeOrigin::signed(deal.customer.clone()), id).is_ok();
		Some(DealPage { id, deal, unsettled, closable, dispute: dispute(id) })
	})
}

/// The dispute about a deal, with what has followed from silence.
fn dispute(deal: DealId) -> Option<DisputePage> {
	let dispute = pallet_disputes::Disputes::<Runtime>::get(deal)?;
	let stage = dispute.stage_at(System::block_number(), &Disputes::timetable());
	let Dispute { id, evidence, bond, answer, .. } = dispute;
	Some(DisputePage { id, evidence, bond, answer: answer.map(|answer| answer.evidence), stage })
}

/// Closed periods of `first..=last`, and how many of them were proven.
fn unsettled(node: NodeId, first: Period, last: Period) -> (u32, u32) {
	let Some(closed) = StorageProofs::closed(node) else { return (0, 0) };
	let last = StorageProofs::terminated_at(node).map_or(last, |end| last.min(end)).min(closed);
	if first > last {
		return (0, 0);
	}
	let periods = last.0.saturating_sub(first.0).saturating_add(1);
	(periods, StorageProofs::proven(node, first, last))
}

pub(crate) fn line(node: NodeId) -> Option<LinePage> {
	BandwidthProofs::line(node)
}

pub(crate) fn test(id: TestId) -> Option<TestPage> {
	Some(with_contacts(BandwidthProofs::test(id)?))
}

pub(crate) fn pending_test(node: NodeId) -> Option<TestPage> {
	Some(with_contacts(BandwidthProofs::pending_test(node)?))
}

/// The tests that a node measures, with whom it lets in for them.
pub(crate) fn tests_of_member(node: NodeId) -> Vec<(TestId, NodeId, EndpointId)> {
	let endpoint = |(id, tested)| (id, tested, contact(tested).0);
	BandwidthProofs::tests_of_member(node).into_iter().map(endpoint).collect()
}

/// A test with what the registry knows of those who take part.
fn with_contacts(view: TestView) -> TestPage {
	let TestView { id, now, deadline, genesis, test, done } = view;
	let (endpoint, _) = contact(test.node);
	let member = |(node, agent): (NodeId, AgentKey)| {
		let (endpoint, addresses) = contact(node);
		MemberPage { node, agent, endpoint, addresses }
	};
	TestPage {
		id,
		now,
		deadline,
		genesis,
		node: test.node,
		endpoint,
		direction: test.direction,
		claim: test.claim,
		total: test.total,
		committee: test.committee.into_iter().map(member).collect(),
		done,
	}
}

/// Where a node is dialled. A node that was withdrawn since has no contact: nobody answers at an endpoint of zeros.
fn contact(node: NodeId) -> (EndpointId, Vec<Vec<u8>>) {
	pallet_registry::Nodes::<Runtime>::get(node)
		.map(|record| (record.endpoint, record.addresses.into_iter().map(Into::into).collect()))
		.unwrap_or_default()
}

/// A payment channel, as its payee judges vouchers by it.
pub(crate) fn channel(id: ChannelId) -> Option<ChannelPage<AccountId>> {
	PaymentChannels::page(id)
}

pub(crate) fn deals_of_node(node: NodeId, after: Option<DealId>, limit: u32) -> Vec<DealPage<AccountId>> {
	let ids = match after {
		Some(after) => {
			DealsOfNode::<Runtime>::iter_key_prefix_from(node, DealsOfNode::<Runtime>::hashed_key_for(node, after))
		}
		None => DealsOfNode::<Runtime>::iter_key_prefix(node),
	};
	ids.take(page(limit)).filter_map(deal).collect()
}

pub(crate) fn nodes(after: Option<NodeId>, limit: u32) -> Vec<NodePage<AccountId>> {
	let ids = match after {
		Some(after) => {
			let cursor = pallet_registry::Nodes::<Runtime>::hashed_key_for(after);
			pallet_registry::Nodes::<Runtime>::iter_keys_from(cursor)
		}
		None => pallet_registry::Nodes::<Runtime>::iter_keys(),
	};
	ids.take(page(limit)).filter_map(node).collect()
}

fn page(limit: u32) -> usize {
	usize::try_from(limit.min(MAX_PAGE)).unwrap_or(usize::MAX)
}

/// What a node earns in each class of which anything is known.
pub(crate) fn rewards_of_node(node: NodeId) -> Vec<RewardPage<AccountId>> {
	pallet_rewards::CLASSES.into_iter().filter_map(|class| Rewards::reward_page(Earner::Node { node, class })).collect()
}

/// What an account earns that vouchers pay.
pub(crate) fn rewards_of_payee(payee: AccountId) -> Option<RewardPage<AccountId>> {
	Rewards::reward_page(Earner::Payee(payee))
}
