//! Who may do what beyond ordinary accounts: one table, so that a change of government changes one file.
//!
//! Until the token holders' pallets are in place every row is `EnsureRoot`, and there is no way to become root: no
//! chain has a sudo.

use crate::{AccountId, Balances, Runtime};
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, Currency, OnUnbalanced, TypedGet},
	PalletId,
};
use frame_system::EnsureRoot;
use sp_runtime::traits::AccountIdConversion;

/// May change the protocol's settings.
pub type SettingsOrigin = EnsureRoot<AccountId>;
/// May suspend a node and lift the suspension.
pub type SuspendOrigin = EnsureRoot<AccountId>;
/// May cancel a deferred slash of a validator and set the least commission.
pub type SlashCancelOrigin = EnsureRoot<AccountId>;
/// May appoint registrars of identities.
pub type RegistrarOrigin = EnsureRoot<AccountId>;
/// May remove an identity and take its deposit.
pub type IdentityForceOrigin = EnsureRoot<AccountId>;
/// May appoint authorities that hand out usernames.
pub type UsernameAuthorityOrigin = EnsureRoot<AccountId>;
/// May store and drop preimages without a deposit.
pub type PreimageOrigin = EnsureRoot<AccountId>;
/// May schedule calls.
pub type ScheduleOrigin = EnsureRoot<AccountId>;

parameter_types! {
	/// From which the treasury's account is derived.
	pub const TreasuryPalletId: PalletId = PalletId(*b"py/trsry");
}

/// The treasury's account. Genesis endows it, so that it always exists.
pub struct TreasuryPot;

impl TypedGet for TreasuryPot {
	type Type = AccountId;

	fn get() -> AccountId {
		TreasuryPalletId::get().into_account_truncating()
	}
}

impl substation_primitives::traits::Treasury<AccountId> for TreasuryPot {
	fn account() -> AccountId {
		<Self as TypedGet>::get()
	}
}

/// Takes fees, tips, slashes and what the reward of an era leaves to the treasury.
pub type ToTreasury = ResolveTo<TreasuryPot, Balances>;

/// Takes slashes of pallets that still use the old currency traits to the treasury.
pub struct OldSlashToTreasury;

impl OnUnbalanced<pallet_balances::NegativeImbalance<Runtime>> for OldSlashToTreasury {
	fn on_nonzero_unbalanced(amount: pallet_balances::NegativeImbalance<Runtime>) {
		Balances::resolve_creating(&<TreasuryPot as TypedGet>::get(), amount);
	}
}
