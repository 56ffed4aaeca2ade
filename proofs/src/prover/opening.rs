//! Openings of content: from bytes in memory, from chaining values that somebody keeps, or from groups of
//! 16 chunks and a tree that is kept above the groups only.

use alloc::vec::Vec;

use crate::{
	content::{
		chunk_count, chunk_value, is_length_allowed, left_chunks, parent_value, split_below, ContentOpening, CHUNK,
	},
	Hash,
};

/// Chunks in a group.
pub const GROUP_CHUNKS: u64 = 16;

/// Bytes in a group: 16 KiB.
pub const GROUP: u64 = GROUP_CHUNKS * CHUNK;

/// Why an opening could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError<E> {
	/// The length is 0 or too large, or the chunks are not ascending or not in the blob.
	OutOfRange,
	/// A chunk or a group does not have the bytes that it should have.
	WrongLength {
		/// The bytes that came.
		found: u64,
		/// The bytes that should have come.
		expected: u64,
	},
	/// The source of bytes or values failed.
	Source(E),
}

impl<E: core::fmt::Display> core::fmt::Display for OpenError<E> {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		match self {
			Self::OutOfRange => write!(f, "chunks or length out of range"),
			Self::WrongLength { found, expected } => write!(f, "read {found} bytes, expected {expected}"),
			Self::Source(error) => error.fmt(f),
		}
	}
}

impl<E: core::fmt::Debug + core::fmt::Display> core::error::Error for OpenError<E> {}

/// Where a blob's groups and the tree above them are kept, as `bao-tree` does with a block size of 16 KiB.
pub trait GroupSource {
	/// Why reading failed.
	type Error;

	/// The bytes of group `index`: 16 KiB, in the last group what is left.
	fn group(&mut self, index: u64) -> Result<Vec<u8>, Self::Error>;

	/// The chaining values of the two children of the node over `chunk_count` chunks from `start_chunk` on. Asked only
	/// for nodes of more than one group; [`pair_offset`] says where an outboard keeps it.
	fn parent(&mut self, start_chunk: u64, chunk_count: u64) -> Result<(Hash, Hash), Self::Error>;
}

/// Open `chunks` (ascending, distinct) of a blob of `length` bytes, reading one group per challenged group.
pub fn open_groups<S: GroupSource>(
	length: u64,
	chunks: &[u64],
	source: &mut S,
) -> Result<ContentOpening, OpenError<S::Error>> {
	check(length, chunks)?;
	let mut opening = ContentOpening::default();
	walk_groups(length, 0, chunk_count(length), chunks, source, &mut opening)?;
	Ok(opening)
}

/// Open `chunks` (ascending, distinct) of a blob of `length` bytes.
///
/// `value(start, count)` is the chaining value of the subtree of `count` chunks from `start` on, `chunk(index)` a
/// chunk's bytes.
pub fn opening_from<E>(
	length: u64,
	chunks: &[u64],
	mut value: impl FnMut(u64, u64) -> Result<Hash, E>,
	mut chunk: impl FnMut(u64) -> Result<Vec<u8>, E>,
) -> Result<ContentOpening, OpenError<E>> {
	check(length, chunks)?;
	let mut opening = ContentOpening::default();
	walk(0, chunk_count(length), chunks, &mut value, &mut chunk, &mut opening).map_err(OpenError::Source)?;
	Ok(opening)
}

/// Open `chunks` (ascending, distinct) of a blob in memory.
pub fn open_bytes(bytes: &[u8], chunks: &[u64]) -> Result<ContentOpening, OpenError<core::convert::Infallible>> {
	let length = bytes.len() as u64; // usize is at most 64 bits wide
	opening_from(
		length,
		chunks,
		|start, count| Ok(subtree_value(start, slice(bytes, start, count))),
		|index| Ok(slice(bytes, index, 1).to_vec()),
	)
}

/// Where a pre-order outboard (`bao-tree`, block size 16 KiB, no size prefix) keeps the pair of the node over
/// `count` chunks from `start` on, in bytes. `None` if the tree of a blob of `length` bytes has no such node
/// above the groups.
pub fn pair_offset(length: u64, start: u64, count: u64) -> Option<u64> {
	let (mut at, mut chunks, mut offset) = (0u64, chunk_count(length), 0u64);
	while chunks > GROUP_CHUNKS {
		if at == start && chunks == count {
			return Some(offset);
		}
		let in_left = left_chunks(chunks);
		offset = offset.checked_add(64)?;
		if start < at.checked_add(in_left)? {
			chunks = in_left;
		} else {
			// A subtree of n groups has n - 1 pairs.
			let pairs = in_left.div_ceil(GROUP_CHUNKS).checked_sub(1)?;
			offset = offset.checked_add(pairs.checked_mul(64)?)?;
			at = at.checked_add(in_left)?;
			chunks = chunks.checked_sub(in_left)?;
		}
	}
	None
}

