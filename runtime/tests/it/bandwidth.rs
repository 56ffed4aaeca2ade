//! Lines: seats are taken with a bond, committees are drawn, members sign, the chain rates.

use crate::{
	actors::Node,
	chain::{apply, block, check, fees, free_weight, refused, run_to, scenario, send, signed, GENESIS},
	lines::{
		committee_of, line, line_page, pending_test, run_to_epoch, subject, take_seats, test_page, tests_of_member,
		Lines, Measurement, Part, CLAIM, PREPAID,
	},
};
use codec::Encode;
use frame_support::traits::{Get, TypedGet};
use pallet_bandwidth_proofs::{Call, Error};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource, UnknownTransaction},
	DispatchError,
};
use std::collections::BTreeMap;
use substation_primitives::{
	bandwidth::{ReadingReason, TestPage},
	settings::{BandwidthSettings, STN},
	traits::{Bonds, Ratings},
	Balance, Direction, NodeId, NodeStatus, Rates, Region, ResourceClass,
};
use substation_proofs::bandwidth;
use substation_runtime::{
	constants, governance::TreasuryPot, AccountId, Balances, BandwidthProofs, Executive, Registry, Runtime, Session,
	System, UncheckedExtrinsic,
};

fn settings() -> BandwidthSettings {
	pallet_settings::BandwidthOf::<Runtime>::get()
}

/// What the pot has beyond what keeps it alive.
fn pot() -> Balance {
	Balances::free_balance(BandwidthProofs::pot()) - constants::EXISTENTIAL_DEPOSIT
}

fn operator(node: NodeId) -> AccountId {
	pallet_registry::Nodes::<Runtime>::get(node).expect("registered").operator
}

fn keyring(node: NodeId) -> Sr25519Keyring {
	Sr25519Keyring::from_account_id(&operator(node)).expect("operators are well known")
}

/// The newest reading of a direction.
fn newest(test: &TestPage) -> (u32, u8, u16, ReadingReason) {
	let page = line(test.node);
	let (reading, reason) = match test.direction {
		Direction::Down => page.down[0],
		Direction::Up => page.up[0],
	};
	assert_eq!(reading.drawn, test.id.block);
	(reading.rate, reading.receipts, reading.delivered, reason)
}

#[test]
fn seats_are_taken_in_one_batch_and_count_three_epochs_later() {
	scenario(|| {
		let node = Node::register(Bob);
		assert_eq!(line_page(node.id), None);

		let now = u64::from(Session::current_index());
		take_seats(Bob, node.id, 2);

		let page = line(node.id);
		assert_eq!((page.claim, page.rating), (CLAIM, Rates::default()));
		assert!(
			page.seats.iter().all(|seat| seat.from == now + pallet_bandwidth_proofs::FREEZE && seat.until.is_none()),
			"{page:?}"
		);
		assert_eq!((page.seats.len(), page.required_bond), (2, 2 * settings().seat_bond));
		assert_eq!((page.prepaid, pot()), (PREPAID, PREPAID));
		assert_eq!((page.earned, page.pending, page.expelled), (0, None, false));
		assert!(page.down.iter().chain(&page.up).all(|(_, reason)| *reason == ReadingReason::NotTested));
	});
}

#[test]
fn nobody_is_tested_before_the_seats_count() {
	scenario(|| {
		let lines = Lines::of(&[Alice, Bob, Charlie, Dave]);
		let from = lines.nodes().map(|node| line(node).seats[0].from).max().unwrap();

		while u64::from(Session::current_index()) < from {
			assert!(lines.nodes().all(|node| line(node).pending.is_none()));
			run_to(System::block_number() + 1);
		}

		let test = lines.next_test();
		assert_eq!(line(test.node).pending, Some(test.id));
	});
}

