//! Pages of the runtime.

use substation_primitives::{
	deal::{Deal, DealState, Terms},
	pages::{DealPage, NodePage, WindowPage},
	settings::{Settings, STN},
	DealId, NodeId, NodeStatus, Offer, Period, Region, ResourceClass, WindowSeed,
};
use substation_proofs::forest::Forest;
use subxt::utils::AccountId32 as AccountId;

/// Everything about a deal.
pub type DealView = DealPage<AccountId>;
/// Everything about a node.
pub type NodeView = NodePage<AccountId>;

/// A window that has just opened.
pub fn window() -> WindowPage {
	WindowPage {
		now: 100,
		genesis: [0; 32],
		period: Period(4),
		opens: 100,
		closes: 108,
		period_length: 20,
		seed: Some(WindowSeed { opened: 100, seed: [1; 32], openings: 4 }),
		frozen: Forest::default(),
		proven: false,
	}
}

/// A new node that takes deals.
pub fn node() -> NodeView {
	NodePage {
		id: NodeId(1),
		operator: AccountId::from([1; 32]),
		agent: [2; 32],
		endpoint: [2; 32],
		addresses: vec![],
		region: Region(*b"CH"),
		status: NodeStatus::Active,
		suspended: false,
		offer: Some(Offer { capacity: 10 << 20, price: STN }),
		bond: 100 * STN,
		bonds: vec![(ResourceClass::Storage, 100 * STN)],
		required_bond: 0,
		reserve: 0,
		committed_rate: 0,
		deals: 0,
		bytes: 0,
		forest: Forest::default(),
		strikes: 0,
		fined: 0,
		next_due: Period(0),
		terminated_at: None,
		recent: vec![],
		window: window(),
	}
}

/// Terms of a deal that was accepted into a slot.
pub fn terms(slot: u32) -> Terms {
	Terms {
		slot,
		shares: Settings::default().market.shares,
		first: Period(1),
		last: Period(3),
		next_unsettled: Period(1),
		paid_periods: 0,
		compensation_periods: 7,
	}
}

/// A proposal.
pub fn deal() -> DealView {
	DealView {
		id: DealId(5),
		deal: Deal {
			customer: AccountId::from([3; 32]),
			node: NodeId(1),
			root: [4; 32],
			length: 1 << 20,
			rate: STN,
			periods: 10,
			deposit: 0,
			state: DealState::Proposed { expires: 200 },
		},
		unsettled: (0, 0),
		closable: false,
		dispute: None,
	}
}

/// The same deal, accepted into a slot.
pub fn active(slot: u32) -> DealView {
	let proposal = deal();
	DealView { deal: Deal { state: DealState::Active(terms(slot)), ..proposal.deal }, ..proposal }
}
