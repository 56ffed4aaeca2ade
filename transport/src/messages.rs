//! What every conversation with a peer needs: frames around SCALE values, signatures of agents, reasons of failures.
//!
//! A frame is the length of a value (u32, little endian) and its SCALE encoding. Each protocol bounds the length.

use codec::Encode;
use iroh::{PublicKey, Signature};
use substation_plain::bounded;

/// Bytes of a frame's length.
pub const PREFIX: usize = 4;

/// The bytes of a frame.
pub fn frame(value: &impl Encode) -> Vec<u8> {
	let body = value.encode();
	let mut bytes = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
	bytes.extend(body);
	bytes
}

/// How long the value of a frame is, from its first bytes. Errors with what they claim if that is above `most`.
pub fn length(prefix: [u8; PREFIX], most: usize) -> Result<usize, u32> {
	let claimed = u32::from_le_bytes(prefix);
	usize::try_from(claimed).ok().filter(|length| *length <= most).ok_or(claimed)
}

/// Whether the ed25519 key of an agent or of a channel has signed a message. Stricter than the chain: what is good here
/// is good there.
pub fn is_signed(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
	PublicKey::from_bytes(key).is_ok_and(|key| key.verify(message, &Signature::from_bytes(signature)).is_ok())
}

/// Most letters of an error of a connection.
const REASON: usize = 512;

/// An error and what it came from: transports hide the cause behind "connection lost". In plain words, because the peer
/// chooses some of them when it closes.
pub fn with_cause(error: &dyn std::error::Error) -> String {
	let mut text = error.to_string();
	let mut cause = error.source();
	while let Some(error) = cause {
		text.push_str(": ");
		text.push_str(&error.to_string());
		cause = error.source();
	}
	bounded(text, REASON)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn frame_says_its_length_first() {
		let bytes = frame(&vec![7u8; 3]);

		assert_eq!(bytes, [4, 0, 0, 0, 12, 7, 7, 7]);
		assert_eq!(length(*bytes.first_chunk().unwrap(), 4), Ok(4));
		assert_eq!(length(*bytes.first_chunk().unwrap(), 3), Err(4));
	}

	#[test]
	fn cause_follows_the_error() {
		#[derive(Debug, thiserror::Error)]
		#[error("connection lost")]
		struct Lost(#[source] std::io::Error);

		assert_eq!(with_cause(&Lost(std::io::Error::other("timed out"))), "connection lost: timed out");
		// 14
		let closed = with_cause(&Lost(std::io::Error::other("\u{1b}]0;x\u{7}".repeat(1_000))));
		assert!(closed.len() <= REASON && closed.starts_with("connection lost: \\u001b]0;x\\u0007"), "{closed}");
	}
}
