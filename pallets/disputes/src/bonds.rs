//! The two bonds: held, released, forfeited, paid to the other side.

use crate::{
	pallet::{Config, HoldReason},
	LOG_TARGET,
};
use frame_support::{
	defensive, ensure,
	pallet_prelude::{DispatchError, DispatchResult},
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
	},
};
use sp_runtime::TokenError;
use substation_primitives::{traits::Treasury, Balance};

pub(crate) fn hold<T: Config>(reason: HoldReason, owner: &T::AccountId, bond: Balance) -> DispatchResult {
	T::Currency::hold(&reason.into(), owner, bond)
}

/// Whether [`hold`] would succeed.
pub(crate) fn can_hold<T: Config>(reason: HoldReason, owner: &T::AccountId, bond: Balance) -> DispatchResult {
	ensure!(T::Currency::can_hold(&reason.into(), owner, bond), TokenError::FundsUnavailable);
	Ok(())
}

/// Returns a bond to its owner.
pub(crate) fn release<T: Config>(reason: HoldReason, owner: &T::AccountId, bond: Balance) {
	if let Err(error) = T::Currency::release(&reason.into(), owner, bond, Precision::BestEffort) {
		complain("release", error);
	}
}

/// Pays a part of a bond to somebody and says how much that was: all of it or, if `to` cannot receive it, nothing. The
/// rest stays on hold.
pub(crate) fn pay<T: Config>(reason: HoldReason, owner: &T::AccountId, to: &T::AccountId, amount: Balance) -> Balance {
	if amount == 0 {
		return 0;
	}
	// Force: see `forfeit`.
	T::Currency::transfer_on_hold(
		&reason.into(),
		owner,
		to,
		amount,
		Precision::BestEffort,
		Restriction::Free,
		Fortitude::Force,
	)
	.inspect_err(|error| log::debug!(target: LOG_TARGET, "{to:?} cannot receive {amount}: {error:?}"))
	.unwrap_or(0)
}

/// Gives a bond to the treasury and says how much that was. What the treasury cannot receive is burned.
pub(crate) fn forfeit<T: Config>(reason: HoldReason, owner: &T::AccountId, bond: Balance) -> Balance {
	let treasury = T::Treasury::account();
	// Force: a vote lock overlaps holds and would shield them otherwise.
	T::Currency::transfer_on_hold(
		&reason.into(),
		owner,
		&treasury,
		bond,
		Precision::BestEffort,
		Restriction::Free,
		Fortitude::Force,
	)
	.unwrap_or_else(|error| {
		complain("forfeit", error);
		let burned = T::Currency::burn_held(&reason.into(), owner, bond, Precision::BestEffort, Fortitude::Force);
		log::error!(target: LOG_TARGET, "a bond was burned: {burned:?}");
		0
	})
}

fn complain(what: &str, error: DispatchError) {
	log::error!(target: LOG_TARGET, "a bond that I1 promises is short: {what}, {error:?}");
	defensive!("a bond of a dispute is short");
}
