//! What this machine remembers of its tests while it runs. The chain keeps the readings; why they are what they are is
//! only known here.

use parking_lot::Mutex;
use serde::Serialize;
use std::{collections::VecDeque, sync::Arc};
use substation_primitives::{
	bandwidth::{Direction, Kbits, TestId},
	NodeId,
};

/// Tests that are remembered, of each kind.
const KEPT: usize = 16;

/// Why a member has not signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(into = "String")]
pub enum Absence {
	/// It cannot be reached.
	#[error("cannot be reached: {0}")]
	Unreachable(String),
	/// It takes no part.
	#[error("declined: {0}")]
	Declined(String),
	/// It did not answer in time.
	#[error("no answer to {0}")]
	Silent(&'static str),
	/// The connection is gone.
	#[error("lost: {0}")]
	Broken(String),
	/// It does not keep to the protocol.
	#[error("misbehaved: {0}")]
	Misbehaved(&'static str),
	/// It does not sign.
	#[error("refused to sign: {0}")]
	Refused(String),
	/// Nothing that it was to carry has crossed the line.
	#[error("it has moved nothing")]
	Idle,
}

impl From<Absence> for String {
	fn from(absence: Absence) -> Self {
		absence.to_string()
	}
}

/// How far the measurement of a test of this node has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
	/// Bytes flow.
	Running,
	/// Nobody has signed, so that there is nothing to submit.
	Failed,
	/// Sent to the chain, or about to be.
	Submitting,
	/// The chain has it.
	Taken,
	/// It was measured, and its deadline has passed all the same.
	TooLate,
}

/// A test of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnTest {
	/// Which.
	pub test: TestId,
	/// Which way bytes flowed.
	#[serde(serialize_with = "as_word")]
	pub direction: Direction,
	/// How far it has come.
	pub stage: Stage,
	/// What it comes to, in kbit/s.
	pub rate: Kbits,
	/// Members that have signed.
	pub receipts: u8,
	/// Members in all.
	pub members: u8,
	/// Vouched for, in thousandths of the total.
	pub delivered: u16,
	/// Members that have not signed, and why.
	pub absences: Vec<(NodeId, Absence)>,
	/// The median of the round trips to members before bytes flowed. Told, and used for nothing.
	pub round_trip_ms: Option<u32>,
}

/// A test of another node that this one has measured, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
	/// Which.
	pub test: TestId,
	/// Who was tested.
	pub node: NodeId,
	/// Why this machine has not signed; `None` if it has.
	pub refusal: Option<String>,
}

fn as_word<S: serde::Serializer>(direction: &Direction, output: S) -> Result<S::Ok, S::Error> {
	output.serialize_str(word(*direction))
}

/// `down` or `up`.
pub fn word(direction: Direction) -> &'static str {
	match direction {
		Direction::Down => "down",
		Direction::Up => "up",
	}
}

/// The latest tests. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct History(Arc<Mutex<Latest>>);

#[derive(Debug, Default)]
struct Latest {
	own: VecDeque<OwnTest>,
	memberships: VecDeque<Membership>,
}

impl History {
	/// Notes a test of this node, instead of what was known of it.
	pub fn note_own(&self, test: OwnTest) {
		let mut latest = self.latest();
		latest.own.retain(|known| known.test != test.test);
		latest.own.push_front(test);
		latest.own.truncate(KEPT);
	}

	/// Notes how far a test of this node has come.
	pub fn set_stage(&self, test: TestId, stage: Stage) {
		if let Some(known) = self.latest().own.iter_mut().find(|known| known.test == test) {
			known.stage = stage;
		}
	}

	/// Notes a test of another node.
	pub fn note_membership(&self, membership: Membership) {
		let mut latest = self.latest();
		latest.memberships.push_front(membership);
		latest.memberships.truncate(KEPT);
	}

	/// Tests of this node, newest first.
	pub fn own(&self) -> Vec<OwnTest> {
		self.latest().own.iter().cloned().collect()
	}

	/// Tests of other nodes, newest first.
	pub fn memberships(&self) -> Vec<Membership> {
		self.latest().memberships.iter().cloned().collect()
	}

	fn latest(&self) -> parking_lot::MutexGuard<'_, Latest> {
		self.0.lock()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn own(block: u32) -> OwnTest {
		OwnTest {
			test: TestId { block, index: 0 },
			direction: Direction::Down,
			stage: Stage::Running,
			rate: 0,
			receipts: 0,
			members: 3,
			delivered: 0,
			absences: vec![(NodeId(7), Absence::Silent("hello"))],
			round_trip_ms: None,
		}
	}

	#[test]
	fn only_the_latest_tests_are_kept_and_each_once() {
		let history = History::default();
		(0..100).for_each(|block| history.note_own(own(block)));
		history.note_own(OwnTest { rate: 9, ..own(99) });
		history.set_stage(TestId { block: 98, index: 0 }, Stage::Taken);

		let all = history.own();

		assert_eq!(all.len(), KEPT);
		assert_eq!((all[0].test.block, all[0].rate), (99, 9));
		assert_eq!((all[1].test.block, &all[1].stage), (98, &Stage::Taken));
	}

	#[test]
	fn reasons_are_shown_as_words() {
		let shown = serde_json::to_string(&own(1)).unwrap();

		assert!(shown.contains("no answer to hello"), "{shown}");
	}
}
