//! Free calls: authorised by a proof or by the agent's signature, paid by nobody.

use crate::{calls::Call, client::Chain, error::ChainError, extrinsic};
use substation_primitives::free_calls::{BORN_BEFORE, LIFETIME};
use subxt::utils::Era;

/// Codes of the market's *unknown* answers that say *later*: the forest or the deal's end is not here yet. Its other
/// codes refuse the update as long as the state stays as it is.
const LATER: [u8; 2] = [1, 2];

/// What the pool said to a free call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
	/// It is in the pool now.
	Sent,
	/// The same ticket is already used by a transaction in the pool.
	AlreadyWaiting,
	/// The pool cannot judge it yet: try again in a later block.
	NotYet(String),
	/// It is wrong at this state.
	Invalid(String),
}

/// Codes of the `author` RPC.
mod code {
	pub(super) const INVALID: i32 = 1010;
	pub(super) const UNKNOWN: i32 = 1011;
	pub(super) const BANNED: i32 = 1012;
	pub(super) const ALREADY_IMPORTED: i32 = 1013;
	pub(super) const TOO_LOW_PRIORITY: i32 = 1014;
	pub(super) const FULL: i32 = 1016;
}

impl Chain {
	/// Sends a free call. Each block's attempt has other bytes, so that a ban of one does not ban the next.
	/// Errors when the node is gone or the runtime has no such call.
	pub async fn submit_free(&self, call: &Call) -> Result<Submission, ChainError> {
		let best = self.best().await?;
		let at = self.at(best).await?;
		// The runtime may have been upgraded since the connection was made.
		extrinsic::ensure_known(at.metadata_ref())?;
		let bytes = extrinsic::general(era(at.block_number()), &call.encode(at.metadata_ref())?);
		let size = bytes.len();
		match self.methods().author_submit_extrinsic(&bytes).await {
			Ok(hash) => {
				tracing::debug!(call = call.title(), size, ?hash, "sent a free call");
				Ok(Submission::Sent)
			}
			Err(subxt::rpcs::Error::User(refusal)) => {
				let data = refusal.data.as_ref().map(|data| format!(": {}", data.get().trim_matches('"')));
				Ok(judge(refusal.code, format!("{}{}", refusal.message, data.unwrap_or_default())))
			}
			Err(error) => Err(self.rpc_error(&call.title(), error)),
		}
	}
}

/// The life of an attempt that is made at this best block.
fn era(best: u64) -> Era {
	Era::mortal(LIFETIME, best.saturating_sub(BORN_BEFORE))
}

fn judge(code: i32, reason: String) -> Submission {
	match code {
		code::ALREADY_IMPORTED | code::TOO_LOW_PRIORITY => Submission::AlreadyWaiting,
		// The pool does not ban it, but at this state it is as wrong as an invalid one.
		code::UNKNOWN if custom(&reason).is_some_and(|code| !LATER.contains(&code)) => Submission::Invalid(reason),
		code::UNKNOWN | code::BANNED | code::FULL => Submission::NotYet(reason),
		// A ticket that is used up by now is not worth a warning, but the caller reads the state anyway.
		code::INVALID => Submission::Invalid(reason),
		_ => Submission::NotYet(reason),
	}
}

/// The code in the pool's words for an *unknown* transaction: `...: Custom(7)`.
fn custom(reason: &str) -> Option<u8> {
	let (_, code) = reason.rsplit_once("Custom(")?;
	code.strip_suffix(')')?.parse().ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn attempts_are_born_where_peers_one_block_behind_know_the_hash() {
		assert_eq!(era(100), Era::Mortal { period: 8, phase: 98 % 8 });
		assert_eq!(era(1), Era::Mortal { period: 8, phase: 0 });
	}

	#[test]
	fn refusals_of_this_state_are_told_from_what_is_not_here_yet() {
		let unknown = |what: &str| judge(1011, format!("Unknown Transaction Validity: {what}"));

		for refusal in [3, 4, 5, 6, 7, 11] {
			assert!(matches!(unknown(&format!("Custom({refusal})")), Submission::Invalid(_)), "{refusal}");
		}
		for later in ["Custom(1)", "Custom(2)", "CannotLookup", "NoUnsignedValidator", "Custom(1000)"] {
			assert!(matches!(unknown(later), Submission::NotYet(_)), "{later}");
		}
	}

	#[test]
	fn answers_of_the_pool_are_told_apart() {
		let reason = String::from("why");

		assert_eq!(judge(1013, reason.clone()), Submission::AlreadyWaiting);
		assert_eq!(judge(1014, reason.clone()), Submission::AlreadyWaiting);
		assert_eq!(judge(1011, reason.clone()), Submission::NotYet(reason.clone()));
		assert_eq!(judge(1012, reason.clone()), Submission::NotYet(reason.clone()));
		assert_eq!(judge(1010, reason.clone()), Submission::Invalid(reason));
	}
}
