use crate::{
	mock::{ExtBuilder, Test},
	*,
};
use frame_support::traits::Get;
use substation_primitives::{Clock, Committees};

#[test]
fn readers_answer_like_live_when_the_state_is_empty() {
	sp_io::TestExternalities::default().execute_with(|| {
		assert!(!crate::Pace::<Test>::exists());

		assert_eq!(SlotMillis::<Test>::get(), 6_000);
		assert_eq!(HalfSlotMillis::<Test>::get(), 3_000);
		assert_eq!(EpochBlocks::<Test>::get(), 2_400);
		assert_eq!(SessionsPerEra::<Test>::get(), 6);
		assert_eq!(BondingEras::<Test>::get(), 28);
		assert_eq!(SlashDeferEras::<Test>::get(), 26);
		assert_eq!(BondingSessions::<Test>::get(), 168);
		assert_eq!(BondingBlocks::<Test>::get(), 28 * 14_400);
		assert_eq!(EraMillis::<Test>::get(), 86_400_000);
		assert_eq!(ProofClock::<Test>::get(), Clock { period: 14_400, window: 600, slot_step: 10 });
		assert_eq!(CommitteesOf::<Test>::get(), Committees { members: 17, min_nodes: 51, deadline: 20 });
		assert_eq!(ChannelGrace::<Test>::get(), 14_400);
		assert_eq!(LaunchPeriod::<Test>::get(), 100_800);
		assert_eq!(VotingPeriod::<Test>::get(), 100_800);
		assert_eq!(EnactmentPeriod::<Test>::get(), 115_200);
		assert_eq!(CooloffPeriod::<Test>::get(), 100_800);
		assert_eq!(TermDuration::<Test>::get(), 100_800);
	});
}

#[test]
fn readers_answer_what_genesis_fixed() {
	ExtBuilder::default().lengths(PaceLengths::fast()).build_and_execute(|| {
		assert_eq!(SlotMillis::<Test>::get(), 2_000);
		assert_eq!(HalfSlotMillis::<Test>::get(), 1_000);
		assert_eq!(EpochBlocks::<Test>::get(), 30);
		assert_eq!(SessionsPerEra::<Test>::get(), 4);
		assert_eq!(BondingEras::<Test>::get(), 3);
		assert_eq!(SlashDeferEras::<Test>::get(), 1);
		assert_eq!(BondingSessions::<Test>::get(), 12);
		assert_eq!(BondingBlocks::<Test>::get(), 360);
		assert_eq!(EraMillis::<Test>::get(), 240_000);
		assert_eq!(ProofClock::<Test>::get(), Clock { period: 20, window: 8, slot_step: 2 });
		assert_eq!(CommitteesOf::<Test>::get(), Committees { members: 3, min_nodes: 4, deadline: 30 });
		assert_eq!(ChannelGrace::<Test>::get(), 20);
		assert_eq!(LaunchPeriod::<Test>::get(), 10);
		assert_eq!(VotingPeriod::<Test>::get(), 10);
		assert_eq!(EnactmentPeriod::<Test>::get(), 5);
		assert_eq!(CooloffPeriod::<Test>::get(), 10);
		assert_eq!(TermDuration::<Test>::get(), 60);
	});
}

#[test]
fn readers_answer_like_live_when_the_state_does_not_decode() {
	sp_io::TestExternalities::default().execute_with(|| {
		frame_support::storage::unhashed::put_raw(&crate::Pace::<Test>::hashed_key(), &[1, 2, 3]);

		assert_eq!(Pallet::<Test>::lengths(), PaceLengths::live());
	});
}
