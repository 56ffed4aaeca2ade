//! What a tested node and a member of its committee say to each other.
//!
//! The node dials every member and opens one bidirectional stream for control. Its [frames](substation_transport::messages) hold
//! [`ToMember`] or [`ToNode`] in at most [`MAX_FRAME`] bytes. Bulk data has a stream of its own, opened by whoever sends
//! it, and a lower priority. Whoever sends resets it when no more counts.
//!
//! | step | node | member |
//! |---|---|---|
//! | 1 | [`ToMember::Hello`] | [`ToNode::Welcome`] or [`ToNode::Decline`] |
//! | 2 | [`ToMember::Prepare`] | starts its clock, [`ToNode::Nonce`] |
//! | 3 | [`ToMember::Start`] | |
//! | 4, down | counts and hashes | sends its stream |
//! | 4, up | sends the stream | compares, [`ToNode::Progress`] now and then |
//! | 5 | [`ToMember::Commit`] | stops its clock, [`ToNode::Receipt`] or [`ToNode::Refuse`] |
//!
//! A control frame that is lost holds up a whole test for a third of a second. So the urgent ones go as datagrams, too:
//! the frame's number in its direction (u32, little endian, from 0) and the same SCALE value. Whichever copy comes first
//! counts. Whoever does without only loses accuracy.

use codec::{Decode, DecodeAll, Encode};
use iroh::endpoint::{Connection, ReadError, RecvStream, SendStream, VarInt};
use std::time::Duration;
use substation_primitives::{bandwidth::TestId, NodeId};
use substation_proofs::Hash;
use substation_transport::messages::{self, with_cause};

/// The protocol's name in the handshake.
pub const ALPN: &[u8] = b"substation/bandwidth/1";

/// Most bytes of a frame without its length.
pub const MAX_FRAME: usize = 4_096;

/// Most letters of a reason.
const REASON: usize = 256;

/// Why a bulk stream is reset: what has arrived is enough.
pub const ENOUGH: VarInt = VarInt::from_u32(1);

/// Control goes before bulk data.
const CONTROL_PRIORITY: i32 = 1;

/// Datagrams that repeat an urgent frame, and the time between two of them.
const ECHOES: (u32, Duration) = (3, Duration::from_millis(5));

/// What the tested node says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ToMember {
	/// Asks for a measurement.
	#[codec(index = 0)]
	Hello {
		/// The test.
		test: TestId,
		/// Who is tested.
		node: NodeId,
	},
	/// Asks the member to start its clock.
	#[codec(index = 1)]
	Prepare,
	/// The nonces of all members in the committee's order, `None` for those that take no part.
	#[codec(index = 2)]
	Start {
		/// The nonces.
		nonces: Vec<Option<Hash>>,
	},
	/// What was moved, in the committee's order.
	#[codec(index = 3)]
	Commit {
		/// Payload bytes per member.
		counts: Vec<u32>,
		/// Marks, `None` where the count is 0.
		marks: Vec<Option<Hash>>,
	},
}

/// What a member says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ToNode {
	/// It takes part.
	#[codec(index = 0)]
	Welcome,
	/// It takes no part, and why.
	#[codec(index = 1)]
	Decline(String),
	/// Its clock runs; this is its fresh nonce.
	#[codec(index = 2)]
	Nonce(Hash),
	/// Up: so many right bytes have arrived.
	#[codec(index = 3)]
	Progress {
		/// Payload bytes from the beginning.
		received: u32,
		/// What the member alone can know, and only reveals with this count; see [`mark_of`].
		mark: Hash,
	},
	/// The member's signed time.
	#[codec(index = 4)]
	Receipt {
		/// Milliseconds from the nonce to the commitment.
		elapsed: u32,
		/// See [`substation_proofs::bandwidth::receipt_message`].
		signature: [u8; 64],
	},
	/// The member does not sign, and why.
	#[codec(index = 5)]
	Refuse(String),
}

impl ToNode {
	/// Declines with a reason of bounded length.
	pub fn decline(reason: &impl ToString) -> Self {
		Self::Decline(bounded(reason.to_string()))
	}

	/// Refuses with a reason of bounded length.
	pub fn refuse(reason: &impl ToString) -> Self {
		Self::Refuse(bounded(reason.to_string()))
	}
}

/// A reason as it is sent and shown: short, and plain.
pub fn bounded(reason: String) -> String {
	substation_plain::bounded(reason, REASON)
}

/// Why no frame came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
	/// The length is above [`MAX_FRAME`].
	#[error("a frame of {0} bytes")]
	TooLong(u32),
	/// The bytes are no frame.
	#[error("a frame that cannot be read")]
	Garbled,
	/// The peer has closed the stream.
	#[error("the peer has ended the conversation")]
	Ended,
	/// The connection broke.
	#[error("the connection broke: {0}")]
	Broken(String),
}

/// Up: the mark of a count, which nobody can make without the member's secret.
pub fn mark_of(secret: &Hash, count: u32) -> Hash {
	*blake3::keyed_hash(secret, &count.to_le_bytes()).as_bytes()
}

/// Reads frames. Dropping a read half-way loses nothing.
#[derive(Debug)]
pub struct Frames {
	connection: Connection,
	stream: RecvStream,
	buffer: Vec<u8>,
	/// Frames taken from the stream.
	taken: u32,
	/// Frames handed out.
	given: u32,
}

impl Frames {
	/// Reads from the control stream of a connection.
	pub fn new(connection: &Connection, stream: RecvStream) -> Self {
		Self { connection: connection.clone(), stream, buffer: Vec::new(), taken: 0, given: 0 }
	}

