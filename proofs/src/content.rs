//! Stored bytes: their BLAKE3 tree and openings of several chunks of one blob.
//!
//! The walk over the tree is driven by the length and the challenged chunks alone. An opening is only a supply
//! of chunks and chaining values in the order in which the walk asks for them; it has no way to say where
//! in the tree it is.

use alloc::vec::Vec;

use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, HasherExt, Mode};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

use crate::{
	storage::{Part, ProofError},
	Hash,
};

/// Bytes in a chunk. The last chunk of a blob may be shorter, never empty.
pub const CHUNK: u64 = 1024;

/// Bytes in the longest blob.
pub const MAX_LENGTH: u64 = 1 << 46;

/// Levels of parents above a chunk in the longest blob.
pub const MAX_LEVELS: u32 = 36;

/// Whether a blob may have this length: neither nothing nor more than [`MAX_LENGTH`].
pub const fn is_length_allowed(length: u64) -> bool {
	length > 0 && length <= MAX_LENGTH
}

/// The number of chunks of a blob of `length` bytes. 0 for length 0, which no blob has.
pub const fn chunk_count(length: u64) -> u64 {
	length.div_ceil(CHUNK)
}

/// The bytes in chunk `chunk` of a blob of `length` bytes; 0 if there is no such chunk.
pub const fn chunk_len(length: u64, chunk: u64) -> u64 {
	let rest = length.saturating_sub(chunk.saturating_mul(CHUNK));
	if rest < CHUNK {
		rest
	} else {
		CHUNK
	}
}

/// The most parents between a chunk and the root of a blob of `length` bytes.
pub const fn levels(length: u64) -> u32 {
	let chunks = chunk_count(length);
	if chunks == 0 {
		return 0;
	}
	// ceil(log2(chunks))
	u64::BITS.saturating_sub(chunks.saturating_sub(1).leading_zeros())
}

/// The chunks in the left part of a subtree of `chunks` chunks: the largest power of two below it.
/// Meant for at least two chunks.
pub(crate) const fn left_chunks(chunks: u64) -> u64 {
	match chunks.saturating_sub(1).checked_ilog2() {
		Some(exponent) => 1 << exponent,
		None => 1,
	}
}

/// Some chunks of one blob with what is needed to compute the blob's root from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ContentOpening {
	/// The challenged chunks' bytes, each once, in ascending order.
	pub chunks: Vec<Vec<u8>>,
	/// Chaining values of the largest subtrees without a challenged chunk, in preorder.
	pub values: Vec<Hash>,
}

/// The root of the blob of `length` bytes that an opening of `chunks` belongs to.
///
/// `chunks` must be ascending, distinct, and lie in the blob. Everything in the opening must be used.
pub fn root(length: u64, chunks: &[u64], opening: &ContentOpening) -> Result<Hash, ProofError> {
	let mut supply = Supply::new(&opening.chunks, &opening.values);
	let root = supply.root(length, chunks)?;
	supply.finish()?;
	Ok(root)
}

/// Check that an opening of `chunks` belongs to the blob with this root and length.
pub fn verify(expected: &Hash, length: u64, chunks: &[u64], opening: &ContentOpening) -> Result<(), ProofError> {
	if root(length, chunks, opening)? == *expected {
		Ok(())
	} else {
		Err(ProofError::WrongContent)
	}
}

/// The chaining value of a chunk that is not the whole blob. `None` where BLAKE3 would have none.
pub(crate) fn chunk_value(chunk: u64, bytes: &[u8]) -> Option<Hash> {
	let length = u64::try_from(bytes.len()).ok()?;
	if length == 0 || length > CHUNK {
		return None;
	}
	// The offset is in bytes; a multiple of the chunk length, as the hasher asserts.
	let offset = chunk.checked_mul(CHUNK)?;
	Some(blake3::Hasher::new().set_input_offset(offset).update(bytes).finalize_non_root())
}

pub(crate) fn parent_value(left: &Hash, right: &Hash) -> Hash {
	merge_subtrees_non_root(left, right, Mode::Hash)
}

/// Chunks and values that are still to be used, of one opening or of several in a row.
pub(crate) struct Supply<'a> {
	chunks: core::slice::Iter<'a, Vec<u8>>,
	values: core::slice::Iter<'a, Hash>,
}

impl<'a> Supply<'a> {
	pub(crate) fn new(chunks: &'a [Vec<u8>], values: &'a [Hash]) -> Self {
		Self { chunks: chunks.iter(), values: values.iter() }
	}

