//! Answering: the operator by a signed call, or the agent by a free one. Both hold the operator's bond.

use crate::{
	bonds,
	pallet::{Config, Disputes, Error, Event, HoldReason, Pallet},
	types::{AgentSignature, Answer, DisputeOf, Stage, Standing},
};
use frame_support::{
	ensure,
	pallet_prelude::{
		DispatchResult, Get, InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityError,
		TransactionValidityWithRefund, UnknownTransaction, ValidTransaction, Weight,
	},
};
use sp_core::ed25519;
use substation_primitives::{traits::Nodes, DealId, NodeInfo};
use substation_proofs::{authority, Hash};

/// The signature is not the agent's over this dispute and evidence.
const SIGNATURE: u8 = 1;
/// The operator cannot pay the bond of an answer.
const OPERATOR_CANNOT_PAY: u8 = 2;

/// Above what transactions without a tip usually have: silence would lose the dispute.
const ANSWER_PRIORITY: TransactionPriority = 1 << 32;

impl<T: Config> Pallet<T> {
	pub(crate) fn authorize_answer(
		_source: TransactionSource,
		deal: &DealId,
		evidence: &Hash,
		signature: &AgentSignature,
	) -> TransactionValidityWithRefund {
		let (dispute, node) = Self::answerable(*deal).map_err(reject)?;
		let message = authority::answer_message(&Self::genesis(), dispute.node.0, dispute.id.0, evidence);
		let (key, signature) = (ed25519::Public::from_raw(node.agent), ed25519::Signature::from_raw(*signature));
		ensure!(sp_io::crypto::ed25519_verify(&signature, &message, &key), reject(Error::<T>::WrongSignature));
		let bond = T::Settings::get().answer_bond;
		bonds::can_hold::<T>(HoldReason::AnswerBond, &node.operator, bond)
			.map_err(|_| reject(Error::<T>::OperatorCannotPay))?;
		let left = match dispute.stage_at(Self::now(), &Self::timetable()) {
			Stage::Open { answer_by } => answer_by.saturating_sub(Self::now()),
			_ => 0,
		};
		let validity = ValidTransaction::with_tag_prefix("substation/answer")
			.and_provides(dispute.id)
			.priority(ANSWER_PRIORITY)
			.longevity(left.into())
			.propagate(true)
			.into();
		Ok((validity, Weight::zero()))
	}

	/// Answers a dispute; `signer` is `None` if the node's agent was checked instead.
	pub(crate) fn do_answer(signer: Option<T::AccountId>, deal: DealId, evidence: Hash) -> DispatchResult {
		let (mut dispute, node) = Self::answerable(deal)?;
		ensure!(signer.is_none_or(|signer| signer == node.operator), Error::<T>::NotOperator);
		let bond = T::Settings::get().answer_bond;
		bonds::hold::<T>(HoldReason::AnswerBond, &node.operator, bond).map_err(|_| Error::<T>::OperatorCannotPay)?;

		let decide_by = Self::now().saturating_add(T::DecisionPeriod::get());
		dispute.answer = Some(Answer { operator: node.operator, evidence, bond });
		dispute.stage = Stage::Answered { decide_by };
		Disputes::<T>::insert(deal, dispute);
		Self::deposit_event(Event::DisputeAnswered { deal, evidence, bond, decide_by });
		Ok(())
	}

	/// The dispute about a deal, if it can be answered, and the node that can.
	fn answerable(deal: DealId) -> Result<(DisputeOf<T>, NodeInfo<T::AccountId>), Error<T>> {
		let (dispute, standing) = Self::dispute(deal)?;
		ensure!(standing == Standing::AwaitsAnswer, Error::<T>::NotAnswerable);
		let node = T::Registry::node(dispute.node).ok_or(Error::<T>::NoSuchNode)?;
		Ok((dispute, node))
	}
}

/// What the pool is told about an error. Whatever another state may put right is unknown: the pool bans what is invalid.
fn reject<T>(error: Error<T>) -> TransactionValidityError {
	match error {
		Error::WrongSignature => UnknownTransaction::Custom(SIGNATURE).into(),
		Error::OperatorCannotPay => UnknownTransaction::Custom(OPERATOR_CANNOT_PAY).into(),
		Error::NotAnswerable => InvalidTransaction::Stale.into(),
		_ => UnknownTransaction::CannotLookup.into(),
	}
}
