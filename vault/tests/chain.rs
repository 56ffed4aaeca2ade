//! Deltas, their chain, and checkpoints.

use substation_vault::{
	frame::sealed_length,
	index::{
		Checkpoint, CheckpointHeader, CheckpointRef, Delta, DeltaHeader, DeltaId, DeltaRef, Extent, PackRow, Record,
		MAX_CHAIN, MAX_DELTA,
	},
	pack::PackNumber,
	Result, UNIT,
};

use crate::{
	common::{bytes, derive, first_header, name, nonce, number, random, root_key, seal},
	records::{records, row},
};

/// A delta of 100 bytes in the last of a pack's four units.
fn delta_ref(pack: u32) -> DeltaRef {
	DeltaRef { pack: number(pack), unit: 3, length: 100, id: DeltaId([pack as u8; 16]) }
}

/// The header of the delta of `pack`, whose newest checkpoint is as of `as_of` and lies in the pack after it.
fn header(pack: u32, as_of: Option<u32>) -> DeltaHeader {
	let checkpoint = as_of.map(|as_of| CheckpointRef {
		as_of: number(as_of),
		head: [as_of as u8; 32],
		length: 10,
		extents: vec![Extent { pack: number(as_of + 1), offset: 0, length: 26 }],
	});
	let chain: Vec<_> = (as_of.unwrap_or(0) + 1..pack).map(delta_ref).collect();
	let packs = chain.iter().map(|delta| row(delta.pack.get())).collect();
	DeltaHeader { number: number(pack), time: 1, checkpoint, chain, packs, records: 0 }
}

fn write(header: &DeltaHeader) -> Result<(DeltaRef, Vec<u8>)> {
	let mut out = Vec::new();
	let delta = Delta::write(&root_key(1).index_key(), &mut random(1), header, [], &mut out)?;
	Ok((DeltaRef { pack: header.number, unit: 0, length: delta.length, id: delta.id }, out))
}

fn read(place: &DeltaRef, bytes: &[u8]) -> Result<(DeltaHeader, Vec<Record>)> {
	let read = Delta::read(&root_key(1).index_key(), place, bytes)?;
	Ok((read.header, read.records.collect::<Result<_>>()?))
}

/// Refused both by the writer and, sealed by somebody else, by the reader.
fn refused(header: &DeltaHeader) -> String {
	let (place, bytes) = forged(header.number, &[item(&codec::Encode::encode(header))]);
	let read = name(read(&place, &bytes));
	assert_eq!(name(write(header)), read);
	read
}

fn item(bytes: &[u8]) -> Vec<u8> {
	[&(bytes.len() as u32).to_le_bytes()[..], bytes].concat()
}

/// A delta with this plaintext, by the specification.
fn forged(pack: PackNumber, items: &[Vec<u8>]) -> (DeltaRef, Vec<u8>) {
	let head = [6; 32];
	let key = derive("delta", &[root_key(1).index_key().secret().expose(), &head]);
	let plain = items.concat();
	let frames: Vec<_> = plain.chunks(65_520).collect();
	let count = frames.len() as u64;
	let sealed = (0..).zip(frames).map(|(at, frame)| seal(&key, nonce(at, at + 1 == count), &[1], frame));
	let bytes = [head.to_vec(), sealed.collect::<Vec<_>>().concat()].concat();
	(DeltaRef { pack, unit: 0, length: bytes.len() as u32, id: DeltaId([6; 16]) }, bytes)
}

#[test]
fn deltas_read_back() {
	for header in [header(1, None), header(2, None), header(64, None), header(65, Some(1)), header(9, Some(8))] {
		let (place, bytes) = write(&header).unwrap();
		assert_eq!(read(&place, &bytes).unwrap(), (header, Vec::new()));
	}
}

