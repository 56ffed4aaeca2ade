//! One scale of time for what is paid in each block and what is paid in each era.
//!
//! An era has 60 blocks here and 14,400 on the public network. Periods, eras, epochs, bonds, yields, deals and their
//! transactions come as often in an era here as there, and so do tests: a setting says how many a seat can expect in a
//! period. Only that a block draws so many at most binds here sooner. The tests that do not fit are paid for all the same:
//! the others cost as much more. Where that is more than a fee may be, a seat can expect as many as fit, so that the fee
//! may be higher; it is never above its bound.

use crate::cast::Pace;
use substation_primitives::{
	settings::{highest_member_fee, Settings},
	Balance, BlockNumber,
};

/// Settings under which the tests of an era cost as much as those of a day on the public network.
pub(crate) fn on_one_scale(mut settings: Settings, pace: Pace, era: BlockNumber) -> Settings {
	if pace == Pace::Hooks {
		// Nobody is tested there.
		return settings;
	}
	let bandwidth = &mut settings.bandwidth;
	let seats = Balance::from(pace.seats());
	let wanted = seats * Balance::from(bandwidth.seat_tests);
	let possible = Balance::from(bandwidth.tests_per_draw) * Balance::from(era) * 100;
	if possible > 0 && wanted > possible {
		let fee = (bandwidth.member_fee * wanted).div_ceil(possible);
		if fee > highest_member_fee(bandwidth.seat_bond, bandwidth.seat_tests) {
			// Fewer than one do not raise the bound.
			let fitting = u16::try_from(possible / seats).unwrap_or(u16::MAX).max(100);
			bandwidth.seat_tests = bandwidth.seat_tests.min(fitting);
		}
		bandwidth.member_fee = fee.min(highest_member_fee(bandwidth.seat_bond, bandwidth.seat_tests));
	}
	settings
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		grid::{self, Point},
		samples::samples,
	};

	#[test]
	fn tests_that_do_not_fit_an_era_are_paid_for() {
		let mut settings = Settings::default();
		let fee = |settings| on_one_scale(settings, Pace::Committees, 60).bandwidth.member_fee;

		assert_eq!(fee(settings), settings.bandwidth.member_fee, "two tests a block are more than seats can expect");

		settings.bandwidth.seat_tests = 2_400;
		let wanted = settings.bandwidth.member_fee * Balance::from(Pace::Committees.seats()) * 24;
		assert_eq!(fee(settings), wanted.div_ceil(2 * 60));
	}

	#[test]
	fn what_is_in_force_is_within_the_bounds() {
		for Point { name, settings } in grid::steps().into_iter().chain(samples(100)) {
			for pace in [Pace::Full, Pace::Committees, Pace::Hooks] {
				let in_force = on_one_scale(settings, pace, 60);
				assert_eq!(in_force.validate(), Ok(()), "{name} {pace:?}");
				assert!(in_force.bandwidth.member_fee >= settings.bandwidth.member_fee, "{name} {pace:?}");
			}
		}
	}
}
