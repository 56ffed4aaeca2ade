//! The range of the settings: the defaults, each extreme by itself, and extremes together.
//!
//! Every point is within the bounds that `Settings::validate` and `Settings::fit` draw, and so within what governance can
//! set. Extremes of amounts that only lock more or fewer tokens are kept where ten identities can afford them.

use sp_runtime::{Perbill, Permill};
use substation_primitives::{
	rewards::{MAX_AVAILABILITY, MAX_USAGE},
	settings::{highest_member_fee, Settings, Shares, MAX_SEAT_TESTS, PROOF_FEE, STN},
	Balance, Bytes,
};

/// A point of the range.
#[derive(Clone, Debug)]
pub(crate) struct Point {
	/// Which settings differ from the defaults.
	pub name: String,
	/// All of them.
	pub settings: Settings,
}

/// One step away from the defaults.
type Step = (&'static str, fn(&mut Settings));

/// Each setting that moves somebody's money, at each of its ends.
const STEPS: &[Step] = &[
	("usage=0", |s| s.rewards.usage = Permill::zero()),
	("usage=90%", |s| s.rewards.usage = Permill::from_parts(MAX_USAGE)),
	("availability=0", |s| s.rewards.availability = Permill::zero()),
	("availability=20%", |s| s.rewards.availability = Permill::from_percent(20)),
	("availability=50%", |s| s.rewards.availability = Permill::from_parts(MAX_AVAILABILITY)),
	("validators=100%", |s| shares(s, [100, 0, 0, 0])),
	("validators=1% storage=99%", |s| shares(s, [1, 99, 0, 0])),
	("validators=1% bandwidth=99%", |s| shares(s, [1, 0, 99, 0])),
	("validators=50% storage=50%", |s| shares(s, [50, 50, 0, 0])),
	("validators=50% bandwidth=50%", |s| shares(s, [50, 0, 50, 0])),
	("validators=90% storage=5% bandwidth=5%", |s| shares(s, [90, 5, 5, 0])),
	("storage=100%", |s| shares(s, [0, 100, 0, 0])),
	("bandwidth=100%", |s| shares(s, [0, 0, 100, 0])),
	("treasury=100%", |s| shares(s, [0, 0, 0, 100])),
	("market burn=0 treasury=least", |s| market(s, 0, 49_152)),
	("market burn=45% treasury=least", |s| market(s, 450_848, 49_152)),
	("market burn=0 treasury=least, least rate=1 STN", |s| dear_market(s, 0)),
	("market burn=50% treasury=least, least rate=1 STN", |s| dear_market(s, 499_950)),
	("market burn=0 treasury=50%", |s| market(s, 0, 500_000)),
	("market burn=25% treasury=25%", |s| market(s, 250_000, 250_000)),
	("channel burn=0", |s| s.channels.burn = Permill::zero()),
	("channel burn=50%", |s| s.channels.burn = Permill::from_percent(50)),
	("redeem fee=least", |s| s.channels.redeem_fee = 1),
	("redeem fee=a quarter of the least step", |s| s.channels.redeem_fee = s.channels.min_redeem / 4),
	("redeem fee=0.1 STN, least step=10 STN", |s| {
		(s.channels.redeem_fee, s.channels.min_redeem) = (STN / 10, 10 * STN);
	}),
	("least step=4 plancks", |s| (s.channels.redeem_fee, s.channels.min_redeem) = (1, 4)),
	("member fee=least", |s| s.bandwidth.member_fee = 1),
	("member fee=most", dear_tests),
	("seat bond=1 STN, member fee=most", |s| {
		s.bandwidth.seat_bond = STN;
		dear_tests(s);
	}),
	("seat bond=5,000 STN", |s| s.bandwidth.seat_bond = 5_000 * STN),
	("least total bond=seat bond", |s| s.bandwidth.min_total_bond = s.bandwidth.seat_bond),
	("rating=1%", |s| s.bandwidth.rating = sp_runtime::Percent::from_percent(1)),
	("rating=100%", |s| s.bandwidth.rating = sp_runtime::Percent::one()),
	("rating age=a year", |s| s.bandwidth.rating_age = 5_256_000),
	("test=5 s", |s| s.bandwidth.test_seconds = 5),
	("tests of a seat=0.02, rating age=200 periods", |s| {
		(s.bandwidth.seat_tests, s.bandwidth.rating_age) = (2, 200 * 14_400);
	}),
	("tests of a seat=24", |s| (s.bandwidth.tests_per_draw, s.bandwidth.seat_tests) = (8, MAX_SEAT_TESTS)),
	("tests of a seat=24, member fee=most", |s| {
		s.bandwidth.seat_tests = MAX_SEAT_TESTS;
		dear_tests(s);
	}),
	("least bond=1 STN", |s| (s.registry.min_bond, s.disputes.answer_bond) = (STN, STN)),
	("least bond=5,000 STN", |s| s.registry.min_bond = 5_000 * STN),
	("node deposit=least", |s| s.registry.node_deposit = 1),
	("unbonding=least", |s| s.registry.unbonding = 14_400),
	("compensation=1", |s| s.market.compensation_periods = 1),
	("compensation=90", |s| s.market.compensation_periods = 90),
	("fine room=255", |s| s.market.fine_room_periods = 255),
	("early end=0", |s| s.market.early_end_periods = 0),
	("early end=90", |s| s.market.early_end_periods = 90),
	("least rate=least, market treasury=50%", |s| {
		market(s, 0, 500_000);
		s.market.min_rate = 2 * PROOF_FEE;
	}),
	("least rate=1 STN", |s| s.market.min_rate = STN),
	("least billed=1 byte", |s| s.market.min_billed = Bytes(1)),
	("least billed=1 GiB", |s| s.market.min_billed = Bytes(1 << 30)),
	("deal deposit=least", |s| s.market.deal_deposit = 1),
	("openings=1", |s| s.proofs.openings = 1),
	("openings=16", |s| s.proofs.openings = 16),
	("half-life=30", |s| s.rewards.half_life = 30),
	("half-life=36,500", |s| s.rewards.half_life = 36_500),
	("first=floor=1 STN", |s| (s.rewards.first, s.rewards.floor) = (STN, STN)),
	("first=1,000,000 STN", |s| s.rewards.first = 1_000_000 * STN),
	("floor=0", |s| s.rewards.floor = 0),
	("floor=first", |s| s.rewards.floor = s.rewards.first),
	("treasury ceiling=least", |s| s.rewards.treasury_ceiling = 1),
	("fee burn=0", |s| s.rewards.fee_burn = Permill::zero()),
	("fee burn=100%", |s| s.rewards.fee_burn = Permill::one()),
];

/// Settings that decide together what gaming costs and brings.
const CORNERS: [&[Step]; 6] = [
	&[
		("usage=0", |s| s.rewards.usage = Permill::zero()),
		("usage=90%", |s| s.rewards.usage = Permill::from_parts(MAX_USAGE)),
	],
	&[
		("availability=20%", |s| s.rewards.availability = Permill::from_percent(20)),
		("availability=50%", |s| s.rewards.availability = Permill::from_parts(MAX_AVAILABILITY)),
	],
	&[
		("payments cost least", free_payments),
		("payments burn 50%", |s| {
			dear_market(s, 499_950);
			s.channels.burn = Permill::from_percent(50);
			s.channels.redeem_fee = 1;
		}),
	],
	&[("half-life=30", |s| s.rewards.half_life = 30), ("half-life=36,500", |s| s.rewards.half_life = 36_500)],
	&[
		("few tokens bond a deal", |s| s.market.compensation_periods = 1),
		("many tokens bond a deal", |s| (s.market.compensation_periods, s.market.fine_room_periods) = (90, 255)),
	],
	&[
		("pools as by default", |_| ()),
		("pools=99%", |s| shares(s, [1, 50, 49, 0])),
		("pools=50%", |s| shares(s, [50, 25, 25, 0])),
	],
];

/// The defaults.
pub(crate) fn defaults() -> Point {
	Point { name: "defaults".into(), settings: Settings::default() }
}

/// The defaults, and everything that is one step away from them.
pub(crate) fn steps() -> Vec<Point> {
	let mut points = vec![defaults()];
	points.extend(STEPS.iter().map(|step| point(&[step])));
	points
}

/// Every combination of the corners.
pub(crate) fn corners() -> Vec<Point> {
	let mut chosen: Vec<Vec<&Step>> = vec![Vec::new()];
	for choices in CORNERS {
		chosen = chosen
			.iter()
			.flat_map(|steps| choices.iter().map(|step| steps.iter().copied().chain([step]).collect()))
			.collect();
	}
	chosen.iter().map(|steps| point(steps)).collect()
}

/// The point that makes gaming cheapest and pays most for it, and the same with the default pools' budgets.
pub(crate) fn extremes() -> Vec<Point> {
	let cheapest: [&Step; 4] = [
		&("usage=90%", |s| s.rewards.usage = Permill::from_parts(MAX_USAGE)),
		&("availability=50%", |s| s.rewards.availability = Permill::from_parts(MAX_AVAILABILITY)),
		&("payments cost least", free_payments),
		&("many tokens bond a deal", |s| (s.market.compensation_periods, s.market.fine_room_periods) = (90, 255)),
	];
	let falling: &Step = &("half-life=30", |s| s.rewards.half_life = 30);
	let flat: &Step = &("floor=first", |s| s.rewards.floor = s.rewards.first);
	let with = |last| point(&cheapest.iter().copied().chain([last]).collect::<Vec<_>>());
	vec![with(falling), with(flat)]
}

/// The same point without availability: usage is looked at alone.
pub(crate) fn usage_alone(point: &Point) -> Point {
	let mut settings = point.settings;
	settings.rewards.availability = Permill::zero();
	Point { name: point.name.clone(), settings }
}

fn point(steps: &[&Step]) -> Point {
	let mut settings = Settings::default();
	for (_, change) in steps {
		change(&mut settings);
	}
	let name = steps.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
	Point { name, settings }
}

/// Shares of an era's budget in per cent: validators, storage, bandwidth, treasury.
fn shares(settings: &mut Settings, [validators, storage, bandwidth, treasury]: [u32; 4]) {
	settings.rewards.validators = Perbill::from_percent(validators);
	settings.rewards.storage = Perbill::from_percent(storage);
	settings.rewards.bandwidth = Perbill::from_percent(bandwidth);
	settings.rewards.treasury = Perbill::from_percent(treasury);
}

/// Shares of a deal's payment in parts per million.
fn market(settings: &mut Settings, burn: u32, treasury: u32) {
	settings.market.shares = Shares { burn: Permill::from_parts(burn), treasury: Permill::from_parts(treasury) };
}

/// The dearest least payment for a deal, whose treasury's share can be as small as any.
fn dear_market(settings: &mut Settings, burn: u32) {
	settings.market.min_rate = STN;
	market(settings, burn, 50);
}

/// As much as members can be paid for the tests of these seats.
fn dear_tests(settings: &mut Settings) {
	let bandwidth = &mut settings.bandwidth;
	bandwidth.member_fee = highest_member_fee(bandwidth.seat_bond, bandwidth.seat_tests);
}

/// As little as payments, tests and records can cost.
fn free_payments(settings: &mut Settings) {
	// The dearer the least payment, the smaller its share for the treasury may be. This one a thousand identities of a
	// small coalition can pay.
	settings.market.min_rate = STN / 20;
	market(settings, 0, 984);
	settings.channels.burn = Permill::zero();
	settings.channels.redeem_fee = 1;
	settings.bandwidth.member_fee = 1;
	settings.rewards.fee_burn = Permill::zero();
	let least: Balance = 1;
	settings.registry.node_deposit = least;
	settings.market.deal_deposit = least;
	settings.channels.record_deposit = least;
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_pace::PaceLengths;

	#[test]
	fn every_point_is_within_the_bounds_and_has_a_name_of_its_own() {
		let all: Vec<_> = steps().into_iter().chain(corners()).chain(extremes()).collect();
		for point in &all {
			assert_eq!(point.settings.validate(), Ok(()), "{}", point.name);
			assert_eq!(point.settings.fit(&PaceLengths::live().clock), Ok(()), "{}", point.name);
		}
		let names: std::collections::BTreeSet<_> = all.iter().map(|point| &point.name).collect();
		assert_eq!(names.len(), all.len());
	}

	#[test]
	fn every_step_is_one() {
		for (name, change) in STEPS {
			let mut settings = Settings::default();
			change(&mut settings);
			assert_ne!(settings, Settings::default(), "{name}");
		}
		assert_eq!(corners().len(), 2 * 2 * 2 * 2 * 2 * 3);
	}
}
