//! Measurements that are not what committee and node have signed. None of them changes anything.

use crate::{measure::subject, mock::*};
use frame_support::assert_storage_noop;
use sp_core::Pair;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use substation_primitives::{bandwidth::Receipt, Direction, NodeId, TestId};
use substation_proofs::bandwidth::{self, Subject};

const WRONG_LENGTH: u8 = 1;
const NO_RECEIPT: u8 = 2;
const COUNT_OVER_CAP: u8 = 3;
const ELAPSED_OUT_OF_RANGE: u8 = 4;
const BAD_SIGNATURE: u8 = 5;
const BAD_RECEIPT: u8 = 6;
const EMPTY_RECEIPT: u8 = 7;

fn assert_refused(call: RuntimeCall, code: u8, what: &str) {
	let expected = TransactionValidityError::Invalid(InvalidTransaction::Custom(code));
	assert_storage_noop!(assert_eq!(apply(call.clone()), Err(expected), "{what}"));
	assert_eq!(validate(call), Err(expected), "{what}");
}

/// A right measurement, on which forgers work. It must still be taken afterwards.
fn with_right(forge: impl FnOnce(&Measurement)) {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		let right = Measurement::honest(&draw(), 15_000);
		forge(&right);
		assert_eq!(right.submit(), Ok(Ok(())));
	});
}

fn changed(right: &Measurement, change: impl FnOnce(&mut Measurement)) -> Measurement {
	let mut forged = right.clone();
	change(&mut forged);
	forged
}

fn cap(right: &Measurement) -> u32 {
	bandwidth::cap(right.view.test.total, right.view.test.committee.len() as u8) as u32
}

#[test]
fn counts_above_the_cap_are_refused_even_if_everybody_signs_them() {
	with_right(|right| {
		let cap = cap(right);
		let over = changed(right, |forged| forged.counts[2] = cap + 1);
		assert_refused(over.call(), COUNT_OVER_CAP, "one byte over the cap");
		// Without a receipt as well: what is not vouched for is bounded too.
		assert_refused(over.without(3).call(), COUNT_OVER_CAP, "one byte over the cap without a receipt");
		let most = changed(right, |forged| forged.counts[2] = cap);
		assert!(validate(most.call()).is_ok());
	});
}

#[test]
fn counts_that_do_not_match_the_commitment_are_refused() {
	with_right(|right| {
		let more = changed(right, |forged| forged.counts.iter_mut().for_each(|count| *count += 1));
		let id = right.view.id;

		// Old receipts, new signature; everything old but the counts.
		assert_refused(more.call_with(right.receipts()), BAD_RECEIPT, "receipts of other counts");
		let call = submission(id, &more.counts, right.digest, right.receipts(), right.signature());
		assert_refused(call, BAD_SIGNATURE, "a signature of other counts");
	});
}

#[test]
fn another_digest_is_refused() {
	with_right(|right| {
		let other = changed(right, |forged| forged.digest = [8; 32]);

		assert_refused(other.call_with(right.receipts()), BAD_RECEIPT, "receipts of other marks");
		let call = submission(right.view.id, &right.counts, [8; 32], right.receipts(), right.signature());
		assert_refused(call, BAD_SIGNATURE, "a signature of other marks");
	});
}

#[test]
fn receipts_of_anything_else_are_refused() {
	with_right(|right| {
		let about = right.subject();
		let TestId { block, index } = right.view.id;
		for (what, other) in [
			("another block's test", Subject { test: (block - 1, index), ..about }),
			("another test of the block", Subject { test: (block, index + 1), ..about }),
			("another node", Subject { node: about.node + 1, ..about }),
			("the other direction", Subject { direction: Direction::Up, ..about }),
			("another chain", Subject { genesis: [9; 32], ..about }),
		] {
			assert_refused(right.call_with(right.receipts_about(&other)), BAD_RECEIPT, what);
			// The tested node's own signature is bound to the same.
			let message = right.message_about(&other, &right.receipts());
			let signature = agent_pair(right.view.test.node).sign(&message).0;
			let call = submission(right.view.id, &right.counts, right.digest, right.receipts(), signature);
			assert_refused(call, BAD_SIGNATURE, what);
		}
	});
}

