//! One scale of time for what is paid in each block and what is paid in each era.
//!
//! An era has 60 blocks here and 14,400 on the public network. Periods, eras, epochs, bonds, yields, deals and their
//! transactions come as often in an era here as there, and so do tests: a setting says how many a seat can expect in a
//! period. Only that a block draws so many at most binds here sooner. The tests that do not fit are paid for all the same:
//! the others cost as much more.

use crate::cast::Pace;
use substation_primitives::{settings::Settings, Balance, BlockNumber};

/// Settings under which the tests of an era cost as much as those of a day on the public network.
pub(crate) fn on_one_scale(mut settings: Settings, pace: Pace, era: BlockNumber) -> Settings {
	if pace == Pace::Hooks {
		// Nobody is tested there.
		return settings;
	}
	let bandwidth = &mut settings.bandwidth;
	let wanted = Balance::from(pace.seats()) * Balance::from(bandwidth.seat_tests);
	let possible = Balance::from(bandwidth.tests_per_draw) * Balance::from(era) * 100;
	if possible > 0 && wanted > possible {
		// No setting allows a fee above the bond of a seat.
		bandwidth.member_fee = (bandwidth.member_fee * wanted).div_ceil(possible).min(bandwidth.seat_bond);
	}
	settings
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tests_that_do_not_fit_an_era_are_paid_for() {
		let mut settings = Settings::default();
		let fee = |settings| on_one_scale(settings, Pace::Committees, 60).bandwidth.member_fee;

		assert_eq!(fee(settings), settings.bandwidth.member_fee, "two tests a block are more than seats can expect");

		settings.bandwidth.seat_tests = 2_400;
		let wanted = settings.bandwidth.member_fee * Balance::from(Pace::Committees.seats()) * 24;
		assert_eq!(fee(settings), wanted.div_ceil(2 * 60));
	}
}
