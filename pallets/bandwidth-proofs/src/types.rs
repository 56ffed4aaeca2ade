//! What the pallet keeps, and what it passes between its own files.

use crate::Error;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	pallet_prelude::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
	traits::ConstU32,
	BoundedVec,
};
use scale_info::TypeInfo;
use substation_primitives::{
	bandwidth::{Reading, Receipt, MAX_COMMITTEE, MAX_SEATS, MAX_TESTS_PER_BLOCK, RING},
	AgentKey, Balance, BlockNumber, Direction, Kbits, NodeId, Rates, TestId,
};
use substation_proofs::{bandwidth::median, Hash, Hasher};

/// Epochs from taking or giving up seats to the first epoch in which draws know of it.
///
/// One more than the randomness of an epoch is known ahead: the author of the last block of epoch `e` knows that of `e + 2`.
pub const FREEZE: u64 = 3;

/// Completed tests that a member's attendance remembers.
const REMEMBERED: u8 = 16;

/// Bytes of each member of a committee, in the committee's order.
pub type Counts = BoundedVec<u32, ConstU32<MAX_COMMITTEE>>;

/// Receipts of the members of a committee, in the committee's order.
pub type Receipts = BoundedVec<Option<Receipt>, ConstU32<MAX_COMMITTEE>>;

/// An ed25519 signature.
pub type AgentSignature = [u8; 64];

/// `blake2_256` of the host.
#[derive(Clone, Copy, Debug)]
pub struct HostHasher;

impl Hasher for HostHasher {
	fn blake2_256(data: &[u8]) -> Hash {
		sp_io::hashing::blake2_256(data)
	}
}

/// The last readings of one direction. Starts with zeros.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Ring {
	/// The readings, in no order that matters.
	pub readings: [Reading; RING],
	/// Which of them is the oldest: the next to be replaced.
	pub next: u8,
}

impl Ring {
	/// Replaces the oldest reading.
	pub(crate) fn push(&mut self, reading: Reading) {
		let next = usize::from(self.next);
		if let Some(oldest) = self.readings.get_mut(next) {
			*oldest = reading;
		}
		self.next = next.saturating_add(1).checked_rem(RING).and_then(|next| u8::try_from(next).ok()).unwrap_or(0);
	}

	/// The readings, newest first.
	pub fn newest_first(&self) -> impl Iterator<Item = &Reading> {
		let (after, before) = self.readings.split_at(usize::from(self.next).min(RING));
		after.iter().rev().chain(before.iter().rev())
	}

	/// The middle one of all rates.
	pub fn median(&self) -> Kbits {
		median(self.readings.map(|reading| reading.rate))
	}
}

/// Whether a node was there in its last completed tests.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Attendance {
	/// One bit for each test, the lowest for the latest: set where the node was absent.
	pub absent: u16,
	/// How many bits mean something, at most sixteen.
	pub completed: u8,
}

impl Attendance {
	/// Remembers one more test, and forgets the seventeenth.
	pub(crate) fn note(&mut self, present: bool) {
		self.absent = self.absent << 1 | u16::from(!present);
		self.completed = self.completed.saturating_add(1).min(REMEMBERED);
	}

	/// In how many of the remembered tests the node was absent.
	pub fn absences(&self) -> u8 {
		// At most 16.
		u8::try_from(self.absent.count_ones()).unwrap_or(REMEMBERED)
	}
}

/// What the chain keeps of one node's line.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Line<AccountId> {
	/// Who owns the node, paid in, and is paid.
	pub operator: AccountId,
	/// What the line is claimed to carry.
	pub claim: Rates,
	/// Its seats: the places in the table that it holds.
	pub seats: BoundedVec<u32, ConstU32<MAX_SEATS>>,
	/// The first epoch in which the seats no longer count, once they were given up.
	pub until: Option<u64>,
	/// What one seat needs of the bond, as it was when seats were last taken.
	pub seat_bond: Balance,
	/// What is left to pay the members of committees that test this node.
	pub prepaid: Balance,
	/// The first epoch in which draws know that enough is prepaid.
	pub ready: u64,
	/// What the node has earned as a member and not yet collected.
	pub earned: Balance,
	/// Readings towards the node.
	pub down: Ring,
	/// Readings from the node.
	pub up: Ring,
	/// The test that was drawn last, until its reading is recorded.
	pub pending: Option<TestId>,
	/// Recorded tests: even numbers are followed by a test down, odd ones by a test up.
	pub tests: u32,
	/// How reliable the node is as a member.
	pub attendance: Attendance,
	/// Whether it was absent too often: its seats no longer count.
	pub expelled: bool,
}

impl<AccountId> Line<AccountId> {
	/// A line without seats.
	pub(crate) fn new(operator: AccountId, claim: Rates) -> Self {
		Self {
			operator,
			claim,
			seats: BoundedVec::new(),
			until: None,
			seat_bond: 0,
			prepaid: 0,
			ready: 0,
			earned: 0,
			down: Ring::default(),
			up: Ring::default(),
			pending: None,
			tests: 0,
			attendance: Attendance::default(),
			expelled: false,
		}
	}

