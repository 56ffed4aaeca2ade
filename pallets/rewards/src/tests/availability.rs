//! What proofs are worth: never more than stakes, however bonds and time are divided.

use crate::{
	availability::{credit, expected, nominating, per_block},
	types::{Current, EraState, Record},
};
use proptest::prelude::*;
use sp_core::U256;
use sp_runtime::Permill;
use substation_primitives::{
	rewards::{StakeEarnings, MAX_AVAILABILITY, YIELD_ONE},
	settings::STN,
	Balance, BlockNumber,
};

const ISSUED: Balance = 2_000_000_000 * STN;

/// What a yield of a whole era may be: from nothing to ten times the stake.
fn yields() -> impl Strategy<Value = u128> {
	prop_oneof![0..1_000u128, 0..YIELD_ONE / 10_000, 0..10 * YIELD_ONE]
}

fn bonds() -> impl Strategy<Value = Balance> {
	prop_oneof![0..10_000u128, 0..1_000_000 * STN, 0..ISSUED]
}

fn product(factors: [u128; 2]) -> U256 {
	U256::from(factors[0]) * U256::from(factors[1])
}

/// What nominating pays where all validators are alike.
fn earning(earned: Balance, staked: Balance) -> u128 {
	nominating(&[StakeEarnings { earned, staked }])
}

#[test]
fn the_stake_in_the_middle_counts_and_a_few_tokens_do_not_raise_it() {
	let honest = [(100, 10_000), (110, 10_000), (120, 10_000)].map(|(earned, staked)| StakeEarnings { earned, staked });
	let middle = YIELD_ONE / 10_000 * 110;
	let with = |earned, staked| nominating(&[&honest[..], &[StakeEarnings { earned, staked }]].concat());

	assert_eq!(nominating(&honest), middle);
	// A validator with hardly any stake is paid as much as the others.
	assert_eq!(with(110, 1), middle);
	assert_eq!(with(1_000_000, 9_000), middle);
	assert_eq!(with(0, 9_000), middle);
	// The lower one of two.
	assert_eq!(nominating(&honest[..2]), YIELD_ONE / 10_000 * 100);
	assert_eq!(with(1_000_000, 30_000), YIELD_ONE / 10_000 * 120);
}

#[test]
fn a_year_by_hand() {
	// 50,000 STN a day on ten million staked, a tenth of it commissions; 40 % of that for bonds.
	let earned = earning(45_000 * STN, 10_000_000 * STN);
	let rate = per_block(earned, Permill::from_percent(40), 14_400);

	assert_eq!(earned, YIELD_ONE * 45 / 10_000);
	assert_eq!(rate, YIELD_ONE * 18 / 10_000 / 14_400);
	// 1,000 STN for a day: 1.8 STN.
	assert_eq!(credit(1_000 * STN, rate * 14_400), 1_800 * STN / 1_000);
}

#[test]
fn a_yield_follows_a_falling_budget_and_no_rising_one() {
	assert_eq!(expected(1_000, 200, 100), 500);
	assert_eq!(expected(1_000, 300, 299), 996);
	assert_eq!(expected(1_000, 100, 100), 1_000);
	assert_eq!(expected(1_000, 100, 200), 1_000);
	assert_eq!(expected(1_000, 100, 0), 0);
}

#[test]
fn what_is_out_of_range_pays_nothing() {
	assert_eq!(earning(STN, 0), 0);
	assert_eq!(nominating(&[]), 0);
	assert_eq!(expected(1_000, 0, 100), 0);
	assert_eq!(earning(Balance::MAX, 1), 0);
	assert_eq!(per_block(YIELD_ONE, Permill::one(), 0), 0);
	assert_eq!(credit(Balance::MAX, u128::MAX), 0);
	assert_eq!(credit(Balance::MAX, 2 * YIELD_ONE), 0);
	assert_eq!(credit(Balance::MAX, YIELD_ONE), Balance::MAX);
}

#[test]
fn a_share_above_the_ceiling_pays_the_ceiling() {
	let ceiling = per_block(YIELD_ONE, Permill::from_parts(MAX_AVAILABILITY), 1);

	assert_eq!(ceiling, YIELD_ONE / 1_000_000 * u128::from(MAX_AVAILABILITY));
	assert_eq!(per_block(YIELD_ONE, Permill::one(), 1), ceiling);
}

#[test]
fn yields_stop_after_a_full_era() {
	let era = EraState { started: 1_000, yields_before: 300, yield_per_block: 7, ..Default::default() };

	assert_eq!(era.yields(1_000, 100), 300);
	assert_eq!(era.yields(1_001, 100), 307);
	assert_eq!(era.yields(1_100, 100), 1_000);
	assert_eq!(era.yields(9_999, 100), 1_000);
}

#[test]
fn a_bond_that_was_raised_just_before_a_proof_earns_what_the_old_one_did() {
	let proof = |block, bond| Current { since: block, due: block + 10, yields: block.into(), bond };
	let mut record = Record::default();

	assert_eq!(record.prove(proof(100, 5)), None);
	assert_eq!(record.prove(proof(105, 5_000)), Some((5, 5)));
	assert_eq!(record.prove(proof(106, 5_000)), Some((5_000, 1)));
	// Lowered in between: the smaller one as well.
	assert_eq!(record.prove(proof(116, 5)), Some((5, 10)));
}

