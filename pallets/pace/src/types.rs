//! The lengths and how they must fit together.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use substation_primitives::{bandwidth::SOUND_COMMITTEE, BlockNumber, Clock, Committees};

/// Most slot steps of one window. Bounds in code for how many openings seeds are kept at once.
const MAX_STEPS_PER_WINDOW: BlockNumber = 1_024;

/// Fewest eras from unbonding to release: one of the offence, one that governance has to cancel a slash, one in which it
/// is applied.
const MIN_BONDING_ERAS: u32 = 3;

/// Every length of time that is a constant of the chain.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaceLengths {
	/// Milliseconds between two blocks. Even, because timestamps may move by half of it.
	pub slot_millis: u64,
	/// Blocks of an epoch, which is a session.
	pub epoch_blocks: u64,
	/// Sessions of an era of staking.
	pub sessions_per_era: u32,
	/// Eras from unbonding a stake to its release.
	pub bonding_eras: u32,
	/// When windows of storage proofs open and close.
	pub clock: Clock,
	/// How committees that measure lines are formed.
	pub committees: Committees,
	/// Blocks that a payee has to redeem after the payer of a channel wants its money back.
	pub channel_grace: BlockNumber,
	/// Blocks between two launches of referenda.
	pub launch_period: BlockNumber,
	/// Blocks that a referendum is open.
	pub voting_period: BlockNumber,
	/// Blocks from the end of a referendum to its enactment.
	pub enactment_period: BlockNumber,
	/// Blocks in which a vetoed proposal may not come back.
	pub cooloff_period: BlockNumber,
	/// Blocks that an elected council stays in office.
	pub term_duration: BlockNumber,
}

/// Why lengths do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceError {
	/// The slot is zero or odd.
	SlotMillis,
	/// The epoch is empty.
	EpochBlocks,
	/// The era is empty.
	SessionsPerEra,
	/// Less than 3: stakes would be released before a slash is applied.
	BondingEras,
	/// The bonding time does not fit a block number.
	BondingTooLong,
	/// The step does not divide the period, or the window is shorter than 3 blocks or not shorter than the period.
	Clock,
	/// A window has more than 1,024 steps.
	ClockSteps,
	/// A committee is even, below 3 or above 25, could not be filled, or has no time.
	Committees,
	/// A payee would have no time to redeem.
	ChannelGrace,
	/// A length of voting is zero.
	Voting,
}

impl PaceLengths {
	/// What the public network runs: slots of 6 s, periods, eras and voting in days.
	pub const fn live() -> Self {
		const DAY: BlockNumber = 14_400;
		Self {
			slot_millis: 6_000,
			epoch_blocks: 2_400,
			sessions_per_era: 6,
			bonding_eras: 28,
			clock: Clock { period: DAY, window: 600, slot_step: 10 },
			committees: Committees { members: SOUND_COMMITTEE, min_nodes: 51, deadline: 20 },
			channel_grace: DAY,
			launch_period: 7 * DAY,
			voting_period: 7 * DAY,
			enactment_period: 8 * DAY,
			cooloff_period: 7 * DAY,
			term_duration: 7 * DAY,
		}
	}

	/// What development and tests run: slots of 2 s, periods of 40 s with windows of 16 s, eras of 4 minutes.
	/// Committees of three bound nothing worth stealing: they show how tests run, not what they withstand.
	pub const fn fast() -> Self {
		Self {
			slot_millis: 2_000,
			epoch_blocks: 30,
			sessions_per_era: 4,
			bonding_eras: 3,
			clock: Clock { period: 20, window: 8, slot_step: 2 },
			committees: Committees { members: 3, min_nodes: 4, deadline: 30 },
			channel_grace: 20,
			launch_period: 10,
			voting_period: 10,
			enactment_period: 5,
			cooloff_period: 10,
			term_duration: 60,
		}
	}

	/// Whether the lengths fit together.
	pub fn check(&self) -> Result<(), PaceError> {
		let Self { slot_millis, epoch_blocks, sessions_per_era, bonding_eras, clock, .. } = *self;
		ensure(slot_millis > 0 && slot_millis % 2 == 0, PaceError::SlotMillis)?;
		ensure(epoch_blocks > 0, PaceError::EpochBlocks)?;
		ensure(sessions_per_era > 0, PaceError::SessionsPerEra)?;
		ensure(bonding_eras >= MIN_BONDING_ERAS, PaceError::BondingEras)?;
		ensure(self.bonding_blocks() <= BlockNumber::MAX.into(), PaceError::BondingTooLong)?;
		ensure(clock.is_consistent(), PaceError::Clock)?;
		ensure(
			clock.window.checked_div(clock.slot_step).is_some_and(|steps| steps <= MAX_STEPS_PER_WINDOW),
			PaceError::ClockSteps,
		)?;
		ensure(self.committees.is_consistent(), PaceError::Committees)?;
		ensure(self.channel_grace > 0, PaceError::ChannelGrace)?;
		let voting =
			[self.launch_period, self.voting_period, self.enactment_period, self.cooloff_period, self.term_duration];
		ensure(voting.iter().all(|length| *length > 0), PaceError::Voting)
	}

	/// Sessions from unbonding a stake to its release.
	pub fn bonding_sessions(&self) -> u64 {
		u64::from(self.bonding_eras).saturating_mul(self.sessions_per_era.into())
	}

	/// Blocks from unbonding a stake to its release.
	pub fn bonding_blocks(&self) -> u64 {
		self.bonding_sessions().saturating_mul(self.epoch_blocks)
	}

	/// Milliseconds of an era.
	pub fn era_millis(&self) -> u64 {
		u64::from(self.sessions_per_era).saturating_mul(self.epoch_blocks).saturating_mul(self.slot_millis)
	}
}

impl Default for PaceLengths {
	fn default() -> Self {
		Self::live()
	}
}

fn ensure(condition: bool, error: PaceError) -> Result<(), PaceError> {
	if condition {
		Ok(())
	} else {
		Err(error)
	}
}
