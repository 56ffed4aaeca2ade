//! Deciding and overturning. A decision waits, so that token holders can overturn it; their word is executed at once.

use crate::{
	pallet::{Config, Disputes, Error, Event, Pallet},
	types::{DisputeOf, Stage, Standing, Timetable, Verdict},
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchResult, Get},
};
use substation_primitives::DealId;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_decide(deal: DealId, verdict: Verdict) -> DispatchResult {
		let (mut dispute, standing) = Self::dispute(deal)?;
		ensure!(standing == Standing::AwaitsDecision, Error::<T>::NotDecidable);
		let final_at = Self::now().saturating_add(T::OverturnPeriod::get());
		dispute.stage = Stage::Decided { verdict, final_at };
		Disputes::<T>::insert(deal, dispute);
		Self::deposit_event(Event::DisputeDecided { deal, verdict, final_at });
		Ok(())
	}

	pub(crate) fn do_overturn(deal: DealId, to: Verdict) -> DispatchResult {
		let (dispute, standing) = Self::dispute(deal)?;
		let Standing::Appealable(from) = standing else { return Err(Error::<T>::NotAppealable.into()) };
		ensure!(from != to, Error::<T>::SameVerdict);
		Self::deposit_event(Event::DisputeOverturned { deal, from, to });
		Self::finish(deal, dispute, to);
		Ok(())
	}

	/// The dispute about a deal, and where it stands.
	pub(crate) fn dispute(deal: DealId) -> Result<(DisputeOf<T>, Standing), Error<T>> {
		let dispute = Disputes::<T>::get(deal).ok_or(Error::<T>::NoDispute)?;
		let standing = dispute.standing(Self::now(), &Self::timetable());
		Ok((dispute, standing))
	}

	/// How long stages last, and which blocks did not count.
	pub fn timetable() -> Timetable {
		Timetable {
			answer: T::AnswerPeriod::get(),
			decision: T::DecisionPeriod::get(),
			overturn: T::OverturnPeriod::get(),
			interruptions: T::Interruptions::get(),
		}
	}
}