	/// How many seats there are.
	pub fn seat_count(&self) -> u32 {
		// At most `MAX_SEATS`.
		u32::try_from(self.seats.len()).unwrap_or(MAX_SEATS)
	}

	/// The bond that the seats need.
	pub fn bond(&self) -> Balance {
		self.seat_bond.saturating_mul(self.seat_count().into())
	}

	/// Whether draws may hit the seats in `epoch`, as far as their beginning allows.
	pub fn counts_in(&self, epoch: u64) -> bool {
		!self.expelled && self.until.is_none_or(|until| epoch < until)
	}

	/// Which way the pending test goes, or the next one.
	pub fn direction(&self) -> Direction {
		if self.tests.is_multiple_of(2) {
			Direction::Down
		} else {
			Direction::Up
		}
	}

	/// The readings of one direction.
	pub fn ring(&self, direction: Direction) -> &Ring {
		match direction {
			Direction::Down => &self.down,
			Direction::Up => &self.up,
		}
	}

	/// The readings of one direction.
	pub(crate) fn ring_mut(&mut self, direction: Direction) -> &mut Ring {
		match direction {
			Direction::Down => &mut self.down,
			Direction::Up => &mut self.up,
		}
	}

	/// Records what the pending test came to.
	pub(crate) fn record(&mut self, reading: Reading) {
		let direction = self.direction();
		self.ring_mut(direction).push(reading);
		self.tests = self.tests.wrapping_add(1);
		self.pending = None;
	}

	/// Records the pending test as 0 if its deadline has passed in block `now`, and says which it was.
	pub(crate) fn expire(&mut self, now: BlockNumber, deadline: BlockNumber) -> Option<TestId> {
		let test = self.pending.filter(|test| now > last_block(test, deadline))?;
		self.record(Reading { rate: 0, drawn: test.block, receipts: 0, delivered: 0 });
		Some(test)
	}
}

/// The last block in which the measurement of a test is taken.
pub(crate) fn last_block(test: &TestId, deadline: BlockNumber) -> BlockNumber {
	test.block.saturating_add(deadline)
}

/// A seat at one place of the table, from one epoch to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat {
	/// Whose it is.
	pub node: NodeId,
	/// The first epoch in which draws may hit it here.
	pub from: u64,
	/// The first epoch in which they no longer may. [`HELD`] until the seat is given another place.
	pub until: u64,
	/// The first epoch in which it counts, here or at a place that it had before.
	pub since: u64,
}

/// End of a seat that nothing has decided yet.
pub const HELD: u64 = u64::MAX;

impl Seat {
	/// A seat that is held and counts from `epoch` on.
	pub(crate) fn held(node: NodeId, epoch: u64) -> Self {
		Self { node, from: epoch, until: HELD, since: epoch }
	}

	/// Whether this is the place that its node's line lists.
	pub fn is_held(&self) -> bool {
		self.until == HELD
	}

	/// Whether draws may hit it here in `epoch`.
	pub fn is_in_force(&self, epoch: u64) -> bool {
		self.from <= epoch && epoch < self.until
	}

	/// Whether there is an epoch from `epoch` on in which draws may hit it here.
	pub(crate) fn matters(&self, epoch: u64) -> bool {
		self.until > epoch.max(self.from)
	}
}

/// The seats of one place of the table, one after the other: at most one that still counts, one that counts later in
/// each of the next [`FREEZE`] epochs.
pub type Place = BoundedVec<Seat, ConstU32<4>>;

/// What draws read in `epoch`, in each of the two after it, and from then on.
///
/// It changes at any time, and draws know of it [`FREEZE`] epochs later: nobody can still choose it when the randomness of a
/// draw is known.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Ahead<V> {
	/// The epoch in which it changed last.
	pub epoch: u64,
	/// The values.
	pub values: [V; 4],
}

impl<V: Copy> Ahead<V> {
	/// For draws in `epoch`.
	pub fn at(&self, epoch: u64) -> V {
		let [first, second, third, decided] = self.values;
		match epoch.saturating_sub(self.epoch) {
			0 => first,
			1 => second,
			2 => third,
			_ => decided,
		}
	}

	/// With everything that is decided.
	pub fn decided(&self) -> V {
		let [.., decided] = self.values;
		decided
	}

	/// The same as of `epoch`, and this from [`FREEZE`] epochs later on.
	pub(crate) fn changed(&self, epoch: u64, decided: V) -> Self {
		let [first, second, third] = [0, 1, 2].map(|after| self.at(epoch.saturating_add(after)));
		Self { epoch, values: [first, second, third, decided] }
	}
}

/// How long the table is. With everything that is decided, places below it are held and others are not.
pub type SeatTable = Ahead<u32>;

impl SeatTable {
	/// The table with one more place, appended in `epoch`; `None` when it is full.
	pub(crate) fn appended(&self, epoch: u64) -> Option<Self> {
		Some(self.changed(epoch, self.decided().checked_add(1)?))
	}

