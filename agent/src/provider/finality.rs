//! Which final states are followed: only forwards, only of one history, and none to begin with while a node is syncing.
//!
//! A node that imports the chain anew shows final states of long ago, in which deals that run today do not exist yet.

use std::time::Instant;
use substation_store::{journal::Followed, Hash};

/// For how many seconds a folder has followed the chain: what its journal says, and the time that this process has done so.
/// The system's clock has no part in it, since many machines do not know the time when they start.
#[derive(Debug)]
pub struct Watch {
	before: u64,
	since: Option<Instant>,
}

impl Watch {
	/// Goes on where the journal is.
	pub fn new(before: u64) -> Self {
		Self { before, since: None }
	}

	/// A final state is followed now. For how long it was until now.
	pub fn tick(&mut self) -> u64 {
		self.before.saturating_add(self.since.get_or_insert_with(Instant::now).elapsed().as_secs())
	}

	/// No final state is followed from now on, until the next one is.
	pub fn pause(&mut self) {
		if self.since.is_some() {
			self.before = self.tick();
			self.since = None;
		}
	}

	/// Whether time counts now.
	#[cfg(test)]
	pub(crate) fn is_running(&self) -> bool {
		self.since.is_some()
	}
}

/// A final state that a node shows, with what tells whether it may be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
	/// The final block.
	pub block: Followed,
	/// What the node has at the height that was followed last; `None` if it does not have that block.
	pub at_followed: Option<Hash>,
	/// Whether the node is catching up with the chain.
	pub is_syncing: bool,
	/// Whether a state that this connection has shown was followed.
	pub has_started: bool,
}

/// What to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
	/// Follow it.
	Follow,
	/// Change nothing, and look again at the next one.
	Wait(Wait),
	/// Stop: what was followed is not part of the node's history.
	OtherHistory {
		/// What was followed.
		followed: Followed,
		/// The block that the node has at that height.
		found: Hash,
	},
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wait {
	/// The state is older than what was followed.
	#[error(
		"the node shows an older final state than before ({shown}, not {followed}); is it syncing? Nothing is accepted, \
		 cleared or deleted until it is ahead; if no node is so far, the one before has lied: `substation forget-followed`"
	)]
	Older {
		/// The height that it shows.
		shown: u32,
		/// The height that was followed.
		followed: u32,
	},
	/// The node does not have the block that was followed last.
	#[error(
		"the node does not have block {0}, which was final before; is it syncing? Nothing is accepted, cleared or deleted \
		 until it has"
	)]
	Unknown(u32),
	/// The node is catching up.
	#[error("the node is syncing; nothing is accepted, cleared or deleted until it has caught up")]
	Syncing,
}

/// Judges a final state after `followed`.
pub fn judge(followed: Option<Followed>, shown: &Shown) -> Judgement {
	if let Some(followed) = followed {
		if shown.block.height < followed.height {
			return Judgement::Wait(Wait::Older { shown: shown.block.height, followed: followed.height });
		}
		let is_same_height = shown.block.height == followed.height;
		let found = if is_same_height { Some(shown.block.hash) } else { shown.at_followed };
		match found {
			None => return Judgement::Wait(Wait::Unknown(followed.height)),
			Some(found) if found != followed.hash => return Judgement::OtherHistory { followed, found },
			Some(_) => {}
		}
	}
	if shown.is_syncing && !shown.has_started {
		return Judgement::Wait(Wait::Syncing);
	}
	Judgement::Follow
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	// 1
	#[test]
	fn time_without_the_chain_does_not_count() {
		let mut watch = Watch::new(5);
		watch.pause();
		assert!(!watch.is_running());

		let since = Instant::now().checked_sub(Duration::from_secs(20));
		assert!(since.is_some(), "this machine runs for longer");
		watch.since = since;
		watch.pause();
		assert_eq!((watch.before, watch.since), (25, None));
		watch.pause();

		assert_eq!(watch.tick(), 25);
	}
}
