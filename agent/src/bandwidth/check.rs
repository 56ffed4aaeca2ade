//! What a member of a committee accepts: every lie has a name.

use super::{exam::Exam, protocol::mark_of};
use iroh::EndpointId;
use substation_primitives::{
	bandwidth::{Direction, TestId, TestPage},
	AgentKey, NodeId,
};
use substation_proofs::{bandwidth, Hash};

/// Why a member declines a test, or does not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
	/// This machine cannot look at the chain.
	#[error("the chain cannot be read")]
	NoChain,
	/// Nobody has drawn this test.
	#[error("the chain has no test {0}")]
	NotOnChain(TestId),
	/// Its measurement was taken.
	#[error("the test is done")]
	AlreadyMeasured,
	/// Its measurement would not be taken any more.
	#[error("the test has expired")]
	Expired,
	/// It is a test of somebody else.
	#[error("the test is one of another node")]
	WrongNode,
	/// The connection comes from another endpoint than the tested node's.
	#[error("the tested node has another endpoint")]
	WrongEndpoint,
	/// This machine is not in its committee.
	#[error("not a member of this test's committee")]
	NotMember,
	/// One run is all that a test gets, so that nobody repeats it until he likes the result.
	#[error("the test was run already")]
	Repeated,
	/// The operator grants no more.
	#[error("{0}")]
	Busy(#[from] super::limits::Busy),
	/// The tested node did not go on.
	#[error("nothing heard while waiting for {0}")]
	Silent(&'static str),
	/// The tested node does not keep to the protocol.
	#[error("not the protocol: {0}")]
	Protocol(String),
	/// The nonces are not those of this committee, or this member's is not among them.
	#[error("wrong list of nonces")]
	WrongNonces,
	/// Up: other bytes than those of the stream.
	#[error("forged bytes")]
	ForgedBytes,
	/// Up: more bytes than one member may carry.
	#[error("more bytes than one member may carry")]
	TooManyBytes,
	/// The commitment came before anything could be measured.
	#[error("commitment before the data")]
	EarlyCommitment,
	/// The commitment is not about this committee.
	#[error("commitment over {0} members")]
	WrongLength(usize),
	/// Somebody has moved more than one member may.
	#[error("a count above the cap")]
	CountAboveCap,
	/// A count without a mark or the reverse, or one of a member that took no part.
	#[error("a count of a member that took no part")]
	IdleCounted,
	/// Another count than what this member has moved.
	#[error("count of {claimed} bytes, {moved} were moved")]
	WrongCount {
		/// What the commitment says.
		claimed: u32,
		/// Down: what was sent at most. Up: what was told to have arrived.
		moved: u64,
	},
	/// Another hash than that of the bytes, or another secret than this member's.
	#[error("wrong mark")]
	WrongMark,
	/// It takes too long.
	#[error("out of time")]
	Overrun,
}

/// This machine's place in the committee of a test, if whoever has dialled may ask for it.
pub fn place(
	page: &TestPage,
	test: TestId,
	node: NodeId,
	remote: &EndpointId,
	agent: &AgentKey,
) -> Result<usize, Refusal> {
	let refuse_if = |wrong: bool, refusal: Refusal| if wrong { Err(refusal) } else { Ok(()) };
	refuse_if(page.id != test, Refusal::NotOnChain(test))?;
	refuse_if(page.node != node, Refusal::WrongNode)?;
	refuse_if(page.endpoint != *remote.as_bytes(), Refusal::WrongEndpoint)?;
	refuse_if(page.done, Refusal::AlreadyMeasured)?;
	refuse_if(page.now > page.deadline, Refusal::Expired)?;
	page.committee.iter().position(|member| member.agent == *agent).ok_or(Refusal::NotMember)
}

/// Whether a member that has said `nonce` may start from this list.
pub fn nonces(exam: &Exam, place: usize, nonce: &Hash, nonces: &[Option<Hash>]) -> Result<(), Refusal> {
	let is_own = nonces.get(place) == Some(&Some(*nonce));
	let is_alone = nonces.iter().flatten().filter(|other| *other == nonce).count() == 1;
	if nonces.len() == usize::from(exam.members) && is_own && is_alone {
		Ok(())
	} else {
		Err(Refusal::WrongNonces)
	}
}

/// What one member knows of its own part.
#[derive(Clone, Copy, Debug)]
pub struct OwnPart {
	/// Its place in the committee.
	pub place: usize,
	/// Down: payload bytes sent at most. Up: those that were told to have arrived.
	pub moved: u64,
	/// Down: the secret that keys its stream. Up: the one that keys its marks.
	pub secret: Hash,
}

/// Whether a member may sign these counts and marks. Hashes the member's stream anew: slow.
pub fn commitment(
	exam: &Exam,
	start: &Hash,
	nonces: &[Option<Hash>],
	own: &OwnPart,
	counts: &[u32],
	marks: &[Option<Hash>],
) -> Result<(), Refusal> {
	let members = usize::from(exam.members);
	for length in [counts.len(), marks.len()] {
		if length != members {
			return Err(Refusal::WrongLength(length));
		}
	}
	if counts.iter().any(|count| u64::from(*count) > exam.cap) {
		return Err(Refusal::CountAboveCap);
	}
	let mut parts = counts.iter().zip(marks).zip(nonces);
	let is_sound = |((count, mark), nonce): ((&u32, &Option<Hash>), &Option<Hash>)| {
		(*count > 0) == mark.is_some() && (nonce.is_some() || mark.is_none())
	};
	if !parts.all(is_sound) {
		return Err(Refusal::IdleCounted);
	}
	let (Some(claimed), Some(mark)) = (counts.get(own.place).copied(), marks.get(own.place).copied()) else {
		return Err(Refusal::WrongLength(counts.len()));
	};
	let wrong_count = Refusal::WrongCount { claimed, moved: own.moved };
	match exam.subject.direction {
		_ if claimed == 0 || u64::from(claimed) > own.moved => Err(wrong_count),
		Direction::Down if mark != Some(hash_of_stream(&own.secret, start, claimed.into())) => Err(Refusal::WrongMark),
		Direction::Up if mark != Some(mark_of(&own.secret, claimed)) => Err(Refusal::WrongMark),
		_ => Ok(()),
	}
}

/// BLAKE3 of the first `count` bytes of a member's stream.
pub fn hash_of_stream(secret: &Hash, start: &Hash, count: u64) -> Hash {
	let mut bytes = bandwidth::stream(secret, start);
	let mut hasher = blake3::Hasher::new();
	let mut left = count;
	let mut piece = [0; 16 << 10];
	while left > 0 {
		let size = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
		let Some(part) = piece.get_mut(..size) else { break };
		bytes.fill(part);
		hasher.update(part);
		left = left.saturating_sub(u64::try_from(size).unwrap_or(u64::MAX));
	}
	*hasher.finalize().as_bytes()
}
