//! Who is there when a chain begins: honest validators and nominators, honest lines, and a coalition.

use crate::{
	keys::{agent, Key},
	scale,
};
use frame_support::traits::{BuildGenesisConfig, TypedGet};
use pallet_pace::PaceLengths;
use pallet_staking::StakerStatus;
use sp_core::{sr25519, Pair};
use sp_io::TestExternalities;
use sp_runtime::Perbill;
use substation_primitives::{
	bandwidth::{MAX_SEATS, SOUND_COMMITTEE},
	settings::{Settings, STN},
	Balance, BlockNumber, Clock, Committees,
};
use substation_runtime::{
	constants::{EXISTENTIAL_DEPOSIT, MAX_NOMINATORS},
	genesis_presets::EPOCH_CONFIG,
	governance::TreasuryPot,
	AccountId, BabeConfig, BalancesConfig, PaceConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys,
	SettingsConfig, StakingConfig,
};

/// Honest validators. With the coalition's there are four: it then has a quarter of the blocks. With more than a third
/// it could stop the chain, and rewards would be the least problem.
pub(crate) const HONEST_VALIDATORS: u32 = 3;

/// What each honest validator stakes itself.
const OWN_STAKE: Balance = 100_000 * STN;

/// Honest nominators of most runs. Each backs all honest validators.
const FEW_NOMINATORS: u32 = 3;

/// Nominators of a run with a crowd: nearly as many as a chain accepts, with room for the coalition.
pub(crate) const CROWD: u32 = MAX_NOMINATORS - 100;

/// What honest validators keep before stakes are paid: about the median of large proof-of-stake networks.
pub(crate) const HONEST_COMMISSION: Perbill = Perbill::from_percent(5);

/// What everybody honest stakes together.
pub(crate) const HONEST_STAKE: Balance = 20_000_000 * STN;

/// Seats of each honest line.
pub(crate) const HONEST_SEATS: u8 = 2;

/// What an honest line prepays for its tests.
const PREPAID: Balance = 10 * STN;

/// Tests that an honest line prepays at least, where fees are high.
const PREPAID_TESTS: Balance = 400;

/// What the operator of an honest line has: enough for seats and tests at every price that settings allow here.
pub(crate) const LINE_ENDOWMENT: Balance = 50_000 * STN;

/// Identities of most coalitions.
pub(crate) const IDENTITIES: u32 = 10;

/// What of a coalition's tokens is its validator's own stake, where it has one.
const VALIDATOR_SHARE: Perbill = Perbill::from_percent(10);

/// What an account needs for the fees of a run, beyond what it stakes.
const FEES: Balance = 100 * STN;

/// The pace of blocks, eras and periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
	/// Eras and periods of 60 blocks: as long as each other, as on the public network, with room for windows, committees
	/// and their transactions.
	Full,
	/// The same with committees of 17, as on the public network, and honest lines enough to fill them.
	Committees,
	/// Eras and periods of six blocks, where hooks stand for proofs.
	Hooks,
}

impl Pace {
	/// Honest operators with a line each, so that a committee is never the coalition's by itself.
	pub(crate) fn honest_lines(self) -> u32 {
		match self {
			Self::Full => 4,
			Self::Committees => 24,
			// Nobody is tested there.
			Self::Hooks => 0,
		}
	}

	/// Seats in most runs in which the coalition has some.
	pub(crate) fn seats(self) -> u32 {
		self.honest_lines() * u32::from(HONEST_SEATS) + IDENTITIES * self.most_seats()
	}

	/// The most seats that a node of the coalition takes.
	pub(crate) fn most_seats(self) -> u32 {
		match self {
			Self::Full | Self::Hooks => MAX_SEATS,
			// As many as an honest one: what counts is how many seats there are on either side.
			Self::Committees => HONEST_SEATS.into(),
		}
	}

	/// Members of a committee.
	pub(crate) fn members(self) -> u8 {
		match self {
			Self::Full | Self::Hooks => 3,
			Self::Committees => SOUND_COMMITTEE,
		}
	}
}

