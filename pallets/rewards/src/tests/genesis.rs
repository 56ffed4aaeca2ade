//! The first block.

use crate::{emission, mock::*, types::Pool, Closed, Records};
use substation_primitives::settings::STN;

#[test]
fn the_first_era_has_a_budget_and_everything_that_is_there_is_counted() {
	ExtBuilder.build_and_execute(|| {
		let totals = totals();
		assert_eq!((totals.genesis, totals.budgeted), (5 * WEALTH + EXISTENTIAL_DEPOSIT, 100_000 * STN));
		assert_eq!((totals.minted, totals.claimed, totals.payable), (0, 0, 0));
		assert_eq!(Rewards::burned(), 0);

		let (era, parts) = (era(), emission::split(100_000 * STN, &RewardsOf::get()));
		assert_eq!((era.index, era.started, era.yields_before), (0, 0, 0));
		assert_eq!((era.nominating, era.yield_per_block), (0, 0));
		assert_eq!((era.validators, era.treasury), (parts.validators, parts.treasury));
		assert_eq!(era.pools.storage, Pool::with_budget(25_000 * STN));
		assert_eq!(era.pools.bandwidth, Pool::with_budget(15_000 * STN));
		assert!(!Closed::<Test>::exists());
		assert_eq!(Records::<Test>::iter().count(), 0);
	});
}