#[test]
fn a_test_names_its_committee_and_where_it_is_dialled() {
	scenario(|| {
		let lines = Lines::of_four();

		let test = lines.next_test();

		let members = pallet_pace::CommitteesOf::<Runtime>::get().members;
		assert_eq!(test.committee.len(), usize::from(members));
		assert_eq!(test.deadline, test.id.block + pallet_pace::CommitteesOf::<Runtime>::get().deadline);
		assert_eq!((test.claim, test.done), (CLAIM.get(test.direction), false));
		assert_eq!(test.total, bandwidth::total(test.claim, settings().test_seconds));
		assert_eq!(test_page(test.id), Some(test.clone()));
		for member in &test.committee {
			assert_ne!(operator(member.node), operator(test.node));
			assert_eq!(member.addresses, [b"203.0.113.7:4550".to_vec()]);
		}

		let moved = test.committee[1].node;
		let contact = pallet_registry::Call::set_contact {
			node: moved,
			endpoint: [8; 32],
			addresses: vec![b"[2001:db8::1]:4550".to_vec().try_into().unwrap()].try_into().unwrap(),
			region: Region(*b"CH"),
		};
		send(keyring(moved), contact);
		let page = test_page(test.id).unwrap();
		assert_eq!((page.committee[1].endpoint, page.committee[0].endpoint), ([8; 32], [9; 32]));
		assert_eq!(page.committee[1].addresses, [b"[2001:db8::1]:4550".to_vec()]);
	});
}

#[test]
fn a_member_is_told_which_endpoint_will_dial_it_for_which_test() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();

		for member in &test.committee {
			assert!(tests_of_member(member.node).contains(&(test.id, test.node, test.endpoint)));
		}
		assert!(tests_of_member(test.node).iter().all(|(id, ..)| *id != test.id), "nobody measures itself");

		apply(lines.measurement(&test, &lines.as_claimed(&test)).transaction());

		let member = test.committee[0].node;
		assert!(tests_of_member(member).iter().all(|(id, ..)| *id != test.id), "its measurement was taken");
	});
}

#[test]
fn a_line_as_fast_as_claimed_is_rated_after_three_tests_of_a_direction() {
	scenario(|| {
		let lines = Lines::of_four();

		// Each test fills one of eight rings; the third reading of a ring is its median.
		let rated = (0..17).find_map(|_| {
			let test = lines.next_test();
			lines.pass(&test);
			let (rate, receipts, delivered, reason) = newest(&test);
			assert!(rate.abs_diff(test.claim) <= test.claim / 100, "{rate} of {}", test.claim);
			assert_eq!((receipts, delivered, reason), (3, 1_000, ReadingReason::Measured));
			(line(test.node).rating.get(test.direction) > 0).then_some(test)
		});

		let test = rated.expect("one of eight rings has three readings after seventeen tests");
		let rating = line(test.node).rating;
		let full = settings().rating.mul_floor(test.claim);
		assert!(rating.get(test.direction).abs_diff(full) <= full / 100, "{rating:?}");
		assert_eq!(<BandwidthProofs as Ratings>::rating(test.node), rating);

		// A rating ages.
		let until = test.id.block + settings().rating_age;
		pallet_settings::Bandwidth::<Runtime>::mutate(|settings| settings.tests_per_draw = 0);
		run_to(until + 1);
		assert_eq!(line(test.node).rating.get(test.direction), 0);
	});
}

#[test]
fn an_over_claimed_line_reads_what_it_carries() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();

		let slow = lines.as_claimed(&test).into_iter();
		let slow: Vec<_> = slow.map(|part| Part { elapsed: part.elapsed.map(|time| 4 * time), ..part }).collect();
		apply(lines.measurement(&test, &slow).transaction());

		let (rate, ..) = newest(&test);
		assert!(rate.abs_diff(test.claim / 4) <= test.claim / 400, "{rate}");
	});
}

