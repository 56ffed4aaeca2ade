//! From the newest delta alone to the whole index: what results is the state of one pack.

use std::collections::BTreeMap;

use proptest::prelude::*;
use substation_vault::{
	index::{
		Bucket, Checkpoint, CheckpointHeader, CheckpointRef, Delta, DeltaHeader, DeltaRef, Extent, PackRow, Record,
		MAX_CHAIN,
	},
	Result, UNIT,
};

use crate::{
	common::{number, random, root_key},
	records::row,
};

/// The index as a table of records by their positions.
#[derive(Clone, Debug, Default, PartialEq)]
struct State(BTreeMap<String, Record>);

impl State {
	fn apply(&mut self, record: Record) {
		let at = format!("{:?}", record.position());
		if record.is_end() {
			self.0.remove(&at);
		} else {
			self.0.insert(at, record);
		}
	}

	fn records(&self) -> Vec<Record> {
		let mut records: Vec<_> = self.0.values().cloned().collect();
		records.sort_by(|one, other| one.position().cmp(&other.position()));
		records
	}
}

/// Deltas and checkpoints where packs would have them.
#[derive(Default)]
struct Packs {
	deltas: Vec<(DeltaRef, Vec<u8>)>,
	checkpoint: Option<CheckpointRef>,
	checkpoints: BTreeMap<u32, Vec<u8>>,
	state: State,
}

impl Packs {
	/// Writes the next pack; if it is time, with a checkpoint as of the pack before.
	fn write(&mut self, mut records: Vec<Record>, every: u32) {
		let pack = self.deltas.len() as u32 + 1;
		let (key, mut random) = (root_key(1).index_key(), random(pack.into()));
		let as_of = self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.as_of.get());
		if pack - as_of > every {
			let lines = self.state.records();
			let header = CheckpointHeader { as_of: number(pack - 1), time: 1, records: lines.len() as u64 };
			let mut sealed = Vec::new();
			let written = Checkpoint::write(&key, &mut random, &header, lines, &mut sealed).unwrap();
			let extents = vec![Extent { pack: number(pack), offset: 0, length: written.sealed }];
			let place = CheckpointRef { as_of: header.as_of, head: written.head, length: written.length, extents };
			self.checkpoint = Some(place);
			self.checkpoints.insert(pack - 1, sealed);
		}
		records.sort_by(|one, other| one.position().cmp(&other.position()));
		records.dedup_by(|one, other| one.position() == other.position());

		let as_of = self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.as_of.get());
		let chain: Vec<_> = self.deltas[as_of as usize..].iter().map(|(place, _)| *place).collect();
		let rows: Vec<PackRow> = (as_of + 1..pack).map(row).collect();
		let header = DeltaHeader {
			number: number(pack),
			time: 1,
			checkpoint: self.checkpoint.clone(),
			chain,
			packs: rows,
			records: records.len() as u64,
		};
		let mut out = Vec::new();
		let delta = Delta::write(&key, &mut random, &header, records.clone(), &mut out).unwrap();
		// The last of the four units of the pack's row.
		assert!(out.len() < UNIT);
		let place = DeltaRef { pack: header.number, unit: 3, length: delta.length, id: delta.id };
		self.deltas.push((place, out));
		records.into_iter().for_each(|record| self.state.apply(record));
	}

	/// What a restore makes of the newest delta.
	fn restore(&self) -> Result<State> {
		let key = root_key(1).index_key();
		let mut state = State::default();
		let bytes = |place: &DeltaRef| {
			let (known, bytes) = &self.deltas[place.pack.get() as usize - 1];
			assert_eq!(known, place);
			&bytes[..]
		};
		let newest = &self.deltas.last().unwrap().0;
		let newest = Delta::read(&key, newest, bytes(newest))?;
		assert!(newest.header.chain.len() < MAX_CHAIN as usize);
		if let Some(place) = &newest.header.checkpoint {
			let (_, lines) = Checkpoint::read(&key, place, &self.checkpoints[&place.as_of.get()][..])?;
			for line in lines {
				state.apply(line?);
			}
		}
		for place in &newest.header.chain {
			for record in Delta::read(&key, place, bytes(place))?.records {
				state.apply(record?);
			}
		}
		for record in newest.records {
			state.apply(record?);
		}
		Ok(state)
	}
}

fn change(bucket: u8, time: u64) -> Record {
	let name = format!("bucket-{}", bucket % 10);
	if time.is_multiple_of(3) {
		Record::BucketGone(name)
	} else {
		Record::Bucket(Bucket { name, created: time })
	}
}

#[test]
fn vault_of_many_packs_is_restored_from_a_checkpoint_and_at_most_63_deltas() {
	let mut packs = Packs::default();
	for pack in 0..200_u8 {
		packs.write(vec![change(pack, u64::from(pack) * 7 + 1)], MAX_CHAIN);
	}

	assert_eq!(packs.checkpoints.keys().copied().collect::<Vec<_>>(), [64, 128, 192]);
	assert_eq!(packs.restore().unwrap(), packs.state);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn every_pack_restores_the_state_that_it_sealed(
		changes in prop::collection::vec(prop::collection::vec((any::<u8>(), 0_u64..1_000), 0..6), 1..20),
		every in 1..8_u32,
	) {
		let mut packs = Packs::default();
		for changes in changes {
			packs.write(changes.into_iter().map(|(bucket, time)| change(bucket, time)).collect(), every);
			prop_assert_eq!(&packs.restore().unwrap(), &packs.state);
		}
	}
}