/// One chain's beginning.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
	/// The tunables.
	pub settings: Settings,
	/// How long everything takes.
	pub pace: Pace,
	/// What the coalition has in all.
	pub tokens: Balance,
	/// The commission of the coalition's validator, if it has one.
	pub commission: Option<Perbill>,
	/// Honest nominators among whom the honest stake is divided.
	pub nominators: u32,
}

impl Default for Scenario {
	fn default() -> Self {
		Self {
			settings: Settings::default(),
			pace: Pace::Full,
			tokens: 200_000 * STN,
			commission: None,
			nominators: FEW_NOMINATORS,
		}
	}
}

impl Scenario {
	/// Every length of time.
	pub(crate) fn lengths(&self) -> PaceLengths {
		let (epoch_blocks, sessions_per_era, clock) = match self.pace {
			Pace::Full | Pace::Committees => (10, 6, Clock { period: 60, window: 12, slot_step: 2 }),
			Pace::Hooks => (3, 2, Clock { period: 6, window: 3, slot_step: 1 }),
		};
		PaceLengths {
			epoch_blocks,
			sessions_per_era,
			bonding_eras: 28,
			clock,
			committees: Committees {
				members: self.pace.members(),
				min_nodes: u32::from(self.pace.members()) + 1,
				deadline: 20,
			},
			channel_grace: clock.period,
			voting_period: 7 * clock.period,
			..PaceLengths::live()
		}
	}

	/// Blocks of an era.
	pub(crate) fn era_blocks(&self) -> BlockNumber {
		self.lengths().clock.period
	}

	/// The settings that the chain gets: testing has begun, however few seats there are here.
	pub(crate) fn settings_in_force(&self) -> Settings {
		let mut settings = self.settings;
		if self.pace.honest_lines() > 0 {
			settings.bandwidth.min_total_bond = settings.bandwidth.seat_bond;
		}
		scale::on_one_scale(settings, self.pace, self.era_blocks())
	}

	/// What all members of a committee can be paid for one test.
	pub(crate) fn committee_cost(&self) -> Balance {
		self.settings_in_force().bandwidth.member_fee * Balance::from(self.pace.members())
	}

	/// What an honest line prepays.
	pub(crate) fn honest_prepayment(&self) -> Balance {
		PREPAID.max(PREPAID_TESTS * self.committee_cost()).min(LINE_ENDOWMENT / 2)
	}

	/// What of the tokens the coalition's validator stakes.
	pub(crate) fn validator_stake(&self) -> Balance {
		self.commission.map_or(0, |_| VALIDATOR_SHARE * self.tokens)
	}
}

/// Everybody.
#[derive(Clone)]
pub(crate) struct Cast {
	scenario: Scenario,
	validators: Vec<Key>,
	nominators: Vec<Key>,
	/// Honest operators who offer a line.
	pub lines: Vec<Key>,
	/// Pays stakes out for everybody, so that it costs no twin more than the other.
	pub clerk: Key,
	/// Holds what the coalition does not stake in its validator.
	pub purse: Key,
	/// The coalition's validator.
	pub accomplice: Key,
}

impl Cast {
	/// The cast of this scenario.
	pub(crate) fn new(scenario: &Scenario) -> Self {
		let keys = |role: &str, count| (0..count).map(|number| Key::of(role, number)).collect();
		Self {
			scenario: scenario.clone(),
			validators: keys("validator", HONEST_VALIDATORS),
			nominators: keys("nominator", scenario.nominators),
			lines: keys("line", scenario.pace.honest_lines()),
			clerk: Key::of("clerk", 0),
			purse: Key::of("purse", 0),
			accomplice: Key::of("accomplice", 0),
		}
	}

	/// What was asked for.
	pub(crate) fn scenario(&self) -> &Scenario {
		&self.scenario
	}

	/// The honest validators.
	pub(crate) fn honest_validators(&self) -> &[Key] {
		&self.validators
	}

	/// Every validator.
	pub(crate) fn all_validators(&self) -> impl Iterator<Item = &Key> {
		self.validators.iter().chain(self.scenario.commission.map(|_| &self.accomplice))
	}

