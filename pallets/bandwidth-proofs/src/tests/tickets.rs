//! Who may submit what, and when.

use crate::{mock::*, Counts, Error as PalletError, Receipts, Refusal};
use codec::Encode;
use frame_support::{assert_noop, assert_storage_noop};
use sp_runtime::{
	testing::UintAuthorityId,
	transaction_validity::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
	DispatchError, DispatchResult,
};
use substation_primitives::{Direction, TestId};

const STALE: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::Stale);
const UNKNOWN: TransactionValidityError = TransactionValidityError::Unknown(UnknownTransaction::CannotLookup);

fn dispatch_as(origin: RuntimeOrigin, measurement: &Measurement) -> DispatchResult {
	BandwidthProofs::submit_measurement(
		origin,
		measurement.view.id,
		Counts::truncate_from(measurement.counts.clone()),
		measurement.digest,
		Receipts::truncate_from(measurement.receipts()),
		measurement.signature(),
	)
}

fn dispatch(measurement: &Measurement) -> DispatchResult {
	dispatch_as(frame_system::RawOrigin::Authorized.into(), measurement)
}

#[test]
fn the_pool_learns_the_test_the_deadline_and_the_priority() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let measurement = Measurement::honest(&draw(), 18_000);
		advance(3);

		let validity = validate(measurement.call()).unwrap();

		assert_eq!(validity.provides, vec![("substation/measure", measurement.view.id).encode()]);
		assert_eq!(validity.longevity, u64::from(DEADLINE - 3 + 1));
		assert_eq!(validity.requires, Vec::<Vec<u8>>::new());
		assert!(validity.propagate);
		assert!(validity.priority > u64::from(u32::MAX));
	});
}

#[test]
fn the_last_block_before_the_deadline_still_takes_a_measurement() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let measurement = Measurement::honest(&draw(), 18_000);

		advance_to(measurement.view.deadline);

		assert_eq!(validate(measurement.call()).unwrap().longevity, 1);
		assert_eq!(measurement.submit(), Ok(Ok(())));
	});
}

#[test]
fn a_stale_measurement_changes_nothing() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let measurement = Measurement::honest(&draw(), 18_000);

		advance_to(measurement.view.deadline + 1);

		assert_storage_noop!(assert_eq!(measurement.submit(), Err(STALE)));
		assert_noop!(dispatch(&measurement), Error::DeadlinePassed);
	});
}

#[test]
fn a_measurement_is_taken_once_and_the_first_one_is_final() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let first = Measurement::honest(&view, 12_000);
		let better = Measurement::honest(&view, 19_000);
		assert_eq!(first.submit(), Ok(Ok(())));
		advance(1);

		assert_storage_noop!(assert_eq!(first.submit(), Err(STALE)));
		assert_storage_noop!(assert_eq!(better.submit(), Err(STALE)));
		assert_noop!(dispatch(&first), Error::AlreadyMeasured);
	});
}

#[test]
fn a_finished_test_is_not_revived_by_the_next_one_of_its_node() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		CommitteesOf::mutate(|committees| committees.deadline = 900);
		let view = draw();
		let first = Measurement::honest(&view, 12_000);
		assert_eq!(first.submit(), Ok(Ok(())));

		let again = draw_of(view.test.node);

		assert_storage_noop!(assert_eq!(first.submit(), Err(STALE)));
		assert_eq!(Measurement::honest(&again, 9_000).submit(), Ok(Ok(())));
	});
}

#[test]
fn a_test_that_was_never_drawn_is_unknown_and_not_invalid() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let view = draw();
		let now = System::block_number();
		for id in [
			TestId { index: 1, ..view.id },
			TestId { index: u8::MAX, ..view.id },
			TestId { block: now + 1, index: 0 },
			TestId { block: u32::MAX, index: 0 },
			TestId { block: now - 1, index: 1 },
		] {
			let mut measurement = Measurement::honest(&view, 12_000);
			measurement.view.id = id;

			assert_storage_noop!(assert_eq!(measurement.submit(), Err(UNKNOWN), "{id}"));
			assert_noop!(dispatch(&measurement), Error::UnknownTest);
		}
	});
}

