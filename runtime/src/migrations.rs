//! Changes of state that an upgrade carries. A release adds its own here, and removes them once every chain has run
//! them.
//!
//! - [`SingleBlock`] runs whole in the first block of the new runtime. For what is small and bounded: each is wrapped in
//!   [`VersionedMigration`](frame_support::migrations::VersionedMigration), which runs it once, by the pallet's version.
//! - [`MultiBlock`] runs in steps, a part of each block, before anything but inherents is included again. For whatever
//!   grows with nodes, deals or accounts. Its pallet runs each once, by its name.
//!
//! Steps are rehearsed: a build with `SUBSTATION_REHEARSAL=migration` carries [`rehearsal::CountDeals`], the end to end
//! tests upgrade a running chain to it while agents prove, and the runtime's tests run its checks natively.

/// What the next upgrade runs, once, in the first block of the new runtime.
pub type SingleBlock = ();

/// What the next upgrade runs in steps, from the first block of the new runtime on.
#[cfg(not(rehearsal_migration))]
pub type MultiBlock = ();
/// What the next upgrade runs in steps, from the first block of the new runtime on.
#[cfg(rehearsal_migration)]
pub type MultiBlock = (rehearsal::CountDeals,);

/// The rehearsed upgrade: an index that did not exist is built from what does.
#[allow(missing_docs, reason = "the storage aliases write undocumented items")]
pub mod rehearsal {
	use crate::{AccountId, Runtime};
	use frame_support::{
		migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
		pallet_prelude::ValueQuery,
		storage_alias,
		weights::WeightMeter,
		Blake2_128Concat,
	};
	use pallet_storage_market::Deals;
	use substation_primitives::DealId;

	/// Proposals and deals of each customer.
	#[storage_alias]
	pub type DealsOfCustomer = StorageMap<Rehearsal, Blake2_128Concat, AccountId, u32, ValueQuery>;

	/// 1 once the index is built.
	#[storage_alias]
	pub type Version = StorageValue<Rehearsal, u16, ValueQuery>;

	/// Deals that are counted in one block: so few that a handful of them takes several.
	const DEALS_PER_STEP: u32 = 1;

	/// More blocks than any rehearsal has deals.
	const MAX_STEPS: u32 = 1_000;

	/// Counts each customer's proposals and deals.
	#[derive(Debug)]
	pub struct CountDeals;

	impl SteppedMigration for CountDeals {
		/// The deal that was counted last.
		type Cursor = DealId;
		type Identifier = MigrationId<9>;

		fn id() -> Self::Identifier {
			MigrationId { pallet_id: *b"Rehearsal", version_from: 0, version_to: 1 }
		}

		fn max_steps() -> Option<u32> {
			Some(MAX_STEPS)
		}

		fn step(
			cursor: Option<Self::Cursor>,
			meter: &mut WeightMeter,
		) -> Result<Option<Self::Cursor>, SteppedMigrationError> {
			// Finding the deal, its record, its customer's count.
			let required = <Runtime as frame_system::Config>::DbWeight::get()
				.reads_writes(3, 1)
				.saturating_mul(DEALS_PER_STEP.into());
			meter.try_consume(required).map_err(|_| SteppedMigrationError::InsufficientWeight { required })?;

			let deals = match cursor {
				Some(last) => Deals::<Runtime>::iter_from_key(last),
				None => Deals::<Runtime>::iter(),
			};
			let mut counted = None;
			for (id, deal) in deals.take(usize::try_from(DEALS_PER_STEP).unwrap_or(1)) {
				DealsOfCustomer::mutate(deal.customer, |deals| *deals = deals.saturating_add(1));
				counted = Some(id);
			}
			if counted.is_none() {
				Version::put(1);
				log::info!(target: "runtime::migrations", "the index of deals is built");
			}
			Ok(counted)
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