#[test]
fn members_are_paid_for_receipts_and_nobody_pays_for_anything_else() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();
		let fee = settings().member_fee;
		let balances = || frame_system::Account::<Runtime>::iter().map(|(who, account)| (who, account.data));
		let before: BTreeMap<_, _> = balances().collect();

		// Two of three sign.
		let mut parts = lines.as_claimed(&test);
		parts[1].elapsed = None;
		apply(lines.measurement(&test, &parts).transaction());

		// No money moves, it only belongs to others from now on.
		assert_eq!(balances().collect::<BTreeMap<_, _>>(), before);
		assert_eq!(line(test.node).prepaid, PREPAID - 2 * fee);
		let earned: Vec<_> = test.committee.iter().map(|member| line(member.node).earned).collect();
		assert_eq!(earned, [fee, 0, fee]);
		let membership: Vec<_> = test.committee.iter().map(|member| line(member.node).membership).collect();
		assert_eq!(membership, [(1, 0), (1, 1), (1, 0)]);
		check();

		let member = test.committee[0].node;
		let (before, treasury) = (Balances::free_balance(operator(member)), Balances::free_balance(TreasuryPot::get()));
		let paid = fees(&send(keyring(member), Call::collect_earned { node: member }));
		assert_eq!(Balances::free_balance(operator(member)), before + fee - paid);
		assert_eq!(Balances::free_balance(TreasuryPot::get()), treasury);
		assert_eq!((line(member).earned, pot()), (0, 4 * PREPAID - fee));
	});
}

#[test]
fn a_test_without_a_majority_of_receipts_reads_nothing() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();

		let mut parts = lines.as_claimed(&test);
		parts[0].elapsed = None;
		parts[2].elapsed = None;
		apply(lines.measurement(&test, &parts).transaction());

		let (rate, receipts, delivered, reason) = newest(&test);
		assert_eq!((rate, receipts, reason), (0, 1, ReadingReason::NoMajority));
		assert!(delivered < 350, "{delivered}");
		assert_eq!(line(test.node).pending, None);
	});
}

#[test]
fn a_test_that_is_not_measured_before_its_deadline_reads_nothing() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();
		let measurement = lines.measurement(&test, &lines.as_claimed(&test));
		pallet_settings::Bandwidth::<Runtime>::mutate(|settings| settings.tests_per_draw = 0);

		run_to(test.deadline);
		assert_eq!(pending_test(test.node).map(|page| page.id), Some(test.id));
		assert_eq!(refused(measurement.clone().transaction()), InvalidTransaction::Stale.into());

		assert_eq!(pending_test(test.node), None);
		assert_eq!(newest(&test), (0, 0, 0, ReadingReason::NotSubmitted));
		assert!(test.committee.iter().all(|member| line(member.node).membership == (0, 0)));
	});
}

#[test]
fn a_measurement_is_taken_once() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();
		let mut better = lines.as_claimed(&test);
		for part in &mut better {
			part.elapsed = part.elapsed.map(|time| time / 2);
		}
		let better = lines.measurement(&test, &better);

		lines.pass(&test);

		assert_eq!(refused(better.transaction()), InvalidTransaction::Stale.into());
		assert!(test_page(test.id).is_none_or(|page| page.done));
	});
}

