use crate::{mock::*, Call, WeightInfo};
use frame_support::{
	dispatch::GetDispatchInfo,
	traits::{Hooks, WhitelistedStorageKeys},
	weights::constants::ParityDbWeight,
};
use substation_primitives::settings::Settings as AllSettings;

#[test]
fn what_benchmarks_leave_out_is_accounted_for_once_per_block() {
	let keys = Settings::whitelisted_storage_keys();
	assert_eq!(keys.len(), 7);

	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Settings::on_initialize(1), ParityDbWeight::get().reads(7));
	});
}

#[test]
fn a_change_pays_for_the_write_that_its_benchmark_leaves_out() {
	let AllSettings { registry, market, proofs, bandwidth, channels, disputes, rewards } = AllSettings::default();
	let calls: [(Call<Test>, _); 7] = [
		(Call::set_registry { settings: registry }, <() as WeightInfo>::set_registry()),
		(Call::set_market { settings: market }, <() as WeightInfo>::set_market()),
		(Call::set_proofs { settings: proofs }, <() as WeightInfo>::set_proofs()),
		(Call::set_bandwidth { settings: bandwidth }, <() as WeightInfo>::set_bandwidth()),
		(Call::set_channels { settings: channels }, <() as WeightInfo>::set_channels()),
		(Call::set_disputes { settings: disputes }, <() as WeightInfo>::set_disputes()),
		(Call::set_rewards { settings: rewards }, <() as WeightInfo>::set_rewards()),
	];
	for (call, benchmark) in calls {
		assert_eq!(call.get_dispatch_info().call_weight, benchmark + ParityDbWeight::get().writes(1), "{call:?}");
	}
}
