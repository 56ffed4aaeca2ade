//! A measurement's way: ticket, lengths, signatures, one reading.

use crate::{
	fees::due,
	types::{last_block, HostHasher, Line, Receipts, Refusal, Test, Ticket},
	AgentSignature, Config, Error, Event, Lines, Pallet,
};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, traits::Get};
use sp_core::ed25519;
use substation_primitives::{
	bandwidth::{Reading, Receipt, MAX_COMMITTEE},
	traits::{Nodes, OnMeasured},
	AgentKey, BlockNumber, NodeId, TestId,
};
use substation_proofs::{
	bandwidth::{self, Subject},
	Hash,
};

/// Before anything that pays a fee: a measurement that waits is a test lost, and there is one per test.
const PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

/// Tag of accepted measurements in transaction pools: two of one test never wait side by side.
const PROVIDES: &str = "substation/measure";

/// How many members a submission has to pay for.
pub(crate) fn members(receipts: &Receipts) -> u32 {
	u32::try_from(receipts.len()).unwrap_or(MAX_COMMITTEE).clamp(3, MAX_COMMITTEE)
}

/// What a signature in this pallet is about.
pub(crate) fn subject(genesis: Hash, id: TestId, test: &Test) -> Subject {
	Subject { genesis, test: (id.block, id.index), node: test.node.0, direction: test.direction }
}

fn is_signed(agent: &AgentKey, message: &[u8], signature: &AgentSignature) -> bool {
	let (key, signature) = (ed25519::Public::from_raw(*agent), ed25519::Signature::from_raw(*signature));
	sp_io::crypto::ed25519_verify(&signature, message, &key)
}

impl<T: Config> Pallet<T> {
	/// The right to submit the measurement of a test in block `now`.
	///
	/// A test is done when it is not pending any more: ids are never reused, and within the deadline only a measurement
	/// ends a pending test.
	pub(crate) fn ticket(id: TestId, now: BlockNumber) -> Result<Ticket<T::AccountId>, Refusal> {
		let deadline = T::Committees::get().deadline;
		let last = last_block(&id, deadline);
		if now > last {
			return Err(Refusal::DeadlinePassed);
		}
		let test = Self::drawn(id, deadline).ok_or(Refusal::UnknownTest)?;
		let line = Lines::<T>::get(test.node).filter(|line| line.pending == Some(id));
		Ok(Ticket { line: line.ok_or(Refusal::AlreadyMeasured)?, test, deadline, last })
	}

	/// Checks what is cheap to check.
	fn check_numbers(
		test: &Test,
		deadline: BlockNumber,
		counts: &[u32],
		receipts: &[Option<Receipt>],
	) -> Result<(), Refusal> {
		let members = test.committee.len();
		if counts.len() != members || receipts.len() != members {
			return Err(Refusal::WrongLength);
		}
		if receipts.iter().all(Option::is_none) {
			return Err(Refusal::NoReceipt);
		}
		let cap = bandwidth::cap(test.total, u8::try_from(members).unwrap_or(u8::MAX));
		if counts.iter().any(|count| u64::from(*count) > cap) {
			return Err(Refusal::CountOverCap);
		}
		if counts.iter().zip(receipts).any(|(count, receipt)| *count == 0 && receipt.is_some()) {
			return Err(Refusal::EmptyReceipt);
		}
		let longest = T::SlotMillis::get().saturating_mul(deadline.into());
		let allowed = |elapsed: u32| elapsed > 0 && u64::from(elapsed) < longest;
		if receipts.iter().flatten().any(|receipt| !allowed(receipt.elapsed)) {
			return Err(Refusal::ElapsedOutOfRange);
		}
		Ok(())
	}

	/// Checks everything about a measurement but its ticket.
	pub(crate) fn check_measurement(
		id: TestId,
		ticket: &Ticket<T::AccountId>,
		counts: &[u32],
		digest: &Hash,
		receipts: &[Option<Receipt>],
		signature: &AgentSignature,
	) -> Result<(), Refusal> {
		let test = &ticket.test;
		Self::check_numbers(test, ticket.deadline, counts, receipts)?;
		let subject = subject(Self::genesis_hash(), id, test);
		let commitment = bandwidth::commitment::<HostHasher>(&subject, counts, digest);
		let agent = T::Registry::node(test.node).ok_or(Refusal::BadSignature)?.agent;
		let times: Vec<_> = receipts.iter().map(|receipt| receipt.as_ref().map(|receipt| receipt.elapsed)).collect();
		if !is_signed(&agent, &bandwidth::measurement_message(&subject, &commitment, &times), signature) {
			return Err(Refusal::BadSignature);
		}
		for ((_, agent), receipt) in test.committee.iter().zip(receipts) {
			let Some(receipt) = receipt else { continue };
			let message = bandwidth::receipt_message(&subject, &commitment, receipt.elapsed);
			if !is_signed(agent, &message, &receipt.signature) {
				return Err(Refusal::BadReceipt);
			}
		}
		Ok(())
	}