#[test]
fn a_spoiled_measurement_is_refused_without_a_trace() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();
		let parts = lines.as_claimed(&test);
		let good = lines.measurement(&test, &parts);
		let spoiled = |spoil: &dyn Fn(&mut Measurement)| {
			let mut measurement = good.clone();
			spoil(&mut measurement);
			measurement
		};
		let resigned = |change: &dyn Fn(&mut Vec<Part>)| {
			let mut parts = parts.clone();
			change(&mut parts);
			lines.measurement(&test, &parts)
		};
		let other_way = TestPage {
			direction: match test.direction {
				Direction::Down => Direction::Up,
				Direction::Up => Direction::Down,
			},
			..test.clone()
		};
		let another_member = TestPage { node: test.committee[0].node, ..test.clone() };
		let cap = u32::try_from(bandwidth::cap(test.total, 3)).unwrap();
		let faster = resigned(&|parts| parts[0].elapsed = parts[0].elapsed.map(|elapsed| elapsed - 1));
		let cases: [(&str, u8, Measurement); 16] = [
			("a better time under the same signature", 5, spoiled(&|m| m.receipts[0].as_mut().unwrap().elapsed -= 1)),
			("a receipt less under the same signature", 5, spoiled(&|m| m.receipts[0] = None)),
			(
				"a better time that the node's agent signs and the member does not",
				6,
				Measurement { receipts: spoiled(&|m| m.receipts[0].as_mut().unwrap().elapsed -= 1).receipts, ..faster },
			),
			("a receipt of another member", 6, spoiled(&|m| m.receipts[0] = m.receipts[1])),
			("receipts in another order", 6, spoiled(&|m| m.receipts.swap(0, 2))),
			("other counts", 5, spoiled(&|m| m.counts[1] -= 1)),
			("other marks", 5, spoiled(&|m| m.digest[0] ^= 1)),
			("another signature", 5, spoiled(&|m| m.signature[63] ^= 1)),
			("too few members", 1, spoiled(&|m| (m.counts.truncate(2), m.receipts.truncate(2)).1)),
			("too many members", 1, spoiled(&|m| (m.counts.push(0), m.receipts.push(None)).1)),
			("more than a member may carry", 3, resigned(&|parts| parts[0].count = cap + 1)),
			("no receipt at all", 2, resigned(&|parts| parts.iter_mut().for_each(|part| part.elapsed = None))),
			("a receipt over nothing", 7, resigned(&|parts| parts[0].count = 0)),
			("no time at all", 4, resigned(&|parts| parts[0].elapsed = Some(0))),
			("signed for the other direction", 5, lines.measurement(&other_way, &parts)),
			("signed for another node", 5, lines.measurement(&another_member, &parts)),
		];

		for (what, code, measurement) in cases {
			let refusal = refused(measurement.transaction());
			assert_eq!(refusal, InvalidTransaction::Custom(code).into(), "{what}");
		}
		assert_eq!(line(test.node).pending, Some(test.id), "the test is still to be measured");
		apply(good.transaction());
	});
}

#[test]
fn a_measurement_of_another_test_or_of_no_test_is_refused() {
	scenario(|| {
		let lines = Lines::of_four();
		let first = lines.next_test();
		let old = lines.measurement(&first, &lines.as_claimed(&first));
		lines.pass(&first);
		let second = loop {
			let test = lines.next_test();
			if test.direction == first.direction {
				break test;
			}
			lines.pass(&test);
		};

		let replayed = Measurement { test: second.id, ..old.clone() };
		assert_eq!(refused(replayed.transaction()), InvalidTransaction::Custom(5).into());
		let mut nowhere = old;
		nowhere.test.block = System::block_number() + 2;
		assert_eq!(refused(nowhere.transaction()), UnknownTransaction::CannotLookup.into());

		assert_eq!(subject(&second).test, (second.id.block, second.id.index));
		assert_eq!(line(second.node).pending, Some(second.id));
	});
}

#[test]
fn a_signed_account_cannot_measure_and_neither_can_a_bare_transaction_or_a_batch() {
	scenario(|| {
		let lines = Lines::of_four();
		let test = lines.next_test();
		let call = lines.measurement(&test, &lines.as_claimed(&test)).call();
		let bare = UncheckedExtrinsic::new_bare(call.clone());

		let direct = block([signed(Bob, call.clone())]).remove(0).unwrap();
		let batch = block([signed(Bob, pallet_utility::Call::batch_all { calls: vec![call] })]).remove(0).unwrap();
		let pool = Executive::validate_transaction(TransactionSource::External, bare.clone(), GENESIS);
		let forced = block([bare]).remove(0).unwrap();

		for result in [direct, batch, forced] {
			assert_eq!(result, Err(DispatchError::BadOrigin));
		}
		assert_eq!(pool, Err(UnknownTransaction::NoUnsignedValidator.into()));
		assert_eq!(line(test.node).pending, Some(test.id));
	});
}

