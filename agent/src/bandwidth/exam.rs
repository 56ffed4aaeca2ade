//! A test as both sides see it: what was agreed, and for how long it may run.

use std::time::Duration;
use substation_primitives::bandwidth::{Kbits, TestPage};
use substation_proofs::{
	bandwidth::{self, Subject, PAYLOAD, WIRE},
	Hash, NativeHasher,
};

/// A test is never given more time than this, however slow the line that is claimed.
const LONGEST: Duration = Duration::from_secs(150);

/// By how much all members together push more than the claim.
const PUSH: (u64, u64) = (103, 100);

/// The fixed numbers of one test.
#[derive(Clone, Copy, Debug)]
pub struct Exam {
	/// What signatures name.
	pub subject: Subject,
	/// Members of the committee.
	pub members: u8,
	/// Payload bytes of the whole test.
	pub total: u64,
	/// Payload bytes with which the tested node is content: as much above the total as one member may carry, so that
	/// one who sends and does not sign costs nothing; but not much longer than the test has to be.
	pub enough: u64,
	/// Most payload bytes of one member.
	pub cap: u64,
	/// The highest rate of one member in kbit/s, headers included.
	pub pace: Kbits,
	/// The rate that is claimed.
	claim: Kbits,
	/// How long the test takes on a line that is as fast as claimed.
	pub time: Duration,
}

impl Exam {
	/// The numbers of the test on this page.
	pub fn of(page: &TestPage) -> Self {
		let members = u8::try_from(page.committee.len()).unwrap_or(u8::MAX);
		let subject = Subject {
			genesis: page.genesis,
			test: (page.id.block, page.id.index),
			node: page.node.0,
			direction: page.direction,
		};
		let cap = bandwidth::cap(page.total, members);
		Self {
			subject,
			members,
			total: page.total,
			enough: page.total.saturating_add(cap.min(page.total / 10)),
			cap,
			pace: bandwidth::pace(page.claim, members),
			claim: page.claim,
			time: time(page.total, page.claim),
		}
	}

	/// The rate of each member, if those with a nonce take part: together a little more than what is claimed.
	///
	/// Much more would fill the queue before the line: packets are lost, some members fall behind, and when the others
	/// are at their caps the line is not full any more.
	pub fn pace_of(&self, nonces: &[Option<Hash>]) -> Kbits {
		let taking_part = u64::try_from(nonces.iter().flatten().count()).unwrap_or(u64::MAX).max(1);
		let even = u64::from(self.claim).saturating_mul(PUSH.0).div_ceil(taking_part.saturating_mul(PUSH.1));
		self.pace.min(Kbits::try_from(even).unwrap_or(Kbits::MAX))
	}

	/// What all members start from.
	pub fn start_token(&self, nonces: &[Option<Hash>]) -> Hash {
		bandwidth::start_token::<NativeHasher>(&self.subject, nonces)
	}

	/// Digest and commitment of a measurement.
	pub fn commitment(&self, start: &Hash, counts: &[u32], marks: &[Option<Hash>]) -> (Hash, Hash) {
		let digest = bandwidth::digest::<NativeHasher>(start, marks);
		(digest, bandwidth::commitment::<NativeHasher>(&self.subject, counts, &digest))
	}

	/// Payload bytes that a member may still move after `count`.
	pub fn room(&self, count: u64) -> usize {
		usize::try_from(self.cap.saturating_sub(count)).unwrap_or(usize::MAX)
	}
}

/// Milliseconds that a test takes on a line of `claim`.
fn time(total: u64, claim: Kbits) -> Duration {
	let bits = u128::from(total).saturating_mul((8 * WIRE).into()) / u128::from(PAYLOAD);
	let millis = bits.checked_div(claim.into()).unwrap_or(u128::MAX);
	Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)).min(LONGEST)
}

/// Milliseconds of a receipt: begun ones count.
pub fn millis(elapsed: Duration) -> u32 {
	u32::try_from(elapsed.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn test_of_the_usual_length_takes_its_seconds() {
		let total = bandwidth::total(100_000, 10);

		assert_eq!(time(total, 100_000).as_millis().div_ceil(10), 1_000);
		assert_eq!(u128::from(WIRE) * 64, time(8_000_000, 1_000).as_millis());
		assert_eq!(time(8_000_000, 0), LONGEST);
	}

	#[test]
	fn begun_milliseconds_count() {
		assert_eq!(millis(Duration::ZERO), 1);
		assert_eq!(millis(Duration::from_micros(5_001)), 6);
		assert_eq!(millis(Duration::MAX), u32::MAX);
	}
}
