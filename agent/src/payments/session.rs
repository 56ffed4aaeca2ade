//! Who may use a channel over a connection: only who has the channel's key, and only over that connection.
//!
//! A voucher alone shows nothing: those that were redeemed are public, and any node that was paid has some.

use codec::{Decode, Encode};
use iroh::{endpoint::Connection, SecretKey};
use substation_primitives::{channel::VoucherKey, ChannelId};
use substation_proofs::{voucher::session_message, Hash};
use substation_transport::messages::is_signed;

/// What the connection's secret is derived for.
const LABEL: &[u8] = b"substation/session";

/// What both ends of a connection know of it, and nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exporter(pub(in crate::payments) Hash);

impl Exporter {
	/// Of a connection over which a channel is to pay. `None` if its handshake has not ended.
	pub fn of(connection: &Connection, channel: ChannelId) -> Option<Self> {
		let mut secret = [0; 32];
		connection.export_keying_material(&mut secret, LABEL, &channel.0.to_le_bytes()).ok()?;
		Some(Self(secret))
	}
}

/// Shows over one connection that a channel is one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionProof([u8; 64]);

impl SessionProof {
	/// By the channel's key.
	pub fn sign(key: &SecretKey, genesis: &Hash, channel: ChannelId, exporter: &Exporter) -> Self {
		Self(key.sign(&session_message(genesis, channel.0, &exporter.0)).to_bytes())
	}

	/// Whether `key` has signed it for this connection.
	pub fn is_signed_by(&self, key: &VoucherKey, genesis: &Hash, channel: ChannelId, exporter: &Exporter) -> bool {
		is_signed(key, &session_message(genesis, channel.0, &exporter.0), &self.0)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn proof_is_bound_to_its_chain_channel_connection_and_key() {
		let (key, other) = (SecretKey::from_bytes(&[1; 32]), SecretKey::from_bytes(&[2; 32]));
		let (genesis, channel, exporter) = ([7; 32], ChannelId(3), Exporter([9; 32]));

		let proof = SessionProof::sign(&key, &genesis, channel, &exporter);

		let public = *key.public().as_bytes();
		assert!(proof.is_signed_by(&public, &genesis, channel, &exporter));
		assert!(!proof.is_signed_by(other.public().as_bytes(), &genesis, channel, &exporter));
		assert!(!proof.is_signed_by(&public, &[8; 32], channel, &exporter));
		assert!(!proof.is_signed_by(&public, &genesis, ChannelId(4), &exporter));
		assert!(!proof.is_signed_by(&public, &genesis, channel, &Exporter([8; 32])));
	}
}