#[test]
fn deltas_are_sealed_as_specified() {
	let header = first_header(12);
	let items: Vec<_> = [codec::Encode::encode(&header)]
		.into_iter()
		.chain(records().iter().map(codec::Encode::encode))
		.map(|bytes| item(&bytes))
		.collect();
	let (place, bytes) = forged(header.number, &items);

	assert_eq!(read(&place, &bytes).unwrap(), (header, records()));
}

#[test]
fn checkpoint_is_at_most_64_packs_away() {
	assert_eq!(name(write(&header(MAX_CHAIN, None))), "no error");
	assert_eq!(refused(&header(MAX_CHAIN + 1, None)), "Chain");
	assert_eq!(name(write(&header(100 + MAX_CHAIN, Some(100)))), "no error");
	assert_eq!(refused(&header(101 + MAX_CHAIN, Some(100))), "Chain");
	assert_eq!(refused(&DeltaHeader { number: number(u32::MAX), ..header(5, None) }), "Chain");
}

#[test]
fn chain_names_every_delta_since_the_checkpoint() {
	let changed = |change: fn(&mut DeltaHeader)| {
		let mut header = header(9, Some(4));
		change(&mut header);
		refused(&header)
	};

	assert_eq!(changed(|_| ()), "no error");
	assert_eq!(changed(|header| _ = header.chain.remove(0)), "Chain");
	assert_eq!(changed(|header| _ = header.chain.pop()), "Chain");
	assert_eq!(changed(|header| header.chain.swap(0, 1)), "Chain");
	assert_eq!(changed(|header| header.chain.push(delta_ref(9))), "Chain");
	assert_eq!(changed(|header| header.chain.insert(0, delta_ref(4))), "Chain");
	assert_eq!(changed(|header| header.checkpoint = None), "Chain");
	assert_eq!(changed(|header| header.checkpoint.as_mut().unwrap().as_of = number(9)), "Chain");
	assert_eq!(changed(|header| header.checkpoint.as_mut().unwrap().as_of = number(10)), "Chain");
}

#[test]
fn chain_has_the_rows_of_its_packs() {
	let changed = |change: fn(&mut DeltaHeader)| {
		let mut header = header(9, Some(4));
		change(&mut header);
		refused(&header)
	};

	assert_eq!(changed(|header| _ = header.packs.pop()), "Chain");
	assert_eq!(changed(|header| header.packs.push(row(9))), "Chain");
	assert_eq!(changed(|header| header.packs.swap(0, 1)), "Chain");
	assert_eq!(changed(|header| header.packs[0].k = 2), "UnknownScheme");
	assert_eq!(changed(|header| header.packs[0].units = 5), "Chain", "its delta would not be in the last row");
	assert_eq!(changed(|header| header.chain[0].unit = 2), "Chain");
	assert_eq!(changed(|header| header.chain[0].length = 3), "Chain");
	assert_eq!(changed(|header| header.chain[0].length = u32::MAX), "Chain");
}

#[test]
fn checkpoint_lies_in_packs_after_its_state() {
	let changed = |change: fn(&mut CheckpointRef)| {
		let mut header = header(9, Some(4));
		change(header.checkpoint.as_mut().unwrap());
		refused(&header)
	};

	let mut covered = header(9, Some(4));
	covered.checkpoint.as_mut().unwrap().extents[0].pack = number(4);
	covered.packs.insert(0, row(4));
	assert_eq!(refused(&covered), "Chain");
	assert_eq!(changed(|place| place.extents[0].pack = number(10)), "Record");
	assert_eq!(changed(|place| place.extents.clear()), "Record");
	assert_eq!(changed(|place| place.extents = vec![place.extents[0]; 257]), "Limit");
	assert_eq!(changed(|place| place.length = 11), "Record");
	assert_eq!(changed(|place| place.length = u64::MAX), "Length");
}

