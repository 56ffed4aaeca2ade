//! What a measurement costs: the numbers in the README are asserted here.

use crate::{mock::*, Line, Place, TestBlock, WeightInfo};
use codec::{Encode, MaxEncodedLen};
use frame_support::traits::Authorize;

/// The octets of a measurement with all receipts by so many members, once it was taken.
fn size(members: u8) -> usize {
	let mut size = 0;
	ExtBuilder::default().nodes(u64::from(members) + 3).members(members).build_and_execute(|| {
		let measurement = Measurement::honest(&draw(), 15_000);
		assert!(measurement.counts.iter().all(|count| *count > 100_000));
		size = general(measurement.call()).encoded_size();
		assert_eq!(measurement.submit(), Ok(Ok(())));
	});
	size
}

#[test]
fn a_measurement_is_about_a_kilobyte_and_a_half() {
	for (members, limit) in [(5, 520), (9, 820), (17, 1_400), (25, 2_000)] {
		let size = size(members);
		println!("{members} members: {size} octets");
		// A block's transactions carry a few more octets for the extensions of a real runtime.
		assert!(size <= limit, "{members} members: {size} octets");
	}
}

#[test]
fn a_measurement_costs_about_two_milliseconds() {
	for members in [5, 9, 17, 25] {
		let authorize = <() as WeightInfo>::authorize_submit_measurement(members);
		let dispatch = <() as WeightInfo>::submit_measurement(members);
		let both = authorize.saturating_add(dispatch);
		println!("{members} members: {} + {} us", authorize.ref_time() / 1_000_000, dispatch.ref_time() / 1_000_000);
		assert!(members > 17 || both.ref_time() < 2_500_000_000, "{both:?}");
	}
}

#[test]
fn the_tests_of_a_block_cost_little_of_it_however_unlucky() {
	let [tries, others] = [16 * 17; 2];
	let worst = <() as WeightInfo>::draw(tries, others).saturating_mul(2);
	println!("two tests by committees of 17: {} us at worst", worst.ref_time() / 1_000_000);

	assert!(worst.ref_time() < 40_000_000_000, "{worst:?}");
}

#[test]
fn the_weight_pays_for_each_receipt_that_is_sent() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let measurement = Measurement::honest(&draw(), 15_000);
		let weight = |receipts: usize| {
			let mut all = measurement.receipts();
			all.resize(receipts, None);
			measurement.call_with(all).weight_of_authorize()
		};

		assert_eq!(weight(5), <() as WeightInfo>::authorize_submit_measurement(5));
		assert_eq!(weight(25), <() as WeightInfo>::authorize_submit_measurement(25));
		assert_eq!(weight(0), weight(3));
	});
}

#[test]
fn what_the_chain_keeps_is_small() {
	let (line, tests) = (Line::<AccountId>::max_encoded_len(), TestBlock::max_encoded_len());
	println!("a line: {line} octets, the tests of a block: {tests} octets");

	assert!(line <= 420, "{line}");
	assert!(tests <= 8_500, "{tests}");
	assert!(Place::max_encoded_len() <= 130);
}
