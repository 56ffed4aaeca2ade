//! Prices that follow how full blocks are.
//!
//! One multiplier follows the fuller of a block's two resources, weight and bytes, and everything that fills blocks is
//! multiplied by it: the weight of a transaction by the payment pallet, its bytes by [`CongestedLength`], and what a free
//! redemption withholds by [`RedemptionMultiplier`].

use crate::{configs::RuntimeBlockLength, constants::FEE_PER_BYTE, Balance, System, TransactionPayment};
use core::marker::PhantomData;
use frame_support::{
	dispatch::DispatchClass,
	traits::Get,
	weights::{Weight, WeightToFee},
};
use pallet_transaction_payment::{Multiplier, MultiplierUpdate};
use sp_runtime::{
	traits::{Convert, Saturating},
	FixedPointNumber, Perquintill,
};

/// The fee of a transaction's bytes: [`FEE_PER_BYTE`] times the multiplier.
///
/// The payment pallet multiplies the fee of weight and leaves that of bytes to this type.
#[derive(Debug)]
pub struct CongestedLength;

impl WeightToFee for CongestedLength {
	type Balance = Balance;

	/// The fee of as many bytes as `length` has units of time: so the payment pallet passes them.
	fn weight_to_fee(length: &Weight) -> Balance {
		let base = Balance::from(length.ref_time()).saturating_mul(FEE_PER_BYTE);
		TransactionPayment::next_fee_multiplier().saturating_mul_int(base)
	}
}

/// What the fee of a redemption is multiplied by.
#[derive(Debug)]
pub struct RedemptionMultiplier;

impl Get<Multiplier> for RedemptionMultiplier {
	fn get() -> Multiplier {
		TransactionPayment::next_fee_multiplier()
	}
}

/// Moves the multiplier as `ByWeight` does, but by the fuller of a block's two resources: weight, or bytes.
///
/// For one multiplier the next one grows with the part of the resource that is used, so the greater of the two next
/// ones is that of the fuller resource. Bounds, target and speed are those of `ByWeight`.
#[derive(Debug)]
pub struct FullerResource<ByWeight>(PhantomData<ByWeight>);

impl<ByWeight: MultiplierUpdate> Convert<Multiplier, Multiplier> for FullerResource<ByWeight> {
	fn convert(previous: Multiplier) -> Multiplier {
		ByWeight::convert(previous).max(by_length::<ByWeight>(previous))
	}
}

impl<ByWeight: MultiplierUpdate> MultiplierUpdate for FullerResource<ByWeight> {
	fn min() -> Multiplier {
		ByWeight::min()
	}

	fn max() -> Multiplier {
		ByWeight::max()
	}

	fn target() -> Perquintill {
		ByWeight::target()
	}

	fn variability() -> Multiplier {
		ByWeight::variability()
	}
}

/// The next multiplier by the bytes of this block, with the formula of
/// [`TargetedFeeAdjustment`](pallet_transaction_payment::TargetedFeeAdjustment):
///
/// ```text
/// d    = used / full − target     of the bytes that ordinary transactions may fill
/// next = previous × (1 + v × d + (v × d)² / 2)
/// ```
fn by_length<Update: MultiplierUpdate>(previous: Multiplier) -> Multiplier {
	let previous = previous.max(Update::min());
	let full = Balance::from((*RuntimeBlockLength::get().max.get(DispatchClass::Normal)).max(1));
	// Other classes and the header may fill a block further than ordinary transactions can.
	let used = Balance::from(System::block_size()).min(full);
	let target = Update::target() * full;
	let distance = Multiplier::saturating_from_rational(used.abs_diff(target), full);
	let first = Update::variability().saturating_mul(distance);
	let half = Multiplier::saturating_from_rational(1, 2);
	let second = first.saturating_mul(first).saturating_mul(half);
	let next = if used >= target {
		previous.saturating_add(first.saturating_add(second).saturating_mul(previous))
	} else {
		previous.saturating_sub(first.saturating_sub(second).saturating_mul(previous))
	};
	next.clamp(Update::min(), Update::max())
}
