//! The networks that this runtime knows by name.
//!
//! `development` and `local_testnet` run fast and start with well-known keys. `live-template` runs at full length and
//! is no network yet: it has no keys, no stake and no money but what keeps the accounts of pallets alive. What is made
//! of it must pass [`check`].

use crate::{
	constants::{EXISTENTIAL_DEPOSIT, MAX_CANDIDATES, MAX_NOMINATORS, STN},
	election,
	governance::TreasuryPot,
	AccountId, BabeConfig, Balance, BalancesConfig, ElectionsConfig, GrandpaConfig, Pace, PaceConfig, Runtime,
	RuntimeGenesisConfig, SessionConfig, SessionKeys, SettingsConfig, Staking, StakingConfig, TechnicalCommitteeConfig,
};
use alloc::{format, vec, vec::Vec};
use frame_support::{build_struct_json_patch, traits::TypedGet};
use pallet_pace::PaceLengths;
use pallet_staking::{ErasStakersOverview, StakerStatus};
use serde_json::Value;
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{traits::SaturatedConversion, Perbill};
use sp_staking::EraIndex;
use substation_primitives::settings::Settings;

/// Name of the preset that public networks are made of.
pub const LIVE_TEMPLATE_RUNTIME_PRESET: &str = "live-template";

/// Name of the preset that weights are measured on. No list has it: it is no network.
#[cfg(feature = "runtime-benchmarks")]
pub const BENCHMARKS_RUNTIME_PRESET: &str = "benchmarks";

/// Minimum number of validators of a public network: with four, finality goes on without one of them.
pub const MIN_VALIDATORS: u32 = 4;

/// The era that genesis elects.
const FIRST_ERA: EraIndex = 0;

/// What each well-known account starts with.
pub const ENDOWMENT: Balance = 1_000_000 * STN;

/// What each well-known validator bonds.
pub const VALIDATOR_BOND: Balance = 10_000 * STN;

/// What each well-known member of the first council has behind it. Little, so that an election can replace them.
pub const COUNCIL_STAKE: Balance = 10 * STN;

/// The first council of a network with well-known keys, until the first election; and its technical committee.
const COUNCIL: [Sr25519Keyring; 3] = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];

/// How slots find their authors. One slot in four has a primary author, the usual choice; secondary slots carry a VRF,
/// because every block must add to the seeds of proofs.
pub const EPOCH_CONFIG: BabeEpochConfiguration =
	BabeEpochConfiguration { c: (1, 4), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

/// A validator of a network with well-known keys.
struct Validator {
	stash: Sr25519Keyring,
	babe: Sr25519Keyring,
	grandpa: Ed25519Keyring,
}

const ALICE: Validator =
	Validator { stash: Sr25519Keyring::AliceStash, babe: Sr25519Keyring::Alice, grandpa: Ed25519Keyring::Alice };
const BOB: Validator =
	Validator { stash: Sr25519Keyring::BobStash, babe: Sr25519Keyring::Bob, grandpa: Ed25519Keyring::Bob };
const CHARLIE: Validator =
	Validator { stash: Sr25519Keyring::CharlieStash, babe: Sr25519Keyring::Charlie, grandpa: Ed25519Keyring::Charlie };
const DAVE: Validator =
	Validator { stash: Sr25519Keyring::DaveStash, babe: Sr25519Keyring::Dave, grandpa: Ed25519Keyring::Dave };

/// The preset of this name, as a patch of the default genesis.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_str() {
		sp_genesis_builder::DEV_RUNTIME_PRESET => fast(&[ALICE]),
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => fast(&[ALICE, BOB, CHARLIE, DAVE]),
		LIVE_TEMPLATE_RUNTIME_PRESET => live_template(),
		#[cfg(feature = "runtime-benchmarks")]
		BENCHMARKS_RUNTIME_PRESET => without_minimum_bonds(fast(&[ALICE])),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The names of all presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET),
		PresetId::from(sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET),
		PresetId::from(LIVE_TEMPLATE_RUNTIME_PRESET),
	]
}

/// Refuses a genesis that has just been built if its chain could not run, or could stop too easily.
///
/// Every chain starts with a validator that has session keys, and has no more seats than a block has time to elect. A network with the slots of a public one starts with at
/// least [`MIN_VALIDATORS`] that are elected and have keys, and never elects fewer.
pub fn check() -> sp_genesis_builder::Result {
	let slot = Pace::lengths().slot_millis;
	let public = slot >= PaceLengths::live().slot_millis;
	let minimum = if public { MIN_VALIDATORS } else { 1 };
	let (seats, fewest) = (Staking::validator_count(), Staking::minimum_validator_count());
	if public && seats.min(fewest) < minimum {
		return Err(format!(
			"staking.validatorCount is {seats} and staking.minimumValidatorCount {fewest}: with slots of {slot} ms \
			 both must be at least {minimum}"
		));
	}
	let fit = election::seats_that_fit();
	if seats > fit {
		return Err(format!(
			"staking.validatorCount is {seats}: with the places that staking.maxValidatorCount and \
			 staking.maxNominatorCount give, a block has time to elect {fit}"
		));
	}
	let with_keys: u32 = pallet_session::QueuedKeys::<Runtime>::decode_len().unwrap_or(0).saturated_into();
	if with_keys < minimum {
		return Err(format!(
			"the network starts with {with_keys} validators that have session keys, with slots of {slot} ms it needs \
			 {minimum}: complete session.keys and staking.stakers"
		));
	}
	let elected: u32 = ErasStakersOverview::<Runtime>::iter_key_prefix(FIRST_ERA).count().saturated_into();
	if public && elected != with_keys {
		return Err(format!(
			"{elected} validators are elected and {with_keys} start with session keys: each needs both, an entry in \
			 session.keys and one in staking.stakers"
		));
	}
	Ok(())
}

