//! What a measurement comes to, example by example. What holds for all of them is in [`crate::line`].

use proptest::{collection::vec, prelude::*};
use substation_proofs::bandwidth::{
	cap, highest_claim, measure, median, pace, stream, total, Measured, MIN_TOTAL, PAYLOAD, WIRE,
};

/// 10 seconds of 100 Mbit/s.
const TOTAL: u64 = 117_481_203;

fn rate(parts: &[(u32, Option<u32>)]) -> u32 {
	measure(TOTAL, parts).rate
}

/// Asserts that a reading is what is expected, less begun kbit/s.
fn assert_reads(rate: u32, expected: u32) {
	assert!(rate <= expected && rate + 1 >= expected, "{rate} instead of {expected}");
}

/// `members` that moved the same, each with the same time.
fn even(members: u32, elapsed: u32) -> Vec<(u32, Option<u32>)> {
	let count = TOTAL.div_ceil(members.into()) as u32;
	vec![(count, Some(elapsed)); members as usize]
}

#[test]
fn total_is_the_payload_of_so_many_seconds() {
	assert_eq!(total(100_000, 10), TOTAL);
	assert_eq!(total(100_000, 10), 100_000 * 125 * 10 * PAYLOAD / WIRE);
	assert_eq!(total(1_000_000, 30), 3_524_436_090);
}

#[test]
fn total_is_never_small_enough_for_a_bucket() {
	assert_eq!(total(0, 10), MIN_TOTAL);
	assert_eq!(total(1_000, 10), MIN_TOTAL);
	assert_eq!(total(u32::MAX, 0), MIN_TOTAL);
}

#[test]
fn member_carries_at_most_five_quarters_of_its_share() {
	assert_eq!(cap(17_000_000, 17), 1_250_000);
	assert_eq!(cap(17_000_001, 17), 1_250_001);
	assert_eq!(pace(100_000, 17), 7_353);
	assert_eq!(highest_claim(10_000, 17), 136_000);
	assert_eq!(pace(136_000, 17), 10_000);
	assert_eq!(highest_claim(10_000, 3), 24_000);
}

#[test]
fn even_test_reads_the_line() {
	for members in [3, 5, 9, 17, 25] {
		let parts = even(members, 10_000);

		let measured = measure(TOTAL, &parts);

		assert_reads(measured.rate, 100_000);
		assert_eq!((measured.receipts, measured.delivered), (members as u8, 1_000));
	}
}

#[test]
fn half_the_line_takes_twice_the_time_and_reads_half() {
	assert_reads(rate(&even(17, 20_000)), 50_000);
	assert_reads(rate(&even(17, 5_000)), 200_000);
}

#[test]
fn the_middle_time_counts() {
	let times = |times: [u32; 5]| {
		let count = (TOTAL / 5 + 1) as u32;
		rate(&times.map(|elapsed| (count, Some(elapsed))))
	};

	assert_reads(times([10_000, 10_000, 10_000, 10_000, 10_000]), 100_000);
	assert_reads(times([1, 1, 10_000, 20_000, u32::MAX]), 100_000);
	assert_reads(times([u32::MAX, 20_000, 1, 10_000, 1]), 100_000);
	assert_reads(times([1, 1, 20_000, 20_000, 20_000]), 50_000);
}

#[test]
fn missing_receipt_is_no_end_of_time() {
	// All bytes were moved by those who signed, so that only the median moves.
	let cap = cap(TOTAL, 5) as u32;
	let with = |times: [Option<u32>; 5]| rate(&times.map(|elapsed| (cap, elapsed)));

	let all_signed = with([Some(8_000), Some(9_000), Some(10_000), Some(11_000), Some(12_000)]);
	let fastest_missing = with([None, Some(9_000), Some(10_000), Some(11_000), Some(12_000)]);

	assert_reads(all_signed, 125_000);
	// Four of them vouch for exactly the total; the middle of five is now the next slower one.
	assert_reads(fastest_missing, 90_909);
}

