use crate::mock::*;
use frame_support::{
	traits::{Hooks, WhitelistedStorageKeys},
	weights::constants::ParityDbWeight,
};

#[test]
fn what_benchmarks_leave_out_is_accounted_for_once_per_block() {
	let keys: Vec<_> = Pace::whitelisted_storage_keys().into_iter().map(|key| key.key).collect();
	let read = [crate::Pace::<Test>::hashed_key(), crate::Interrupted::<Test>::hashed_key()];
	assert_eq!(keys, read.map(|key| key.to_vec()));

	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Pace::on_initialize(1), ParityDbWeight::get().reads(3));
	});
}
