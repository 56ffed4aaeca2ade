//! Changes of state that an upgrade carries. A release adds its own here, and removes them once every chain has run
//! them.
//!
//! Migrations are rehearsed: a build with `SUBSTATION_REHEARSAL=migration` carries [`rehearsal::CountDeals`], the end
//! to end tests upgrade a running chain to it, and the runtime's tests run its checks natively.

/// What the next upgrade runs, once, in the first block of the new runtime.
#[cfg(not(rehearsal_migration))]
pub type Migrations = ();
/// What the next upgrade runs, once, in the first block of the new runtime.
#[cfg(rehearsal_migration)]
pub type Migrations = (rehearsal::CountDeals,);

/// The rehearsed upgrade: an index that did not exist is built from what does.
#[allow(missing_docs, reason = "the storage aliases write undocumented items")]
pub mod rehearsal {
	use crate::{AccountId, Runtime};
	use frame_support::{
		pallet_prelude::ValueQuery, storage_alias, traits::OnRuntimeUpgrade, weights::Weight, Blake2_128Concat,
	};
	use pallet_storage_market::Deals;

	/// Proposals and deals of each customer.
	#[storage_alias]
	pub type DealsOfCustomer = StorageMap<Rehearsal, Blake2_128Concat, AccountId, u32, ValueQuery>;

	/// 1 once the index is built.
	#[storage_alias]
	pub type Version = StorageValue<Rehearsal, u16, ValueQuery>;

	/// Counts each customer's proposals and deals. Runs once, however often it is called.
	#[derive(Debug)]
	pub struct CountDeals;

	impl OnRuntimeUpgrade for CountDeals {
		fn on_runtime_upgrade() -> Weight {
			let costs = <Runtime as frame_system::Config>::DbWeight::get();
			if Version::get() != 0 {
				return costs.reads(1);
			}
			let mut counted = 0u64;
			for deal in Deals::<Runtime>::iter_values() {
				DealsOfCustomer::mutate(deal.customer, |deals| *deals = deals.saturating_add(1));
				counted = counted.saturating_add(1);
			}
			Version::put(1);
			log::info!(target: "runtime::migrations", "counted {counted} deals");
			costs.reads_writes(counted.saturating_mul(2).saturating_add(1), counted.saturating_add(1))
		}

		#[cfg(feature = "try-runtime")]
		fn pre_upgrade() -> Result<alloc::vec::Vec<u8>, sp_runtime::TryRuntimeError> {
			use codec::Encode;
			let mut counts = alloc::collections::BTreeMap::<AccountId, u32>::new();
			for deal in Deals::<Runtime>::iter_values() {
				let count = counts.entry(deal.customer).or_default();
				*count = count.saturating_add(1);
			}
			frame_support::ensure!(Version::get() == 0, "the index is built already");
			Ok(counts.encode())
		}

		#[cfg(feature = "try-runtime")]
		fn post_upgrade(state: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
			use alloc::collections::BTreeMap;
			use codec::Decode;
			let expected = BTreeMap::<AccountId, u32>::decode(&mut &state[..]).map_err(|_| "pre_upgrade's state")?;
			frame_support::ensure!(Version::get() == 1, "the index is not marked as built");
			let found = DealsOfCustomer::iter().collect::<BTreeMap<_, _>>();
			frame_support::ensure!(found == expected, "the index does not count the deals");
			Ok(())
		}
	}
}
