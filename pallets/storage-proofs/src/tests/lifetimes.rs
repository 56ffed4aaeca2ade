//! Random lives of a node against a simulation that judges every period the moment it closes.

use crate::{
	mock::*,
	penalty::{apply_misses, forgive, Standing},
};
use proptest::prelude::*;
use substation_primitives::{traits::StorageLedger, Balance, Period};

/// What happens in one period of a node.
#[derive(Clone, Copy, Debug)]
struct Deeds {
	before: Change,
	proves: bool,
	/// Whether the last blocks of the window take no transactions.
	migrates: bool,
	after: Change,
	/// Who looks when the window has closed.
	looks: Look,
}

#[derive(Clone, Copy, Debug)]
enum Change {
	None,
	Store,
	ClearAll,
}

#[derive(Clone, Copy, Debug)]
enum Look {
	Nobody,
	Market,
	Reporter,
}

fn deeds() -> impl Strategy<Value = Deeds> {
	let change = || prop_oneof![4 => Just(Change::None), 2 => Just(Change::Store), 1 => Just(Change::ClearAll)];
	let look = prop_oneof![3 => Just(Look::Nobody), 1 => Just(Look::Market), 1 => Just(Look::Reporter)];
	(change(), prop::bool::weighted(0.7), prop::bool::weighted(0.1), change(), look)
		.prop_map(|(before, proves, migrates, after, looks)| Deeds { before, proves, migrates, after, looks })
}

/// Judges at once, period by period, and knows nothing of runs, frozen sets or words of bits.
struct Simulation {
	strikes: u8,
	bond: Balance,
	terminated_at: Option<Period>,
	proven: Vec<Period>,
}

impl Simulation {
	fn close(&mut self, period: Period, bytes_at_freeze: u64, proven: bool, excused: bool) {
		let settings = ProofsOf::get();
		if self.terminated_at.is_some() || bytes_at_freeze == 0 {
			return;
		}
		if proven {
			self.strikes = forgive(self.strikes, &settings);
			self.proven.push(period);
			return;
		}
		if excused {
			return;
		}
		let standing = Standing { strikes: self.strikes, bond: self.bond, reserve: RESERVE, committed_rate: RATE };
		let penalty = apply_misses(standing, 1, &settings);
		self.strikes = penalty.strikes;
		self.bond -= penalty.fine;
		self.terminated_at = penalty.terminated.then_some(period);
	}
}

fn change(hardware: &mut Hardware, change: Change, next_deal: &mut u64) {
	match change {
		Change::None => {}
		Change::Store => {
			*next_deal += 1;
			let _ = hardware.try_store(*next_deal, 1 + (*next_deal as usize * 700) % 5_000);
		}
		Change::ClearAll => {
			let deals: Vec<u64> = hardware.tree.iter().map(|(_, leaf)| leaf.deal).collect();
			for deal in deals {
				if !StorageProofs::is_terminated(hardware.node) {
					hardware.clear(deal);
				}
			}
		}
	}
}

fn live(life: &[Deeds]) {
	let mut hardware = Hardware::new(1);
	let node = hardware.node;
	let mut simulation = Simulation { strikes: 0, bond: BOND, terminated_at: None, proven: Vec::new() };
	let mut next_deal = 0;
	let begin = current(node);

	for deeds in life {
		let period = current(node);
		let frozen = hardware.clone();
		let bytes = frozen.tree.forest().total;

		change(&mut hardware, deeds.before, &mut next_deal);
		open_window(node);
		let proven = deeds.proves && bytes > 0 && {
			let accepted = apply(prove_call(node, period, frozen.answer()));
			assert_eq!(accepted.is_ok(), simulation.terminated_at.is_none());
			accepted.is_ok()
		};
		change(&mut hardware, deeds.after, &mut next_deal);
		if deeds.migrates {
			migrate_to(closes(node, period) - 1);
		}
		close_window(node);
		simulation.close(period, bytes, proven, deeds.migrates);
		assert_eq!(StorageProofs::is_terminated(node), simulation.terminated_at.is_some());
		match deeds.looks {
			Look::Nobody => {}
			Look::Market => StorageProofs::catch_up(node),
			Look::Reporter => drop(StorageProofs::report_missed(RuntimeOrigin::signed(REPORTER), node)),
		}
		StorageProofs::do_try_state().expect("invariants hold after every period");
	}

	StorageProofs::catch_up(node);
	if crate::NodeProofs::<Test>::contains_key(node) {
		assert_eq!(record(node).strikes, simulation.strikes);
		assert_eq!(record(node).terminated_at, simulation.terminated_at);
	}
	assert_eq!(Held::get(node), simulation.bond);
	assert_eq!(Purses::get(TREASURY) + Purses::get(REPORTER), BOND - simulation.bond);
	let credited: Vec<Period> = Credits::get(node).into_iter().map(|(period, _)| period).collect();
	assert_eq!(credited, simulation.proven);
	if let Some(last) = StorageProofs::closed(node) {
		assert_eq!(StorageProofs::proven(node, begin, last) as usize, simulation.proven.len());
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn looking_seldom_is_looking_always(life in prop::collection::vec(deeds(), 1..40)) {
		ExtBuilder.build_and_execute(|| live(&life));
	}
}
