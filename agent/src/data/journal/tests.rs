use super::*;
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
	journal.admit(&record(1, 1, 10), 100).unwrap();
	journal.set_state(1, DealState::Accepted { slot: 3 }).unwrap();
	journal.change_forest(2, &[(3, Some(leaf))], &undo).unwrap();
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
fn a_customer_cannot_have_more_waiting_than_the_cap() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
	journal.admit(&record(1, 1, 60), 100).unwrap();

	let error = journal.admit(&record(2, 1, 41), 100).unwrap_err();
	assert!(matches!(error, JournalError::CapReached { held: 60, asked: 41, cap: 100 }));
	journal.admit(&record(3, 2, 100), 100).unwrap();

	journal.set_state(1, DealState::Accepted { slot: 0 }).unwrap();
	assert_eq!(journal.unaccepted_bytes(&[1; 32]), 0);
	journal.admit(&record(2, 1, 41), 100).unwrap();
}

#[test]
fn a_content_is_needed_until_its_last_deal_is_gone() {
	let folder = tempfile::tempdir().unwrap();
	let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
	let one = record(1, 1, 10);
	let two = DealRecord { deal: 2, ..one.clone() };
	journal.put_all(&[one.clone(), two]).unwrap();

	journal.remove(1).unwrap();
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
		journal.change_forest(0, &[], &undo).unwrap();
	}

	journal.forget_remembered(5).unwrap();

	let blocks: Vec<u32> = journal.remembered().unwrap().iter().map(|memory| memory.block).collect();
	assert_eq!(blocks, [5, 9]);
}
