//! What the registry is told.

use crate::mock::*;
use frame_support::{assert_ok, assert_storage_noop};
use substation_primitives::{traits::Obligations, NodeId, ResourceClass};

const NODE: NodeId = NodeId(1);

fn required() -> u128 {
	BandwidthProofs::required_bond(NODE, ResourceClass::Bandwidth)
}

#[test]
fn a_node_owes_the_bond_of_its_seats_until_its_line_is_gone() {
	ExtBuilder::default().build_and_execute(|| {
		register(NODE, 3);
		assert!(BandwidthProofs::is_free(NODE));
		assert_eq!(required(), 0);

		assert_ok!(take(NODE, 3, FEE));
		assert!(!BandwidthProofs::is_free(NODE));
		assert_eq!(required(), 3 * SEAT_BOND);
		assert_eq!(BandwidthProofs::required_bond(NODE, ResourceClass::Storage), 0);
		// What a seat costs now is not what it cost then.
		Bandwidth::mutate(|settings| settings.seat_bond = 7 * SEAT_BOND);
		assert_eq!(required(), 3 * SEAT_BOND);

		retire(NODE);
		assert_eq!(required(), 3 * SEAT_BOND);
		assert_ok!(BandwidthProofs::remove_line(signed(ANYONE), NODE));
		assert!(BandwidthProofs::is_free(NODE));
		assert_eq!(required(), 0);
	});
}

#[test]
fn catching_up_and_forgetting_change_nothing() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		assert_storage_noop!({
			BandwidthProofs::catch_up(NODE);
			BandwidthProofs::forget(NodeId(9));
		});
	});
}
