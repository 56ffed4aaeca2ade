//! A node's line to the network, and the committee tests that measure it.

use crate::{
	node::{AgentKey, EndpointId},
	units::{Balance, BlockNumber, NodeId},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

pub use substation_proofs::bandwidth::Direction;

/// Most members of a committee. Bounds the size of a test and of a measurement in code.
pub const MAX_COMMITTEE: u32 = 25;

/// Members of a committee on public networks, for whom the bounds of the protocol are worked out. Chains for development
/// have fewer.
pub const SOUND_COMMITTEE: u8 = 17;

/// Most tests that one block draws.
pub const MAX_TESTS_PER_BLOCK: u32 = 8;

/// Most seats of one node.
pub const MAX_SEATS: u32 = 32;

/// Readings that count for a rating, per direction.
pub const RING: usize = 5;

/// A rate in kilobits (1,000 bits) per second, as a line carries them: frames with all headers.
pub type Kbits = u32;

/// A test, named by the block that drew it. Never reused.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct TestId {
	/// The block in which it was drawn.
	pub block: BlockNumber,
	/// Its place among the tests of that block.
	pub index: u8,
}

impl core::fmt::Display for TestId {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		write!(f, "{}-{}", self.block, self.index)
	}
}

/// How committees are formed. Constants of a chain, fixed in its genesis.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Committees {
	/// Members of each committee: odd, 3 to [`MAX_COMMITTEE`].
	pub members: u8,
	/// No test is drawn before so many distinct nodes hold seats. At least three times the members on a public chain.
	pub min_nodes: u32,
	/// Blocks from the draw of a test to the last one in which its measurement is taken.
	pub deadline: BlockNumber,
}

impl Committees {
	/// Whether the numbers fit together.
	pub fn is_consistent(&self) -> bool {
		self.members % 2 == 1
			&& self.members >= 3
			&& u32::from(self.members) <= MAX_COMMITTEE
			&& self.min_nodes > u32::from(self.members)
			&& (2..=1_000).contains(&self.deadline)
	}
}

/// What a line is claimed to carry.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Rates {
	/// Towards the node.
	pub down: Kbits,
	/// From the node.
	pub up: Kbits,
}

impl Rates {
	/// The rate in one direction.
	pub fn get(&self, direction: Direction) -> Kbits {
		match direction {
			Direction::Down => self.down,
			Direction::Up => self.up,
		}
	}
}

/// One entry of a ring: what a test came to.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Reading {
	/// What counts: the median over all members, a missing receipt as 0, less what was not delivered.
	pub rate: Kbits,
	/// The block that drew the test; 0 where there was none yet.
	pub drawn: BlockNumber,
	/// Receipts that came with the measurement.
	pub receipts: u8,
	/// Bytes that members with a receipt vouch for, in thousandths of the test's total, at most 1,000.
	pub delivered: u16,
}

/// What a member signs about its part of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Receipt {
	/// Milliseconds on the member's clock from its nonce to the commitment.
	pub elapsed: u32,
	/// Over [`substation_proofs::bandwidth::receipt_message`], by the member's agent.
	pub signature: [u8; 64],
}

/// Why a reading is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum ReadingReason {
	/// No test yet: a ring starts with zeros.
	NotTested,
	/// A majority of members has signed and everything was delivered.
	Measured,
	/// Less than the total was vouched for by receipts, so that the reading was lowered.
	NotAllDelivered,
	/// Fewer than a majority of members have signed: 0.
	NoMajority,
	/// The node has submitted nothing before the deadline: 0.
	NotSubmitted,
}

/// Everything that a page about a node's line shows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LinePage {
	/// The node.
	pub node: NodeId,
	/// The block at which this was read.
	pub now: BlockNumber,
	/// What it claims.
	pub claim: Rates,
	/// What it is rated at now. 0 when the last test of a direction is too old.
	pub rating: Rates,
	/// Seats that it holds, and from which epoch on they count.
	pub seats: Vec<SeatPage>,
	/// The bond that is held for it.
	pub bond: Balance,
	/// The bond that its seats need.
	pub required_bond: Balance,
	/// What is left to pay members for tests of this node.
	pub prepaid: Balance,
	/// What it has earned as a member and not yet collected.
	pub earned: Balance,
	/// Completed tests of the last sixteen in which it was a member, and in how many of them it was absent.
	pub membership: (u8, u8),
	/// Whether it was absent too often: its seats no longer count.
	pub expelled: bool,
	/// The test that is running.
	pub pending: Option<TestId>,
	/// Readings with their reasons, newest first.
	pub down: Vec<(Reading, ReadingReason)>,
	/// See `down`.
	pub up: Vec<(Reading, ReadingReason)>,
}

/// One seat of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SeatPage {
	/// Its place in the table.
	pub index: u32,
	/// The first epoch in which draws may hit it.
	pub from: u64,
	/// The first epoch in which they no longer do, once it was given up.
	pub until: Option<u64>,
}

/// A member of a committee and where it is dialled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MemberPage {
	/// The node.
	pub node: NodeId,
	/// The key that signs its receipts, as it was when the test was drawn.
	pub agent: AgentKey,
	/// Its iroh endpoint id.
	pub endpoint: EndpointId,
	/// Its socket addresses, as text.
	pub addresses: Vec<Vec<u8>>,
}

/// A test that is running, as tested node and members need it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct TestPage {
	/// The test.
	pub id: TestId,
	/// The block at which this was read.
	pub now: BlockNumber,
	/// The last block in which its measurement is taken.
	pub deadline: BlockNumber,
	/// Hash of the chain's first block.
	pub genesis: substation_proofs::Hash,
	/// Who is tested.
	pub node: NodeId,
	/// Its iroh endpoint id: whoever claims to be it must come from there.
	pub endpoint: EndpointId,
	/// Which way.
	pub direction: Direction,
	/// The rate that is claimed.
	pub claim: Kbits,
	/// Payload bytes of the whole test.
	pub total: u64,
	/// Who measures, in the order of counts and receipts.
	pub committee: Vec<MemberPage>,
	/// Whether its measurement was taken.
	pub done: bool,
}
