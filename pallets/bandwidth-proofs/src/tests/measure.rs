//! What a measurement comes to on chain.

use crate::mock::*;
use frame_support::assert_storage_noop;
use sp_runtime::transaction_validity::InvalidTransaction;
use substation_primitives::{bandwidth::Reading, Direction, Rates};
use substation_proofs::bandwidth;

#[test]
fn a_measurement_becomes_the_newest_reading() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		events();
		let measurement = Measurement::honest(&view, 15_000);
		let (node, rate) = (view.test.node, measurement.rate());
		assert!((14_990..=15_010).contains(&rate), "{rate}");

		assert_eq!(measurement.submit(), Ok(Ok(())));

		let reading = Reading { rate, drawn: view.id.block, receipts: 5, delivered: 1_000 };
		assert_eq!(line(node).down.newest_first().next(), Some(&reading));
		assert_eq!((line(node).pending, line(node).tests), (None, 1));
		let (test, direction) = (view.id, Direction::Down);
		assert_eq!(
			events(),
			vec![Event::MeasurementTaken { test, node, direction, rate, receipts: 5, delivered: 1_000 }]
		);
		assert_eq!(Measured::get(), vec![(node, Rates::default(), SEAT_BOND)]);
	});
}

#[test]
fn a_missing_receipt_is_no_end_of_time_and_a_minority_measures_nothing() {
	for (absent, receipts) in [(1, 4), (2, 3), (3, 2), (4, 1)] {
		ExtBuilder::default().nodes(6).build_and_execute(|| {
			let view = draw();
			let measurement = Measurement::honest(&view, 15_000).without(absent);

			assert_eq!(measurement.submit(), Ok(Ok(())));

			let reading = *line(view.test.node).down.newest_first().next().unwrap();
			assert_eq!((reading.receipts, reading.rate), (receipts, measurement.rate()));
			assert_eq!(reading.rate > 0, absent < 3);
			assert!(reading.rate < 15_000);
			assert!((799..=801).contains(&reading.delivered) || absent > 1);
		});
	}
}

#[test]
fn dropping_low_receipts_never_raises_a_reading() {
	for slow in 0..=8 {
		ExtBuilder::default().nodes(18).members(17).build_and_execute(|| {
			change_capacity();
			let view = draw();
			let mut honest = Measurement::honest(&view, 15_000);
			// The last ones have seen a line of half the rate.
			honest.elapsed.iter_mut().rev().take(slow).for_each(|elapsed| *elapsed = elapsed.map(|time| time * 2));
			let all = honest.rate();
			let mut best = 0;
			for dropped in 1..=slow {
				let mut without = honest.clone();
				without.elapsed.iter_mut().rev().take(dropped).for_each(|elapsed| *elapsed = None);
				best = best.max(without.rate());
			}
			assert!(best <= all, "{best} instead of {all} with {slow} slow ones");
			honest.elapsed.iter_mut().rev().take(slow).for_each(|elapsed| *elapsed = None);

			assert_eq!(honest.submit(), Ok(Ok(())));

			assert!(line(view.test.node).down.newest_first().next().unwrap().rate <= all);
		});
	}
}

/// Many nodes and few tries: nodes may be drawn at once.
fn change_capacity() {
	Bandwidth::mutate(|settings| settings.min_total_bond = SEAT_BOND);
}

#[test]
fn inflation_by_colluding_members_stays_within_its_bound() {
	ExtBuilder::default().nodes(18).members(17).build_and_execute(|| {
		let view = draw();
		let total = view.test.total;
		let cap = bandwidth::cap(total, 17) as u32;
		for colluding in 0..=8u32 {
			// Colluders vouch for the cap that crossed no line, and for a millisecond. The line is one of 10 Mbit/s.
			let crossed = total - u64::from(cap * colluding);
			let bits = crossed * 8 * bandwidth::WIRE / bandwidth::PAYLOAD;
			let time = bits.div_ceil(10_000) as u32;
			let share = (crossed / u64::from(17 - colluding)) as u32;
			let mut forged = Measurement::honest(&view, 10_000);
			for (index, (count, elapsed)) in forged.counts.iter_mut().zip(&mut forged.elapsed).enumerate() {
				let colludes = (index as u32) < colluding;
				(*count, *elapsed) = if colludes { (cap, Some(1)) } else { (share, Some(time)) };
			}

			assert!(validate(forged.call()).is_ok());
			let bound = 10_000.0 / (1.0 - 1.25 * f64::from(colluding) / 17.0);
			let rate = f64::from(forged.rate());
			println!("{colluding} of 17: {rate} kbit/s, bound {bound:.0}");
			assert!(rate <= bound * 1.001 + 1.0, "{rate} above {bound}");
			assert!(rate >= bound * 0.99);
		}
	});
}

// E1: whoever has carried nothing has nothing to vouch for, and earns nothing.
#[test]
fn a_member_without_bytes_has_no_receipt() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let mut idle = Measurement::honest(&view, 15_000);
		idle.counts[1] = 0;

		assert_storage_noop!(assert_eq!(idle.submit(), Err(InvalidTransaction::Custom(7).into())));

		idle.elapsed[1] = None;
		assert_eq!(idle.submit(), Ok(Ok(())));
		let earned = |index: usize| line(view.test.committee[index].0).earned;
		assert_eq!([0, 1, 2, 3, 4].map(earned), [FEE, 0, FEE, FEE, FEE]);
		assert_eq!(line(view.test.committee[1].0).attendance.absences(), 1);
	});
}

#[test]
fn a_measurement_without_its_members_lines_is_taken_all_the_same() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let (gone, _) = view.test.committee[0];
		crate::Lines::<Test>::mutate(gone, |line| {
			let line = line.as_mut().unwrap();
			line.until = Some(0);
		});
		crate::Bonded::<Test>::mutate(|totals| {
			totals.values[3].nodes -= 1;
			totals.values[3].bond -= SEAT_BOND;
		});
		assert_eq!(BandwidthProofs::remove_line(signed(ANYONE), gone), Ok(()));

		assert_eq!(Measurement::honest(&view, 15_000).submit(), Ok(Ok(())));

		// Its fee stays with who had prepaid it.
		assert_eq!(line(view.test.node).prepaid, 96 * FEE);
	});
}