#[test]
fn the_bond_of_seats_stays_until_they_are_gone() {
	scenario(|| {
		let node = Node::register(Bob);
		take_seats(Bob, node.id, 3);
		let class = ResourceClass::Bandwidth;
		let release = |amount| {
			block([signed(Bob, pallet_registry::Call::release_bond { node: node.id, class, amount })]).remove(0)
		};

		assert_eq!(release(1).unwrap(), Err(pallet_registry::Error::<Runtime>::BondNeeded.into()));
		assert_eq!(<Registry as Bonds<AccountId>>::bond(node.id, class), 3 * settings().seat_bond);

		send(Bob, Call::give_up_seats { node: node.id });
		assert_eq!(release(1).unwrap(), Err(pallet_registry::Error::<Runtime>::BondNeeded.into()));
		run_to_epoch(line(node.id).seats[0].until.expect("given up"));
		send(Eve, Call::remove_line { node: node.id });

		// The least bond of a class stays as long as it is offered.
		let least = pallet_settings::RegistryOf::<Runtime>::get().min_bond;
		assert_eq!(release(3 * settings().seat_bond - least).unwrap(), Ok(()));
	});
}

#[test]
fn a_node_with_a_line_leaves_once_its_seats_are_gone_and_gets_everything_back() {
	scenario(|| {
		let node = Node::register(Bob);
		take_seats(Bob, node.id, 1);
		let seat_bond = settings().seat_bond;
		send(Bob, pallet_registry::Call::leave { node: node.id });
		let early = block([signed(Bob, pallet_registry::Call::unbond { node: node.id })]).remove(0).unwrap();
		assert_eq!(early, Err(pallet_registry::Error::<Runtime>::StillObliged.into()));

		// Its seats would be drawn in vain: anybody may give them up for it.
		send(Charlie, Call::give_up_seats { node: node.id });
		let early = block([signed(Charlie, Call::remove_line { node: node.id })]).remove(0).unwrap();
		assert_eq!(early, Err(Error::<Runtime>::SeatsStillCount.into()));
		run_to_epoch(line(node.id).seats[0].until.expect("given up"));
		send(Charlie, Call::remove_line { node: node.id });
		assert_eq!((line_page(node.id), pot()), (None, 0));

		send(Charlie, pallet_registry::Call::unbond { node: node.id });
		let NodeStatus::Unbonding { until } = node.page().status else { panic!("the node owes nothing") };
		run_to(until);
		let events = send(Bob, pallet_registry::Call::withdraw { node: node.id });
		let released = crate::actors::BOND + seat_bond + STN;
		assert!(events.contains(&pallet_registry::Event::NodeWithdrawn { node: node.id, released }.into()));
	});
}

#[test]
fn nobody_takes_seats_for_somebody_elses_node_or_without_a_bond() {
	scenario(|| {
		let node = Node::register(Bob);
		let take = |node| Call::take_seats { node, claim: CLAIM, seats: 1, prepaid: PREPAID };

		let refusals = [
			(Charlie, node.id, Error::NotOperator),
			(Bob, node.id, Error::BondTooLow),
			(Bob, NodeId(99), Error::<Runtime>::UnknownNode),
		];
		for (who, node, refusal) in refusals {
			let result = block([signed(who, take(node))]).remove(0).unwrap();
			assert_eq!(result, Err(refusal.into()));
			assert_eq!(line_page(node), None);
		}
	});
}

#[test]
fn a_measurement_of_seventeen_members_is_small_and_cheap() {
	scenario(|| {
		let (lines, test) = committee_of(17);

		let measurement = lines.measurement(&test, &lines.as_claimed(&test)).transaction();

		let octets = measurement.encoded_size();
		let weight = free_weight(&measurement.function);
		println!("a measurement of 17 takes {octets} octets and {} us", weight.ref_time() / 1_000_000);
		assert!(octets <= 1_600, "{octets} octets");
		assert!(weight.ref_time() <= 2_000_000_000, "{weight:?}");
		apply(measurement);
		assert_eq!(newest(&test).1, 17);
	});
}
