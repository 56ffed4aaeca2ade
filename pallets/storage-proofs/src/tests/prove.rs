//! Who may prove what, and when.

use crate::{mock::*, HostHasher, Refusal, Ticket};
use codec::Encode;
use frame_support::{assert_noop, assert_storage_noop, traits::Authorize};
use sp_runtime::{
	testing::UintAuthorityId,
	transaction_validity::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
	DispatchError,
};
use substation_primitives::{NodeId, Period};
use substation_proofs::{prover, storage::StorageProof};

const STALE: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::Stale);
const BAD_PROOF: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::BadProof);
const UNKNOWN: TransactionValidityError = TransactionValidityError::Unknown(UnknownTransaction::CannotLookup);

#[test]
fn a_right_proof_in_the_open_window_is_accepted() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		assert_eq!(hardware.prove(), Ok(Ok(())));

		assert!(StorageProofs::is_proven(hardware.node, period));
		assert_eq!(record(hardware.node).next_due, period.next());
		assert_eq!(events(), vec![Event::WindowProven { node: hardware.node, period, bytes: 5_000 }]);
		assert_eq!(Credits::get(hardware.node), vec![(period, 5_000)]);
	});
}

#[test]
fn the_pool_learns_the_ticket_the_deadline_and_the_priority() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		let validity = validate(prove_call(hardware.node, period, hardware.answer())).unwrap();

		assert_eq!(validity.provides, vec![("substation/prove", (hardware.node, period)).encode()]);
		assert_eq!(validity.longevity, u64::from(closes(hardware.node, period) - System::block_number()));
		assert_eq!(validity.requires, Vec::<Vec<u8>>::new());
		assert!(validity.propagate);
		assert!(validity.priority > u64::from(u32::MAX));
	});
}

#[test]
fn a_signed_origin_is_refused_even_with_a_right_proof() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let proof = Box::new(hardware.answer());

		for origin in [RuntimeOrigin::signed(OPERATOR), RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(StorageProofs::prove(origin, hardware.node, period, proof.clone()), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn a_signed_transaction_with_a_right_proof_proves_nothing() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let call = prove_call(hardware.node, period, hardware.answer());
		let extension = (frame_system::AuthorizeCall::new(),);

		let signed = Extrinsic::new_signed(call, OPERATOR, UintAuthorityId(OPERATOR), extension);

		assert_eq!(apply_extrinsic(signed), Ok(Err(DispatchError::BadOrigin)));
		assert!(!StorageProofs::is_proven(hardware.node, period));
	});
}

#[test]
fn a_bare_transaction_proves_nothing() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		let bare = Extrinsic::new_bare(prove_call(hardware.node, period, hardware.answer()));

		assert_ne!(apply_extrinsic(bare), Ok(Ok(())));
		assert!(!StorageProofs::is_proven(hardware.node, period));
	});
}

#[test]
fn a_window_that_is_not_open_is_unknown_and_not_invalid() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = current(hardware.node);
		let call = || prove_call(hardware.node, period, StorageProof::default());
		assert!(System::block_number() < opens(hardware.node, period));

		assert_eq!(validate(call()), Err(UNKNOWN));
		advance_to(opens(hardware.node, period));
		assert_eq!(validate(call()), Err(UNKNOWN));
		advance_to(opens(hardware.node, period) + 1);
		assert_eq!(validate(call()), Err(BAD_PROOF));
	});
}

#[test]
fn the_last_block_of_a_window_still_takes_a_proof() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		advance_to(closes(hardware.node, period) - 1);

		assert_eq!(hardware.prove(), Ok(Ok(())));
	});
}

#[test]
fn a_late_proof_is_stale_and_costs_nothing() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let proof = hardware.answer();

		advance_to(closes(hardware.node, period));

		assert_storage_noop!(assert_eq!(apply(prove_call(hardware.node, period, proof)), Err(STALE)));
	});
}

#[test]
fn a_proof_of_the_next_period_is_unknown() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		let early = prove_call(hardware.node, period.next(), hardware.answer());

		assert_eq!(validate(early), Err(UNKNOWN));
	});
}

#[test]
fn two_provers_in_one_window_give_one_proof() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let proof = hardware.answer();
		assert_eq!(apply(prove_call(hardware.node, period, proof.clone())), Ok(Ok(())));
		advance_to(System::block_number() + 1);

		assert_storage_noop!(assert_eq!(apply(prove_call(hardware.node, period, proof)), Err(STALE)));

		assert_eq!(Credits::get(hardware.node).len(), 1);
	});
}

#[test]
fn dispatch_checks_the_ticket_again() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let proof = Box::new(hardware.answer());
		assert_eq!(hardware.prove(), Ok(Ok(())));

		assert_noop!(
			StorageProofs::prove(frame_system::RawOrigin::Authorized.into(), hardware.node, period, proof),
			Error::AlreadyProven
		);
	});
}

#[test]
fn a_proof_does_not_serve_in_the_next_period() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		open_window(hardware.node);
		let proof = hardware.answer();
		assert_eq!(hardware.prove(), Ok(Ok(())));
		close_window(hardware.node);

		let period = open_window(hardware.node);

		assert_eq!(apply(prove_call(hardware.node, period, proof)), Err(BAD_PROOF));
	});
}

