//! Committee tests of a line: what is signed, what is streamed, and what a measurement comes to.
//!
//! A test asks whether a node's line carries `claim` in one direction. Every member of a committee of `n` moves its
//! part of `total` payload bytes, at most [`cap`] of them and no faster than [`pace`].
//!
//! 1. The node connects to all members. At its call each member starts its clock and answers with a fresh nonce.
//! 2. The node sends all nonces to all members: the [`start_token`]. Only then do bytes flow. A member therefore knows
//!    that every other member in the list has started its clock: a node cannot serve one after the other and have each
//!    measure its own short time.
//! 3. Down: each member sends [`stream`]s keyed by a secret of its own; its *mark* is the BLAKE3 hash of the bytes that
//!    arrived. Up: the node sends each member the stream keyed by that member's nonce; the mark is what only the member
//!    can make for the number of bytes that it has received and compared. Either way the node cannot know the mark of
//!    an honest member before the bytes have crossed its line.
//! 4. The node sends counts and marks of all members to all of them: the [`commitment`]. A member stops its clock,
//!    checks its own part and the start token, and signs its time: the receipt.
//!
//! # What colluding members can do
//! Let `f <= (n-1)/2` members collude with the node, on a line of rate `C`: all lines together over which whoever holds
//! the node's key receives or sends. They vouch for at most `f * cap`, that is a share `a = 1.25 f/n` of the total,
//! that crossed no line. Of the bytes `S = s * total` that members with receipts vouch for, at least `(s - a) * total`
//! crossed it while *every* honest clock ran, so that every honest time is at least `(s - a) * total / C`, and so is
//! the median. What the chain takes is `S / median`, lowered by `g(s) = (s - s0) / (1 - s0)` with
//! `s0 = 1.25 (n-1)/2 / n` where `s < 1`:
//!
//! `reading / C <= s/(s-a) * (s-s0)/(1-s0) <= 1/(1-a)`, since the middle grows with `s` (its derivative has the sign of
//! `(s-a)^2 + a (s0-a)`) and equals the right side at `s = 1`.
//!
//! Without `g` a node could leave out honest members whose bytes never flowed and still count what colluders vouch for.
//! Honest nodes feel it when more than a fifth of the committee is missing, since the others can carry 1.25 times their
//! share, and when members carry their part and then refuse to sign.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{domain, Hash, Hasher};

/// Fewest payload bytes of a test. Fewer would measure the bucket of a token-bucket filter, not the line behind it.
pub const MIN_TOTAL: u64 = 8_000_000;

/// Bytes on the line (Ethernet frames with IPv4, UDP and QUIC headers) for [`PAYLOAD`] bytes of a stream.
///
/// A datagram of 1,200 bytes is a frame of 1,242 (Ethernet 14, IPv4 20, UDP 8) and carries 1,167 bytes of a stream (QUIC
/// header 11, tag 16, stream frame header 6). Who sends datagrams of 1,452 bytes instead gains 1.1 %.
pub const WIRE: u64 = 1_064;

/// See [`WIRE`].
pub const PAYLOAD: u64 = 1_000;

/// A member may carry up to 5/4 of its even share.
const SLACK: (u64, u64) = (5, 4);

/// Which way bytes flow in a test.
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
)]
pub enum Direction {
	/// From the members to the node.
	#[codec(index = 0)]
	Down,
	/// From the node to the members.
	#[codec(index = 1)]
	Up,
}

/// What a test is about, as signatures name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct Subject {
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The block that drew the test, and its place among the tests of that block.
	pub test: (u32, u8),
	/// The node that is tested.
	pub node: u64,
	/// Which way bytes flow.
	pub direction: Direction,
}

/// Payload bytes of a test of `claim` kbit/s for `seconds`.
pub fn total(claim: u32, seconds: u8) -> u64 {
	let line = u64::from(claim).saturating_mul(125).saturating_mul(seconds.into());
	line.saturating_mul(PAYLOAD).checked_div(WIRE).unwrap_or(0).max(MIN_TOTAL)
}

/// Most payload bytes that one of `members` may carry of `total`.
pub fn cap(total: u64, members: u8) -> u64 {
	with_slack(total, members)
}

/// The rate in kbit/s at which one of `members` moves its part of a test of `claim` kbit/s, headers included.
pub fn pace(claim: u32, members: u8) -> u32 {
	u32::try_from(with_slack(claim.into(), members)).unwrap_or(u32::MAX)
}

fn with_slack(whole: u64, members: u8) -> u64 {
	whole.saturating_mul(SLACK.0).div_ceil(SLACK.1.saturating_mul(u64::from(members).max(1)))
}

/// The highest rate that may be claimed where every member can spare `seat` kbit/s.
pub fn highest_claim(seat: u32, members: u8) -> u32 {
	let rate = u64::from(seat).saturating_mul(members.into()).saturating_mul(SLACK.1);
	u32::try_from(rate.checked_div(SLACK.0).unwrap_or(0)).unwrap_or(u32::MAX)
}

