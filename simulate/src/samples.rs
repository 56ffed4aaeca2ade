//! Points inside of the settings' range, where nearly all that gaming costs or brings is drawn anew at once: fines, bounty and
//! the bonds of disputes stay.
//!
//! A hash draws them, not chance: every run of the program has the same ones. Shares are drawn evenly; amounts and lengths
//! of time evenly by their order of magnitude, so that small ones are as frequent as large ones.

use crate::grid::Point;
use sp_runtime::{Perbill, Percent, Permill};
use substation_primitives::{
	rewards::{MAX_AVAILABILITY, MAX_USAGE},
	settings::{
		highest_member_fee, percent_of, Settings, Shares, MAX_OPENINGS, MAX_SEAT_TESTS, MIN_FINE_ROOM,
		MIN_TESTS_OF_RATING, PROOF_FEE, STN,
	},
	Balance, Bytes,
};

/// The first so many points.
pub(crate) fn samples(count: usize) -> Vec<Point> {
	(0..count).map(sample).collect()
}

fn sample(number: usize) -> Point {
	let mut draw = Draw::new(number);
	let mut settings = Settings::default();
	draw.rewards(&mut settings);
	draw.market(&mut settings);
	draw.channels(&mut settings);
	draw.bandwidth(&mut settings);
	draw.registry(&mut settings);
	settings.proofs.openings = draw.evenly(1, MAX_OPENINGS.into()) as u8;
	Point { name: format!("sample {number}"), settings }
}

/// The numbers of one sample, in the order in which they are asked for.
struct Draw(blake3::OutputReader);

impl Draw {
	fn new(number: usize) -> Self {
		let mut hasher = blake3::Hasher::new_derive_key("substation simulation: samples of the settings' range");
		hasher.update(&(number as u64).to_le_bytes());
		Self(hasher.finalize_xof())
	}

	/// One of the numbers from `least` to `most`. There are so few that the remainder favours none noticeably.
	fn evenly(&mut self, least: u64, most: u64) -> u64 {
		let mut octets = [0; 8];
		self.0.fill(&mut octets);
		least + u64::from_le_bytes(octets) % (most - least + 1)
	}

	/// One of the numbers from `least`, which is at least 1, to `most`; each order of magnitude is equally likely.
	fn by_magnitude(&mut self, least: Balance, most: Balance) -> Balance {
		let part = self.evenly(0, 1 << 32) as f64 / (1_u64 << 32) as f64;
		let drawn = least as f64 * (most as f64 / least as f64).powf(part);
		(drawn as Balance).clamp(least, most)
	}

	fn share(&mut self, least: u32, most: u32) -> Permill {
		Permill::from_parts(self.evenly(least.into(), most.into()) as u32)
	}

	fn rewards(&mut self, settings: &mut Settings) {
		let rewards = &mut settings.rewards;
		rewards.first = self.by_magnitude(STN, 1_000_000 * STN);
		rewards.floor = self.share(0, 1_000_000).mul_floor(rewards.first);
		rewards.half_life = self.by_magnitude(30, 36_500) as u32;
		let mut cuts = [0; 3].map(|_| self.evenly(0, 1_000_000_000) as u32);
		cuts.sort_unstable();
		let [first, second, third] = cuts;
		rewards.validators = Perbill::from_parts(first);
		rewards.storage = Perbill::from_parts(second - first);
		rewards.bandwidth = Perbill::from_parts(third - second);
		rewards.treasury = Perbill::from_parts(1_000_000_000 - third);
		rewards.usage = self.share(0, MAX_USAGE);
		rewards.availability = self.share(0, MAX_AVAILABILITY);
		rewards.treasury_ceiling = self.by_magnitude(1, 100_000_000 * STN);
		rewards.fee_burn = self.share(0, 1_000_000);
	}