#[test]
fn a_proof_that_comes_too_late_earns_nothing_for_the_gap() {
	let proof = |block| Current { since: block, due: block + 10, yields: block.into(), bond: 5 };
	let mut record = Record::default();
	record.prove(proof(100));

	assert_eq!(record.prove(proof(111)), None);
	assert_eq!(record.prove(proof(121)), Some((5, 10)));
}

proptest! {
	#[test]
	fn a_bond_never_earns_more_than_a_stake(
		earned in 0..1_000_000 * STN, staked in 1..ISSUED, share in 0..=1_000_000u32,
		blocks in 1..20_000u32, bond in bonds(),
	) {
		let share = Permill::from_parts(share);
		let rate = per_block(earning(earned, staked), share, blocks);

		let credited = credit(bond, rate * u128::from(blocks));

		// credited / bond <= share * earned / staked
		let millionth = U256::from(1_000_000);
		prop_assert!(product([credited, staked]) * millionth <= product([bond, earned]) * share.deconstruct());
	}

	/// Nominating with more tokens lowers what a stake earns, bonding them does not.
	#[test]
	fn nobody_with_up_to_half_of_the_stake_gains_by_bonding_any_part_of_it(
		paid in 0..1_000_000 * STN, others in STN..ISSUED, part in 0.0..=1.0f64, bonded in 0.0..=1.0f64, blocks in 1..20_000u32,
	) {
		let own = (others as f64 * part) as Balance;
		prop_assume!(own <= others);
		let bond = ((own as f64 * bonded) as Balance).min(own);
		let stake = own - bond;

		let rate = per_block(earning(paid, others + stake), Permill::from_parts(MAX_AVAILABILITY), blocks);
		let credited = credit(bond, rate * u128::from(blocks));

		// stake * paid / (others + stake) + credited <= own * paid / (others + own)
		let left = product([stake, paid]) + product([credited, others + stake]);
		let fits = U256::full_mul(left, U256::from(others + own));
		prop_assert!(fits <= U256::full_mul(product([own, paid]), U256::from(others + stake)));
	}

	#[test]
	fn rounding_takes_less_than_a_unit_and_the_yields_last_digit(bond in bonds(), rate in yields(), blocks in 0..20_000u32) {
		let exact = product([bond, rate]) * blocks;
		prop_assume!(exact / YIELD_ONE <= U256::from(Balance::MAX));

		let credited = U256::from(credit(bond, rate * u128::from(blocks))) * U256::from(YIELD_ONE);

		prop_assert!(credited <= exact && exact - credited < U256::from(YIELD_ONE));
	}

	#[test]
	fn many_identities_earn_no_more_than_one(
		bonds in prop::collection::vec(bonds(), 1..20), rate in yields(), blocks in 0..20_000u32,
	) {
		let apart: Balance = bonds.iter().map(|bond| credit(*bond, rate * u128::from(blocks))).sum();

		prop_assert!(apart <= credit(bonds.iter().sum(), rate * u128::from(blocks)));
	}

	#[test]
	fn many_proofs_earn_no_more_than_one(
		spans in prop::collection::vec(0..1_000u32, 1..20), rate in yields(), bond in bonds(),
	) {
		let apart: Balance = spans.iter().map(|blocks| credit(bond, rate * u128::from(*blocks))).sum();

		prop_assert!(apart <= credit(bond, rate * u128::from(spans.iter().sum::<u32>())));
	}

	#[test]
	fn time_that_is_credited_never_exceeds_time_that_has_passed(
		steps in prop::collection::vec((0..30u32, 0..100u128, 1..25u32, prop::bool::weighted(0.1)), 1..200),
		era_blocks in 1..40u32,
	) {
		let (mut record, mut era, mut now) = (Record::default(), EraState { yield_per_block: 1, ..Default::default() }, 0);
		let (mut time, mut amount) = (0, 0);
		let mut most = Vec::new();
		for (wait, bond, longest, ends) in steps {
			now += wait;
			if ends {
				let yields_before = era.yields(now, era_blocks);
				prop_assert!(yields_before <= now.into() && yields_before - era.yields_before <= era_blocks.into());
				era = EraState { started: now, yields_before, ..era };
			}
			let yields = era.yields(now, era_blocks);
			let proof = Current { since: now, due: now + longest, yields, bond };
			if let Some((bond, blocks)) = record.prove(proof) {
				time += blocks;
				amount += bond * blocks;
			}
			most.push((now, bond));
		}

		// All proofs in time, in eras that never stop, would be credited the whole time between the first and the last.
		prop_assert!(time <= u128::from(now - most[0].0));
		let paid: Vec<(BlockNumber, Balance)> = most.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[0].1.min(pair[1].1))).collect();
		prop_assert!(amount <= paid.iter().map(|(blocks, bond)| u128::from(*blocks) * bond).sum());
	}
}
