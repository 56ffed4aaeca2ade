//! A state in a ParityDB that is set up as the node sets up its own.

use crate::items::Item;
use anyhow::{ensure, Context, Result};
use parity_db::{Db, Operation};
use sc_client_db::{
	Backend, BlocksPruning, DatabaseSettings, DatabaseSource, DbHash, DbState, DbStateBuilder, PruningMode,
};
use sp_core::storage::StateVersion;
use sp_runtime::{
	generic::{Block, Header},
	traits::BlakeTwo256,
	OpaqueExtrinsic,
};
use sp_state_machine::{Backend as _, Storage};
use sp_trie::{empty_trie_root, DBValue, LayoutV1, PrefixedMemoryDB};
use std::{iter::repeat_n, path::Path, sync::Arc};

/// Nodes of a trie that are to be added and removed.
pub(crate) type Nodes = PrefixedMemoryDB<BlakeTwo256>;

/// What the database is made for. Only its hash matters here.
type AnyBlock = Block<Header<u32, BlakeTwo256>, OpaqueExtrinsic>;

/// The column of the trie's nodes: `columns::STATE` of `sc-client-db`, which is not public.
const STATE_COLUMN: u8 = 1;

/// Bytes of a node's hash, which end its prefixed key.
const HASH_LENGTH: usize = 32;

/// The state of one block.
pub(crate) struct State {
	database: Arc<Database>,
	root: DbHash,
}

/// The trie's nodes on disk. Dropping it waits until they are there.
struct Database(Db);

impl State {
	/// An empty state in a new database.
	///
	/// `sc-client-db` hands its database only to the runtime's benchmarks. So it makes one and closes it, and what it made
	/// is opened with the options that it left there.
	pub(crate) fn create(folder: &Path) -> Result<Self> {
		let settings = DatabaseSettings {
			trie_cache_maximum_size: None,
			state_pruning: Some(PruningMode::ArchiveAll),
			source: DatabaseSource::ParityDb { path: folder.into() },
			blocks_pruning: BlocksPruning::KeepAll,
			pruning_filters: Vec::new(),
			metrics_registry: None,
		};
		let canonicalization_delay = 0;
		drop(Backend::<AnyBlock>::new(settings, canonicalization_delay)?);
		Self::open(folder, empty_trie_root::<LayoutV1<BlakeTwo256>>())
	}

	/// The state with this root.
	pub(crate) fn open(folder: &Path, root: DbHash) -> Result<Self> {
		let metadata = parity_db::Options::load_metadata(folder)?.context("no database")?;
		let is_for_nodes = metadata
			.columns
			.get(usize::from(STATE_COLUMN))
			.is_some_and(|column| column.preimage && column.uniform && column.ref_counted);
		ensure!(is_for_nodes, "column {STATE_COLUMN} of the database is not the state's");
		let mut options = parity_db::Options::with_columns(folder, 0);
		options.columns = metadata.columns;
		Ok(Self { database: Arc::new(Database(Db::open(&options)?)), root })
	}

	/// Waits until everything is on disk. Returns the root, to open it again.
	pub(crate) fn close(self) -> DbHash {
		self.root
	}

	/// What the runtime reads from, as the node makes it for a block, less the cache and the recorder.
	pub(crate) fn trie(&self) -> DbState<BlakeTwo256> {
		let storage: Arc<dyn Storage<BlakeTwo256>> = self.database.clone();
		DbStateBuilder::new(storage, self.root).build()
	}

	/// The root after these items are set, and the nodes that come and go. Stores nothing.
	pub(crate) fn root_after(&self, items: &[Item]) -> (DbHash, Nodes) {
		let changes = items.iter().map(|item| (&item.key[..], Some(&item.value[..])));
		self.trie().storage_root(changes, StateVersion::V1)
	}

	/// Goes on to the state in which these items are set, and forgets the present one.
	pub(crate) fn advance(&mut self, items: &[Item]) -> Result<()> {
		let (root, nodes) = self.root_after(items);
		self.database.commit(added(nodes.clone()).chain(removed(nodes)))?;
		self.root = root;
		Ok(())
	}

	/// Stores the nodes that come, beside those that go: removing them is the business of pruning.
	pub(crate) fn add(&self, nodes: Nodes) -> Result<()> {
		self.database.commit(added(nodes))
	}

	/// Takes back what [`Self::add`] stored. Nodes are counted, so that what was there before stays.
	pub(crate) fn take_back(&self, nodes: Nodes) -> Result<()> {
		let removals = added(nodes).map(|operation| Operation::Dereference(operation.into_key()));
		self.database.commit(removals)
	}
}

impl Database {
	fn commit(&self, operations: impl Iterator<Item = Operation<Vec<u8>, Vec<u8>>>) -> Result<()> {
		Ok(self.0.commit_changes(operations.map(|operation| (STATE_COLUMN, operation)))?)
	}
}

impl Storage<BlakeTwo256> for Database {
	// A database that counts references knows nodes by their hash alone.
	fn get(&self, hash: &DbHash, _prefix: (&[u8], Option<u8>)) -> Result<Option<DBValue>, String> {
		self.0.get(STATE_COLUMN, hash.as_bytes()).map_err(|error| error.to_string())
	}
}

fn added(mut nodes: Nodes) -> impl Iterator<Item = Operation<Vec<u8>, Vec<u8>>> {
	nodes.drain().into_iter().flat_map(|(key, (node, count))| {
		let times = usize::try_from(count).unwrap_or(0);
		repeat_n((without_prefix(key), node), times).map(|(hash, node)| Operation::Set(hash, node))
	})
}

fn removed(mut nodes: Nodes) -> impl Iterator<Item = Operation<Vec<u8>, Vec<u8>>> {
	nodes.drain().into_iter().flat_map(|(key, (_, count))| {
		let times = usize::try_from(-count).unwrap_or(0);
		repeat_n(without_prefix(key), times).map(Operation::Dereference)
	})
}

/// The hash that a node is stored under: what its key ends with.
fn without_prefix(mut key: Vec<u8>) -> Vec<u8> {
	key.drain(..key.len().saturating_sub(HASH_LENGTH));
	key
}
