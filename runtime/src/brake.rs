//! The brake: a call that turns out to be faulty is paused within minutes, until a repair is enacted, which takes days.
//!
//! `pallet-tx-pause` refuses a paused call with `CallFiltered` wherever it is dispatched from: by itself, and inside of
//! batches, proxies, multisignatures and motions. Only root passes. What hooks do is no call and goes on.
//!
//! It must not become a weapon, so some calls are [never paused](NeverPaused):
//!
//! - what makes and finalises blocks, and what a referendum, an election or an upgrade takes: whoever sits in the council
//!   cannot stay there by it, nor keep token holders from root;
//! - what only carries other calls, for many act through nothing else. What it carries can be paused;
//! - free calls. A paused one would still be valid, would fail without using up its ticket, and could be sent again
//!   indefinitely, for no fee. New tickets can be paused: proposals, seats, channels;
//! - what somebody has to do in time, or pays for not doing: less time than token holders need to lift a pause.
//!
//! A call whose deadline is further away can be paused: a referendum lifts the pause in time.

use crate::{Runtime, RuntimeCall};
use frame_support::traits::{Contains, GetCallMetadata};
use pallet_tx_pause::RuntimeCallNameOf;

/// Maximum length of the name of a pallet or a call, in bytes. A call with a longer one would count as paused.
pub const MAX_NAME_LENGTH: u32 = 64;

/// The calls that nobody can pause, and all names that no call has: a misspelt pause would stop nothing, and a council in
/// a hurry must be told. That also bounds what is stored.
#[derive(Debug)]
pub struct NeverPaused;

impl Contains<RuntimeCallNameOf<Runtime>> for NeverPaused {
	fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
		match (core::str::from_utf8(pallet), core::str::from_utf8(call)) {
			(Ok(pallet), Ok(call)) => is_needed(pallet, call) || !exists(pallet, call),
			_ => true,
		}
	}
}

fn exists(pallet: &str, call: &str) -> bool {
	// The second question panics unless the first one was answered with yes.
	RuntimeCall::get_module_names().contains(&pallet) && RuntimeCall::get_call_names(pallet).contains(&call)
}

fn is_needed(pallet: &str, call: &str) -> bool {
	match pallet {
		// Blocks, finality, upgrades; without keys nobody is elected, and a stolen key has to be replaced.
		"System" | "MultiBlockMigrations" | "Timestamp" | "Babe" | "Grandpa" | "Session" => true,
		// Referenda, elections, and the brake itself.
		"Preimage" | "Scheduler" | "Democracy" | "Council" | "TechnicalCommittee" | "Elections" | "TxPause" => true,
		// They carry calls, and move nothing themselves.
		"Utility" | "Proxy" | "Multisig" => true,
		// After it a stake is exposed to nothing new; its release can wait.
		"Staking" => call == "chill",
		// Against a stolen key, and for customers who look for the node where it is.
		"Registry" => matches!(call, "set_agent" | "set_contact"),
		// Free; what ends the duty to prove a deal, for which each window without a proof is fined; and the duty to pay for it.
		"StorageMarket" => matches!(call, "accept" | "clear" | "forfeit" | "close" | "end_early"),
		"StorageProofs" => call == "prove",
		// Free; and what ends tests, each of which is paid from what was prepaid.
		"BandwidthProofs" => matches!(call, "submit_measurement" | "give_up_seats" | "withdraw_prepaid"),
		// The payer may take back what was not redeemed in time.
		"PaymentChannels" => call == "redeem",
		// Each step has its time, and silence loses; until it is executed, lost bytes stay due. The council decides anyway.
		"Disputes" => true,
		_ => false,
	}
}
