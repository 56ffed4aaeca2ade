//! Accounts and agents, the same in every run.

use codec::Encode;
use sp_core::{ed25519, sr25519, Pair};
use substation_runtime::AccountId;

/// An account and what signs for it.
#[derive(Clone)]
pub(crate) struct Key {
	/// Signs.
	pub pair: sr25519::Pair,
	/// Owns.
	pub account: AccountId,
}

impl Key {
	/// The account of the actor with this number in this role.
	pub(crate) fn of(role: &str, number: u32) -> Self {
		let pair = sr25519::Pair::from_seed(&seed(role, number));
		let account = AccountId::from(pair.public());
		Self { pair, account }
	}
}

/// The key of an agent, of a channel or of a voter for finality.
pub(crate) fn agent(role: &str, number: u32) -> ed25519::Pair {
	ed25519::Pair::from_seed(&seed(role, number))
}

/// What all keys are made of.
fn seed(role: &str, number: u32) -> [u8; 32] {
	sp_io::hashing::blake2_256(&("substation-simulate", role, number).encode())
}
