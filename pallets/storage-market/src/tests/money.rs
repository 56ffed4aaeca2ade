//! The formulas, for all inputs that settings allow.

use crate::{
	money::{self, Payment},
	NodeAccount,
};
use proptest::prelude::*;
use sp_runtime::Permill;
use substation_primitives::{
	deal::Terms,
	settings::{MarketSettings, Settings, Shares, STN},
	Balance, Bytes, Period,
};

fn shares() -> impl Strategy<Value = Shares> {
	(0..=500_000u32).prop_flat_map(|burn| {
		(0..=500_000 - burn).prop_map(move |treasury| Shares {
			burn: Permill::from_parts(burn),
			treasury: Permill::from_parts(treasury),
		})
	})
}

/// Tiny rates, where rounding shows, and large ones.
fn rate() -> impl Strategy<Value = Balance> {
	prop_oneof![1..1_000u128, 1..=1_000_000 * STN, Just(Balance::MAX / 1_024)]
}

fn periods() -> impl Strategy<Value = u32> {
	0..=1_024u32
}

fn terms(shares: Shares, paid_periods: u16, compensation_periods: u8) -> Terms {
	Terms {
		slot: 0,
		shares,
		first: Period(1),
		last: Period(1_024),
		next_unsettled: Period(1),
		paid_periods,
		compensation_periods,
	}
}

proptest! {
	#[test]
	fn a_settlement_moves_exactly_the_escrow_of_its_periods(
		rate in rate(), shares in shares(), proven in periods(), missed in periods(),
	) {
		prop_assume!(proven + missed <= 1_024);

		let payment = money::settlement(rate, shares, proven, missed);

		prop_assert_eq!(Some(payment.total()), money::escrow(rate, proven + missed));
		prop_assert_eq!(payment.refunded, rate * Balance::from(missed));
	}

	#[test]
	fn settling_in_parts_pays_what_settling_at_once_pays(
		rate in rate(), shares in shares(), parts in prop::collection::vec((0..100u32, 0..100u32), 1..5),
	) {
		let sum = |a: Payment, b: Payment| Payment {
			provider: a.provider + b.provider,
			burned: a.burned + b.burned,
			treasury: a.treasury + b.treasury,
			refunded: a.refunded + b.refunded,
		};
		let (proven, missed) = parts.iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));

		let apart = parts
			.iter()
			.map(|(proven, missed)| money::settlement(rate, shares, *proven, *missed))
			.fold(Payment::default(), sum);

		prop_assert_eq!(apart, money::settlement(rate, shares, proven, missed));
	}

	#[test]
	fn paying_oneself_costs_something_at_every_size(rate in rate(), shares in shares(), proven in 1..=1_024u32) {
		let payment = money::settlement(rate, shares, proven, 0);

		let lost = payment.burned + payment.treasury;
		prop_assert!(lost > 0 || (shares.burn.is_zero() && shares.treasury.is_zero()));
		prop_assert!(payment.burned >= shares.burn.mul_floor(payment.total()));
	}

	#[test]
	fn shares_are_wrong_by_less_than_a_unit_a_period(rate in 2..=1_000_000 * STN, shares in shares()) {
		let payment = money::settlement(rate, shares, 1, 0);

		prop_assert!(payment.burned - shares.burn.mul_floor(rate) <= 1);
		prop_assert!(payment.treasury.abs_diff(shares.treasury.mul_floor(rate)) <= 1);
	}

	#[test]
	fn an_early_end_moves_exactly_what_remains(
		rate in rate(), shares in shares(), notice in 0..=90u8, remaining in periods(),
	) {
		let payment = money::early_end(rate, shares, notice, remaining);

		prop_assert_eq!(Some(payment.total()), money::escrow(rate, remaining));
		let paid = remaining.min(notice.into());
		prop_assert_eq!(payment.refunded, rate * Balance::from(remaining - paid));
	}

	#[test]
	fn a_compensation_never_exceeds_reserve_or_payments(
		rate in rate(), shares in shares(), paid in 0..=1_024u16, compensation_periods in 1..=90u8,
	) {
		let terms = terms(shares, paid, compensation_periods);

		let compensation = money::compensation(rate, &terms);

		prop_assert!(compensation <= money::reserve(rate, compensation_periods).unwrap());
		prop_assert!(compensation <= rate * Balance::from(paid));
	}

	#[test]
	fn a_rate_grows_with_price_and_length_and_never_falls_below_the_least(
		price in 0..1_000_000 * STN, length in 1..=1u64 << 46,
	) {
		let settings = Settings::default().market;
		let rate = |price, length| money::rate(price, Bytes(length), &settings).unwrap();

		prop_assert!(rate(price, length) >= settings.min_rate);
		prop_assert!(rate(price, length) <= rate(price + 1, length));
		prop_assert!(rate(price, length) <= rate(price, length + 1));
		prop_assert!(rate(price, length) >= price * Balance::from(length) / money::PRICED_BYTES);
	}

	#[test]
	fn taking_a_deal_out_of_an_account_undoes_putting_it_in(
		deals in 0..100u32, bytes in 0..1u64 << 50, committed_rate in rate(), reserve in rate(),
		length in 1..=1u64 << 46, rate in 1..=1_000_000 * STN,
	) {
		let account = NodeAccount { deals, bytes, committed_rate, reserve };

		let with = account.with(length, rate, 7 * rate).unwrap();

		prop_assert_eq!(with.without(length, rate, 7 * rate), account);
	}
}

