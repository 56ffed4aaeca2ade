//! What becomes of the credits of a node that the registry forgets.

use crate::{mock::*, types::Record, Records};
use frame_support::{assert_noop, assert_ok};
use substation_primitives::settings::STN;

fn forget() {
	let operator = Operators::take(NODE).expect("it is there");
	Rewards::settle_and_forget(NODE, &operator);
}

#[test]
fn what_is_pending_is_paid_at_once() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		use_service(bandwidth(NODE), 20 * STN);
		prove(NODE, BOND);
		run_era();
		events();
		let before = wealth(OPERATOR);

		forget();

		assert_eq!(wealth(OPERATOR), before + 24 * STN);
		assert_eq!(
			events(),
			[
				Event::Claimed { earner: storage(NODE), to: OPERATOR, amount: 8 * STN },
				Event::Claimed { earner: bandwidth(NODE), to: OPERATOR, amount: 16 * STN },
			]
		);
		assert_eq!(Records::<Test>::iter().count(), 0);
	});
}

#[test]
fn credits_of_the_running_era_become_the_operators_own() {
	ExtBuilder.build_and_execute(|| {
		use_service(storage(NODE), 10 * STN);
		use_service(bandwidth(NODE), 20 * STN);
		use_service(payee(OPERATOR), 30 * STN);
		use_service(storage(SIBLING), 40 * STN);

		forget();

		let moved = Record { era: 0, units: 48 * STN, pending: 0, current: None };
		assert_eq!(record(payee(OPERATOR)), moved);
		assert_eq!((era().pools.storage.units, era().pools.bandwidth.units), (32 * STN, 48 * STN));
		assert!(!Records::<Test>::contains_key(storage(NODE)) && !Records::<Test>::contains_key(bandwidth(NODE)));

		run_era();
		let before = wealth(OPERATOR);
		assert_ok!(claim(OPERATOR, &[NODE]));
		assert_eq!(wealth(OPERATOR), before + 48 * STN);
		assert_noop!(claim(OPERATOR, &[NODE]), Error::NothingToClaim);
	});
}

#[test]
fn what_the_operator_cannot_receive_waits_for_its_claim() {
	ExtBuilder.build_and_execute(|| {
		let burned = EXISTENTIAL_DEPOSIT / 2;
		Operators::insert(NODE, NOBODY);
		use_service(storage(NODE), burned);
		use_service(bandwidth(NODE), burned);
		use_service(payee(NOBODY), burned);
		run_era();

		forget();

		let each = burned * 8 / 10;
		assert_eq!(record(payee(NOBODY)), Record { era: 1, units: 0, pending: 3 * each, current: None });
		assert_ok!(claim(NOBODY, &[]));
		assert_eq!(wealth(NOBODY), 3 * each);
	});
}

#[test]
fn a_node_without_records_leaves_nothing() {
	ExtBuilder.build_and_execute(|| {
		prove(NODE, BOND);

		forget();

		assert_eq!(Records::<Test>::iter().count(), 0);
	});
}
