//! The lengths as [`Get`]s, for the `Config` items of other pallets.
//!
//! Each reads the state when it is asked, so that one runtime serves chains of every pace. None can panic: a state
//! without lengths answers like [`PaceLengths::live`](crate::PaceLengths::live).

use crate::{Config, Pace};
use core::marker::PhantomData;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use substation_primitives::{BlockNumber, Clock, Committees};

macro_rules! reader {
	($(#[$doc:meta])* $name:ident: $type:ty = |$lengths:ident| $value:expr) => {
		$(#[$doc])*
		#[derive(Debug)]
		pub struct $name<T>(PhantomData<T>);

		impl<T: Config> Get<$type> for $name<T> {
			fn get() -> $type {
				let $lengths = Pace::<T>::get();
				$value
			}
		}
	};
}

reader! {
	/// Milliseconds between two blocks.
	SlotMillis: u64 = |lengths| lengths.slot_millis
}
reader! {
	/// Half a slot in milliseconds: the least distance of two timestamps.
	HalfSlotMillis: u64 = |lengths| lengths.slot_millis / 2
}
reader! {
	/// Blocks of an epoch.
	EpochBlocks: u64 = |lengths| lengths.epoch_blocks
}
reader! {
	/// Sessions of an era.
	SessionsPerEra: u32 = |lengths| lengths.sessions_per_era
}
reader! {
	/// Eras from unbonding a stake to its release.
	BondingEras: u32 = |lengths| lengths.bonding_eras
}
reader! {
	/// Eras that a slash waits, so that governance can cancel it: two less than the bonding time. It is applied in the
	/// era after, and whoever unbonded in the era of the offence may withdraw one era later.
	SlashDeferEras: u32 = |lengths| lengths.bonding_eras.saturating_sub(2)
}
reader! {
	/// Sessions from unbonding a stake to its release: for so long old validator sets must stay known.
	BondingSessions: u64 = |lengths| lengths.bonding_sessions()
}
reader! {
	/// Blocks from unbonding a stake to its release: for so long an equivocation can be reported.
	BondingBlocks: u64 = |lengths| lengths.bonding_blocks()
}
reader! {
	/// Milliseconds of an era.
	EraMillis: u64 = |lengths| lengths.era_millis()
}
reader! {
	/// When windows of storage proofs open and close.
	ProofClock: Clock = |lengths| lengths.clock
}
reader! {
	/// How committees that measure lines are formed.
	CommitteesOf: Committees = |lengths| lengths.committees
}
reader! {
	/// Blocks that a payee has to redeem after the payer of a channel wants its money back.
	ChannelGrace: BlockNumber = |lengths| lengths.channel_grace
}
reader! {
	/// Blocks between two launches of referenda.
	LaunchPeriod: BlockNumberFor<T> = |lengths| lengths.launch_period.into()
}
reader! {
	/// Blocks that a referendum is open.
	VotingPeriod: BlockNumberFor<T> = |lengths| lengths.voting_period.into()
}
reader! {
	/// Blocks from the end of a referendum to its enactment.
	EnactmentPeriod: BlockNumberFor<T> = |lengths| lengths.enactment_period.into()
}
reader! {
	/// Blocks in which a vetoed proposal may not come back.
	CooloffPeriod: BlockNumberFor<T> = |lengths| lengths.cooloff_period.into()
}
reader! {
	/// Blocks that an elected council stays in office.
	TermDuration: BlockNumberFor<T> = |lengths| lengths.term_duration.into()
}