/// What everybody starts from: the nonces of all members, `None` for those that take no part.
pub fn start_token<H: Hasher>(subject: &Subject, nonces: &[Option<Hash>]) -> Hash {
	H::blake2_256(&(domain::BANDWIDTH_START, subject, nonces).encode())
}

/// The bytes that flow between the node and one member, without end. Nothing can compress or guess them.
///
/// `key` is the member's secret (down) or its nonce (up).
pub fn stream(key: &Hash, start: &Hash) -> blake3::OutputReader {
	let mut hasher = blake3::Hasher::new_keyed(key);
	hasher.update(&domain::BANDWIDTH_STREAM);
	hasher.update(start);
	hasher.finalize_xof()
}

/// What of a commitment the chain need not see: the start token and all members' marks, `None` for those without one.
pub fn digest<H: Hasher>(start: &Hash, marks: &[Option<Hash>]) -> Hash {
	H::blake2_256(&(domain::BANDWIDTH_MARKS, start, marks).encode())
}

/// What all receipts of a measurement sign: how many bytes of which members, under which marks.
pub fn commitment<H: Hasher>(subject: &Subject, counts: &[u32], digest: &Hash) -> Hash {
	H::blake2_256(&(domain::BANDWIDTH_COMMITMENT, subject, counts, digest).encode())
}

/// The message of a receipt: the member's agent signs the milliseconds from its nonce to the commitment.
pub fn receipt_message(subject: &Subject, commitment: &Hash, elapsed: u32) -> Vec<u8> {
	(domain::BANDWIDTH_RECEIPT, subject, commitment, elapsed).encode()
}

/// The message by which the tested node's agent submits a measurement. It names the times of all receipts, `None` where
/// there is none: nobody on the way to a block can drop one, which would lower the reading and make its member absent.
pub fn measurement_message(subject: &Subject, commitment: &Hash, times: &[Option<u32>]) -> Vec<u8> {
	(domain::BANDWIDTH_MEASUREMENT, subject, commitment, times).encode()
}

/// What a measurement comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
	/// The reading in kbit/s on the line.
	pub rate: u32,
	/// Members with a receipt.
	pub receipts: u8,
	/// What members with a receipt vouch for, in thousandths of the total, at most 1,000.
	pub delivered: u16,
}

/// The median over all members, a missing receipt as no end of time, lowered where not everything was vouched for.
///
/// `parts` has one entry for each member of the committee: its count, and the milliseconds of its receipt if there is
/// one. Counts above [`cap`] count as the cap; the caller refuses them before.
pub fn measure(total: u64, parts: &[(u32, Option<u32>)]) -> Measured {
	let members = u8::try_from(parts.len()).unwrap_or(u8::MAX);
	let cap = cap(total, members);
	let vouched: u64 =
		parts.iter().filter(|(_, elapsed)| elapsed.is_some()).map(|(count, _)| u64::from(*count).min(cap)).sum();
	let mut times: Vec<u32> = parts.iter().filter_map(|(_, elapsed)| *elapsed).collect();
	times.sort_unstable();
	let tolerated = parts.len().saturating_sub(1) / 2;
	let receipts = u8::try_from(times.len()).unwrap_or(u8::MAX);
	let delivered = thousandths(vouched, total);
	let Some(median) = times.get(tolerated) else { return Measured { rate: 0, receipts, delivered } };

	// Bits in a millisecond are kilobits in a second. 128 bits: totals are below 2^40, factors below 2^20.
	let line = u128::from(vouched).saturating_mul((8 * WIRE).into());
	let rate = line.checked_div(u128::from((*median).max(1)).saturating_mul(PAYLOAD.into())).unwrap_or(0);
	// (s - s0) / (1 - s0), numerator and denominator multiplied by the total.
	let free = u128::from(cap).saturating_mul(u128::try_from(tolerated).unwrap_or(u128::MAX));
	let whole = u128::from(total).saturating_sub(free);
	let part = u128::from(vouched.min(total)).saturating_sub(free);
	let lowered = rate.saturating_mul(part).checked_div(whole).unwrap_or(0);
	Measured { rate: u32::try_from(lowered).unwrap_or(u32::MAX), receipts, delivered }
}

fn thousandths(part: u64, whole: u64) -> u16 {
	let share = u128::from(part).saturating_mul(1_000).checked_div(whole.into()).unwrap_or(0).min(1_000);
	u16::try_from(share).unwrap_or(1_000)
}

/// The middle one of an odd number of rates, 0 of none.
pub fn median<const N: usize>(mut rates: [u32; N]) -> u32 {
	rates.sort_unstable();
	rates.get(N / 2).copied().unwrap_or(0)
}