fn check<E>(length: u64, chunks: &[u64]) -> Result<(), OpenError<E>> {
	let ascending = chunks.iter().zip(chunks.iter().skip(1)).all(|(one, next)| one < next);
	let inside = chunks.last().is_some_and(|last| *last < chunk_count(length));
	if is_length_allowed(length) && ascending && inside {
		Ok(())
	} else {
		Err(OpenError::OutOfRange)
	}
}

fn walk<E>(
	start: u64,
	count: u64,
	chunks: &[u64],
	value: &mut impl FnMut(u64, u64) -> Result<Hash, E>,
	chunk: &mut impl FnMut(u64) -> Result<Vec<u8>, E>,
	opening: &mut ContentOpening,
) -> Result<(), E> {
	if chunks.is_empty() {
		opening.values.push(value(start, count)?);
		return Ok(());
	}
	if count <= 1 {
		opening.chunks.push(chunk(start)?);
		return Ok(());
	}
	let in_left = left_chunks(count);
	let middle = start.saturating_add(in_left);
	let (left, right) = split_below(chunks, middle);
	walk(start, in_left, left, value, chunk, opening)?;
	walk(middle, count.saturating_sub(in_left), right, value, chunk, opening)
}

fn walk_groups<S: GroupSource>(
	length: u64,
	start: u64,
	count: u64,
	chunks: &[u64],
	source: &mut S,
	opening: &mut ContentOpening,
) -> Result<(), OpenError<S::Error>> {
	if count <= GROUP_CHUNKS {
		return open_group(length, start, count, chunks, source, opening);
	}
	let (left_value, right_value) = source.parent(start, count).map_err(OpenError::Source)?;
	let in_left = left_chunks(count);
	let middle = start.saturating_add(in_left);
	let (left, right) = split_below(chunks, middle);
	if left.is_empty() {
		opening.values.push(left_value);
	} else {
		walk_groups(length, start, in_left, left, source, opening)?;
	}
	if right.is_empty() {
		opening.values.push(right_value);
	} else {
		walk_groups(length, middle, count.saturating_sub(in_left), right, source, opening)?;
	}
	Ok(())
}

/// A node of at most one group: everything below is computed from the group's bytes.
fn open_group<S: GroupSource>(
	length: u64,
	start: u64,
	count: u64,
	chunks: &[u64],
	source: &mut S,
	opening: &mut ContentOpening,
) -> Result<(), OpenError<S::Error>> {
	// Left parts above are powers of two of at least a group, so a group's start is a multiple of its size.
	let group = start.checked_div(GROUP_CHUNKS).unwrap_or_default();
	let bytes = source.group(group).map_err(OpenError::Source)?;
	let found = bytes.len() as u64; // usize is at most 64 bits wide
	let expected = length.saturating_sub(start.saturating_mul(CHUNK)).min(GROUP);
	if found != expected {
		return Err(OpenError::WrongLength { found, expected });
	}
	let part = |from: u64, count: u64| slice(&bytes, from.saturating_sub(start), count);
	let mut value = |from, count| Ok(subtree_value(from, part(from, count)));
	let mut chunk = |index| Ok(part(index, 1).to_vec());
	walk(start, count, chunks, &mut value, &mut chunk, opening).map_err(OpenError::Source)
}

/// `count` chunks from `start` on, or as much of them as there is.
fn slice(bytes: &[u8], start: u64, count: u64) -> &[u8] {
	let offset = |chunk: u64| usize::try_from(chunk.saturating_mul(CHUNK)).unwrap_or(usize::MAX).min(bytes.len());
	bytes.get(offset(start)..offset(start.saturating_add(count))).unwrap_or_default()
}

/// The chaining value of a whole subtree from its bytes. Only called on parts of blobs whose length was checked.
fn subtree_value(start: u64, bytes: &[u8]) -> Hash {
	let chunks = chunk_count(bytes.len() as u64);
	if chunks <= 1 {
		return chunk_value(start, bytes).unwrap_or_default();
	}
	let in_left = left_chunks(chunks);
	let (left, right) = (slice(bytes, 0, in_left), slice(bytes, in_left, chunks.saturating_sub(in_left)));
	parent_value(&subtree_value(start, left), &subtree_value(start.saturating_add(in_left), right))
}