#[test]
fn a_signed_origin_is_refused_even_with_a_right_measurement() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let measurement = Measurement::honest(&draw(), 12_000);
		let owner = operator(measurement.view.test.node);

		for origin in [signed(owner), RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(dispatch_as(origin, &measurement), DispatchError::BadOrigin);
		}
		let extension = (frame_system::AuthorizeCall::new(),);
		let transaction = Extrinsic::new_signed(measurement.call(), owner, UintAuthorityId(owner), extension);
		assert_eq!(apply_extrinsic(transaction), Ok(Err(DispatchError::BadOrigin)));
		let bare = Extrinsic::new_bare(measurement.call());
		assert_ne!(apply_extrinsic(bare), Ok(Ok(())));
		assert_eq!(measurement.submit(), Ok(Ok(())));
	});
}

#[test]
fn dispatch_checks_the_numbers_again() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let right = Measurement::honest(&draw(), 12_000);
		let changed = |change: &dyn Fn(&mut Measurement)| {
			let mut measurement = right.clone();
			change(&mut measurement);
			measurement
		};

		assert_noop!(dispatch(&changed(&|wrong| wrong.counts.truncate(4))), Error::WrongLength);
		assert_noop!(dispatch(&changed(&|wrong| wrong.elapsed.truncate(4))), Error::WrongLength);
		assert_noop!(dispatch(&right.clone().without(5)), Error::NoReceipt);
		assert_noop!(dispatch(&changed(&|wrong| wrong.counts[0] = u32::MAX)), Error::CountOverCap);
		assert_noop!(dispatch(&changed(&|wrong| wrong.counts[0] = 0)), Error::EmptyReceipt);
		assert_noop!(dispatch(&changed(&|wrong| wrong.elapsed[0] = Some(0))), Error::ElapsedOutOfRange);
		assert_noop!(dispatch(&changed(&|wrong| wrong.elapsed[0] = Some(u32::MAX))), Error::ElapsedOutOfRange);
	});
}

#[test]
fn every_refusal_has_a_code_and_an_error_of_its_own() {
	let refusals = [
		Refusal::UnknownTest,
		Refusal::DeadlinePassed,
		Refusal::AlreadyMeasured,
		Refusal::WrongLength,
		Refusal::NoReceipt,
		Refusal::CountOverCap,
		Refusal::ElapsedOutOfRange,
		Refusal::BadSignature,
		Refusal::BadReceipt,
		Refusal::EmptyReceipt,
	];
	let codes = refusals.map(TransactionValidityError::from);
	let custom = |code| TransactionValidityError::Invalid(InvalidTransaction::Custom(code));
	assert_eq!(codes[..3], [UNKNOWN, STALE, STALE]);
	assert_eq!(codes[3..], [1, 2, 3, 4, 5, 6, 7].map(custom));
	let names = refusals.map(|refusal| format!("{:?}", PalletError::<Test>::from(refusal)));
	assert_eq!(names, refusals.map(|refusal| format!("{refusal:?}")));
}

#[test]
fn one_direction_after_the_other_is_tested() {
	ExtBuilder::default().nodes(6).build_and_execute(|| {
		let node = draw().test.node;
		let mut directions = vec![];
		for _ in 0..4 {
			let view = draw_of(node);
			directions.push(view.test.direction);
			assert_eq!(view.test.claim, CLAIM.get(view.test.direction));
			assert_eq!(Measurement::honest(&view, 9_000).submit(), Ok(Ok(())));
		}
		// The first test, down, was missed.
		assert_eq!(directions, [Direction::Up, Direction::Down, Direction::Up, Direction::Down]);
	});
}
