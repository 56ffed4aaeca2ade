//! Final states, one after the other, against a real journal and forest.

use super::*;
use crate::chain::AccountId;
use substation_primitives::{
	deal::{Deal, Terms},
	pages::WindowPage,
	settings::Settings,
	Clock, DealId, NodeId, Period, Region,
};
use substation_proofs::{forest::Forest, prover::ForestTree};

const NODE: u64 = 1;

struct World {
	_folder: tempfile::TempDir,
	journal: Journal,
	forests: Forests,
	/// The chain's side.
	tree: ForestTree,
	deals: BTreeMap<u64, DealView>,
	block: u32,
}

fn page(id: u64, state: DealState) -> DealView {
	DealView {
		id: DealId(id),
		deal: Deal {
			customer: AccountId::from([9; 32]),
			node: NodeId(NODE),
			root: [u8::try_from(id).unwrap(); 32],
			length: 100 + id,
			rate: 1,
			periods: 3,
			deposit: 1,
			state,
		},
		unsettled: (0, 0),
		closable: false,
		dispute: None,
	}
}

fn active(id: u64, slot: u32) -> DealView {
	let terms = Terms {
		slot,
		shares: Settings::default().market.shares,
		first: Period(1),
		last: Period(3),
		next_unsettled: Period(1),
		paid_periods: 0,
		compensation_periods: 7,
	};
	page(id, DealState::Active(terms))
}

impl World {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
		let forests = Forests::open(&journal, NODE).unwrap();
		Self { _folder: folder, journal, forests, tree: ForestTree::new(NODE), deals: BTreeMap::new(), block: 100 }
	}

	fn node(&self) -> NodeView {
		let clock = Clock { period: 20, window: 8, slot_step: 2 };
		NodeView {
			id: NodeId(NODE),
			operator: AccountId::from([1; 32]),
			agent: [2; 32],
			endpoint: [2; 32],
			addresses: vec![],
			region: Region(*b"CH"),
			status: NodeStatus::Active,
			suspended: false,
			offer: None,
			bond: 0,
			bonds: vec![],
			required_bond: 0,
			reserve: 0,
			committed_rate: 0,
			deals: 0,
			bytes: 0,
			forest: self.tree.forest(),
			strikes: 0,
			fined: 0,
			next_due: Period(0),
			terminated_at: None,
			recent: vec![],
			window: WindowPage {
				now: self.block,
				genesis: [0; 32],
				period: Period(5),
				opens: 112,
				closes: 120,
				period_length: clock.period,
				seed: None,
				frozen: Forest::default(),
				proven: false,
			},
		}
	}

	/// The chain accepts a deal into a slot.
	fn accept(&mut self, id: u64, slot: u32) {
		let deal = active(id, slot);
		let change = (slot, Change::Insert(deal.deal.leaf(deal.id)));
		self.tree.apply(self.tree.depth_for(slot), &[change]).unwrap();
		self.deals.insert(id, deal);
	}

	/// The chain clears the slots of deals whose record is gone.
	fn clear(&mut self, ids: &[u64]) {
		for id in ids {
			let slot = self.tree.slot_of(*id).unwrap();
			self.tree.remove(slot).unwrap();
		}
	}

	fn sync(&mut self, clearing: &[u32]) -> Result<Outcome, SyncError> {
		self.block += 1;
		let deals: Vec<DealView> = self.deals.values().cloned().collect();
		apply(self.block, &self.node(), &deals, &self.journal, &self.forests, clearing)
	}

	fn state(&self, id: u64) -> Option<Local> {
		self.journal.get(id).map(|record| record.state)
	}
}

#[test]
fn final_acceptances_enter_journal_and_forest() {
	let mut world = World::new();
	world.accept(7, 0);
	world.accept(8, 1);

	let outcome = world.sync(&[]).unwrap();

	assert_eq!(outcome, Outcome { accepted: vec![7, 8], ..Outcome::default() });
	assert_eq!(world.forests.current(), world.tree.forest());
	assert_eq!(world.state(8), Some(Local::Accepted { slot: 1 }));
	assert_eq!(world.sync(&[]).unwrap(), Outcome::default(), "a second look changes nothing");
}

