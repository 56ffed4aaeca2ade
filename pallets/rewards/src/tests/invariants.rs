//! The checks themselves find what they are for.

use crate::{
	mock::*,
	types::{EraState, Record, Totals},
	Closed, Era, Records, Supply,
};
use frame_support::{assert_ok, traits::fungible::Mutate};
use sp_runtime::TryRuntimeError;
use substation_primitives::{rewards::MAX_BUDGETED, settings::STN, NodeId};

/// The invariant that complains once `spoil` has run in the second era of a busy chain.
fn complaint(spoil: impl FnOnce()) -> String {
	let mut found = String::new();
	ExtBuilder.build().execute_with(|| {
		use_service(storage(NODE), 10 * STN);
		use_service(payee(PAYEE), 10 * STN);
		run_era();
		prove(SIBLING, BOND);
		use_service(payee(PAYEE), 10 * STN);
		use_service(storage(SIBLING), 10 * STN);
		assert_ok!(claim(PAYEE, &[]));
		assert_ok!(Rewards::do_try_state());

		spoil();

		found = match Rewards::do_try_state() {
			Err(TryRuntimeError::Other(text)) => text.split(':').next().unwrap_or_default().to_owned(),
			other => panic!("{other:?}"),
		};
	});
	found
}

fn change_totals(change: impl FnOnce(&mut Totals)) {
	Supply::<Test>::mutate(change);
}

fn change_era(change: impl FnOnce(&mut EraState)) {
	Era::<Test>::mutate(change);
}

fn change_record(change: impl FnOnce(&mut Record)) {
	Records::<Test>::mutate_extant(storage(SIBLING), change);
}

#[test]
fn every_invariant_can_fail() {
	assert_eq!(complaint(|| change_totals(|totals| totals.budgeted = MAX_BUDGETED + 1)), "I1");
	assert_eq!(complaint(|| change_totals(|totals| totals.minted = totals.budgeted + 1)), "I2");
	assert_eq!(complaint(|| change_era(|era| era.validators += 100_000 * STN)), "I2");
	assert_eq!(complaint(|| change_era(|era| era.pools.storage.budget += 100_000 * STN)), "I2");
	assert_eq!(
		complaint(|| {
			assert_ok!(Balances::mint_into(&OPERATOR, 41 * STN));
		}),
		"I3"
	);
	assert_eq!(
		complaint(|| {
			// Less than was burned: the issuance alone shows nothing.
			assert_ok!(Balances::mint_into(&OPERATOR, 1));
		}),
		"I4"
	);
	assert_eq!(complaint(|| change_totals(|totals| totals.burned_by_calls += 1)), "I4");
	assert_eq!(complaint(|| change_totals(|totals| totals.burned_seen = 41 * STN)), "I5");
	assert_eq!(complaint(|| change_era(|era| era.pools.storage.units += 1)), "I6");
	assert_eq!(complaint(|| change_era(|era| era.pools.bandwidth.units -= 1)), "I6");
	assert_eq!(complaint(|| change_record(|record| record.units -= 1)), "I6");
	assert_eq!(complaint(|| Records::<Test>::mutate_extant(storage(NODE), |record| record.units += 1)), "I7");
	assert_eq!(complaint(|| change_record(|record| record.pending += 1)), "I8");
	assert_eq!(complaint(|| change_totals(|totals| totals.payable -= 1)), "I8");
	assert_eq!(complaint(Closed::<Test>::kill), "I7");
	assert_eq!(complaint(|| Closed::<Test>::mutate(|closed| closed[7] = era().pools)), "I9");
	assert_eq!(complaint(|| Records::<Test>::insert(storage(NodeId(1)), Record::default())), "I10");
	assert_eq!(
		complaint(|| {
			Records::<Test>::insert(storage(NodeId(1)), Record { era: 9, pending: 0, units: 1, current: None })
		}),
		"I10"
	);
	let later = |change: fn(&mut crate::Current)| {
		complaint(|| change_record(|record| change(record.current.as_mut().expect("it was proven"))))
	};
	assert_eq!(later(|proof| proof.since += 1), "I10");
	assert_eq!(later(|proof| proof.due = proof.since - 1), "I10");
	assert_eq!(later(|proof| proof.yields += 1), "I10");
}
