//! The rating: what a line was measured to carry, with a margin, as long as it is measured again.

use crate::{types::Line, Config, Lines, Pallet};
use frame_support::traits::Get;
use substation_primitives::{
	settings::BandwidthSettings, traits::Ratings, BlockNumber, Direction, Kbits, NodeId, Rates,
};

impl<T: Config> Pallet<T> {
	/// A node's line as it is in this block: a pending test past its deadline is a 0, written or not.
	pub(crate) fn line_now(node: NodeId) -> Option<Line<T::AccountId>> {
		let mut line = Lines::<T>::get(node)?;
		let (now, deadline) = (Self::now(), T::Committees::get().deadline);
		Self::excuse(&mut line, now, deadline);
		line.expire(now, deadline);
		Some(line)
	}

	/// What a line is rated at in block `now`, as far as its tests are recorded.
	pub(crate) fn rating_at(line: &Line<T::AccountId>, now: BlockNumber, settings: &BandwidthSettings) -> Rates {
		let rating = |direction| rating_in(line, direction, now, settings);
		Rates { down: rating(Direction::Down), up: rating(Direction::Up) }
	}
}

fn rating_in<AccountId>(
	line: &Line<AccountId>,
	direction: Direction,
	now: BlockNumber,
	settings: &BandwidthSettings,
) -> Kbits {
	let ring = line.ring(direction);
	let drawn = ring.newest_first().next().map_or(0, |reading| reading.drawn);
	if drawn == 0 || now.saturating_sub(drawn) > settings.rating_age {
		return 0;
	}
	settings.rating.mul_floor(ring.median()).min(line.claim.get(direction))
}

impl<T: Config> Ratings for Pallet<T> {
	fn rating(node: NodeId) -> Rates {
		let settings = T::Settings::get();
		Self::line_now(node).map(|line| Self::rating_at(&line, Self::now(), &settings)).unwrap_or_default()
	}
}
