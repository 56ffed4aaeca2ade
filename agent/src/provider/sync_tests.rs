//! Final states, one after the other, against a real journal and forest.

use super::*;
use crate::provider::{
	finality::{judge, Judgement, Shown, Wait, Watch},
	testing::terms,
};
use substation_client::AccountId;
use substation_fake_node::pages;
use substation_primitives::{
	deal::{Acceptance, Deal},
	pages::WindowPage,
	Clock, DealId, NodeId, Period,
};
use substation_proofs::Hash;
use substation_store::journal::ForestChange;

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
	/// Seconds for which the chain was followed.
	watched: u64,
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
			watched: 1_000,
			is_syncing: false,
		}
	}

	fn node(&self) -> NodeView {
		let clock = Clock { period: 20, window: 8, slot_step: 2 };
		NodeView {
			id: NodeId(NODE),
			offer: None,
			bond: 0,
			bonds: vec![],
			forest: self.tree.forest(),
			window: WindowPage {
				now: self.block,
				period: Period(5),
				opens: 112,
				closes: 120,
				period_length: clock.period,
				seed: None,
				..pages::window()
			},
			..pages::node()
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
		let hints = Hints { clearing, ..Hints::default() };
		apply(&self.moment(), &self.node(), &deals, &self.journal, &self.forests, hints)
	}

	fn moment(&self) -> Moment {
		let block = Followed { height: self.block, hash: hash(self.block) };
		Moment { block, watched: self.watched, period: PERIOD, may_forget: !self.is_syncing }
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

	assert_eq!(outcome, Outcome { accepted: vec![7, 8], learned: vec![7, 8], ..Outcome::default() });
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

	(world.block, world.watched) = (119, 1_000 + PERIOD);
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

	assert!(matches!(world.sync(&[]), Err(SyncError::OtherForest { unknown: 199, total: 306 })));
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
fn a_record_whose_number_is_another_proposal_in_the_final_state_is_forgotten() {
	let mut world = World::new();
	for id in [3, 4, 5] {
		world.deals.insert(id, page(id, DealState::Proposed { expires: 900 }));
		world.journal.put(&record(&world.deals[&id], 100, Local::Ready)).unwrap();
	}
	world.deals.get_mut(&4).unwrap().deal.root = [66; 32];
	world.deals.get_mut(&5).unwrap().deal.length = 1;

	world.is_syncing = true;
	world.sync(&[]).unwrap();
	assert_eq!(world.state(4), Some(Local::Ready), "not by a node that is catching up");
	world.is_syncing = false;
	world.sync(&[]).unwrap();

	assert_eq!([3, 4, 5].map(|id| world.state(id)), [Some(Local::Ready), None, None]);
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
	let outcome = apply(&world.moment(), &node, &deals, &world.journal, &world.forests, Hints::default()).unwrap();

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
	assert!(apply(&moment, &world.node(), &[], &world.journal, &world.forests, Hints::default()).is_err());
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
	(world.block, world.watched) = (5_000, 1_000 + PERIOD - 1);
	world.sync(&[]).unwrap();
	assert_eq!(world.state(7), Some(Local::ToDelete { after: 120, since: 1_000 }));

	world.accept(7, 0);
	world.watched += PERIOD;
	assert_eq!(world.sync(&[]).unwrap().accepted, [7]);
	assert_eq!(world.forests.current(), world.tree.forest());

	// Who lies for longer than a period is believed; a node that is syncing never.
	world.rewind();
	world.sync(&[]).unwrap();
	world.watched += PERIOD;
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

// 1
#[test]
fn a_deal_that_a_lie_has_hidden_is_cleared_like_any_other_once_it_is_over() {
	let mut world = World::new();
	world.accept(7, 0);
	world.accept(8, 1);
	world.sync(&[]).unwrap();
	let (tree, deals) = (world.tree.clone(), world.deals.clone());
	world.rewind();
	world.sync(&[]).unwrap();
	assert_eq!(world.state(8), Some(Local::ToDelete { after: 120, since: 1_000 }));

	// Meanwhile its record was closed. Its slot is still in the forest, which the records alone do not explain.
	(world.tree, world.deals) = (tree, deals);
	world.deals.remove(&8);
	world.sync(&[]).unwrap();

	assert_eq!(world.forests.current(), world.tree.forest());
	assert_eq!(world.state(8), Some(Local::Ended { slot: 1 }));
	assert_eq!(clearable(&world.forests, &world.journal).len(), 1);
}

// 1
#[test]
fn what_a_lie_has_said_of_a_deals_bytes_does_not_stay() {
	let mut world = World::new();
	world.accept(7, 0);
	let mut lie = world.deals[&7].clone();
	lie.deal.root = [66; 32];
	let mut tree = ForestTree::new(NODE);
	tree.apply(0, &[(0, Change::Insert(lie.deal.leaf(lie.id)))]).unwrap();
	let node = NodeView { forest: tree.forest(), ..world.node() };
	apply(&world.moment(), &node, &[lie], &world.journal, &world.forests, Hints::default()).unwrap();
	assert!(!world.journal.is_needed(&[7; 32]));

	world.sync(&[]).unwrap();

	assert!(world.journal.is_needed(&[7; 32]) && !world.journal.is_needed(&[66; 32]));
}

// 1
#[test]
fn a_wait_counts_only_while_the_chain_is_followed() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("journal.redb");
	let block = |height| Followed { height, hash: hash(height) };
	{
		let journal = Journal::open(&path).unwrap();
		journal.follow(block(1), 500, &ForestChange::Same, &DealChanges::new()).unwrap();
		// A page that says less, or more, than the first one changes nothing.
		assert_eq!([86_400, 1, u64::MAX].map(|shown| journal.pin_period(shown).unwrap()), [86_400; 3]);
	}
	let journal = Journal::open(&path).unwrap();

	let mut watch = Watch::new(journal.watched());

	assert_eq!((watch.tick(), journal.period()), (500, Some(86_400)), "wherever the system's clock has gone meanwhile");
	// Nor does it ever go back.
	journal.follow(block(2), 7, &ForestChange::Same, &DealChanges::new()).unwrap();
	assert_eq!(journal.watched(), 500);
}

/// A folder that has followed some blocks, and a copy of its journal from then.
fn backed_up() -> (World, tempfile::TempDir) {
	let mut world = World::new();
	for (id, slot) in [(5, 0), (6, 1), (7, 2)] {
		world.accept(id, slot);
	}
	world.sync(&[]).unwrap();
	let copy = tempfile::tempdir().unwrap();
	std::fs::copy(world._folder.path().join("journal.redb"), copy.path().join("journal.redb")).unwrap();
	(world, copy)
}

impl World {
	/// Goes on with an older copy of the journal.
	fn restore(&mut self, copy: &tempfile::TempDir) {
		self.journal = Journal::open(&copy.path().join("journal.redb")).unwrap();
		self.forests = Forests::open(&self.journal, NODE).unwrap();
	}
}

// 9
#[test]
fn a_restored_journal_learns_what_came_and_what_went() {
	let (mut world, copy) = backed_up();
	// One deal ended and was cleared, another took its slot, a third ended and is still there.
	world.deals.remove(&5);
	world.deals.remove(&7);
	world.sync(&[]).unwrap();
	world.clear(&[5]);
	world.sync(&[0]).unwrap();
	world.accept(9, 0);
	world.sync(&[]).unwrap();

	world.restore(&copy);
	let outcome = world.sync(&[]).unwrap();

	assert_eq!(world.forests.current(), world.tree.forest());
	assert_eq!((outcome.learned, outcome.cleared, outcome.ended), (vec![9], vec![5], vec![7]));
	assert_eq!(world.state(9), Some(Local::Accepted { slot: 0 }));
	assert!([5, 6, 7, 9].iter().all(|id| world.journal.is_needed(&[*id; 32])), "nothing is deleted at once");
}

// 9
#[test]
fn a_restored_journal_that_lacks_an_ended_deal_changes_nothing_until_the_chain_has_told_it() {
	let (mut world, copy) = backed_up();
	world.accept(9, 3);
	world.sync(&[]).unwrap();
	world.deals.remove(&9);
	world.sync(&[]).unwrap();

	world.restore(&copy);
	let before = (world.journal.deals(), world.journal.followed(), world.forests.current());
	assert!(matches!(world.sync(&[]), Err(SyncError::OtherForest { unknown: 109, .. })));
	assert_eq!((world.journal.deals(), world.journal.followed(), world.forests.current()), before);

	// Its bytes are on the disk, and a block says which slot it took.
	let history = [Update::Accepted(vec![Acceptance { deal: DealId(9), slot: 3 }])];
	let contents = [([6; 32], 106), ([9; 32], 109)];
	let deals: Vec<DealView> = world.deals.values().cloned().collect();
	let hints = Hints { history: &history, contents: &contents, ..Hints::default() };
	apply(&world.moment(), &world.node(), &deals, &world.journal, &world.forests, hints).unwrap();

	assert_eq!(world.forests.current(), world.tree.forest());
	assert_eq!(world.state(9), Some(Local::Ended { slot: 3 }));
	assert_eq!(clearable(&world.forests, &world.journal), [(3, world.tree.get(3).copied().unwrap())]);
}

// 9
#[test]
fn what_the_journal_says_of_a_deals_bytes_outlives_a_forest_that_nothing_explains() {
	let world = World::new();
	let put = |page: &DealView, state| world.journal.put(&record(page, 50, state)).unwrap();
	let (same, mut other, ended) = (active(6, 1), active(7, 2), active(8, 3));
	put(&same, Local::Ready);
	put(&other, Local::Ready);
	put(&ended, Local::Ended { slot: 3 });
	other.deal.root = [66; 32];
	let proposal = page(9, DealState::Proposed { expires: 900 });

	let learned = learn(&[active(5, 0), same, other, ended, proposal], 100, &world.journal).unwrap();

	assert_eq!(learned, [5]);
	assert_eq!(world.journal.get(5), Some(record(&active(5, 0), 100, Local::Accepted { slot: 0 })));
	assert_eq!((world.state(6), world.state(7)), (Some(Local::Accepted { slot: 1 }), Some(Local::Ready)));
	assert_eq!((world.state(8), world.state(9)), (Some(Local::Ended { slot: 3 }), None));
	assert!(world.journal.is_needed(&[7; 32]) && !world.journal.is_needed(&[66; 32]));
}

// 7
#[test]
fn a_forest_that_was_written_down_before_it_was_final_is_followed() {
	let mut world = World::new();
	world.accept(7, 0);
	world.sync(&[]).unwrap();
	// Its record is gone before the final state is looked at again, and the journal has none of it.
	world.accept(9, 3);
	world.forests.keep_candidate(&world.tree).unwrap();
	world.deals.remove(&9);

	let outcome = world.sync(&[]).unwrap();

	assert_eq!(outcome.ended, [9]);
	assert_eq!(world.forests.current(), world.tree.forest());
	assert_eq!(world.state(9), Some(Local::Ended { slot: 3 }));
}