#[test]
fn rates_around_the_smallest_billed_length() {
	let settings = MarketSettings { min_rate: 1, ..Settings::default().market };
	let rate = |length| money::rate(1 << 30, Bytes(length), &settings);

	assert_eq!(rate(1), Some(1 << 20));
	assert_eq!(rate(1 << 20), Some(1 << 20));
	assert_eq!(rate((1 << 20) + 1), Some((1 << 20) + 1));
	assert_eq!(money::rate(1, Bytes(1), &settings), Some(1));
	assert_eq!(money::rate(Balance::MAX, Bytes(1), &settings), None);
}

#[test]
fn a_single_unit_goes_to_the_fire_first() {
	let shares = Settings::default().market.shares;

	assert_eq!(money::settlement(1, shares, 1, 0), Payment { provider: 0, burned: 1, treasury: 0, refunded: 0 });
	assert_eq!(money::settlement(2, shares, 1, 0), Payment { provider: 0, burned: 1, treasury: 1, refunded: 0 });
}

#[test]
fn numbers_out_of_range_are_refused() {
	let huge = NodeAccount { deals: 0, bytes: 0, committed_rate: Balance::MAX, reserve: 1 };

	assert_eq!(money::escrow(Balance::MAX, 2), None);
	assert_eq!(money::reserve(Balance::MAX, 2), None);
	assert_eq!(money::required_bond(&huge, 2), None);
	assert_eq!(money::required_bond(&huge, 1), None);
	assert_eq!(huge.with(0, 1, 0), None);
	assert_eq!(NodeAccount { bytes: u64::MAX, ..Default::default() }.with(1, 1, 1), None);
	assert_eq!(NodeAccount { deals: u32::MAX, ..Default::default() }.with(1, 1, 1), None);
}

#[test]
fn what_is_left_in_escrow_follows_the_settled_periods() {
	let shares = Settings::default().market.shares;
	let fresh = terms(shares, 0, 7);
	let ended_before_it_began = Terms { last: Period(0), ..fresh };
	let done = Terms { next_unsettled: Period(1_025), ..fresh };

	assert_eq!(money::escrow_left(3, &fresh), 3 * 1_024);
	assert_eq!(money::escrow_left(3, &ended_before_it_began), 0);
	assert_eq!(money::escrow_left(3, &done), 0);
}
