use crate::journal::*;
use substation_proofs::forest::Forest;

fn record(deal: u64, customer: u8, length: u64) -> DealRecord {
	DealRecord {
		deal,
		customer: [customer; 32],
		root: [u8::try_from(deal).unwrap(); 32],
		length,
		seen: 7,
		state: DealState::Fetching,
	}
}

#[test]
fn everything_is_there_after_a_crash() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("journal.redb");
	let leaf = Leaf { deal: 1, root: [1; 32], length: 10 };
	let undo = Remembered { block: 5, forest: Forest::default(), undo: vec![(3, None)] };
	let journal = Journal::open(&path).unwrap();
	journal.admit(&record(1, 1, 10)).unwrap();
	journal.set_state(1, DealState::Accepted { slot: 3 }).unwrap();
	let change = ForestChange::Slots { depth: 2, slots: vec![(3, Some(leaf))], undo: undo.clone() };
	journal.write_forest(&change).unwrap();
	journal.set_node_id(42).unwrap();

	// The bytes as they are on the disk now, with the database still open: what SIGKILL would leave.
	let copy = folder.path().join("copy.redb");
	std::fs::copy(&path, &copy).unwrap();
	let journal = Journal::open(&copy).unwrap();

	assert_eq!(journal.get(1).unwrap().state, DealState::Accepted { slot: 3 });
	assert_eq!(journal.forest().unwrap(), (2, vec![(3, leaf)]));
	assert_eq!(journal.remembered().unwrap(), vec![undo]);
	assert_eq!(journal.node_id().unwrap(), Some(42));
}

#[test]
fn a_deal_that_is_known_is_not_admitted_anew() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
	journal.admit(&record(1, 1, 60)).unwrap();
	journal.set_state(1, DealState::Ready).unwrap();

	journal.admit(&record(1, 1, 60)).unwrap();

	assert_eq!(journal.get(1).unwrap().state, DealState::Ready);
}

#[test]
fn a_content_is_needed_until_its_last_deal_is_gone() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
	let one = record(1, 1, 10);
	let two = DealRecord { deal: 2, ..one.clone() };
	journal.put_all(&[one.clone(), two]).unwrap();

	let block = Followed { height: 1, hash: [1; 32] };
	journal.follow(block, 0, &ForestChange::Same, &DealChanges::from([(1, None)])).unwrap();
	assert!(journal.is_needed(&one.root));
	journal.set_state(2, DealState::Refused).unwrap();
	assert!(!journal.is_needed(&one.root));
}

#[test]
fn old_forests_are_forgotten_and_newer_ones_kept() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
	for block in [3, 5, 9] {
		let undo = Remembered { block, forest: Forest::default(), undo: vec![] };
		journal.write_forest(&ForestChange::Slots { depth: 0, slots: vec![], undo }).unwrap();
	}

	journal.forget_remembered(5).unwrap();

	let blocks: Vec<u32> = journal.remembered().unwrap().iter().map(|memory| memory.block).collect();
	assert_eq!(blocks, [5, 9]);
}

// 1
#[test]
fn what_a_final_block_changes_is_written_with_it_and_only_forwards() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("journal.redb");
	let leaf = Leaf { deal: 1, root: [1; 32], length: 10 };
	let undo = Remembered { block: 9, forest: Forest::default(), undo: vec![(0, None)] };
	let change = ForestChange::Slots { depth: 0, slots: vec![(0, Some(leaf))], undo };
	let accepted = DealRecord { state: DealState::Accepted { slot: 0 }, ..record(1, 1, 10) };
	let deals = DealChanges::from([(1, Some(accepted.clone())), (2, None)]);
	let block = Followed { height: 9, hash: [9; 32] };
	{
		let journal = Journal::open(&path).unwrap();
		journal.put(&record(2, 1, 10)).unwrap();
		journal.follow(block, 7, &change, &deals).unwrap();
	}

	let journal = Journal::open(&path).unwrap();
	let forget = DealChanges::from([(1, None)]);
	let older = Followed { height: 8, hash: [8; 32] };
	let other = Followed { height: 9, hash: [8; 32] };
	for refused in [older, other] {
		let error = journal.follow(refused, 8, &ForestChange::Same, &forget).unwrap_err();
		assert!(matches!(error, JournalError::Backwards { followed: 9, .. }), "{error}");
	}

	assert_eq!((journal.followed(), journal.deals()), (Some(block), vec![accepted]));
	assert_eq!(journal.forest().unwrap(), (0, vec![(0, leaf)]));
}

// 1
#[test]
fn a_journal_of_old_is_read_and_its_deletions_wait_from_now_on() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("journal.redb");
	let waiting = DealRecord { state: DealState::ToDelete { after: 5, since: 1 }, ..record(1, 1, 10) };
	{
		let journal = Journal::open(&path).unwrap();
		journal.put_all(&[waiting.clone(), record(2, 1, 10)]).unwrap();
		let bytes = waiting.encode();
		let transaction = journal.0.database.begin_write().unwrap();
		transaction.open_table(DEALS).unwrap().insert(1u64, &bytes[..bytes.len() - 8]).unwrap();
		transaction.commit().unwrap();
	}
	{
		let journal = Journal::open(&path).unwrap();
		journal.follow(Followed { height: 1, hash: [1; 32] }, 70, &ForestChange::Same, &DealChanges::new()).unwrap();
		assert_eq!(journal.get(1).unwrap().state, DealState::ToDelete { after: 5, since: 0 }, "written back");
	}
	let dated = DealRecord { state: DealState::ToDelete { after: 5, since: 0 }, ..waiting };
	assert_eq!(Journal::open(&path).unwrap().get(1), Some(dated));
	assert_eq!(Journal::open(&path).unwrap().get(2), Some(record(2, 1, 10)));
	assert_eq!(Journal::open(&path).unwrap().watched(), 70);
}
