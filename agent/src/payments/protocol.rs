//! What the two sides say to each other on the first stream of a paid connection.
//!
//! A message is a [frame](substation_transport::messages) of at most [`MAX_MESSAGE`] bytes. All further streams are requests of
//! iroh-blobs' protocol.

use crate::payments::{session::SessionProof, voucher::Voucher};
use codec::{Decode, DecodeAll, Encode};
use iroh::endpoint::{RecvStream, SendStream};
use substation_client::amounts::display_amount;
use substation_primitives::{Balance, ChannelId, NodeId};
use substation_proofs::Hash;
use substation_transport::messages::{self, with_cause};

/// Most bytes of a message.
pub const MAX_MESSAGE: usize = 512;

/// What the customer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
	/// Asks what the node takes.
	#[codec(index = 0)]
	Quote,
	/// Names the channel that will pay, and shows that it is the customer's.
	#[codec(index = 1)]
	Pay {
		/// The latest, or one over nothing.
		voucher: Voucher,
		/// By the same key, for this connection.
		proof: SessionProof,
	},
	/// Pays.
	#[codec(index = 2)]
	Voucher(Voucher),
	/// Wants nothing more.
	#[codec(index = 3)]
	Done,
}

/// What the node says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
	/// What it takes.
	#[codec(index = 0)]
	Quote(Quote),
	/// Requests may come.
	#[codec(index = 1)]
	Ready(Standing),
	/// The end, and why.
	#[codec(index = 2)]
	Refused(Refusal),
	/// The end, everything being in order: what the node holds.
	#[codec(index = 3)]
	Settled(Balance),
}

/// What a node takes for delivering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Quote {
	/// For one GiB. Nothing: it serves for free, over iroh-blobs' own protocol.
	pub price: Balance,
	/// The account that is paid.
	pub payee: [u8; 32],
	/// Bytes that it delivers ahead of payment.
	pub step: u64,
	/// The node.
	pub node: NodeId,
	/// Hash of its chain's first block.
	pub genesis: Hash,
}

/// How a channel stands at the node when a customer comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Standing {
	/// Its deposit in the node's final state.
	pub deposit: Balance,
	/// The highest voucher that the node holds.
	pub held: Option<Voucher>,
	/// What the bytes were worth that the node has sent so far. More than the voucher if a connection broke.
	pub served: Balance,
}

/// Why a node serves no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Refusal {
	/// It takes no part in the chain now. Try later.
	#[error("the node cannot read its chain now; try again later")]
	#[codec(index = 0)]
	NoChain,
	/// It serves for free, over iroh-blobs' own protocol.
	#[error("the node serves for free and takes no vouchers")]
	#[codec(index = 1)]
	Free,
	/// The channel is not final at the node. Wait.
	#[error("channel {0} is not in the node's final state")]
	#[codec(index = 2)]
	UnknownChannel(ChannelId),
	/// The channel pays somebody else. Open one with the payee that was quoted.
	#[error("channel {0} pays somebody else")]
	#[codec(index = 3)]
	OtherPayee(ChannelId),
	/// The channel is closing. Open another one.
	#[error("channel {0} is closing")]
	#[codec(index = 4)]
	Closing(ChannelId),
	/// The deposit is used up. Top it up.
	#[error("channel {channel} has nothing left: {} of {} STN delivered", display_amount(*.served), display_amount(*.deposit))]
	#[codec(index = 5)]
	NothingLeft {
		/// The channel.
		channel: ChannelId,
		/// Its deposit.
		deposit: Balance,
		/// What was delivered for it.
		served: Balance,
	},
	/// A voucher over another channel than the connection's.
	#[error("voucher names channel {got}, not {expected}")]
	#[codec(index = 6)]
	OtherChannel {
		/// The connection's channel.
		expected: ChannelId,
		/// The voucher's.
		got: ChannelId,
	},
	/// A voucher that promises no more than the one before.
	#[error("voucher does not grow: {} STN after {} STN", display_amount(*.got), display_amount(*.held))]
	#[codec(index = 7)]
	DoesNotGrow {
		/// What the node holds.
		held: Balance,
		/// What the voucher says.
		got: Balance,
	},
	/// A voucher that the channel's key has not signed.
	#[error("voucher is not signed by the key of its channel")]
	#[codec(index = 8)]
	Forged,
	/// A voucher over more than there is.
	#[error("voucher over {} STN exceeds the channel's final deposit of {} STN", display_amount(*.got), display_amount(*.deposit))]
	#[codec(index = 9)]
	ExceedsDeposit {
		/// The deposit.
		deposit: Balance,
		/// What the voucher says.
		got: Balance,
	},
	/// No voucher came while bytes waited for one.
	#[error("not paid: {} STN delivered, {} STN promised", display_amount(*.served), display_amount(*.held))]
	#[codec(index = 10)]
	Unpaid {
		/// What the node holds.
		held: Balance,
		/// What was delivered.
		served: Balance,
	},
	/// The same channel came with another connection.
	#[error("channel {0} is used by another connection")]
	#[codec(index = 11)]
	TakenOver(ChannelId),
	/// The node cannot write vouchers down now.
	#[error("the node's disk takes no vouchers now")]
	#[codec(index = 12)]
	Disk,
	/// The node stops. Try later.
	#[error("the node is stopping")]
	#[codec(index = 13)]
	Stopping,
	/// Something that does not belong here.
	#[error("the node did not understand")]
	#[codec(index = 14)]
	Misunderstood,
	/// The chain would not redeem what is left of the deposit. Top it up, or wait until the chain's blocks are emptier.
	#[error("channel {channel} has {} STN left, and a redemption moves {} STN at least now", display_amount(*.left), display_amount(*.least))]
	#[codec(index = 15)]
	RestTooSmall {
		/// The channel.
		channel: ChannelId,
		/// What is left of its deposit.
		left: Balance,
		/// What a redemption moves at least.
		least: Balance,
	},
	/// Somebody without the channel's key, or with a proof of another connection.
	#[error("the channel's key has not signed for this connection")]
	#[codec(index = 16)]
	NotYours,
}