	/// The next frame.
	pub async fn next<F: Decode>(&mut self) -> Result<F, FrameError> {
		loop {
			while let Some(frame) = take_frame(&mut self.buffer)? {
				let number = self.taken;
				self.taken = number.saturating_add(1);
				// Otherwise a datagram was faster.
				if number == self.given {
					self.given = self.taken;
					return F::decode_all(&mut &frame[..]).map_err(|_| FrameError::Garbled);
				}
			}
			let mut piece = [0; 1_024];
			tokio::select! {
				biased;
				read = self.stream.read(&mut piece) => match read {
					Ok(Some(count)) => self.buffer.extend(piece.iter().take(count)),
					Ok(None) | Err(ReadError::Reset(_)) => return Err(FrameError::Ended),
					Err(error) => return Err(FrameError::Broken(with_cause(&error))),
				},
				frame = echo(&self.connection, self.given) => {
					self.given = self.given.saturating_add(1);
					return Ok(frame);
				},
			}
		}
	}
}

/// Waits for a datagram that repeats the frame of this number.
async fn echo<F: Decode>(connection: &Connection, number: u32) -> F {
	loop {
		// Without datagrams there is still the stream.
		let Ok(datagram) = connection.read_datagram().await else { return std::future::pending().await };
		let Some((prefix, body)) = datagram.split_first_chunk::<4>() else { continue };
		if *prefix == number.to_le_bytes() {
			if let Ok(frame) = F::decode_all(&mut &body[..]) {
				return frame;
			}
		}
	}
}

/// Takes a whole frame from the front of `buffer`, if one is there.
fn take_frame(buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>, FrameError> {
	let Some(prefix) = buffer.first_chunk() else { return Ok(None) };
	let length = messages::length(*prefix, MAX_FRAME).map_err(FrameError::TooLong)?;
	let end = length.saturating_add(messages::PREFIX);
	if buffer.len() < end {
		return Ok(None);
	}
	let rest = buffer.split_off(end);
	let whole = std::mem::replace(buffer, rest);
	Ok(whole.get(messages::PREFIX..).map(<[u8]>::to_vec))
}

/// Sends frames.
#[derive(Debug)]
pub struct Control {
	connection: Connection,
	stream: SendStream,
	sent: u32,
}

impl Control {
	/// Sends on the control stream of a connection, before everything else.
	pub fn new(connection: &Connection, stream: SendStream) -> Self {
		// A stream without priority still works, only less exactly.
		let _ = stream.set_priority(CONTROL_PRIORITY);
		Self { connection: connection.clone(), stream, sent: 0 }
	}

	/// Sends a frame.
	pub async fn send(&mut self, frame: &impl Encode) -> Result<(), FrameError> {
		self.sent = self.sent.saturating_add(1);
		self.stream.write_all(&messages::frame(frame)).await.map_err(|error| FrameError::Broken(with_cause(&error)))
	}

	/// Sends a frame for which a clock waits.
	pub async fn send_urgent(&mut self, frame: &impl Encode) -> Result<(), FrameError> {
		let echo: bytes::Bytes = [self.sent.to_le_bytes().to_vec(), frame.encode()].concat().into();
		self.send(frame).await?;
		let connection = self.connection.clone();
		let (echoes, pause) = ECHOES;
		tokio::spawn(async move {
			for _ in 0..echoes {
				// Where it does not fit or is not understood, the stream brings it.
				let _ = connection.send_datagram(echo.clone());
				tokio::time::sleep(pause).await;
			}
		});
		Ok(())
	}

	/// Sends what may be no frame.
	#[cfg(test)]
	pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
		self.stream.write_all(bytes).await.map_err(|error| FrameError::Broken(with_cause(&error)))
	}

	/// Says that nothing follows.
	pub fn finish(&mut self) {
		// A stream that is gone is finished.
		let _ = self.stream.finish();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use substation_primitives::bandwidth::MAX_COMMITTEE;

	#[test]
	fn frames_are_taken_whole_and_in_order() {
		let (first, second) = (ToMember::Prepare, ToMember::Start { nonces: vec![None, Some([7; 32])] });
		let bytes = [messages::frame(&first), messages::frame(&second)].concat();
		let mut buffer = Vec::new();
		let mut found = Vec::new();

		for byte in bytes {
			buffer.push(byte);
			if let Some(frame) = take_frame(&mut buffer).unwrap() {
				found.push(ToMember::decode_all(&mut &frame[..]).unwrap());
			}
		}

		assert_eq!(found, [first, second]);
		assert!(buffer.is_empty());
	}

	#[test]
	fn long_frame_is_refused_before_it_is_read() {
		let mut buffer = 4_097u32.to_le_bytes().to_vec();

		assert_eq!(take_frame(&mut buffer), Err(FrameError::TooLong(4_097)));
	}

	#[test]
	fn frames_of_the_largest_committee_fit() {
		let members = MAX_COMMITTEE as usize;
		let commit = ToMember::Commit { counts: vec![u32::MAX; members], marks: vec![Some([1; 32]); members] };

		assert!(commit.encode().len() <= MAX_FRAME);
		assert!(ToNode::decline(&"ü".repeat(10_000)).encode().len() <= MAX_FRAME);
	}

	#[test]
	fn reasons_cannot_move_the_cursor() {
		assert_eq!(bounded("a\u{1b}[2Jb\nc".into()), "a\\u001b[2Jb\\nc");
	}
}
