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
		let of = |seat_tests| {
			let mut settings = Settings::default();
			settings.bandwidth.seat_tests = seat_tests;
			let scaled = on_one_scale(settings, Pace::Committees, 60).bandwidth.member_fee;
			scaled as f64 / settings.bandwidth.member_fee as f64
		};
		assert_eq!(of(100), 1.0, "two tests a block are more than seats can expect");
		let (wanted, possible) = (f64::from(Pace::Committees.seats()) * 24.0, 120.0);
		assert!((of(2_400) - wanted / possible).abs() < 1e-6);
	}
}
