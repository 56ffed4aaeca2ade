//! The deals in memory, and the contents that they need.

use crate::journal::DealRecord;
use crate::Hash;
use std::collections::HashMap;

/// Deals by id; deals per content.
#[derive(Debug, Default)]
pub(super) struct Index {
	deals: HashMap<u64, DealRecord>,
	needed: HashMap<Hash, u32>,
}

impl Index {
	pub(super) fn get(&self, deal: u64) -> Option<&DealRecord> {
		self.deals.get(&deal)
	}

	pub(super) fn iter(&self) -> impl Iterator<Item = &DealRecord> {
		self.deals.values()
	}

	pub(super) fn len(&self) -> usize {
		self.deals.len()
	}

	pub(super) fn is_needed(&self, root: &Hash) -> bool {
		self.needed.contains_key(root)
	}

	pub(super) fn insert(&mut self, record: DealRecord) {
		self.remove(record.deal);
		if record.state.needs_bytes() {
			let count = self.needed.entry(record.root).or_default();
			*count = count.saturating_add(1);
		}
		self.deals.insert(record.deal, record);
	}

	pub(super) fn remove(&mut self, deal: u64) {
		let Some(record) = self.deals.remove(&deal) else { return };
		if record.state.needs_bytes() {
			if let Some(count) = self.needed.get_mut(&record.root) {
				*count = count.saturating_sub(1);
				if *count == 0 {
					self.needed.remove(&record.root);
				}
			}
		}
	}
}
