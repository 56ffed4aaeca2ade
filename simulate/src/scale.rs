//! One scale of time for what is paid in each block and what is paid in each era.
//!
//! An era has 60 blocks here and 14,400 on the public network. Periods, eras, epochs, bonds, yields, deals and their
//! transactions come as often in an era here as there; tests that follow blocks do not.

use crate::cast::Pace;
use substation_primitives::{
	settings::{Settings, STN},
	BlockNumber,
};

/// Blocks of an era on the public network.
const DAY: BlockNumber = 14_400;

/// Settings under which an era pays as much for tests, compared with its budget, as it does on the public network.
pub(crate) fn on_one_scale(mut settings: Settings, pace: Pace, era: BlockNumber) -> Settings {
	if pace == Pace::Committees {
		let rewards = &mut settings.rewards;
		let floor = rewards.floor * u128::from(era) / u128::from(DAY);
		rewards.first = (rewards.first * u128::from(era) / u128::from(DAY)).max(STN);
		rewards.floor = floor.min(rewards.first);
	}
	settings
}
