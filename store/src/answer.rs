//! Answers to challenges, read from the store.
//!
//! An opening reads one group (16 KiB) and the pairs above it; nothing else of the content is touched, and nothing is
//! kept. Every answer is verified, as the chain will verify it, before it leaves.

use crate::{
	blobs::{BlobError, BlobStore, OpenBlob},
	forests::Forests,
	tree, Hash,
};
use std::{
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
};
use substation_proofs::{
	forest::{Forest, Leaf},
	prover::{self, ChunkSource, ForestTree, GroupSource, OpenError, ProveError},
	storage::{self, StorageProof},
	Challenge, ContentOpening, NativeHasher, ProofError,
};

/// Why a deal's chunks could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
	/// The store failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// The content in the store is not as long as the deal says.
	#[error("content has {found} bytes, the deal {expected}")]
	OtherLength {
		/// Bytes in the store.
		found: u64,
		/// Bytes in the deal.
		expected: u64,
	},
	/// The opening is not possible.
	#[error("{0}")]
	Opening(String),
}

/// Why a challenge has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
	/// The forest is not, and was not recently, this node's.
	#[error("forest {} is not one of this node's", hex::encode(.0))]
	UnknownForest(Hash),
	/// The proof could not be built; it names the deal.
	#[error("{0}")]
	Prove(ProveError<ReadError>),
	/// The proof was built and would be refused: a fault of this program.
	#[error("the proof would be refused: {0:?}")]
	Refused(ProofError),
}

impl AnswerError {
	/// The deal whose bytes are missing or damaged, if that is the reason.
	pub fn deal(&self) -> Option<u64> {
		match self {
			Self::Prove(ProveError::Source { deal, .. } | ProveError::Damaged { deal, .. }) => Some(*deal),
			_ => None,
		}
	}
}

/// Answers challenges. Clones share the store and the forests.
#[derive(Clone, Debug)]
pub struct Prover {
	blobs: BlobStore,
	forests: Forests,
}

impl Prover {
	/// A prover over a store and the forests of one node.
	pub fn new(blobs: BlobStore, forests: Forests) -> Self {
		Self { blobs, forests }
	}

	/// The forests that it answers for.
	pub fn forests(&self) -> &Forests {
		&self.forests
	}

	/// The answer to `challenge` over `forest`, now or as it was. Blocks on the disk.
	pub fn answer(&self, challenge: &Challenge, forest: &Forest) -> Result<StorageProof, AnswerError> {
		let tree = self
			.forests
			.tree(&forest.root)
			.filter(|tree| tree.forest() == *forest)
			.ok_or(AnswerError::UnknownForest(forest.root))?;
		answer(&self.blobs, &tree, challenge)
	}
}

/// The answer to `challenge` over one forest. Blocks on the disk.
pub fn answer(blobs: &BlobStore, tree: &ForestTree, challenge: &Challenge) -> Result<StorageProof, AnswerError> {
	let mut source = Stored { blobs };
	let proof = prover::prove(tree, challenge, &mut source).map_err(AnswerError::Prove)?;
	storage::verify::<NativeHasher>(&tree.forest(), challenge, &proof).map(drop).map_err(AnswerError::Refused)?;
	Ok(proof)
}

/// Opens chunks of the store's contents.
struct Stored<'a> {
	blobs: &'a BlobStore,
}

impl ChunkSource for Stored<'_> {
	type Error = ReadError;

	fn open(&mut self, leaf: &Leaf, chunks: &[u64]) -> Result<ContentOpening, ReadError> {
		let blob = self.blobs.read(&leaf.root)?;
		if blob.length != leaf.length {
			return Err(ReadError::OtherLength { found: blob.length, expected: leaf.length });
		}
		let mut groups = Groups { blob: &blob, path: self.blobs.path(&leaf.root, "data") };
		prover::open_groups(leaf.length, chunks, &mut groups).map_err(|error| match error {
			OpenError::Source(error) => error.into(),
			other => ReadError::Opening(format!("{other:?}")),
		})
	}
}

/// Reads groups and pairs of one content.
struct Groups<'a> {
	blob: &'a OpenBlob,
	path: PathBuf,
}

impl GroupSource for Groups<'_> {
	type Error = BlobError;

	fn group(&mut self, index: u64) -> Result<Vec<u8>, BlobError> {
		let offset = index.saturating_mul(tree::GROUP);
		let size = self.blob.length.saturating_sub(offset).min(tree::GROUP);
		let mut bytes = vec![0; usize::try_from(size).unwrap_or(tree::GROUP_BYTES)];
		self.blob.data.read_exact_at(&mut bytes, offset).map_err(BlobError::io(&self.path))?;
		Ok(bytes)
	}

	fn parent(&mut self, start_chunk: u64, chunk_count: u64) -> Result<(Hash, Hash), BlobError> {
		let offset =
			prover::pair_offset(self.blob.length, start_chunk, chunk_count).ok_or_else(|| no_such_node(&self.path))?;
		let mut pair = [0; 64];
		self.blob.outboard.read_exact_at(&mut pair, offset).map_err(BlobError::io(&self.path))?;
		Ok(tree::split_pair(&pair))
	}
}

fn no_such_node(path: &Path) -> BlobError {
	BlobError::Io { path: path.to_owned(), source: io::Error::other("the tree has no such node") }
}
