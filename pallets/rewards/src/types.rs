//! What the pallet keeps.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::fungible::{Credit, Debt};
use scale_info::TypeInfo;
use substation_primitives::{rewards::Earner, Balance, BlockNumber};

/// Who earns, in this runtime.
pub type EarnerOf<T> = Earner<<T as frame_system::Config>::AccountId>;

/// Money that was taken and is in no account.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as crate::Config>::Currency>;

/// Money that was given and was in no account.
pub type DebtOf<T> = Debt<<T as frame_system::Config>::AccountId, <T as crate::Config>::Currency>;

/// One class's part of an era.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Pool {
	/// What was credited, in plancks.
	pub units: Balance,
	/// What is paid for it at most.
	pub budget: Balance,
}

/// Every class's part of an era. Its encoding has one length, so that closed ones have places.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Pools {
	/// Storage nodes'.
	pub storage: Pool,
	/// Lines' and carriers'.
	pub bandwidth: Pool,
}

/// The running era. Its budget was fixed when it began; validators and treasury are paid when it ends.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EraState {
	/// Its number, counted from 0 by this pallet: staking tells none.
	#[codec(compact)]
	pub index: u32,
	/// The block in which it began.
	#[codec(compact)]
	pub started: BlockNumber,
	/// The yields of all eras before it together; see [`crate::availability`].
	#[codec(compact)]
	pub yields_before: u128,
	/// What a staked planck earned in the era before, in parts of
	/// [`YIELD_ONE`](substation_primitives::rewards::YIELD_ONE).
	#[codec(compact)]
	pub nominating: u128,
	/// What a bonded planck behind a current proof earns in one block, in the same parts.
	#[codec(compact)]
	pub yield_per_block: u128,
	/// What it pays to validators and nominators.
	#[codec(compact)]
	pub validators: Balance,
	/// What it pays to the treasury, below the ceiling.
	#[codec(compact)]
	pub treasury: Balance,
	/// What it pays to providers.
	pub pools: Pools,
}

/// A proof that counts until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Current {
	/// The block of the proof.
	pub since: BlockNumber,
	/// The last block in which the next proof is in time.
	pub due: BlockNumber,
	/// The sum of all yields in the block of the proof.
	#[codec(compact)]
	pub yields: u128,
	/// The bond that the proof spoke for, or what was left of it since.
	#[codec(compact)]
	pub bond: Balance,
}

/// What is known of an earner.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Record {
	/// The era that `units` are of.
	#[codec(compact)]
	pub era: u32,
	/// What was credited in that era, in plancks before any scaling.
	#[codec(compact)]
	pub units: Balance,
	/// What eras before it have left to claim.
	#[codec(compact)]
	pub pending: Balance,
	/// The node's proof that counts now.
	pub current: Option<Current>,
}

/// Where all tokens have come from and gone to.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Totals {
	/// The issuance of the first block.
	pub genesis: Balance,
	/// The budgets of all eras so far, the running one included.
	pub budgeted: Balance,
	/// What of them was minted: by staking, for the treasury, by claims.
	pub minted: Balance,
	/// What of it was minted by claims.
	pub claimed: Balance,
	/// What the pools of all eras that are over pay together, at most.
	pub payable: Balance,
	/// What payments and fees have destroyed, by their own account.
	pub burned_by_calls: Balance,
	/// The most that was ever found destroyed at the end of an era.
	pub burned_seen: Balance,
}

impl Totals {
	/// What was destroyed, by definition: whatever was there or was minted, and is not there any more.
	pub fn burned(&self, issuance: Balance) -> Balance {
		self.genesis.saturating_add(self.minted).saturating_sub(issuance)
	}
}
