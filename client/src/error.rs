//! What can go wrong between this program and the chain, in words that say what to do.

use crate::{amounts::display_amount, AccountId};
use std::time::Duration;
use substation_primitives::Balance;

/// A failure of a read or of a transaction.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// Nobody answers, or the connection broke.
	#[error("the chain is unreachable at {url} ({reason}); start a node there or name another one with --rpc")]
	Unreachable {
		/// The address that was tried.
		url: String,
		/// Why it failed.
		reason: String,
	},
	/// The node follows another chain than this data folder was made for.
	#[error(
		"wrong chain at {url}: its genesis is 0x{found}, this data folder belongs to 0x{expected}; \
		 name a node of the right chain with --rpc, or use another --data folder"
	)]
	WrongChain {
		/// The address that was tried.
		url: String,
		/// The genesis hash that the data folder recorded, in hex.
		expected: String,
		/// The genesis hash of the node's chain, in hex.
		found: String,
	},
	/// The node's final history is not the one that this data folder has followed.
	#[error(
		"another history at {url}: final block {height} is 0x{found} there, and this data folder has followed 0x{followed}; \
		 one of the two was shown by a node that is wrong or lies. Nothing was changed or deleted: ask nodes that you trust \
		 for that block, and name one of the right history with --rpc, or, if what was followed is wrong, run `substation \
		 forget-followed`"
	)]
	OtherHistory {
		/// The address of the node.
		url: String,
		/// The height at which they differ.
		height: u32,
		/// The hash that was followed, in hex.
		followed: String,
		/// The node's hash, in hex.
		found: String,
	},
	/// The runtime wants transaction extensions that this program does not know how to sign.
	#[error("this program is too old for the chain's runtime: {0}; install the current release")]
	Incompatible(String),
	/// The runtime has no such call, or takes other arguments than this program gives.
	#[error(
		"{call} cannot be sent, since this program and the chain's runtime are of different releases ({how}); install the \
		 current release, or wait for the chain's upgrade if you have it"
	)]
	CallChanged {
		/// The call, as `Pallet.call`.
		call: String,
		/// What differs.
		how: String,
	},
	/// The runtime lacks methods that this program calls.
	#[error(
		"the node is too old: its runtime serves version {found} of the API that this program knows in version {needed}; \
		 what needs the newer one works once the chain is upgraded. Until then use an older release of this program, or name \
		 another node with --rpc if this one is behind"
	)]
	NodeTooOld {
		/// The version that the runtime serves; 0 if it has none.
		found: u32,
		/// The version that has everything that this program calls.
		needed: u32,
	},
	/// The node answered something that cannot be read.
	#[error("the node's answer to {what} cannot be read ({reason}); node and program may be of different releases")]
	Unreadable {
		/// What was asked.
		what: String,
		/// The decoder's words.
		reason: String,
	},
	/// The node refused a request.
	#[error("the node refused {what}: {reason}")]
	Refused {
		/// What was asked.
		what: String,
		/// The node's words.
		reason: String,
	},
	/// The account cannot pay for the transaction and what it puts on hold.
	#[error(
		"no funds: account {account} has {} STN to spend and needs about {} STN; send it some and try again",
		display_amount(*.balance),
		display_amount(*.needed)
	)]
	NoFunds {
		/// Who would pay.
		account: AccountId,
		/// What it can spend.
		balance: Balance,
		/// What the transaction would take, its fee included.
		needed: Balance,
	},
	/// The transaction was included and failed.
	#[error("the chain refused {call}: {error}{}", hint(.advice))]
	Failed {
		/// The call, as `Pallet.call`.
		call: String,
		/// The error's name.
		error: String,
		/// What the runtime's documentation says about it.
		advice: String,
	},
	/// The transaction was sent, and what came of it is not known.
	#[error("{call} was sent: {reason}")]
	Unsure {
		/// The call, as `Pallet.call`.
		call: String,
		/// Why it is not known, and what to do.
		reason: String,
	},
	/// The transaction never reached a block.
	#[error("{call} was not included in a block: {reason}; try again")]
	NotIncluded {
		/// The call, as `Pallet.call`.
		call: String,
		/// The pool's words.
		reason: String,
	},
}

fn hint(advice: &str) -> String {
	if advice.is_empty() {
		String::new()
	} else {
		format!(" ({advice})")
	}
}

impl ChainError {
	/// The same, saying for how long it was tried.
	pub(crate) fn after(self, tried: Duration) -> Self {
		match self {
			Self::Unreachable { url, reason } => {
				let reason = format!("{reason}; gave up after {} seconds", tried.as_secs().max(1));
				Self::Unreachable { url, reason }
			}
			other => other,
		}
	}

	/// Whether this program and the chain cannot work together, however often it is tried.
	pub fn is_final(&self) -> bool {
		matches!(self, Self::WrongChain { .. } | Self::OtherHistory { .. })
	}

	/// Whether a transaction cannot be made with the runtime in force. That stops only what needs it, and the status says
	/// it once for each runtime.
	pub fn is_incompatible(&self) -> bool {
		matches!(self, Self::Incompatible(_) | Self::CallChanged { .. })
	}

	/// Logs what stops nothing else.
	pub fn log(&self) {
		if self.is_incompatible() {
			tracing::debug!("{self}");
		} else {
			tracing::warn!("{self}");
		}
	}

	/// Whether the connection is gone, so that only a new one helps.
	pub fn is_connection_lost(&self) -> bool {
		matches!(self, Self::Unreachable { .. })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_primitives::settings::STN;

	#[test]
	fn lack_of_funds_names_account_balance_and_need() {
		let account = AccountId::from([1; 32]);

		let error = ChainError::NoFunds { account, balance: 2 * STN, needed: 101 * STN }.to_string();

		for part in [&account.to_string(), "has 2 STN", "needs about 101 STN"] {
			assert!(error.contains(part), "{error}");
		}
	}

	// 8
	#[test]
	fn what_an_upgrade_changes_is_never_final() {
		let call = ChainError::CallChanged { call: "StorageMarket.accept".into(), how: "`depth` is u16 there".into() };
		let old = ChainError::NodeTooOld { found: 1, needed: 2 };

		for error in [&call, &old, &ChainError::Incompatible("its transaction extensions are X".into())] {
			assert!(!error.is_final() && !error.is_connection_lost(), "{error}");
			assert_eq!(error.to_string().lines().count(), 1);
		}
		assert!(call.is_incompatible() && !old.is_incompatible());
		let text = call.to_string();
		for part in ["StorageMarket.accept", "`depth` is u16 there", "install the current release"] {
			assert!(text.contains(part), "{text}");
		}
	}

	#[test]
	fn wrong_chain_names_both_and_is_final() {
		let (url, expected, found) = ("ws://x".into(), "aa".into(), "bb".into());

		let error = ChainError::WrongChain { url, expected, found };

		let text = error.to_string();
		assert!(text.contains("0xaa") && text.contains("0xbb") && text.contains("--rpc"), "{text}");
		assert!(error.is_final() && !error.is_connection_lost() && text.lines().count() == 1);
	}
}
