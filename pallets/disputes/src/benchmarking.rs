//! Benchmarks: a real signature, and verdicts that move everything that can move.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::{AgentSignature, Call, Config, Disputes, Pallet, Stage, Verdict};
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{Authorize, EnsureOrigin},
};
use frame_system::RawOrigin;
use sp_core::{crypto::KeyTypeId, ed25519};
use substation_primitives::{AgentKey, BlockNumber, DealId};
use substation_proofs::authority;

/// Makes deals that can be disputed.
pub trait BenchmarkHelper<AccountId> {
	/// An accepted deal of a customer and an operator who can pay any bond, with periods to settle, escrow and
	/// reserve left, and a miss of the node that nobody has applied.
	fn add_deal(customer: &AccountId, operator: &AccountId, agent: AgentKey) -> DealId;

	/// Ends the deal's node shortly before the deal's term does, in a way that nobody has applied, with a whole term to
	/// settle. May let blocks pass.
	fn end_deal(deal: DealId);
}

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");

#[benchmarks]
mod benchmarks {
	use super::*;

	struct Case<T: Config> {
		customer: T::AccountId,
		operator: T::AccountId,
		agent: ed25519::Public,
		deal: DealId,
	}

	impl<T: Config> Case<T> {
		fn prepared() -> Self {
			let (customer, operator) = (account("customer", 0, 0), account("operator", 0, 0));
			let agent = sp_io::crypto::ed25519_generate(KEYS, None);
			let deal = T::BenchmarkHelper::add_deal(&customer, &operator, agent.0);
			Self { customer, operator, agent, deal }
		}

		fn opened() -> Result<Self, BenchmarkError> {
			let case = Self::prepared();
			let bond = Pallet::<T>::least_bond(case.deal).ok_or("the deal can be disputed")?;
			Pallet::<T>::do_open(case.customer.clone(), case.deal, [1; 32], bond)?;
			Ok(case)
		}

		fn answered() -> Result<Self, BenchmarkError> {
			let case = Self::opened()?;
			Pallet::<T>::do_answer(Some(case.operator.clone()), case.deal, [2; 32])?;
			Ok(case)
		}

		fn decided(verdict: Verdict) -> Result<Self, BenchmarkError> {
			let case = Self::answered()?;
			Pallet::<T>::do_decide(case.deal, verdict)?;
			Ok(case)
		}

		/// A dispute about a deal that is over because its node is: to let it go is to fine and end the node, and to settle,
		/// compensate and close the deal; to refund it is the same without the settlement.
		fn over(verdict: Verdict, final_at: BlockNumber) -> Result<Self, BenchmarkError> {
			let case = Self::decided(verdict)?;
			T::BenchmarkHelper::end_deal(case.deal);
			case.make_final_at(final_at, verdict);
			Ok(case)
		}

		fn make_final_at(&self, final_at: BlockNumber, verdict: Verdict) {
			Disputes::<T>::mutate_extant(self.deal, |dispute| dispute.stage = Stage::Decided { verdict, final_at });
		}

		fn sign(&self) -> Result<AgentSignature, BenchmarkError> {
			let dispute = Disputes::<T>::get(self.deal).ok_or("the deal is disputed")?;
			let message = authority::answer_message(&Pallet::<T>::genesis(), dispute.node.0, dispute.id.0, &[2; 32]);
			let signature = sp_io::crypto::ed25519_sign(KEYS, &self.agent, &message).ok_or("the key was generated")?;
			Ok(signature.0)
		}
	}

	#[benchmark]
	fn open() -> Result<(), BenchmarkError> {
		let Case { customer, deal, .. } = Case::<T>::prepared();
		let bond = Pallet::<T>::least_bond(deal).ok_or("the deal can be disputed")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(customer), deal, [1; 32], bond);

		assert!(Disputes::<T>::contains_key(deal));
		Ok(())
	}

	#[benchmark]
	fn answer() -> Result<(), BenchmarkError> {
		let Case { operator, deal, .. } = Case::<T>::opened()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), deal, [2; 32]);

		assert!(Disputes::<T>::get(deal).is_some_and(|dispute| dispute.answer.is_some()));
		Ok(())
	}

	#[benchmark]
	fn answer_by_agent() -> Result<(), BenchmarkError> {
		let case = Case::<T>::opened()?;
		let signature = case.sign()?;

		#[extrinsic_call]
		_(RawOrigin::Authorized, case.deal, [2; 32], signature);

		assert!(Disputes::<T>::get(case.deal).is_some_and(|dispute| dispute.answer.is_some()));
		Ok(())
	}

	#[benchmark]
	fn authorize_answer_by_agent() -> Result<(), BenchmarkError> {
		let case = Case::<T>::opened()?;
		let signature = case.sign()?;
		let call = Call::<T>::answer_by_agent { deal: case.deal, evidence: [2; 32], signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}

		Ok(())
	}

	#[benchmark]
	fn decide() -> Result<(), BenchmarkError> {
		let Case { deal, .. } = Case::<T>::answered()?;
		let origin = T::DecideOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, deal, Verdict::Upheld);

		assert!(Disputes::<T>::get(deal).is_some_and(|dispute| matches!(dispute.stage, Stage::Decided { .. })));
		Ok(())
	}

	#[benchmark]
	fn overturn() -> Result<(), BenchmarkError> {
		let Case { deal, .. } = Case::<T>::over(Verdict::Rejected, BlockNumber::MAX)?;
		let origin = T::OverturnOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, deal, Verdict::Upheld);

		assert!(!Disputes::<T>::contains_key(deal));
		Ok(())
	}

	#[benchmark]
	fn overturn_to_dismissed() -> Result<(), BenchmarkError> {
		let Case { deal, .. } = Case::<T>::over(Verdict::Upheld, BlockNumber::MAX)?;
		let origin = T::OverturnOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		overturn(origin as T::RuntimeOrigin, deal, Verdict::Dismissed);

		assert!(!Disputes::<T>::contains_key(deal));
		Ok(())
	}

	#[benchmark]
	fn execute() -> Result<(), BenchmarkError> {
		let Case { deal, .. } = Case::<T>::over(Verdict::Upheld, BlockNumber::default())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), deal);

		assert!(!Disputes::<T>::contains_key(deal));
		Ok(())
	}

	#[benchmark]
	fn execute_dismissed() -> Result<(), BenchmarkError> {
		let Case { deal, .. } = Case::<T>::over(Verdict::Dismissed, BlockNumber::default())?;

		#[extrinsic_call]
		execute(RawOrigin::Signed(whitelisted_caller()), deal);

		assert!(!Disputes::<T>::contains_key(deal));
		Ok(())
	}

	#[benchmark]
	fn concede() -> Result<(), BenchmarkError> {
		let Case { operator, deal, .. } = Case::<T>::over(Verdict::Rejected, BlockNumber::MAX)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), deal);

		assert!(!Disputes::<T>::contains_key(deal));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build_with_keystore(), crate::mock::Test);
}