	/// Everything must have been used.
	pub(crate) fn finish(&self) -> Result<(), ProofError> {
		if !self.chunks.as_slice().is_empty() {
			return Err(ProofError::Unused(Part::Chunks));
		}
		if !self.values.as_slice().is_empty() {
			return Err(ProofError::Unused(Part::Values));
		}
		Ok(())
	}

	/// Use up what belongs to the next blob and compute its root.
	pub(crate) fn root(&mut self, length: u64, chunks: &[u64]) -> Result<Hash, ProofError> {
		if !is_length_allowed(length) {
			return Err(ProofError::LengthOutOfRange { length });
		}
		let count = chunk_count(length);
		let ascending = chunks.iter().zip(chunks.iter().skip(1)).all(|(one, next)| one < next);
		if !ascending || chunks.last().is_none_or(|last| *last >= count) {
			return Err(ProofError::ChunkOutOfRange);
		}
		if count == 1 {
			// A blob of one chunk has no parent: its root is finalised as such.
			return Ok(blake3::hash(self.chunk(length, 0)?).into());
		}
		let (left, right) = self.children(length, 0, count, chunks)?;
		Ok(merge_subtrees_root(&left, &right, Mode::Hash).into())
	}

	/// The value of the subtree of `count` chunks from `start` on. At most [`MAX_LEVELS`] calls deep, since
	/// the left part is at least half and the right part no larger than the left.
	fn value(&mut self, length: u64, start: u64, count: u64, chunks: &[u64]) -> Result<Hash, ProofError> {
		if chunks.is_empty() {
			return self.values.next().copied().ok_or(ProofError::Missing(Part::Values));
		}
		if count <= 1 {
			let bytes = self.chunk(length, start)?;
			return chunk_value(start, bytes).ok_or(ProofError::ChunkOutOfRange);
		}
		let (left, right) = self.children(length, start, count, chunks)?;
		Ok(parent_value(&left, &right))
	}

	fn children(&mut self, length: u64, start: u64, count: u64, chunks: &[u64]) -> Result<(Hash, Hash), ProofError> {
		let in_left = left_chunks(count);
		let middle = start.saturating_add(in_left);
		let (left, right) = split_below(chunks, middle);
		Ok((
			self.value(length, start, in_left, left)?,
			self.value(length, middle, count.saturating_sub(in_left), right)?,
		))
	}

	fn chunk(&mut self, length: u64, chunk: u64) -> Result<&'a [u8], ProofError> {
		let bytes = self.chunks.next().ok_or(ProofError::Missing(Part::Chunks))?;
		let expected = chunk_len(length, chunk);
		let found = bytes.len() as u64; // usize is at most 64 bits wide
		if found == expected {
			Ok(bytes)
		} else {
			Err(ProofError::WrongChunkLength { found, expected })
		}
	}
}

/// The sorted numbers below `bound`, and the rest.
pub(crate) fn split_below(sorted: &[u64], bound: u64) -> (&[u64], &[u64]) {
	sorted.split_at_checked(sorted.partition_point(|number| *number < bound)).unwrap_or((sorted, &[]))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn chunks_are_counted_around_the_boundaries() {
		let counts = [(1, 1), (1023, 1), (1024, 1), (1025, 2), (2048, 2), (2049, 3), (MAX_LENGTH, 1 << 36)];
		for (length, count) in counts {
			assert_eq!(chunk_count(length), count, "{length}");
		}
		assert_eq!(chunk_len(1025, 0), 1024);
		assert_eq!(chunk_len(1025, 1), 1);
		assert_eq!(chunk_len(1025, 2), 0);
		assert_eq!(chunk_len(1025, u64::MAX), 0);
	}

	#[test]
	fn levels_grow_with_the_logarithm() {
		let expected = [(1, 0), (1024, 0), (1025, 1), (2048, 1), (2049, 2), (4096, 2), (4097, 3), (MAX_LENGTH, 36)];
		for (length, levels_above) in expected {
			assert_eq!(levels(length), levels_above, "{length}");
		}
	}

	#[test]
	fn the_left_part_is_the_largest_power_of_two_below() {
		for (chunks, left) in [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1 << 36, 1 << 35)] {
			assert_eq!(left_chunks(chunks), left, "{chunks}");
			assert_eq!(left * CHUNK, blake3::hazmat::left_subtree_len(chunks * CHUNK));
		}
	}

	#[test]
	fn values_that_blake3_would_panic_on_are_refused() {
		assert_eq!(chunk_value(0, &[]), None);
		assert_eq!(chunk_value(1, &[0; 1025]), None);
		assert_eq!(chunk_value(u64::MAX, &[0]), None);
	}
}
