//! A vault in memory, and what an outsider can compute by the specification alone.

use std::io::Cursor;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey, CHACHA20_POLY1305};
use substation_vault::{
	frame::{Attempt, Opener},
	index::{Delta, DeltaHeader, DeltaRef, Extent, Record},
	keys::Secret,
	pack::{PackNumber, PackWriter},
	plan::locate,
	shard, ContentKey, Plan, Root, RootKey, Scheme, UNIT,
};

pub(crate) fn random(seed: u64) -> ChaCha20Rng {
	ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
	let mut bytes = vec![0; length];
	random(seed).fill_bytes(&mut bytes);
	bytes
}

pub(crate) fn root_key(byte: u8) -> RootKey {
	RootKey::from(Secret::from([byte; 32]))
}

pub(crate) fn content_key(byte: u8) -> ContentKey {
	ContentKey::from(Secret::from([byte; 32]))
}

pub(crate) fn number(number: u32) -> PackNumber {
	PackNumber::new(number).unwrap()
}

/// `derive` of the specification.
pub(crate) fn derive(name: &str, parts: &[&[u8]]) -> [u8; 32] {
	blake3::derive_key(&format!("substation/vault/v1/{name}"), &parts.concat())
}

/// `seal` of the specification.
pub(crate) fn seal(key: &[u8; 32], nonce: [u8; 12], associated: &[u8], plain: &[u8]) -> Vec<u8> {
	let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).unwrap());
	let mut bytes = plain.to_vec();
	key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut bytes).unwrap();
	bytes
}

/// The nonce of a frame, by the specification.
pub(crate) fn nonce(frame: u64, last: bool) -> [u8; 12] {
	let mut nonce = [0; 12];
	nonce[..8].copy_from_slice(&(2 * frame + u64::from(last)).to_le_bytes());
	nonce
}

/// One sealed stream.
#[derive(Clone)]
pub(crate) struct Stream {
	pub attempt: Attempt,
	pub sealed: Vec<u8>,
}

pub(crate) fn stream(key: &ContentKey, random: &mut ChaCha20Rng, plain: &[u8]) -> Stream {
	let mut sealed = Vec::new();
	let (attempt, mut writer) = key.seal(random, &mut sealed).unwrap();
	writer.write(plain).unwrap();
	let (length, _) = writer.finish().unwrap();
	assert_eq!((length.plain, length.sealed), (plain.len() as u64, sealed.len() as u64));
	Stream { attempt, sealed }
}

pub(crate) fn open(opener: Opener, sealed: &[u8]) -> substation_vault::Result<Vec<u8>> {
	let mut plain = Vec::new();
	opener.read(sealed, sealed.len() as u64)?.copy_to(&mut plain)?;
	Ok(plain)
}

/// The header of a delta that stands alone.
pub(crate) fn first_header(records: u64) -> DeltaHeader {
	DeltaHeader {
		number: PackNumber::FIRST,
		time: 1_800_000_000,
		checkpoint: None,
		chain: Vec::new(),
		packs: Vec::new(),
		records,
	}
}

/// A pack in memory, with its shards.
pub(crate) struct Packed {
	pub keys: RootKey,
	pub plan: Plan,
	pub bytes: Vec<u8>,
	pub shards: Vec<Vec<u8>>,
	pub roots: Vec<Root>,
	pub delta: Delta,
	/// Where the segments are.
	pub extents: Vec<Extent>,
}

impl Packed {
	pub(crate) fn delta_ref(&self) -> DeltaRef {
		let shape = self.plan.shape;
		DeltaRef { pack: self.plan.number, unit: shape.delta_unit(), length: self.delta.length, id: self.delta.id }
	}

	pub(crate) fn scheme(&self) -> Scheme {
		self.plan.shape.scheme()
	}

	/// Bytes of the pack, each read from the data shard that has it.
	pub(crate) fn read(&self, offset: u64, length: u64) -> Vec<u8> {
		let pieces = locate(self.scheme(), offset, length).unwrap();
		pieces
			.flat_map(|piece| {
				let from = piece.offset as usize;
				self.shards[usize::from(piece.shard.0)][from..from + piece.length as usize].to_vec()
			})
			.collect()
	}
}

/// Pack 1 of a vault: these segments, and a delta of these records.
pub(crate) fn pack(scheme: Scheme, seed: u64, segments: &[Vec<u8>], records: Vec<Record>) -> Packed {
	let keys = root_key(7);
	let mut random = random(seed);
	let mut writer = PackWriter::new(scheme, 1 << 12, Vec::new(), &mut random).unwrap();
	let extents = segments
		.iter()
		.map(|segment| {
			let length = segment.len() as u64;
			let offset = writer.append(&segment[..], length).unwrap();
			Extent { pack: PackNumber::FIRST, offset, length }
		})
		.collect();
	let mut delta = None;
	let (plan, bytes) = writer
		.finish(PackNumber::FIRST, |out, random| {
			let header = first_header(records.len() as u64);
			delta = Some(Delta::write(&keys.index_key(), random, &header, records, out)?);
			Ok(())
		})
		.unwrap();
	let (shards, roots) = encode(&plan, &keys, &bytes);
	Packed { keys, plan, bytes, shards, roots, delta: delta.unwrap(), extents }
}

pub(crate) fn encode(plan: &Plan, keys: &RootKey, bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<Root>) {
	let mut shards = vec![Vec::new(); plan.shape.scheme().n().into()];
	let roots = shard::encode(plan, keys, Cursor::new(bytes), &mut shards).unwrap();
	for (shard, root) in shards.iter().zip(&roots) {
		assert_eq!(shard.len() as u64, plan.shape.shard_length());
		assert_eq!(root.0, *blake3::hash(shard).as_bytes());
	}
	(shards, roots)
}

/// A pack whose data is random and `rows` rows long.
pub(crate) fn pack_of_rows(scheme: Scheme, seed: u64, rows: usize) -> Packed {
	// The delta takes one unit of the last row.
	let length = rows * scheme.data() * UNIT - UNIT;
	let segments = if length == 0 { Vec::new() } else { vec![bytes(seed, length)] };
	let packed = pack(scheme, seed, &segments, Vec::new());
	assert_eq!(packed.plan.shape.rows() as usize, rows);
	packed
}

/// The error, as its name.
pub(crate) fn name<T>(result: substation_vault::Result<T>) -> String {
	let Err(error) = result else { return "no error".into() };
	let text = format!("{error:?}");
	text.split([' ', '(', '{']).next().unwrap().into()
}