#[test]
fn a_measurement_does_not_serve_for_another_test_of_the_same_node() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let old = Measurement::honest(&draw(), 19_000);
		let node = old.view.test.node;
		assert_eq!(old.submit(), Ok(Ok(())));
		// The next test of this node in the same direction, by the same committee.
		assert_eq!(Measurement::honest(&draw_of(node), 9_000).submit(), Ok(Ok(())));
		let new = draw_of(node);
		assert_eq!(new.test.direction, old.view.test.direction);

		let replayed = submission(new.id, &old.counts, old.digest, old.receipts(), old.signature());
		assert_refused(replayed, BAD_SIGNATURE, "a whole old measurement");
		let mut resigned = Measurement::honest(&new, 10_000);
		resigned.counts = old.counts.clone();
		assert_refused(resigned.call_with(old.receipts()), BAD_RECEIPT, "old receipts under a new signature");
		assert_eq!(resigned.submit(), Ok(Ok(())));
	});
}

#[test]
fn a_measurement_does_not_serve_on_another_chain() {
	with_right(|right| {
		let ours = frame_system::BlockHash::<Test>::get(0);
		let call = right.call();
		frame_system::BlockHash::<Test>::insert(0, sp_core::H256::repeat_byte(7));
		assert_refused(call, BAD_SIGNATURE, "another genesis");
		frame_system::BlockHash::<Test>::insert(0, ours);
	});
}

#[test]
fn forged_receipts_are_refused() {
	with_right(|right| {
		let receipts = right.receipts();
		let forged = |change: &dyn Fn(&mut Vec<Option<Receipt>>)| {
			let mut receipts = receipts.clone();
			change(&mut receipts);
			right.call_with(receipts)
		};
		let about = right.subject();
		let commitment = right.commitment(&about);
		let stranger = receipt(NodeId(777), &about, &commitment, 5_000);
		let tested = receipt(right.view.test.node, &about, &commitment, 5_000);

		for (what, call) in [
			("one bit", forged(&|all| all[0].as_mut().unwrap().signature[0] ^= 1)),
			("zeros", forged(&|all| all[4].as_mut().unwrap().signature = [0; 64])),
			("a better time", forged(&|all| all[1].as_mut().unwrap().elapsed -= 1)),
			("a worse time", forged(&|all| all[1].as_mut().unwrap().elapsed += 1)),
			("a stranger", forged(&|all| all[2] = Some(stranger))),
			("the tested node itself", forged(&|all| all[2] = Some(tested))),
			("two members changed places", forged(&|all| all.swap(0, 1))),
			("one member twice", forged(&|all| all[3] = all[2])),
			("all in another order", forged(&|all| all.reverse())),
		] {
			assert_refused(call, BAD_RECEIPT, what);
		}
	});
}

#[test]
fn nodes_outside_the_committee_cannot_vouch() {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		let right = Measurement::honest(&draw(), 15_000);
		let members = right.view.test.committee.iter().map(|(node, _)| *node).collect::<Vec<_>>();
		let outside = (1..=8).map(NodeId).find(|node| *node != right.view.test.node && !members.contains(node));
		let about = right.subject();
		let mut receipts = right.receipts();
		receipts[0] = Some(receipt(outside.unwrap(), &about, &right.commitment(&about), 5_000));

		assert_refused(right.call_with(receipts), BAD_RECEIPT, "a node with a seat and no place in the committee");
	});
}

#[test]
fn one_wrong_receipt_refuses_all() {
	with_right(|right| {
		for wrong in 0..5 {
			let mut receipts = right.receipts();
			receipts[wrong].as_mut().unwrap().signature[9] ^= 4;
			assert_refused(right.call_with(receipts), BAD_RECEIPT, "one of five");
		}
	});
}

