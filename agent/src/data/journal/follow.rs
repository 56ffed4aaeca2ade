//! The final block that the journal has followed to, and all that one final block changes, in one transaction.

use super::{DealRecord, DealState, Journal, JournalError, Remembered, DEALS, DEPTH, NOTES, REMEMBERED, SLOTS};
use crate::data::Hash;
use codec::{Decode, Encode};
use redb::{ReadableTable, WriteTransaction};
use serde::Serialize;
use std::{collections::BTreeMap, sync::PoisonError};
use substation_proofs::forest::Leaf;

/// The note that has it.
pub(super) const FOLLOWED: &str = "followed";

/// A final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Followed {
	/// Its height.
	pub height: u32,
	/// Its hash.
	pub hash: Hash,
}

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
	/// All of it is replaced, and earlier forests are forgotten.
	Whole {
		/// The depth afterwards.
		depth: u8,
		/// Every leaf.
		leaves: Vec<(u32, Leaf)>,
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
	/// What waits for its deletion. A `period` takes so many seconds.
	pub fn deletion(&self, period: Option<u64>) -> Option<Deletion> {
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
			at: period.map(|period| since.saturating_add(period)),
		})
	}

	/// The final block that was followed last.
	pub fn followed(&self) -> Option<Followed> {
		*self.0.followed.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Writes what a final block changes, together with the block itself. Errors and changes nothing when a higher one, or
	/// another one of this height, was followed before.
	pub fn follow(&self, block: Followed, forest: &ForestChange, deals: &DealChanges) -> Result<(), JournalError> {
		let _writer = self.writer();
		let is_ahead = |followed: &Followed| followed.height > block.height;
		let is_other = |followed: &Followed| followed.height == block.height && followed.hash != block.hash;
		if let Some(followed) = self.followed().filter(|followed| is_ahead(followed) || is_other(followed)) {
			return Err(JournalError::Backwards { height: block.height, followed: followed.height });
		}
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
			transaction.open_table(NOTES)?.insert(FOLLOWED, block.encode().as_slice())?;
		}
		transaction.commit()?;
		*self.0.followed.lock().unwrap_or_else(PoisonError::into_inner) = Some(block);
		let mut index = self.index_mut();
		for (deal, record) in deals {
			match record {
				Some(record) => index.insert(record.clone()),
				None => index.remove(*deal),
			}
		}
		Ok(())
	}
}

/// Writes slots, the depth, and what undoes it.
pub(super) fn write_forest(transaction: &WriteTransaction, change: &ForestChange) -> Result<(), JournalError> {
	let depth = match change {
		ForestChange::Same => return Ok(()),
		ForestChange::Slots { depth, slots, undo } => {
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
			depth
		}
		ForestChange::Whole { depth, leaves } => {
			transaction.delete_table(SLOTS)?;
			transaction.delete_table(REMEMBERED)?;
			transaction.open_table(REMEMBERED)?;
			let mut table = transaction.open_table(SLOTS)?;
			for (slot, leaf) in leaves {
				table.insert(slot, leaf.encode().as_slice())?;
			}
			depth
		}
	};
	transaction.open_table(NOTES)?.insert(DEPTH, depth.encode().as_slice())?;
	Ok(())
}
