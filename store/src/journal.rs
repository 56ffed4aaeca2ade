//! What the agent must not forget: its deals, its forest, and the damage it has found.
//!
//! One redb file. A write is on the disk when the call returns, and a crash leaves the state before or after it. The
//! deals are in memory too (about 200 bytes each), so that questions cost no disk.

mod follow;
mod index;
mod records;

pub use follow::{DealChanges, Deletion, Followed, ForestChange, OrphanSince};
pub use records::{Damage, DealRecord, DealState, Remembered};

use crate::Hash;
use codec::{Decode, Encode};
use index::Index;
use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::{
	path::Path,
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};
use substation_proofs::forest::Leaf;

const DEALS: TableDefinition<u64, &[u8]> = TableDefinition::new("deals-1");
const SLOTS: TableDefinition<u32, &[u8]> = TableDefinition::new("slots-1");
const REMEMBERED: TableDefinition<u64, &[u8]> = TableDefinition::new("remembered-1");
const DAMAGED: TableDefinition<&[u8], &[u8]> = TableDefinition::new("damaged-1");
const NOTES: TableDefinition<&str, &[u8]> = TableDefinition::new("notes-1");

const NODE: &str = "node";
const DEPTH: &str = "forest-depth";

/// Memory that the database may use for itself, in bytes.
const CACHE: usize = 32 << 20;

/// Why the journal failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
	/// The database failed.
	#[error("journal: {0}")]
	Database(#[source] Box<redb::Error>),
	/// A record cannot be read. The file is damaged or from another version.
	#[error("journal: a record in `{table}` cannot be read")]
	Corrupt {
		/// Where it is.
		table: &'static str,
	},
	/// There is no such deal in the journal.
	#[error("deal {0} is not in the journal")]
	UnknownDeal(u64),
	/// The final state is only followed forwards.
	#[error("final block {height} comes after final block {followed} was followed")]
	Backwards {
		/// The block that was to be followed.
		height: u32,
		/// The block that was followed last.
		followed: u32,
	},
}

macro_rules! from_redb {
	($($error:ty),*) => {
		$(impl From<$error> for JournalError {
			fn from(error: $error) -> Self {
				Self::Database(Box::new(error.into()))
			}
		})*
	};
}

from_redb!(redb::DatabaseError, redb::TransactionError, redb::TableError, redb::StorageError, redb::CommitError);

/// The journal. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	database: Database,
	index: RwLock<Index>,
	/// How far the chain was followed.
	following: Mutex<follow::Following>,
	/// Held from reading what a write depends on to the end of the write.
	writer: Mutex<()>,
}

impl Journal {
	/// Opens the journal, or makes it.
	pub fn open(path: &Path) -> Result<Self, JournalError> {
		let database = Database::builder().set_cache_size(CACHE).create(path)?;
		let transaction = database.begin_write()?;
		transaction.open_table(DEALS)?;
		transaction.open_table(SLOTS)?;
		transaction.open_table(REMEMBERED)?;
		transaction.open_table(DAMAGED)?;
		transaction.open_table(NOTES)?;
		transaction.open_table(follow::ORPHANS)?;
		transaction.commit()?;

		let following = follow::Following::read(&database)?;
		let mut index = Index::default();
		let mut undated = Vec::new();
		for item in database.begin_read()?.open_table(DEALS)?.iter()? {
			let (_, value) = item?;
			let (record, is_dated) =
				records::read(value.value(), following.watched()).ok_or(JournalError::Corrupt { table: "deals" })?;
			if !is_dated {
				undated.push(record.clone());
			}
			index.insert(record);
		}
		let following = Mutex::new(following);
		let journal = Self(Arc::new(Inner { database, index: RwLock::new(index), following, writer: Mutex::new(()) }));
		// Written back, so that another start does not begin their wait again.
		journal.put_all(&undated)?;
		Ok(journal)
	}