	/// Decides whether a measurement may enter a block. Everything is checked here: after this, dispatch cannot fail.
	pub(crate) fn authorize_measurement(
		id: TestId,
		counts: &[u32],
		digest: &Hash,
		receipts: &[Option<Receipt>],
		signature: &AgentSignature,
	) -> TransactionValidityWithRefund {
		let now = Self::now();
		let ticket = Self::ticket(id, now)?;
		Self::check_measurement(id, &ticket, counts, digest, receipts, signature)?;
		let validity = ValidTransaction::with_tag_prefix(PROVIDES)
			.and_provides(id)
			.priority(PRIORITY)
			.longevity(ticket.last.saturating_sub(now).saturating_add(1).into())
			.propagate(true)
			.into();
		Ok((validity, Weight::zero()))
	}

	/// Takes a measurement that [`Self::authorize_measurement`] has verified.
	///
	/// The extension `AuthorizeCall` runs that within the same application of the same transaction and is the only
	/// source of the origin `Authorized`, so verifying again would prove nothing. The ticket and the numbers cost a few
	/// cached reads and are checked again.
	pub(crate) fn do_submit_measurement(id: TestId, counts: &[u32], receipts: &[Option<Receipt>]) -> DispatchResult {
		let now = Self::now();
		let Ticket { test, mut line, deadline, .. } = Self::ticket(id, now).map_err(Error::<T>::from)?;
		Self::check_numbers(&test, deadline, counts, receipts).map_err(Error::<T>::from)?;

		let settings = T::Settings::get();
		let parts =
			counts.iter().zip(receipts).map(|(count, receipt)| (*count, receipt.map(|receipt| receipt.elapsed)));
		let measured = bandwidth::measure(test.total, &parts.collect::<Vec<_>>());
		let bandwidth::Measured { rate, receipts: signed, delivered } = measured;
		line.record(Reading { rate, drawn: id.block, receipts: signed, delivered });
		Self::note_members(&test, &mut line, counts, receipts, signed, settings.max_absences);
		let (rating, bond) = (Self::rating_at(&line, now, &settings), line.bond());
		Lines::<T>::insert(test.node, line);
		T::OnMeasured::on_measured(test.node, rating, bond);
		let Test { node, direction, .. } = test;
		Self::deposit_event(Event::MeasurementTaken { test: id, node, direction, rate, receipts: signed, delivered });
		Ok(())
	}

	/// Pays members with a receipt for what they have carried, and notes who was absent where a majority was present.
	///
	/// Without a majority the fault may as well be the tested node's, and nobody is absent.
	fn note_members(
		test: &Test,
		tested: &mut Line<T::AccountId>,
		counts: &[u32],
		receipts: &[Option<Receipt>],
		signed: u8,
		max_absences: u8,
	) {
		let is_majority = usize::from(signed) > test.committee.len() / 2;
		for (((member, _), count), receipt) in test.committee.iter().zip(counts).zip(receipts) {
			let present = receipt.is_some();
			if !present && !is_majority {
				continue;
			}
			// A member may have given up and removed its line since the draw: then its fee stays with who prepaid it.
			let Some(mut line) = Lines::<T>::get(member) else { continue };
			if present {
				let fee = due(test, *count).min(tested.prepaid);
				tested.prepaid = tested.prepaid.saturating_sub(fee);
				line.earned = line.earned.saturating_add(fee);
			}
			if is_majority {
				line.attendance.note(present);
				Self::expel_if_absent(*member, &mut line, max_absences);
			}
			Lines::<T>::insert(member, line);
		}
	}

	fn expel_if_absent(node: NodeId, line: &mut Line<T::AccountId>, max_absences: u8) {
		if !line.expelled && line.attendance.absences() >= max_absences {
			line.expelled = true;
			Self::deposit_event(Event::MemberExpelled { node });
		}
	}

	/// Records a pending test past its deadline as 0, in a line that the caller stores.
	pub(crate) fn expire(node: NodeId, line: &mut Line<T::AccountId>) {
		if let Some(test) = line.expire(Self::now(), T::Committees::get().deadline) {
			Self::deposit_event(Event::TestMissed { test, node });
		}
	}
}
