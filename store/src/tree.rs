//! The shape of a content's BLAKE3 tree and of the file that keeps its upper part.
//!
//! A group is 16 chunks of 1,024 bytes. The outboard file holds, for every node above the groups, the pair of its
//! children's chaining values (64 bytes), in preorder. It is the format of `bao-tree` with a block size of 4, hence
//! of iroh. A content of one group has an empty outboard.

use crate::Hash;
use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, HasherExt, Mode};

/// Bytes in a chunk.
pub const CHUNK: u64 = 1_024;

/// Chunks in a group.
pub const GROUP_CHUNKS: u64 = 16;

/// Bytes in a group: what is read to open one chunk.
pub const GROUP: u64 = CHUNK * GROUP_CHUNKS;

/// [`GROUP`] for buffers.
pub const GROUP_BYTES: usize = 16_384;

/// Bytes that a pair of chaining values takes in an outboard.
pub const PAIR: u64 = 64;

/// The number of groups of a content of `length` bytes.
pub const fn groups(length: u64) -> u64 {
	length.div_ceil(GROUP)
}

/// The bytes of the outboard of a content of `length` bytes.
pub const fn outboard_length(length: u64) -> u64 {
	groups(length).saturating_sub(1).saturating_mul(PAIR)
}

/// The largest power of two below `count`: what goes to the left when `count` neighbours are split.
pub const fn left_part(count: u64) -> u64 {
	match count.saturating_sub(1).checked_ilog2() {
		Some(exponent) => 1 << exponent,
		None => 1,
	}
}

/// A node of the tree: a run of groups, and where the outboard keeps its pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
	/// First group.
	pub start: u64,
	/// Number of groups. A node with one group has no pair.
	pub count: u64,
	/// Index of the pair in the outboard.
	pub pair: u64,
}

impl Node {
	/// The root of a content of `length` bytes.
	pub const fn root(length: u64) -> Self {
		Self { start: 0, count: groups(length), pair: 0 }
	}

	/// The two parts of a node of at least two groups.
	pub const fn children(&self) -> (Self, Self) {
		let left = left_part(self.count);
		(
			Self { start: self.start, count: left, pair: self.pair.saturating_add(1) },
			Self {
				start: self.start.saturating_add(left),
				count: self.count.saturating_sub(left),
				pair: self.pair.saturating_add(left),
			},
		)
	}

	/// The first byte of the node.
	pub const fn offset(&self) -> u64 {
		self.start.saturating_mul(GROUP)
	}

	/// The byte after the node's last one in a content of `length` bytes.
	pub const fn end(&self, length: u64) -> u64 {
		let end = self.start.saturating_add(self.count).saturating_mul(GROUP);
		if end < length {
			end
		} else {
			length
		}
	}

	/// Where the pair lies in the outboard.
	pub const fn pair_offset(&self) -> u64 {
		self.pair.saturating_mul(PAIR)
	}

	/// The node that covers `count` groups from `start` on, if the tree of a content of `length` bytes has it.
	pub fn find(length: u64, start: u64, count: u64) -> Option<Self> {
		let mut node = Self::root(length);
		loop {
			if node.start == start && node.count == count {
				return Some(node);
			}
			if node.count < 2 {
				return None;
			}
			let (left, right) = node.children();
			node = if start < right.start { left } else { right };
		}
	}
}

/// The chaining value of bytes that begin at `offset` of a content and are not the whole of it.
///
/// `offset` is a multiple of the length of the aligned subtree that `bytes` fill, as in every node.
pub fn value_of(bytes: &[u8], offset: u64) -> Hash {
	blake3::Hasher::new().set_input_offset(offset).update(bytes).finalize_non_root()
}

/// The chaining value above two others, or the root.
pub fn merge(left: &Hash, right: &Hash, is_root: bool) -> Hash {
	if is_root {
		merge_subtrees_root(left, right, Mode::Hash).into()
	} else {
		merge_subtrees_non_root(left, right, Mode::Hash)
	}
}

/// Splits a pair of an outboard.
pub fn split_pair(pair: &[u8; 64]) -> (Hash, Hash) {
	let mut left = [0; 32];
	let mut right = [0; 32];
	let (first, second) = pair.split_at(32);
	left.copy_from_slice(first);
	right.copy_from_slice(second);
	(left, right)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn preorder_has_every_pair_once() {
		for count in 1..200u64 {
			let mut seen = Vec::new();
			let mut stack = vec![Node::root(count * GROUP)];
			while let Some(node) = stack.pop() {
				if node.count > 1 {
					seen.push(node.pair);
					let (left, right) = node.children();
					stack.extend([right, left]);
				}
			}
			assert_eq!(seen, (0..count - 1).collect::<Vec<_>>());
		}
	}

	#[test]
	fn a_node_is_found_by_its_groups() {
		let length = 700 * GROUP - 5;
		assert_eq!(Node::find(length, 512, 188).map(|node| node.end(length)), Some(length));
		assert_eq!(Node::find(length, 256, 256).map(|node| node.pair), Some(257));
		assert_eq!(Node::find(length, 100, 256), None);
	}
}