	/// What signs blocks. Separate from what owns stakes, as it should be.
	pub(crate) fn authors(&self) -> impl Iterator<Item = sr25519::Pair> + '_ {
		(0..self.all_validators().count()).map(|index| author(index).pair)
	}

	/// State as genesis leaves it.
	pub(crate) fn genesis_state(&self) -> TestExternalities {
		let Scenario { tokens, nominators, .. } = self.scenario;
		let settings = self.scenario.settings_in_force();
		let stake = self.scenario.validator_stake();
		let each = (HONEST_STAKE - OWN_STAKE * Balance::from(HONEST_VALIDATORS)) / Balance::from(nominators);
		let mut balances: Vec<(AccountId, Balance)> = vec![
			(TreasuryPot::get(), EXISTENTIAL_DEPOSIT),
			(self.clerk.account.clone(), 10 * FEES),
			(self.purse.account.clone(), tokens - stake),
		];
		balances.extend(self.validators.iter().map(|key| (key.account.clone(), OWN_STAKE + FEES)));
		balances.extend(self.nominators.iter().map(|key| (key.account.clone(), each + FEES)));
		balances.extend(self.lines.iter().map(|key| (key.account.clone(), LINE_ENDOWMENT)));
		let backed: Vec<_> = self.validators.iter().map(|key| key.account.clone()).collect();
		let mut stakers: Vec<_> =
			self.validators.iter().map(|key| staker(key, OWN_STAKE, StakerStatus::Validator)).collect();
		stakers.extend(self.nominators.iter().map(|key| staker(key, each, StakerStatus::Nominator(backed.clone()))));
		if stake > 0 {
			balances.push((self.accomplice.account.clone(), stake));
			stakers.push(staker(&self.accomplice, stake - STN, StakerStatus::Validator));
		}
		let config = RuntimeGenesisConfig {
			pace: PaceConfig { lengths: self.scenario.lengths(), ..Default::default() },
			settings: SettingsConfig { settings, ..Default::default() },
			balances: BalancesConfig { balances, ..Default::default() },
			babe: BabeConfig { epoch_config: EPOCH_CONFIG, ..Default::default() },
			session: SessionConfig {
				keys: self.all_validators().enumerate().map(|(index, key)| session_keys(index, key)).collect(),
				..Default::default()
			},
			staking: StakingConfig {
				validator_count: u32::try_from(stakers.len()).map_or(1, |all| all - nominators),
				minimum_validator_count: 1,
				min_nominator_bond: 10 * STN,
				min_validator_bond: 1_000 * STN,
				max_nominator_count: Some(MAX_NOMINATORS),
				stakers,
				..Default::default()
			},
			..Default::default()
		};
		state(&config)
	}
}

/// The state that this genesis builds.
pub(crate) fn state(config: &RuntimeGenesisConfig) -> TestExternalities {
	let mut state = TestExternalities::new_empty();
	state.execute_with(|| config.build());
	state.commit_all().expect("genesis opens no transaction");
	state
}

fn author(index: usize) -> Key {
	Key::of("author", u32::try_from(index).unwrap_or(u32::MAX))
}

fn staker(
	key: &Key,
	stake: Balance,
	status: StakerStatus<AccountId>,
) -> (AccountId, AccountId, Balance, StakerStatus<AccountId>) {
	(key.account.clone(), key.account.clone(), stake, status)
}

fn session_keys(index: usize, stash: &Key) -> (AccountId, AccountId, SessionKeys) {
	let babe = author(index).pair.public().into();
	let grandpa = agent("grandpa", u32::try_from(index).unwrap_or(u32::MAX)).public().into();
	(stash.account.clone(), stash.account.clone(), SessionKeys { grandpa, babe })
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_staking::ErasStakersOverview;
	use substation_runtime::Runtime;

	#[test]
	fn every_nominator_of_a_crowd_backs_a_validator() {
		let cast = Cast::new(&Scenario { nominators: CROWD, ..Scenario::default() });

		cast.genesis_state().execute_with(|| {
			let elected: Vec<_> = ErasStakersOverview::<Runtime>::iter_prefix_values(0).collect();
			let backers: u32 = elected.iter().map(|validator| validator.nominator_count).sum();
			let staked: Balance = elected.iter().map(|validator| validator.total).sum();

			assert!(backers >= CROWD, "{backers} backers");
			assert!(staked <= HONEST_STAKE && HONEST_STAKE - staked < Balance::from(CROWD), "{staked}");
		});
	}
}
