//! Final states, one after the other, against a real journal and forest.

use super::*;
use crate::{
	chain::AccountId,
	provider::{
		finality::{judge, Judgement, Shown, Wait},
		testing::terms,
	},
};
use substation_primitives::{deal::Deal, pages::WindowPage, Clock, DealId, NodeId, Period, Region};
use substation_proofs::{forest::Forest, Hash};

const NODE: u64 = 1;
/// Seconds of a period.
const PERIOD: u64 = 40;

struct World {
	_folder: tempfile::TempDir,
	journal: Journal,
	forests: Forests,
	/// The chain's side.
	tree: ForestTree,
	deals: BTreeMap<u64, DealView>,
	block: u32,
	now: u64,
	is_syncing: bool,
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
	page(id, DealState::Active(terms(slot)))
}

/// The hash of a block of the world's chain.
fn hash(height: u32) -> Hash {
	let mut hash = [0; 32];
	hash[..4].copy_from_slice(&height.to_le_bytes());
	hash
}

impl World {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
		let forests = Forests::open(&journal, NODE).unwrap();
		Self {
			_folder: folder,
			journal,
			forests,
			tree: ForestTree::new(NODE),
			deals: BTreeMap::new(),
			block: 100,
			now: 1_000,
			is_syncing: false,
		}
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
		apply(&self.moment(), &self.node(), &deals, &self.journal, &self.forests, clearing)
	}

	fn moment(&self) -> Moment {
		let block = Followed { height: self.block, hash: hash(self.block) };
		Moment { block, now: self.now, period: PERIOD, may_forget: !self.is_syncing }
	}

	/// The chain as it was before it accepted anything.
	fn rewind(&mut self) {
		self.tree = ForestTree::new(NODE);
		self.deals.clear();
	}

	/// What is made of a final block of a node that has this block at the followed height.
	fn judge(&self, height: u32, at_followed: Option<Hash>, has_started: bool) -> Judgement {
		let block = Followed { height, hash: hash(height) };
		judge(self.journal.followed(), &Shown { block, at_followed, is_syncing: self.is_syncing, has_started })
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
	assert_eq!(world.state(7), Some(Local::ToDelete { after: 120, since: 1_000 }));
	assert!(world.journal.is_needed(&[7; 32]));

	(world.block, world.now) = (119, 1_000 + PERIOD);
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
	world.block = 110;
	let outcome = apply(&world.moment(), &node, &deals, &world.journal, &world.forests, &[]).unwrap();

	assert!(world.forests.current().is_empty());
	assert_eq!(outcome.cleared, [8]);
	assert_eq!(world.state(7), Some(Local::Accepted { slot: 0 }), "still to be settled");
}

// 1
#[test]
fn an_older_final_state_changes_nothing() {
	let mut world = World::new();
	world.accept(7, 0);
	world.sync(&[]).unwrap();
	let (followed, forest) = (world.journal.followed(), world.forests.current());
	assert_eq!(followed.map(|block| block.height), Some(101));

	world.rewind();
	world.block = 99;
	let refused = JournalError::Backwards { height: 100, followed: 101 }.to_string();
	assert_eq!(world.sync(&[]).unwrap_err().to_string(), refused);
	assert_eq!(world.judge(100, None, true), Judgement::Wait(Wait::Older { shown: 100, followed: 101 }));

	assert_eq!((world.journal.followed(), world.forests.current()), (followed, forest));
	assert_eq!(world.state(7), Some(Local::Accepted { slot: 0 }));
	// The same lie with a block that is ahead: the bytes outlive it.
	world.block = 119;
	world.sync(&[]).unwrap();
	world.sync(&[]).unwrap();
	assert!(world.journal.is_needed(&[7; 32]));
}

// 1
#[test]
fn another_history_ends_the_program() {
	let mut world = World::new();
	world.accept(7, 0);
	assert_eq!(world.judge(300, None, false), Judgement::Follow, "nothing was followed yet");
	world.sync(&[]).unwrap();
	let followed = world.journal.followed().unwrap();

	let other = |found| Judgement::OtherHistory { followed, found };
	assert_eq!(world.judge(300, Some([9; 32]), true), other([9; 32]));
	assert_eq!(world.judge(300, Some(hash(101)), true), Judgement::Follow);
	assert_eq!(world.judge(300, None, true), Judgement::Wait(Wait::Unknown(101)), "it may come yet");
	assert_eq!(world.judge(101, None, true), Judgement::Follow, "the same block once more");

	let shown = Shown {
		block: Followed { height: 101, hash: [8; 32] },
		at_followed: None,
		is_syncing: false,
		has_started: true,
	};
	assert_eq!(judge(Some(followed), &shown), other([8; 32]));
	let moment = Moment { block: shown.block, ..world.moment() };
	assert!(apply(&moment, &world.node(), &[], &world.journal, &world.forests, &[]).is_err());
	assert_eq!(world.state(7), Some(Local::Accepted { slot: 0 }));
}

// 1
#[test]
fn bytes_outlive_a_short_verdict() {
	let mut world = World::new();
	world.accept(7, 0);
	world.sync(&[]).unwrap();

	// A node that lies, however many blocks it shows.
	world.rewind();
	world.sync(&[]).unwrap();
	(world.block, world.now) = (5_000, 1_000 + PERIOD - 1);
	world.sync(&[]).unwrap();
	assert_eq!(world.state(7), Some(Local::ToDelete { after: 120, since: 1_000 }));

	world.accept(7, 0);
	world.now += PERIOD;
	assert_eq!(world.sync(&[]).unwrap().accepted, [7]);
	assert_eq!(world.forests.current(), world.tree.forest());

	// Who lies for longer than a period is believed; a node that is syncing never.
	world.rewind();
	world.sync(&[]).unwrap();
	world.now += PERIOD;
	world.is_syncing = true;
	world.sync(&[]).unwrap();
	assert!(world.journal.is_needed(&[7; 32]));
	world.is_syncing = false;
	world.sync(&[]).unwrap();
	assert!(!world.journal.is_needed(&[7; 32]));
}

// 1
#[test]
fn a_folder_waits_for_the_end_of_a_sync() {
	let mut world = World::new();
	world.is_syncing = true;
	assert_eq!(world.judge(50, None, false), Judgement::Wait(Wait::Syncing));
	world.is_syncing = false;
	assert_eq!(world.judge(100, None, false), Judgement::Follow);

	world.accept(7, 0);
	world.sync(&[]).unwrap();
	world.is_syncing = true;
	let known = Some(hash(101));
	assert_eq!(world.judge(200, known, false), Judgement::Wait(Wait::Syncing), "so does every connection");
	assert_eq!(world.judge(200, known, true), Judgement::Follow, "a node that falls behind is followed on");

	let proposal = page(4, DealState::Proposed { expires: 102 });
	world.journal.put(&record(&proposal, 0, Local::Ready)).unwrap();
	world.block = 200;
	world.sync(&[]).unwrap();
	assert_eq!(world.state(4), Some(Local::Ready), "nothing is forgotten meanwhile");
}