#[test]
fn a_proof_does_not_serve_on_another_chain() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let proof = hardware.answer();

		frame_system::BlockHash::<Test>::insert(0, sp_core::H256::repeat_byte(7));

		assert_eq!(apply(prove_call(hardware.node, period, proof)), Err(BAD_PROOF));
	});
}

#[test]
fn a_proof_does_not_serve_another_node() {
	ExtBuilder.build_and_execute(|| {
		// Two nodes whose windows open together, with the same bytes.
		let first = NodeId(1);
		let twin = (2..)
			.map(NodeId)
			.find(|node| CLOCK.offset::<HostHasher>(*node) == CLOCK.offset::<HostHasher>(first))
			.unwrap();
		let mut hardware = Hardware::new(first.0);
		let mut other = Hardware::new(twin.0);
		hardware.store(1, 5_000);
		other.store(1, 5_000);
		close_window(first);
		let period = open_window(first);

		assert_eq!(apply(prove_call(twin, period, hardware.answer())), Err(BAD_PROOF));
		assert_eq!(apply(prove_call(twin, period, other.answer())), Ok(Ok(())));
	});
}

#[test]
fn lost_bytes_are_found() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		let good = hardware.answer();
		let mut forged = good.clone();
		forged.chunks[0][0] ^= 1;
		hardware.lose(1);

		assert!(prover::prove(&hardware.tree, &hardware.challenge(), &mut hardware.clone()).is_err());
		assert_eq!(validate(prove_call(hardware.node, period, forged)), Err(BAD_PROOF));
	});
}

#[test]
fn a_node_without_a_deal_has_nothing_to_prove() {
	ExtBuilder.build_and_execute(|| {
		let node = NodeId(1);
		let period = open_window(node);

		assert_eq!(StorageProofs::ticket(node, period, System::block_number()), Err(Refusal::UnknownNode));
		assert_eq!(validate(prove_call(node, period, StorageProof::default())), Err(UNKNOWN));
	});
}

#[test]
fn a_deal_accepted_before_the_window_of_its_period_is_not_asked_for_in_it() {
	ExtBuilder.build_and_execute(|| {
		let mut hardware = Hardware::new(1);
		hardware.store(1, 5_000);
		let period = open_window(hardware.node);

		assert_eq!(validate(prove_call(hardware.node, period, hardware.answer())), Err(STALE));
		assert_eq!(StorageProofs::ticket(hardware.node, period, System::block_number()), Err(Refusal::NothingToProve));
	});
}

#[test]
fn a_node_whose_misses_end_it_cannot_prove_any_more() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		close_windows(hardware.node, 7);
		let period = open_window(hardware.node);
		let proof = hardware.answer();

		// Nobody has applied the misses.
		assert_eq!(record(hardware.node).strikes, 0);
		assert_storage_noop!(assert_eq!(apply(prove_call(hardware.node, period, proof)), Err(STALE)));
		assert_eq!(StorageProofs::ticket(hardware.node, period, System::block_number()), Err(Refusal::Terminated));
	});
}

#[test]
fn a_proof_applies_the_misses_before_it() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let first = current(hardware.node);
		close_windows(hardware.node, 2);
		let period = open_window(hardware.node);

		assert_eq!(hardware.prove(), Ok(Ok(())));

		assert_eq!(record(hardware.node).strikes, 8 - 1);
		assert_eq!(
			events(),
			vec![
				Event::WindowsMissed { node: hardware.node, first, count: 2, fined: RATE * 3 / 2 },
				Event::WindowProven { node: hardware.node, period, bytes: 5_000 },
			]
		);
	});
}

#[test]
fn every_number_of_openings_is_provable() {
	for openings in [1, 2, 16] {
		ExtBuilder.build_and_execute(|| {
			ProofsOf::mutate(|settings| settings.openings = openings);
			let mut hardware = Hardware::new(1);
			hardware.store(1, 1);
			hardware.store(2, 1_024);
			hardware.store(3, 1_025);
			hardware.store(4, 70_000);
			close_window(hardware.node);

			hardware.prove_period();
		});
	}
}

#[test]
fn the_weight_pays_for_each_opening() {
	let weight = |openings: usize| {
		let proof = StorageProof { chunks: vec![Vec::new(); openings], ..Default::default() };
		prove_call(NodeId(1), Period(1), proof).weight_of_authorize()
	};

	assert!(weight(4).ref_time() > weight(1).ref_time());
	assert_eq!(weight(0), weight(1));
	assert_eq!(weight(16), weight(1_000));
}

#[test]
fn a_ticket_says_what_is_asked() {
	ExtBuilder.build_and_execute(|| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);

		let ticket = StorageProofs::ticket(hardware.node, period, System::block_number());

		assert_eq!(
			ticket,
			Ok(Ticket {
				node: hardware.node,
				period,
				challenge: hardware.challenge(),
				forest: hardware.tree.forest(),
				closes: closes(hardware.node, period),
			})
		);
	});
}
