//! What agents make of a test.

use super::*;
use crate::{Counts, Receipts};

/// What an agent has after a test: counts and the members' receipts.
#[derive(Clone)]
pub(crate) struct Measurement {
	pub view: TestView,
	pub counts: Vec<u32>,
	pub digest: Hash,
	/// Milliseconds of the members that sign.
	pub elapsed: Vec<Option<u32>>,
}

impl Measurement {
	/// Every member has carried its even share, in the time that a line of `rate` kbit/s takes.
	pub(crate) fn honest(view: &TestView, rate: u32) -> Self {
		let members = view.test.committee.len();
		let share = view.test.total.div_ceil(members as u64) as u32;
		let bits = view.test.total * 8 * bandwidth::WIRE / bandwidth::PAYLOAD;
		let elapsed = (bits / u64::from(rate)) as u32;
		Self {
			view: view.clone(),
			counts: vec![share; members],
			digest: [7; 32],
			elapsed: vec![Some(elapsed); members],
		}
	}

	/// The rate that [`Self::honest`] is to come to, with its rounding.
	pub(crate) fn rate(&self) -> u32 {
		let parts = self.counts.iter().copied().zip(self.elapsed.iter().copied()).collect::<Vec<_>>();
		bandwidth::measure(self.view.test.total, &parts).rate
	}

	/// Leaves the receipts of the first members out.
	pub(crate) fn without(mut self, absent: usize) -> Self {
		self.elapsed.iter_mut().take(absent).for_each(|elapsed| *elapsed = None);
		self
	}

	pub(crate) fn subject(&self) -> bandwidth::Subject {
		let TestView { id, genesis, test, .. } = &self.view;
		crate::measure::subject(*genesis, *id, test)
	}

	pub(crate) fn commitment(&self, subject: &bandwidth::Subject) -> Hash {
		bandwidth::commitment::<HostHasher>(subject, &self.counts, &self.digest)
	}

	pub(crate) fn receipts(&self) -> Vec<Option<Receipt>> {
		self.receipts_about(&self.subject())
	}

	/// Receipts as the members would sign them about something else.
	pub(crate) fn receipts_about(&self, subject: &bandwidth::Subject) -> Vec<Option<Receipt>> {
		let commitment = self.commitment(subject);
		let members = self.view.test.committee.iter().zip(&self.elapsed);
		members
			.map(|((node, _), elapsed)| elapsed.map(|elapsed| receipt(*node, subject, &commitment, elapsed)))
			.collect()
	}

	/// What the tested node's agent signs.
	pub(crate) fn signature(&self) -> [u8; 64] {
		self.signature_over(&self.receipts())
	}

	/// The same for other receipts.
	pub(crate) fn signature_over(&self, receipts: &[Option<Receipt>]) -> [u8; 64] {
		agent_pair(self.view.test.node).sign(&self.message_about(&self.subject(), receipts)).0
	}

	/// The message about some test that names these receipts.
	pub(crate) fn message_about(&self, subject: &bandwidth::Subject, receipts: &[Option<Receipt>]) -> Vec<u8> {
		let times: Vec<_> = receipts.iter().map(|receipt| receipt.as_ref().map(|receipt| receipt.elapsed)).collect();
		bandwidth::measurement_message(subject, &self.commitment(subject), &times)
	}

	pub(crate) fn call(&self) -> RuntimeCall {
		self.call_with(self.receipts())
	}

	pub(crate) fn call_with(&self, receipts: Vec<Option<Receipt>>) -> RuntimeCall {
		let signature = self.signature_over(&receipts);
		submission(self.view.id, &self.counts, self.digest, receipts, signature)
	}

	pub(crate) fn submit(&self) -> Result<DispatchResult, TransactionValidityError> {
		apply(self.call())
	}
}

/// A member's receipt.
pub(crate) fn receipt(member: NodeId, subject: &bandwidth::Subject, commitment: &Hash, elapsed: u32) -> Receipt {
	let message = bandwidth::receipt_message(subject, commitment, elapsed);
	Receipt { elapsed, signature: agent_pair(member).sign(&message).0 }
}

pub(crate) fn submission(
	test: TestId,
	counts: &[u32],
	digest: Hash,
	receipts: Vec<Option<Receipt>>,
	signature: [u8; 64],
) -> RuntimeCall {
	let counts = Counts::try_from(counts.to_vec()).expect("no more than there may be");
	let receipts = Receipts::try_from(receipts).expect("no more than there may be");
	RuntimeCall::BandwidthProofs(Call::submit_measurement { test, counts, digest, receipts, signature })
}
