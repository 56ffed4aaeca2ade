//! Small runs of everything. None asserts times.

use super::*;
use crate::items::{batches, Item};
use sp_state_machine::Backend;
use std::collections::HashSet;

const SMALL: Extent = Extent { items: number(2_000), batch: number(50), rounds: number(2), slot: 0 };

const fn number(number: usize) -> NonZeroUsize {
	NonZeroUsize::new(number).expect("not zero")
}

fn filled(folder: &TempDir) -> State {
	let mut state = State::create(folder.path()).unwrap();
	measure::fill(&mut state, SMALL.items.get()).unwrap();
	let root = state.close();
	State::open(folder.path(), root).unwrap()
}

fn assert_holds_every_item(state: &State) {
	for number in 0..SMALL.items.get() {
		let Item { key, value } = Item::original(number);
		assert_eq!(state.trie().storage(&key).unwrap(), Some(value), "item {number}");
	}
}

#[test]
fn every_item_is_read_back_after_reopening() {
	let folder = make_folder(None).unwrap();

	let state = filled(&folder);

	assert_holds_every_item(&state);
}

#[test]
fn as_much_is_timed_as_was_asked_for() {
	let figures = measure(SMALL, &make_folder(None).unwrap()).unwrap();

	assert_eq!((figures.read.operations, figures.write.operations), (100, 100));
}

#[test]
fn timed_writes_leave_the_state_as_it_was() {
	let folder = make_folder(None).unwrap();
	let state = filled(&folder);

	measure::writes(&state, &batches("test", SMALL), Duration::ZERO).unwrap();
	let root = state.close();

	assert_holds_every_item(&State::open(folder.path(), root).unwrap());
}

#[test]
fn a_write_stores_the_changed_values() {
	let folder = make_folder(None).unwrap();
	let mut state = filled(&folder);
	let changed: Vec<Item> = (0..50).map(Item::changed).collect();

	state.advance(&changed).unwrap();
	let root = state.close();
	let state = State::open(folder.path(), root).unwrap();

	for (number, Item { key, value }) in changed.into_iter().enumerate() {
		assert_eq!(value.len(), Item::original(number).value.len());
		assert_ne!(value, Item::original(number).value);
		assert_eq!(state.trie().storage(&key).unwrap(), Some(value));
	}
}

#[test]
fn batches_are_full_and_share_no_item() {
	let batches = batches("test", Extent { rounds: number(40), ..SMALL });

	assert!(batches.iter().all(|batch| batch.len() == 50));
	assert_eq!(batches.concat().into_iter().collect::<HashSet<_>>(), (0..2_000).collect());
}

#[test]
fn more_is_not_timed_than_there_is() {
	let extent = Extent { rounds: number(41), ..SMALL };

	let error = measure(extent, &make_folder(None).unwrap()).err().unwrap();

	assert_eq!(error.to_string(), "41 batches of 50 distinct items are more than 2000 items");
}

#[test]
fn statistics_are_of_all_samples() {
	let statistics = Statistics::of(5_000, (1..=100).rev().collect());

	let expected = Statistics { operations: 5_000, min: 1, median: 50, average: 50, p95: 95, max: 100 };
	assert_eq!(statistics, Some(expected));
	assert_eq!(Statistics::of(0, Vec::new()), None);
}

#[test]
fn the_runtimes_file_is_as_expected() {
	let read = Statistics { operations: 100, min: 9_000, median: 10_100, average: 10_001, p95: 12_000, max: 15_000 };
	let write = Statistics { operations: 100, min: 40_000, median: 50_000, average: 1_000_000, p95: 60_000, max: 987 };

	let text = weight_file::text(SMALL, &Figures { read, write }, "A Processor");

	assert_eq!(text, include_str!("golden/database_weight.rs"));
}