/// Why a message could not be sent or read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
	/// The connection is gone.
	#[error("connection broke: {0}")]
	Broken(String),
	/// More than a message may have.
	#[error("a message of {0} bytes")]
	TooLong(u32),
	/// Not a message of this protocol.
	#[error("not a message of this protocol")]
	Unreadable,
}

/// Sends a message.
pub async fn send(stream: &mut SendStream, message: &impl Encode) -> Result<(), MessageError> {
	stream.write_all(&messages::frame(message)).await.map_err(|error| MessageError::Broken(with_cause(&error)))
}

/// Reads a message. Not to be interrupted.
pub async fn read<T: Decode>(stream: &mut RecvStream) -> Result<T, MessageError> {
	let mut prefix = [0; messages::PREFIX];
	let broken = |error: iroh::endpoint::ReadExactError| MessageError::Broken(with_cause(&error));
	stream.read_exact(&mut prefix).await.map_err(broken)?;
	let mut body = vec![0; messages::length(prefix, MAX_MESSAGE).map_err(MessageError::TooLong)?];
	stream.read_exact(&mut body).await.map_err(broken)?;
	T::decode_all(&mut &body[..]).map_err(|_| MessageError::Unreadable)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::payments::session::Exporter;

	#[test]
	fn longest_messages_fit() {
		let voucher = Voucher { channel: ChannelId(u64::MAX), cumulative: u128::MAX, signature: [255; 64] };
		let standing = Standing { deposit: u128::MAX, held: Some(voucher), served: u128::MAX };

		let key = iroh::SecretKey::from_bytes(&[1; 32]);
		let proof = SessionProof::sign(&key, &[7; 32], ChannelId(3), &Exporter([9; 32]));

		assert!(Ask::Voucher(voucher).encode().len() <= MAX_MESSAGE);
		assert!(Ask::Pay { voucher, proof }.encode().len() <= MAX_MESSAGE);
		assert!(Answer::Ready(standing).encode().len() <= MAX_MESSAGE);
	}

	#[test]
	fn encodings_do_not_change() {
		let voucher = Voucher { channel: ChannelId(3), cumulative: 5, signature: [9; 64] };
		let proof = SessionProof::decode(&mut &[8; 64][..]).unwrap();
		let bytes = Ask::Pay { voucher, proof }.encode();
		let quote = Quote { price: 1, payee: [2; 32], step: 3, node: NodeId(4), genesis: [5; 32] };

		assert_eq!((bytes.len(), &bytes[..12]), (1 + 8 + 16 + 64 + 64, &[1, 3, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0][..]));
		assert!(bytes.ends_with(&[[9; 64], [8; 64]].concat()));
		assert_eq!(Ask::Done.encode(), [3]);
		assert_eq!(Answer::Quote(quote).encode().len(), 1 + 16 + 32 + 8 + 8 + 32);
		assert_eq!(Answer::Refused(Refusal::Forged).encode(), [2, 8]);
	}

	#[test]
	fn refusals_say_how_much() {
		let refusal = Refusal::ExceedsDeposit { deposit: 1_000_000_000_000, got: 1_500_000_000_000 }.to_string();

		assert!(refusal.contains("1.5 STN") && refusal.contains("of 1 STN"), "{refusal}");
	}
}