#[test]
fn deal_without_a_record_is_cleared_and_its_bytes_outlive_the_period() {
	let mut world = World::new();
	world.accept(7, 0);
	world.accept(8, 1);
	world.sync(&[]).unwrap();

	world.deals.remove(&7);
	assert_eq!(world.sync(&[]).unwrap().ended, [7]);
	assert_eq!(clearable(&world.forests, &world.journal).len(), 1);

	world.clear(&[7]);
	assert_eq!(world.sync(&[0]).unwrap().cleared, [7]);
	assert_eq!(world.state(7), Some(Local::ToDelete { after: 120 }));
	assert!(world.journal.is_needed(&[7; 32]));

	world.block = 119;
	world.sync(&[]).unwrap();
	assert_eq!(world.state(7), None);
	assert_eq!(world.forests.current(), world.tree.forest());
}

#[test]
fn clear_of_some_slots_is_told_from_deals_that_end_at_the_same_time() {
	let mut world = World::new();
	for (id, slot) in [(5, 0), (6, 1), (7, 2), (8, 3)] {
		world.accept(id, slot);
	}
	world.sync(&[]).unwrap();
	world.deals.remove(&6);
	world.deals.remove(&7);
	world.sync(&[]).unwrap();

	world.clear(&[6, 7]);
	world.deals.remove(&5);
	let outcome = world.sync(&[1, 2]).unwrap();

	assert_eq!((outcome.ended, outcome.cleared), (vec![5], vec![6, 7]));
	assert_eq!(world.forests.current(), world.tree.forest());
}

#[test]
fn new_folder_is_rebuilt_from_the_chain() {
	let mut world = World::new();
	world.accept(7, 0);
	world.accept(9, 5);
	world.sync(&[]).unwrap();
	let mut other = World::new();
	other.tree = world.tree.clone();
	other.deals = world.deals.clone();

	other.sync(&[]).unwrap();

	assert_eq!(other.forests.current(), world.tree.forest());
}

#[test]
fn forest_that_nothing_explains_is_an_error_and_changes_nothing() {
	let mut world = World::new();
	world.accept(7, 0);
	world.sync(&[]).unwrap();
	let before = world.forests.current();

	let stranger = page(99, DealState::Proposed { expires: 500 });
	world.tree.apply(1, &[(1, Change::Insert(stranger.deal.leaf(stranger.id)))]).unwrap();

	assert!(matches!(world.sync(&[]), Err(SyncError::OtherForest)));
	assert_eq!(world.forests.current(), before);
}

#[test]
fn expired_and_unknown_proposals_are_forgotten() {
	let mut world = World::new();
	world.deals.insert(3, page(3, DealState::Proposed { expires: 102 }));
	world.journal.put(&record(&world.deals[&3], 100, Local::Ready)).unwrap();
	world.journal.put(&record(&page(4, DealState::Proposed { expires: 900 }), 100, Local::Fetching)).unwrap();

	world.sync(&[]).unwrap();
	assert_eq!((world.state(3), world.state(4)), (Some(Local::Ready), Some(Local::Fetching)));

	world.sync(&[]).unwrap();
	assert_eq!(world.state(3), None, "expired at 102");

	world.block = 170;
	world.sync(&[]).unwrap();
	assert_eq!(world.state(4), None, "the chain never had it");
}

#[test]
fn terminated_node_owes_no_bytes_once_its_records_are_gone() {
	let mut world = World::new();
	world.accept(7, 0);
	world.accept(8, 1);
	world.sync(&[]).unwrap();
	world.deals.remove(&8);
	world.sync(&[]).unwrap();

	world.tree = ForestTree::new(NODE);
	let deals: Vec<DealView> = world.deals.values().cloned().collect();
	let node = NodeView { status: NodeStatus::Terminated, terminated_at: Some(Period(4)), ..world.node() };
	let outcome = apply(110, &node, &deals, &world.journal, &world.forests, &[]).unwrap();

	assert!(world.forests.current().is_empty());
	assert_eq!(outcome.cleared, [8]);
	assert_eq!(world.state(7), Some(Local::Accepted { slot: 0 }), "still to be settled");
}
