use crate::{mock::*, ClassOffer, Error, Event, HoldReason, NextNodeId, Node, NodeSpec, Nodes};
use codec::{Encode, MaxEncodedLen};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, TokenError};
use substation_primitives::{Balance, NodeId, NodeStatus, Offer, Region};

fn register_with(spec: NodeSpec<Test>, offer: Offer, bond: Balance) -> sp_runtime::DispatchResult {
	Registry::register(signed(OPERATOR), spec, CLASS, offer, bond, bind(&agent(next()), OPERATOR))
}

#[test]
fn registered_node_is_active_and_its_money_is_held() {
	ExtBuilder.build_and_execute(|| {
		assert_ok!(register_with(spec(), OFFER, MIN_BOND));

		let node = NodeId(0);
		assert_eq!(
			Registry::record(node),
			Some(Node {
				operator: OPERATOR,
				agent: key(0),
				endpoint: [2; 32],
				addresses: addresses(&["203.0.113.7:4433", "[2001:db8::7]:4433"]),
				region: Region(*b"CH"),
				status: NodeStatus::Active,
				suspended: false,
				deposit: DEPOSIT,
				offers: vec![ClassOffer { class: CLASS, offer: OFFER, bond: MIN_BOND }].try_into().expect("one"),
			})
		);
		assert_eq!(held(OPERATOR, HoldReason::NodeDeposit), DEPOSIT);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), MIN_BOND);
		assert_eq!(Balances::free_balance(OPERATOR), FUNDS - DEPOSIT - MIN_BOND);
		assert_eq!(events(), [Event::NodeRegistered { node, operator: OPERATOR }]);
	});
}

#[test]
fn one_operator_can_have_many_nodes_and_ids_are_never_reused() {
	ExtBuilder.build_and_execute(|| {
		assert_eq!(State::Active.create(), NodeId(0));
		let gone = State::Unbonding.create();
		System::set_block_number(1 + UNBONDING);
		assert_ok!(Registry::withdraw(signed(OPERATOR), gone));

		assert_eq!(State::Active.create(), NodeId(2));

		assert_eq!(held(OPERATOR, HoldReason::NodeDeposit), 2 * DEPOSIT);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 4 * MIN_BOND);
	});
}

#[test]
fn node_without_addresses_is_accepted() {
	ExtBuilder.build_and_execute(|| {
		assert_ok!(register_with(NodeSpec { addresses: addresses(&[]), ..spec() }, OFFER, MIN_BOND));
	});
}

#[test]
fn malformed_specifications_are_refused_by_name() {
	ExtBuilder.build_and_execute(|| {
		let refused = |spec, error: Error<Test>| {
			assert_noop!(register_with(spec, OFFER, MIN_BOND), error);
		};

		refused(NodeSpec { agent: [0; 32], ..spec() }, Error::KeyMissing);
		refused(NodeSpec { endpoint: [0; 32], ..spec() }, Error::KeyMissing);
		refused(NodeSpec { addresses: addresses(&[""]), ..spec() }, Error::MalformedAddress);
		refused(NodeSpec { addresses: addresses(&["a:1", "no port"]), ..spec() }, Error::MalformedAddress);
		refused(NodeSpec { region: Region(*b"ch"), ..spec() }, Error::MalformedRegion);
		refused(NodeSpec { region: Region([0, 0]), ..spec() }, Error::MalformedRegion);
	});
}

#[test]
fn empty_offers_are_refused_by_name() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(register_with(spec(), Offer { capacity: 0, price: 1 }, MIN_BOND), Error::<Test>::ZeroCapacity);
		assert_noop!(register_with(spec(), Offer { capacity: 1, price: 0 }, MIN_BOND), Error::<Test>::ZeroPrice);
		assert_ok!(register_with(spec(), Offer { capacity: 1, price: 1 }, MIN_BOND));
		assert_ok!(register_with(spec(), Offer { capacity: u64::MAX, price: Balance::MAX }, MIN_BOND));
	});
}

#[test]
fn bond_below_the_least_is_refused() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(register_with(spec(), OFFER, MIN_BOND - 1), Error::<Test>::BondTooLow);
		assert_noop!(register_with(spec(), OFFER, 0), Error::<Test>::BondTooLow);
	});
}

#[test]
fn node_can_start_with_any_class_and_its_bond_has_a_name_of_its_own() {
	ExtBuilder.build_and_execute(|| {
		let proof = bind(&agent(0), OPERATOR);
		assert_ok!(Registry::register(signed(OPERATOR), spec(), OTHER_CLASS, OFFER, MIN_BOND, proof));

		assert_eq!(held(OPERATOR, HoldReason::BandwidthBond), MIN_BOND);
		assert_eq!(held(OPERATOR, HoldReason::StorageBond), 0);
		assert_eq!(Registry::record(NodeId(0)).expect("registered").in_class(CLASS), None);
	});
}