	/// Notes a proposal that is to be fetched. Changes nothing if the deal is known.
	pub fn admit(&self, record: &DealRecord) -> Result<(), JournalError> {
		let _writer = self.writer();
		if self.index().get(record.deal).is_some() {
			return Ok(());
		}
		self.write_deals(std::slice::from_ref(record))
	}

	/// Writes a deal, whatever was known of it.
	pub fn put(&self, record: &DealRecord) -> Result<(), JournalError> {
		self.put_all(std::slice::from_ref(record))
	}

	/// Writes many deals in one transaction.
	pub fn put_all(&self, records: &[DealRecord]) -> Result<(), JournalError> {
		let _writer = self.writer();
		self.write_deals(records)
	}

	/// Moves a deal to another state.
	pub fn set_state(&self, deal: u64, state: DealState) -> Result<(), JournalError> {
		let _writer = self.writer();
		let record = self.index().get(deal).cloned().ok_or(JournalError::UnknownDeal(deal))?;
		self.write_deals(&[DealRecord { state, ..record }])
	}

	/// What is known of a deal.
	pub fn get(&self, deal: u64) -> Option<DealRecord> {
		self.index().get(deal).cloned()
	}

	/// Every deal, in the order of ids.
	pub fn deals(&self) -> Vec<DealRecord> {
		self.select(|_| true)
	}

	/// The deals whose state is wanted, in the order of ids.
	pub fn in_state(&self, wanted: impl Fn(&DealState) -> bool) -> Vec<DealRecord> {
		self.select(|record| wanted(&record.state))
	}

	/// The deals over a content, in the order of ids.
	pub fn deals_over(&self, root: &Hash) -> Vec<DealRecord> {
		self.select(|record| record.root == *root)
	}

	/// Whether a deal still needs this content.
	pub fn is_needed(&self, root: &Hash) -> bool {
		self.index().is_needed(root)
	}

	/// Whether a deal still needs this content and says that it has this length.
	pub fn is_needed_with(&self, root: &Hash, length: u64) -> bool {
		let is_about = |record: &DealRecord| record.root == *root && record.length == length;
		self.index().iter().any(|record| is_about(record) && record.state.needs_bytes())
	}

	/// How many deals there are.
	pub fn len(&self) -> usize {
		self.index().len()
	}

	/// Whether there is no deal.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// The id of the node that this folder belongs to.
	pub fn node_id(&self) -> Result<Option<u64>, JournalError> {
		self.note(NODE)?.map(|bytes| decode(&bytes, "notes")).transpose()
	}

	/// Remembers the id of the node that this folder belongs to.
	pub fn set_node_id(&self, node: u64) -> Result<(), JournalError> {
		self.set_note(NODE, &node.encode())
	}

	/// A small value that somebody left.
	pub fn note(&self, key: &str) -> Result<Option<Vec<u8>>, JournalError> {
		let table = self.0.database.begin_read()?.open_table(NOTES)?;
		let value = table.get(key)?;
		Ok(value.map(|value| value.value().to_vec()))
	}

	/// Leaves a small value.
	pub fn set_note(&self, key: &str, value: &[u8]) -> Result<(), JournalError> {
		let transaction = self.0.database.begin_write()?;
		transaction.open_table(NOTES)?.insert(key, value)?;
		Ok(transaction.commit()?)
	}

	/// Notes what is damaged in a content; nothing to say that it is whole again.
	pub fn set_damage(&self, damage: &Damage) -> Result<(), JournalError> {
		let transaction = self.0.database.begin_write()?;
		{
			let mut table = transaction.open_table(DAMAGED)?;
			if damage.ranges.is_empty() {
				table.remove(damage.root.as_slice())?;
			} else {
				table.insert(damage.root.as_slice(), damage.encode().as_slice())?;
			}
		}
		Ok(transaction.commit()?)
	}

