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
//!
//! A window in which blocks took no transactions is excused: its period is judged like one with an empty set. A proof
//! that was accepted in the rest of such a window counts as ever.

use crate::{
	penalty::{self, Penalty, Standing},
	types::{HostHasher, NodeRecord},
	Config, Error, Event, NodeProofs, Pallet,
};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, traits::Get};
use substation_primitives::{
	traits::{Bonds, Exposure, Sanctions, Treasury},
	Balance, BlockNumber, NodeId, Period, ResourceClass,
};

/// Periods without a proof, in a row, that had something to prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
	/// The first of them that is not excused.
	pub first: Period,
	/// How many they are, without those that are excused.
	pub misses: u32,
	/// Excused spans after the first miss, in order.
	excused: Vec<(Period, Period)>,
}

impl Run {
	/// The run that ends with `closed`, the last closed period, without the spans that are `excused`.
	pub(crate) fn of(
		record: &NodeRecord,
		closed: Period,
		excused: impl Fn(Period, Period) -> Vec<(Period, Period)>,
	) -> Self {
		let (first, last) = due(record, closed).unwrap_or((record.next_due.next(), record.next_due));
		let mut run = Self { first, misses: periods(first, last), excused: Vec::new() };
		if run.misses == 0 {
			return run;
		}
		for (from, to) in excused(first, last) {
			run.misses = run.misses.saturating_sub(periods(from, to));
			if from == run.first {
				run.first = to.next();
			} else {
				run.excused.push((from, to));
			}
		}
		run
	}

	/// The period of the `nth` miss, counted from 1.
	fn period(&self, nth: u32) -> Period {
		let none_excused = Period(self.first.0.saturating_add(nth.saturating_sub(1)));
		self.excused.iter().fold(none_excused, |period, (from, to)| {
			if *from > period {
				return period;
			}
			Period(period.0.saturating_add(periods(*from, *to)))
		})
	}
}

/// The periods up to `closed` whose outcome is not applied and whose set was not empty, if there are any.
fn due(record: &NodeRecord, closed: Period) -> Option<(Period, Period)> {
	let first = record.next_due;
	if record.terminated_at.is_some() || closed < first {
		return None;
	}
	let first_is_due = record.challenged(first).total > 0;
	let later_are_due = record.forest.total > 0;
	match (first_is_due, later_are_due) {
		(true, true) => Some((first, closed)),
		(true, false) => Some((first, first)),
		(false, true) => Some((first.next(), closed)),
		(false, false) => None,
	}
}

/// How many periods `first..=last` are.
fn periods(first: Period, last: Period) -> u32 {
	last.next().0.saturating_sub(first.0)
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
		let interruptions = T::Interruptions::get();
		let run = Run::of(&record, closed, |first, last| {
			interruptions.excused::<HostHasher>(&T::Clock::get(), node, first, last).collect()
		});
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