#[test]
fn operator_without_the_money_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let most = FUNDS - DEPOSIT - EXISTENTIAL_DEPOSIT;

		assert_noop!(register_with(spec(), OFFER, most + 1), TokenError::FundsUnavailable);
		assert_noop!(register_with(spec(), OFFER, Balance::MAX), TokenError::FundsUnavailable);
		assert_ok!(register_with(spec(), OFFER, most));
	});
}

#[test]
fn only_signed_origins_register() {
	ExtBuilder.build_and_execute(|| {
		let proof = bind(&agent(0), OPERATOR);
		assert_noop!(Registry::register(RuntimeOrigin::none(), spec(), CLASS, OFFER, MIN_BOND, proof), BadOrigin);
		assert_noop!(Registry::register(RuntimeOrigin::root(), spec(), CLASS, OFFER, MIN_BOND, proof), BadOrigin);
	});
}

#[test]
fn last_id_is_never_assigned() {
	ExtBuilder.build_and_execute(|| {
		NextNodeId::<Test>::put(NodeId(u64::MAX));

		assert_noop!(register_with(spec(), OFFER, MIN_BOND), Error::<Test>::OutOfIds);
	});
}

#[test]
fn too_long_or_too_many_addresses_do_not_decode() {
	use codec::Decode;

	let long = ([1u8; 32], [2u8; 32], vec![vec![b'h'; 65]], *b"CH").encode();
	let many = ([1u8; 32], [2u8; 32], vec![b"h:1".to_vec(); 9], *b"CH").encode();
	let fits = ([1u8; 32], [2u8; 32], vec![vec![b'h'; 64]; 8], *b"CH").encode();

	assert!(NodeSpec::<Test>::decode(&mut &long[..]).is_err());
	assert!(NodeSpec::<Test>::decode(&mut &many[..]).is_err());
	assert!(NodeSpec::<Test>::decode(&mut &fits[..]).is_ok());
}

#[test]
fn usual_record_stays_small_and_the_largest_is_bounded() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		// Accounts of the mock are 24 bytes shorter than real ones.
		let size = || {
			Registry::record(node).expect("registered").encoded_size() + 24 + Nodes::<Test>::hashed_key_for(node).len()
		};
		assert!(size() <= 250, "{} bytes", size());

		assert_ok!(Registry::add_class(signed(OPERATOR), node, OTHER_CLASS, OFFER, MIN_BOND));
		assert!(size() <= 280, "{} bytes", size());

		assert!(Node::<Test>::max_encoded_len() <= 850, "{}", Node::<Test>::max_encoded_len());
	});
}

/// The encoding is what agents and pages decode: changing it is a decision.
#[test]
fn encoding_of_a_record_is_stable() {
	ExtBuilder.build_and_execute(|| {
		assert_ok!(register_with(
			NodeSpec { addresses: addresses(&["a:1"]), ..spec() },
			Offer { capacity: 1, price: 2 },
			MIN_BOND
		));

		let mut golden = Vec::new();
		golden.extend_from_slice(&1u64.to_le_bytes()); // operator
		golden.extend_from_slice(&key(0)); // agent
		golden.extend_from_slice(&[2; 32]); // endpoint
		golden.extend_from_slice(&[4, 12, b'a', b':', b'1']); // addresses
		golden.extend_from_slice(b"CH"); // region
		golden.extend_from_slice(&[0, 0]); // active, not suspended
		golden.extend_from_slice(&codec::Compact(DEPOSIT).encode());
		golden.extend_from_slice(&[4, 0, 4, 8]); // one offer: storage, 1 byte, 2 units
		golden.extend_from_slice(&codec::Compact(MIN_BOND).encode());

		assert_eq!(Registry::record(NodeId(0)).encode()[1..], golden);

		let offer = Offer { capacity: 3, price: 4 };
		assert_ok!(Registry::add_class(signed(OPERATOR), NodeId(0), OTHER_CLASS, offer, MIN_BOND));

		let offers = golden.len() - codec::Compact(MIN_BOND).encoded_size() - 4;
		golden[offers] = 8; // two offers
		golden.extend_from_slice(&[1, 12, 16]); // bandwidth, 3 kbit/s, 4 units
		golden.extend_from_slice(&codec::Compact(MIN_BOND).encode());

		assert_eq!(Registry::record(NodeId(0)).encode()[1..], golden);
	});
}
