//! The final block that the journal has followed to, and all that one final block changes, in one transaction.

use crate::journal::{
	DealRecord, DealState, Journal, JournalError, Remembered, DEALS, DEPTH, NOTES, REMEMBERED, SLOTS,
};
use crate::Hash;
use codec::{Decode, Encode};
use parking_lot::MutexGuard;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use std::collections::BTreeMap;
use substation_proofs::forest::Leaf;

/// The note that has the block.
const FOLLOWED: &str = "followed";
/// The note that says for how many seconds the chain was followed.
const WATCHED: &str = "watched";
/// The note that says how many seconds a period takes.
const PERIOD: &str = "period";
/// Contents that no deal needs, and since when.
pub(super) const ORPHANS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("orphans-1");

/// A final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Followed {
	/// Its height.
	pub height: u32,
	/// Its hash.
	pub hash: Hash,
}

/// How far the chain was followed, and for how long.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Following {
	block: Option<Followed>,
	watched: u64,
	period: Option<u64>,
}

impl Following {
	pub(super) fn read(database: &Database) -> Result<Self, JournalError> {
		let notes = database.begin_read()?.open_table(NOTES)?;
		let (block, watched, period) = (note(&notes, FOLLOWED)?, note(&notes, WATCHED)?, note(&notes, PERIOD)?);
		Ok(Self { block, watched: watched.unwrap_or(0), period })
	}

	pub(super) fn watched(&self) -> u64 {
		self.watched
	}
}

fn note<T: Decode>(notes: &ReadOnlyTable<&'static str, &'static [u8]>, key: &str) -> Result<Option<T>, JournalError> {
	let value = notes.get(key)?;
	value.map(|value| super::decode(value.value(), "notes")).transpose()
}

/// Since when no deal needs a content, in seconds that the chain was followed. `None` if it has waited as a deal's.
pub type OrphanSince = Option<u64>;

/// What becomes of the forest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForestChange {
	/// It stays.
	Same,
	/// Some slots change; `None` empties one.
	Slots {
		/// The depth afterwards.
		depth: u8,
		/// What the slots hold afterwards.
		slots: Vec<(u32, Option<Leaf>)>,
		/// What undoes it.
		undo: Remembered,
	},
}

/// Deals to write, and those to forget (`None`), by id.
pub type DealChanges = BTreeMap<u64, Option<DealRecord>>;

/// Contents that only wait for their deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
	/// How many there are.
	pub contents: usize,
	/// Bytes of all of them.
	pub bytes: u64,
	/// No content goes before this block.
	pub block: u32,
	/// Nor before this time, in seconds since 1970, if the length of a period is known.
	pub at: Option<u64>,
}

impl Journal {
	/// What waits for its deletion.
	pub fn deletion(&self) -> Option<Deletion> {
		let mut waiting: BTreeMap<Hash, Option<(u64, u32, u64)>> = BTreeMap::new();
		for record in self.in_state(DealState::needs_bytes) {
			let DealState::ToDelete { after, since } = record.state else {
				waiting.insert(record.root, None);
				continue;
			};
			if let Some((_, last, latest)) = waiting.entry(record.root).or_insert(Some((record.length, after, since))) {
				(*last, *latest) = (after.max(*last), since.max(*latest));
			}
		}
		let waiting: Vec<(u64, u32, u64)> = waiting.into_values().flatten().collect();
		let since = waiting.iter().map(|(_, _, since)| *since).min()?;
		Some(Deletion {
			contents: waiting.len(),
			bytes: waiting.iter().fold(0u64, |sum, (length, ..)| sum.saturating_add(*length)),
			block: waiting.iter().map(|(_, after, _)| *after).min()?,
			at: self.end_of_wait(since),
		})
	}

	/// When a wait of a period is over that began after the chain was followed for `since` seconds, in seconds since 1970,
	/// if the chain is followed without a pause until then. `None` until it is known how long a period takes.
	pub fn end_of_wait(&self, since: u64) -> Option<u64> {
		let Following { watched, period, .. } = *self.following();
		let left = since.saturating_add(period?).saturating_sub(watched);
		Some(super::now().saturating_add(left))
	}

	/// The final block that was followed last.
	pub fn followed(&self) -> Option<Followed> {
		self.following().block
	}

	/// Seconds for which this folder has followed the chain, on clocks that nobody can set.
	pub fn watched(&self) -> u64 {
		self.following().watched
	}

	/// How long a period takes, in seconds, once that is known.
	pub fn period(&self) -> Option<u64> {
		self.following().period
	}

	/// How long a period takes, in seconds: what was said first, since it is the same as long as the chain lives, and a
	/// node that says less would shorten the wait of bytes that are to be deleted.
	pub fn pin_period(&self, seconds: u64) -> Result<u64, JournalError> {
		let _writer = self.writer();
		if let Some(pinned) = self.following().period {
			return Ok(pinned);
		}
		let pinned = seconds.max(1);
		self.set_note(PERIOD, &pinned.encode())?;
		self.following().period = Some(pinned);
		Ok(pinned)
	}

