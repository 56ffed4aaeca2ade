//! What the council's spends may be paid in a term.
//!
//! `pallet-treasury` limits what one motion spends, not how many there are: motions by the hundred would empty the
//! treasury within minutes. Who approved a spend is not known when it is paid, and its amount is not known when its
//! origin is judged. So payments are counted: those of up to [`CouncilSpendLimit`], which is all that a council can have
//! approved. What is larger, a referendum has approved, and it is not counted.
//!
//! What does not fit waits for the next term, or expires, or is voided. A referendum for less than the limit waits with
//! it.

use crate::{
	database_weight::DATABASE_WEIGHT,
	governance::{CouncilSpendLimit, CouncilTermLimit, TermDuration},
	Balance, BlockNumber, Runtime, System,
};
use codec::{Decode, Encode};
use core::marker::PhantomData;
use frame_support::{
	ensure,
	pallet_prelude::ValueQuery,
	storage_alias,
	traits::{
		tokens::{Pay, PaymentStatus},
		Get,
	},
	weights::Weight,
};
use pallet_treasury::{weights::SubstrateWeight, WeightInfo};
use sp_runtime::DispatchError;

/// What was paid in a term. Terms are counted from genesis, as elections do.
#[derive(Debug, Decode, Default, Encode)]
struct Paid {
	term: BlockNumber,
	amount: Balance,
}

/// The last term in which a counted spend was paid: one value, no money. It belongs to no pallet, so that metadata does
/// not show it; its key is the hash of `Budget` and that of its name.
#[storage_alias]
type LastPaid = StorageValue<Budget, Paid, ValueQuery>;

fn term() -> BlockNumber {
	System::block_number().checked_div(TermDuration::get()).unwrap_or(0)
}

/// What counted spends were paid in the current term.
pub fn paid_in_term() -> Balance {
	let last = LastPaid::get();
	if last.term == term() {
		last.amount
	} else {
		0
	}
}

/// Pays what the treasury spends, as `Payer` would, up to [`CouncilTermLimit`] a term.
#[derive(Debug)]
pub struct Budgeted<Payer>(PhantomData<Payer>);

impl<Payer> Pay for Budgeted<Payer>
where
	Payer: Pay<Balance = Balance, Error = DispatchError>,
{
	type Balance = Balance;
	type Beneficiary = Payer::Beneficiary;
	type AssetKind = Payer::AssetKind;
	type Id = Payer::Id;
	type Error = DispatchError;

	/// If the budget is spent, `payout` fails with `PayoutError`, and the same spend can be paid later.
	fn pay(
		who: &Self::Beneficiary,
		asset_kind: Self::AssetKind,
		amount: Self::Balance,
	) -> Result<Self::Id, Self::Error> {
		if amount > CouncilSpendLimit::get() {
			return Payer::pay(who, asset_kind, amount);
		}
		// Both are far from the maximum.
		let total = paid_in_term().saturating_add(amount);
		ensure!(total <= CouncilTermLimit::get(), DispatchError::Exhausted);
		let id = Payer::pay(who, asset_kind, amount)?;
		LastPaid::put(Paid { term: term(), amount: total });
		Ok(id)
	}

	fn check_payment(id: Self::Id) -> PaymentStatus {
		Payer::check_payment(id)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_successful(who: &Self::Beneficiary, asset_kind: Self::AssetKind, amount: Self::Balance) {
		Payer::ensure_successful(who, asset_kind, amount);
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_concluded(id: Self::Id) {
		Payer::ensure_concluded(id);
	}
}

type UpstreamWeights = SubstrateWeight<Runtime>;

/// Upstream's weights of the treasury, and what counting adds to a payout.
#[derive(Debug)]
pub struct Weights;

impl WeightInfo for Weights {
	fn spend_local() -> Weight {
		UpstreamWeights::spend_local()
	}

	fn remove_approval() -> Weight {
		UpstreamWeights::remove_approval()
	}

	fn on_initialize_proposals(proposals: u32) -> Weight {
		UpstreamWeights::on_initialize_proposals(proposals)
	}

	fn spend() -> Weight {
		UpstreamWeights::spend()
	}

	fn payout() -> Weight {
		UpstreamWeights::payout().saturating_add(DATABASE_WEIGHT.reads_writes(1, 1))
	}

	fn check_status() -> Weight {
		UpstreamWeights::check_status()
	}

	fn void_spend() -> Weight {
		UpstreamWeights::void_spend()
	}
}
