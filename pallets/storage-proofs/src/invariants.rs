//! What always holds, checked after every test and by `try-runtime`. The README lists the same.

use crate::{prove::PERIODS_PER_WORD, seeds::ring_index, types::NodeRecord, Config, NodeProofs, Pallet, Proven, Seeds};
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;
use substation_primitives::{settings::MAX_OPENINGS, NodeId, Period};
use substation_proofs::{forest::Forest, Hash};

impl<T: Config> Pallet<T> {
	/// Checks every invariant of this pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(T::Clock::get().is_consistent(), "I7: the clock's lengths do not fit together");
		Self::check_seeds_lie_in_the_ring()?;
		Self::check_proven_words()?;
		for (node, record) in NodeProofs::<T>::iter() {
			Self::check_clock_of_node(node, &record)?;
			Self::check_next_due_follows_the_last_proof(node, &record)?;
			Self::check_termination(&record)?;
			Self::check_forest(&record.forest)?;
			if let Some((_, frozen)) = &record.frozen {
				Self::check_forest(frozen)?;
			}
		}
		Ok(())
	}

	/// I1: every seed lies at the place in the ring that its block gives it, belongs to a block that is past, and asks
	/// for a number of openings that a proof can have.
	fn check_seeds_lie_in_the_ring() -> Result<(), TryRuntimeError> {
		let clock = T::Clock::get();
		for (index, seed) in Seeds::<T>::iter() {
			ensure!(ring_index(&clock, seed.opened) == Some(index), "I1: a seed is out of place");
			ensure!(seed.opened < Self::now(), "I1: a seed of the future");
			ensure!((1..=MAX_OPENINGS).contains(&seed.openings), "I1: openings out of range");
		}
		Ok(())
	}

	/// I2: no word of outcomes is empty, and none speaks of a period that has not begun.
	fn check_proven_words() -> Result<(), TryRuntimeError> {
		for (node, word, bits) in Proven::<T>::iter() {
			ensure!(bits != 0, "I2: an empty word is stored");
			let highest = u128::BITS.saturating_sub(1).saturating_sub(bits.leading_zeros());
			let latest = Period(word.saturating_mul(PERIODS_PER_WORD).saturating_add(highest));
			let current = Self::current_at(node, Self::now());
			ensure!(latest <= current, "I2: a proof of the future");
		}
		Ok(())
	}

	/// I3: a node's first undecided period is at most one past the current one, and its frozen set is not of a later
	/// period than that.
	fn check_clock_of_node(node: NodeId, record: &NodeRecord) -> Result<(), TryRuntimeError> {
		let current = Self::current_at(node, Self::now());
		ensure!(record.next_due <= current.next(), "I3: a period is decided before its time");
		if let Some((frozen, _)) = record.frozen {
			ensure!(frozen <= record.next_due, "I3: a set is frozen beyond the first undecided period");
		}
		Ok(())
	}

	/// I4: no period from the first undecided one on is proven, and if the current one is decided, it is proven or
	/// ended the node.
	fn check_next_due_follows_the_last_proof(node: NodeId, record: &NodeRecord) -> Result<(), TryRuntimeError> {
		let current = Self::current_at(node, Self::now());
		ensure!(record.next_due > current || !Self::is_proven(node, current), "I4: a proven period is still undecided");
		ensure!(
			record.terminated_at.is_some() || record.next_due <= current || Self::is_proven(node, current),
			"I4: the current period is decided without a proof"
		);
		Ok(())
	}

	/// I5: a terminated node commits to nothing, and nothing is due after the deciding period.
	fn check_termination(record: &NodeRecord) -> Result<(), TryRuntimeError> {
		let Some(period) = record.terminated_at else { return Ok(()) };
		ensure!(record.forest == Forest::default(), "I5: a terminated node has a forest");
		ensure!(record.frozen.is_none(), "I5: a terminated node has a frozen set");
		ensure!(record.next_due == period.next(), "I5: the deciding period is not the last decided one");
		Ok(())
	}

	/// I6: a forest without bytes has the root of nothing, and no other has.
	fn check_forest(forest: &Forest) -> Result<(), TryRuntimeError> {
		ensure!((forest.total == 0) == (forest.root == Hash::default()), "I6: root and total disagree");
		Ok(())
	}
}