#[test]
fn times_out_of_range_are_refused_even_if_signed() {
	with_right(|right| {
		let longest = 6_000 * DEADLINE;
		for elapsed in [0, longest, u32::MAX] {
			let forged = changed(right, |forged| forged.elapsed[0] = Some(elapsed));
			assert_refused(forged.call(), ELAPSED_OUT_OF_RANGE, "a time");
		}
		assert!(validate(changed(right, |slow| slow.elapsed[0] = Some(longest - 1)).call()).is_ok());
		assert!(validate(changed(right, |fast| fast.elapsed[0] = Some(1)).call()).is_ok());
	});
}

#[test]
fn receipts_over_nothing_are_refused_even_if_everybody_signs_them() {
	with_right(|right| {
		let idle = changed(right, |forged| forged.counts[2] = 0);
		assert_refused(idle.call(), EMPTY_RECEIPT, "a receipt of a member that has carried nothing");
		let one = changed(right, |forged| forged.counts[2] = 1);
		assert!(validate(one.call()).is_ok());
	});
}

#[test]
fn lists_of_another_length_are_refused() {
	with_right(|right| {
		let counts = |length: usize| {
			let mut counts = right.counts.clone();
			counts.resize(length, 1);
			submission(right.view.id, &counts, right.digest, right.receipts(), right.signature())
		};
		let receipts = |length: usize| {
			let mut receipts = right.receipts();
			receipts.resize(length, None);
			right.call_with(receipts)
		};
		for length in [0, 1, 4, 6, 25] {
			assert_refused(counts(length), WRONG_LENGTH, "counts");
			assert_refused(receipts(length), WRONG_LENGTH, "receipts");
		}
		assert_refused(right.clone().without(5).call(), NO_RECEIPT, "nobody has signed");
	});
}

#[test]
fn nobody_on_the_way_can_drop_or_change_a_receipt() {
	with_right(|right| {
		for change in [
			|receipt: &mut Option<Receipt>| *receipt = None,
			|receipt: &mut Option<Receipt>| {
				if let Some(receipt) = receipt {
					receipt.elapsed += 1;
				}
			},
		] {
			for place in 0..right.counts.len() {
				let mut receipts = right.receipts();
				change(&mut receipts[place]);
				let call = submission(right.view.id, &right.counts, right.digest, receipts, right.signature());
				assert_refused(call, BAD_SIGNATURE, "a receipt was changed after the node had signed");
			}
		}
	});
}

#[test]
fn only_the_tested_nodes_agent_submits() {
	with_right(|right| {
		let about = right.subject();
		let message = right.message_about(&about, &right.receipts());
		let member = right.view.test.committee[0].0;
		for other in [member, NodeId(777)] {
			let signature = agent_pair(other).sign(&message).0;
			let call = submission(right.view.id, &right.counts, right.digest, right.receipts(), signature);
			assert_refused(call, BAD_SIGNATURE, "somebody else");
		}
		// A receipt is no measurement.
		let message = bandwidth::receipt_message(&about, &right.commitment(&about), 5_000);
		let signature = agent_pair(right.view.test.node).sign(&message).0;
		let call = submission(right.view.id, &right.counts, right.digest, right.receipts(), signature);
		assert_refused(call, BAD_SIGNATURE, "another kind of message");
	});
}

#[test]
fn keys_of_members_are_those_of_the_draw_and_the_nodes_own_is_the_present_one() {
	ExtBuilder::default().nodes(8).build_and_execute(|| {
		let right = Measurement::honest(&draw(), 15_000);
		let (member, node) = (right.view.test.committee[0].0, right.view.test.node);
		change_record(member, |record| record.agent = [1; 32]);
		change_record(node, |record| record.agent = agent_pair(NodeId(888)).public().0);

		assert_refused(right.call(), BAD_SIGNATURE, "the key was replaced");

		let about = subject(right.view.genesis, right.view.id, &right.view.test);
		let message = right.message_about(&about, &right.receipts());
		let signature = agent_pair(NodeId(888)).sign(&message).0;
		let call = submission(right.view.id, &right.counts, right.digest, right.receipts(), signature);
		assert_eq!(apply(call), Ok(Ok(())));
	});
}