	/// All damage that is known.
	pub fn damage(&self) -> Result<Vec<Damage>, JournalError> {
		let table = self.0.database.begin_read()?.open_table(DAMAGED)?;
		let mut all = Vec::new();
		for item in table.iter()? {
			all.push(decode(item?.1.value(), "damaged")?);
		}
		Ok(all)
	}

	/// The damage that is known of one content.
	pub fn damage_of(&self, root: &Hash) -> Result<Option<Damage>, JournalError> {
		let table = self.0.database.begin_read()?.open_table(DAMAGED)?;
		let value = table.get(root.as_slice())?;
		value.map(|value| decode(value.value(), "damaged")).transpose()
	}

	/// The forest's depth and leaves, in the order of slots.
	pub fn forest(&self) -> Result<(u8, Vec<(u32, Leaf)>), JournalError> {
		let depth = self.note(DEPTH)?.map(|bytes| decode(&bytes, "notes")).transpose()?.unwrap_or(0);
		let table = self.0.database.begin_read()?.open_table(SLOTS)?;
		let mut leaves = Vec::new();
		for item in table.iter()? {
			let (slot, value) = item?;
			leaves.push((slot.value(), decode(value.value(), "slots")?));
		}
		Ok((depth, leaves))
	}

	/// Earlier forests, the oldest first, each as what undoes the change that ended it.
	pub fn remembered(&self) -> Result<Vec<Remembered>, JournalError> {
		let table = self.0.database.begin_read()?.open_table(REMEMBERED)?;
		let mut all = Vec::new();
		for item in table.iter()? {
			all.push(decode(item?.1.value(), "remembered")?);
		}
		Ok(all)
	}

	/// Changes the forest alone, in one transaction.
	pub fn write_forest(&self, change: &ForestChange) -> Result<(), JournalError> {
		let transaction = self.0.database.begin_write()?;
		follow::write_forest(&transaction, change)?;
		Ok(transaction.commit()?)
	}

	/// Forgets earlier forests that a change in a block before `block` ended.
	pub fn forget_remembered(&self, block: u32) -> Result<(), JournalError> {
		let transaction = self.0.database.begin_write()?;
		{
			let mut table = transaction.open_table(REMEMBERED)?;
			let mut old = Vec::new();
			for item in table.iter()? {
				let (key, value) = item?;
				let remembered: Remembered = decode(value.value(), "remembered")?;
				if remembered.block >= block {
					break;
				}
				old.push(key.value());
			}
			for key in old {
				table.remove(key)?;
			}
		}
		Ok(transaction.commit()?)
	}

	fn select(&self, wanted: impl Fn(&DealRecord) -> bool) -> Vec<DealRecord> {
		let mut found: Vec<DealRecord> = self.index().iter().filter(|record| wanted(record)).cloned().collect();
		found.sort_unstable_by_key(|record| record.deal);
		found
	}

	fn write_deals(&self, records: &[DealRecord]) -> Result<(), JournalError> {
		if records.is_empty() {
			return Ok(());
		}
		let transaction = self.0.database.begin_write()?;
		{
			let mut table = transaction.open_table(DEALS)?;
			for record in records {
				table.insert(record.deal, record.encode().as_slice())?;
			}
		}
		transaction.commit()?;
		let mut index = self.index_mut();
		for record in records {
			index.insert(record.clone());
		}
		Ok(())
	}

	// The index is changed by single calls that cannot fail half-way, so a panic elsewhere cannot have spoilt it.
	fn index(&self) -> RwLockReadGuard<'_, Index> {
		self.0.index.read()
	}

	fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
		self.0.index.write()
	}

	fn writer(&self) -> MutexGuard<'_, ()> {
		self.0.writer.lock()
	}
}

/// Seconds since 1970.
pub fn now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn decode<T: Decode>(mut bytes: &[u8], table: &'static str) -> Result<T, JournalError> {
	T::decode(&mut bytes).map_err(|_| JournalError::Corrupt { table })
}

#[cfg(test)]
mod tests;