	fn market(&mut self, settings: &mut Settings) {
		let market = &mut settings.market;
		// The treasury's share of the least rate pays for the bytes of a proof.
		let treasury = self.share(50, 500_000);
		let least = (PROOF_FEE * 1_000_000).div_ceil(treasury.deconstruct().into());
		let burn = self.share(0, 500_000 - treasury.deconstruct());
		market.shares = Shares { burn, treasury };
		market.min_rate = self.by_magnitude(least, STN);
		market.min_billed = Bytes(self.by_magnitude(1, 1 << 30) as u64);
		market.deal_deposit = self.by_magnitude(1, STN);
		market.compensation_periods = self.evenly(1, 90) as u8;
		market.fine_room_periods = self.evenly(MIN_FINE_ROOM.into(), 255) as u8;
		market.early_end_periods = self.evenly(0, 90) as u8;
	}

	fn channels(&mut self, settings: &mut Settings) {
		let channels = &mut settings.channels;
		channels.burn = self.share(0, 500_000);
		channels.min_redeem = self.by_magnitude(4, 10 * STN);
		channels.redeem_fee = self.by_magnitude(1, (channels.min_redeem / 4).min(STN / 10));
		channels.record_deposit = self.by_magnitude(1, STN);
	}

	fn bandwidth(&mut self, settings: &mut Settings) {
		let bandwidth = &mut settings.bandwidth;
		bandwidth.seat_bond = self.by_magnitude(STN, 5_000 * STN);
		bandwidth.min_total_bond = self.by_magnitude(bandwidth.seat_bond, 1_000_000 * STN);
		bandwidth.seat_tests = self.by_magnitude(2, MAX_SEAT_TESTS.into()) as u16;
		bandwidth.member_fee = self.by_magnitude(1, highest_member_fee(bandwidth.seat_bond, bandwidth.seat_tests));
		bandwidth.test_seconds = self.evenly(5, 30) as u8;
		bandwidth.rating = Percent::from_percent(self.evenly(1, 100) as u8);
		// A rating lasts until its seat can expect some tests, in periods of 14,400 blocks.
		let tests = 100 * 14_400 * Balance::from(MIN_TESTS_OF_RATING);
		let least = tests.div_ceil(bandwidth.seat_tests.into());
		bandwidth.rating_age = self.by_magnitude(least, 5_256_000) as u32;
	}

	fn registry(&mut self, settings: &mut Settings) {
		// The least bond pays the dearest fine of the least deal.
		let fine = percent_of(settings.market.min_rate, settings.proofs.repeated_fine_percent);
		settings.registry.min_bond = self.by_magnitude(fine.max(STN), 5_000 * STN);
		settings.disputes.answer_bond = settings.disputes.answer_bond.min(settings.registry.min_bond);
		settings.registry.node_deposit = self.by_magnitude(1, STN);
		settings.registry.unbonding = self.by_magnitude(14_400, 5_256_000) as u32;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_pace::PaceLengths;

	#[test]
	fn every_sample_is_within_the_bounds_and_unlike_the_next() {
		let samples = samples(1_000);
		for Point { name, settings } in &samples {
			assert_eq!(settings.validate(), Ok(()), "{name}: {settings:?}");
			assert_eq!(settings.fit(&PaceLengths::live().clock), Ok(()), "{name}: {settings:?}");
		}
		for (one, next) in samples.iter().zip(samples.iter().skip(1)) {
			assert!(one.settings != next.settings && one.name != next.name, "{}", one.name);
		}
	}

	#[test]
	fn samples_are_the_same_every_time_and_reach_all_of_the_range() {
		let (all, again) = (samples(1_000), samples(1_000));
		assert!(all.iter().zip(&again).all(|(one, other)| one.settings == other.settings));

		let reached = |of: fn(&Settings) -> f64, least: f64, most: f64| {
			let below = all.iter().filter(|point| of(&point.settings) < least).count();
			let above = all.iter().filter(|point| of(&point.settings) > most).count();
			assert!((50..950).contains(&below) && (50..950).contains(&above), "{below} below, {above} above");
		};
		reached(|settings| settings.rewards.availability.deconstruct().into(), 100_000.0, 400_000.0);
		reached(|settings| settings.rewards.half_life.into(), 100.0, 10_000.0);
		reached(|settings| settings.registry.min_bond as f64, 10.0 * STN as f64, 500.0 * STN as f64);
		reached(|settings| settings.rewards.validators.deconstruct().into(), 1e8, 5e8);
	}
}