#[test]
fn less_than_a_majority_reads_nothing() {
	let mut parts = vec![(cap(TOTAL, 17) as u32, None); 17];
	for part in &mut parts[..8] {
		part.1 = Some(1);
	}
	assert_eq!(measure(TOTAL, &parts), Measured { rate: 0, receipts: 8, delivered: 588 });

	// The ninth vouches for almost nothing: whoever signs with eight others adds what they have seen, no more.
	parts[8] = (1, Some(1));
	let measured = measure(TOTAL, &parts);
	assert_eq!((measured.receipts, measured.delivered), (9, 588));
	assert!(measured.rate < 2_000, "{} of {}", measured.rate, 8 * cap(TOTAL, 17));

	assert_eq!(measure(TOTAL, &[]), Measured::default());
	assert_eq!(measure(TOTAL, &[(u32::MAX, None); 5]), Measured::default());
}

#[test]
fn what_nobody_vouches_for_lowers_the_reading_twice() {
	// Of 5 members, each with an even share, one has no receipt: 4/5 in the same time, lowered by (4/5 - 1/2)/(1 - 1/2).
	let mut parts = even(5, 10_000);
	parts[0].1 = None;
	let measured = measure(TOTAL, &parts);
	assert_eq!((measured.receipts, measured.delivered), (4, 800));
	assert_reads(measured.rate, 48_000);

	// A second one brings it down to what two colluders could have made up, and a bit: (3/5 - 1/2)/(1 - 1/2) of 3/5.
	parts[1].1 = None;
	let measured = measure(TOTAL, &parts);
	assert_eq!((measured.receipts, measured.delivered), (3, 600));
	assert_reads(measured.rate, 12_000);
}

#[test]
fn others_can_carry_what_a_fifth_would_have() {
	for (members, missing) in [(5, 1), (9, 1), (17, 3), (25, 5)] {
		let there = members - missing;
		let count = TOTAL.div_ceil(there as u64) as u32;
		assert!(u64::from(count) <= cap(TOTAL, members as u8));
		let mut parts = vec![(count, Some(10_000)); there];
		parts.resize(members, (0, None));

		assert_reads(rate(&parts), 100_000);
	}
	// One more than a fifth is felt: 13 caps are 65/68 of the total.
	let mut parts = vec![(cap(TOTAL, 17) as u32, Some(10_000)); 13];
	parts.resize(17, (0, None));
	assert!((85_000..86_000).contains(&rate(&parts)), "{}", rate(&parts));
}

#[test]
fn counts_above_the_cap_count_as_the_cap() {
	let parts = |count| vec![(count, Some(10_000)); 5];

	assert_eq!(rate(&parts(u32::MAX)), rate(&parts(cap(TOTAL, 5) as u32)));
	assert_reads(rate(&parts(u32::MAX)), 125_000);
}

#[test]
fn more_than_the_total_is_read_for_what_it_is() {
	// 1.2 times the total in 1.2 times the time.
	let count = (TOTAL * 12 / 10).div_ceil(25) as u32;

	let measured = measure(TOTAL, &vec![(count, Some(12_000)); 25]);

	assert_reads(measured.rate, 100_000);
	assert_eq!(measured.delivered, 1_000);
}

#[test]
fn time_of_nothing_is_a_millisecond() {
	assert_eq!(rate(&even(5, 0)), rate(&even(5, 1)));
}

#[test]
fn ring_is_rated_by_its_middle() {
	assert_eq!(median([0; 5]), 0);
	assert_eq!(median([0, 0, 0, 90, 100]), 0);
	assert_eq!(median([100, 0, 90, 0, 80]), 80);
	assert_eq!(median([u32::MAX, 1, u32::MAX, 1, 7]), 7);
	assert_eq!(median([3]), 3);
	assert_eq!(median([]), 0);
}

#[test]
fn streams_share_nothing_unless_key_and_start_are_the_same() {
	let first = |key: [u8; 32], start: [u8; 32]| {
		let mut bytes = vec![0; 4096];
		stream(&key, &start).fill(&mut bytes);
		bytes
	};
	let one = first([1; 32], [2; 32]);

	assert_eq!(one, first([1; 32], [2; 32]));
	for other in [first([2; 32], [2; 32]), first([1; 32], [1; 32]), first([2; 32], [1; 32])] {
		assert!(one.chunks(32).all(|chunk| !other.chunks(32).any(|theirs| theirs == chunk)));
	}
}

