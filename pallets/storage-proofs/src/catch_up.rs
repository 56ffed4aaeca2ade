//! Misses are noticed when somebody looks.
//!
//! Every accepted proof moves `next_due`, and so does every catch-up. So `next_due ..= closed` is one unbroken run of
//! misses, except for periods with an empty set, and a run has at most two different sets:
//!
//! ```text
//!   next_due            next_due + 1 ..= closed
//! |--- frozen or now ---|------------ now ------------|
//! ```
//! because a change of the forest catches up first, so the last change lies in `next_due` or before it.

use crate::{
	penalty::{self, Penalty, Standing},
	types::{HostHasher, NodeRecord},
	Config, Error, Event, NodeProofs, Pallet,
};
use frame_support::{pallet_prelude::*, traits::Get};
use substation_primitives::{
	traits::{Bonds, Exposure, Sanctions, Treasury},
	Balance, BlockNumber, NodeId, Period, ResourceClass,
};

/// Periods without a proof, in a row, that had something to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
	/// The first of them.
	pub first: Period,
	/// How many they are.
	pub misses: u32,
}

impl Run {
	/// The run that ends with `closed`, the last closed period.
	pub(crate) fn of(record: &NodeRecord, closed: Period) -> Self {
		let first = record.next_due;
		let none = Self { first, misses: 0 };
		if record.terminated_at.is_some() {
			return none;
		}
		let Some(later) = closed.0.checked_sub(first.0) else { return none };
		let first_is_due = record.challenged(first).total > 0;
		let later_are_due = record.forest.total > 0;
		match (first_is_due, later_are_due) {
			(true, true) => Self { first, misses: later.saturating_add(1) },
			(true, false) => Self { first, misses: 1 },
			(false, true) => Self { first: first.next(), misses: later },
			(false, false) => none,
		}
	}

	/// The period of the `nth` miss, counted from 1.
	fn period(&self, nth: u32) -> Period {
		Period(self.first.0.saturating_add(nth.saturating_sub(1)))
	}
}

/// What is decided about a node, whether it is written or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
	/// The record with every final miss applied.
	pub record: NodeRecord,
	/// The misses that were not yet applied.
	pub missed: Option<Missed>,
}

/// Misses and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missed {
	/// The first of them.
	pub first: Period,
	/// Their price.
	pub penalty: Penalty,
}

impl<T: Config> Pallet<T> {
	/// Judges a node at block `now`. Reads only, and costs the same for one period as for a thousand.
	pub(crate) fn judge(node: NodeId, mut record: NodeRecord, now: BlockNumber) -> Verdict {
		let closed = T::Clock::get().closed::<HostHasher>(node, now);
		let Some(closed) = closed.filter(|closed| record.terminated_at.is_none() && *closed >= record.next_due) else {
			return Verdict { record, missed: None };
		};
		let run = Run::of(&record, closed);
		record.next_due = closed.next();
		if run.misses == 0 {
			return Verdict { record, missed: None };
		}
		let standing = Standing {
			strikes: record.strikes,
			bond: T::Registry::bond(node, ResourceClass::Storage),
			reserve: T::Exposure::reserve(node),
			committed_rate: T::Exposure::committed_rate(node),
		};
		let penalty = penalty::apply_misses(standing, run.misses, &T::Settings::get());
		record.strikes = penalty.strikes;
		record.fined = record.fined.saturating_add(penalty.fine);
		if penalty.terminated {
			record.terminate(run.period(penalty.misses));
		}
		Verdict { record, missed: Some(Missed { first: run.first, penalty }) }
	}

	/// Applies every miss that has become final. Fines go to the treasury, and in part to the `reporter` if there is
	/// one. Returns what the reporter got, or `None` if there was no such miss.
	pub(crate) fn do_catch_up(node: NodeId, reporter: Option<&T::AccountId>) -> Option<Balance> {
		let record = NodeProofs::<T>::get(node)?;
		let before = record.next_due;
		let Verdict { record, missed } = Self::judge(node, record, Self::now());
		if missed.is_none() && record.next_due == before {
			return None;
		}
		// Written before anybody else is called, so that whoever calls back finds nothing left to apply.
		NodeProofs::<T>::insert(node, &record);
		let Missed { first, penalty } = missed?;
		let (bounty, to_treasury) = Self::collect(node, penalty.fine, reporter);
		Self::deposit_event(Event::WindowsMissed {
			node,
			first,
			count: penalty.misses,
			fined: bounty.saturating_add(to_treasury),
		});
		if let Some(period) = record.terminated_at {
			T::Registry::terminate(node);
			Self::deposit_event(Event::NodeTerminated { node, period });
		}
		Some(bounty)
	}

	/// Takes `fine` from the node's bond. Returns what the reporter and what the treasury got.
	fn collect(node: NodeId, fine: Balance, reporter: Option<&T::AccountId>) -> (Balance, Balance) {
		if fine == 0 {
			return (0, 0);
		}
		let class = ResourceClass::Storage;
		let bounty = reporter.map_or(0, |reporter| {
			// The judge has bounded the fine by the bond that is really held, so this is a share of what is taken.
			T::Registry::take(node, class, reporter, T::Settings::get().bounty.mul_floor(fine))
		});
		// What the reporter could not receive goes to the treasury too.
		let rest = T::Registry::take(node, class, &T::Treasury::account(), fine.saturating_sub(bounty));
		(bounty, rest)
	}

	/// Catches up in the name of a reporter, who gets a part of what that collects.
	pub(crate) fn do_report_missed(reporter: T::AccountId, node: NodeId) -> DispatchResult {
		ensure!(NodeProofs::<T>::contains_key(node), Error::<T>::UnknownNode);
		let bounty = Self::do_catch_up(node, Some(&reporter)).ok_or(Error::<T>::NothingMissed)?;
		Self::deposit_event(Event::MissReported { node, reporter, bounty });
		Ok(())
	}
}