/// What staking begins with.
struct Stakes {
	/// Validators of an era.
	seats: u32,
	/// Fewer than so many are not elected.
	minimum: u32,
	validator_bond: Balance,
	nominator_bond: Balance,
}

/// A network that lives fast and starts with these validators.
fn fast(validators: &[Validator]) -> Value {
	let pace = PaceLengths::fast();
	let mut settings = Settings::default();
	// What counts in days on a public network counts in periods here.
	settings.registry.unbonding = pace.clock.period.saturating_mul(28);
	settings.market.acceptance_time = pace.clock.period.saturating_mul(2);
	settings.bandwidth.rating_age = pace.clock.period.saturating_mul(28);
	// As few nodes as can fill a committee are enough to draw one, and a test is as short as it may be. A test per seat and
	// period is rare enough for all nodes to stand on one machine.
	settings.bandwidth.min_total_bond = settings.bandwidth.seat_bond.saturating_mul(pace.committees.min_nodes.into());
	settings.bandwidth.test_seconds = 5;
	let stakes = Stakes {
		seats: validators.len().saturated_into(),
		minimum: 1,
		validator_bond: 1_000 * STN,
		nominator_bond: 10 * STN,
	};
	network(
		pace,
		settings,
		stakes,
		validators,
		Sr25519Keyring::well_known().map(|who| (who.to_account_id(), ENDOWMENT)).collect(),
		&COUNCIL,
	)
}

/// The benchmarks of staking bond next to nothing.
#[cfg(feature = "runtime-benchmarks")]
fn without_minimum_bonds(mut patch: Value) -> Value {
	for minimum in ["/staking/minNominatorBond", "/staking/minValidatorBond"] {
		if let Some(bond) = patch.pointer_mut(minimum) {
			*bond = 0.into();
		}
	}
	patch
}

/// What a public network is made of: to be completed with validators, endowments and a council.
fn live_template() -> Value {
	let stakes = Stakes { seats: 20, minimum: MIN_VALIDATORS, validator_bond: 10_000 * STN, nominator_bond: 100 * STN };
	network(PaceLengths::live(), Settings::default(), stakes, &[], Vec::new(), &[])
}

fn network(
	pace: PaceLengths,
	settings: Settings,
	stakes: Stakes,
	validators: &[Validator],
	mut balances: Vec<(AccountId, Balance)>,
	council: &[Sr25519Keyring],
) -> Value {
	balances.push((TreasuryPot::get(), EXISTENTIAL_DEPOSIT));
	build_struct_json_patch!(RuntimeGenesisConfig {
		pace: PaceConfig { lengths: pace },
		settings: SettingsConfig { settings },
		balances: BalancesConfig { balances },
		// Sessions hand the validators' keys to Babe and Grandpa.
		babe: BabeConfig { authorities: Vec::new(), epoch_config: EPOCH_CONFIG },
		grandpa: GrandpaConfig { authorities: Vec::new() },
		session: SessionConfig { keys: validators.iter().map(session_keys).collect::<Vec<_>>() },
		staking: StakingConfig {
			validator_count: stakes.seats,
			minimum_validator_count: stakes.minimum,
			// Nodes report double votes by themselves. A reward would pay whoever has been given keys, for signing twice.
			slash_reward_fraction: Perbill::zero(),
			min_nominator_bond: stakes.nominator_bond,
			min_validator_bond: stakes.validator_bond,
			max_validator_count: Some(MAX_CANDIDATES),
			max_nominator_count: Some(MAX_NOMINATORS),
			stakers: validators
				.iter()
				.map(|validator| {
					let stash = validator.stash.to_account_id();
					(stash.clone(), stash, VALIDATOR_BOND, StakerStatus::Validator)
				})
				.collect::<Vec<_>>(),
		},
		// Elections seat the council, so that they know whom to replace.
		elections: ElectionsConfig {
			members: council.iter().map(|who| (who.to_account_id(), COUNCIL_STAKE)).collect::<Vec<_>>(),
		},
		technical_committee: TechnicalCommitteeConfig {
			members: council.iter().map(|who| who.to_account_id()).collect::<Vec<_>>(),
		},
	})
}

fn session_keys(validator: &Validator) -> (AccountId, AccountId, SessionKeys) {
	let stash = validator.stash.to_account_id();
	let keys = SessionKeys { grandpa: validator.grandpa.public().into(), babe: validator.babe.public().into() };
	(stash.clone(), stash, keys)
}