#[test]
fn delta_of_another_pack_or_time_is_refused() {
	let (place, bytes) = write(&header(3, None)).unwrap();

	assert_eq!(name(read(&DeltaRef { pack: number(4), ..place }, &bytes)), "OtherPack");
	assert_eq!(name(read(&DeltaRef { id: DeltaId([0; 16]), ..place }, &bytes)), "OtherPack");
	let other = Delta::read(&root_key(2).index_key(), &place, &bytes[..]);
	assert_eq!(name(other), "NotAuthentic");
}

#[test]
fn every_flipped_byte_is_refused() {
	let (place, bytes) = write(&header(3, None)).unwrap();
	for at in 0..bytes.len() {
		let mut damaged = bytes.clone();
		damaged[at] ^= 2;
		let expected = if at < 16 { "OtherPack" } else { "NotAuthentic" };
		assert_eq!(name(read(&place, &damaged)), expected, "{at}");
	}
}

#[test]
fn truncated_deltas_are_refused() {
	let (place, bytes) = write(&header(3, None)).unwrap();
	for length in [0, 1, 31, 32, 40, bytes.len() - 1] {
		assert_eq!(name(read(&place, &bytes[..length])), "Truncated", "{length}");
	}
	for length in [0, 31, 32, 47] {
		assert_eq!(name(read(&DeltaRef { length, ..place }, &bytes)), "Length", "{length}");
	}
	assert_eq!(name(read(&DeltaRef { length: place.length - 1, ..place }, &bytes)), "NotAuthentic");
	assert_eq!(name(read(&DeltaRef { length: MAX_DELTA + 1, ..place }, &bytes)), "Limit");
}

#[test]
fn lies_in_a_good_delta_are_refused() {
	let header = |records| item(&codec::Encode::encode(&first_header(records)));
	let record = |at: usize| item(&codec::Encode::encode(&records()[at]));
	let opened = |items: &[Vec<u8>]| {
		let (place, bytes) = forged(PackNumber::FIRST, items);
		name(read(&place, &bytes))
	};

	assert_eq!(opened(&[header(1), record(0)]), "no error");
	assert_eq!(opened(&[header(2), record(0)]), "Truncated");
	assert_eq!(opened(&[header(u64::MAX), record(0)]), "Truncated");
	assert_eq!(opened(&[header(0), record(0)]), "Encoding");
	assert_eq!(opened(&[header(1), record(0), vec![0; 70_000]]), "Encoding");
	assert_eq!(opened(&[header(2), record(1), record(0)]), "Order");
	assert_eq!(opened(&[header(2), record(1), record(1)]), "Order");
	assert_eq!(opened(&[header(1), u32::MAX.to_le_bytes().to_vec()]), "Limit");
	assert_eq!(opened(&[u32::MAX.to_le_bytes().to_vec()]), "Limit");
	assert_eq!(opened(&[vec![0, 0]]), "Truncated");
	assert_eq!(opened(&[item(&[])]), "Encoding");
	assert_eq!(opened(&[item(&[0; 29])]), "Encoding");
	assert_eq!(opened(&[item(&[0; 23])]), "OtherPack", "pack 0 is none");
}

