//! Seats: taking them on a bond, giving them up, and the claim that goes with them.
//!
//! ```text
//! epoch      e             e + 1         e + 2         e + 3
//! -----------|-------------|-------------|-------------|---------------
//!            ^ taken                                   | counts from here on
//!            ^ given up                                | counts no longer; anyone may remove the line
//! ```
//! Whoever makes the last block of `e` knows the randomness of `e + 2`, and changes no draw of that epoch any more.

use crate::{
	types::{Line, Ring, Totals, FREEZE},
	Bonded, Config, Error, Event, Lines, Pallet,
};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use sp_runtime::traits::SaturatedConversion;
use substation_primitives::{
	bandwidth::MAX_SEATS,
	traits::{Bonds, Nodes},
	Balance, BlockNumber, Direction, NodeId, NodeInfo, NodeStatus, Rates, ResourceClass,
};
use substation_proofs::bandwidth::highest_claim;

impl<T: Config> Pallet<T> {
	/// The block that is being executed.
	pub(crate) fn now() -> BlockNumber {
		// Exact: the runtime's block number is 32 bits wide (asserted in `integrity_test`).
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// A registered node of this operator.
	fn owned(node: NodeId, operator: &T::AccountId) -> Result<NodeInfo<T::AccountId>, Error<T>> {
		let info = T::Registry::node(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(info.operator == *operator, Error::<T>::NotOperator);
		Ok(info)
	}

	/// A line of this operator.
	pub(crate) fn owned_line(node: NodeId, operator: &T::AccountId) -> Result<Line<T::AccountId>, Error<T>> {
		let line = Lines::<T>::get(node).ok_or(Error::<T>::NoLine)?;
		ensure!(line.operator == *operator, Error::<T>::NotOperator);
		Ok(line)
	}

	pub(crate) fn do_take_seats(
		operator: T::AccountId,
		node: NodeId,
		claim: Rates,
		seats: u8,
		prepaid: Balance,
	) -> DispatchResult {
		ensure!(Self::owned(node, &operator)?.takes_work(), Error::<T>::NodeTakesNoWork);
		Self::ensure_claim(&claim)?;
		let known = Lines::<T>::get(node);
		let before = known.as_ref().map(Line::bond);
		let mut line = known.unwrap_or_else(|| Line::new(operator, claim));
		ensure!(line.until.is_none(), Error::<T>::AlreadyGivenUp);
		ensure!(!line.expelled, Error::<T>::Expelled);
		let seats = u32::from(seats);
		ensure!(seats > 0 && line.seat_count().saturating_add(seats) <= MAX_SEATS, Error::<T>::SeatsOutOfRange);

		let from = T::EpochIndex::get().saturating_add(FREEZE);
		for _ in 0..seats {
			let index = Self::append_seat(node)?;
			line.seats.try_push(index).map_err(|_| Error::<T>::SeatsOutOfRange)?;
		}
		line.seat_bond = T::Settings::get().seat_bond;
		ensure!(T::Registry::bond(node, ResourceClass::Bandwidth) >= line.bond(), Error::<T>::BondTooLow);
		Self::change_totals(|totals| {
			let nodes = totals.nodes.checked_add(u32::from(before.is_none()))?;
			let others = totals.bond.saturating_sub(before.unwrap_or(0));
			Some(Totals { nodes, bond: others.checked_add(line.bond())? })
		})?;
		if line.claim != claim {
			Self::change_claim(node, &mut line, claim)?;
		}
		if prepaid > 0 {
			Self::pay_in(node, &mut line, prepaid)?;
		}
		Lines::<T>::insert(node, line);
		Self::deposit_event(Event::SeatsTaken { node, seats, from });
		Ok(())
	}

	/// Changes the sums over lines, for draws of [`FREEZE`] epochs later on. `None` is an overflow.
	fn change_totals(change: impl FnOnce(Totals) -> Option<Totals>) -> Result<(), Error<T>> {
		Bonded::<T>::try_mutate(|totals| {
			let decided = change(totals.decided()).ok_or(Error::<T>::Overflow)?;
			*totals = totals.changed(T::EpochIndex::get(), decided);
			Ok(())
		})
	}

	/// Whether every committee could carry this, and whoever claims it can carry its part as a member.
	fn ensure_claim(claim: &Rates) -> Result<(), Error<T>> {
		let least = T::Settings::get().seat_rate;
		let allowed = least..=highest_claim(least, T::Committees::get().members);
		ensure!(allowed.contains(&claim.down) && allowed.contains(&claim.up), Error::<T>::ClaimOutOfRange);
		Ok(())
	}

	pub(crate) fn do_set_claim(operator: T::AccountId, node: NodeId, claim: Rates) -> DispatchResult {
		let mut line = Self::owned_line(node, &operator)?;
		Self::ensure_claim(&claim)?;
		ensure!(line.claim != claim, Error::<T>::ClaimUnchanged);

		Self::change_claim(node, &mut line, claim)?;
		Lines::<T>::insert(node, line);
		Ok(())
	}

	/// Claims other rates for a line that the caller stores.
	fn change_claim(node: NodeId, line: &mut Line<T::AccountId>, claim: Rates) -> Result<(), Error<T>> {
		Self::expire(node, line);
		ensure!(line.pending.is_none(), Error::<T>::TestRunning);
		for direction in [Direction::Down, Direction::Up] {
			if line.claim.get(direction) != claim.get(direction) {
				*line.ring_mut(direction) = Ring::default();
			}
		}
		line.claim = claim;
		Self::deposit_event(Event::ClaimChanged { node, claim });
		Ok(())
	}

	pub(crate) fn do_give_up_seats(who: T::AccountId, node: NodeId) -> DispatchResult {
		let mut line = Lines::<T>::get(node).ok_or(Error::<T>::NoLine)?;
		ensure!(line.until.is_none(), Error::<T>::AlreadyGivenUp);
		let may = line.operator == who || !Self::is_active(node) || line.expelled;
		ensure!(may, Error::<T>::NotOperator);

		let until = T::EpochIndex::get().saturating_add(FREEZE);
		line.until = Some(until);
		Self::change_totals(|Totals { nodes, bond }| {
			Some(Totals { nodes: nodes.saturating_sub(1), bond: bond.saturating_sub(line.bond()) })
		})?;
		Lines::<T>::insert(node, line);
		Self::deposit_event(Event::SeatsGivenUp { node, until });
		Ok(())
	}

	fn is_active(node: NodeId) -> bool {
		T::Registry::node(node).is_some_and(|info| info.status == NodeStatus::Active)
	}

	pub(crate) fn do_remove_line(node: NodeId) -> DispatchResult {
		let mut line = Lines::<T>::get(node).ok_or(Error::<T>::NoLine)?;
		let epoch = T::EpochIndex::get();
		ensure!(line.until.is_some_and(|until| epoch >= until), Error::<T>::SeatsStillCount);
		Self::expire(node, &mut line);
		ensure!(line.pending.is_none(), Error::<T>::TestRunning);

		Self::remove_seats(&line)?;
		let (paid, to) = Self::pay_out_all(&line)?;
		Lines::<T>::remove(node);
		Self::deposit_event(Event::LineRemoved { node, paid, to });
		Ok(())
	}
}