#[test]
fn stream_can_be_read_in_any_pieces_and_from_any_place() {
	let mut whole = vec![0; 10_000];
	stream(&[1; 32], &[2; 32]).fill(&mut whole);

	let mut reader = stream(&[1; 32], &[2; 32]);
	let mut pieces = vec![0; 10_000];
	for piece in pieces.chunks_mut(777) {
		reader.fill(piece);
	}
	let mut later = [0; 100];
	reader.set_position(5_001);
	reader.fill(&mut later);

	assert_eq!(pieces, whole);
	assert_eq!(later[..], whole[5_001..5_101]);
}

proptest! {
	/// Whatever is handed in, and however little sense it makes.
	#[test]
	fn nothing_overflows_or_panics(
		whole: u64,
		parts in vec((any::<u32>(), any::<Option<u32>>()), 0..300),
		claim: u32,
		seconds: u8,
		members: u8,
	) {
		let measured = measure(whole, &parts);
		prop_assert!(measured.delivered <= 1_000);
		let receipts = parts.iter().filter(|(_, elapsed)| elapsed.is_some()).count();
		prop_assert_eq!(usize::from(measured.receipts), receipts.min(255));
		if receipts <= parts.len().saturating_sub(1) / 2 {
			prop_assert_eq!(measured.rate, 0);
		}

		prop_assert!(total(claim, seconds) >= MIN_TOTAL);
		prop_assert!(cap(whole, members) >= whole.min(u64::MAX / 5) / 255);
		prop_assert!(u64::from(pace(claim, members)) * 4 * u64::from(members.max(1)) >= u64::from(claim));
		highest_claim(claim, members);
	}

	/// All caps together are five quarters of the total, and a bit less would not be.
	#[test]
	fn caps_are_exact(whole in MIN_TOTAL..1 << 42, members in 3u8..=25) {
		let members_64 = u64::from(members);
		let cap = cap(whole, members);

		prop_assert!(4 * members_64 * cap >= 5 * whole);
		prop_assert!(4 * members_64 * (cap - 1) < 5 * whole);
	}

	/// No member is asked for more than what every seat has, and no claim above the highest would keep that.
	#[test]
	fn highest_claim_is_exact(seat in 1_000u32..6_000_000, members in 3u8..=25) {
		let highest = highest_claim(seat, members);

		prop_assert!(pace(highest, members) <= seat);
		prop_assert!(pace(highest + 1, members) > seat);
	}

	/// The order of members, and what those without a receipt say, is nobody's business.
	#[test]
	fn order_and_missing_counts_do_not_matter(
		parts in vec((any::<u32>(), any::<Option<u32>>()), 1..26),
		other_counts in vec(any::<u32>(), 25),
	) {
		let measured = measure(TOTAL, &parts);

		let mut changed = parts.clone();
		for ((count, elapsed), other) in changed.iter_mut().zip(other_counts) {
			if elapsed.is_none() {
				*count = other;
			}
		}
		changed.reverse();
		prop_assert_eq!(measure(TOTAL, &changed), measured);
	}

	/// A longer time, a smaller count or a receipt less never raises a reading.
	#[test]
	fn doing_worse_never_reads_better(
		parts in vec((1u32..20_000_000, prop::option::weighted(0.9, 1u32..60_000)), 1..26),
		which: prop::sample::Index,
		less in 0u32..20_000_000,
		longer in 0u32..60_000,
	) {
		let before = measure(TOTAL, &parts).rate;
		let which = which.index(parts.len());
		let after = |change: &dyn Fn(&mut (u32, Option<u32>))| {
			let mut parts = parts.clone();
			change(&mut parts[which]);
			measure(TOTAL, &parts).rate
		};

		prop_assert!(after(&|part| part.0 = part.0.saturating_sub(less)) <= before);
		prop_assert!(after(&|part| part.1 = part.1.map(|elapsed| elapsed + longer)) <= before);
		prop_assert!(after(&|part| part.1 = None) <= before);
	}

	#[test]
	fn median_is_the_middle(rates: [u32; 5]) {
		let mut sorted = rates;
		sorted.sort_unstable();

		prop_assert_eq!(median(rates), sorted[2]);
	}
}