#[test]
fn checkpoint_over_several_packs_reads_back() {
	let (key, ends) = (root_key(1).index_key(), Record::is_end);
	let states: Vec<_> = records().into_iter().filter(|record| !ends(record)).collect();
	let many: Vec<_> = (0..3_000)
		.map(|at| Record::Object(Box::new(crate::records::object("photos", &format!("{at:05}"), 1))))
		.collect();
	for states in [Vec::new(), states, many] {
		let header = CheckpointHeader { as_of: number(5), time: 9, records: states.len() as u64 };
		let mut sealed = Vec::new();
		let checkpoint = Checkpoint::write(&key, &mut random(1), &header, states.clone(), &mut sealed).unwrap();
		assert_eq!(checkpoint.sealed, sealed.len() as u64);
		assert_eq!(checkpoint.sealed, sealed_length(checkpoint.length).unwrap());

		let cut = |(at, piece): (u32, &[u8])| Extent { pack: number(6 + at), offset: 0, length: piece.len() as u64 };
		let extents: Vec<_> = (0..).zip(sealed.chunks(4 * UNIT)).map(cut).collect();
		let place = CheckpointRef { as_of: number(5), head: checkpoint.head, length: checkpoint.length, extents };
		let (read, records) = Checkpoint::read(&key, &place, &sealed[..]).unwrap();

		assert_eq!(read, header);
		assert_eq!(records.collect::<Result<Vec<_>>>().unwrap(), states);
		let last = u32::try_from(place.extents.len()).unwrap() + 5;
		let rows = (6..last).map(row).collect::<Vec<PackRow>>();
		let chain = (6..last).map(delta_ref).collect();
		let named =
			DeltaHeader { number: number(last), time: 9, checkpoint: Some(place), chain, packs: rows, records: 0 };
		assert_eq!(name(write(&named)), "no error", "the delta of the last of them may name it");
	}
}

#[test]
fn damaged_or_foreign_checkpoint_is_refused() {
	let key = root_key(1).index_key();
	let header = CheckpointHeader { as_of: number(5), time: 9, records: 1 };
	let mut sealed = Vec::new();
	let written = Checkpoint::write(&key, &mut random(1), &header, [Record::Pack(row(1))], &mut sealed).unwrap();
	let extents = vec![Extent { pack: number(6), offset: 0, length: written.sealed }];
	let place = CheckpointRef { as_of: number(5), head: written.head, length: written.length, extents };
	let read = |place: &CheckpointRef, sealed: &[u8]| -> Result<Vec<Record>> {
		Checkpoint::read(&key, place, sealed)?.1.collect()
	};

	assert_eq!(name(read(&place, &sealed)), "no error");
	for at in 0..sealed.len() {
		let mut damaged = sealed.clone();
		damaged[at] ^= 1;
		assert_eq!(name(read(&place, &damaged)), "NotAuthentic", "{at}");
	}
	assert_eq!(name(read(&place, &sealed[1..])), "Truncated");
	assert_eq!(name(read(&CheckpointRef { head: [0; 32], ..place.clone() }, &sealed)), "NotAuthentic");
	assert_eq!(name(read(&CheckpointRef { as_of: number(4), ..place.clone() }, &sealed)), "OtherPack");
	assert_eq!(name(read(&CheckpointRef { length: u64::MAX, ..place }, &sealed)), "Length");
}

#[test]
fn end_stands_where_its_record_stood() {
	for record in records() {
		let end = record.to_end();

		assert!(end.is_end());
		assert_eq!(end.position(), record.position());
		assert_eq!(end.to_end(), end);
	}
}

#[test]
fn checkpoint_lists_no_ends() {
	let key = root_key(1).index_key();
	for end in records().into_iter().filter(Record::is_end) {
		let header = CheckpointHeader { as_of: number(5), time: 9, records: 1 };
		assert_eq!(name(Checkpoint::write(&key, &mut random(1), &header, [end], Vec::new())), "Record");
	}
}

#[test]
fn delta_and_checkpoint_are_not_taken_for_each_other() {
	let (place, bytes) = write(&header(1, None)).unwrap();
	let head: [u8; 32] = bytes[..32].try_into().unwrap();
	let length = u64::from(place.length) - 32 - 16;
	let as_checkpoint = CheckpointRef { as_of: number(1), head, length, extents: Vec::new() };

	assert_eq!(name(Checkpoint::read(&root_key(1).index_key(), &as_checkpoint, &bytes[32..])), "NotAuthentic");
	assert_eq!(bytes.len() as u64, sealed_length(length).unwrap() + 32);
	assert_ne!(bytes, crate::common::bytes(1, bytes.len()));
	assert_eq!(self::bytes(1, 0), [0; 0]);
}