	/// Forgets which block was followed and how long a period takes, because a node that showed them lied. Deals, forests
	/// and waits stay as they are. Says which block it was.
	pub fn forget_followed(&self) -> Result<Option<Followed>, JournalError> {
		let _writer = self.writer();
		let transaction = self.0.database.begin_write()?;
		{
			let mut notes = transaction.open_table(NOTES)?;
			notes.remove(FOLLOWED)?;
			notes.remove(PERIOD)?;
		}
		transaction.commit()?;
		let mut following = self.following();
		following.period = None;
		Ok(following.block.take())
	}

	/// Writes what a final block changes, together with the block itself and for how long the chain was followed. Errors and
	/// changes nothing when a higher one, or another one of this height, was followed before.
	pub fn follow(
		&self,
		block: Followed,
		watched: u64,
		forest: &ForestChange,
		deals: &DealChanges,
	) -> Result<(), JournalError> {
		let _writer = self.writer();
		let before = *self.following();
		let is_ahead = |followed: &Followed| followed.height > block.height;
		let is_other = |followed: &Followed| followed.height == block.height && followed.hash != block.hash;
		if let Some(followed) = before.block.filter(|followed| is_ahead(followed) || is_other(followed)) {
			return Err(JournalError::Backwards { height: block.height, followed: followed.height });
		}
		let watched = watched.max(before.watched);
		let waited: Vec<Hash> = {
			let index = self.index();
			let forgotten =
				deals.iter().filter(|(_, record)| record.is_none()).filter_map(|(deal, _)| index.get(*deal));
			let waited = forgotten.filter(|record| matches!(record.state, DealState::ToDelete { .. }));
			waited.map(|record| record.root).collect()
		};
		let transaction = self.0.database.begin_write()?;
		write_forest(&transaction, forest)?;
		{
			let mut table = transaction.open_table(DEALS)?;
			for (deal, record) in deals {
				match record {
					Some(record) => drop(table.insert(deal, record.encode().as_slice())?),
					None => drop(table.remove(deal)?),
				}
			}
			let mut orphans = transaction.open_table(ORPHANS)?;
			for root in waited {
				orphans.insert(root.as_slice(), OrphanSince::None.encode().as_slice())?;
			}
			let mut notes = transaction.open_table(NOTES)?;
			notes.insert(FOLLOWED, block.encode().as_slice())?;
			notes.insert(WATCHED, watched.encode().as_slice())?;
		}
		transaction.commit()?;
		{
			let mut following = self.following();
			(following.block, following.watched) = (Some(block), watched);
		}
		let mut index = self.index_mut();
		for (deal, record) in deals {
			match record {
				Some(record) => index.insert(record.clone()),
				None => index.remove(*deal),
			}
		}
		Ok(())
	}

	/// Contents that no deal needs and that wait for their deletion.
	pub fn orphans(&self) -> Result<BTreeMap<Hash, OrphanSince>, JournalError> {
		let table = self.0.database.begin_read()?.open_table(ORPHANS)?;
		let mut all = BTreeMap::new();
		for item in table.iter()? {
			let (root, since) = item?;
			let root = Hash::try_from(root.value()).map_err(|_| JournalError::Corrupt { table: "orphans" })?;
			all.insert(root, super::decode(since.value(), "orphans")?);
		}
		Ok(all)
	}

	/// Notes contents that no deal needs from now on, and forgets some.
	pub fn change_orphans(&self, found: &[(Hash, OrphanSince)], forgotten: &[Hash]) -> Result<(), JournalError> {
		if found.is_empty() && forgotten.is_empty() {
			return Ok(());
		}
		let _writer = self.writer();
		let transaction = self.0.database.begin_write()?;
		{
			let mut table = transaction.open_table(ORPHANS)?;
			for (root, since) in found {
				table.insert(root.as_slice(), since.encode().as_slice())?;
			}
			for root in forgotten {
				table.remove(root.as_slice())?;
			}
		}
		Ok(transaction.commit()?)
	}

	// Plain numbers, each written at once: a panic elsewhere cannot have spoilt them.
	fn following(&self) -> MutexGuard<'_, Following> {
		self.0.following.lock()
	}
}

/// Writes slots, the depth, and what undoes it.
pub(super) fn write_forest(transaction: &WriteTransaction, change: &ForestChange) -> Result<(), JournalError> {
	let ForestChange::Slots { depth, slots, undo } = change else { return Ok(()) };
	{
		let mut table = transaction.open_table(SLOTS)?;
		for (slot, leaf) in slots {
			match leaf {
				Some(leaf) => drop(table.insert(slot, leaf.encode().as_slice())?),
				None => drop(table.remove(slot)?),
			}
		}
		let mut table = transaction.open_table(REMEMBERED)?;
		let next = table.last()?.map_or(0, |(last, _)| last.value().saturating_add(1));
		table.insert(next, undo.encode().as_slice())?;
	}
	transaction.open_table(NOTES)?.insert(DEPTH, depth.encode().as_slice())?;
	Ok(())
}
