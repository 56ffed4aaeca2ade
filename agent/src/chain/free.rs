//! Free calls: authorised by a proof or by the agent's signature, paid by nobody.

use crate::chain::{calls::Call, client::Chain, error::ChainError, extrinsic};
use subxt::utils::Era;

/// Blocks that one attempt lives.
const LIFETIME: u64 = 32;

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
	pub const INVALID: i32 = 1010;
	pub const UNKNOWN: i32 = 1011;
	pub const BANNED: i32 = 1012;
	pub const ALREADY_IMPORTED: i32 = 1013;
	pub const TOO_LOW_PRIORITY: i32 = 1014;
	pub const FULL: i32 = 1016;
}

impl Chain {
	/// Sends a free call. Each block's attempt has other bytes, so that a ban of one does not ban the next.
	/// Errors when the node is gone or the runtime has no such call.
	pub async fn submit_free(&self, call: &Call) -> Result<Submission, ChainError> {
		let best = self.best().await?;
		let at = self.at(best).await?;
		let bytes = extrinsic::general(Era::mortal(LIFETIME, at.block_number()), &call.encode(at.metadata_ref())?);
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

fn judge(code: i32, reason: String) -> Submission {
	match code {
		code::ALREADY_IMPORTED | code::TOO_LOW_PRIORITY => Submission::AlreadyWaiting,
		code::UNKNOWN | code::BANNED | code::FULL => Submission::NotYet(reason),
		// A ticket that is used up by now is not worth a warning, but the caller reads the state anyway.
		code::INVALID => Submission::Invalid(reason),
		_ => Submission::NotYet(reason),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

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