	/// The table without its last place, cut off in `epoch`; `None` when it is empty.
	pub(crate) fn shortened(&self, epoch: u64) -> Option<Self> {
		Some(self.changed(epoch, self.decided().checked_sub(1)?))
	}
}

/// Sums over all lines whose seats are not given up.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Totals {
	/// Nodes.
	pub nodes: u32,
	/// What their seats need of their bonds.
	pub bond: Balance,
}

/// A test as it was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Test {
	/// Who is tested.
	pub node: NodeId,
	/// Which way.
	pub direction: Direction,
	/// The rate that is claimed.
	pub claim: Kbits,
	/// Payload bytes of the whole test.
	pub total: u64,
	/// What a receipt over an even share costs.
	pub fee: Balance,
	/// Who measures, with the keys that sign receipts.
	pub committee: BoundedVec<(NodeId, AgentKey), ConstU32<MAX_COMMITTEE>>,
}

impl Test {
	/// The most that the test can cost its node's operator.
	pub fn cost(&self) -> Balance {
		// At most `MAX_COMMITTEE`.
		let members = u32::try_from(self.committee.len()).unwrap_or(MAX_COMMITTEE);
		self.fee.saturating_mul(members.into())
	}
}

/// The tests that one block has drawn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct TestBlock {
	/// The block. Another one with the same place in the ring has no tests here.
	pub block: BlockNumber,
	/// Its tests, in the order of their indices.
	pub tests: BoundedVec<Test, ConstU32<MAX_TESTS_PER_BLOCK>>,
}

/// A test as pages show it, without the addresses that the registry knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestView {
	/// The test.
	pub id: TestId,
	/// The block at which this was read.
	pub now: BlockNumber,
	/// The last block in which its measurement is taken.
	pub deadline: BlockNumber,
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The test as it was drawn.
	pub test: Test,
	/// Whether its measurement was taken.
	pub done: bool,
}

/// The right to submit the measurement of one test, once, before its deadline. What a free call consumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket<AccountId> {
	/// The test as it was drawn.
	pub test: Test,
	/// The line of the tested node.
	pub line: Line<AccountId>,
	/// Blocks that a test may take.
	pub deadline: BlockNumber,
	/// The last block in which the right exists.
	pub last: BlockNumber,
}

/// Why a measurement is not taken.
///
/// Transaction pools are told, for each:
///
/// | refusal | validity |
/// |---|---|
/// | `UnknownTest` | unknown: `CannotLookup` |
/// | `DeadlinePassed`, `AlreadyMeasured` | invalid: `Stale` |
/// | `WrongLength` | invalid: `Custom(1)` |
/// | `NoReceipt` | invalid: `Custom(2)` |
/// | `CountOverCap` | invalid: `Custom(3)` |
/// | `ElapsedOutOfRange` | invalid: `Custom(4)` |
/// | `BadSignature` | invalid: `Custom(5)` |
/// | `BadReceipt` | invalid: `Custom(6)` |
/// | `EmptyReceipt` | invalid: `Custom(7)` |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
	/// There is no such test at this state.
	UnknownTest,
	/// The deadline has passed.
	DeadlinePassed,
	/// A measurement was taken.
	AlreadyMeasured,
	/// There is not one count and one receipt or gap for each member.
	WrongLength,
	/// No member has signed.
	NoReceipt,
	/// A member is said to have carried more than a member may.
	CountOverCap,
	/// A receipt takes no time, or longer than the test may.
	ElapsedOutOfRange,
	/// The tested node's agent has not signed this.
	BadSignature,
	/// A member has not signed its receipt.
	BadReceipt,
	/// A receipt is of a member that has carried nothing.
	EmptyReceipt,
}

impl From<Refusal> for TransactionValidityError {
	/// What a later or another state may still accept is *unknown*: pools ban the hash of what is *invalid*.
	fn from(refusal: Refusal) -> Self {
		let code = match refusal {
			Refusal::UnknownTest => return UnknownTransaction::CannotLookup.into(),
			Refusal::DeadlinePassed | Refusal::AlreadyMeasured => return InvalidTransaction::Stale.into(),
			Refusal::WrongLength => 1,
			Refusal::NoReceipt => 2,
			Refusal::CountOverCap => 3,
			Refusal::ElapsedOutOfRange => 4,
			Refusal::BadSignature => 5,
			Refusal::BadReceipt => 6,
			Refusal::EmptyReceipt => 7,
		};
		InvalidTransaction::Custom(code).into()
	}
}

impl<T> From<Refusal> for Error<T> {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::UnknownTest => Self::UnknownTest,
			Refusal::DeadlinePassed => Self::DeadlinePassed,
			Refusal::AlreadyMeasured => Self::AlreadyMeasured,
			Refusal::WrongLength => Self::WrongLength,
			Refusal::NoReceipt => Self::NoReceipt,
			Refusal::CountOverCap => Self::CountOverCap,
			Refusal::ElapsedOutOfRange => Self::ElapsedOutOfRange,
			Refusal::BadSignature => Self::BadSignature,
			Refusal::BadReceipt => Self::BadReceipt,
			Refusal::EmptyReceipt => Self::EmptyReceipt,
		}
	}
}
